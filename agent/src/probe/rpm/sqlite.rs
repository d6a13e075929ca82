//! The table `Packages` of a database of SQLite, read without SQLite.
//!
//! Source of the format: *Database File Format* of the SQLite documentation (fileformat2.html), sections
//! 1.3 to 1.6 (header, pages, b-trees, records), 2 (schema) and 4 (write-ahead log). Only what rpm makes is
//! read: ordinary tables in UTF-8. The table has two columns, the number of the header, which is the row's
//! own, and the header itself.

use super::Trouble;
use super::blob::Blob;
use super::window::{Source, u16_at, u32_at};

mod pages;
mod wal;

use pages::Pages;

/// Deepest tree; those of SQLite itself have at most 20 levels.
const DEPTH_MAX: usize = 20;
/// Kinds of pages of a tree.
const INTERIOR: u8 = 5;
const LEAF: u8 = 13;

/// A row: the start of its record, and where the rest is.
struct Row<'a> {
    /// What lies in the leaf.
    local: &'a [u8],
    /// Length of the whole record, bytes.
    size_bytes: u64,
    /// First of the pages with the rest; 0 when there is none.
    overflow: u32,
}

/// Hands the header of every package to `each`, in the order of their numbers.
pub(super) fn each<S: Source>(
    main: S,
    log: Option<S>,
    each: &mut dyn FnMut(&mut dyn Blob) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut pages = Pages::open(main, log)?;
    let mut root = None;
    walk(&mut pages, 1, &mut |_, row| {
        root = root.or(root_of_packages(row));
        Ok(())
    })?;
    let root = root.ok_or(Trouble::Format("SQLite with the table Packages"))?;
    walk(&mut pages, root, &mut |pages, row| {
        let Some(start) = blob_start(row.local) else {
            return Err(Trouble::Damaged("a row of the table Packages"));
        };
        each(&mut Value { pages, row, start, at: None })
    })
}

/// What is done with every row.
type EachRow<'a, S> = &'a mut dyn FnMut(&mut Pages<S>, &Row<'_>) -> Result<(), Trouble>;

/// Hands every row of a table to `each`.
fn walk<S: Source>(pages: &mut Pages<S>, root: u32, each: EachRow<'_, S>) -> Result<(), Trouble> {
    // The pages still to visit, level by level, the next one last.
    let mut levels = vec![vec![root]];
    let mut page = Vec::new();
    while let Some(level) = levels.last_mut() {
        let Some(number) = level.pop() else {
            levels.pop();
            continue;
        };
        pages.steps.take()?;
        page.clear();
        page.extend_from_slice(pages.get(number)?);
        // The first page begins with the header of the file.
        let head = if number == 1 { 100 } else { 0 };
        match page.get(head) {
            Some(&INTERIOR) if levels.len() < DEPTH_MAX => levels.push(children(&page, head)?),
            Some(&LEAF) => rows(pages, &page, head, each)?,
            _ => return Err(Trouble::Damaged("a page of a table")),
        }
    }
    Ok(())
}

fn children(page: &[u8], head: usize) -> Result<Vec<u32>, Trouble> {
    let all = || {
        let mut children = vec![u32_at(page, head + 8, true)?];
        let cells = usize::from(u16_at(page, head + 3, true)?);
        for cell in (0..cells).rev() {
            let at = u16_at(page, head + 12 + 2 * cell, true)?;
            children.push(u32_at(page, at.into(), true)?);
        }
        Some(children)
    };
    all().ok_or(Trouble::Damaged("a page inside a table"))
}

fn rows<S: Source>(
    pages: &mut Pages<S>,
    page: &[u8],
    head: usize,
    each: EachRow<'_, S>,
) -> Result<(), Trouble> {
    const DAMAGED: Trouble = Trouble::Damaged("a row of a table");
    let cells = usize::from(u16_at(page, head + 3, true).ok_or(DAMAGED)?);
    for cell in 0..cells {
        let at = u16_at(page, head + 8 + 2 * cell, true).ok_or(DAMAGED)?;
        let row = row(page, at.into(), pages.usable()).ok_or(DAMAGED)?;
        each(pages, &row)?;
    }
    Ok(())
}

fn row(page: &[u8], at: usize, usable: usize) -> Option<Row<'_>> {
    let rest = page.get(at..usable)?;
    let (size_bytes, rest) = varint(rest)?;
    let (_, rest) = varint(rest)?;
    let whole = usize::try_from(size_bytes).ok()?;
    let most = usable.checked_sub(35)?;
    if whole <= most {
        return Some(Row { local: rest.get(..whole)?, size_bytes, overflow: 0 });
    }
    let least = usable.checked_sub(12)? * 32 / 255 - 23;
    let wanted = least + (whole - least) % (usable - 4);
    let local = if wanted <= most { wanted } else { least };
    let overflow = u32_at(rest, local, true)?;
    Some(Row { local: rest.get(..local)?, size_bytes, overflow })
}

