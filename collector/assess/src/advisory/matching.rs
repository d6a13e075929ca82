//! Joins installed packages and advisories.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use belfort_model::advisory::{CveId, Epss, VendorSeverity};
use belfort_model::facts::OsFacts;

use super::index::{Entry, Index, SourceRef};
use super::{cvss::Vector, ecosystem, range};
use crate::version::Order;

/// An installed package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// Type of package, as in a package URL: `deb`, `rpm`, `apk`, `pypi` …
    pub package_type: String,
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Source package; the name where there is none.
    pub source_name: String,
    /// Version of the source package.
    pub source_version: String,
}

/// A vulnerability in an installed package.
#[derive(Clone, Debug)]
pub struct Match {
    /// Type of package.
    pub package_type: String,
    /// Source package.
    pub package: String,
    /// Its installed version.
    pub version: String,
    /// Packages made of it that are installed.
    pub binaries: Arc<[String]>,
    /// The vulnerability; nothing for an advisory without a CVE id.
    pub cve: Option<CveId>,
    /// The advisory that says so.
    pub advisory: String,
    /// First version that mends it, or the update that does; nothing when there is none yet.
    pub fixed: Option<String>,
    /// Whether the publisher says that it is of no practical importance.
    pub informational: bool,
    /// The vendor's severity.
    pub severity: Option<VendorSeverity>,
    /// Score, reach and what it touches.
    pub vector: Option<Vector>,
    /// Probability of exploitation.
    pub epss: Option<Epss>,
    /// On a list of known exploited vulnerabilities: whose, and since when.
    pub exploited: Option<String>,
    /// Where the advisory comes from, and then where the rest does.
    pub sources: Vec<Arc<SourceRef>>,
}

impl Match {
    /// The CVE id, or the advisory where there is none.
    pub fn id(&self) -> String {
        self.cve.map_or_else(|| self.advisory.clone(), |cve| cve.to_string())
    }
}

/// Versions of packages whose comparison is kept: more than a fleet has, in some 25 MB.
const COMPARED: usize = 200_000;

/// An advisory that affects a version of a package.
#[derive(Debug)]
pub(super) struct Affecting {
    /// Which one, among those about the package.
    pub(super) number: usize,
    /// First version after it that mends it.
    fixed: Option<Box<str>>,
}

/// What was compared, by ecosystem, package and version.
#[derive(Debug, Default)]
pub(super) struct Compared(Mutex<HashMap<Box<str>, Arc<[Affecting]>>>);

/// All vulnerabilities found on a device, by package and id.
pub type Matches = Vec<Match>;

impl Index {
    /// Finds the vulnerabilities of packages on an operating system; nothing when there are no advisories
    /// for it: then nothing is known.
    pub fn matches(&self, os: &OsFacts, packages: &[Installed]) -> Option<Matches> {
        let system = ecosystem::of_system(os);
        if !system.iter().any(|ecosystem| self.covers(ecosystem)) {
            return None;
        }
        let mut found = Found::default();
        if os.family == "windows" {
            self.windows(os, packages, &mut found);
        }
        for (key, binaries) in sources(packages) {
            let Source { package_type, name, version } = key;
            if ecosystem::is_system(os, package_type) {
                for ecosystem in &system {
                    self.package(ecosystem, &key, &binaries, &mut found);
                }
            } else if let Some(ecosystem) = ecosystem::of_language(package_type) {
                let key = Source { package_type, name, version };
                self.package(ecosystem, &key, &binaries, &mut found);
            }
        }
        Some(found.0.into_values().map(|one| self.rated(one)).collect())
    }

    fn package(
        &self,
        ecosystem: &str,
        key: &Source<'_>,
        binaries: &Arc<[String]>,
        found: &mut Found,
    ) {
        let entries = self.entries(ecosystem, key.name);
        if entries.is_empty() {
            return;
        }
        for Affecting { number, fixed } in self.affecting(ecosystem, key, entries).iter() {
            if let Some(entry) = entries.get(*number) {
                found.add(key, binaries, entry, fixed.as_deref());
            }
        }
    }

    /// Which advisories affect this version of a package. A fleet has the same versions many times over:
    /// each is compared once.
    pub(super) fn affecting(
        &self,
        ecosystem: &str,
        key: &Source<'_>,
        entries: &[Entry],
    ) -> Arc<[Affecting]> {
        let compared = || self.compared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = format!("{ecosystem}\n{}\n{}", key.name, key.version);
        if let Some(known) = compared().get(place.as_str()) {
            return Arc::clone(known);
        }
        let order = Order::of_ecosystem(ecosystem);
        let order = order.filter(|order| range::is_version(key.version, *order));
        let affecting = entries.iter().enumerate().filter_map(|(number, entry)| {
            let range = order.and_then(|order| {
                let within = |events: &&Vec<_>| range::contains(events, key.version, order);
                Some((entry.detail.ranges.iter().find(within)?, order))
            });
            let listed = || entry.detail.versions.iter().any(|one| one == key.version);
            let fixed = match range {
                Some((events, order)) => range::fix(events, key.version, order),
                None if listed() => None,
                None => return None,
            };
            Some(Affecting { number, fixed: fixed.map(Box::from) })
        });
        let affecting: Arc<[Affecting]> = affecting.collect();
        let mut compared = compared();
        if compared.len() >= COMPARED {
            compared.clear();
        }
        compared.insert(place.into(), Arc::clone(&affecting));
        affecting
    }

