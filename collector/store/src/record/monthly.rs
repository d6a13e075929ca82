//! What key figures and the monthly report are made from.

use std::collections::BTreeMap;

use belfort_model::asset::Asset;
use belfort_model::classification::EffectiveClass;
use belfort_model::finding::{CheckResult, Finding, FindingStatus};
use belfort_model::id::{AssetId, FindingId, ReportId, UnitId};
use belfort_model::time::Timestamp;

/// One asset with what key figures count.
#[derive(Clone, Debug)]
pub struct KpiAsset {
    /// The asset.
    pub asset: Asset,
    /// Unit of the active owner.
    pub owner: Option<UnitId>,
    /// When that owner last confirmed it.
    pub confirmed_at: Option<Timestamp>,
    /// The class that counts.
    pub class: EffectiveClass,
    /// Whether an agent delivered an inventory.
    pub has_inventory: bool,
    /// Whether it has an active agent.
    pub has_agent: bool,
    /// Last check-in of that agent.
    pub agent_seen: Option<Timestamp>,
    /// What each check said at the last evaluation, by code.
    pub results: BTreeMap<String, CheckResult>,
}

/// Key figures of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KpiDay {
    /// The day, `YYYY-MM-DD`, where the organisation is.
    pub day: String,
    /// The moment within it.
    pub at: Timestamp,
    /// The figures, a JSON document.
    pub document: String,
}

/// A finding that was there at some moment.
#[derive(Clone, Debug)]
pub struct FindingAt {
    /// The finding; evidence and likelihood are the newest.
    pub finding: Finding,
    /// Name of its asset.
    pub asset_name: String,
    /// Unit that owned the asset at that moment.
    pub unit: Option<UnitId>,
}

/// How many findings of a kind there were at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingCount {
    /// Code in the catalogue.
    pub code: String,
    /// Their status; `open` for those that were resolved later.
    pub status: FindingStatus,
    /// How many.
    pub count: u64,
}

/// A finding that was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolvedFinding {
    /// The finding.
    pub id: FindingId,
    /// Its asset.
    pub asset: AssetId,
    /// When it was last opened.
    pub opened_at: Timestamp,
    /// When it was resolved.
    pub resolved_at: Timestamp,
}

/// A report as it was presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenReport {
    /// Its id.
    pub id: ReportId,
    /// The month it is about, `YYYY-MM`.
    pub month: String,
    /// The moment whose state it shows.
    pub cut_off: Timestamp,
    /// Language it was presented in, `nl` or `en`.
    pub language: String,
    /// When it was frozen.
    pub created_at: Timestamp,
    /// Who froze it.
    pub created_by: String,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// The content, canonical JSON; empty in lists.
    pub content: String,
}
