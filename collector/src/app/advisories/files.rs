//! Which files make which feed.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use belfort_advisories::{DETECT_BYTES, Detected, detect, detect_zip};
use belfort_model::advisory::FeedKind;
use belfort_model::time::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::app::{AppError, Result};

/// Files a folder may hold, and how deep it may be.
const FILES: usize = 2_000_000;
const DEPTH: usize = 8;

/// The files of one source.
#[derive(Debug)]
pub(super) struct Bundle {
    pub(super) kind: FeedKind,
    /// In order of their names.
    pub(super) files: Vec<PathBuf>,
    /// Whether the one file is an archive.
    pub(super) is_zip: bool,
    /// Whether it is everything of its feed, or a single record of it.
    pub(super) is_whole: bool,
}

impl Bundle {
    /// What it is called for people.
    pub(super) fn name(&self) -> String {
        match self.files.as_slice() {
            [one] => one.display().to_string(),
            [first, ..] => {
                let folder = first.parent().unwrap_or(first);
                format!("{} files of {} below {}", self.files.len(), self.kind, folder.display())
            }
            [] => String::new(),
        }
    }

    /// SHA-256 of the file, or over the hashes of all; and the time of the newest.
    pub(super) fn digest(&self) -> Result<([u8; 32], Timestamp)> {
        let mut all = Sha256::new();
        let mut newest = Timestamp(0);
        for path in &self.files {
            let (hash, modified) = digest(path).map_err(|error| unreadable(path, &error))?;
            newest = newest.max(modified);
            if self.files.len() == 1 {
                return Ok((hash, newest));
            }
            all.update(hash);
        }
        Ok((all.finalize().into(), newest))
    }
}

fn digest(path: &Path) -> io::Result<([u8; 32], Timestamp)> {
    let mut file = File::open(path)?;
    let modified = file.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let modified = Timestamp(i64::try_from(modified.as_millis()).unwrap_or(i64::MAX));
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else { break };
        hash.update(read);
    }
    Ok((hash.finalize().into(), modified))
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> AppError {
    AppError::Invalid(format!("{} cannot be read: {error}", path.display()))
}

/// Sorts files and folders into bundles; answers what is none of the feeds beside them. A file that was
/// named must be one.
pub(super) fn bundles(
    paths: &[PathBuf],
    kind: Option<FeedKind>,
) -> Result<(Vec<Bundle>, Vec<PathBuf>)> {
    let (mut bundles, mut unknown) = (Vec::new(), Vec::new());
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if metadata.is_dir() {
            folder(path, kind, &mut bundles, &mut unknown)?;
            continue;
        }
        let Some((kind, is_zip)) = what(path, kind)? else {
            return Err(AppError::Invalid(format!(
                "{} {}",
                path.display(),
                belfort_advisories::FeedError::Unknown
            )));
        };
        let is_whole = is_zip || !is_by_record(kind);
        bundles.push(Bundle { kind, files: vec![path.clone()], is_zip, is_whole });
    }
    Ok((bundles, unknown))
}

/// The single records of a folder are one source per kind; everything else is a source of its own.
fn folder(
    path: &Path,
    kind: Option<FeedKind>,
    bundles: &mut Vec<Bundle>,
    unknown: &mut Vec<PathBuf>,
) -> Result<()> {
    let mut files = Vec::new();
    walk(path, 0, &mut files)?;
    files.sort();
    let mut records: Vec<Bundle> = Vec::new();
    for file in files {
        let Some((kind, is_zip)) = what(&file, kind)? else {
            unknown.push(file);
            continue;
        };
        if is_zip || !is_by_record(kind) {
            bundles.push(Bundle { kind, files: vec![file], is_zip, is_whole: true });
        } else if let Some(bundle) = records.iter_mut().find(|bundle| bundle.kind == kind) {
            bundle.files.push(file);
        } else {
            records.push(Bundle { kind, files: vec![file], is_zip, is_whole: true });
        }
    }
    bundles.extend(records);
    Ok(())
}

/// All files below a folder. Links are not followed.
pub(super) fn walk(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    if depth > DEPTH || files.len() > FILES {
        let reason = format!("{} is too deep or has too many files", path.display());
        return Err(AppError::Invalid(reason));
    }
    let failed = |error: io::Error| unreadable(path, &error);
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if kind.is_dir() && !hidden {
            walk(&entry.path(), depth + 1, files)?;
        } else if kind.is_file() && !hidden {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Feeds that come as one file per record.
fn is_by_record(kind: FeedKind) -> bool {
    matches!(kind, FeedKind::Osv | FeedKind::Msrc | FeedKind::Vulnrichment)
}

/// Which feed a file is, and whether it is an archive.
fn what(path: &Path, kind: Option<FeedKind>) -> Result<Option<(FeedKind, bool)>> {
    let failed = |error: io::Error| unreadable(path, &error);
    let file = File::open(path).map_err(failed)?;
    let mut start = Vec::new();
    (&file).take(DETECT_BYTES as u64).read_to_end(&mut start).map_err(failed)?;
    Ok(match (detect(&start), kind) {
        (Detected::Zip, Some(kind)) => Some((kind, true)),
        (Detected::Zip, None) => {
            let file = File::open(path).map_err(failed)?;
            detect_zip(io::BufReader::new(file)).map(|kind| (kind, true))
        }
        (_, Some(kind)) | (Detected::Feed(kind), None) => Some((kind, false)),
        (Detected::Unknown, None) => None,
    })
}
