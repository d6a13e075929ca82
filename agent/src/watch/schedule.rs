//! When the agent does what no event asks for. Everything lies on one grid of ticks, so that there
//! are no other wake-ups. A pure state machine: time is passed in.

use std::time::Duration;

/// Time between two ticks: how long a new listening socket may go unnoticed.
pub const TICK: Duration = Duration::from_secs(30);
/// Time between two full passes.
const DAY: Duration = Duration::from_hours(24);

/// What is due, and when.
#[derive(Clone, Debug)]
pub struct Schedule {
    tick: Duration,
    /// The tick that counts as now.
    last_tick: Duration,
    /// When to talk to the collector.
    contact_at: Duration,
    /// When to read everything.
    full_at: Duration,
}

impl Schedule {
    /// Begins now. Shorter intervals than a tick shorten the ticks. The spread says where in the day
    /// the full passes of this device lie: the first one comes half a day to a day after the start,
    /// so that a fleet that was switched on at one moment does not stay in step.
    pub fn new(now: Duration, interval: Option<Duration>, spread: u32) -> Self {
        let half = DAY / 2;
        Self {
            tick: interval.map_or(TICK, |interval| interval.min(TICK)),
            last_tick: now,
            contact_at: now,
            full_at: now + half + half.mul_f64(f64::from(spread) / f64::from(u32::MAX)),
        }
    }

    /// Moves to the last tick that is over; whether there was one. After a sleep it is one, not many.
    pub fn advance(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.last_tick).as_nanos() / self.tick.as_nanos().max(1);
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        self.last_tick += self.tick * passed;
        passed > 0
    }

    /// The next tick.
    pub fn next_tick(&self) -> Duration {
        self.last_tick + self.tick
    }

    /// Whether the collector expects the device at this tick, or a failed call is to be repeated.
    pub fn is_contact_due(&self) -> bool {
        self.contact_at <= self.last_tick
    }

    /// Talks to the collector at the first tick after a time from now.
    pub fn contact_after(&mut self, pause: Duration) {
        self.contact_at = self.last_tick + pause;
    }

    /// Whether everything is to be read at this tick.
    pub fn is_full_due(&self) -> bool {
        self.full_at <= self.last_tick
    }

    /// Everything was read because it was due.
    pub fn full_done(&mut self) {
        while self.full_at <= self.last_tick {
            self.full_at += DAY;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn everything_lies_on_the_grid() {
        let mut schedule = Schedule::new(seconds(100), None, 0);
        assert!(schedule.is_contact_due());
        assert!(!schedule.advance(seconds(129)));
        assert!(schedule.advance(seconds(131)));
        assert_eq!(schedule.next_tick(), seconds(160));
        schedule.contact_after(seconds(45));
        let mut contacts = 0;
        for now in [160, 175, 190, 200] {
            if schedule.advance(seconds(now)) && schedule.is_contact_due() {
                assert_eq!(now, 190);
                contacts += 1;
            }
        }
        assert_eq!(contacts, 1);
    }

    #[test]
    fn full_passes_are_a_day_apart_and_spread() {
        let mut schedule = Schedule::new(seconds(0), None, u32::MAX / 2);
        let mut passes = Vec::new();
        for tick in 1..=2880 * 3 {
            assert!(schedule.advance(seconds(30 * tick)));
            if schedule.is_full_due() {
                schedule.full_done();
                passes.push(tick);
            }
        }
        assert_eq!(passes, [2160, 2160 + 2880, 2160 + 2 * 2880]);
        for (spread, hours) in [(0, 12), (u32::MAX, 24)] {
            let mut schedule = Schedule::new(seconds(0), None, spread);
            schedule.advance(seconds(hours * 3600 - 30));
            assert!(!schedule.is_full_due());
            schedule.advance(seconds(hours * 3600));
            assert!(schedule.is_full_due());
        }
    }

    #[test]
    fn a_machine_that_slept_for_days_wakes_to_one_tick() {
        let mut schedule = Schedule::new(seconds(0), None, 0);
        schedule.contact_after(seconds(900));
        assert!(schedule.advance(seconds(300_010)));
        assert!(schedule.is_contact_due() && schedule.is_full_due());
        schedule.full_done();
        assert!(!schedule.is_full_due());
        assert_eq!(schedule.next_tick(), seconds(300_030));
    }

    #[test]
    fn short_intervals_shorten_the_ticks() {
        let schedule = Schedule::new(seconds(0), Some(seconds(1)), 0);
        assert_eq!(schedule.next_tick(), seconds(1));
        let schedule = Schedule::new(seconds(0), Some(seconds(60)), 0);
        assert_eq!(schedule.next_tick(), TICK);
    }
}
