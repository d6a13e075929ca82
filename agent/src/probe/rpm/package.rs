//! A header as a package.

use std::collections::HashMap;

use belfort_proto::inventory::v1::{Package, PackageState};
use belfort_proto::limits;

use super::Trouble;
use super::blob::Blob;
use super::header::{Header, Tag};
use crate::probe::operating_system::day;
use crate::probe::text;

const WANTED: &[Tag] = &[
    Tag::Name,
    Tag::Version,
    Tag::Release,
    Tag::Epoch,
    Tag::InstallTime,
    Tag::Vendor,
    Tag::Arch,
    Tag::SourceRpm,
];

/// The package of a header; nothing for a key that signs packages, which rpm keeps like one.
pub fn package(blob: &mut dyn Blob) -> Result<Option<Package>, Trouble> {
    let header = Header::read(blob, WANTED)?;
    let mut package = Package {
        ecosystem: "rpm".to_owned(),
        state: PackageState::Installed.into(),
        ..Package::default()
    };
    let (mut version, mut release, mut source) = (String::new(), String::new(), String::new());
    let mut epoch = 0;
    let mut buffer = Vec::with_capacity(128);
    for (tag, place) in header.places() {
        let field = match tag {
            Tag::Epoch => {
                epoch = header.number(blob, *place)?;
                continue;
            }
            Tag::InstallTime => {
                package.installed_on = day(header.number(blob, *place)?.into());
                continue;
            }
            Tag::Name => &mut package.name,
            Tag::Version => &mut version,
            Tag::Release => &mut release,
            Tag::Vendor => &mut package.publisher,
            Tag::Arch => &mut package.architecture,
            Tag::SourceRpm => &mut source,
            Tag::DirIndexes | Tag::BaseNames | Tag::DirNames => continue,
        };
        header.text(blob, *place, limits::STRING_BYTES, &mut buffer)?;
        *field = text::clean(&buffer);
    }
    if package.name.is_empty() || version.is_empty() {
        return Err(Trouble::Damaged("a header without a name or version"));
    }
    if package.name == "gpg-pubkey" {
        return Ok(None);
    }
    package.publisher = publisher(&package.publisher);
    let plain = text::clean(format!("{version}-{release}").as_bytes());
    if let Some((name, version)) = source_of(&source) {
        if name != package.name {
            name.clone_into(&mut package.source_name);
        }
        if version != plain {
            version.clone_into(&mut package.source_version);
        }
    }
    package.version = with_epoch(epoch, &plain);
    Ok(Some(package))
}

/// A version as advisories write it: an epoch of 0 is none.
pub fn with_epoch(epoch: u32, version: &str) -> String {
    if epoch == 0 {
        version.to_owned()
    } else {
        text::clean(format!("{epoch}:{version}").as_bytes())
    }
}

/// Name and version of a source package by its file name, `name-version-release.src.rpm`.
fn source_of(file: &str) -> Option<(&str, &str)> {
    let stem = file.strip_suffix(".src.rpm").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let mut dashes = stem.rmatch_indices('-');
    let (at, _) = dashes.nth(1)?;
    Some((stem.get(..at)?, stem.get(at + 1..)?)).filter(|(name, _)| !name.is_empty())
}

/// The vendor without addresses and without names of persons, which build services put there.
fn publisher(vendor: &str) -> String {
    let vendor = vendor.split('<').next().unwrap_or_default().trim();
    // `obs://build.opensuse.org/home:person:project`
    if let Some((service, _)) = vendor.split_once("/home:") {
        return service.to_owned();
    }
    // `Fedora Copr - user person`
    if let Some((service, _)) = vendor.split_once(" - user ") {
        return service.to_owned();
    }
    // An address alone says who in person.
    if vendor.contains('@') && !vendor.contains("group @") {
        String::new()
    } else {
        vendor.to_owned()
    }
}

