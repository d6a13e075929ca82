//! Belfort's storage: the only place with SQL.
//!
//! What this crate is: one trait, [`Store`], over embedded SQLite and over PostgreSQL. What it is
//! not: it derives nothing; rules live in `belfort-model` and `belfort-assess`.
//!
//! Invariants: one method is one transaction. A method that changes something a person or program
//! asked for takes an [`Audit`] and writes it into the hash-chained log in that same transaction. A
//! call that returned `Ok` is durable. Calls block: asynchronous callers use a blocking thread.

mod advisories;
#[cfg(test)]
#[cfg(unix)]
mod conformance;
mod driver;
pub mod idempotency;
mod migration;
pub mod monthly;
mod open;
pub mod people;
mod pool;
mod postgres;
pub mod record;
mod registry;
pub mod retention;
mod search;
mod software;
mod sql;
mod sqlite;
mod url;
mod value;
mod workflow;

use std::collections::{BTreeMap, HashMap};

use belfort_model::access::Scope;
use belfort_model::agent::{Agent, EnrolmentToken};
use belfort_model::asset::Asset;
use belfort_model::classification::Classification;
use belfort_model::data_set::{DataLink, DataSet};
use belfort_model::evidence::EvidenceKind;
use belfort_model::finding::FindingChanges;
use belfort_model::id::{AgentId, ApiTokenId, AssetId, TokenId, UnitId};
use belfort_model::ownership::Ownership;
use belfort_model::risk::Risk;
use belfort_model::software::Installation;
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;

use record::{
    ApiToken, AssetDetail, AssetExtra, AssetFilter, AssetSection, AssetSummary, Audit, AuditRecord,
    ChangeRecord, CheckIn, DeviceFigures, Enrolled, Enrolment, EvaluationCommit, EvaluationInput,
    FindingFilter, FindingSummary, Health, NewRisk, Overview, PackageRef, Page, Paged,
    ReportCommit, ReportOutcome, RiskFilter, RiskScope, RiskSummary, SectionBlob, SectionKey,
    UnitTally, User,
};

pub use advisories::AdvisoryStore;
pub use open::{create, open};
pub use people::PeopleStore;
pub use registry::RegistryStore;
pub use search::SearchStore;
pub use software::SoftwareStore;
pub use url::{DatabaseUrl, PostgresUrl};
pub use workflow::WorkflowStore;

/// Why a call failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or opened.
    #[error("database is not available: {0}")]
    Unavailable(String),
    /// The database says its disk is full or read-only.
    #[error("database cannot be written: {0}")]
    NotWritable(String),
    /// What was asked for is not there.
    #[error("{what} `{id}` does not exist")]
    NotFound {
        /// Kind of thing.
        what: &'static str,
        /// What was asked for.
        id: String,
    },
    /// Something with this name or key exists already.
    #[error("{what} `{id}` exists already")]
    Exists {
        /// Kind of thing.
        what: &'static str,
        /// Its name or key.
        id: String,
    },
    /// Somebody else changed it meanwhile: read again and repeat.
    #[error("{what} `{id}` was changed meanwhile")]
    Conflict {
        /// Kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The request breaks a rule of the registry.
    #[error("{0}")]
    Refused(String),
    /// The database was written by a newer Belfort.
    #[error(
        "database has schema version {found}, this Belfort knows up to {known}: install the newer version"
    )]
    Newer {
        /// Version found.
        found: i64,
        /// Newest version known here.
        known: i64,
    },
    /// The database holds something this version cannot read.
    #[error("{what} in the database cannot be read: {reason}")]
    Corrupt {
        /// Where.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The database refused a statement.
    #[error("database error while {doing}: {reason}")]
    Database {
        /// Which step.
        doing: &'static str,
        /// What the database said.
        reason: String,
    },
}

