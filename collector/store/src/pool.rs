//! A small pool of connections: made when needed, at most so many, kept for the next caller.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::{Result, StoreError};

/// How long a caller waits for a connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connections of one kind.
pub(crate) struct Pool<C> {
    state: Mutex<State<C>>,
    returned: Condvar,
    size: usize,
}

struct State<C> {
    idle: Vec<C>,
    /// Idle and lent together.
    made: usize,
}

impl<C> Pool<C> {
    pub(crate) fn new(size: usize) -> Self {
        let state = State { idle: Vec::new(), made: 0 };
        Self { state: Mutex::new(state), returned: Condvar::new(), size }
    }

    /// An idle connection or a new one; waits when all are lent.
    pub(crate) fn get(&self, make: impl FnOnce() -> Result<C>) -> Result<Lent<'_, C>> {
        let full = |state: &mut State<C>| state.idle.is_empty() && state.made >= self.size;
        let (mut state, wait) = self
            .returned
            .wait_timeout_while(self.lock(), PATIENCE, full)
            .unwrap_or_else(PoisonError::into_inner);
        if wait.timed_out() {
            let message = "all connections are in use".to_owned();
            return Err(StoreError::Unavailable(message));
        }
        if let Some(connection) = state.idle.pop() {
            return Ok(self.lend(Some(connection)));
        }
        state.made += 1;
        drop(state);
        // Made outside the lock; when that fails, dropping the loan gives its place back.
        let mut lent = self.lend(None);
        lent.connection = Some(make()?);
        Ok(lent)
    }

    /// Takes every idle connection out, for the caller to close.
    pub(crate) fn take_idle(&self) -> Vec<C> {
        let mut state = self.lock();
        state.made = state.made.saturating_sub(state.idle.len());
        std::mem::take(&mut state.idle)
    }

    fn lend(&self, connection: Option<C>) -> Lent<'_, C> {
        Lent { pool: self, connection }
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that goes back to its pool when dropped.
pub(crate) struct Lent<'a, C> {
    pool: &'a Pool<C>,
    connection: Option<C>,
}

impl<C> Lent<'_, C> {
    /// The connection; nothing once it was given up.
    pub(crate) fn get(&mut self) -> Result<&mut C> {
        let gone = || StoreError::Unavailable("connection was given up".to_owned());
        self.connection.as_mut().ok_or_else(gone)
    }

    /// Closes the connection instead of giving it back.
    pub(crate) fn give_up(&mut self) {
        self.connection = None;
    }
}

impl<C> Drop for Lent<'_, C> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        match self.connection.take() {
            // What was left in the middle of a transaction by a panic is not used again.
            Some(connection) if !std::thread::panicking() => state.idle.push(connection),
            _ => state.made = state.made.saturating_sub(1),
        }
        drop(state);
        self.pool.returned.notify_one();
    }
}
