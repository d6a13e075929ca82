//! What is not kept for ever.

use belfort_model::time::Timestamp;

use crate::Result;
use crate::driver::Driver;
use crate::record::Audit;
use crate::sql::{SqlStore, methods, retention};

/// Up to when what is over is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Sections that an agent's report replaced before this moment.
    pub sections: Timestamp,
    /// Changes before this moment.
    pub changes: Timestamp,
    /// Findings that were resolved before this moment.
    pub findings: Timestamp,
    /// Archived assets whose last step of the life cycle was before this moment.
    pub assets: Timestamp,
}

/// How much was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Sections of the past.
    pub sections: u64,
    /// Contents of sections that no asset holds or held any more.
    pub contents: u64,
    /// Changes.
    pub changes: u64,
    /// Findings.
    pub findings: u64,
    /// Assets, with all that belonged to them.
    pub assets: u64,
}

/// The part of the store that forgets.
pub trait RetentionStore {
    /// Erases a part of what is older, and says in the audit log how much; nothing when nothing is. Called
    /// until nothing is erased any more, so that nobody waits for long.
    fn retention_erase(&self, bounds: &Bounds, audit: &Audit) -> Result<Erased>;
}

impl<D: Driver> RetentionStore for SqlStore<D> {
    methods! {
        write retention::retention_erase(bounds: &Bounds, audit: &Audit) -> Erased;
    }
}
