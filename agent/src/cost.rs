//! What the agent costs: each probe at its last run, and the whole since it was started.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use belfort_agent_sys::files::Reads;
use belfort_agent_sys::process;
use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section;
use serde::{Deserialize, Serialize};

use crate::exchange::unix_ms;
use crate::probe::Host;
use crate::watch::Unwatched;

/// What one run of a probe cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Processor time.
    pub cpu: Duration,
    /// Time from begin to end.
    pub wall: Duration,
    /// What was read. What one probe reads for several counts for the first.
    pub reads: Reads,
    /// Sources that were absent, denied or failed.
    pub outcomes: usize,
}

/// A run that has begun.
#[derive(Debug)]
pub struct Begun {
    cpu: Duration,
    wall: Instant,
    reads: Reads,
}

impl Measure {
    /// Begins to measure.
    pub fn begin(host: &Host) -> Begun {
        Begun { cpu: process::thread_cpu_time(), wall: Instant::now(), reads: host.root.reads() }
    }
}

impl Begun {
    /// Ends the measurement.
    pub fn end(&self, host: &Host, outcomes: usize) -> Measure {
        let reads = host.root.reads();
        Measure {
            cpu: process::thread_cpu_time().saturating_sub(self.cpu),
            wall: self.wall.elapsed(),
            reads: Reads {
                opens: reads.opens - self.reads.opens,
                bytes: reads.bytes - self.reads.bytes,
            },
            outcomes,
        }
    }
}

/// A section's account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionCosts {
    /// When it was last read, milliseconds since 1970-01-01 UTC.
    pub last_unix_ms: u64,
    /// How often it was read since the agent was started.
    pub runs: u64,
    /// Processor time of the last run, microseconds.
    pub cpu_us: u64,
    /// Duration of the last run, microseconds.
    pub wall_us: u64,
    /// Bytes of files read in the last run.
    pub bytes: u64,
    /// Files and directories opened and links read in the last run.
    pub opens: u64,
    /// Sources that were absent, denied or failed in the last run.
    pub outcomes: u64,
}

/// The account of a running agent, kept in its state for `status` and `doctor`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    /// Number of the process.
    pub process: u32,
    /// When it was started, milliseconds since 1970-01-01 UTC.
    pub started_unix_ms: u64,
    /// When this account was written, milliseconds since 1970-01-01 UTC.
    pub written_unix_ms: u64,
    /// Time since the first pass and delivery, milliseconds.
    pub watched_ms: u64,
    /// Processor time up to the end of the first pass and delivery, milliseconds.
    pub first_cpu_ms: u64,
    /// Processor time since it was started, milliseconds.
    pub cpu_ms: u64,
    /// Highest resident memory, bytes.
    pub peak_bytes: u64,
    /// Passes over everything.
    pub full_passes: u64,
    /// Directories watched.
    pub directories: u64,
    /// What could not be watched.
    pub unwatched: Vec<Unwatched>,
    /// Each section by name.
    pub sections: BTreeMap<String, SectionCosts>,
}

impl Costs {
    /// An account that begins now.
    pub fn new() -> Self {
        Self { process: std::process::id(), started_unix_ms: unix_ms(), ..Self::default() }
    }

    /// Adds a run of a probe.
    pub fn add(&mut self, kind: SectionKind, measure: &Measure) {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let costs = self.sections.entry(section::name(kind).to_owned()).or_default();
        *costs = SectionCosts {
            last_unix_ms: unix_ms(),
            runs: costs.runs + 1,
            cpu_us: micros(measure.cpu),
            wall_us: micros(measure.wall),
            bytes: measure.reads.bytes,
            opens: measure.reads.opens,
            outcomes: measure.outcomes as u64,
        };
    }

    /// Completes the account with what the system says about this process.
    pub fn close(&mut self, since_ready: Option<Duration>) {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.written_unix_ms = unix_ms();
        self.cpu_ms = millis(process::cpu_time());
        self.peak_bytes = process::peak_bytes("self");
        match since_ready {
            Some(time) => self.watched_ms = millis(time),
            None => self.first_cpu_ms = self.cpu_ms,
        }
    }

    /// Processor time that a day costs at this rate, milliseconds: what was used since the first pass,
    /// and one pass, since there is one each day. Nothing while it is too early to say.
    pub fn day_cpu_ms(&self) -> Option<u64> {
        const DAY_MS: u128 = 86_400_000;
        const ENOUGH_MS: u64 = 600_000;
        if self.watched_ms < ENOUGH_MS {
            return None;
        }
        let used = u128::from(self.cpu_ms.saturating_sub(self.first_cpu_ms));
        let rate = used * DAY_MS / u128::from(self.watched_ms);
        u64::try_from(rate + u128::from(self.first_cpu_ms)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_estimated_when_enough_is_known() {
        let mut costs = Costs { first_cpu_ms: 50, cpu_ms: 55, ..Costs::default() };
        costs.watched_ms = 599_999;
        assert_eq!(costs.day_cpu_ms(), None);
        costs.watched_ms = 864_000;
        assert_eq!(costs.day_cpu_ms(), Some(550));
    }

    #[test]
    fn runs_are_counted_and_the_last_one_is_kept() {
        let mut costs = Costs::new();
        let measure = |opens| Measure {
            cpu: Duration::from_micros(opens),
            reads: Reads { opens, bytes: 2 },
            ..Measure::default()
        };
        costs.add(SectionKind::System, &measure(3));
        costs.add(SectionKind::System, &measure(4));
        let system = costs.sections.get("system").unwrap();
        assert_eq!((system.runs, system.opens, system.cpu_us), (2, 4, 4));
    }
}
