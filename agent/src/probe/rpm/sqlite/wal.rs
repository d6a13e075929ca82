//! The write-ahead log of SQLite: newer versions of pages that are not in the database's file yet.
//!
//! Source of the format: *Database File Format* of the SQLite documentation, section 4.

use std::collections::BTreeMap;

use super::super::Trouble;
use super::super::window::{Source, Window, u32_at};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// Most pages taken from a log; rpm writes them back long before.
const PAGES_MAX: usize = 100_000;

/// What a log holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Committed {
    /// Where the newest version of a page lies.
    pub(super) pages: BTreeMap<u32, u64>,
    /// How many pages the database has with it.
    pub(super) count: u32,
}

/// The pages that were committed; nothing when there are none. Like SQLite, ends at the first frame that
/// is not of this log or was not written whole, and leaves out what comes after the last commit.
pub(super) fn committed<S: Source>(
    log: &mut Window<S>,
    page_bytes: usize,
) -> Result<Option<Committed>, Trouble> {
    let size = log.size_bytes();
    if size < HEADER_BYTES as u64 {
        return Ok(None);
    }
    let header = *log.get(0, HEADER_BYTES)?.first_chunk::<HEADER_BYTES>().unwrap_or(&[0; 32]);
    let number = |at| u32_at(&header, at, true).unwrap_or_default();
    let big_endian = match number(0) {
        0x377f_0682 => false,
        0x377f_0683 => true,
        _ => return Ok(None),
    };
    let mut sum = Checksum { big_endian, sums: (0, 0) };
    sum.add(header.get(..24).unwrap_or_default());
    if number(4) != 3_007_000
        || usize::try_from(number(8)) != Ok(page_bytes)
        || sum.sums != (number(24), number(28))
    {
        return Ok(None);
    }
    let mut found = Committed::default();
    let mut waiting = BTreeMap::new();
    let mut offset = HEADER_BYTES as u64;
    let frame_bytes = (FRAME_HEADER_BYTES + page_bytes) as u64;
    while offset.saturating_add(frame_bytes) <= size {
        let head = *log.get(offset, FRAME_HEADER_BYTES)?.first_chunk().unwrap_or(&[0; 24]);
        let field = |at| u32_at(&head, at, true).unwrap_or_default();
        if field(8) != number(16) || field(12) != number(20) {
            break;
        }
        let place = offset + FRAME_HEADER_BYTES as u64;
        sum.add(head.get(..8).unwrap_or_default());
        sum.add(log.get(place, page_bytes)?);
        if sum.sums != (field(16), field(20)) {
            break;
        }
        waiting.insert(field(0), place);
        if waiting.len() + found.pages.len() > PAGES_MAX {
            return Err(Trouble::Unread("a log of so many pages"));
        }
        // A frame with the size of the database ends a transaction.
        if field(4) != 0 {
            // Unlike `append`, this does not build the whole anew at every commit.
            found.pages.extend(std::mem::take(&mut waiting));
            found.count = field(4);
        }
        offset += frame_bytes;
    }
    Ok((found.count != 0).then_some(found))
}

/// The running sum over a log.
struct Checksum {
    big_endian: bool,
    sums: (u32, u32),
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        let (mut first, mut second) = self.sums;
        for pair in bytes.as_chunks::<8>().0 {
            let word = |at| u32_at(pair, at, self.big_endian).unwrap_or_default();
            first = first.wrapping_add(word(0)).wrapping_add(second);
            second = second.wrapping_add(word(4)).wrapping_add(first);
        }
        self.sums = (first, second);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A log of 512-byte pages: number, size of the database at a commit, content.
    fn log(big_endian: bool, frames: &[(u32, u32, u8)]) -> Vec<u8> {
        let magic = 0x377f_0682 | u32::from(big_endian);
        let mut sum = Checksum { big_endian, sums: (0, 0) };
        let be = |numbers: &[u32]| -> Vec<u8> {
            numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
        };
        let mut bytes = be(&[magic, 3_007_000, 512, 0, 11, 22]);
        sum.add(&bytes);
        bytes.extend(be(&[sum.sums.0, sum.sums.1]));
        for (page, size, content) in frames {
            let head = be(&[*page, *size]);
            sum.add(&head);
            sum.add(&[*content; 512]);
            bytes.extend(head);
            bytes.extend(be(&[11, 22, sum.sums.0, sum.sums.1]));
            bytes.extend([*content; 512]);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Committed> {
        committed(&mut Window::new(bytes), 512).unwrap()
    }

    #[test]
    fn only_what_was_committed_counts() {
        for big_endian in [false, true] {
            let bytes = log(big_endian, &[(2, 0, 1), (3, 4, 2), (2, 0, 3)]);
            let found = read(&bytes).unwrap();
            assert_eq!(found.count, 4);
            assert_eq!(found.pages, BTreeMap::from([(2, 56), (3, 592)]));
            let bytes = log(big_endian, &[(2, 0, 1), (3, 4, 2), (2, 5, 3)]);
            let found = read(&bytes).unwrap();
            assert_eq!(found.count, 5);
            assert_eq!(found.pages, BTreeMap::from([(2, 1128), (3, 592)]));
        }
    }

    #[test]
    fn a_log_ends_where_it_does_not_fit() {
        let good = log(false, &[(2, 3, 1), (3, 4, 2)]);
        assert_eq!(read(&good).unwrap().count, 4);
        for at in 568..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            let found = read(&bytes).unwrap();
            assert_eq!(found.pages.len(), 1, "{at}");
            assert_eq!(read(&good[..at]).unwrap().pages.len(), 1, "{at}");
        }
        for at in (0..12).chain(16..568) {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            assert_eq!(read(&bytes), None, "{at}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
            let _ = read(&bytes);
            let _ = read(&[&log(false, &[(1, 1, 1)]), &bytes[..]].concat());
        }
    }
}
