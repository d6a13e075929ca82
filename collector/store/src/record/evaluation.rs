//! What evaluations of assets and of units read and write.

use std::collections::BTreeMap;

use belfort_model::agent::Agent;
use belfort_model::asset::Asset;
use belfort_model::classification::{Classification, EffectiveClass, Inherited};
use belfort_model::exception::Exception;
use belfort_model::facts::DeviceFacts;
use belfort_model::finding::{CheckResult, Finding, Unresolved};
use belfort_model::id::{AssetId, RiskId, UnitId};
use belfort_model::ownership::Ownership;
use belfort_model::risk::{Risk, RiskKey, Suggestion};
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;

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