    /// Windows is matched by its build, and mended by a later build or by an update.
    fn windows(&self, os: &OsFacts, packages: &[Installed], found: &mut Found) {
        let Some((branch, _)) = os.version.rsplit_once('.') else { return };
        if !range::is_version(&os.version, Order::Windows) {
            return;
        }
        let key = Source { package_type: "windows", name: branch, version: &os.version };
        let binaries: Arc<[String]> = Arc::new([]);
        for entry in self.entries("Windows", branch) {
            let within = |events: &Vec<_>| range::contains(events, &os.version, Order::Windows);
            let updated = || {
                let updates = &entry.detail.updates;
                packages
                    .iter()
                    .any(|package| updates.iter().any(|kb| package.name.eq_ignore_ascii_case(kb)))
            };
            let Some(events) = entry.detail.ranges.iter().find(|events| within(events)) else {
                continue;
            };
            if !updated() {
                let fixed = range::fix(events, &os.version, Order::Windows);
                found.add(&key, &binaries, entry, fixed);
            }
        }
    }

    /// Completes a match with what is known about its vulnerability.
    fn rated(&self, mut one: Match) -> Match {
        let Some(cve) = one.cve else { return one };
        let facts = self.facts(cve);
        let listed = |list: &str, day: &str| format!("{list}, listed {day}");
        let kev = facts.detail.kev.as_ref().map(|kev| {
            let ransomware = if kev.ransomware { ", used by ransomware" } else { "" };
            format!("{}{ransomware}", listed("CISA KEV", &kev.listed))
        });
        let eu = facts.detail.eu_kev.as_ref().map(|kev| listed("EU KEV", &kev.listed));
        one.exploited = kev.or(eu);
        one.epss = facts.epss;
        // The enriching publisher rates the vulnerability itself; the advisory may be about several.
        let vector = facts.detail.cvss.as_ref().and_then(|cvss| Vector::of(&cvss.vector));
        one.vector = vector.or(one.vector);
        for source in facts.sources {
            if !one.sources.contains(&source) {
                one.sources.push(source);
            }
        }
        one
    }
}

/// A source package in one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source<'a> {
    pub(super) package_type: &'a str,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
}

/// The source packages of installed ones. Advisories of Red Hat name the packages themselves, so each of
/// RPM's counts under both names.
fn sources(packages: &[Installed]) -> BTreeMap<Source<'_>, Arc<[String]>> {
    let mut all: BTreeMap<Source<'_>, Vec<String>> = BTreeMap::new();
    for package in packages {
        let source =
            if package.source_name.is_empty() { &package.name } else { &package.source_name };
        let version = if package.source_version.is_empty() {
            &package.version
        } else {
            &package.source_version
        };
        let package_type = package.package_type.as_str();
        let mut names = vec![(source, version)];
        if package_type == "rpm" && *source != package.name {
            names.push((&package.name, &package.version));
        }
        for (name, version) in names {
            let binaries = all.entry(Source { package_type, name, version }).or_default();
            if !binaries.contains(&package.name) {
                binaries.push(package.name.clone());
            }
        }
    }
    all.into_iter().map(|(source, binaries)| (source, binaries.into())).collect()
}

/// What was found: each vulnerability of each package once.
#[derive(Default)]
struct Found(BTreeMap<(String, String, String, String), Match>);

impl Found {
    fn add(
        &mut self,
        key: &Source<'_>,
        binaries: &Arc<[String]>,
        entry: &Entry,
        fixed: Option<&str>,
    ) {
        let cves = entry.detail.cves.iter().copied().map(Some);
        let ids: Vec<_> = if entry.detail.cves.is_empty() { vec![None] } else { cves.collect() };
        let informational = entry.detail.informational;
        for cve in ids {
            let id = cve.map_or_else(|| entry.advisory.to_string(), |cve| cve.to_string());
            let place =
                (key.package_type.to_owned(), key.name.to_owned(), key.version.to_owned(), id);
            let known = self.0.entry(place).or_insert_with(|| Match {
                package_type: key.package_type.to_owned(),
                package: key.name.to_owned(),
                version: key.version.to_owned(),
                binaries: Arc::clone(binaries),
                cve,
                advisory: entry.advisory.to_string(),
                fixed: None,
                informational: false,
                severity: None,
                vector: None,
                epss: None,
                exploited: None,
                sources: vec![],
            });
            // Several advisories about one vulnerability complete each other.
            let update = || entry.detail.updates.first().cloned();
            known.fixed = known.fixed.take().or_else(|| fixed.map(str::to_owned)).or_else(update);
            known.informational |= informational;
            known.severity = known.severity.max(entry.detail.severity);
            if known.vector.is_none() {
                known.vector = entry.detail.vector.as_deref().and_then(Vector::of);
            }
            if !known.sources.contains(&entry.source) {
                known.sources.push(Arc::clone(&entry.source));
            }
        }
    }
}
