//! How soon what changed is read: soon, but not while it is still changing, and never so often that
//! a busy place makes the agent expensive. A pure state machine: time is passed in.

use std::time::Duration;

/// Quiet that must follow the last event.
pub const QUIET: Duration = Duration::from_secs(2);
/// Longest wait after the first event, however much follows.
pub const LONGEST: Duration = Duration::from_secs(6);
/// In the long run it is read once in this time and no more.
pub const PAUSE: Duration = Duration::from_mins(1);
/// Reads that may come together after a quiet time.
const BURST: u32 = 3;
/// Least time between two reads, also for what has just been completed.
const FLOOR: Duration = Duration::from_secs(5);

/// What waits to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pending {
    first: Duration,
    last: Duration,
    complete: bool,
}

/// The pace of one thing that is read when it changes.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    pending: Option<Pending>,
    last_read: Option<Duration>,
    /// When all earlier reads would be done, had they come one in each pause.
    spent_until: Duration,
}

impl Pace {
    /// Something changed.
    pub fn event(&mut self, now: Duration) {
        let pending =
            self.pending.get_or_insert(Pending { first: now, last: now, complete: false });
        pending.last = now;
    }

    /// It is known to have changed for good: no quiet is waited for.
    pub fn differs(&mut self, now: Duration) {
        let past = now.saturating_sub(QUIET);
        self.pending.get_or_insert(Pending { first: past, last: past, complete: false });
    }

    /// Whoever changes it is done. What waits is then read although it was read often of late; if
    /// nothing waits, nothing is.
    pub fn complete(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.complete = true;
        }
    }

    /// When to read it; nothing when nothing changed.
    pub fn due_at(&self) -> Option<Duration> {
        let Pending { first, last, complete } = self.pending?;
        let quiet = last + QUIET;
        let (settled, allowed) = if complete {
            (quiet, self.last_read.map_or(Duration::ZERO, |read| read + FLOOR))
        } else {
            (quiet.min(first + LONGEST), self.spent_until.saturating_sub(PAUSE * (BURST - 1)))
        };
        Some(settled.max(allowed))
    }

    /// Whether to read it now.
    pub fn is_due(&self, now: Duration) -> bool {
        self.due_at().is_some_and(|due| due <= now)
    }

    /// It was read because it was due.
    pub fn read(&mut self, now: Duration) {
        self.settle(now);
        self.spent_until = self.spent_until.max(now) + PAUSE;
    }

    /// It was read for another reason, or turned out not to have changed at no cost.
    pub fn settle(&mut self, now: Duration) {
        self.pending = None;
        self.last_read = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(1000.0 + seconds)
    }

    /// Feeds events at their times and reads whenever due; gives when it was read, in seconds.
    fn reads(events: &[f64], until: f64) -> Vec<f64> {
        let mut pace = Pace::default();
        let mut events = events.iter().copied().peekable();
        let mut found = Vec::new();
        let mut now = 0.0;
        while now <= until {
            while events.next_if(|event| *event <= now).is_some() {
                pace.event(at(now));
            }
            if pace.is_due(at(now)) {
                pace.read(at(now));
                found.push(now);
            }
            now += 0.5;
        }
        found
    }

    #[test]
    fn one_event_is_read_after_the_quiet() {
        assert_eq!(reads(&[1.0], 100.0), [3.0]);
    }

    #[test]
    fn what_follows_postpones_up_to_the_longest_wait() {
        assert_eq!(reads(&[0.0, 1.0, 2.0], 100.0), [4.0]);
        let busy: Vec<_> = (0..10).map(f64::from).collect();
        assert_eq!(reads(&busy, 100.0), [6.0, 11.0]);
    }

    #[test]
    fn what_never_calms_down_is_read_once_a_minute() {
        let endless: Vec<_> = (0..7200).map(|half| f64::from(half) / 2.0).collect();
        let found = reads(&endless, 3600.0);
        assert!((59..=63).contains(&found.len()), "{found:?}");
        let now_and_then: Vec<_> = (0..360).map(|ten| f64::from(ten) * 10.0).collect();
        let found = reads(&now_and_then, 3600.0);
        assert!((59..=63).contains(&found.len()), "{found:?}");
    }

    #[test]
    fn the_end_of_a_long_run_is_not_kept_waiting() {
        let mut pace = Pace::default();
        for second in 0..260 {
            let now = f64::from(second);
            pace.event(at(now));
            if pace.is_due(at(now)) {
                pace.read(at(now));
            }
        }
        // It ends inside a pause.
        pace.event(at(260.0));
        assert!(pace.due_at().unwrap() > at(270.0));
        pace.complete();
        assert_eq!(pace.due_at(), Some(at(262.0)));
    }

    #[test]
    fn completion_alone_reads_nothing_and_cannot_be_used_to_hurry() {
        let mut pace = Pace::default();
        pace.complete();
        assert_eq!(pace.due_at(), None);
        pace.event(at(0.0));
        pace.complete();
        pace.read(at(2.0));
        pace.event(at(2.5));
        pace.complete();
        assert_eq!(pace.due_at(), Some(at(7.0)));
    }

    #[test]
    fn a_known_difference_is_read_at_once() {
        let mut pace = Pace::default();
        pace.differs(at(0.0));
        assert!(pace.is_due(at(0.0)));
        // A full pass on the way answers it, too, and costs the section nothing.
        pace.settle(at(0.0));
        assert_eq!(pace.due_at(), None);
    }
}
