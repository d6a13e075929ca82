//! The registry people work in: what they change on assets, units, owners, classes and data sets, the
//! rules that do it for them, and imports.
//!
//! `expected` is the version of the asset the caller saw: on another one the answer is `Conflict` and
//! nothing is written.

use belfort_model::asset::Asset;
use belfort_model::classification::Classification;
use belfort_model::data_set::{DataLink, DataSet};
use belfort_model::evidence::{Evidence, Resolution};
use belfort_model::id::{AssetId, BatchId, RuleId, UnitId};
use belfort_model::lifecycle::Step;
use belfort_model::ownership::{Ownership, OwnershipRole};
use belfort_model::rule::{Batch, Rule};
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;

use crate::Result;
use crate::driver::Driver;
use crate::record::{
    Assigned, AssignedRecord, Audit, ChangeRecord, Erasure, ImportedAsset, Page, Paged,
    ReportCommit, RuleInput, Undone,
};
use crate::sql::{
    SqlStore, asset_edit, class, enrol, evidence, import, link, methods, owner, rule, unit,
};

/// What people and rules change in the registry.
pub trait RegistryStore {
    /// Replaces what people say of an asset (not what reports say, nor its life cycle), with the changes
    /// for its history. `by_hand` are values that rules and reports leave alone from now on. Answers its version.
    fn asset_update(
        &self,
        asset: &Asset,
        expected: Option<u64>,
        changes: &[ChangeRecord],
        by_hand: &[String],
        audit: &Audit,
    ) -> Result<u64>;
    /// Moves an asset in its life cycle; `Conflict` unless it is in the state the step begins with. What
    /// goes out of service loses its personal fields in the same transaction. Answers its version.
    fn asset_move(
        &self,
        asset: AssetId,
        step: &Step,
        erase: Option<&Erasure>,
        expected: Option<u64>,
        audit: &Audit,
    ) -> Result<u64>;
    /// The moves an asset has made, newest first.
    fn lifecycle_list(&self, asset: AssetId) -> Result<Vec<Step>>;

    /// As `owner_set`, on a version.
    fn owner_change(
        &self,
        ownership: &Ownership,
        expected: Option<u64>,
        audit: &Audit,
    ) -> Result<()>;
    /// Ends the active ownership in a role. `NotFound` when there is none.
    fn owner_end(
        &self,
        asset: AssetId,
        role: OwnershipRole,
        expected: Option<u64>,
        audit: &Audit,
    ) -> Result<()>;
    /// Notes that the audit record's actor confirmed this active ownership. `Conflict` when another unit
    /// holds the role meanwhile.
    fn owner_confirm(&self, seen: &Ownership, expected: Option<u64>, audit: &Audit) -> Result<()>;
    /// All ownerships an asset has had, newest first.
    fn ownership_history(&self, asset: AssetId) -> Result<Vec<Ownership>>;
    /// As `classification_set`, on a version.
    fn classification_change(
        &self,
        classification: &Classification,
        expected: Option<u64>,
        audit: &Audit,
    ) -> Result<()>;
    /// Takes back a decision as if it had not been taken: the classification before holds again. `Conflict`
    /// unless it is still the newest one.
    fn classification_withdraw(
        &self,
        seen: &Classification,
        expected: Option<u64>,
        audit: &Audit,
    ) -> Result<()>;
    /// All classifications a subject has had, newest first.
    fn classification_history(&self, subject: AssetId) -> Result<Vec<Classification>>;
    /// Replaces what a data set has beside what every asset has.
    fn data_set_update(
        &self,
        data_set: &DataSet,
        expected: Option<u64>,
        audit: &Audit,
    ) -> Result<()>;
    /// Removes a link; no rule adds it again.
    fn data_link_remove(&self, link: &DataLink, expected: Option<u64>, audit: &Audit)
    -> Result<()>;

    /// Whether a link from an asset to this data set or application would close a circle.
    fn data_link_closes(&self, asset: AssetId, data_set: AssetId) -> Result<bool>;

    /// Replaces name, kind, parent and end of a unit; `Conflict` unless it is as it was seen. `Refused` when
    /// it would be part of itself.
    fn unit_update(&self, unit: &OrgUnit, seen: &OrgUnit, audit: &Audit) -> Result<()>;
    /// How many assets in service each unit owns.
    fn unit_assets(&self) -> Result<Vec<(UnitId, u64)>>;
    /// Adds or replaces units, in this order: a parent comes before what is part of it.
    fn unit_import(&self, units: &[(OrgUnit, Audit)]) -> Result<()>;

