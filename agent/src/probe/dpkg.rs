//! The package database of dpkg. Source of the format: deb-control(5), dpkg(1).
//!
//! Most of it are relations, files and descriptions that no probe wants: it is read piece by piece, once
//! for all probes, and only what they want of it is held.

use std::io::{self, Read};

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::{Package, PackageState};
use belfort_proto::limits;

use super::text;

/// Where the database lies.
pub const STATUS_PATH: &str = "/var/lib/dpkg/status";
/// Largest database read, bytes; 1,000 packages take about 1 MB.
pub const STATUS_BYTES_MAX: u64 = 12 << 20;
/// Most packages held.
pub const ENTRIES_MAX: usize = 65_536;

/// Where dpkg keeps the list of files of every package, among others.
pub const INFO_PATH: &str = "/var/lib/dpkg/info";

/// Values held of each package: name, version, architecture, source and maintainer.
const VALUES: usize = 5;

/// The packages of the database that are not wholly gone.
#[derive(Debug, Default)]
pub struct Database {
    /// The values of all packages, in the order in which they stand in the file.
    values: String,
    places: Vec<Place>,
    is_cut: bool,
}

/// Where a package stands in the values of a [`Database`].
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Start and end of each value.
    values: [(u32, u32); VALUES],
    state: PackageState,
    is_same: bool,
}

/// What the database says of one package, as clean text.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Name of the binary package.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its architecture, `all` included.
    pub architecture: &'a str,
    /// What is there of it.
    pub state: PackageState,
    /// Whether it can be installed for several architectures at once: then names of files carry it.
    pub is_same: bool,
    source: &'a str,
    maintainer: &'a str,
}

/// The paragraph that is being read.
#[derive(Clone, Copy, Default)]
struct Paragraph {
    values: [(u32, u32); VALUES],
    /// Where the first of its values starts.
    start: usize,
    state: Option<PackageState>,
    is_same: bool,
}

impl Database {
    /// Reads a database to its end. Every error that the file did not give is a [`ReadError`] inside.
    pub fn read(file: impl Read) -> io::Result<Self> {
        let mut database = Self::default();
        let mut paragraph = Paragraph::default();
        text::read_lines(file, |line| {
            if line.is_empty() {
                database.end(&mut paragraph);
                Ok(())
            } else {
                database.line(line, &mut paragraph)
            }
        })?;
        database.end(&mut paragraph);
        Ok(database)
    }

    /// The packages, in the order of the database.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'_>> {
        self.places.iter().map(|place| {
            let Place { values, state, is_same } = *place;
            let value = |(start, end): (u32, u32)| self.values.get(start as usize..end as usize);
            let [name, version, architecture, source, maintainer] =
                values.map(|range| value(range).unwrap_or_default());
            Entry { name, version, architecture, state, is_same, source, maintainer }
        })
    }

    /// Whether there are more packages than are held.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    fn line(&mut self, line: &[u8], paragraph: &mut Paragraph) -> io::Result<()> {
        let [name, version, architecture, source, maintainer] = &mut paragraph.values;
        // Continuation lines start with a blank; the other fields are told apart by their first byte.
        let (range, prefix) = match line.first() {
            Some(b'P') => (name, &b"Package:"[..]),
            Some(b'V') => (version, &b"Version:"[..]),
            Some(b'A') => (architecture, &b"Architecture:"[..]),
            Some(b'S') if line.starts_with(b"So") => (source, &b"Source:"[..]),
            Some(b'S') => {
                if let Some(status) = line.strip_prefix(b"Status:") {
                    paragraph.state = state(status.trim_ascii());
                }
                return Ok(());
            }
            Some(b'M') if line.starts_with(b"Mu") => {
                if let Some(multi_arch) = line.strip_prefix(b"Multi-Arch:") {
                    paragraph.is_same = multi_arch.trim_ascii() == b"same";
                }
                return Ok(());
            }
            Some(b'M') => (maintainer, &b"Maintainer:"[..]),
            _ => return Ok(()),
        };
        if let Some(value) = line.strip_prefix(prefix) {
            self.values
                .try_reserve(limits::STRING_BYTES)
                .map_err(|_| io::Error::other(ReadError::Memory))?;
            let start = self.len()?;
            text::push_clean(&mut self.values, value.trim_ascii());
            *range = (start, self.len()?);
        }
        Ok(())
    }

    /// Length of the values. They can be longer than the file, where it is no text.
    fn len(&self) -> io::Result<u32> {
        let len = u32::try_from(self.values.len()).ok();
        let held = len.filter(|len| u64::from(*len) <= STATUS_BYTES_MAX);
        let cap = usize::try_from(STATUS_BYTES_MAX).unwrap_or(usize::MAX);
        held.ok_or_else(|| io::Error::other(ReadError::TooLarge(cap)))
    }

    /// Takes over the paragraph that ended, if it is of a package that is there, and begins another.
    fn end(&mut self, paragraph: &mut Paragraph) {
        let Paragraph { values, start, state, is_same } = *paragraph;
        let (name_start, name_end) = values[0];
        let state = state.filter(|_| name_start < name_end);
        let is_full = self.places.len() == ENTRIES_MAX;
        self.is_cut |= is_full && state.is_some();
        match state {
            Some(state) if !is_full => self.places.push(Place { values, state, is_same }),
            _ => self.values.truncate(start),
        }
        *paragraph = Paragraph { start: self.values.len(), ..Paragraph::default() };
    }
}

