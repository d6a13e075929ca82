//! A regular file, read at any place: for databases that are too large to be held in memory.

use std::os::fd::OwnedFd;

use rustix::fs::{self, FileType, OFlags};
use rustix::io::{self, Errno};

use super::{ReadError, Root, Stamp};

/// A regular file that is read at any place, within the time that [`Root::limit`] gave.
#[derive(Debug)]
pub struct RandomFile<'a> {
    root: &'a Root,
    file: OwnedFd,
    opened: Stamp,
}

impl Root {
    /// Opens a regular file for reading at any place.
    pub fn open_file(&self, path: &str) -> Result<RandomFile<'_>, ReadError> {
        let file = self.open(path, OFlags::RDONLY)?;
        let stat = fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(ReadError::NotRegular);
        }
        Ok(RandomFile { root: self, file, opened: Stamp::of(&stat) })
    }
}

impl RandomFile<'_> {
    /// Its size when it was opened, bytes.
    pub fn size_bytes(&self) -> u64 {
        self.opened.size_bytes
    }

    /// Whether it was written to since it was opened; what was read of it may not fit together.
    pub fn is_changed(&self) -> Result<bool, ReadError> {
        Ok(Stamp::of(&fs::fstat(&self.file)?) != self.opened)
    }

    /// Fills a buffer with the bytes from an offset on; fewer only at the end of the file.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, ReadError> {
        self.root.in_time()?;
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match io::pread(&self.file, rest, offset.saturating_add(filled as u64)) {
                Ok(0) => break,
                Ok(got) => filled += got,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        self.root.count(0, filled);
        Ok(filled)
    }
}
