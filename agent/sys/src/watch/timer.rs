//! One timer. It goes off once, at the time asked for, where the timers of an event loop may wake a
//! process several times on the way to it. Source: `timerfd_create(2)`.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::fs::Timespec;
use rustix::time::{self, ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags};

use super::waiting::Source;

/// A timer on the clock that goes on while the machine sleeps.
#[derive(Debug)]
pub struct Timer {
    timer: OwnedFd,
}

impl Timer {
    /// A timer that is not armed.
    pub fn new() -> std::io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        Ok(Self { timer: time::timerfd_create(TimerfdClockId::Boottime, flags)? })
    }

    /// Takes note that it went off.
    pub fn clear(&self) {
        let mut count = [0; 8];
        // It may have been armed anew meanwhile, and then has nothing to say.
        let _ = rustix::io::read(&self.timer, &mut count);
    }

    /// Lets it go off at a time of [`now`]'s clock; at once when that is over.
    pub fn arm(&self, at: Duration) -> std::io::Result<()> {
        // Zero would disarm it.
        let at = at.max(Duration::from_nanos(1));
        let time = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec {
                tv_sec: i64::try_from(at.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: at.subsec_nanos().into(),
            },
        };
        time::timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &time)?;
        Ok(())
    }
}

impl Source for Timer {
    fn descriptor(&self) -> &OwnedFd {
        &self.timer
    }
}

/// Time since the machine was started, also that it slept.
pub fn now() -> Duration {
    let time = time::clock_gettime(ClockId::Boottime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
