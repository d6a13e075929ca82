//! Products and the end of their support, from imported data.

use std::collections::BTreeMap;
use std::sync::Arc;

use belfort_model::advisory::{Ends, ReleaseCycle};
use belfort_model::facts::OsFacts;

use super::index::SourceRef;
pub use crate::end_of_life::Support;

/// Products and their releases.
#[derive(Debug, Default)]
pub struct Products(BTreeMap<String, (Arc<SourceRef>, Vec<ReleaseCycle>)>);

/// A release and where it is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release<'a> {
    /// Name of the release.
    pub cycle: &'a str,
    /// Where it is in its life.
    pub support: Support,
    /// Where this comes from.
    pub source: &'a SourceRef,
}

impl Products {
    pub(super) fn new(products: BTreeMap<String, (Arc<SourceRef>, Vec<ReleaseCycle>)>) -> Self {
        Self(products)
    }

    /// Whether no product is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The release a version belongs to: the longest that is the version or begins it, `9` for `9.4`.
    /// `extended` says that extended support counts, because it needs no contract.
    pub fn release(
        &self,
        product: &str,
        version: &str,
        today: &str,
        extended: bool,
    ) -> Option<Release<'_>> {
        let (source, cycles) = self.0.get(product)?;
        let cycle = cycles
            .iter()
            .filter(|one| {
                version
                    .strip_prefix(one.cycle.as_str())
                    .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
            })
            .max_by_key(|one| one.cycle.len())?;
        let support = support(cycle, today, extended)?;
        Some(Release { cycle: &cycle.cycle, support, source })
    }

    /// The release of Windows a build belongs to. Editions end on different days: where the edition is
    /// not known, only what holds for all of them is said.
    pub fn windows(&self, os: &OsFacts, today: &str) -> Option<Release<'_>> {
        let name = os.name.to_ascii_lowercase();
        let product = if name.contains("server") { "windows-server" } else { "windows" };
        let (source, cycles) = self.0.get(product)?;
        let mut parts = os.version.splitn(4, '.');
        let build = [parts.next()?, parts.next()?, parts.next()?].join(".");
        let mut fitting: Vec<_> = cycles.iter().filter(|one| one.latest == build).collect();
        // One build is several releases of Windows Server: the name tells.
        let named =
            |one: &&ReleaseCycle| name.contains(one.cycle.split('-').next().unwrap_or_default());
        if product == "windows-server" && fitting.iter().any(named) {
            fitting.retain(named);
        }
        if product == "windows"
            && let Some(edition) = edition(&name)
            && fitting.iter().any(|one| suffix(&one.cycle) == edition)
        {
            fitting.retain(|one| suffix(&one.cycle) == edition);
        }
        let first = support(fitting.first()?, today, false)?;
        let agree = fitting.iter().all(|one| {
            std::mem::discriminant(&first)
                == support(one, today, false)
                    .as_ref()
                    .map_or(std::mem::discriminant(&first), std::mem::discriminant)
        });
        let support = match (agree, fitting.len()) {
            (true, 1) => first,
            // The days differ; that it is over, or not, holds for all.
            (true, _) => match first {
                Support::Supported(_) => Support::Supported(None),
                Support::ExtendedOnly(_) => Support::ExtendedOnly(None),
                Support::Ended(_) => Support::Ended(None),
            },
            (false, _) => return None,
        };
        Some(Release { cycle: &fitting.first()?.cycle, support, source })
    }
}

/// The end of a release's name that says for which editions it is: `e`, `w`, `e-lts`, `iot-lts`.
fn suffix(cycle: &str) -> &str {
    ["e-lts", "iot-lts", "e", "w"]
        .into_iter()
        .find(|suffix| cycle.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('-')))
        .unwrap_or_default()
}

fn edition(name: &str) -> Option<&'static str> {
    let has = |word: &str| name.split(|c: char| !c.is_ascii_alphanumeric()).any(|one| one == word);
    let long = has("ltsc") || has("ltsb");
    Some(if has("iot") && long {
        "iot-lts"
    } else if long {
        "e-lts"
    } else if has("enterprise") || has("education") {
        "e"
    } else if has("pro") || has("home") {
        "w"
    } else {
        return None;
    })
}