/// The hash of a record of the audit log that follows another, for whoever proves the chain without the
/// database. The first record follows 32 zero bytes.
pub fn audit_hash(previous: [u8; 32], record: &AuditRecord) -> [u8; 32] {
    sql::audit_hash(previous, record)
}

/// Result of a call.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The store. See the crate's documentation for what holds for every method.
pub trait Store:
    AdvisoryStore
    + idempotency::IdempotencyStore
    + retention::RetentionStore
    + monthly::MonthlyStore
    + WorkflowStore
    + RegistryStore
    + people::PeopleStore
    + monthly::MonthlyStore
    + SoftwareStore
    + SearchStore
    + AdvisoryStore
    + Send
    + Sync
    + 'static
{
    // -- housekeeping ---------------------------------------------------------------------------

    /// Whether the database answers and can be written, and which schema it has.
    fn health(&self) -> Result<Health>;
    /// Lets the database look again at how much its tables hold. To be called now and then: how it finds rows
    /// rests on it, and takes much longer when a register has grown from empty to large meanwhile.
    fn refresh_statistics(&self) -> Result<()>;
    /// Counts for the overview, over assets of these units that are in service.
    fn overview(&self, scope: &Scope, now: Timestamp) -> Result<Overview>;
    /// How many devices of these units report, and of how many the agent was last seen before a moment.
    fn device_figures(
        &self,
        scope: &Scope,
        now: Timestamp,
        unseen_before: Timestamp,
    ) -> Result<DeviceFigures>;
    /// The audit log, newest first.
    fn audit_list(&self, page: Page) -> Result<Paged<AuditRecord>>;
    /// Recomputes the chain of the audit log; answers how many records hold, or the sequence number
    /// of the first that does not.
    fn audit_verify(&self) -> Result<std::result::Result<u64, u64>>;
    /// Adds a record that belongs to no change, for example a view of personal data.
    fn audit_add(&self, audit: &Audit) -> Result<()>;

    // -- users ----------------------------------------------------------------------------------

    /// Adds a user. `Exists` when the name is taken.
    fn user_insert(&self, user: &User, audit: &Audit) -> Result<()>;
    /// All users, by name.
    fn user_list(&self) -> Result<Vec<User>>;
    /// Adds an API token of a user, by the SHA-256 of its secret.
    fn api_token_insert(
        &self,
        token: &ApiToken,
        secret_sha256: [u8; 32],
        audit: &Audit,
    ) -> Result<()>;
    /// The API token with this secret and its user; also when it is revoked or expired.
    fn api_token_find(&self, secret_sha256: [u8; 32]) -> Result<Option<(ApiToken, User)>>;
    /// All API tokens, newest first.
    fn api_token_list(&self) -> Result<Vec<ApiToken>>;
    /// Revokes an API token. Revoking twice changes nothing.
    fn api_token_revoke(&self, id: ApiTokenId, audit: &Audit) -> Result<()>;

    // -- units ----------------------------------------------------------------------------------

    /// Adds a unit. `Exists` when the code is taken, `NotFound` for an unknown parent.
    fn unit_insert(&self, unit: &OrgUnit, audit: &Audit) -> Result<()>;
    /// All units, by code.
    fn unit_list(&self) -> Result<Vec<OrgUnit>>;
    /// How far units are with what they own, within the scope; units that own nothing are left out.
    fn unit_tallies(&self, scope: &Scope) -> Result<Vec<UnitTally>>;
    /// The function that answers for most of what a unit owns, for units within the scope of which some
    /// owner names one.
    fn unit_contacts(&self, scope: &Scope) -> Result<BTreeMap<UnitId, String>>;
    /// The unit with this code, whatever its case.
    fn unit_by_code(&self, code: &str) -> Result<Option<OrgUnit>>;

    // -- enrolment and agents -------------------------------------------------------------------

    /// Adds an enrolment token, by the SHA-256 of its secret.
    fn token_insert(
        &self,
        token: &EnrolmentToken,
        secret_sha256: [u8; 32],
        audit: &Audit,
    ) -> Result<()>;
    /// All enrolment tokens, newest first.
    fn token_list(&self) -> Result<Vec<EnrolmentToken>>;
    /// Revokes an enrolment token. Revoking twice changes nothing.
    fn token_revoke(&self, id: TokenId, audit: &Audit) -> Result<()>;
    /// Admits a device: checks and uses up the token, decides by `belfort_model::evidence::resolve`
    /// which asset the machine is (a new one otherwise), supersedes other active agents of a
    /// recognised asset, and adds the agent — all or nothing.
    ///
    /// The same key with the same token again gives the same agent and uses nothing up, also past the
    /// token's last use and end, but not once it was revoked.
    fn enrol(&self, enrolment: &Enrolment) -> Result<Enrolled>;
    /// One agent.
    fn agent_get(&self, id: AgentId) -> Result<Option<Agent>>;
    /// The agent with this public key, newest first when several had it.
    fn agent_by_key(&self, key_sha256: [u8; 32]) -> Result<Option<Agent>>;
    /// All agents, newest first.
    fn agent_list(&self, page: Page) -> Result<Paged<Agent>>;
    /// Revokes an agent. Revoking twice changes nothing.
    fn agent_revoke(&self, id: AgentId, audit: &Audit) -> Result<()>;
    /// Every agent whose key is not honoured any more.
    fn agent_revocations(&self) -> Result<Vec<AgentId>>;
    /// Notes the agent's new certificate (and key, when it changed). `Refused` unless it is active.
    fn agent_certificate_set(
        &self,
        id: AgentId,
        key_sha256: [u8; 32],
        serial: &str,
        not_after: Timestamp,
    ) -> Result<()>;

    // -- reports --------------------------------------------------------------------------------

    /// Notes a check-in: agent and asset were seen, clock and version. Answers the root the collector
    /// holds for the asset. `Refused` unless the agent is active.
    fn check_in(&self, agent: AgentId, check_in: &CheckIn) -> Result<Option<[u8; 32]>>;
    /// Which of these sections no machine has sent yet.
    fn sections_missing(&self, keys: &[SectionKey]) -> Result<Vec<SectionKey>>;
    /// The content of sections, in the order asked; a missing one is left out.
    fn section_get(&self, hashes: &[[u8; 32]]) -> Result<Vec<SectionBlob>>;
    /// The sections an asset holds now, by kind.
    fn asset_sections(&self, asset: AssetId) -> Result<Vec<AssetSection>>;
    /// Replaces the asset's sections by a report, with facts, evidence and changes — all or nothing.
    /// New sections are stored once for all machines.
    fn report_commit(&self, report: &ReportCommit) -> Result<ReportOutcome>;

    // -- registry -------------------------------------------------------------------------------

    /// Assets that match, by name.
    fn asset_list(&self, filter: &AssetFilter, page: Page) -> Result<Paged<AssetSummary>>;
    /// The ids of all assets that match, in the order of the list: for a file of them, of which each part
    /// is then read without looking for the ones before.
    fn asset_ids(&self, filter: &AssetFilter) -> Result<Vec<AssetId>>;
    /// Lines of the list of these assets, in this order; those that are gone are left out. At most a few
    /// thousand at once.
    fn asset_rows(&self, ids: &[AssetId]) -> Result<Vec<AssetSummary>>;
    /// What a list can say of these assets beside their lines; at most a few thousand at once.
    fn asset_extras(&self, ids: &[AssetId]) -> Result<HashMap<AssetId, AssetExtra>>;
    /// Installed packages of an ecosystem that have one of these names or come from a source with one.
    fn packages_from(
        &self,
        ecosystem: &str,
        names: &[String],
    ) -> Result<Vec<(PackageRef, Installation)>>;
    /// One asset with all that belongs to it.
    fn asset_get(&self, id: AssetId) -> Result<Option<AssetDetail>>;
    /// Assets whose name (whatever its case) or whose id's beginning this is; at most 20.
    fn asset_find(&self, text: &str) -> Result<Vec<AssetSummary>>;
    /// What changed on an asset, newest first.
    fn asset_history(&self, id: AssetId, page: Page) -> Result<Paged<ChangeRecord>>;
    /// Assets that share a piece of hardware evidence with this one.
    fn asset_sharing_evidence(&self, id: AssetId) -> Result<Vec<(AssetId, EvidenceKind)>>;
    /// Adds an asset that no agent reports.
    fn asset_insert(&self, asset: &Asset, audit: &Audit) -> Result<()>;
    /// Makes this the active ownership in its role; the one before ends at its beginning.
    fn owner_set(&self, ownership: &Ownership, audit: &Audit) -> Result<()>;
    /// Makes this the classification of its subject; earlier ones are kept. A proposal stands aside
    /// until it is confirmed, when something was decided before.
    fn classification_set(&self, classification: &Classification, audit: &Audit) -> Result<()>;
    /// Adds a data set as an asset.
    fn data_set_insert(&self, asset: &Asset, data_set: &DataSet, audit: &Audit) -> Result<()>;
    /// Adds a link. Adding it twice changes nothing; `Refused` when the target is neither a data set
    /// nor an application, or the link would make a circle.
    fn data_link_insert(&self, link: &DataLink, audit: &Audit) -> Result<()>;

    // -- evaluation -----------------------------------------------------------------------------

    /// Assets whose evaluation is due, longest due first. One out of service is due only while something is
    /// wrong with it, after a change, and when it was seen since.
    fn evaluation_due(&self, now: Timestamp, limit: u32) -> Result<Vec<AssetId>>;
    /// How many assets [`evaluation_due`](Self::evaluation_due) would list, and how many there are.
    fn evaluation_waiting(&self, now: Timestamp) -> Result<(u64, u64)>;
    /// All an evaluation of one asset needs, read at one moment.
    fn evaluation_input(&self, asset: AssetId) -> Result<Option<EvaluationInput>>;
    /// Writes the result of an evaluation, unless the asset changed since the input was read: then
    /// nothing is written and it stays due. When the asset
    /// changed since the input was read, it stays due.
    fn evaluation_commit(&self, commit: &EvaluationCommit, changes: &FindingChanges) -> Result<()>;
    /// Makes every asset due, for example after the catalogue changed.
    fn evaluation_request_all(&self) -> Result<()>;
    /// Makes every unit's risks due: some changes, as the closing of a forgotten proposal, come with time
    /// alone.
    fn risk_request_all(&self) -> Result<()>;
    /// Units (and none, for assets without an owner) whose risks are due.
    fn risk_due(&self, limit: u32) -> Result<Vec<Option<UnitId>>>;
    /// All an evaluation of one unit's risks needs, read at one moment.
    fn risk_scope(&self, unit: Option<UnitId>) -> Result<RiskScope>;
    /// Writes the result of a unit's evaluation: new entries get their reference here, changed ones
    /// are checked by version. When the unit changed since `generation`, it stays due.
    fn risk_commit(
        &self,
        unit: Option<UnitId>,
        generation: u64,
        new: &[NewRisk],
        changed: &[Risk],
    ) -> Result<()>;

    // -- findings and risks -----------------------------------------------------------------------

    /// Findings that match: open ones first, then newest first.
    fn finding_list(&self, filter: &FindingFilter, page: Page) -> Result<Paged<FindingSummary>>;
    /// Risks that match: highest current severity first, then by reference.
    fn risk_list(&self, filter: &RiskFilter, page: Page) -> Result<Paged<RiskSummary>>;
    /// One risk by its reference, whatever its case.
    fn risk_get(&self, reference: &str) -> Result<Option<RiskSummary>>;
}
