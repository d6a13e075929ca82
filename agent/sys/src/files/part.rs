//! A part of a regular file: its beginning or its end, whatever its size.

use rustix::buffer::spare_capacity;
use rustix::fs::{self, FileType, OFlags, SeekFrom};
use rustix::io::{self, Errno};

use super::{ReadError, Root};

impl Root {
    /// The first bytes of a regular file; fewer when it is smaller.
    pub fn read_start(&self, path: &str, length: usize) -> Result<Vec<u8>, ReadError> {
        self.part(path, length, |_| 0)
    }

    /// The last bytes of a regular file, at most `length`, from the first record of `record` bytes that
    /// starts among them. A file of proc or sysfs, which has no size, has no end either: nothing.
    pub fn read_tail(
        &self,
        path: &str,
        length: usize,
        record: usize,
    ) -> Result<Vec<u8>, ReadError> {
        let length = length as u64;
        let record = (record as u64).max(1);
        self.part(path, usize::try_from(length).unwrap_or(usize::MAX), |size| {
            size.saturating_sub(length).checked_next_multiple_of(record).unwrap_or(size)
        })
    }

    /// At most `length` bytes from where `start` says for the file's size.
    fn part(
        &self,
        path: &str,
        length: usize,
        start: impl Fn(u64) -> u64,
    ) -> Result<Vec<u8>, ReadError> {
        let file = self.open(path, OFlags::RDONLY)?;
        let stat = fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(ReadError::NotRegular);
        }
        let start = start(u64::try_from(stat.st_size).unwrap_or(0));
        if start > 0 {
            fs::seek(&file, SeekFrom::Start(start))?;
        }
        let mut content = Vec::with_capacity(length.min(4096));
        while content.len() < length {
            content.reserve((length - content.len()).min(content.len().max(4096)));
            match io::read(&file, spare_capacity(&mut content)) {
                Ok(0) => break,
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        self.count(0, content.len());
        content.truncate(length);
        Ok(content)
    }
}
