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
    /// What its one file was called where it came from, when it lies here under another name.
    pub(super) called: Option<String>,
    /// Whether the one file is an archive.
    pub(super) is_zip: bool,
    /// Whether it is everything of its feed, or a single record of it.
    pub(super) is_whole: bool,
}

impl Bundle {
    /// What it is called for people.
    pub(super) fn name(&self) -> String {
        match self.files.as_slice() {
            [one] => self.called(one),
            [first, ..] => {
                let folder = first.parent().unwrap_or(first);
                format!("{} files of {} below {}", self.files.len(), self.kind, folder.display())
            }
            [] => String::new(),
        }
    }

    /// What people know one of its files as.
    pub(super) fn called(&self, path: &Path) -> String {
        self.called.clone().unwrap_or_else(|| path.display().to_string())
    }

    /// SHA-256 of the file, or over the hashes of all; and the time of the newest.
    pub(super) fn digest(&self) -> Result<([u8; 32], Timestamp)> {
        let mut all = Sha256::new();
        let mut newest = Timestamp(0);
        for path in &self.files {
            let (hash, modified) =
                digest(path).map_err(|error| unreadable(&self.called(path), &error))?;
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

pub(super) fn unreadable(called: &str, error: &io::Error) -> AppError {
    AppError::Invalid(format!("{called} cannot be read: {error}"))
}

/// The bundle of one file, known as `called`: it must be one of the feeds.
pub(super) fn one(path: &Path, called: &str, kind: Option<FeedKind>) -> Result<Bundle> {
    let found = what(path, kind).map_err(|error| unreadable(called, &error))?;
    let Some((kind, is_zip)) = found else {
        let unknown = belfort_advisories::FeedError::Unknown;
        return Err(AppError::Invalid(format!("{called} {unknown}")));
    };
    let is_whole = is_zip || !is_by_record(kind);
    let (files, called) = (vec![path.to_owned()], Some(called.to_owned()));
    Ok(Bundle { kind, files, called, is_zip, is_whole })
}

/// Sorts files and folders into bundles; answers what is none of the feeds beside them. A file that was
/// named must be one.
pub(super) fn bundles(
    paths: &[PathBuf],
    kind: Option<FeedKind>,
) -> Result<(Vec<Bundle>, Vec<PathBuf>)> {
    let (mut bundles, mut unknown) = (Vec::new(), Vec::new());
    for path in paths {
        let called = path.display().to_string();
        let metadata = fs::metadata(path).map_err(|error| unreadable(&called, &error))?;
        if metadata.is_dir() {
            folder(path, kind, &mut bundles, &mut unknown)?;
        } else {
            bundles.push(one(path, &called, kind)?);
        }
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
        let found =
            what(&file, kind).map_err(|error| unreadable(&file.display().to_string(), &error))?;
        let Some((kind, is_zip)) = found else {
            unknown.push(file);
            continue;
        };
        let by_record = !is_zip && is_by_record(kind);
        if by_record && let Some(bundle) = records.iter_mut().find(|bundle| bundle.kind == kind) {
            bundle.files.push(file);
            continue;
        }
        let bundle = Bundle { kind, files: vec![file], called: None, is_zip, is_whole: true };
        if by_record { records.push(bundle) } else { bundles.push(bundle) }
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
    let failed = |error: io::Error| unreadable(&path.display().to_string(), &error);
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
fn what(path: &Path, kind: Option<FeedKind>) -> io::Result<Option<(FeedKind, bool)>> {
    let file = File::open(path)?;
    let mut start = Vec::new();
    (&file).take(DETECT_BYTES as u64).read_to_end(&mut start)?;
    Ok(match (detect(&start), kind) {
        (Detected::Zip, Some(kind)) => Some((kind, true)),
        (Detected::Zip, None) => {
            let file = File::open(path)?;
            detect_zip(io::BufReader::new(file)).map(|kind| (kind, true))
        }
        (_, Some(kind)) | (Detected::Feed(kind), None) => Some((kind, false)),
        (Detected::Unknown, None) => None,
    })
}
