//! Operating system.

use std::cmp::Ordering;

use crate::catalogue::{Catalogue, FindingKind};
use crate::end_of_life::Support;
use crate::evaluate::{Observation, Subject, Verdict, item, volatile};
use crate::version;

/// Support is over, extended support included.
pub(super) fn end_of_life(
    subject: &Subject<'_>,
    _: &FindingKind,
    catalogue: &Catalogue,
) -> Verdict {
    with_support(subject, catalogue, |support| match support {
        Support::Ended(day) => Some(("support_ended", day.clone())),
        _ => None,
    })
}

/// Ordinary support is over, extended support is not.
pub(super) fn extended_only(
    subject: &Subject<'_>,
    _: &FindingKind,
    catalogue: &Catalogue,
) -> Verdict {
    with_support(subject, catalogue, |support| match support {
        Support::ExtendedOnly(day) => Some(("extended_until", day.clone())),
        _ => None,
    })
}

/// Ordinary support ends within `days`.
pub(super) fn end_of_life_soon(
    subject: &Subject<'_>,
    kind: &FindingKind,
    catalogue: &Catalogue,
) -> Verdict {
    let last = subject.now.plus_days(kind.params.days.unwrap_or(0)).day();
    with_support(subject, catalogue, |support| match support {
        Support::Supported(Some(day)) if *day <= last => Some(("support_ends", Some(day.clone()))),
        _ => None,
    })
}

/// Imported data goes before the table this build ships.
fn with_support(
    subject: &Subject<'_>,
    catalogue: &Catalogue,
    hit: impl Fn(&Support) -> Option<(&'static str, Option<String>)>,
) -> Verdict {
    let facts = match subject.device_facts() {
        Ok(facts) => facts,
        Err(verdict) => return verdict,
    };
    let (os, today) = (&facts.os, subject.now.day());
    let imported = subject.advised.and_then(|advised| {
        let products = advised.index.products();
        let release = if os.family == "windows" {
            products.windows(os, &today)
        } else {
            let system = catalogue.products.system.get(&os.id)?;
            products.release(&system.product, &os.version, &today, system.extended)
        };
        release.map(|release| (release.support, release.source.to_string()))
    });
    let shipped = || {
        let support = catalogue.end_of_life.support(&os.id, &os.version, &today)?;
        Some((support, catalogue.end_of_life.source.clone()))
    };
    let Some((support, source)) = imported.or_else(shipped) else { return Verdict::Unknown };
    let observation = hit(&support).map(|(name, day)| Observation {
        evidence: vec![
            item("operating_system", format!("{} {}", os.id, os.version)),
            item(name, day.unwrap_or_else(|| "on an unknown day".to_owned())),
            volatile("source", source),
        ],
        ..Observation::default()
    });
    Verdict::from_observations(observation.into_iter().collect())
}

/// A restart has been needed for `days`, or a newer kernel is installed than runs.
pub(super) fn reboot_pending(subject: &Subject<'_>, kind: &FindingKind, _: &Catalogue) -> Verdict {
    let facts = match subject.device_facts() {
        Ok(facts) => facts,
        Err(verdict) => return verdict,
    };
    let mut evidence = Vec::new();
    if let (Some(true), Some(since)) = (facts.reboot_pending, facts.reboot_pending_since)
        && subject.now.days_since(since) >= kind.params.days.unwrap_or(0)
    {
        evidence.push(item("pending_since", since.day()));
    }
    let running = facts.os.kernel_running.as_str();
    let newer = newer_kernel(running, &facts.os.kernels_installed);
    if let Some(newer) = newer {
        evidence.push(item("kernel", format!("{running} runs, {newer} is installed")));
    }
    if !evidence.is_empty() {
        return Verdict::Hit(vec![Observation { evidence, ..Observation::default() }]);
    }
    // Without either source nothing can be said.
    if facts.reboot_pending.is_none() && facts.os.kernels_installed.is_empty() {
        return Verdict::Unknown;
    }
    Verdict::Pass
}

/// The newest installed kernel, when it is newer than the running one and of its flavour. A machine whose
/// running kernel is not among the installed ones (a container, a hosted kernel) is not judged by it.
fn newer_kernel<'a>(running: &str, installed: &'a [String]) -> Option<&'a str> {
    if !installed.iter().any(|kernel| kernel == running) {
        return None;
    }
    installed
        .iter()
        .map(String::as_str)
        .filter(|kernel| flavour(kernel) == flavour(running))
        .filter(|kernel| version::dpkg_part(kernel, running) == Ordering::Greater)
        .max_by(|a, b| version::dpkg_part(a, b))
}

