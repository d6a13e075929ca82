//! Finding things by what people know of them.

use belfort_model::access::Scope;

use crate::Result;
use crate::driver::Driver;
use crate::record::{CarriedBy, FindingSummary};
use crate::sql::{SqlStore, methods, search};

/// Search. What holds for [`crate::Store`] holds here; everything answers at most `limit`.
pub trait SearchStore {
    /// Assets with hardware evidence that begins with this text, as evidence is written: a serial number,
    /// a burnt-in address. By name.
    fn search_evidence(&self, text: &str, scope: &Scope, limit: u32) -> Result<Vec<CarriedBy>>;
    /// Assets whose last report has this IP address, by name.
    fn search_address(&self, address: &str, scope: &Scope, limit: u32) -> Result<Vec<CarriedBy>>;
    /// Open findings that name this in what they rest on, whole and as it is written, newest first.
    fn search_findings(&self, text: &str, scope: &Scope, limit: u32)
    -> Result<Vec<FindingSummary>>;
}

impl<D: Driver> SearchStore for SqlStore<D> {
    methods! {
        read search::search_evidence(text: &str, scope: &Scope, limit: u32) -> Vec<CarriedBy>;
        read search::search_address(address: &str, scope: &Scope, limit: u32) -> Vec<CarriedBy>;
        read search::search_findings(text: &str, scope: &Scope, limit: u32) -> Vec<FindingSummary>;
    }
}