/// What is there of a package; nothing when it is wholly gone.
fn state(status: &[u8]) -> Option<PackageState> {
    Some(match status.rsplit(|byte| *byte == b' ').next()? {
        b"installed" => PackageState::Installed,
        b"config-files" => PackageState::ConfigFiles,
        b"not-installed" | b"" => return None,
        b"half-installed" | b"unpacked" | b"half-configured" | b"triggers-awaited"
        | b"triggers-pending" => PackageState::Incomplete,
        _ => PackageState::Unspecified,
    })
}

impl<'a> Entry<'a> {
    /// Name and version of the source package.
    pub fn source(&self) -> (&'a str, &'a str) {
        source_of(self.source, self.name, self.version)
    }

    /// The package as it is reported; its day of installation is not in the database.
    pub fn package(&self) -> Package {
        let (source_name, source_version) = self.source();
        let unless = |value: &str, other: &str| if value == other { "" } else { value }.to_owned();
        Package {
            ecosystem: "deb".to_owned(),
            name: self.name.to_owned(),
            version: self.version.to_owned(),
            architecture: self.architecture.to_owned(),
            source_name: unless(source_name, self.name),
            source_version: unless(source_version, self.version),
            publisher: publisher(self.maintainer).to_owned(),
            state: self.state.into(),
            installed_on: String::new(),
        }
    }

    /// Adds to a text the name of the file below [`INFO_PATH`] that lists the package's files: written anew
    /// whenever it is installed or upgraded, so that its age is that of the installation.
    pub fn push_list(&self, text: &mut String) {
        text.push_str(self.name);
        if self.is_same {
            text.push(':');
            text.push_str(self.architecture);
        }
        text.push_str(".list");
    }
}

/// Name and version of a source package from the field `Source: name (version)`, where each that is
/// missing is that of the binary package.
pub fn source_of<'a>(source: &'a str, name: &'a str, version: &'a str) -> (&'a str, &'a str) {
    // Most packages come from a source of their name.
    if source.is_empty() {
        return (name, version);
    }
    let or = |value: &'a str, other| if value.is_empty() { other } else { value };
    match source.split_once('(') {
        Some((source, rest)) => {
            let inside = rest.strip_suffix(')').unwrap_or(rest);
            (or(source.trim(), name), or(inside.trim(), version))
        }
        None => (source, version),
    }
}

/// `Name <address>` without the address.
fn publisher(maintainer: &str) -> &str {
    let name = text::split(maintainer, b'<').next().unwrap_or_default();
    // An address alone says who in person: it is not reported.
    if name.as_bytes().contains(&b'@') { "" } else { name.trim() }
}

#[cfg(test)]
mod tests {
    use belfort_agent_sys::files::Stream;
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

    fn database(bytes: &[u8]) -> Database {
        Database::read(bytes).unwrap()
    }

    #[test]
    fn packages_in_every_state() {
        let database = database(STATUS);
        let found = database.entries().map(|entry| entry.package());
        insta::assert_debug_snapshot!(found.collect::<Vec<_>>());
    }

    #[test]
    fn lists_carry_the_architecture_where_there_can_be_several() {
        let database = database(STATUS);
        let mut lists = String::new();
        for entry in database.entries() {
            entry.push_list(&mut lists);
            lists.push(' ');
        }
        assert_eq!(lists, "libfoo1:amd64.list bar.list broken.list waits.list ");
    }

    #[test]
    fn no_more_is_held_than_is_of_use() {
        let installed = "Status: install ok installed";
        let status = format!("Package: a\nVersion: {}\n{installed}\n", "1".repeat(99_999));
        let held = database(status.as_bytes());
        assert_eq!(held.entries().next().unwrap().version.len(), limits::STRING_BYTES);
        let status = format!("Package: a\n{installed}\n\n").repeat(ENTRIES_MAX);
        assert!(!database(status.as_bytes()).is_cut());
        let cut = database(format!("{status}Package: b\n{installed}\n").as_bytes());
        assert_eq!((cut.entries().len(), cut.is_cut()), (ENTRIES_MAX, true));
        // Every byte becomes three.
        let line = [b"Version:", [0xff; 1365].as_slice(), b"\n"].concat();
        let error = Database::read(line.repeat(6000).as_slice()).unwrap_err();
        assert_eq!(Stream::error(&error), Some(ReadError::TooLarge(12 << 20)));
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0..STATUS.len()) {
            for status in [&bytes, &STATUS[cut..], &[&STATUS[..cut], &bytes].concat()] {
                for entry in database(status).entries() {
                    let _ = (entry.package(), entry.source());
                }
            }
        }
    }
}
