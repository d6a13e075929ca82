//! What people ask the list of assets for, as what the store looks for: units by code, software by name,
//! vulnerabilities by number.

use std::collections::{BTreeMap, BTreeSet};

use belfort_model::access::Scope;
use belfort_model::advisory::{CveId, NotACve};
use belfort_model::id::{SoftwareId, UnitId};
use belfort_store::record::{SoftwareWanted, VulnerableBy};

use super::software::VersionFilter;
use super::{App, AppError, Result};

/// Checks whose findings are about one vulnerability each.
const ALONE: &str = "vulnerability_exploited";
/// Checks whose findings are about a package, or an operating system, with all its vulnerabilities.
const SEVERAL: &str = "vulnerability_known";
/// Type of the package that stands for an operating system in advisories.
const SYSTEM: &str = "windows";

impl App {
    /// The units with these codes.
    pub fn units_named<'a>(&self, codes: impl IntoIterator<Item = &'a str>) -> Result<Vec<UnitId>> {
        codes.into_iter().map(|code| Ok(self.unit(code)?.id)).collect()
    }

    /// The units with these codes and all that is below them.
    pub fn units_below<'a>(&self, codes: impl IntoIterator<Item = &'a str>) -> Result<Vec<UnitId>> {
        let named = self.units_named(codes)?;
        if named.is_empty() {
            return Ok(named);
        }
        let units = self.store.unit_list()?;
        let mut all = BTreeSet::new();
        for unit in named {
            match Scope::below(unit, &units) {
                Scope::Units(below) => all.extend(below),
                Scope::All => drop(all.insert(unit)),
            }
        }
        Ok(all.into_iter().collect())
    }

    /// Software by id or by name, whatever its ecosystem, in the versions that are meant: `<3.0.15`, or
    /// one exactly. What nobody knows nobody has.
    pub fn software_wanted<'a>(
        &self,
        named: impl IntoIterator<Item = &'a str>,
        versions: &[String],
    ) -> Result<Option<SoftwareWanted>> {
        let filters: Vec<VersionFilter> = versions
            .iter()
            .map(|text| text.parse().map_err(AppError::Invalid))
            .collect::<Result<_>>()?;
        let mut entries = BTreeMap::new();
        let mut is_asked = false;
        for text in named {
            is_asked = true;
            if let Ok(id) = text.parse::<SoftwareId>() {
                let found = self.store.software_get(id, &Scope::NOTHING)?;
                entries.extend(found.map(|one| (id, one.software.ecosystem)));
            } else {
                let found = self.store.software_named(text)?.into_iter();
                entries.extend(found.map(|one| (one.id, one.ecosystem)));
            }
        }
        if !is_asked && !versions.is_empty() {
            return Err(AppError::Invalid(
                "a version is one of software: name that, too".to_owned(),
            ));
        }
        let mut wanted = Vec::new();
        for (id, ecosystem) in entries {
            if filters.is_empty() {
                wanted.push((id, None));
                continue;
            }
            // Those that are meant by one of the filters, in the order of this ecosystem.
            let known = self.store.software_versions(id, &Scope::All)?;
            let mut meant = BTreeSet::new();
            for filter in &filters {
                meant.extend(filter.of(&ecosystem, &known)?);
            }
            if !meant.is_empty() {
                wanted.push((id, Some(meant.into_iter().collect())));
            }
        }
        Ok(is_asked.then_some(SoftwareWanted { entries: wanted }))
    }

    /// What makes assets vulnerable, as the newest advisories say.
    pub fn vulnerable_by(&self, cve: &str) -> Result<VulnerableBy> {
        let cve: CveId =
            cve.parse().map_err(|error: NotACve| AppError::Invalid(error.to_string()))?;
        let index = self.advisories.current(&*self.store)?;
        let mut wanted = VulnerableBy {
            cve: cve.to_string(),
            codes: (self.codes_by_matcher(ALONE), self.codes_by_matcher(SEVERAL)),
            ..VulnerableBy::default()
        };
        let mut by_type: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for about in index.about(cve) {
            if about.package_type == SYSTEM {
                wanted.systems.push(format!("{SYSTEM}/{}", about.package));
            } else {
                by_type.entry(about.package_type).or_default().push(about);
            }
        }
        for (package_type, abouts) in by_type {
            let mut names: Vec<_> = abouts.iter().map(|about| about.package.clone()).collect();
            names.dedup();
            for (package, one) in self.store.packages_from(package_type, &names)? {
                let or = |text: String, other: &String| {
                    if text.is_empty() { other.clone() } else { text }
                };
                let own = (one.name.clone(), one.version.clone());
                let source = (or(one.source_name, &own.0), or(one.source_version, &own.1));
                // Advisories of Red Hat name the packages themselves.
                let also = (package_type == "rpm").then_some(own);
                for (name, version) in std::iter::once(source).chain(also) {
                    let mut about = abouts.iter().filter(|about| about.package == name);
                    if about.any(|about| index.affects(cve, about, &version)) {
                        wanted.packages.push((package, format!("{package_type}/{name}")));
                    }
                }
            }
        }
        Ok(wanted)
    }

    /// Codes of the findings of a check.
    fn codes_by_matcher(&self, matcher: &str) -> Vec<String> {
        let of = self
            .catalogue
            .findings
            .iter()
            .filter(|(_, kind)| kind.matcher.as_deref() == Some(matcher));
        of.map(|(code, _)| code.clone()).collect()
    }
}
