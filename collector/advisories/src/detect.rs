//! Which feed a file is, by what it begins with.

use std::io::{Cursor, Read, Seek};

use belfort_model::advisory::FeedKind;

use crate::bounded;

/// How many bytes of a file are looked at.
pub const DETECT_BYTES: usize = 256 << 10;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detected {
    /// A feed.
    Feed(FeedKind),
    /// A zip archive: [`detect_zip`] says of what.
    Zip,
    /// Neither.
    Unknown,
}

/// Looks at the beginning of a file, packed by gzip or not.
pub fn detect(start: &[u8]) -> Detected {
    if start.starts_with(b"PK\x03\x04") {
        return Detected::Zip;
    }
    let mut plain = Vec::new();
    if let Ok(input) = bounded::unpacked(Cursor::new(start)) {
        // A packed file is cut off here: what could be unpacked counts.
        let _cut = input.take(DETECT_BYTES as u64).read_to_end(&mut plain);
    }
    let text = String::from_utf8_lossy(&plain);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    kind(text).map_or(Detected::Unknown, Detected::Feed)
}

fn kind(text: &str) -> Option<FeedKind> {
    // A quotation mark within a JSON text is preceded by a backslash and followed by none of ours.
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    if text.starts_with("#model_version") || text.starts_with("cve,epss") {
        return Some(FeedKind::Epss);
    }
    if text.starts_with("---") {
        return text.contains("\nreleases:").then_some(FeedKind::EndOfLife);
    }
    if text.starts_with('[') {
        return if has("cveID") {
            Some(FeedKind::EuKev)
        } else if has("cycle") {
            Some(FeedKind::EndOfLife)
        } else {
            None
        };
    }
    if !text.starts_with('{') {
        return None;
    }
    // Publishers ship the schema of their feed beside it.
    if has("$schema") && has("properties") {
        return None;
    }
    if has("csaf_version") {
        return Some(FeedKind::Msrc);
    }
    if text.contains("\"CVE_RECORD\"") && has("cveMetadata") {
        return Some(FeedKind::Vulnrichment);
    }
    if has("catalogVersion") && has("vulnerabilities") {
        return Some(FeedKind::Kev);
    }
    if has("result") && has("releases") {
        return Some(FeedKind::EndOfLife);
    }
    if has("releases") && has("urgency") && has("status") {
        return Some(FeedKind::Debian);
    }
    (has("id") && (has("affected") || has("modified"))).then_some(FeedKind::Osv)
}

/// Which feed an archive is: by the first entries that say.
pub fn detect_zip(input: impl Read + Seek) -> Option<FeedKind> {
    let mut archive = zip::ZipArchive::new(input).ok()?;
    (0..archive.len().min(50)).find_map(|index| {
        let entry = archive.by_index(index).ok()?;
        let mut start = Vec::new();
        entry.take(DETECT_BYTES as u64).read_to_end(&mut start).ok()?;
        match detect(&start) {
            Detected::Feed(kind) => Some(kind),
            Detected::Zip | Detected::Unknown => None,
        }
    })
}
