//! rpm's own database format, "ndb": a table of slots, and the headers they point to.
//!
//! Source of the format: RPM's `lib/backend/ndb/rpmpkg.c`, which is its only description. All numbers are
//! little-endian. The file begins with a header of 32 bytes; the slots of 16 bytes follow, up to the end of
//! the last page of slots; headers lie in blocks of 16 bytes, each with 16 bytes before and 12 after it.

use super::Trouble;
use super::blob::Blob;
use super::window::{MOST, Source, Window, u32_at};

const HEADER_BYTES: usize = 32;
const SLOT_BYTES: usize = 16;
const BLOCK_BYTES: u64 = 16;
const PAGE_BYTES: usize = 4096;
/// Most pages of slots, each with 256 packages.
const SLOT_PAGES_MAX: u32 = 512;
const HEAD_BYTES: usize = 16;
const TAIL_BYTES: u64 = 12;

/// Where a header lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    block: u32,
    blocks: u32,
    package: u32,
}

/// Hands the header of every package to `each`, in the order in which they lie.
pub(super) fn each<S: Source>(
    main: S,
    each: &mut dyn FnMut(&mut dyn Blob) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut window = Window::new(main);
    let slots = slots(&mut window)?;
    let mut free_block = 0;
    for slot in slots {
        // No two headers share a block, so that nothing is read twice.
        if slot.block < free_block {
            return Err(Trouble::Damaged("headers overlap"));
        }
        free_block = slot.block.saturating_add(slot.blocks);
        let offset = u64::from(slot.block) * BLOCK_BYTES;
        let head = window.get(offset, HEAD_BYTES)?;
        let field = |at| u32_at(head, at, false).unwrap_or_default();
        let size_bytes = u64::from(field(12));
        let blocks = (HEAD_BYTES as u64 + size_bytes + TAIL_BYTES).div_ceil(BLOCK_BYTES);
        if !head.starts_with(b"BlbS")
            || field(4) != slot.package
            || blocks != u64::from(slot.blocks)
        {
            return Err(Trouble::Damaged("a slot points to no header"));
        }
        each(&mut Value { window: &mut window, start: offset + HEAD_BYTES as u64, size_bytes })?;
    }
    Ok(())
}

fn slots<S: Source>(window: &mut Window<S>) -> Result<Vec<Slot>, Trouble> {
    const FORMAT: Trouble = Trouble::Format("ndb");
    let header = window.get(0, HEADER_BYTES).map_err(|trouble| match trouble {
        Trouble::Damaged(_) => FORMAT,
        other => other,
    })?;
    if !header.starts_with(b"RpmP") {
        return Err(FORMAT);
    }
    if u32_at(header, 4, false) != Some(0) {
        return Err(Trouble::Unread("ndb in another version than 0"));
    }
    let pages = u32_at(header, 12, false).unwrap_or_default();
    if pages > SLOT_PAGES_MAX {
        return Err(Trouble::Unread("ndb with so many slots"));
    }
    let mut slots = Vec::new();
    for page in 0..u64::from(pages) {
        let bytes = window.get(page * PAGE_BYTES as u64, PAGE_BYTES)?;
        let skip = if page == 0 { HEADER_BYTES } else { 0 };
        for slot in bytes.get(skip..).unwrap_or_default().chunks_exact(SLOT_BYTES) {
            if !slot.starts_with(b"Slot") {
                return Err(Trouble::Damaged("a slot"));
            }
            let field = |at| u32_at(slot, at, false).unwrap_or_default();
            if field(8) != 0 {
                slots.push(Slot { package: field(4), block: field(8), blocks: field(12) });
            }
        }
    }
    slots.sort_unstable();
    Ok(slots)
}

struct Value<'a, S> {
    window: &'a mut Window<S>,
    start: u64,
    size_bytes: u64,
}

impl<S: Source> Blob for Value<'_, S> {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn at(&mut self, offset: u64) -> Result<&[u8], Trouble> {
        let rest = self.size_bytes.saturating_sub(offset);
        // Pieces of an eighth of what the window holds: the next ones are then there already.
        let length = usize::try_from(rest).unwrap_or(MOST).min(MOST / 8);
        self.window.get(self.start.saturating_add(offset), length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..9000), slot in any::<[u8; 12]>()) {
            let _ = each(&bytes[..], &mut |_| Ok(()));
            let mut bytes = bytes;
            bytes.resize(9000, 0);
            bytes[..20].copy_from_slice(b"RpmP\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0");
            for at in (32..4096).step_by(16) {
                bytes[at..at + 4].copy_from_slice(b"Slot");
            }
            bytes[36..48].copy_from_slice(&slot);
            let _ = each(&bytes[..], &mut |blob| blob.at(0).map(|_| ()));
        }
    }
}
