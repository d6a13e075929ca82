//! What Homebrew installed. Source of the layout: docs.brew.sh, "Formula Cookbook" and "How to Create and
//! Maintain a Tap": a folder of the cellar for each formula, in it one for each version.

use belfort_proto::inventory::v1::Package;

use super::installed;
use crate::probe::text;

/// The cellar of the only prefix that Homebrew supports on Linux.
pub const CELLAR_PATH: &str = "/home/linuxbrew/.linuxbrew/Cellar";

/// The package of a folder of the cellar; nothing for one that holds no version.
pub fn keg(formula: &str, version: &str) -> Option<Package> {
    // The cellar has no other files than those Homebrew made; hidden ones are its own.
    let is_version = version.starts_with(|first: char| first.is_ascii_alphanumeric());
    (is_version && !formula.starts_with('.')).then(|| {
        installed("brew", text::clean(formula.as_bytes()), text::clean(version.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_folder_is_the_version() {
        let keg = |formula: &str, version: &str| {
            keg(formula, version).map(|p| format!("{}@{} {}", p.ecosystem, p.name, p.version))
        };
        assert_eq!(keg("openssl@3", "3.3.1_1").as_deref(), Some("brew@openssl@3 3.3.1_1"));
        assert_eq!(keg("node", "HEAD-abc1234").as_deref(), Some("brew@node HEAD-abc1234"));
        assert_eq!(keg("node", ".keepme"), None);
        assert_eq!(keg(".DS_Store", "1"), None);
    }
}
