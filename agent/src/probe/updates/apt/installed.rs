//! What is installed, as apt counts it.

use std::collections::HashSet;

use belfort_proto::limits;

use super::scan::{Offer, source_of};
use crate::probe::{dpkg, text};

/// Packages with an installed version: all but those that are wholly gone or of which only the
/// configuration is left, as offers of themselves.
pub fn installed(status: &[u8]) -> Vec<Offer<'_>> {
    dpkg::paragraphs(status).filter_map(package).collect()
}

fn package(paragraph: &[u8]) -> Option<Offer<'_>> {
    let (mut name, mut status, mut source): (&[u8], &[u8], &[u8]) = (b"", b"", b"");
    let (mut version, mut architecture): (&[u8], &[u8]) = (b"", b"");
    for line in text::lines(paragraph) {
        let (field, prefix) = match line.first() {
            Some(b'P') => (&mut name, &b"Package:"[..]),
            Some(b'S') if line.starts_with(b"So") => (&mut source, &b"Source:"[..]),
            Some(b'S') => (&mut status, &b"Status:"[..]),
            Some(b'V') => (&mut version, &b"Version:"[..]),
            Some(b'A') => (&mut architecture, &b"Architecture:"[..]),
            _ => continue,
        };
        if let Some(value) = line.strip_prefix(prefix) {
            *field = value.trim_ascii();
        }
    }
    let state = status.rsplit(|byte| *byte == b' ').next();
    if matches!(state, Some(b"config-files" | b"not-installed" | b"") | None) || name.is_empty() {
        return None;
    }
    let (source, source_version) = source_of(source, name, version);
    // dpkg takes no others.
    let is_plain = |value: &&str| {
        value.len() <= limits::STRING_BYTES && value.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let plain = |value| std::str::from_utf8(value).ok().filter(is_plain);
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

/// Names of the packages, and a hash that is another when one is added or gone.
pub fn names<'a>(installed: &[Offer<'a>]) -> (HashSet<&'a [u8]>, String) {
    let mut sorted: Vec<&str> = installed.iter().map(|offer| offer.name).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut hasher = blake3::Hasher::new();
    for name in &sorted {
        hasher.update(name.as_bytes());
        hasher.update(b"\n");
    }
    let names = sorted.into_iter().map(str::as_bytes).collect();
    (names, hasher.finalize().to_hex().to_string())
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
        let found = installed(status);
        let names: Vec<_> = found.iter().map(|offer| (offer.name, offer.source_version)).collect();
        assert_eq!(names, [("dpkg", "1.21.22"), ("half", "1-1")]);
        assert_eq!(native(&found), "amd64");
        assert_ne!(super::names(&found).1, super::names(&found[1..]).1);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = installed(&bytes);
            let status = [b"Package: a\nStatus: i o installed\nVersion: ", bytes.as_slice()].concat();
            let _ = native(&installed(&status));
        }
    }
}
