//! From a vulnerability to what it affects: the other way round than evaluations go.

use belfort_model::advisory::CveId;

use super::matching::Source;
use super::{Index, ecosystem};

/// A package that advisories about a vulnerability name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct About {
    /// The ecosystem of the advisories, as OSV names it.
    ecosystem: String,
    /// Type of the package, as in its package URL; `windows` for the operating system itself.
    pub package_type: &'static str,
    /// Name of the package, or of the source it comes from.
    pub package: String,
}

impl Index {
    /// The packages that advisories about a vulnerability name, sorted.
    pub fn about(&self, cve: CveId) -> Vec<About> {
        let mut all = Vec::new();
        for (name, packages) in &self.affected {
            let Some(package_type) = ecosystem::package_type(name) else { continue };
            for (package, entries) in packages {
                if entries.iter().any(|entry| entry.detail.cves.contains(&cve)) {
                    let (ecosystem, package) = (name.to_string(), package.to_string());
                    all.push(About { ecosystem, package_type, package });
                }
            }
        }
        all.sort_unstable();
        all
    }

    /// Whether a version of the package is affected.
    pub fn affects(&self, cve: CveId, about: &About, version: &str) -> bool {
        let About { ecosystem, package_type, package } = about;
        let entries = self.entries(ecosystem, package);
        let key = Source { package_type, name: package, version };
        let found = self.affecting(ecosystem, &key, entries);
        let mut found = found.iter().filter_map(|one| entries.get(one.number));
        found.any(|entry| entry.detail.cves.contains(&cve))
    }
}
