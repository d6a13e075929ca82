//! What goes into the store and comes out of it, where a domain type alone does not say it.

mod advisory;
mod asset_list;
mod device;
mod evaluation;
mod monthly;
mod people;
mod registry;
mod search;
mod software;
mod workflow;

pub use people::*;

use std::collections::BTreeSet;

use belfort_model::access::{Right, RoleGrant, Scope};
use belfort_model::agent::Agent;
use belfort_model::asset::Asset;
use belfort_model::classification::{Classification, EffectiveClass};
use belfort_model::data_set::{DataLink, DataSet};
use belfort_model::evidence::Evidence;
use belfort_model::facts::DeviceFacts;
use belfort_model::finding::{Finding, FindingStatus};
use belfort_model::id::{ApiTokenId, AssetId, UnitId, UserId};
use belfort_model::ownership::Ownership;
use belfort_model::risk::{Risk, RiskState};
use belfort_model::scale::Level;
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;

pub use advisory::{CveReport, LoadId, StoredSource};
pub use asset_list::{
    AssetExtra, AssetFilter, AssetSort, ClassIs, OwnerIs, PackageRef, RiskIs, SoftwareWanted,
    VulnerableBy,
};
pub use device::{
    AssetSection, ChangeRecord, CheckIn, Enrolled, Enrolment, ReportCommit, ReportOutcome,
    SectionBlob, SectionKey, TokenRefusal,
};
pub use evaluation::{EvaluationCommit, EvaluationInput, NewRisk, RiskScope, ScopedAsset};
pub use monthly::{FindingAt, FindingCount, FrozenReport, KpiAsset, KpiDay, ResolvedFinding};
pub use registry::{Assigned, AssignedRecord, Erasure, ImportedAsset, RuleInput, Undone};
pub use search::CarriedBy;
pub use software::{
    InstalledFilter, InstalledOn, ListedPackage, PackageList, SoftwareFilter, SoftwareSort,
    SoftwareSummary, VersionCount,
};
pub use workflow::{ActionFilter, ActionSummary, ExceptionFilter, ExceptionSummary};

/// A part of a list.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// How many at most.
    pub limit: u32,
    /// How many to pass over.
    pub offset: u64,
}

impl Page {
    /// Everything.
    pub const ALL: Self = Self { limit: u32::MAX, offset: 0 };
}

/// A part of a list and the size of the whole.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    /// The part.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

/// Who did what, for the audit log.
#[derive(Clone, Debug)]
pub struct Audit {
    /// When.
    pub at: Timestamp,
    /// Who: a user's name, `cli:<operating-system account>` or `system`.
    pub actor: String,
    /// What, for example `owner.set`.
    pub action: &'static str,
    /// To what: an id or a reference.
    pub subject: String,
    /// How: a JSON object without secrets and without personal data.
    pub detail: String,
}

/// One record of the audit log.
#[derive(Clone, Debug)]
pub struct AuditRecord {
    /// Its number, from 1 without gaps.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// How.
    pub detail: String,
    /// SHA-256 over the record and the hash of the one before.
    pub hash: [u8; 32],
}

/// State of the database.
#[derive(Clone, Debug)]
pub struct Health {
    /// `sqlite` or `postgresql`.
    pub engine: &'static str,
    /// Version of the engine.
    pub engine_version: String,
    /// Schema version.
    pub schema_version: i64,
    /// Size on disk, bytes.
    pub size_bytes: u64,
}

/// A user of the collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Id.
    pub id: UserId,
    /// Login name.
    pub name: String,
    /// Roles, each for the whole organisation or for a unit and what is below, sorted.
    pub roles: Vec<RoleGrant>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was switched off.
    pub disabled_at: Option<Timestamp>,
    /// Counts the changes, from 1.
    pub version: u64,
}

/// An API token. The secret is not here: only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Id.
    pub id: ApiTokenId,
    /// Whose.
    pub user: UserId,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The only rights it gives; nothing when it gives all that its user has.
    pub rights: Option<BTreeSet<Right>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// One line of the asset list.
#[derive(Clone, Debug)]
pub struct AssetSummary {
    /// The asset.
    pub asset: Asset,
    /// Rises with every change people or rules make.
    pub version: u64,
    /// Active owner.
    pub owner: Option<Ownership>,
    /// Its unit.
    pub owner_unit: Option<OrgUnit>,
    /// The class that counts.
    pub class: EffectiveClass,
    /// Operating system, for people; empty when unknown.
    pub os_name: String,
    /// Open findings.
    pub open_findings: u32,
}

