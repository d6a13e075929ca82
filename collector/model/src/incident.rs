//! Incidents: what happened, registered elsewhere, and what of the register it concerns.

use serde::{Deserialize, Serialize};

use crate::id::{AssetId, IncidentId};
use crate::time::Timestamp;

/// An incident, by its reference in the incident register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// Its reference, for example `INC-2026-042`; unique.
    pub reference: String,
    /// What happened, in one line.
    pub title: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Assets it concerns, sorted.
    pub assets: Vec<AssetId>,
    /// References of the risks it concerns, sorted.
    pub risks: Vec<String>,
    /// Who entered it.
    pub recorded_by: String,
    /// When it was entered.
    pub recorded_at: Timestamp,
}
