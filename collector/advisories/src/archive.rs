//! Archives: one advisory per entry.

use std::io::{Read, Seek};

use belfort_model::advisory::FeedKind;
use zip::ZipArchive;

use crate::{FeedError, Intake, RATIO, RECORD_BYTES, TOTAL_BYTES, bounded, read_record};

/// Entries an archive may have.
const ENTRIES: usize = 2_000_000;

/// Reads every file of a zip archive as a record of a feed.
pub fn read_zip(
    kind: FeedKind,
    input: impl Read + Seek,
    packed_bytes: u64,
    intake: &mut Intake<'_>,
) -> Result<(), FeedError> {
    let broken = |reason: String| FeedError::Syntax { kind, reason };
    if !matches!(
        kind,
        FeedKind::Osv | FeedKind::Msrc | FeedKind::Vulnrichment | FeedKind::EndOfLife
    ) {
        return Err(broken("this feed does not come as an archive".to_owned()));
    }
    let mut archive = ZipArchive::new(input).map_err(|error| broken(error.to_string()))?;
    if archive.len() > ENTRIES {
        return Err(FeedError::TooLarge(format!("the archive has over {ENTRIES} entries")));
    }
    let allowed = TOTAL_BYTES.min(packed_bytes.saturating_mul(RATIO).max(RECORD_BYTES));
    let mut total = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| broken(error.to_string()))?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().map_err(|error| broken(error.to_string()))?;
        let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
        if !is_record(&name) {
            intake.ignore();
            continue;
        }
        let within = |error: FeedError| match error {
            FeedError::Syntax { kind, reason } => {
                FeedError::Syntax { kind, reason: format!("{name}: {reason}") }
            }
            FeedError::Read(error) => broken(format!("{name}: {error}")),
            FeedError::TooLarge(reason) => FeedError::TooLarge(format!("{name}: {reason}")),
            other => other,
        };
        let bytes = bounded::whole(entry).map_err(within)?;
        total += bytes.len() as u64;
        if total > allowed {
            let reason = format!("it unpacks to over {RATIO} times its size, or over 8 GiB");
            return Err(FeedError::TooLarge(reason));
        }
        let stem = name.rsplit('/').next().and_then(|file| file.rsplit_once('.'));
        read_record(kind, stem.map_or("", |(stem, _)| stem), &bytes, intake).map_err(within)?;
    }
    Ok(())
}

/// Whether a file of an archive or folder can be a record, by its name.
fn is_record(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "json" | "md")
}
