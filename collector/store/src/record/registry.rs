//! What the registry people work in takes and gives: edits, rules and imports.

use std::collections::BTreeSet;

use belfort_model::agent::Agent;
use belfort_model::asset::Asset;
use belfort_model::classification::{Classification, EffectiveClass};
use belfort_model::data_set::{DataLink, DataSet};
use belfort_model::evidence::Evidence;
use belfort_model::facts::DeviceFacts;
use belfort_model::id::{AssetId, BatchId, RuleId};
use belfort_model::ownership::Ownership;
use belfort_model::rule::Assignment;
use belfort_model::time::Timestamp;

use super::{Audit, ChangeRecord};

/// What is erased of an asset that goes out of service: sections with personal fields, and what they
/// changed.
#[derive(Clone, Debug)]
pub struct Erasure {
    /// Kinds of section: their numbers in the schema.
    pub kinds: Vec<i32>,
    /// Names of these sections, as changes carry them.
    pub names: Vec<String>,
    /// Codes of findings that name people: of these the key and what they rest on are erased.
    pub codes: Vec<String>,
    /// The root the erasure was worked out for.
    pub root_before: Option<[u8; 32]>,
    /// The root of what is left.
    pub root_after: Option<[u8; 32]>,
}

/// One asset as assignment rules see it.
#[derive(Clone, Debug)]
pub struct RuleInput {
    /// The asset.
    pub asset: Asset,
    /// Its version.
    pub version: u64,
    /// Facts of the last report.
    pub facts: Option<DeviceFacts>,
    /// Active owner.
    pub owner: Option<Ownership>,
    /// The class that counts.
    pub class: EffectiveClass,
    /// Own newest classification; a proposal only when nothing was decided before.
    pub classification: Option<Classification>,
    /// The newest proposal, when it came after everything that was decided.
    pub proposal: Option<Classification>,
    /// Links to data sets and applications.
    pub links: Vec<DataLink>,
    /// The active agent, if any.
    pub agent: Option<Agent>,
    /// Values a person decided, by the key of `belfort_model::rule`.
    pub by_hand: BTreeSet<String>,
}

/// What rules assign to one asset.
#[derive(Clone, Debug)]
pub struct Assigned {
    /// The asset.
    pub asset: AssetId,
    /// The version the rules saw: on another one nothing is written.
    pub version: u64,
    /// The values, each with the rule that assigns it: id, name and version.
    pub values: Vec<(RuleId, String, u64, Assignment)>,
    /// The record for the audit log.
    pub audit: Audit,
}

/// One value a rule assigned, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedRecord {
    /// In which run.
    pub batch: BatchId,
    /// When.
    pub at: Timestamp,
    /// To which asset.
    pub asset: AssetId,
    /// Its name.
    pub asset_name: String,
    /// Which rule.
    pub rule: RuleId,
    /// Its name then.
    pub rule_name: String,
    /// Its version then.
    pub rule_version: u64,
    /// What.
    pub assignment: Assignment,
}

/// What came of an undoing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Values that were put back.
    pub reverted: u64,
    /// Values that somebody changed or confirmed since, or that later runs changed: they stay.
    pub kept: u64,
    /// Names of the rules that were switched off, so that they do not assign the same again.
    pub disabled: Vec<String>,
}

/// One asset of an import.
#[derive(Clone, Debug)]
pub struct ImportedAsset {
    /// The asset as it will be.
    pub asset: Asset,
    /// The version it was compared with; nothing for a new one.
    pub expected: Option<u64>,
    /// What a new data set has beside.
    pub data_set: Option<DataSet>,
    /// Hardware evidence that is added.
    pub evidence: Vec<Evidence>,
    /// Owner to set.
    pub owner: Option<Ownership>,
    /// Class to set.
    pub classification: Option<Classification>,
    /// Values that rules leave alone from now on.
    pub by_hand: Vec<String>,
    /// What changes, for the history.
    pub changes: Vec<ChangeRecord>,
    /// The record for the audit log.
    pub audit: Audit,
}