/// One asset with all that belongs to it.
#[derive(Clone, Debug)]
pub struct AssetDetail {
    /// As in the list.
    pub summary: AssetSummary,
    /// Facts of the last report; nothing when no agent reports it.
    pub facts: Option<DeviceFacts>,
    /// Its own newest classification; a proposal only when nothing was decided before.
    pub classification: Option<Classification>,
    /// Active ownerships in every role.
    pub ownerships: Vec<Ownership>,
    /// What a data set has beside.
    pub data_set: Option<DataSet>,
    /// Links from this asset to data sets, with the names of these.
    pub links: Vec<(DataLink, String)>,
    /// Links from other assets to this data set, with the names of those.
    pub linked_from: Vec<(DataLink, String)>,
    /// Agents, newest first.
    pub agents: Vec<Agent>,
    /// Sections it holds.
    pub sections: Vec<AssetSection>,
    /// Findings, open ones first.
    pub findings: Vec<Finding>,
    /// Hardware evidence, sorted.
    pub evidence: Vec<Evidence>,
}

/// Which findings.
#[derive(Clone, Debug, Default)]
pub struct FindingFilter {
    /// Of this asset.
    pub asset: Option<AssetId>,
    /// With this code.
    pub code: Option<String>,
    /// With this status.
    pub status: Option<FindingStatus>,
    /// Only those that count for a risk.
    pub open: bool,
    /// On what this unit owns.
    pub unit: Option<UnitId>,
    /// That were given to this unit to solve.
    pub assigned: Option<UnitId>,
    /// At least this likely.
    pub likelihood_min: Option<Level>,
    /// Only what the reader may see: by the unit that owns the asset.
    pub scope: Scope,
    /// In which order.
    pub sort: FindingSort,
    /// The other way round; the default order has but one way.
    pub descending: bool,
}

/// The order of a list of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FindingSort {
    /// Open ones first, of these the newest.
    #[default]
    OpenFirst,
    /// By when they were first observed.
    FirstObserved,
    /// By likelihood.
    Likelihood,
    /// By when they are due; what is due never comes last.
    Due,
    /// By code.
    Code,
}

/// One line of the list of findings.
#[derive(Clone, Debug)]
pub struct FindingSummary {
    /// The finding.
    pub finding: Finding,
    /// Name of its asset.
    pub asset_name: String,
    /// Unit that owns the asset.
    pub unit: Option<OrgUnit>,
}

/// Which risks.
#[derive(Clone, Debug, Default)]
pub struct RiskFilter {
    /// In this state.
    pub state: Option<RiskState>,
    /// Of this unit: its own, and those of single assets it owns.
    pub unit: Option<UnitId>,
    /// That rest on this asset.
    pub asset: Option<AssetId>,
    /// Only those on the agenda.
    pub open: bool,
    /// Only what the reader may see: by the unit of the entry, or the owner of its asset.
    pub scope: Scope,
}

/// One line of the register.
#[derive(Clone, Debug)]
pub struct RiskSummary {
    /// The risk.
    pub risk: Risk,
    /// Its unit: the one of its key, or the owner of its asset.
    pub unit: Option<OrgUnit>,
    /// Name of the asset, for an entry of its own.
    pub asset_name: Option<String>,
}

/// How far a unit is with the assets in service that it owns itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitTally {
    /// The unit; nothing for what has no owner.
    pub unit: Option<UnitId>,
    /// Assets in service.
    pub assets: u64,
    /// Of these, with a class that is not assumed.
    pub classified: u64,
    /// Of these, with an owner nobody has confirmed.
    pub to_confirm: u64,
    /// Open findings on them.
    pub findings: u64,
}

/// How many devices in service report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceFigures {
    /// Devices in service.
    pub devices: u64,
    /// Of these, seen within seven days.
    pub seen_7d: u64,
    /// Of these, with an agent that was last seen before the moment that was asked.
    pub unseen: u64,
    /// When the newest report of one of them came.
    pub last_report: Option<Timestamp>,
}

/// Counts for the overview.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Assets in service.
    pub assets: u64,
    /// Of these, devices.
    pub devices: u64,
    /// With an active owner.
    pub owned: u64,
    /// With a class that is not assumed.
    pub classified: u64,
    /// Devices seen within seven days.
    pub seen_7d: u64,
    /// Open findings, by code.
    pub findings: Vec<(String, u64)>,
    /// Open risks, by current severity 1 to 5.
    pub risks: [u64; 5],
    /// Distinct sections stored; within some units those their assets have now.
    pub sections: u64,
    /// When the newest report came.
    pub last_report: Option<Timestamp>,
}