/// What stands behind version and ABI number: `amd64` of `6.1.0-25-amd64`, `rt-amd64` of
/// `6.1.0-25-rt-amd64`, `generic` of `6.8.0-31-generic`; nothing of `5.14.0-427.13.1.el9_4.x86_64`.
fn flavour(kernel: &str) -> &str {
    let Some((_version, rest)) = kernel.split_once('-') else { return "" };
    if !rest.starts_with(|c: char| c.is_ascii_digit()) {
        return rest;
    }
    rest.split_once('-').map_or("", |(_abi, flavour)| flavour)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use belfort_model::advisory::{Ends, ReleaseCycle};
    use belfort_model::time::Timestamp;

    use super::*;
    use crate::advisory::{Advised, Builder, SourceRef};
    use crate::testing::{Fixture, result};

    #[test]
    fn end_of_life_and_extended_support_are_apart() {
        let on = |id: &str, version: &str, day: &str| {
            let mut fixture = Fixture::device();
            fixture.facts.os.id = id.to_owned();
            fixture.facts.os.version = version.to_owned();
            let now: Timestamp = format!("{day}T12:00:00Z").parse().unwrap();
            let subject = Subject { now, ..fixture.subject() };
            (result("os.end_of_life", &subject), result("os.extended_only", &subject))
        };
        assert_eq!(on("debian", "12", "2026-07-11"), ("pass", "pass"));
        assert_eq!(on("debian", "12", "2026-07-12"), ("pass", "hit"));
        assert_eq!(on("debian", "12", "2028-07-01"), ("hit", "pass"));
        assert_eq!(on("ubuntu", "20.04", "2026-01-01"), ("hit", "pass"));
        assert_eq!(on("gentoo", "", "2026-01-01"), ("unknown", "unknown"));
    }

    #[test]
    fn an_end_within_half_a_year_is_soon() {
        let on = |day: &str| {
            let mut fixture = Fixture::device();
            fixture.facts.os.id = "debian".to_owned();
            fixture.facts.os.version = "12".to_owned();
            let now: Timestamp = format!("{day}T12:00:00Z").parse().unwrap();
            result("os.end_of_life_soon", &Subject { now, ..fixture.subject() })
        };
        // Support ends on 2026-07-11: 180 days before is 2026-01-12.
        assert_eq!([on("2026-01-11"), on("2026-01-12"), on("2026-07-11")], ["pass", "hit", "hit"]);
        assert_eq!(on("2026-07-12"), "pass", "that is another finding");
    }

    #[test]
    fn imported_data_goes_before_the_shipped_table() {
        let mut fixture = Fixture::device();
        fixture.facts.os.id = "debian".to_owned();
        fixture.facts.os.version = "12".to_owned();
        let source = SourceRef {
            name: "endoflife/debian".to_owned(),
            version: "1".to_owned(),
            as_of: Timestamp(0),
        };
        let mut builder = Builder::default();
        builder.cycle(
            &Arc::new(source),
            ReleaseCycle {
                product: "debian".to_owned(),
                cycle: "12".to_owned(),
                position: 0,
                latest: String::new(),
                ends: Some(Ends::On("2020-01-01".to_owned())),
                active_ends: None,
                extended_ends: None,
                long_term: false,
            },
        );
        let index = builder.build();
        let advised = Some(Advised { index: &index, packages: None, matches: None });
        let now: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        let subject = Subject { advised, now, ..fixture.subject() };
        assert_eq!(result("os.end_of_life", &subject), "hit");
        fixture.facts.os.id = "rocky".to_owned();
        fixture.facts.os.version = "9.4".to_owned();
        let subject = Subject { advised, now, ..fixture.subject() };
        assert_eq!(result("os.end_of_life", &subject), "pass", "by the shipped table");
    }

    #[test]
    fn a_restart_is_missed_after_seven_days() {
        let on = |pending: Option<bool>, days| {
            let mut fixture = Fixture::device();
            fixture.facts.reboot_pending = pending;
            fixture.facts.reboot_pending_since = pending.map(|_| Timestamp(0));
            let subject = Subject { now: Timestamp(0).plus_days(days), ..fixture.subject() };
            result("reboot.pending", &subject)
        };
        assert_eq!(on(Some(true), 6), "pass");
        assert_eq!(on(Some(true), 7), "hit");
        assert_eq!(on(Some(false), 7), "pass");
        assert_eq!(on(None, 7), "unknown");
    }

    #[test]
    fn a_newer_kernel_of_the_same_flavour_wants_a_restart() {
        let newer = |running: &str, installed: &[&str]| {
            let installed: Vec<String> = installed.iter().map(|k| (*k).to_owned()).collect();
            newer_kernel(running, &installed).map(str::to_owned)
        };
        let both = ["6.1.0-9-amd64", "6.1.0-10-amd64", "6.1.0-99-rt"];
        assert_eq!(newer("6.1.0-9-amd64", &both).as_deref(), Some("6.1.0-10-amd64"));
        assert_eq!(newer("6.1.0-10-amd64", &both), None);
        assert_eq!(newer("6.18.44-hosted", &both), None);
        let flavours = ["6.1.0-25-amd64", "6.1.0-26-rt-amd64", "6.1.0-26-cloud-amd64"];
        assert_eq!(newer("6.1.0-25-amd64", &flavours), None);
        let el = ["5.14.0-362.8.1.el9_3.x86_64", "5.14.0-427.13.1.el9_4.x86_64"];
        assert_eq!(newer(el[0], &el).as_deref(), Some(el[1]));
    }
}
