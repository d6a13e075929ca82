//! What people do with findings and risks.

use belfort_model::access::Scope;
use belfort_model::exception::{Exception, ExceptionStatus};
use belfort_model::id::{AssetId, UnitId};
use belfort_model::risk::{Action, ActionStatus};
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;

/// Which actions.
#[derive(Clone, Debug, Default)]
pub struct ActionFilter {
    /// Of the risk with this reference, whatever its case.
    pub risk: Option<String>,
    /// That this unit does.
    pub unit: Option<UnitId>,
    /// With this status.
    pub status: Option<ActionStatus>,
    /// Not done, and due before this moment.
    pub late_at: Option<Timestamp>,
    /// Only what the reader may see: by the unit that does it, or the one of the risk.
    pub scope: Scope,
}

/// One line of the list of actions.
#[derive(Clone, Debug)]
pub struct ActionSummary {
    /// The action.
    pub action: Action,
    /// Reference of its risk.
    pub risk: String,
    /// The unit that does it.
    pub unit: Option<OrgUnit>,
}

/// Which exceptions.
#[derive(Clone, Debug, Default)]
pub struct ExceptionFilter {
    /// With this status.
    pub status: Option<ExceptionStatus>,
    /// Of this asset.
    pub asset: Option<AssetId>,
    /// That end before this moment.
    pub ends_before: Option<Timestamp>,
    /// Only what the reader may see: by its unit, or the one that owns its asset.
    pub scope: Scope,
}

/// One line of the list of exceptions.
#[derive(Clone, Debug)]
pub struct ExceptionSummary {
    /// The exception.
    pub exception: Exception,
    /// Name of its asset.
    pub asset_name: Option<String>,
    /// Its unit, or the one that owns its asset.
    pub unit: Option<OrgUnit>,
}
