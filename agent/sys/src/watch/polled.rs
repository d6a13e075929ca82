//! Files of proc that announce that they changed, to whoever polls them for urgent data.
//! Source: proc(5), on `/proc/pid/mounts`.

use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{self, Mode, OFlags, Timespec};

use super::WatchError;
use super::waiting::Source;

/// An open file that is polled and never read. Each change is told once, by the poll itself; it
/// must not be put into a set that is in turn polled, which would swallow it.
#[derive(Debug)]
pub struct Polled {
    file: OwnedFd,
}

impl Polled {
    /// Opens the file; changes from now on are told.
    pub fn open(path: &str) -> Result<Self, WatchError> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        Ok(Self { file: fs::open(path, flags, Mode::empty())? })
    }

    /// Asks whether it changed, without waiting.
    pub fn changed(&self) -> bool {
        let mut polled = [PollFd::new(&self.file, PollFlags::PRI)];
        poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
    }
}

impl Source for Polled {
    const URGENT: bool = true;

    fn descriptor(&self) -> &OwnedFd {
        &self.file
    }
}
