//! The package database of dpkg. Source of the format: deb-control(5), dpkg(1).

use belfort_proto::inventory::v1::{Package, PackageState};
use memchr::memmem;

use super::text;

/// Where the database lies.
pub const STATUS_PATH: &str = "/var/lib/dpkg/status";
/// Largest database read, bytes; 1,000 packages take about 1 MB.
pub const STATUS_BYTES_MAX: usize = 12 << 20;

/// Where dpkg keeps the list of files of every package, among others.
pub const INFO_PATH: &str = "/var/lib/dpkg/info";

/// One package of the database.
#[derive(Debug)]
pub struct Listed {
    /// The package; its day of installation is not in the database.
    pub package: Package,
    /// Whether it can be installed for several architectures at once: then their names carry it.
    same: bool,
}

impl Listed {
    /// Name of the file below [`INFO_PATH`] that lists the package's files: written anew whenever it is
    /// installed or upgraded, so that its age is that of the installation.
    pub fn list(&self) -> String {
        let Package { name, architecture, .. } = &self.package;
        if self.same { format!("{name}:{architecture}.list") } else { format!("{name}.list") }
    }
}

/// The packages that `dpkg-query -W` prints: all that are not wholly gone.
pub fn packages(status: &[u8]) -> impl Iterator<Item = Listed> {
    paragraphs(status).filter_map(package)
}

/// Names of the packages in the database, in its order.
pub fn names(status: &[u8]) -> impl Iterator<Item = &[u8]> {
    paragraphs(status).filter_map(|paragraph| {
        // The name stands first in every paragraph dpkg writes.
        text::lines(paragraph).next()?.strip_prefix(b"Package:").map(<[u8]>::trim_ascii)
    })
}

/// Paragraphs of the database, one for each package.
pub fn paragraphs(status: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    let ends = memmem::find_iter(status, b"\n\n").chain([status.len()]);
    ends.filter_map(move |end| {
        let paragraph = status.get(start..end);
        start = end.saturating_add(2);
        paragraph.filter(|paragraph| !paragraph.is_empty())
    })
}

fn package(paragraph: &[u8]) -> Option<Listed> {
    let (mut name, mut status, mut source): (&[u8], &[u8], &[u8]) = (b"", b"", b"");
    let mut multi_arch: &[u8] = b"";
    let (mut version, mut architecture, mut maintainer): (&[u8], &[u8], &[u8]) = (b"", b"", b"");
    for line in text::lines(paragraph) {
        // Continuation lines start with a blank; the other fields are told apart by their first byte.
        let (field, prefix) = match line.first() {
            Some(b'P') => (&mut name, &b"Package:"[..]),
            Some(b'S') if line.starts_with(b"So") => (&mut source, &b"Source:"[..]),
            Some(b'S') => (&mut status, &b"Status:"[..]),
            Some(b'V') => (&mut version, &b"Version:"[..]),
            Some(b'A') => (&mut architecture, &b"Architecture:"[..]),
            Some(b'M') if line.starts_with(b"Mu") => (&mut multi_arch, &b"Multi-Arch:"[..]),
            Some(b'M') => (&mut maintainer, &b"Maintainer:"[..]),
            _ => continue,
        };
        if let Some(value) = line.strip_prefix(prefix) {
            *field = value.trim_ascii();
        }
    }
    let state = match status.rsplit(|byte| *byte == b' ').next() {
        Some(b"installed") => PackageState::Installed,
        Some(b"config-files") => PackageState::ConfigFiles,
        Some(b"not-installed" | b"") | None => return None,
        Some(
            b"half-installed" | b"unpacked" | b"half-configured" | b"triggers-awaited"
            | b"triggers-pending",
        ) => PackageState::Incomplete,
        Some(_) => PackageState::Unspecified,
    };
    if name.is_empty() {
        return None;
    }
    // `Source: name (version)`: the version only where it differs from the package's.
    let (source_name, source_version) = match text::split_once(source, b'(') {
        Some((name, rest)) => (name.trim_ascii(), rest.strip_suffix(b")").unwrap_or(rest)),
        None => (source, &b""[..]),
    };
    let unless_same = |value: &[u8], other: &[u8]| {
        if value == other { String::new() } else { text::clean(value) }
    };
    let package = Package {
        ecosystem: "deb".to_owned(),
        name: text::clean(name),
        version: text::clean(version),
        architecture: text::clean(architecture),
        source_name: unless_same(source_name, name),
        source_version: unless_same(source_version.trim_ascii(), version),
        publisher: text::clean(publisher(maintainer)),
        state: state.into(),
        installed_on: String::new(),
    };
    Some(Listed { package, same: multi_arch == b"same" })
}

/// `Name <address>` without the address.
fn publisher(maintainer: &[u8]) -> &[u8] {
    let name = text::split_once(maintainer, b'<').map_or(maintainer, |(name, _)| name);
    // An address alone says who in person: it is not reported.
    if name.contains(&b'@') { b"" } else { name }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATUS: &[u8] = b"Package: libfoo1\nStatus: install ok installed\nPriority: optional\n\
Maintainer: Debian Foo Team <foo@lists.debian.org>\nArchitecture: amd64\nMulti-Arch: same\n\
Source: foo (1.2-3)\nVersion: 1.2-3+b1\nDescription: a library\n Version: not this one\n .\n\
\nPackage: bar\nStatus: deinstall ok config-files\nMaintainer: jan@example.org\nArchitecture: all\n\
Source: bar\nVersion: 2:1.0~rc1-1\n\
\nPackage: gone\nStatus: deinstall ok not-installed\nArchitecture: all\nVersion: 1\n\
\nPackage: broken\nStatus: install reinstreq half-installed\nArchitecture: i386\nVersion: 3\n\
\nPackage: waits\nStatus: install ok triggers-pending\nArchitecture: i386\nVersion: 4\nSource: w\n";

    #[test]
    fn packages_in_every_state() {
        let found = packages(STATUS).map(|listed| listed.package);
        insta::assert_debug_snapshot!(found.collect::<Vec<_>>());
    }

    #[test]
    fn lists_carry_the_architecture_where_there_can_be_several() {
        let lists: Vec<_> = packages(STATUS).map(|listed| listed.list()).collect();
        assert_eq!(lists, ["libfoo1:amd64.list", "bar.list", "broken.list", "waits.list"]);
    }

    #[test]
    fn names_in_their_order() {
        let names: Vec<_> = names(STATUS).map(String::from_utf8_lossy).collect();
        assert_eq!(names, ["libfoo1", "bar", "gone", "broken", "waits"]);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0..STATUS.len()) {
            let _ = packages(&bytes).count();
            let _ = packages(&STATUS[cut..]).count();
            let _ = packages(&[&STATUS[..cut], &bytes].concat()).count();
        }
    }
}
