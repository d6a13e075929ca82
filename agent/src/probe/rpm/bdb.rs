//! The hash database of Berkeley DB in which rpm kept its headers until 2020, in either byte order.
//!
//! Source of the format: the page layouts of Berkeley DB (`dbinc/db_page.h`) and how RPM's read-only backend
//! (`lib/backend/bdb_ro.cc`) walks them. The first page describes the table. A bucket is a chain of hash pages;
//! such a page holds keys and values in turn, filled from its end. What is too long for a page lies in a
//! chain of overflow pages.

use super::Trouble;
use super::blob::Blob;
use super::window::{Source, Steps, Window, u16_at, u32_at};

const MAGIC: u32 = 0x0006_1561;
const META_BYTES: usize = 512;
/// Before the content of every page.
const PAGE_HEADER_BYTES: usize = 26;
const NEXT: usize = 16;
const ENTRIES: usize = 20;
const OVERFLOW_LENGTH: usize = 22;
const TYPE: usize = 25;
/// Types of pages. Unsorted hash pages are those of versions before 4.6.
const HASH_UNSORTED: u8 = 2;
const OVERFLOW: u8 = 7;
const HASH: u8 = 13;
/// Types of entries of a hash page: it lies there itself, or in overflow pages.
const ON_PAGE: u8 = 1;
const OFF_PAGE: u8 = 3;

/// Hands the header of every package to `each`, in the order of the buckets.
pub(super) fn each<S: Source>(
    main: S,
    each: &mut dyn FnMut(&mut dyn Blob) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let (mut pages, table) = Pages::open(main)?;
    let mut page = Vec::new();
    for bucket in 0..=table.bucket_last {
        let mut number = table.page(bucket)?;
        while number != 0 {
            pages.steps.take()?;
            page.clear();
            page.extend_from_slice(pages.get(number)?);
            if !matches!(page.get(TYPE), Some(&(HASH | HASH_UNSORTED))) {
                return Err(Trouble::Damaged("a bucket"));
            }
            entries(&mut pages, &page, each)?;
            number = pages.u32(&page, NEXT)?;
        }
    }
    Ok(())
}

/// Where the buckets are.
struct Table {
    bucket_last: u32,
    spares: Vec<u32>,
}

impl Table {
    /// The first page of a bucket: buckets were added by doubling, and each time pages were put between.
    fn page(&self, bucket: u32) -> Result<u32, Trouble> {
        let doubling = usize::try_from(u32::BITS - bucket.leading_zeros()).unwrap_or(usize::MAX);
        let between = self.spares.get(doubling).copied();
        between.and_then(|between| bucket.checked_add(between)).ok_or(Trouble::Damaged("a bucket"))
    }
}

struct Pages<S> {
    window: Window<S>,
    page_bytes: usize,
    big_endian: bool,
    last: u32,
    steps: Steps,
}

impl<S: Source> Pages<S> {
    fn open(main: S) -> Result<(Self, Table), Trouble> {
        const FORMAT: Trouble = Trouble::Format("Berkeley DB hash");
        let mut window = Window::new(main);
        let size = window.size_bytes();
        let meta = window.get(0, META_BYTES).map_err(|trouble| match trouble {
            Trouble::Damaged(_) => FORMAT,
            other => other,
        })?;
        let big_endian = match u32_at(meta, 12, false) {
            Some(MAGIC) => false,
            Some(magic) if magic.swap_bytes() == MAGIC => true,
            _ => return Err(FORMAT),
        };
        let field = |at| u32_at(meta, at, big_endian).unwrap_or_default();
        if !(8..=10).contains(&field(16)) {
            return Err(Trouble::Unread("Berkeley DB in this version"));
        }
        // Encrypted, or with a sum in every page, which is laid out differently then.
        if meta.get(24) != Some(&0) || meta.get(26).is_none_or(|flags| flags & 1 != 0) {
            return Err(Trouble::Unread("Berkeley DB with encryption or checksums"));
        }
        let page_bytes = usize::try_from(field(20)).unwrap_or_default();
        if !(512..=65_536).contains(&page_bytes) || !page_bytes.is_power_of_two() {
            return Err(Trouble::Damaged("the size of a page"));
        }
        let last = field(32);
        let count = size / page_bytes as u64;
        let table = Table {
            bucket_last: field(72),
            spares: (0..32).map(|number| field(96 + 4 * number)).collect(),
        };
        if u64::from(table.bucket_last) >= count {
            return Err(Trouble::Damaged("more buckets than pages"));
        }
        let steps = Steps::of_pages(count);
        Ok((Self { window, page_bytes, big_endian, last, steps }, table))
    }

