//! Calls that may be repeated without being carried out twice.

use belfort_model::time::Timestamp;

use crate::Result;
use crate::driver::Driver;
use crate::sql::{SqlStore, idempotency, methods};

/// A call that carried an idempotency key.
#[derive(Clone, Debug)]
pub struct IdempotentCall {
    /// Who called: a hash of what the caller identified itself with.
    pub caller: [u8; 32],
    /// The key the caller chose.
    pub key: String,
    /// A hash over method, address and body.
    pub request: [u8; 32],
    /// When.
    pub at: Timestamp,
}

/// What was answered to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// HTTP status.
    pub status: u16,
    /// Media type; nothing for an answer without a body.
    pub content_type: Option<String>,
    /// The body; nothing when it is not kept: it held a secret, which is shown only once, or is large.
    pub body: Option<Vec<u8>>,
}

/// Whether a call is to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdempotencyState {
    /// Nobody carried it out yet; it now counts as under way.
    New,
    /// It is under way.
    Running,
    /// It was carried out and answered so.
    Done(KeptAnswer),
    /// The key was used for another call.
    Different,
}

/// The part of the store for calls that may be repeated.
pub trait IdempotencyStore {
    /// Notes that a call begins, unless it is known. One that began longer ago than `stale` and has no
    /// answer was interrupted, and begins anew.
    fn idempotent_begin(&self, call: &IdempotentCall, stale: Timestamp)
    -> Result<IdempotencyState>;
    /// Says that a call is still under way.
    fn idempotent_renew(&self, call: &IdempotentCall, now: Timestamp) -> Result<()>;
    /// Keeps the answer.
    fn idempotent_end(&self, call: &IdempotentCall, answer: &KeptAnswer) -> Result<()>;
    /// Forgets a call that failed, so that it can be repeated.
    fn idempotent_forget(&self, call: &IdempotentCall) -> Result<()>;
    /// Forgets what is older; answers how many.
    fn idempotent_purge(&self, before: Timestamp) -> Result<u64>;
}

impl<D: Driver> IdempotencyStore for SqlStore<D> {
    methods! {
        write idempotency::idempotent_begin(
            call: &IdempotentCall,
            stale: Timestamp
        ) -> IdempotencyState;
        write idempotency::idempotent_renew(call: &IdempotentCall, now: Timestamp) -> ();
        write idempotency::idempotent_end(call: &IdempotentCall, answer: &KeptAnswer) -> ();
        write idempotency::idempotent_forget(call: &IdempotentCall) -> ();
        write idempotency::idempotent_purge(before: Timestamp) -> u64;
    }
}
