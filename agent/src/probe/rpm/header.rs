//! One header of rpm: an index of tags and a store of their values.
//!
//! Source of the format: RPM's documentation, "RPM v4 package format", section Header Structure, and
//! "RPM Tags"; in a database the header stands without the magic number before it. Limits: those of rpm
//! itself (`HEADER_TAGS_MAX`, `HEADER_DATA_MAX`).

use super::Trouble;
use super::blob::{self, Blob};
use super::window::u32_at;

const TAGS_MAX: u32 = 0xffff;
const DATA_MAX: u32 = 0x0fff_ffff;
const ENTRY_BYTES: usize = 16;
/// The two numbers before the index.
const PREAMBLE_BYTES: usize = 8;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Numbers of four bytes.
    Numbers,
    /// One string.
    Text,
    /// Several strings.
    Texts,
}

/// Tag of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Tag {
    /// Name of the package.
    Name = 1000,
    /// Version of the software.
    Version = 1001,
    /// Release of the package.
    Release = 1002,
    /// Epoch of the version.
    Epoch = 1003,
    /// When it was installed, seconds since 1970-01-01 UTC.
    InstallTime = 1008,
    /// Who made it.
    Vendor = 1011,
    /// Architecture.
    Arch = 1022,
    /// File name of the source package.
    SourceRpm = 1044,
    /// For each file, the number of its directory.
    DirIndexes = 1116,
    /// Names of the files.
    BaseNames = 1117,
    /// Names of the directories, each ending with a slash.
    DirNames = 1118,
}

impl Tag {
    fn kind(self) -> Kind {
        match self {
            Self::Epoch | Self::InstallTime | Self::DirIndexes => Kind::Numbers,
            Self::BaseNames | Self::DirNames => Kind::Texts,
            _ => Kind::Text,
        }
    }
}

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Offset from the start of the header.
    pub offset: u64,
    /// How many numbers or strings it has.
    pub count: u32,
}

/// Where the wanted values of a header lie.
#[derive(Clone, Debug)]
pub struct Header {
    /// Those that are there, in the order in which they lie.
    places: Vec<(Tag, Place)>,
    /// Where the store ends.
    end: u64,
}

impl Header {
    /// Reads the index. Values of another type than their tag has are as good as absent; of two values
    /// of one tag the later counts, which rpm added when it installed the package.
    pub fn read(blob: &mut dyn Blob, wanted: &[Tag]) -> Result<Self, Trouble> {
        const DAMAGED: Trouble = Trouble::Damaged("the index of a header");
        let mut buffer = Vec::with_capacity(64 * ENTRY_BYTES);
        blob::copy(blob, 0, PREAMBLE_BYTES, &mut buffer)?;
        let tags = u32_at(&buffer, 0, true).ok_or(DAMAGED)?;
        let data = u32_at(&buffer, 4, true).ok_or(DAMAGED)?;
        let store = PREAMBLE_BYTES as u64 + u64::from(tags) * ENTRY_BYTES as u64;
        let end = store + u64::from(data);
        if tags > TAGS_MAX || data > DATA_MAX || end > blob.size_bytes() {
            return Err(DAMAGED);
        }
        let mut places: Vec<(Tag, Place)> = Vec::with_capacity(wanted.len());
        let mut offset = PREAMBLE_BYTES as u64;
        while offset < store {
            let length = usize::try_from(store - offset).map_err(|_| DAMAGED)?;
            blob::copy(blob, offset, length.min(64 * ENTRY_BYTES), &mut buffer)?;
            offset += buffer.len() as u64;
            for entry in buffer.chunks_exact(ENTRY_BYTES) {
                let field = |at| u32_at(entry, at, true).unwrap_or_default();
                let Some(tag) = wanted.iter().copied().find(|tag| *tag as u32 == field(0)) else {
                    continue;
                };
                if !is_of_kind(field(4), tag.kind()) || field(8) >= data || field(12) == 0 {
                    continue;
                }
                let place = Place { offset: store + u64::from(field(8)), count: field(12) };
                places.retain(|(known, _)| *known != tag);
                places.push((tag, place));
            }
        }
        places.sort_by_key(|(_, place)| place.offset);
        Ok(Self { places, end })
    }

    /// The values that are there, in the order in which they lie.
    pub fn places(&self) -> &[(Tag, Place)] {
        &self.places
    }

    /// Where a value lies, when it is there.
    pub fn place(&self, tag: Tag) -> Option<Place> {
        self.places.iter().find(|(known, _)| *known == tag).map(|(_, place)| *place)
    }

