//! Changes inside directories. Source: inotify(7).

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use super::Drained;
use super::waiting::Source;

/// Most notices read in one go, so that a flood cannot keep the reader for itself.
const NOTICES_MAX: usize = 32_768;

/// Watched directories.
#[derive(Debug)]
pub struct Directories {
    inotify: OwnedFd,
}

/// The number of a watched directory. Paths that lead to the same directory have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watch(i32);

/// Why a directory is not watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// It does not exist, or is no directory.
    #[error("does not exist")]
    Absent,
    /// There is no right to read it.
    #[error("permission denied")]
    Denied,
    /// The system allows no more watches to this user.
    #[error("the limit fs.inotify.max_user_watches is reached")]
    Watches,
    /// The system allows no more watchers to this user.
    #[error("the limit fs.inotify.max_user_instances is reached")]
    Instances,
    /// This kernel cannot watch.
    #[error("not supported by this kernel")]
    Unsupported,
    /// Another error of the system, by its number.
    #[error("system error {0}")]
    Os(i32),
}

impl From<Errno> for WatchError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT | Errno::NOTDIR => Self::Absent,
            Errno::ACCESS | Errno::PERM => Self::Denied,
            Errno::NOSPC => Self::Watches,
            Errno::MFILE => Self::Instances,
            Errno::NOSYS => Self::Unsupported,
            other => Self::Os(other.raw_os_error()),
        }
    }
}

/// What happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new here.
    Appeared,
    /// It is gone from here.
    Gone,
    /// It was closed after it had been open for writing.
    Written,
    /// Not an entry but the directory itself was deleted, moved or unmounted.
    Ended,
}

/// A change in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice<'a> {
    /// In which directory.
    pub watch: Watch,
    /// To which entry; empty when it happened to the directory itself.
    pub name: &'a [u8],
    /// What happened.
    pub change: Change,
    /// Whether the entry is a directory.
    pub directory: bool,
}

impl Directories {
    /// Prepares to watch.
    pub fn new() -> Result<Self, WatchError> {
        Ok(Self { inotify: inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)? })
    }

    /// Watches a directory: entries that appear, vanish, or were written. Not each single write: who
    /// writes a file closes it in the end.
    pub fn add(&self, path: &Path) -> Result<Watch, WatchError> {
        let what = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        Ok(Watch(inotify::add_watch(&self.inotify, path, what)?))
    }

    /// Watches a directory no longer.
    pub fn remove(&self, watch: Watch) {
        // One that has ended is gone already.
        let _ = inotify::remove_watch(&self.inotify, watch.0);
    }

    /// Hands every notice that waits to `each`.
    pub fn drain(&self, mut each: impl FnMut(Notice<'_>)) -> Drained {
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut reader = Reader::new(&self.inotify, &mut buffer);
        let mut drained = Drained::Nothing;
        for _ in 0..NOTICES_MAX {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                Err(_) => return drained,
            };
            if drained == Drained::Nothing {
                drained = Drained::Empty;
            }
            let flags = event.events();
            if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                drained = Drained::Lost;
                continue;
            }
            let any = |wanted: ReadFlags| flags.intersects(wanted);
            let change = if any(ReadFlags::CREATE | ReadFlags::MOVED_TO) {
                Change::Appeared
            } else if any(ReadFlags::DELETE | ReadFlags::MOVED_FROM) {
                Change::Gone
            } else if any(ReadFlags::CLOSE_WRITE) {
                Change::Written
            } else {
                Change::Ended
            };
            let name = event.file_name().map(std::ffi::CStr::to_bytes).unwrap_or_default();
            let directory = any(ReadFlags::ISDIR);
            each(Notice { watch: Watch(event.wd()), name, change, directory });
        }
        if drained == Drained::Empty { Drained::More } else { drained }
    }
}

impl Source for Directories {
    fn descriptor(&self) -> &OwnedFd {
        &self.inotify
    }
}

/// How many directories, and by how many watchers, one user may watch; nothing when unknown.
pub fn watch_limits() -> (Option<u64>, Option<u64>) {
    let read = |name: &str| {
        let text = std::fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).ok()?;
        text.trim().parse().ok()
    };
    (read("max_user_watches"), read("max_user_instances"))
}
