//! Vulnerabilities that are known not to matter here, for a reason and for a time.

use serde::{Deserialize, Serialize};

use super::CveId;
use crate::id::{AssetId, SuppressionId, UnitId};
use crate::time::Timestamp;

/// Days a suppression lasts at most.
pub const MAX_DAYS: i64 = 365;

/// Where a suppression holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionScope {
    /// On every asset.
    All,
    /// On the assets of a unit and of those below it.
    Unit(UnitId),
    /// On one asset.
    Asset(AssetId),
}

/// A vulnerability that does not count, for example because the affected part is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Its id.
    pub id: SuppressionId,
    /// The vulnerability.
    pub cve: CveId,
    /// Only in this source package; empty for every package.
    pub package: String,
    /// Where.
    pub scope: SuppressionScope,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When somebody ended it before its time.
    pub ended_at: Option<Timestamp>,
}

impl Suppression {
    /// Whether it holds at a moment.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}