    /// Copies the first `most` bytes of a string into a buffer, which is emptied before.
    pub fn text(
        &self,
        blob: &mut dyn Blob,
        place: Place,
        most: usize,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Trouble> {
        buffer.clear();
        self.texts(blob, Place { count: 1, ..place }, most, &mut |_, text| {
            buffer.extend_from_slice(text);
        })
    }

    /// Hands the first `most` bytes of each of several strings to `each`, with their number.
    pub fn texts(
        &self,
        blob: &mut dyn Blob,
        place: Place,
        most: usize,
        each: &mut dyn FnMut(u32, &[u8]),
    ) -> Result<(), Trouble> {
        blob::strings(blob, (place.offset, self.end), place.count, most, each)
    }

    /// The first number.
    pub fn number(&self, blob: &mut dyn Blob, place: Place) -> Result<u32, Trouble> {
        let mut buffer = Vec::with_capacity(4);
        self.numbers(blob, Place { count: 1, ..place }, &mut buffer)?;
        u32_at(&buffer, 0, true).ok_or(Trouble::Damaged("a number in a header"))
    }

    /// Copies numbers into a buffer, which is emptied before, as they lie: big-endian.
    pub fn numbers(
        &self,
        blob: &mut dyn Blob,
        place: Place,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Trouble> {
        let length = u64::from(place.count) * 4;
        if place.offset + length > self.end {
            return Err(Trouble::Damaged("numbers in a header"));
        }
        let length =
            usize::try_from(length).map_err(|_| Trouble::Damaged("numbers in a header"))?;
        blob::copy(blob, place.offset, length, buffer)
    }
}

/// Types of values: 4 is a number of four bytes, 6 a string, 8 several strings, 9 one string in several
/// languages, of which the first is the untranslated.
fn is_of_kind(number: u32, kind: Kind) -> bool {
    match kind {
        Kind::Numbers => number == 4,
        Kind::Text => matches!(number, 6 | 9),
        Kind::Texts => number == 8,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::blob::tests::InPieces;
    use super::*;

    /// A header of these values: tag, type, count, bytes.
    pub(in super::super) fn header(values: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
        let (mut index, mut store) = (Vec::new(), Vec::new());
        for (tag, kind, count, value) in values {
            for number in [*tag, *kind, u32::try_from(store.len()).unwrap(), *count] {
                index.extend_from_slice(&number.to_be_bytes());
            }
            store.extend_from_slice(value);
        }
        let mut bytes = Vec::new();
        for number in [values.len(), store.len()] {
            bytes.extend_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
        }
        [bytes, index, store].concat()
    }

    const WANTED: &[Tag] = &[Tag::Name, Tag::InstallTime, Tag::BaseNames];

    #[test]
    fn the_later_value_counts_and_the_wrong_type_does_not() {
        let bytes = header(&[
            (63, 7, 16, &[0; 16]),
            (1000, 6, 1, b"first\0"),
            (1008, 4, 1, &[0, 0, 1, 0]),
            (1117, 8, 2, b"a\0b\0"),
            (1000, 6, 1, b"second\0"),
            (1000, 4, 1, b"\0\0\0\x01"),
        ]);
        for piece in [1, 7, 64, 1000] {
            let mut blob = InPieces(&bytes, piece);
            let header = Header::read(&mut blob, WANTED).unwrap();
            let tags: Vec<_> = header.places().iter().map(|(tag, _)| *tag).collect();
            assert_eq!(tags, [Tag::InstallTime, Tag::BaseNames, Tag::Name]);
            let mut buffer = Vec::new();
            let name = header.place(Tag::Name).unwrap();
            header.text(&mut blob, name, 100, &mut buffer).unwrap();
            assert_eq!(buffer, b"second");
            let time = header.place(Tag::InstallTime).unwrap();
            assert_eq!(header.number(&mut blob, time).unwrap(), 256);
        }
    }

    #[test]
    fn what_contradicts_itself_is_damaged() {
        let good = header(&[(1000, 6, 1, b"name\0"), (1008, 4, 9, &[0, 0, 1, 0])]);
        let mut blob = &good[..];
        let header = Header::read(&mut blob, WANTED).unwrap();
        let numbers = header.place(Tag::InstallTime).unwrap();
        assert!(header.numbers(&mut blob, numbers, &mut Vec::new()).is_err());
        for cut in 0..good.len() {
            assert!(Header::read(&mut &good[..cut], WANTED).is_err(), "{cut}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), tags in 0..6_u8) {
            let mut bytes = bytes;
            if bytes.len() > 8 {
                bytes[..8].copy_from_slice(&[0, 0, 0, tags, 0, 0, 0, 100]);
            }
            let mut blob = &bytes[..];
            let Ok(header) = Header::read(&mut blob, WANTED) else { return Ok(()) };
            let mut buffer = Vec::new();
            for (_, place) in header.places() {
                let _ = header.text(&mut blob, *place, 10, &mut buffer);
                let _ = header.texts(&mut blob, *place, 10, &mut |_, _| {});
                let _ = header.numbers(&mut blob, *place, &mut buffer);
            }
        }
    }
}
