//! The versions a list of packages offers of what is installed.
//!
//! A list names tens of thousands of packages in tens of megabytes, of which a machine has a few
//! hundred: paragraphs of others are passed over by their first line. Source of the format: Debian Wiki,
//! *Debian Repository Format*, "Packages Indices".

use std::io::Read;

use belfort_agent_sys::files::Stream;
use memchr::memmem::{self, Finder};

use crate::probe::decompress::{self, Decoder};
use crate::probe::{dpkg, text};

/// Bytes of a list in memory at a time, and largest paragraph.
const WINDOW_BYTES: usize = 128 << 10;
/// Most text that is kept of one list.
const KEPT_BYTES_MAX: usize = 2 << 20;

/// What a list says of one version of a package.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer<'a> {
    /// Name of the binary package.
    pub name: &'a str,
    /// Its architecture, `all` included.
    pub architecture: &'a str,
    /// The version.
    pub version: &'a str,
    /// Name of the source package.
    pub source: &'a str,
    /// Version of the source package.
    pub source_version: &'a str,
}

/// Why a list was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// It cannot be read or decoded.
    #[error("{}", decompress::reason(.0))]
    Read(#[from] std::io::Error),
    /// It has a paragraph that no package has.
    #[error("a paragraph of more than {WINDOW_BYTES} bytes")]
    Paragraph,
    /// It offers more of what is installed than can be.
    #[error("more than {KEPT_BYTES_MAX} bytes on packages that are installed")]
    Kept,
}

impl ScanError {
    /// Whether it is the list's content that is wrong, so that reading it again is of no use.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Read(error) => Stream::error(error).is_none(),
            Self::Paragraph | Self::Kept => true,
        }
    }
}

/// Reads a list, and gives one line for each version of a package whose name is wanted: see [`offers`].
pub fn scan<R: Read>(
    list: &mut Decoder<R>,
    wanted: impl Fn(&[u8]) -> bool,
) -> Result<String, ScanError> {
    let end = Finder::new(b"\n\n");
    let mut kept = String::new();
    let mut window = vec![0; WINDOW_BYTES];
    // Where what is left of the paragraph before ends.
    let mut left = 0;
    loop {
        let room = window.get_mut(left..).unwrap_or_default();
        let asked = room.len();
        let got = list.fill(room)?;
        let filled = window.get(..left + got).unwrap_or_default();
        let mut rest = filled;
        while let Some((paragraph, tail)) =
            end.find(rest).and_then(|at| rest.split_at_checked(at + 2))
        {
            keep(paragraph, &wanted, &mut kept)?;
            rest = tail;
        }
        if got < asked {
            keep(rest, &wanted, &mut kept)?;
            return Ok(kept);
        }
        if rest.len() == WINDOW_BYTES {
            return Err(ScanError::Paragraph);
        }
        left = rest.len();
        let from = filled.len() - left;
        window.copy_within(from.., 0);
    }
}

fn keep(
    paragraph: &[u8],
    wanted: impl Fn(&[u8]) -> bool,
    kept: &mut String,
) -> Result<(), ScanError> {
    // The name stands first in the lists of all common tools, not by any rule.
    let after = match paragraph.strip_prefix(b"Package:") {
        Some(after) => after,
        None => match memmem::find(paragraph, b"\nPackage:") {
            Some(at) => paragraph.get(at + 9..).unwrap_or_default(),
            None => return Ok(()),
        },
    };
    let name = text::lines(after).next().unwrap_or_default().trim_ascii();
    if !wanted(name) {
        return Ok(());
    }
    let (mut version, mut architecture, mut source): (&[u8], &[u8], &[u8]) = (b"", b"", b"");
    for line in text::lines(paragraph) {
        let (field, prefix) = match line.first() {
            Some(b'V') => (&mut version, &b"Version:"[..]),
            Some(b'A') => (&mut architecture, &b"Architecture:"[..]),
            Some(b'S') => (&mut source, &b"Source:"[..]),
            _ => continue,
        };
        if let Some(value) = line.strip_prefix(prefix) {
            *field = value.trim_ascii();
        }
    }
    let [name, architecture, version, source] =
        [name, architecture, version, source].map(text::clean);
    let (source, source_version) = dpkg::source_of(&source, &name, &version);
    kept.push_str(&[&name, &architecture, &version, source, source_version].join("\t"));
    kept.push('\n');
    if kept.len() > KEPT_BYTES_MAX { Err(ScanError::Kept) } else { Ok(()) }
}

/// The offers in the lines that [`scan`] gave.
pub fn offers(kept: &str) -> impl Iterator<Item = Offer<'_>> + Clone {
    text::split(kept, b'\n').filter_map(|line| {
        let mut fields = text::split(line, b'\t');
        let offer = Offer {
            name: fields.next()?,
            architecture: fields.next()?,
            version: fields.next()?,
            source: fields.next()?,
            source_version: fields.next()?,
        };
        (!offer.version.is_empty()).then_some(offer)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probe::decompress::Compression;

    fn scanned(content: &[u8], names: &[&str]) -> Result<String, ScanError> {
        let mut list = Decoder::new(content, Compression::Plain, 64 << 20).unwrap();
        scan(&mut list, |name| names.iter().any(|one| one.as_bytes() == name))
    }

    #[test]
    fn only_what_is_installed_is_kept() {
        let list = b"Package: bash\nSource: bash-src (5.2-1)\nVersion: 5.2-1+b2\nArchitecture: amd64\n\
            Description: the shell\n Version: 9\n\nPackage: other\nVersion: 1\nArchitecture: all\n\n\
            Maintainer: x\nPackage: tzdata\nVersion: 2024a-1\nArchitecture: all\n\nPackage: bash\n\
            Architecture: i386\nVersion: 5.3\n";
        let kept = scanned(list, &["bash", "tzdata"]).unwrap();
        insta::assert_snapshot!(kept.replace('\t', " "), @r"
        bash amd64 5.2-1+b2 bash-src 5.2-1
        tzdata all 2024a-1 tzdata 2024a-1
        bash i386 5.3 bash 5.3
        ");
        assert_eq!(offers(&kept).count(), 3);
        assert_eq!(offers(&kept).next().unwrap().source, "bash-src");
    }

    #[test]
    fn paragraphs_across_windows() {
        let filler = "x".repeat(1000);
        let paragraph = |number| {
            format!("Package: p{number}\nVersion: {number}\nArchitecture: all\nX: {filler}\n\n")
        };
        let list = (0..2000).map(paragraph).collect::<Vec<_>>().concat();
        let names: Vec<String> = (0..2000).map(|number| format!("p{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let kept = scanned(list.as_bytes(), &names).unwrap();
        assert_eq!(offers(&kept).count(), 2000);
        assert!(offers(&kept).all(|offer| offer.name == format!("p{}", offer.version)));
    }

    #[test]
    fn a_paragraph_without_end_is_an_error() {
        let list = vec![b'x'; 2 * WINDOW_BYTES];
        let error = scanned(&list, &["a"]).unwrap_err();
        assert!(error.is_lasting());
        assert_eq!(error.to_string(), "a paragraph of more than 131072 bytes");
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = scanned(&bytes, &["a"]);
            let list = [b"Package: a\n", bytes.as_slice(), b"\n\nPackage: a\nVersion: 1\n\n"].concat();
            let kept = scanned(&list, &["a"]).unwrap();
            prop_assert!(offers(&kept).any(|offer| offer.version == "1") || bytes.ends_with(b"\n"));
        }
    }
}
