//! A regular file, read piece by piece: for what is too large to be held in memory.

use std::io::{Error, ErrorKind, Read, Result};
use std::os::fd::OwnedFd;

use rustix::fs::{self, FileType, OFlags, Stat};
use rustix::io::{self, Errno};

use super::{ReadError, Root};

/// Tells one content of a file from another without reading it: when it differs, the file is another
/// one or was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Size, bytes.
    pub size_bytes: u64,
    /// Number of the file in its file system.
    pub inode: u64,
    /// Last change of the content, nanoseconds since 1970-01-01 UTC; programs can set it.
    pub modified_nanoseconds: i64,
    /// Last change of the file or of what is known about it, nanoseconds since 1970-01-01 UTC; only the
    /// system sets it.
    pub changed_nanoseconds: i64,
}

/// A regular file that is being read. Errors of reading that have a name are [`ReadError`]s inside the
/// error of input: see [`Stream::error`].
#[derive(Debug)]
pub struct Stream<'a> {
    root: &'a Root,
    file: OwnedFd,
    stamp: Stamp,
    cap_bytes: u64,
    left_bytes: u64,
}

impl Root {
    /// Opens a regular file of at most `cap_bytes` for reading piece by piece, within the time that
    /// [`Root::limit`] gave. A file that is or grows larger is refused, not cut.
    pub fn open_stream(
        &self,
        path: &str,
        cap_bytes: u64,
    ) -> std::result::Result<Stream<'_>, ReadError> {
        let file = self.open(path, OFlags::RDONLY)?;
        let stat = fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(ReadError::NotRegular);
        }
        let stamp = Stamp::of(&stat);
        if stamp.size_bytes > cap_bytes {
            return Err(too_large(cap_bytes));
        }
        Ok(Stream { root: self, file, stamp, cap_bytes, left_bytes: cap_bytes })
    }

    /// What tells a regular file's present content from another.
    pub fn stamp(&self, path: &str) -> std::result::Result<Stamp, ReadError> {
        let stat = fs::fstat(self.open(path, OFlags::PATH)?)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(ReadError::NotRegular);
        }
        Ok(Stamp::of(&stat))
    }
}

impl Stamp {
    pub(super) fn of(stat: &Stat) -> Self {
        let nanoseconds = |seconds: i64, rest: Option<u32>| {
            let rest = i64::from(rest.unwrap_or(0));
            seconds.saturating_mul(1_000_000_000).saturating_add(rest)
        };
        Self {
            size_bytes: u64::try_from(stat.st_size).unwrap_or(0),
            inode: stat.st_ino,
            modified_nanoseconds: nanoseconds(
                stat.st_mtime,
                u32::try_from(stat.st_mtime_nsec).ok(),
            ),
            changed_nanoseconds: nanoseconds(stat.st_ctime, u32::try_from(stat.st_ctime_nsec).ok()),
        }
    }
}

impl Stream<'_> {
    /// What the file was when it was opened.
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// The named error inside an error of input, when it came from a stream.
    pub fn error(error: &Error) -> Option<ReadError> {
        error.get_ref()?.downcast_ref::<ReadError>().copied()
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.root.in_time().map_err(Error::other)?;
        let got = loop {
            match io::read(&self.file, &mut *buffer) {
                Err(Errno::INTR) => {}
                other => break other.map_err(|errno| Error::other(ReadError::from(errno)))?,
            }
        };
        self.root.count(0, got);
        // It may have grown since it was opened.
        self.left_bytes = u64::try_from(got)
            .ok()
            .and_then(|got| self.left_bytes.checked_sub(got))
            .ok_or_else(|| Error::new(ErrorKind::FileTooLarge, too_large(self.cap_bytes)))?;
        Ok(got)
    }
}

fn too_large(cap_bytes: u64) -> ReadError {
    ReadError::TooLarge(usize::try_from(cap_bytes).unwrap_or(usize::MAX))
}
