//! Files below a root directory, read without blocking and within bounds.
//!
//! Only regular files are read (those of proc and sysfs are regular too), a FIFO or device is
//! refused, and nothing larger than the caller's cap is kept.

use std::cell::Cell;
use std::ffi::OsStr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::fs::{self, AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags, StatVfs};
use rustix::io::{self, Errno};

mod part;
mod random;
mod stream;
pub use random::RandomFile;
pub use stream::{Stamp, Stream};

/// Most entries read from one directory.
pub const DIRECTORY_ENTRIES: usize = 65_536;
/// Largest page, which is the size that attributes of sysfs claim.
const SYSFS_BYTES: usize = 64 << 10;

/// Smallest page of any processor; larger ones are multiples of it.
const PAGE_BYTES: usize = 4096;

/// A root directory: `/` on a running system, another one for fixtures and images.
#[derive(Debug)]
pub struct Root {
    path: PathBuf,
    /// Missing for `/`, where links need no containment.
    dir: Option<OwnedFd>,
    /// After it nothing more is opened.
    deadline: Cell<Option<Instant>>,
    reads: Cell<Reads>,
}

/// What was read so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Files and directories opened, and links read.
    pub opens: u64,
    /// Bytes read from files.
    pub bytes: u64,
}

/// Why a file was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It does not exist.
    #[error("does not exist")]
    Absent,
    /// There is no right to read it.
    #[error("permission denied")]
    Denied,
    /// It is a directory, FIFO, socket or device.
    #[error("not a regular file")]
    NotRegular,
    /// It is not the block device it should be.
    #[error("not this block device")]
    NotDevice,
    /// It is larger than the cap, in bytes.
    #[error("larger than {0} bytes")]
    TooLarge(usize),
    /// There is not the memory to keep it.
    #[error("not enough memory")]
    Memory,
    /// Links lead in a circle.
    #[error("too many symbolic links")]
    Loop,
    /// The time for reading is over.
    #[error("time limit reached")]
    TimeLimit,
    /// Another error of the system, by its number.
    #[error("system error {0}")]
    Os(i32),
}

impl From<Errno> for ReadError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT | Errno::NOTDIR | Errno::NODEV | Errno::NXIO => Self::Absent,
            Errno::ACCESS | Errno::PERM => Self::Denied,
            Errno::LOOP => Self::Loop,
            other => Self::Os(other.raw_os_error()),
        }
    }
}

/// What a directory entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// Anything else, or not told by the file system.
    Other,
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name; invalid UTF-8 is replaced.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// Size and free space of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// All blocks, bytes.
    pub size_bytes: u64,
    /// Blocks free for ordinary users, bytes.
    pub free_bytes: u64,
}

/// An open block device.
#[derive(Debug)]
pub struct Device(OwnedFd);

impl Device {
    /// Bytes from an offset on; fewer where the device ends.
    pub fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, ReadError> {
        let mut content = Vec::with_capacity(length);
        // One read is enough: devices give all they are asked for.
        while let Err(errno) = io::pread(&self.0, spare_capacity(&mut content), offset) {
            if errno != Errno::INTR {
                return Err(errno.into());
            }
        }
        content.truncate(length);
        Ok(content)
    }
}

impl Root {
    /// The running system.
    pub fn system() -> Self {
        Self {
            path: PathBuf::from("/"),
            dir: None,
            deadline: Cell::new(None),
            reads: Cell::default(),
        }
    }

