//! The store over any database: each method is one transaction of the room it belongs to.

/// Declares methods that run one function of a room in one transaction.
macro_rules! methods {
    ($($mode:ident $room:ident::$name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)+) => {$(
        fn $name(&self, $($arg: $type),*) -> Result<$answer> {
            self.driver.$mode(stringify!($name), |tx| $room::$name(tx $(, $arg)*))
        }
    )+};
}
// Rooms of their own declare the methods of their part of the store with it.
pub(crate) use methods;

pub(crate) use audit::chained as audit_hash;

pub(crate) mod advisory;
mod agent;
mod asset;
pub(crate) mod asset_edit;
mod audit;
pub(crate) mod class;
mod detail;
pub(crate) mod enrol;
mod evaluation;
pub(crate) mod evidence;
pub(crate) mod exception;
pub(crate) mod finding;
mod health;
pub(crate) mod idempotency;
pub(crate) mod import;
pub(crate) mod incident;
pub(crate) mod kpi;
pub(crate) mod link;
pub(crate) mod meeting;
pub(crate) mod monthly;
pub(crate) mod owner;
pub(crate) mod people;
mod report;
pub(crate) mod retention;
pub(crate) mod risk;
pub(crate) mod rule;
pub(crate) mod search;
mod section;
pub(crate) mod software;
pub(crate) mod suppression;
mod tally;
mod token;
pub(crate) mod unit;
mod user;

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

use crate::driver::Driver;
use crate::record::{
    ApiToken, AssetDetail, AssetExtra, AssetFilter, AssetSection, AssetSummary, Audit, AuditRecord,
    ChangeRecord, CheckIn, DeviceFigures, Enrolled, Enrolment, EvaluationCommit, EvaluationInput,
    FindingFilter, FindingSummary, Health, NewRisk, Overview, PackageRef, Page, Paged,
    ReportCommit, ReportOutcome, RiskFilter, RiskScope, RiskSummary, SectionBlob, SectionKey,
    UnitTally, User,
};
use crate::{Result, Store};

/// The store over one database.
pub(crate) struct SqlStore<D> {
    pub(crate) driver: D,
}

impl<D: Driver> SqlStore<D> {
    pub(crate) fn new(driver: D) -> Self {
        Self { driver }
    }
}

impl<D: Driver> Store for SqlStore<D> {
    fn refresh_statistics(&self) -> Result<()> {
        self.driver.refresh_statistics()
    }

    methods! {
        write health::health() -> Health;
        read health::overview(scope: &Scope, now: Timestamp) -> Overview;
        read health::device_figures(scope: &Scope, now: Timestamp, unseen_before: Timestamp)
            -> DeviceFigures;
        read audit::audit_list(page: Page) -> Paged<AuditRecord>;
        read audit::audit_verify() -> std::result::Result<u64, u64>;
        write audit::audit_add(audit: &Audit) -> ();

        write user::user_insert(user: &User, audit: &Audit) -> ();
        read user::user_list() -> Vec<User>;
        write user::api_token_insert(token: &ApiToken, secret_sha256: [u8; 32], audit: &Audit) -> ();
        read user::api_token_find(secret_sha256: [u8; 32]) -> Option<(ApiToken, User)>;
        read user::api_token_list() -> Vec<ApiToken>;
        write user::api_token_revoke(id: ApiTokenId, audit: &Audit) -> ();

        write unit::unit_insert(unit: &OrgUnit, audit: &Audit) -> ();
        read unit::unit_list() -> Vec<OrgUnit>;
        read tally::unit_tallies(scope: &Scope) -> Vec<UnitTally>;
        read tally::unit_contacts(scope: &Scope) -> BTreeMap<UnitId, String>;
        read unit::unit_by_code(code: &str) -> Option<OrgUnit>;

        write token::token_insert(
            token: &EnrolmentToken,
            secret_sha256: [u8; 32],
            audit: &Audit
        ) -> ();
        read token::token_list() -> Vec<EnrolmentToken>;
        write token::token_revoke(id: TokenId, audit: &Audit) -> ();
        write enrol::enrol(enrolment: &Enrolment) -> Enrolled;
        read agent::agent_get(id: AgentId) -> Option<Agent>;
        read agent::agent_by_key(key_sha256: [u8; 32]) -> Option<Agent>;
        read agent::agent_list(page: Page) -> Paged<Agent>;
        write agent::agent_revoke(id: AgentId, audit: &Audit) -> ();
        read agent::agent_revocations() -> Vec<AgentId>;
        write agent::agent_certificate_set(
            id: AgentId,
            key_sha256: [u8; 32],
            serial: &str,
            not_after: Timestamp
        ) -> ();

        write agent::check_in(agent: AgentId, check_in: &CheckIn) -> Option<[u8; 32]>;
        read section::sections_missing(keys: &[SectionKey]) -> Vec<SectionKey>;
        read section::section_get(hashes: &[[u8; 32]]) -> Vec<SectionBlob>;
        read section::asset_sections(asset: AssetId) -> Vec<AssetSection>;
        write report::report_commit(report: &ReportCommit) -> ReportOutcome;

        read asset::asset_list(filter: &AssetFilter, page: Page) -> Paged<AssetSummary>;
        read asset::asset_ids(filter: &AssetFilter) -> Vec<AssetId>;
        read asset::asset_rows(ids: &[AssetId]) -> Vec<AssetSummary>;
        read asset::asset_extras(ids: &[AssetId]) -> HashMap<AssetId, AssetExtra>;
        read asset::packages_from(
            ecosystem: &str,
            names: &[String]
        ) -> Vec<(PackageRef, Installation)>;
        read detail::asset_get(id: AssetId) -> Option<AssetDetail>;
        read asset::asset_find(text: &str) -> Vec<AssetSummary>;
        read detail::asset_history(id: AssetId, page: Page) -> Paged<ChangeRecord>;
        read evidence::asset_sharing_evidence(id: AssetId) -> Vec<(AssetId, EvidenceKind)>;
        write asset::asset_insert(asset: &Asset, audit: &Audit) -> ();
        write owner::owner_set(ownership: &Ownership, audit: &Audit) -> ();
        write class::classification_set(classification: &Classification, audit: &Audit) -> ();
        write link::data_set_insert(asset: &Asset, data_set: &DataSet, audit: &Audit) -> ();
        write link::data_link_insert(link: &DataLink, audit: &Audit) -> ();

        read evaluation::evaluation_due(now: Timestamp, limit: u32) -> Vec<AssetId>;
        read evaluation::evaluation_waiting(now: Timestamp) -> (u64, u64);
        read evaluation::evaluation_input(asset: AssetId) -> Option<EvaluationInput>;
        write evaluation::evaluation_commit(
            commit: &EvaluationCommit,
            changes: &FindingChanges
        ) -> ();
        write evaluation::evaluation_request_all() -> ();
        write risk::risk_request_all() -> ();
        read risk::risk_due(limit: u32) -> Vec<Option<UnitId>>;
        read risk::risk_scope(unit: Option<UnitId>) -> RiskScope;
        write risk::risk_commit(
            unit: Option<UnitId>,
            generation: u64,
            new: &[NewRisk],
            changed: &[Risk]
        ) -> ();

        read finding::finding_list(filter: &FindingFilter, page: Page) -> Paged<FindingSummary>;
        read risk::risk_list(filter: &RiskFilter, page: Page) -> Paged<RiskSummary>;
        read risk::risk_get(reference: &str) -> Option<RiskSummary>;
    }
}
