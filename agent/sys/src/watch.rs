//! Being told of changes instead of looking for them: directories, the kernel's own announcements,
//! files of proc that announce that they changed, and one timer.
//!
//! Everything here is a descriptor that never blocks and that an event loop can wait for. What was
//! missed is said, never guessed.

mod announcements;
mod directories;
mod polled;
mod timer;
mod waiting;

pub use announcements::{Announcements, Group};
pub use directories::{Change, Directories, Notice, Watch, WatchError, watch_limits};
pub use polled::Polled;
pub use timer::{Timer, now};
pub use waiting::{Source, Waiting};

/// How reading what waits ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Nothing waited.
    Nothing,
    /// Everything was read.
    Empty,
    /// More waits: it came faster than it was read.
    More,
    /// The kernel dropped some of it.
    Lost,
}