/// A number of one to nine bytes.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        if at == 8 {
            return Some(((value << 8) | u64::from(*byte), bytes.get(9..)?));
        }
        value = (value << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

/// Length of a value by its type in a record.
fn length_of(kind: u64) -> u64 {
    match kind {
        0 | 8 | 9 => 0,
        1..=4 => kind,
        5 => 6,
        6 | 7 => 8,
        _ => kind.saturating_sub(12) / 2,
    }
}

/// Where the second value of a record starts, when it is a blob.
fn blob_start(record: &[u8]) -> Option<u64> {
    let (header_bytes, rest) = varint(record)?;
    let (first, rest) = varint(rest)?;
    let (second, _) = varint(rest)?;
    (second >= 12 && second.is_multiple_of(2))
        .then(|| header_bytes.saturating_add(length_of(first)))
}

/// The root page of the table `Packages`, when this row of the schema describes it.
fn root_of_packages(row: &Row<'_>) -> Option<u32> {
    let (header_bytes, _) = varint(row.local)?;
    let header = row.local.get(..usize::try_from(header_bytes).ok()?)?;
    let mut kinds = varint(header)?.1;
    let mut value_at = usize::try_from(header_bytes).ok()?;
    // Type, name, name of the table, root page.
    let mut value = || {
        let (kind, rest) = varint(kinds)?;
        kinds = rest;
        let end = value_at.checked_add(usize::try_from(length_of(kind)).ok()?)?;
        let value = row.local.get(value_at..end);
        value_at = end;
        value
    };
    let (kind, name, _, root) = (value()?, value()?, value()?, value()?);
    if kind != b"table" || name != b"Packages" || root.len() > 4 {
        return None;
    }
    Some(root.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte)))
}

/// A header in a row.
struct Value<'a, S> {
    pages: &'a mut Pages<S>,
    row: &'a Row<'a>,
    /// Where it starts in the record.
    start: u64,
    /// The page of the chain reached last: its place in the chain, and its number.
    at: Option<(u64, u32)>,
}

impl<S: Source> Blob for Value<'_, S> {
    fn size_bytes(&self) -> u64 {
        self.row.size_bytes.saturating_sub(self.start)
    }

    fn at(&mut self, offset: u64) -> Result<&[u8], Trouble> {
        const DAMAGED: Trouble = Trouble::Damaged("a row of the table Packages");
        let place = self.start.saturating_add(offset);
        if place >= self.row.size_bytes {
            return Ok(&[]);
        }
        let local = self.row.local.len() as u64;
        if place < local {
            let place = usize::try_from(place).map_err(|_| DAMAGED)?;
            return self.row.local.get(place..).ok_or(DAMAGED);
        }
        let page_bytes = self.pages.usable() as u64 - 4;
        let wanted = (place - local) / page_bytes;
        let (mut reached, mut number) = match self.at {
            Some(at) if at.0 <= wanted => at,
            _ => (0, self.row.overflow),
        };
        while reached < wanted {
            self.pages.steps.take()?;
            number = u32_at(self.pages.get(number)?, 0, true).ok_or(DAMAGED)?;
            reached += 1;
        }
        self.at = Some((reached, number));
        let left = self.row.size_bytes - local - wanted * page_bytes;
        let from = usize::try_from((place - local) % page_bytes).map_err(|_| DAMAGED)?;
        let to = usize::try_from(left.min(page_bytes)).map_err(|_| DAMAGED)?;
        self.pages.get(number)?.get(4 + from..4 + to).ok_or(DAMAGED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints() {
        assert_eq!(varint(&[0x7f, 1]), Some((127, &[1][..])));
        assert_eq!(varint(&[0x81, 0x00]), Some((128, &[][..])));
        assert_eq!(varint(&[0xff; 9]), Some((u64::MAX, &[][..])));
        assert_eq!(varint(&[0xff; 8]), None);
    }
}
