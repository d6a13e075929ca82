//! What goes into the store and comes out of it, where a domain type alone does not say it.

mod advisory;
mod monthly;
mod people;
mod registry;
mod software;
mod workflow;

pub use people::*;

use std::collections::{BTreeMap, BTreeSet};

use belfort_model::access::{Right, RoleGrant, Scope};
use belfort_model::agent::Agent;
use belfort_model::asset::{
    Asset, AssetKind, Authorised, Environment, Exposure, Lifecycle, Source, Subtype,
};
use belfort_model::classification::{Classification, EffectiveClass, Inherited};
use belfort_model::data_set::{DataLink, DataSet};
use belfort_model::evidence::Evidence;
use belfort_model::exception::Exception;
use belfort_model::facts::DeviceFacts;
use belfort_model::finding::{CheckResult, Finding, FindingStatus, Unresolved};
use belfort_model::id::{AgentId, ApiTokenId, AssetId, RiskId, UnitId, UserId};
use belfort_model::ownership::Ownership;
use belfort_model::risk::{Risk, RiskKey, RiskState, Suggestion};
use belfort_model::scale::Level;
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;

pub use advisory::{CveReport, LoadId, StoredSource};
pub use monthly::{FindingAt, FindingCount, FrozenReport, KpiAsset, KpiDay, ResolvedFinding};
pub use registry::{Assigned, AssignedRecord, Erasure, ImportedAsset, RuleInput, Undone};
pub use software::{InstalledOn, ListedPackage, PackageList, SoftwareFilter, SoftwareSummary};
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

/// A device that wants in.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// SHA-256 of the token's secret.
    pub token_sha256: [u8; 32],
    /// When.
    pub now: Timestamp,
    /// The agent as it will be, when it is admitted; its `asset` is filled in by the store.
    pub agent: Agent,
    /// The asset as it will be, when the machine is not known yet.
    pub new_asset: Asset,
    /// What tells the machine apart.
    pub evidence: Vec<Evidence>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enrolled {
    /// Admitted.
    Admitted {
        /// The agent, with its asset. For a repeated call it is the one admitted before.
        agent: Box<Agent>,
        /// Whether the machine was known already.
        recognised: bool,
        /// Assets it resembles, but not surely.
        doubtful: Vec<AssetId>,
    },
    /// There is no such token, or it does not admit any more. The log may know which; the caller is
    /// told only this.
    Refused(TokenRefusal),
}

/// Why a token did not admit. For the log alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRefusal {
    /// Nobody made it.
    Unknown,
    /// Its time is over.
    Expired,
    /// It admitted all it may.
    UsedUp,
    /// Somebody revoked it.
    Revoked,
}

/// A check-in.
#[derive(Clone, Debug)]
pub struct CheckIn {
    /// When.
    pub now: Timestamp,
    /// Version of the agent; kept as it is when empty.
    pub version: String,
    /// The agent's sequence number.
    pub sequence: u64,
    /// Difference between its clock and ours, milliseconds; kept as it is when nothing.
    pub clock_offset_ms: Option<i64>,
}

/// Which section, by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionKey {
    /// Kind of section: its number in the schema.
    pub kind: i32,
    /// Hash over kind, schema version and content.
    pub hash: [u8; 32],
}

/// The content of one section, stored once for all machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionBlob {
    /// Which.
    pub key: SectionKey,
    /// Version of its schema.
    pub schema_version: u32,
    /// Size before compression, bytes.
    pub size: u32,
    /// Content, compressed with zstd.
    pub zstd: Vec<u8>,
}

/// A section an asset holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetSection {
    /// Which.
    pub key: SectionKey,
    /// Version of its schema.
    pub schema_version: u32,
    /// Since when the asset has had this content.
    pub since: Timestamp,
}

/// What a report changes.
#[derive(Clone, Debug)]
pub struct ReportCommit {
    /// Which agent sent it.
    pub agent: AgentId,
    /// Its asset.
    pub asset: AssetId,
    /// When.
    pub now: Timestamp,
    /// The agent's sequence number.
    pub sequence: u64,
    /// The root the report was compared with: what [`super::Store::asset_sections`] gave.
    pub previous_root: Option<[u8; 32]>,
    /// The root it leads to.
    pub root: [u8; 32],
    /// All sections the asset will hold: key and schema version, by kind.
    pub manifest: Vec<(SectionKey, u32)>,
    /// Those that are new to the store.
    pub new_sections: Vec<SectionBlob>,
    /// Facts from all sections.
    pub facts: DeviceFacts,
    /// Name for the asset.
    pub name: String,
    /// Form for the asset.
    pub subtype: belfort_model::asset::Subtype,
    /// Hardware evidence from all sections; replaces what was known.
    pub evidence: Vec<Evidence>,
    /// What changed, compared with the sections before.
    pub changes: Vec<ChangeRecord>,
}

/// What came of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportOutcome {
    /// It is durable.
    Committed,
    /// Another report came first: compare again.
    Superseded,
    /// The manifest names sections that nobody sent.
    Missing(Vec<SectionKey>),
    /// The agent is not active any more.
    NotActive,
}

/// One change on an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRecord {
    /// When the collector learnt of it.
    pub at: Timestamp,
    /// Section it belongs to, by name; or `asset` for what people changed.
    pub section: String,
    /// What changed, for example `package openssl`.
    pub subject: String,
    /// Value before; nothing when it was added.
    pub before: Option<String>,
    /// Value after; nothing when it was removed.
    pub after: Option<String>,
}

