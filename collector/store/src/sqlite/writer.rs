//! The one writer of a database file, with group commit.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rusqlite::Connection as Raw;

use super::Session;
use crate::driver::{Connection as _, Dialect, Tx};
use crate::{Result, StoreError};

/// Members of a group at most, so that the first one does not wait for long.
const GROUP: usize = 64;

/// The writer. Callers queue for it.
pub(super) struct Writer {
    state: Mutex<State>,
    /// Callers that wait for `state`: while there are any, one of them can commit for the group.
    queue: AtomicUsize,
}

struct State {
    connection: Raw,
    /// The open transaction.
    group: Option<Arc<Group>>,
    /// Callers whose changes are in it.
    members: usize,
}

/// Callers that wait for the same commit.
#[derive(Default)]
struct Group {
    outcome: Mutex<Option<Result<()>>>,
    known: Condvar,
}

impl Group {
    fn set(&self, outcome: Result<()>) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.known.notify_all();
    }

    fn wait(&self) -> Result<()> {
        let guard = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        let guard = self
            .known
            .wait_while(guard, |outcome| outcome.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        guard.clone().unwrap_or(Ok(()))
    }
}

impl Writer {
    pub(super) fn new(connection: Raw) -> Self {
        let state = State { connection, group: None, members: 0 };
        Self { state: Mutex::new(state), queue: AtomicUsize::new(0) }
    }

    pub(super) fn write<T>(
        &self,
        doing: &'static str,
        work: impl Fn(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        self.queue.fetch_add(1, Ordering::SeqCst);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.queue.fetch_sub(1, Ordering::SeqCst);
        let result = state.run(doing, work);
        let group = state.group.clone();
        if group.is_some() && (state.members >= GROUP || self.queue.load(Ordering::SeqCst) == 0) {
            state.commit(doing);
        }
        drop(state);
        // A refusal waits too: it may rest on what another member wrote, which a reader sees only then.
        let outcome = group.map_or(Ok(()), |group| group.wait());
        let value = result?;
        outcome.map(|()| value)
    }

    /// Runs statements outside a transaction.
    #[cfg(test)]
    #[cfg(unix)]
    pub(super) fn pragma(&self, sql: &str) {
        let state = self.state.lock().unwrap();
        state.connection.execute_batch(sql).unwrap();
    }
}

impl State {
    /// Runs one caller's work in the open transaction, or in a new one.
    fn run<T>(
        &mut self,
        doing: &'static str,
        work: impl Fn(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        if self.group.is_none() {
            self.session(doing).batch("BEGIN IMMEDIATE")?;
            self.group = Some(Arc::default());
            self.members = 0;
        }
        // The first one needs no savepoint: nobody else's work is lost with its own.
        let nested = self.members > 0;
        let mut session = Session { connection: &self.connection, doing };
        let result = catch_unwind(AssertUnwindSafe(|| {
            if nested {
                session.batch("SAVEPOINT member")?;
            }
            let value = work(&mut Tx::new(&mut session, Dialect::Sqlite))?;
            if nested {
                session.batch("RELEASE member")?;
            }
            Ok(value)
        }));
        match result {
            Ok(Ok(value)) => {
                self.members += 1;
                Ok(value)
            }
            Ok(Err(error)) => {
                self.undo(doing, nested, &error);
                Err(error)
            }
            Err(panic) => {
                let lost = StoreError::Unavailable("the writer was interrupted".to_owned());
                self.undo(doing, false, &lost);
                resume_unwind(panic)
            }
        }
    }

    /// Takes back one caller's work; all of the group's when the database has already done so.
    fn undo(&mut self, doing: &'static str, nested: bool, error: &StoreError) {
        let taken_back = nested
            && !self.connection.is_autocommit()
            && self.session(doing).batch("ROLLBACK TO member; RELEASE member").is_ok();
        if taken_back {
            return;
        }
        if !self.connection.is_autocommit() {
            // Fails only when the transaction is gone, which is what is asked for.
            let _gone = self.session(doing).batch("ROLLBACK");
        }
        if let Some(group) = self.group.take() {
            group.set(Err(error.clone()));
        }
    }

    fn commit(&mut self, doing: &'static str) {
        let outcome = self.session(doing).batch("COMMIT");
        if outcome.is_err() && !self.connection.is_autocommit() {
            // As above.
            let _gone = self.session(doing).batch("ROLLBACK");
        }
        if let Some(group) = self.group.take() {
            group.set(outcome);
        }
    }

    fn session(&self, doing: &'static str) -> Session<'_> {
        Session { connection: &self.connection, doing }
    }
}