    /// All rules, in their order.
    fn rule_list(&self) -> Result<Vec<Rule>>;
    /// Adds a rule at the end. `Exists` when the name is taken.
    fn rule_insert(&self, rule: &Rule, audit: &Audit) -> Result<()>;
    /// Replaces a rule; `Conflict` unless it is at this version in this state.
    fn rule_update(&self, rule: &Rule, seen: &Rule, audit: &Audit) -> Result<()>;
    /// Notes that this version was looked at.
    fn rule_previewed(&self, id: RuleId, version: u64) -> Result<()>;
    /// Removes a rule; what it assigned stays.
    fn rule_remove(&self, id: RuleId, audit: &Audit) -> Result<()>;
    /// Puts the rules in this order: all of them, each once. What is not enabled has to be looked at anew.
    fn rule_order(&self, ids: &[RuleId], audit: &Audit) -> Result<()>;
    /// Assets in service as rules see them, by id, after this one.
    fn rule_inputs(&self, after: Option<AssetId>, limit: u32) -> Result<Vec<RuleInput>>;
    /// One asset as rules see it.
    fn rule_input(&self, asset: AssetId) -> Result<Option<RuleInput>>;
    /// Writes what rules assign. An asset that changed since is passed over; answers how many were
    /// written.
    fn rules_apply(
        &self,
        batch: BatchId,
        at: Timestamp,
        actor: &str,
        assigned: &[Assigned],
    ) -> Result<u64>;
    /// Runs of rules that assigned something, newest first.
    fn batch_list(&self, page: Page) -> Result<Paged<Batch>>;
    /// What one run assigned.
    fn batch_assignments(&self, batch: BatchId, page: Page) -> Result<Paged<AssignedRecord>>;
    /// What rules assigned to one asset, newest first; not what was undone.
    fn assignments_of(&self, asset: AssetId) -> Result<Vec<AssignedRecord>>;
    /// Puts back what a run assigned and nobody changed since, and switches its rules off. `Refused` when
    /// it was undone already.
    fn batch_undo(&self, batch: BatchId, audit: &Audit) -> Result<Undone>;

    /// Assets that carry this piece of evidence, by id.
    fn evidence_carriers(&self, piece: &Evidence) -> Result<Vec<AssetId>>;
    /// Which machine carries this evidence, by the rules of enrolment.
    fn evidence_resolve(&self, evidence: &[Evidence]) -> Result<Resolution>;
    /// Writes the assets of an import — all or nothing.
    fn asset_import(&self, assets: &[ImportedAsset]) -> Result<()>;
    /// Writes the inventory of a device that no agent reports, new or known. `Refused` when an agent
    /// reports it.
    fn inventory_import(&self, asset: &ImportedAsset, report: &ReportCommit) -> Result<()>;
}

impl<D: Driver> RegistryStore for SqlStore<D> {
    methods! {
        write asset_edit::asset_update(
            asset: &Asset,
            expected: Option<u64>,
            changes: &[ChangeRecord],
            by_hand: &[String],
            audit: &Audit
        ) -> u64;
        write asset_edit::asset_move(
            asset: AssetId,
            step: &Step,
            erase: Option<&Erasure>,
            expected: Option<u64>,
            audit: &Audit
        ) -> u64;
        read asset_edit::lifecycle_list(asset: AssetId) -> Vec<Step>;

        write owner::owner_change(
            ownership: &Ownership,
            expected: Option<u64>,
            audit: &Audit
        ) -> ();
        write owner::owner_end(
            asset: AssetId,
            role: OwnershipRole,
            expected: Option<u64>,
            audit: &Audit
        ) -> ();
        write owner::owner_confirm(seen: &Ownership, expected: Option<u64>, audit: &Audit) -> ();
        read owner::ownership_history(asset: AssetId) -> Vec<Ownership>;
        write class::classification_change(
            classification: &Classification,
            expected: Option<u64>,
            audit: &Audit
        ) -> ();
        write class::classification_withdraw(
            seen: &Classification,
            expected: Option<u64>,
            audit: &Audit
        ) -> ();
        read class::classification_history(subject: AssetId) -> Vec<Classification>;
        write link::data_set_update(data_set: &DataSet, expected: Option<u64>, audit: &Audit) -> ();
        write link::data_link_remove(link: &DataLink, expected: Option<u64>, audit: &Audit) -> ();

        read link::data_link_closes(asset: AssetId, data_set: AssetId) -> bool;

        write unit::unit_update(unit: &OrgUnit, seen: &OrgUnit, audit: &Audit) -> ();
        read unit::unit_assets() -> Vec<(UnitId, u64)>;
        write unit::unit_import(units: &[(OrgUnit, Audit)]) -> ();

        read rule::rule_list() -> Vec<Rule>;
        write rule::rule_insert(rule: &Rule, audit: &Audit) -> ();
        write rule::rule_update(rule: &Rule, seen: &Rule, audit: &Audit) -> ();
        write rule::rule_previewed(id: RuleId, version: u64) -> ();
        write rule::rule_remove(id: RuleId, audit: &Audit) -> ();
        write rule::rule_order(ids: &[RuleId], audit: &Audit) -> ();
        read rule::rule_inputs(after: Option<AssetId>, limit: u32) -> Vec<RuleInput>;
        read rule::rule_input(asset: AssetId) -> Option<RuleInput>;
        write rule::rules_apply(
            batch: BatchId,
            at: Timestamp,
            actor: &str,
            assigned: &[Assigned]
        ) -> u64;
        read rule::batch_list(page: Page) -> Paged<Batch>;
        read rule::batch_assignments(batch: BatchId, page: Page) -> Paged<AssignedRecord>;
        read rule::assignments_of(asset: AssetId) -> Vec<AssignedRecord>;
        write rule::batch_undo(batch: BatchId, audit: &Audit) -> Undone;

        read evidence::evidence_carriers(piece: &Evidence) -> Vec<AssetId>;
        read enrol::evidence_resolve(evidence: &[Evidence]) -> Resolution;
        write import::asset_import(assets: &[ImportedAsset]) -> ();
        write import::inventory_import(asset: &ImportedAsset, report: &ReportCommit) -> ();
    }
}
