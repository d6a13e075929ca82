//! A file of which one part at a time is in memory.

use belfort_agent_sys::files::RandomFile;

use super::Trouble;

/// Least that is read at once, bytes.
const LEAST: usize = 4 << 10;
/// Most that is read at once and the longest piece that can be asked for, bytes.
pub(super) const MOST: usize = 64 << 10;

/// Bytes that can be read at any place.
pub trait Source {
    /// How many there are.
    fn size_bytes(&self) -> u64;

    /// Fills a buffer with the bytes from an offset on; fewer only at the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Trouble>;
}

impl Source for &RandomFile<'_> {
    fn size_bytes(&self) -> u64 {
        RandomFile::size_bytes(self)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Trouble> {
        Ok(RandomFile::read_at(self, offset, buffer)?)
    }
}

impl Source for &[u8] {
    fn size_bytes(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Trouble> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..));
        let rest = rest.unwrap_or_default();
        let length = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        Ok(length)
    }
}

/// The part of a file that is in memory. What is read in a row is read ahead, since most pages that
/// belong together lie together; what is not, is read by itself.
pub(super) struct Window<S> {
    source: S,
    start: u64,
    bytes: Vec<u8>,
    ahead: usize,
}

impl<S: Source> Window<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, start: 0, bytes: Vec::new(), ahead: LEAST }
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.source.size_bytes()
    }

    /// The bytes at a place, at most [`MOST`]; it is an error when the file ends before.
    pub(super) fn get(&mut self, offset: u64, length: usize) -> Result<&[u8], Trouble> {
        if self.inside(offset, length).is_none() {
            self.load(offset, length)?;
        }
        self.inside(offset, length).ok_or(Trouble::Damaged("it ends too early"))
    }

    fn inside(&self, offset: u64, length: usize) -> Option<&[u8]> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.bytes.get(from..from.checked_add(length)?)
    }

    fn load(&mut self, offset: u64, length: usize) -> Result<(), Trouble> {
        if length > MOST {
            return Err(Trouble::Damaged("a page is too large"));
        }
        let end = self.start.saturating_add(self.bytes.len() as u64);
        let in_a_row = offset > self.start && offset <= end;
        self.ahead = if in_a_row { (self.ahead * 2).min(MOST) } else { LEAST };
        self.bytes.clear();
        self.bytes.resize(self.ahead.max(length), 0);
        self.start = offset;
        let read = self.source.read_at(offset, &mut self.bytes);
        self.bytes.truncate(*read.as_ref().unwrap_or(&0));
        read.map(|_| ())
    }
}

/// How many pages may still be looked at. Every page of a sound database has one use, so that a walk
/// that takes many more goes in a circle.
pub(super) struct Steps(u64);

impl Steps {
    /// For a file of so many pages: each may be used some times over.
    pub(super) fn of_pages(pages: u64) -> Self {
        Self(pages.saturating_mul(4).saturating_add(64))
    }

    pub(super) fn take(&mut self) -> Result<(), Trouble> {
        self.0 = self.0.checked_sub(1).ok_or(Trouble::Damaged("pages lead in a circle"))?;
        Ok(())
    }
}

/// Number of two bytes at a place.
pub(super) fn u16_at(bytes: &[u8], at: usize, big_endian: bool) -> Option<u16> {
    let raw = *bytes.get(at..)?.first_chunk()?;
    Some(if big_endian { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) })
}

/// Number of four bytes at a place.
pub(super) fn u32_at(bytes: &[u8], at: usize, big_endian: bool) -> Option<u32> {
    let raw = *bytes.get(at..)?.first_chunk()?;
    Some(if big_endian { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn windows_show_what_is_there(
            places in proptest::collection::vec((0..200_000_u64, 0..70_000_usize), 1..40),
        ) {
            let file: Vec<u8> = (0..150_000_u32).map(|n| (n / 3).to_le_bytes()[0]).collect();
            let mut window = Window::new(&file[..]);
            for (offset, length) in places {
                let start = usize::try_from(offset).unwrap();
                match file.get(start..start + length) {
                    Some(there) if length <= MOST => {
                        prop_assert_eq!(window.get(offset, length).unwrap(), there);
                    }
                    // What is too long may be there by chance.
                    Some(_) => {}
                    None => prop_assert!(window.get(offset, length).is_err()),
                }
                prop_assert!(window.bytes.len() <= MOST);
            }
        }
    }
}
