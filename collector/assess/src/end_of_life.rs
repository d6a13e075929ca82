//! When support of operating systems ends.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::catalogue::CatalogueError;

/// Support of one release cycle of one product.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cycle {
    /// Last day of ordinary support, `YYYY-MM-DD`.
    pub ends: String,
    /// Last day of extended support, when there is any.
    pub extended: Option<String>,
}

/// Support of operating systems: product (the `ID` of os-release) → cycle → dates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndOfLife {
    /// Where the dates come from and as of which day.
    pub source: String,
    /// Products.
    pub product: BTreeMap<String, BTreeMap<String, Cycle>>,
}

/// Where a release is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Support {
    /// Supported, until that day where it is known.
    Supported(Option<String>),
    /// Ordinary support is over; extended support lasts, until that day where it is known.
    ExtendedOnly(Option<String>),
    /// Over, since that day where it is known.
    Ended(Option<String>),
}

impl EndOfLife {
    /// The table this build ships.
    pub fn shipped() -> Result<Self, CatalogueError> {
        let name = "os_end_of_life.toml";
        toml::from_str(include_str!("../data/os_end_of_life.toml")).map_err(|source| {
            CatalogueError::Syntax {
                name: name.to_owned(),
                finding: None,
                source: Box::new(source),
            }
        })
    }

    /// Where a release is in its life on a day (`YYYY-MM-DD`), or nothing when the table does not
    /// know it. The longest cycle counts that is the version or begins it: `9` for `9.4`. Imported data
    /// goes before this table.
    pub fn support(&self, product: &str, version: &str, today: &str) -> Option<Support> {
        let cycles = self.product.get(product)?;
        let (_, cycle) = cycles
            .iter()
            .filter(|(name, _)| {
                version
                    .strip_prefix(name.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
            .max_by_key(|(name, _)| name.len())?;
        // Days in ISO form order as text.
        if today <= cycle.ends.as_str() {
            return Some(Support::Supported(Some(cycle.ends.clone())));
        }
        Some(match &cycle.extended {
            Some(extended) if today <= extended.as_str() => {
                Support::ExtendedOnly(Some(extended.clone()))
            }
            Some(extended) => Support::Ended(Some(extended.clone())),
            None => Support::Ended(Some(cycle.ends.clone())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_ends_after_its_last_day() {
        let table = EndOfLife::shipped().unwrap();
        let of = |version, today| table.support("debian", version, today);
        let day = |day: &str| Some(day.to_owned());
        assert_eq!(of("12", "2026-07-11"), Some(Support::Supported(day("2026-07-11"))));
        assert_eq!(of("12", "2026-07-12"), Some(Support::ExtendedOnly(day("2028-06-30"))));
        assert_eq!(of("12", "2028-07-01"), Some(Support::Ended(day("2028-06-30"))));
        assert_eq!(of("99", "2026-07-11"), None);
        assert_eq!(table.support("unheard_of", "1", "2026-07-11"), None);
    }

    #[test]
    fn a_minor_release_belongs_to_its_cycle() {
        let table = EndOfLife::shipped().unwrap();
        assert!(table.support("rocky", "9.4", "2026-01-01").is_some());
        // `2` is no cycle of which `22.04` is a minor release.
        assert!(table.support("rocky", "90", "2026-01-01").is_none());
    }

    #[test]
    fn every_date_is_a_day() {
        let is_day =
            |day: &str| day.len() == 10 && belfort_model::time::Timestamp::of_day(day).is_some();
        for cycle in EndOfLife::shipped().unwrap().product.values().flat_map(BTreeMap::values) {
            assert!(is_day(&cycle.ends), "{cycle:?}");
            assert!(cycle.extended.as_deref().is_none_or(is_day), "{cycle:?}");
        }
    }
}