    fn get(&mut self, number: u32) -> Result<&[u8], Trouble> {
        if number == 0 || number > self.last {
            return Err(Trouble::Damaged("a page that is not there"));
        }
        let page = self.window.get(u64::from(number) * self.page_bytes as u64, self.page_bytes)?;
        if u32_at(page, 8, self.big_endian) != Some(number) {
            return Err(Trouble::Damaged("a page with another number"));
        }
        Ok(page)
    }

    /// An overflow page: the next one, and the bytes it holds.
    fn overflow(&mut self, number: u32) -> Result<(u32, &[u8]), Trouble> {
        const DAMAGED: Trouble = Trouble::Damaged("an overflow page");
        let big_endian = self.big_endian;
        let page = self.get(number)?;
        if page.get(TYPE) != Some(&OVERFLOW) {
            return Err(DAMAGED);
        }
        let next = u32_at(page, NEXT, big_endian).ok_or(DAMAGED)?;
        let length = usize::from(u16_at(page, OVERFLOW_LENGTH, big_endian).ok_or(DAMAGED)?);
        let held = page.get(PAGE_HEADER_BYTES..PAGE_HEADER_BYTES + length);
        Ok((next, held.filter(|held| !held.is_empty()).ok_or(DAMAGED)?))
    }

    fn u16(&self, page: &[u8], at: usize) -> Result<usize, Trouble> {
        u16_at(page, at, self.big_endian).map(usize::from).ok_or(Trouble::Damaged("a hash page"))
    }

    fn u32(&self, page: &[u8], at: usize) -> Result<u32, Trouble> {
        u32_at(page, at, self.big_endian).ok_or(Trouble::Damaged("a hash page"))
    }
}

/// The values on a hash page, except that of the key 0, which counts the headers.
fn entries<S: Source>(
    pages: &mut Pages<S>,
    page: &[u8],
    each: &mut dyn FnMut(&mut dyn Blob) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    const DAMAGED: Trouble = Trouble::Damaged("a hash page");
    let count = pages.u16(page, ENTRIES)?;
    let mut end = page.len();
    for pair in 0..count / 2 {
        let place = PAGE_HEADER_BYTES + 4 * pair;
        let (key_at, value_at) = (pages.u16(page, place)?, pages.u16(page, place + 2)?);
        let key = page.get(key_at..end).ok_or(DAMAGED)?;
        let value = page.get(value_at..key_at).ok_or(DAMAGED)?;
        end = value_at;
        if matches!(key, [ON_PAGE, 0, 0, 0, 0]) {
            continue;
        }
        match value.split_first() {
            Some((&ON_PAGE, mut value)) => each(&mut value)?,
            Some((&OFF_PAGE, _)) => {
                let (first, length) = (pages.u32(value, 4)?, pages.u32(value, 8)?);
                let at = Reached { page: first, start: 0 };
                each(&mut Value { pages, first, size_bytes: length.into(), at })?;
            }
            _ => return Err(DAMAGED),
        }
    }
    Ok(())
}

/// A header in overflow pages.
struct Value<'a, S> {
    pages: &'a mut Pages<S>,
    first: u32,
    size_bytes: u64,
    at: Reached,
}

/// The page of a chain reached last.
#[derive(Clone, Copy)]
struct Reached {
    page: u32,
    /// Offset of its first byte in the value.
    start: u64,
}

impl<S: Source> Blob for Value<'_, S> {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn at(&mut self, offset: u64) -> Result<&[u8], Trouble> {
        if offset >= self.size_bytes {
            return Ok(&[]);
        }
        if offset < self.at.start {
            self.at = Reached { page: self.first, start: 0 };
        }
        loop {
            let Reached { page, start } = self.at;
            let (next, held) = self.pages.overflow(page)?;
            let end = start + held.len() as u64;
            if offset < end {
                break;
            }
            self.pages.steps.take()?;
            self.at = Reached { page: next, start: end };
        }
        let Reached { page, start } = self.at;
        let (_, held) = self.pages.overflow(page)?;
        let from = usize::try_from(offset - start).unwrap_or(usize::MAX);
        let to = usize::try_from(self.size_bytes - start).unwrap_or(usize::MAX);
        held.get(from..to.min(held.len())).ok_or(Trouble::Damaged("an overflow page"))
    }
}