    /// Another directory, inside which all links stay.
    pub fn at(path: &Path) -> Result<Self, ReadError> {
        if path == Path::new("/") {
            return Ok(Self::system());
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = fs::open(path, flags, Mode::empty())?;
        let (path, dir) = (path.to_owned(), Some(dir));
        Ok(Self { path, dir, deadline: Cell::new(None), reads: Cell::default() })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this is the running system.
    pub fn is_system(&self) -> bool {
        self.dir.is_none()
    }

    /// From now on, gives whoever reads this much time: what is asked for later is answered with
    /// [`ReadError::TimeLimit`]. Without a time there is no limit.
    pub fn limit(&self, time: Option<Duration>) {
        self.deadline.set(time.and_then(|time| Instant::now().checked_add(time)));
    }

    /// What was read so far.
    pub fn reads(&self) -> Reads {
        self.reads.get()
    }

    fn count(&self, opens: u64, bytes: usize) {
        let before = self.reads.get();
        self.reads.set(Reads {
            opens: before.opens + opens,
            bytes: before.bytes.saturating_add(bytes as u64),
        });
    }

    fn in_time(&self) -> Result<(), ReadError> {
        match self.deadline.get() {
            Some(deadline) if Instant::now() >= deadline => Err(ReadError::TimeLimit),
            _ => Ok(()),
        }
    }

    fn open(&self, path: &str, flags: OFlags) -> Result<OwnedFd, ReadError> {
        self.in_time()?;
        self.count(1, 0);
        let mut flags = flags | OFlags::CLOEXEC;
        // A path that is only named cannot block, and openat2(2) refuses the flags against it.
        if !flags.contains(OFlags::PATH) {
            flags |= OFlags::NONBLOCK | OFlags::NOCTTY;
        }
        let Some(dir) = &self.dir else {
            return Ok(fs::open(path, flags, Mode::empty())?);
        };
        let inside = path.trim_start_matches('/');
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        match fs::openat2(dir, inside, flags, Mode::empty(), resolve) {
            // Linux before 5.6: no containment, which only matters for foreign roots.
            Err(Errno::NOSYS) => Ok(fs::open(self.path.join(inside), flags, Mode::empty())?),
            other => Ok(other?),
        }
    }

    /// Reads a regular file of at most `cap` bytes.
    pub fn read(&self, path: &str, cap: usize) -> Result<Vec<u8>, ReadError> {
        let file = self.open(path, OFlags::RDONLY)?;
        let stat = fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(ReadError::NotRegular);
        }
        let size = usize::try_from(stat.st_size).unwrap_or(0);
        // Said before any memory is asked for. Attributes of sysfs claim a page whatever they hold.
        if size > cap.max(SYSFS_BYTES) {
            return Err(ReadError::TooLarge(cap));
        }
        // Files of proc say size 0 and come in pieces. All others end with the first short read, except
        // that sysfs hands out its binary files by the page.
        let in_pieces = size == 0;
        let mut content = Vec::new();
        let mut room = if in_pieces { 4096 } else { size.saturating_add(1) };
        loop {
            room = room.min(cap.saturating_add(1).saturating_sub(content.len())).max(1);
            content.try_reserve(room).map_err(|_| ReadError::Memory)?;
            let asked = content.capacity() - content.len();
            let got = match io::read(&file, spare_capacity(&mut content)) {
                Err(Errno::INTR) => continue,
                other => other?,
            };
            self.count(0, got);
            if content.len() > cap {
                return Err(ReadError::TooLarge(cap));
            }
            let whole_pages = got % PAGE_BYTES == 0 && content.len() < size;
            if got == 0 || (!in_pieces && got < asked && !whole_pages) {
                return Ok(content);
            }
            room = content.len().max(4096);
        }
    }

    /// Opens a directory for questions about files in it.
    pub fn directory(&self, path: &str) -> Result<Directory, ReadError> {
        Ok(Directory(self.open(path, OFlags::RDONLY | OFlags::DIRECTORY)?))
    }

    /// Opens a block device with a number, `major:minor`. It is not waited for, and nothing else than
    /// this device is opened. In another root no device is touched, since it would be one of this
    /// machine: a regular file stands for it there.
    pub fn device(&self, path: &str, number: &str) -> Result<Device, ReadError> {
        let file = self.open(path, OFlags::RDONLY)?;
        let stat = fs::fstat(&file)?;
        let is_it = match FileType::from_raw_mode(stat.st_mode) {
            FileType::BlockDevice => {
                let (major, minor) = (fs::major(stat.st_rdev), fs::minor(stat.st_rdev));
                self.is_system() && number == format!("{major}:{minor}")
            }
            FileType::RegularFile => !self.is_system(),
            _ => false,
        };
        if is_it { Ok(Device(file)) } else { Err(ReadError::NotDevice) }
    }

    /// Entries of a directory except `.` and `..`, sorted by name.
    pub fn list(&self, path: &str) -> Result<Vec<Entry>, ReadError> {
        let dir = self.open(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut entries = Vec::new();
        for entry in Dir::new(dir)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            if entries.len() >= DIRECTORY_ENTRIES {
                return Err(ReadError::TooLarge(DIRECTORY_ENTRIES));
            }
            let kind = match entry.file_type() {
                FileType::RegularFile => EntryKind::File,
                FileType::Directory => EntryKind::Directory,
                FileType::Symlink => EntryKind::Link,
                _ => EntryKind::Other,
            };
            entries.push(Entry { name: String::from_utf8_lossy(name).into_owned(), kind });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Where a symbolic link points, as it is written.
    pub fn link(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.in_time()?;
        self.count(1, 0);
        let Some(dir) = &self.dir else {
            return Ok(fs::readlinkat(CWD, path, Vec::new())?.into_bytes());
        };
        // The way to the link stays inside the root, too.
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        if parent.trim_matches('/').is_empty() {
            return Ok(fs::readlinkat(dir, name, Vec::new())?.into_bytes());
        }
        let parent = self.open(parent, OFlags::PATH | OFlags::DIRECTORY)?;
        Ok(fs::readlinkat(parent, name, Vec::new())?.into_bytes())
    }

    /// Hands the target of every link in a directory to `each`, until it answers `false`.
    pub fn links(&self, path: &str, mut each: impl FnMut(&[u8]) -> bool) -> Result<(), ReadError> {
        let dir = self.open(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut entries = Dir::read_from(&dir)?;
        let mut buffer = Vec::with_capacity(128);
        while let Some(entry) = entries.read() {
            let entry = entry?;
            if entry.file_type() != FileType::Symlink {
                continue;
            }
            buffer.clear();
            // A descriptor that was closed meanwhile is no error of the directory.
            match fs::readlinkat(dir.as_fd(), entry.file_name(), std::mem::take(&mut buffer)) {
                Ok(target) => {
                    let go_on = each(target.to_bytes());
                    buffer = target.into_bytes();
                    if !go_on {
                        break;
                    }
                }
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// Whether something exists at a path, links followed.
    pub fn exists(&self, path: &str) -> Result<bool, ReadError> {
        match self.open(path, OFlags::PATH) {
            Ok(_) => Ok(true),
            Err(ReadError::Absent) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// When a file or directory was last changed, seconds since 1970-01-01 UTC.
    pub fn modified_seconds(&self, path: &str) -> Result<i64, ReadError> {
        let file = self.open(path, OFlags::PATH)?;
        Ok(fs::fstat(file)?.st_mtime)
    }

    /// Size and free space of the file system that holds a path.
    pub fn space(&self, path: &[u8]) -> Result<Space, ReadError> {
        self.in_time()?;
        let StatVfs { f_frsize, f_blocks, f_bavail, .. } = fs::statvfs(OsStr::from_bytes(path))?;
        Ok(Space {
            size_bytes: f_blocks.saturating_mul(f_frsize),
            free_bytes: f_bavail.saturating_mul(f_frsize),
        })
    }
}

/// An open directory.
#[derive(Debug)]
pub struct Directory(OwnedFd);

impl Directory {
    /// When a file in it was last changed, seconds since 1970-01-01 UTC; nothing when there is none.
    /// Links are not followed.
    pub fn modified_seconds(&self, name: &str) -> Option<i64> {
        if name.contains('/') {
            return None;
        }
        fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).ok().map(|stat| stat.st_mtime)
    }
}

/// Whether a path exists, links not followed.
pub fn exists_below(dir: &Path, name: &str) -> bool {
    fs::statat(CWD, dir.join(name), AtFlags::SYMLINK_NOFOLLOW).is_ok()
}
