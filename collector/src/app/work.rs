//! Work that takes long: what was begun, how far it is, and how it ended.
//!
//! It is kept in memory alone: whether something was written, the register and the audit log say.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use belfort_model::id::UserId;
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use uuid::Uuid;

use super::access::{Actor, Right};
use super::{App, Result};

/// How much is remembered.
const KEPT: usize = 100;
/// How much goes on at once.
const AT_ONCE: usize = 4;

/// How far something is.
#[derive(Debug, Default)]
pub struct Progress {
    total: AtomicU64,
    done: AtomicU64,
    writing: AtomicBool,
}

impl Progress {
    /// So many are to be looked at.
    pub fn begin(&self, total: usize) {
        self.total.store(total as u64, Ordering::Relaxed);
    }

    /// One more was looked at.
    pub fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// All were looked at; what follows is written, whole or not at all.
    pub fn write(&self) {
        self.writing.store(true, Ordering::Relaxed);
    }

    /// How many were looked at, of how many; nothing of the second while that is not known.
    pub fn seen(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Whether it is being written.
    pub fn is_writing(&self) -> bool {
        self.writing.load(Ordering::Relaxed)
    }
}

/// Something that takes long.
#[derive(Debug)]
pub struct Work {
    /// Its id.
    pub id: Uuid,
    /// Who began it. Nobody else sees it.
    pub user: UserId,
    /// What it is: the end of the key of its text.
    pub kind: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// Where what it made is seen.
    pub after: &'static str,
    /// How far it is.
    pub progress: Progress,
    outcome: Mutex<Option<std::result::Result<(), String>>>,
}

impl Work {
    /// How it ended: why not, where it failed; nothing while it goes on.
    pub fn outcome(&self) -> Option<std::result::Result<(), String>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// It ended.
    pub fn end(&self, outcome: std::result::Result<(), String>) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }
}

/// All of it, the newest first.
#[derive(Debug, Default)]
pub struct Works(Mutex<VecDeque<Arc<Work>>>);

impl Works {
    /// Begins something for somebody.
    pub fn begin(
        &self,
        user: UserId,
        kind: &'static str,
        after: &'static str,
        now: Timestamp,
    ) -> Result<Arc<Work>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running = |work: &&Arc<Work>| work.outcome().is_none();
        let refuse = |reason: &str| Err(StoreError::Refused(reason.to_owned()).into());
        if all.iter().filter(running).any(|work| work.user == user) {
            return refuse("something of yours is still going on: wait until it has ended");
        }
        if all.iter().filter(running).count() >= AT_ONCE {
            return refuse("too much is going on at this moment: try again in a minute");
        }
        let work = Arc::new(Work {
            id: Uuid::now_v7(),
            user,
            kind,
            since: now,
            after,
            progress: Progress::default(),
            outcome: Mutex::default(),
        });
        all.push_front(work.clone());
        all.truncate(KEPT);
        Ok(work)
    }

    /// What somebody began, the newest first.
    pub fn of(&self, user: UserId) -> Vec<Arc<Work>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|work| work.user == user).cloned().collect()
    }
}

impl App {
    /// How many assets wait for an evaluation, and how many there are.
    pub fn evaluation_waiting(&self, actor: &Actor, now: Timestamp) -> Result<(u64, u64)> {
        actor.require(Right::Read)?;
        Ok(self.store.evaluation_waiting(now)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_at_a_time_and_nobody_sees_that_of_others() {
        let works = Works::default();
        let [mine, yours] = [1, 2].map(|id| UserId(Uuid::from_u128(id)));
        let begin = |user| works.begin(user, "import", "/assets", Timestamp(0));
        let work = begin(mine).unwrap();
        assert!(begin(mine).unwrap_err().to_string().contains("still going on"));
        begin(yours).unwrap();
        assert_eq!(works.of(mine).len(), 1);
        work.progress.begin(2);
        work.progress.step();
        assert_eq!((work.progress.seen(), work.progress.is_writing()), ((1, 2), false));
        work.end(Err("no".to_owned()));
        assert_eq!(work.outcome(), Some(Err("no".to_owned())));
        begin(mine).unwrap();
        for id in 3..5 {
            begin(UserId(Uuid::from_u128(id))).unwrap();
        }
        assert!(begin(UserId(Uuid::from_u128(9))).unwrap_err().to_string().contains("too much"));
    }
}