/// Gives versions of source packages their epoch. Their file names do not have it: that of a package from
/// the same source in the same version is taken, which all have that do not set one of their own.
pub fn add_source_epochs(packages: &mut [Package]) {
    let mut epochs: HashMap<(String, String), String> = HashMap::new();
    for package in packages.iter().filter(|package| package.source_version.is_empty()) {
        if let Some((epoch, version)) = package.version.split_once(':') {
            let key = (source_name(package).to_owned(), version.to_owned());
            // The package that is named like its source knows best; otherwise the order must not matter.
            let known = epochs.entry(key).or_default();
            if package.source_name.is_empty() || known.is_empty() || epoch < known.as_str() {
                epoch.clone_into(known);
            }
        }
    }
    for package in packages.iter_mut().filter(|package| !package.source_version.is_empty()) {
        let key = (source_name(package).to_owned(), package.source_version.clone());
        if let Some(epoch) = epochs.get(&key) {
            package.source_version =
                text::clean(format!("{epoch}:{}", package.source_version).as_bytes());
        }
    }
}

fn source_name(package: &Package) -> &str {
    if package.source_name.is_empty() { &package.name } else { &package.source_name }
}

#[cfg(test)]
mod tests {
    use super::super::header::tests::header;
    use super::*;

    fn built(name: &[u8], version: &[u8], epoch: Option<u8>, source: &[u8]) -> Vec<u8> {
        let epoch_bytes = [0, 0, 0, epoch.unwrap_or_default()];
        let mut values: Vec<(u32, u32, u32, &[u8])> = vec![
            (1000, 6, 1, name),
            (1001, 6, 1, version),
            (1002, 6, 1, b"3.el9\0"),
            (1011, 6, 1, b"Example, Inc. <https://example.org>\0"),
            (1022, 6, 1, b"x86_64\0"),
            (1044, 6, 1, source),
            (1008, 4, 1, &[0x65, 0x92, 0, 0]),
        ];
        if epoch.is_some() {
            values.push((1003, 4, 1, &epoch_bytes));
        }
        header(&values)
    }

    #[test]
    fn a_package() {
        let bytes = built(b"libfoo\0", b"1.2\0", Some(4), b"foo-common-1.2-3.el9.src.rpm\0");
        insta::assert_debug_snapshot!(package(&mut &bytes[..]).unwrap().unwrap());
        let bytes = built(b"foo\0", b"1.2\0", Some(0), b"foo-1.3-3.el9.nosrc.rpm\0");
        let package = package(&mut &bytes[..]).unwrap().unwrap();
        assert_eq!(package.version, "1.2-3.el9");
        assert_eq!(
            (package.source_name.as_str(), package.source_version.as_str()),
            ("", "1.3-3.el9")
        );
    }

    #[test]
    fn keys_are_no_packages_and_nameless_headers_damaged() {
        let bytes = built(b"gpg-pubkey\0", b"1\0", None, b"(none)\0");
        assert_eq!(package(&mut &bytes[..]), Ok(None));
        let bytes = built(b"\0", b"1\0", None, b"(none)\0");
        assert!(package(&mut &bytes[..]).is_err());
    }

    #[test]
    fn vendors_name_no_person() {
        for (vendor, expected) in [
            ("Red Hat, Inc.", "Red Hat, Inc."),
            ("SUSE LLC <https://www.suse.com/>", "SUSE LLC"),
            ("obs://build.opensuse.org/home:jan:branches", "obs://build.opensuse.org"),
            ("obs://build.opensuse.org/server:mail", "obs://build.opensuse.org/server:mail"),
            ("Fedora Copr - user jan", "Fedora Copr"),
            ("Fedora Copr - group @example", "Fedora Copr - group @example"),
            ("jan@example.org", ""),
        ] {
            assert_eq!(publisher(vendor), expected);
        }
    }

    #[test]
    fn sources_have_the_epoch_of_their_packages() {
        let one = |name: &str, version: &str, source: &str, source_version: &str| Package {
            name: name.to_owned(),
            version: version.to_owned(),
            source_name: source.to_owned(),
            source_version: source_version.to_owned(),
            ..Package::default()
        };
        let mut packages = vec![
            one("perl-carp", "1.50-460", "perl", "5.32-481"),
            one("perl-libs", "4:5.32-481", "perl", ""),
            one("other", "2-1", "else", "5.32-481"),
        ];
        add_source_epochs(&mut packages);
        let versions: Vec<_> = packages.iter().map(|one| one.source_version.as_str()).collect();
        assert_eq!(versions, ["4:5.32-481", "", "5.32-481"]);
    }
}
