//! The SMBIOS table. Source of the format: DMTF DSP0134, System Management BIOS reference.

use super::text;

pub mod identity;

/// Where Linux keeps the table.
pub const TABLE_PATH: &str = "/sys/firmware/dmi/tables/DMI";
/// Largest table kept, bytes.
pub const TABLE_BYTES_MAX: usize = 1 << 20;

/// One structure of the table.
#[derive(Clone, Copy, Debug)]
pub struct Structure<'a> {
    /// Type of the structure.
    pub kind: u8,
    /// The formatted part, from the header on.
    formatted: &'a [u8],
    /// The strings after it, each ended by a zero.
    strings: &'a [u8],
}

impl Structure<'_> {
    /// Number by which other structures name this one.
    pub fn handle(&self) -> Option<u16> {
        self.word(2)
    }

    /// Some bytes of the formatted part; nothing when they are not all there.
    pub fn bytes<const LENGTH: usize>(&self, offset: usize) -> Option<[u8; LENGTH]> {
        self.formatted.get(offset..)?.first_chunk().copied()
    }

    /// A byte of the formatted part; nothing beyond its end.
    pub fn byte(&self, offset: usize) -> Option<u8> {
        self.formatted.get(offset).copied()
    }

    /// A little-endian word.
    pub fn word(&self, offset: usize) -> Option<u16> {
        self.bytes(offset).map(u16::from_le_bytes)
    }

    /// A little-endian double word.
    pub fn double_word(&self, offset: usize) -> Option<u32> {
        self.bytes(offset).map(u32::from_le_bytes)
    }

    /// The string whose number stands at an offset; empty when there is none.
    pub fn string(&self, offset: usize) -> String {
        let Some(number) = self.byte(offset).filter(|number| *number > 0) else {
            return String::new();
        };
        let string = self.strings.split(|byte| *byte == 0).nth(usize::from(number) - 1);
        string.map(text::clean).unwrap_or_default()
    }
}

/// The structures of a table, up to the first that does not hold together.
pub fn structures(table: &[u8]) -> impl Iterator<Item = Structure<'_>> {
    let mut rest = table;
    std::iter::from_fn(move || {
        let (&kind, &length) = (rest.first()?, rest.get(1)?);
        let (formatted, tail) = rest.split_at_checked(usize::from(length).max(4))?;
        // The strings end with two zeros; a structure without strings has only those two.
        let end = tail.windows(2).position(|pair| pair == [0, 0])?;
        let strings = tail.get(..end)?;
        rest = tail.get(end + 2..)?;
        // Type 127 ends the table.
        (kind != 127).then_some(Structure { kind, formatted, strings })
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A structure as bytes, for tests.
    pub(crate) fn structure(kind: u8, body: &[u8], strings: &[&str]) -> Vec<u8> {
        let mut bytes = vec![kind, u8::try_from(body.len() + 4).unwrap(), 0, 0];
        bytes.extend_from_slice(body);
        for string in strings {
            bytes.extend_from_slice(string.as_bytes());
            bytes.push(0);
        }
        if strings.is_empty() {
            bytes.push(0);
        }
        bytes.push(0);
        bytes
    }

    #[test]
    fn strings_by_number() {
        let mut table = structure(1, &[1, 2, 0, 9], &["Acme", "Laptop "]);
        table.extend(structure(127, &[], &[]));
        table.extend(structure(2, &[], &[]));
        let all: Vec<_> = structures(&table).collect();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].string(4), "Acme");
        assert_eq!(all[0].string(5), "Laptop");
        assert_eq!(all[0].string(6), "");
        assert_eq!(all[0].string(7), "");
        assert_eq!(all[0].string(99), "");
    }

    proptest! {
        #[test]
        fn any_table_ends(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            for structure in structures(&bytes) {
                let _ = (structure.string(4), structure.word(5), structure.double_word(6));
            }
        }
    }
}
