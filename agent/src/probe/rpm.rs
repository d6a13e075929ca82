//! The package database of rpm, read without rpm: headers of packages in a file of SQLite, of rpm's own
//! format "ndb" or of Berkeley DB.
//!
//! A database can be larger than the memory the agent may take. So it is read by pages, and one header
//! is looked at after the other: [`each_header`] finds them, [`header`] reads one, [`package`] and
//! [`owners`] say what it means. Nothing here panics on any bytes or reads without end.

use belfort_agent_sys::files::ReadError;

mod bdb;
pub mod blob;
pub mod database;
pub mod header;
mod ndb;
pub mod order;
pub mod owners;
pub mod package;
mod sqlite;
mod window;

use blob::Blob;
pub use window::Source;

/// Format of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `rpmdb.sqlite`: Fedora since 33, Red Hat Enterprise Linux since 9.
    Sqlite,
    /// `Packages.db`: SUSE since 15.2.
    Ndb,
    /// `Packages`: everything before.
    Bdb,
}

/// Why a database or a header in it cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is a file of another kind.
    #[error("not a database of the format {0}")]
    Format(&'static str),
    /// It is of a kind that is not read.
    #[error("{0} is not read")]
    Unread(&'static str),
    /// It contradicts itself, or ends too early.
    #[error("damaged: {0}")]
    Damaged(&'static str),
}

/// Hands the header of every package to `each`, in the order of the database. What `each` cannot read
/// concerns one package and ends nothing; it is counted. `log` is the write-ahead log of SQLite.
pub fn each_header<S: Source>(
    format: Format,
    main: S,
    log: Option<S>,
    each: &mut dyn FnMut(&mut dyn Blob) -> Result<(), Trouble>,
) -> Result<u32, Trouble> {
    let mut damaged = 0;
    // Headers share no bytes, so that together they are not longer than the database. Without this, a damaged
    // page could name one header thousands of times.
    let mut left = main.size_bytes().saturating_add(log.as_ref().map_or(0, Source::size_bytes));
    let mut counted = |blob: &mut dyn Blob| {
        let read = match left.checked_sub(blob.size_bytes()) {
            Some(rest) => {
                left = rest;
                each(blob)
            }
            None => Err(Trouble::Damaged("headers overlap")),
        };
        match read {
            // Without more time, or when the file cannot be read, going on would only repeat it.
            Err(trouble @ Trouble::Read(_)) => Err(trouble),
            Err(_) => {
                damaged += 1;
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    };
    match format {
        Format::Sqlite => sqlite::each(main, log, &mut counted)?,
        Format::Ndb => ndb::each(main, &mut counted)?,
        Format::Bdb => bdb::each(main, &mut counted)?,
    }
    Ok(damaged)
}

#[cfg(test)]
mod tests;
