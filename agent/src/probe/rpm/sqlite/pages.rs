//! The pages of a database of SQLite: those of its file, and those of the log in front of them.

use std::collections::BTreeMap;

use super::super::Trouble;
use super::super::window::{Source, Steps, Window, u16_at, u32_at};
use super::wal;

/// The pages of a database.
pub(super) struct Pages<S> {
    main: Window<S>,
    /// The log, and where the newest committed version of a page lies in it.
    log: Option<(Window<S>, BTreeMap<u32, u64>)>,
    page_bytes: usize,
    /// Bytes of a page that are used.
    usable: usize,
    /// How many pages the database has.
    count: u32,
    /// How many pages may still be looked at.
    pub(super) steps: Steps,
}

impl<S: Source> Pages<S> {
    /// Reads the header of the file and the log.
    pub(super) fn open(main: S, log: Option<S>) -> Result<Self, Trouble> {
        const FORMAT: Trouble = Trouble::Format("SQLite");
        let mut main = Window::new(main);
        let header = main.get(0, 100).map_err(|trouble| match trouble {
            Trouble::Damaged(_) => FORMAT,
            other => other,
        })?;
        if !header.starts_with(b"SQLite format 3\0") {
            return Err(FORMAT);
        }
        let page_bytes = match u16_at(header, 16, true) {
            Some(1) => 65_536,
            Some(size) if size >= 512 && size.is_power_of_two() => usize::from(size),
            _ => return Err(Trouble::Damaged("the size of a page")),
        };
        let reserved = header.get(20).copied().unwrap_or_default();
        let usable = page_bytes - usize::from(reserved);
        if usable < 480 {
            return Err(Trouble::Damaged("the size of a page"));
        }
        if !matches!(u32_at(header, 56, true), Some(0 | 1)) {
            return Err(Trouble::Unread("text in another encoding than UTF-8"));
        }
        let in_log = header.get(19) == Some(&2);
        let count = u32::try_from(main.size_bytes() / page_bytes as u64).unwrap_or(u32::MAX);
        let mut pages =
            Self { main, log: None, page_bytes, usable, count, steps: Steps::of_pages(0) };
        if let Some(log) = log.filter(|_| in_log) {
            let mut log = Window::new(log);
            if let Some(found) = wal::committed(&mut log, page_bytes)? {
                pages.count = found.count;
                pages.log = Some((log, found.pages));
            }
        }
        pages.steps = Steps::of_pages(pages.count.into());
        Ok(pages)
    }

    /// Bytes of a page that are used.
    pub(super) fn usable(&self) -> usize {
        self.usable
    }

    /// A page by its number, of which the first is 1.
    pub(super) fn get(&mut self, number: u32) -> Result<&[u8], Trouble> {
        if number == 0 || number > self.count {
            return Err(Trouble::Damaged("a page that is not there"));
        }
        if let Some((log, places)) = &mut self.log
            && let Some(offset) = places.get(&number)
        {
            return log.get(*offset, self.page_bytes);
        }
        let offset = u64::from(number - 1) * self.page_bytes as u64;
        self.main.get(offset, self.page_bytes)
    }
}
