//! Reads advisory data as its publishers ship it.
//!
//! What this crate is: one parser per feed over anything that can be read, each giving
//! [`Record`](belfort_model::advisory::Record)s one by one. What it is not: it opens no file, keeps
//! nothing and has no clock.
//!
//! Invariants: memory is bounded whatever the file holds: by [`RECORD_BYTES`] for one record and by
//! [`TOTAL_BYTES`] for all. No bytes make it panic. A file that breaks off or is no such feed is an
//! error; a single record that cannot be used is counted and named.
//!
//! The rooms: [`detect`](detect()) says which feed a file is; [`Intake`] counts what is taken and passed
//! over; [`read`] and [`read_zip`] run the parser of a feed, of which there is one file each.

mod archive;
mod bounded;
mod debian;
mod detect;
mod endoflife;
mod epss;
mod intake;
mod json;
mod kev;
mod msrc;
mod osv;
mod vulnrichment;

use std::io::{BufRead, Read};

use belfort_model::advisory::FeedKind;

pub use archive::read_zip;
pub use detect::{DETECT_BYTES, Detected, detect, detect_zip};
pub use intake::{Intake, SinkError, Skipped, Summary};

/// Bytes one record may have.
pub const RECORD_BYTES: u64 = 8 << 20;
/// Bytes a feed may have, unpacked.
pub const TOTAL_BYTES: u64 = 8 << 30;
/// How many times larger a packed file may become.
pub const RATIO: u64 = 200;

/// Why a feed cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Read(#[source] std::io::Error),
    /// It is none of the feeds.
    #[error(
        "is none of the feeds Belfort knows; --kind, or `kind` over REST, says which one it is meant to be"
    )]
    Unknown,
    /// It is not what it is said to be, or breaks off.
    #[error("is not a complete {kind} feed: {reason}")]
    Syntax {
        /// Which feed.
        kind: FeedKind,
        /// What is wrong, with the place.
        reason: String,
    },
    /// It is larger than allowed.
    #[error("is too large: {0}")]
    TooLarge(String),
    /// It holds nothing that can be used.
    #[error("holds no usable record{0}")]
    Empty(String),
    /// Whoever takes the records failed.
    #[error(transparent)]
    Sink(SinkError),
}

/// Reads one file of a feed, packed by gzip or not. `name` is what the file is called, without folder and
/// extension: some files say only there what they are about.
pub fn read(
    kind: FeedKind,
    name: &str,
    input: impl BufRead,
    intake: &mut Intake<'_>,
) -> Result<(), FeedError> {
    let input = bounded::unpacked(input).map_err(FeedError::Read)?;
    read_plain(kind, name, input, intake)
}

fn read_plain(
    kind: FeedKind,
    name: &str,
    input: impl Read,
    intake: &mut Intake<'_>,
) -> Result<(), FeedError> {
    match kind {
        FeedKind::Kev => kev::read(input, intake),
        FeedKind::EuKev => kev::read_eu(input, intake),
        FeedKind::Epss => epss::read(input, intake),
        FeedKind::Debian => debian::read(input, intake),
        FeedKind::EndOfLife | FeedKind::Osv | FeedKind::Msrc | FeedKind::Vulnrichment => {
            let bytes = bounded::whole(input)?;
            read_record(kind, name, &bytes, intake)
        }
    }
}

/// Reads a file that is one record.
fn read_record(
    kind: FeedKind,
    name: &str,
    bytes: &[u8],
    intake: &mut Intake<'_>,
) -> Result<(), FeedError> {
    if kind == FeedKind::EndOfLife {
        return endoflife::read(name, bytes, intake);
    }
    let value = serde_json::from_slice(bytes)
        .map_err(|error| FeedError::Syntax { kind, reason: error.to_string() })?;
    match kind {
        FeedKind::Osv => osv::record(&value, intake),
        FeedKind::Msrc => msrc::document(&value, intake),
        FeedKind::Vulnrichment => vulnrichment::record(&value, intake),
        FeedKind::Kev
        | FeedKind::EuKev
        | FeedKind::Epss
        | FeedKind::Debian
        | FeedKind::EndOfLife => Err(FeedError::Unknown),
    }
}

#[cfg(test)]
mod tests;