/// Where a release is in its life on a day; nothing when the feed does not say.
fn support(cycle: &ReleaseCycle, today: &str, extended: bool) -> Option<Support> {
    // Days in ISO form order as text; the last day still counts.
    let is_over = |ends: &Ends| match ends {
        Ends::Known(ended) => *ended,
        Ends::On(day) => today > day.as_str(),
    };
    let day = |ends: &Ends| match ends {
        Ends::Known(_) => None,
        Ends::On(day) => Some(day.clone()),
    };
    let ends = cycle.ends.as_ref()?;
    if !is_over(ends) {
        return Some(Support::Supported(day(ends)));
    }
    Some(match cycle.extended_ends.as_ref().filter(|_| extended) {
        // `false` says that there is none.
        Some(Ends::Known(_)) | None => Support::Ended(day(ends)),
        Some(extended) if is_over(extended) => Support::Ended(day(extended)),
        Some(extended) => Support::ExtendedOnly(day(extended)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn products(product: &str, cycles: &[(&str, &str, &str, Option<&str>)]) -> Products {
        let ends = |text: &str| match text {
            "true" => Ends::Known(true),
            "false" => Ends::Known(false),
            day => Ends::On(day.to_owned()),
        };
        let cycles = cycles.iter().map(|(cycle, latest, eol, extended)| ReleaseCycle {
            product: product.to_owned(),
            cycle: (*cycle).to_owned(),
            position: 0,
            latest: (*latest).to_owned(),
            ends: Some(ends(eol)),
            active_ends: None,
            extended_ends: extended.map(ends),
            long_term: false,
        });
        let source = SourceRef {
            name: String::new(),
            version: String::new(),
            as_of: belfort_model::time::Timestamp(0),
        };
        let all = BTreeMap::from([(product.to_owned(), (Arc::new(source), cycles.collect()))]);
        Products::new(all)
    }

    #[test]
    fn extended_support_counts_only_without_a_contract() {
        let all = products(
            "debian",
            &[("12", "", "2026-07-11", Some("2028-06-30")), ("1", "", "true", None)],
        );
        let of = |version, today, extended| {
            Some(all.release("debian", version, today, extended)?.support)
        };
        assert_eq!(
            of("12", "2026-07-11", true),
            Some(Support::Supported(Some("2026-07-11".to_owned())))
        );
        assert_eq!(
            of("12.4", "2026-07-12", true),
            Some(Support::ExtendedOnly(Some("2028-06-30".to_owned())))
        );
        assert_eq!(
            of("12", "2026-07-12", false),
            Some(Support::Ended(Some("2026-07-11".to_owned())))
        );
        assert_eq!(
            of("12", "2028-07-01", true),
            Some(Support::Ended(Some("2028-06-30".to_owned())))
        );
        assert_eq!(of("1.9", "2026-01-01", true), Some(Support::Ended(None)));
        assert_eq!(of("13", "2026-01-01", true), None);
    }

    #[test]
    fn an_edition_of_windows_ends_on_its_own_day() {
        let all = products(
            "windows",
            &[
                ("11-24h2-e", "10.0.26100", "2027-10-12", None),
                ("11-24h2-w", "10.0.26100", "2026-10-13", None),
                ("11-24h2-e-lts", "10.0.26100", "2029-10-09", None),
                ("8.1", "6.3.9600", "2023-01-10", None),
            ],
        );
        let of = |name: &str, version: &str, today: &str| {
            let os = OsFacts {
                name: name.to_owned(),
                version: version.to_owned(),
                ..OsFacts::default()
            };
            Some(all.windows(&os, today)?.support)
        };
        let build = "10.0.26100.1742";
        assert_eq!(
            of("Windows 11 Pro", build, "2026-01-01"),
            Some(Support::Supported(Some("2026-10-13".to_owned())))
        );
        assert_eq!(
            of("Windows 11 Pro", build, "2027-01-01"),
            Some(Support::Ended(Some("2026-10-13".to_owned())))
        );
        assert_eq!(
            of("Windows 11 Enterprise", build, "2027-01-01"),
            Some(Support::Supported(Some("2027-10-12".to_owned())))
        );
        assert_eq!(
            of("Windows 11 Enterprise LTSC", build, "2028-01-01"),
            Some(Support::Supported(Some("2029-10-09".to_owned())))
        );
        assert_eq!(of("Windows 11", build, "2026-01-01"), Some(Support::Supported(None)));
        assert_eq!(of("Windows 11", build, "2027-01-01"), None, "it depends on the edition");
        assert_eq!(
            of("Windows 8.1", "6.3.9600.1", "2026-01-01"),
            Some(Support::Ended(Some("2023-01-10".to_owned())))
        );
        assert_eq!(of("Windows 12", "10.0.99999.1", "2026-01-01"), None);
    }
}