/// Which assets.
#[derive(Clone, Debug, Default)]
pub struct AssetFilter {
    /// Of this kind.
    pub kind: Option<AssetKind>,
    /// In this state of life.
    pub lifecycle: Option<Lifecycle>,
    /// Of this form.
    pub subtype: Option<Subtype>,
    /// That came into the registry this way.
    pub source: Option<Source>,
    /// With this answer to whether they may be there.
    pub authorised: Option<Authorised>,
    /// Used for this.
    pub environment: Option<Environment>,
    /// Reachable from here.
    pub exposure: Option<Exposure>,
    /// At this site, exactly.
    pub site: Option<String>,
    /// With this label, in its one form.
    pub label: Option<String>,
    /// Of this legal entity.
    pub legal_entity: Option<String>,
    /// Last seen before this moment.
    pub seen_before: Option<Timestamp>,
    /// With at least this class on one dimension.
    pub class_min: Option<Level>,
    /// Whose owner is a unit that has ended at this moment.
    pub owner_ended_at: Option<Timestamp>,
    /// Whose owner nobody has confirmed.
    pub owner_unconfirmed: bool,
    /// Whose verification is past at this moment.
    pub verify_overdue_at: Option<Timestamp>,
    /// Owned by this unit.
    pub unit: Option<UnitId>,
    /// With an active owner, or without.
    pub owned: Option<bool>,
    /// With a confirmed class that counts for them (their own or inherited), or without.
    pub classified: Option<bool>,
    /// Whose name contains this, whatever its case.
    pub text: Option<String>,
    /// Only what the reader may see: by the unit of the active owner.
    pub scope: Scope,
    /// In this order.
    pub sort: AssetSort,
}

/// The order of a list of assets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssetSort {
    /// By name.
    #[default]
    Name,
    /// By name, last first.
    NameDescending,
    /// Longest unseen first.
    LastSeen,
    /// Last seen first.
    LastSeenDescending,
    /// Oldest first.
    FirstSeen,
    /// Newest first.
    FirstSeenDescending,
    /// Most open findings first.
    FindingsDescending,
    /// Highest class first.
    ClassDescending,
}

impl std::str::FromStr for AssetSort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "name" => Self::Name,
            "-name" => Self::NameDescending,
            "last_seen" => Self::LastSeen,
            "-last_seen" => Self::LastSeenDescending,
            "first_seen" => Self::FirstSeen,
            "-first_seen" => Self::FirstSeenDescending,
            "-findings" => Self::FindingsDescending,
            "-class" => Self::ClassDescending,
            _ => {
                return Err(format!(
                    "`{text}` is not one of name, -name, last_seen, -last_seen, first_seen, \
                     -first_seen, -findings, -class"
                ));
            }
        })
    }
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

/// All an evaluation of one asset needs.
#[derive(Clone, Debug)]
pub struct EvaluationInput {
    /// The asset.
    pub asset: Asset,
    /// Rises with every change that matters to an evaluation.
    pub generation: u64,
    /// Facts of the last report.
    pub facts: Option<DeviceFacts>,
    /// Active owner.
    pub owner: Option<Ownership>,
    /// The unit of that owner.
    pub unit: Option<OrgUnit>,
    /// Own newest classification; a proposal only when nothing was decided before.
    pub classification: Option<Classification>,
    /// Links to data sets, direct and through applications, and to applications with a confirmed
    /// class of their own; each once, by name. What counts over several steps is what the asset does
    /// itself, unless a step on the way inherits nothing.
    pub links: Vec<Inherited>,
    /// The active agent, if any.
    pub agent: Option<Agent>,
    /// Assets in service that claim the same hardware identity: TPM, system UUID or serial, board
    /// serial. Disks and network cards move, and a machine id is copied with an image.
    pub shares_evidence_with: Vec<AssetId>,
    /// All findings it has had.
    pub findings: Vec<Finding>,
    /// Exceptions that were approved and may concern it, ended or not; by their end.
    pub exceptions: Vec<Exception>,
    /// The unit that owns it and those above, by id.
    pub owners: Vec<UnitId>,
}

/// Result of an evaluation of one asset.
#[derive(Clone, Debug)]
pub struct EvaluationCommit {
    /// The asset.
    pub asset: AssetId,
    /// The generation the evaluation saw.
    pub generation: u64,
    /// When.
    pub now: Timestamp,
    /// When it is due again by time alone.
    pub next: Timestamp,
    /// The class that counts.
    pub class: EffectiveClass,
    /// What each check said, by code.
    pub results: BTreeMap<String, CheckResult>,
    /// The new findings, one for each new hit, in order.
    pub new: Vec<Finding>,
}

/// All an evaluation of one unit's risks needs.
#[derive(Clone, Debug, Default)]
pub struct RiskScope {
    /// Rises whenever something in the unit changes; 0 when nothing is due.
    pub generation: u64,
    /// Its assets that are in service, by id.
    pub assets: Vec<ScopedAsset>,
    /// Its entries in the register: those of the unit, and those of single assets it owns.
    pub risks: Vec<Risk>,
}

/// An asset as the evaluation of risks sees it.
#[derive(Clone, Debug)]
pub struct ScopedAsset {
    /// The asset.
    pub id: AssetId,
    /// The class that counted at its last evaluation.
    pub class: EffectiveClass,
    /// What each check said, by code.
    pub results: BTreeMap<String, CheckResult>,
    /// Findings that are not resolved, by id.
    pub findings: Vec<Unresolved>,
}

/// A risk that is not in the register yet.
#[derive(Clone, Debug)]
pub struct NewRisk {
    /// Its id.
    pub id: RiskId,
    /// What it is about.
    pub key: RiskKey,
    /// What the system suggests.
    pub suggestion: Suggestion,
    /// When.
    pub now: Timestamp,
    /// When it is to be looked at.
    pub next_review: Timestamp,
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
    /// Only what the reader may see: by the unit that owns the asset.
    pub scope: Scope,
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
