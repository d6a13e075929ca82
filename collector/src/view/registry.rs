//! The registry: life cycle, ownerships, data sets, units as a tree, schemes.

use belfort_model::data_set::DataSet;
use belfort_model::lifecycle::{Disposal, Step};
use belfort_model::ownership::Ownership;
use belfort_model::scheme::Scheme;
use belfort_model::unit::{self, OrgUnit};
use serde::Serialize;
use utoipa::ToSchema;

use super::asset::Unit;
use super::text;

/// How data carriers were disposed of.
#[derive(Debug, Serialize, ToSchema)]
pub struct DisposalView {
    /// `wiped`, `key_destroyed`, `destroyed`, `returned` or `no_data_carrier`.
    pub method: String,
    /// Reference of the proof; empty when there is none.
    pub certificate: String,
    /// Whether the wiping is proven.
    pub proven: bool,
}

impl From<Disposal> for DisposalView {
    fn from(disposal: Disposal) -> Self {
        let proven = disposal.is_proven();
        let method = disposal.method.to_string();
        Self { method, certificate: disposal.certificate, proven }
    }
}

/// One move in the life cycle of an asset.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// Since when it holds.
    pub at: String,
    /// Who entered it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// How data carriers were disposed of.
    pub disposal: Option<DisposalView>,
}

impl From<Step> for StepView {
    fn from(step: Step) -> Self {
        Self {
            from: step.from.to_string(),
            to: step.to.to_string(),
            at: text(step.at),
            by: step.by,
            reason: step.reason,
            disposal: step.disposal.map(Into::into),
        }
    }
}

/// One ownership of an asset.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnershipView {
    /// `owner`, `technical_manager`, `responsible` or `accountable`.
    pub role: String,
    /// Id of the unit.
    pub unit_id: String,
    /// Function of the holder.
    pub function: String,
    /// Since when.
    pub valid_from: String,
    /// Until when; nothing while it holds.
    pub valid_to: Option<String>,
    /// When it was last confirmed.
    pub confirmed_at: Option<String>,
    /// Who confirmed it; empty when nobody did.
    pub confirmed_by: String,
    /// How it came to be: `manual`, `rule` or `import`.
    pub method: String,
}

impl From<Ownership> for OwnershipView {
    fn from(ownership: Ownership) -> Self {
        Self {
            role: ownership.role.to_string(),
            unit_id: ownership.unit.to_string(),
            function: ownership.function,
            valid_from: text(ownership.valid_from),
            valid_to: ownership.valid_to.map(text),
            confirmed_at: ownership.confirmed_at.map(text),
            confirmed_by: ownership.confirmed_by,
            method: ownership.method.to_string(),
        }
    }
}

/// What a data set has beside what every asset has.
#[derive(Debug, Serialize, ToSchema)]
pub struct DataSetView {
    /// What personal data it holds.
    pub personal_data: String,
    /// How many records: `unknown`, `up_to_100`, `up_to_1000`, `up_to_10000`, `up_to_100000` or
    /// `above_100000`.
    pub records: String,
    /// Identifiers in the register of processing activities.
    pub register_ids: Vec<String>,
    /// How long it is kept.
    pub retention: String,
}

impl From<DataSet> for DataSetView {
    fn from(set: DataSet) -> Self {
        Self {
            personal_data: set.personal_data.to_string(),
            records: set.records.to_string(),
            register_ids: set.register_ids,
            retention: set.retention,
        }
    }
}

/// A unit in the tree.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitNode {
    /// The unit.
    #[serde(flatten)]
    pub unit: Unit,
    /// How far below the top, from 0.
    pub depth: u32,
    /// Assets in service it owns itself.
    pub assets: u64,
}

impl UnitNode {
    /// Units as a tree: each below the one it is part of, by code.
    pub fn tree(units: &[OrgUnit], assets: &[(belfort_model::id::UnitId, u64)]) -> Vec<Self> {
        unit::tree(units)
            .into_iter()
            .map(|(depth, unit)| Self {
                depth: u32::try_from(depth).unwrap_or(u32::MAX),
                assets: assets.iter().find(|(id, _)| *id == unit.id).map_or(0, |(_, count)| *count),
                unit: unit.clone().into(),
            })
            .collect()
    }
}

/// A classification scheme.
#[derive(Debug, Serialize, ToSchema)]
pub struct SchemeView {
    /// Name and version.
    pub name: String,
    /// Whether it is used when a classification names none.
    pub default: bool,
    /// Its values, lowest first.
    pub levels: Vec<SchemeLevelView>,
}

/// One value of a scheme.
#[derive(Debug, Serialize, ToSchema)]
pub struct SchemeLevelView {
    /// What people type.
    pub code: String,
    /// Title in Dutch.
    pub title_nl: String,
    /// Title in English.
    pub title_en: String,
    /// The level it stands for, 1 to 5.
    pub level: u8,
}

impl SchemeView {
    /// Shows a scheme.
    pub fn of(scheme: Scheme, default: &str) -> Self {
        Self {
            default: scheme.name == default,
            name: scheme.name,
            levels: scheme
                .levels
                .into_iter()
                .map(|one| SchemeLevelView {
                    code: one.code,
                    title_nl: one.title_nl,
                    title_en: one.title_en,
                    level: one.level.get(),
                })
                .collect(),
        }
    }
}
