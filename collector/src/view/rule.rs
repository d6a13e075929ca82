//! Assignment rules, their previews and their runs.

use belfort_model::rule::{Assignment, Assigns, Batch, Rule};
use belfort_model::unit::OrgUnit;
use belfort_store::record::{AssignedRecord, Undone};
use serde::Serialize;
use utoipa::ToSchema;

use super::text;
use crate::app::rules::{Applied, Preview};

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleView {
    /// Id.
    pub id: String,
    /// Short name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Place in the order, from 1: the first that holds wins.
    pub position: u32,
    /// `draft`, `enabled` or `disabled`.
    pub state: String,
    /// Condition, in CEL.
    pub condition: String,
    /// What it assigns.
    pub assigns: AssignsView,
    /// Rises with every change.
    pub version: u64,
    /// Whether somebody has looked at what this version does, in this order.
    pub previewed: bool,
    /// Who changed it last.
    pub changed_by: String,
    /// When.
    pub changed_at: String,
}

/// What a rule assigns.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssignsView {
    /// Code of the unit that owns the asset.
    pub owner: Option<String>,
    /// Function of the owner.
    pub function: String,
    /// Availability, integrity and confidentiality that are proposed, 1 to 5.
    pub class: Option<Vec<u8>>,
    /// Scheme of the class.
    pub scheme: String,
    /// Id of the data set or application it is linked to.
    pub data_set: Option<String>,
    /// What it does with it.
    pub relation: Option<String>,
    /// Labels that are added.
    pub labels: Vec<String>,
    /// Site code.
    pub site: Option<String>,
}

impl AssignsView {
    fn of(assigns: Assigns, units: &[OrgUnit]) -> Self {
        let class = assigns.class.as_ref();
        let owner = assigns.owner.as_ref().map(|owner| {
            let unit = units.iter().find(|unit| unit.id == owner.unit);
            unit.map_or_else(|| owner.unit.to_string(), |unit| unit.code.clone())
        });
        Self {
            owner,
            function: assigns.owner.map(|owner| owner.function).unwrap_or_default(),
            class: class.map(|one| vec![one.biv.b.get(), one.biv.i.get(), one.biv.v.get()]),
            scheme: class.map(|class| class.scheme.clone()).unwrap_or_default(),
            data_set: assigns.link.map(|link| link.data_set.to_string()),
            relation: assigns.link.map(|link| link.relation.to_string()),
            labels: assigns.labels,
            site: assigns.site,
        }
    }
}

impl RuleView {
    /// Shows a rule.
    pub fn of(rule: Rule, units: &[OrgUnit]) -> Self {
        Self {
            previewed: rule.is_previewed(),
            id: rule.id.to_string(),
            name: rule.name,
            description: rule.description,
            position: rule.position,
            state: rule.state.to_string(),
            condition: rule.condition,
            assigns: AssignsView::of(rule.assigns, units),
            version: rule.version,
            changed_by: rule.changed_by,
            changed_at: text(rule.changed_at),
        }
    }
}

/// What a rule would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewView {
    /// Name of the rule.
    pub rule: String,
    /// Its version.
    pub version: u64,
    /// Assets looked at.
    pub assets: u64,
    /// Assets for which the condition holds.
    pub holds: u64,
    /// Assets for which it could not be told.
    pub unknown: u64,
    /// Assets that would change.
    pub changed: u64,
    /// Values that stay because a person decided them.
    pub kept: u64,
    /// Values that would change: this page of them.
    pub items: Vec<PreviewLineView>,
    /// How many values would change in all.
    pub total: u64,
}

/// One value that would change.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewLineView {
    /// Id of the asset.
    pub asset: String,
    /// Its name.
    pub name: String,
    /// `owner`, `class`, `site`, `label` or `link`.
    pub target: String,
    /// The value it has; empty when it has none.
    pub from: String,
    /// The value it would have.
    pub to: String,
}

impl From<Preview> for PreviewView {
    fn from(preview: Preview) -> Self {
        Self {
            rule: preview.rule.name,
            version: preview.rule.version,
            assets: preview.assets,
            holds: preview.holds,
            unknown: preview.unknown,
            changed: preview.changed,
            kept: preview.kept,
            total: preview.values,
            items: preview
                .lines
                .into_iter()
                .map(|line| PreviewLineView {
                    asset: line.asset.to_string(),
                    name: line.name,
                    target: line.target.to_owned(),
                    from: line.from,
                    to: line.to,
                })
                .collect(),
        }
    }
}

/// What switching a rule on did.
#[derive(Debug, Serialize, ToSchema)]
pub struct AppliedView {
    /// Id of the run, when it assigned anything: what undoes it.
    pub batch: Option<String>,
    /// Assets that changed.
    pub assets: u64,
}

impl From<Applied> for AppliedView {
    fn from(applied: Applied) -> Self {
        Self { batch: applied.batch.map(|batch| batch.to_string()), assets: applied.assets }
    }
}

/// One run of rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchView {
    /// Id.
    pub id: String,
    /// When.
    pub at: String,
    /// Who: a user, or `system` for an evaluation.
    pub by: String,
    /// Names of the rules that assigned something.
    pub rules: Vec<String>,
    /// How many assets.
    pub assets: u64,
    /// How many values.
    pub values: u64,
    /// When it was undone.
    pub undone_at: Option<String>,
}

impl From<Batch> for BatchView {
    fn from(batch: Batch) -> Self {
        Self {
            id: batch.id.to_string(),
            at: text(batch.at),
            by: batch.by,
            rules: batch.rules,
            assets: batch.assets,
            values: batch.values,
            undone_at: batch.undone_at.map(text),
        }
    }
}

/// One value a rule assigned.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssignedView {
    /// Id of the run.
    pub batch: String,
    /// When.
    pub at: String,
    /// Id of the asset.
    pub asset: String,
    /// Its name.
    pub asset_name: String,
    /// Name of the rule then.
    pub rule: String,
    /// Version of the rule then.
    pub rule_version: u64,
    /// What was assigned, with what was there before.
    #[schema(value_type = Object)]
    pub assignment: Assignment,
}

impl From<AssignedRecord> for AssignedView {
    fn from(record: AssignedRecord) -> Self {
        Self {
            batch: record.batch.to_string(),
            at: text(record.at),
            asset: record.asset.to_string(),
            asset_name: record.asset_name,
            rule: record.rule_name,
            rule_version: record.rule_version,
            assignment: record.assignment,
        }
    }
}

/// What an undoing did.
#[derive(Debug, Serialize, ToSchema)]
pub struct UndoneView {
    /// Values that were put back.
    pub reverted: u64,
    /// Values that somebody changed or confirmed since: they stay.
    pub kept: u64,
    /// Rules that were switched off.
    pub disabled: Vec<String>,
}

impl From<Undone> for UndoneView {
    fn from(undone: Undone) -> Self {
        Self { reverted: undone.reverted, kept: undone.kept, disabled: undone.disabled }
    }
}
