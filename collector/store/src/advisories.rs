//! Advisory data: imported in pieces, put in place at once.

use belfort_model::advisory::{
    AdvisorySource, Affected, CveFact, CveId, Record, ReleaseCycle, Suppression,
};
use belfort_model::id::{AssetId, SuppressionId};
use belfort_model::time::Timestamp;

use crate::Result;
use crate::driver::Driver;
use crate::record::{Audit, CveReport, LoadId, Page, Paged, StoredSource};
use crate::sql::{SqlStore, advisory, methods, suppression};

/// Advisory data and what is passed over.
///
/// An import is a load: begun, filled in pieces, and put in the place of the source's previous data at
/// once. Nobody sees a load that is not finished.
pub trait AdvisoryStore {
    /// Rises with every change of advisory data or suppressions.
    fn advisory_version(&self) -> Result<u64>;
    /// Sources with data, by name.
    fn advisory_sources(&self) -> Result<Vec<StoredSource>>;
    /// Begins a load, and clears away what was begun over six hours ago and never finished.
    fn advisory_begin(&self, now: Timestamp) -> Result<LoadId>;
    /// Adds records to a load; `first` is how many it has already.
    fn advisory_add(&self, load: LoadId, first: u64, records: &[Record]) -> Result<()>;
    /// Puts a load in the place of the source's previous data and makes every asset due. `Refused` when
    /// what is there is of a later moment, unless `force`.
    fn advisory_finish(
        &self,
        load: LoadId,
        source: &AdvisorySource,
        force: bool,
        audit: &Audit,
    ) -> Result<()>;
    /// Throws a load away.
    fn advisory_abandon(&self, load: LoadId) -> Result<()>;
    /// Packages of advisories of a load, in the order of its records, after that many.
    fn advisory_affected(
        &self,
        load: LoadId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, Affected)>>;
    /// What a load knows about vulnerabilities, by id, after this one.
    fn advisory_facts(&self, load: LoadId, after: i64, limit: u32) -> Result<Vec<CveFact>>;
    /// Releases of products of a load, newest first.
    fn advisory_cycles(&self, load: LoadId) -> Result<Vec<ReleaseCycle>>;
    /// Everything known about a vulnerability; of packages at most a thousand.
    fn advisory_of_cve(&self, cve: CveId) -> Result<CveReport>;
    /// Hash of the section of a kind that an asset holds.
    fn asset_section_of(&self, asset: AssetId, kind: i32) -> Result<Option<[u8; 32]>>;

    /// Adds a suppression and makes every asset due. `NotFound` for an unknown asset or unit.
    fn suppression_insert(&self, suppression: &Suppression, audit: &Audit) -> Result<()>;
    /// Suppressions, newest first; `active` leaves out those that do not hold at that moment.
    fn suppression_list(&self, active: Option<Timestamp>, page: Page)
    -> Result<Paged<Suppression>>;
    /// One suppression.
    fn suppression_get(&self, id: SuppressionId) -> Result<Option<Suppression>>;
    /// Ends a suppression and makes every asset due. Ending twice changes nothing.
    fn suppression_end(&self, id: SuppressionId, audit: &Audit) -> Result<()>;
}

impl<D: Driver> AdvisoryStore for SqlStore<D> {
    methods! {
        read advisory::advisory_version() -> u64;
        read advisory::advisory_sources() -> Vec<StoredSource>;
        write advisory::advisory_begin(now: Timestamp) -> LoadId;
        write advisory::advisory_add(load: LoadId, first: u64, records: &[Record]) -> ();
        write advisory::advisory_finish(
            load: LoadId,
            source: &AdvisorySource,
            force: bool,
            audit: &Audit
        ) -> ();
        write advisory::advisory_abandon(load: LoadId) -> ();
        read advisory::advisory_affected(load: LoadId, after: u64, limit: u32) -> Vec<(u64, Affected)>;
        read advisory::advisory_facts(load: LoadId, after: i64, limit: u32) -> Vec<CveFact>;
        read advisory::advisory_cycles(load: LoadId) -> Vec<ReleaseCycle>;
        read advisory::advisory_of_cve(cve: CveId) -> CveReport;
        read advisory::asset_section_of(asset: AssetId, kind: i32) -> Option<[u8; 32]>;

        write suppression::suppression_insert(suppression: &Suppression, audit: &Audit) -> ();
        read suppression::suppression_list(active: Option<Timestamp>, page: Page) -> Paged<Suppression>;
        read suppression::suppression_get(id: SuppressionId) -> Option<Suppression>;
        write suppression::suppression_end(id: SuppressionId, audit: &Audit) -> ();
    }
}
