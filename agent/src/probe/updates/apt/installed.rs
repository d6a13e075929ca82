//! What is installed, as apt counts it.

use belfort_proto::inventory::v1::PackageState;

use super::scan::Offer;
use crate::probe::dpkg::{Database, Entry};

/// Packages with an installed version: all but those that are wholly gone or of which only the
/// configuration is left, as offers of themselves.
pub fn installed(database: &Database) -> Vec<Offer<'_>> {
    database.entries().filter_map(|entry| offer(&entry)).collect()
}

fn offer<'a>(entry: &Entry<'a>) -> Option<Offer<'a>> {
    if entry.state == PackageState::ConfigFiles {
        return None;
    }
    let Entry { name, version, architecture, .. } = *entry;
    let (source, source_version) = entry.source();
    // dpkg takes no others.
    let is_plain = |value: &&str| value.bytes().all(|byte| byte.is_ascii_graphic());
    let plain = |value| Some(value).filter(is_plain);
    Some(Offer {
        name: plain(name)?,
        architecture: plain(architecture)?,
        version: plain(version).filter(|version| !version.is_empty())?,
        source: plain(source)?,
        source_version: plain(source_version)?,
    })
}

/// The machine's own architecture: that of the installed dpkg, or where there is none of the first
/// package that has one.
pub fn native<'a>(installed: &[Offer<'a>]) -> &'a str {
    let mut own = installed.iter().filter(|offer| offer.architecture != "all");
    let dpkg = own.clone().find(|offer| offer.name == "dpkg").or_else(|| own.next());
    dpkg.map(|package| package.architecture).unwrap_or_default()
}

/// Names of the packages in their order, each once, and a hash that is another when one is added or gone.
pub fn names<'a>(installed: &[Offer<'a>]) -> (Vec<&'a str>, String) {
    let mut names: Vec<&str> = installed.iter().map(|offer| offer.name).collect();
    names.sort_unstable();
    names.dedup();
    let hash = blake3::hash(names.join("\n").as_bytes()).to_hex().to_string();
    (names, hash)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn states_and_sources() {
        let status = b"Package: dpkg\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 1.21.22\n\n\
            Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n\
            Package: half\nStatus: install ok half-configured\nArchitecture: all\nVersion: 1-2\n\
            Source: whole (1-1)\n\nPackage: none\nStatus: install ok installed\nArchitecture: all\n";
        let database = Database::read(&status[..]).unwrap();
        let found = installed(&database);
        let names: Vec<_> = found.iter().map(|offer| (offer.name, offer.source_version)).collect();
        assert_eq!(names, [("dpkg", "1.21.22"), ("half", "1-1")]);
        assert_eq!(native(&found), "amd64");
        assert_ne!(super::names(&found).1, super::names(&found[1..]).1);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let status = [b"Package: a\nStatus: i o installed\nVersion: ", bytes.as_slice()].concat();
            for status in [bytes, status] {
                let database = Database::read(&status[..]).unwrap();
                let _ = native(&installed(&database));
            }
        }
    }
}
