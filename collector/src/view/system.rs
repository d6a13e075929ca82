//! The overview and the audit log.

use std::collections::BTreeMap;

use belfort_store::record::{AuditRecord, Overview};
use serde::Serialize;
use utoipa::ToSchema;

use super::text;
use crate::app::audit::Chain;

/// One record of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditView {
    /// Number, from 1 without gaps.
    pub sequence: u64,
    /// When.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// How.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// Hash over the record and the one before.
    pub hash: String,
}

impl From<AuditRecord> for AuditView {
    fn from(record: AuditRecord) -> Self {
        Self {
            sequence: record.sequence,
            at: text(record.at),
            actor: record.actor,
            action: record.action,
            subject: record.subject,
            detail: serde_json::from_str(&record.detail).unwrap_or_default(),
            hash: hex::encode(record.hash),
        }
    }
}

/// Whether the audit log is what was written.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditVerifiedView {
    /// Whether the chain holds from the first record to the last.
    pub holds: bool,
    /// Records that were recomputed and hold, from the first on.
    pub records: u64,
    /// The first record that does not hold.
    pub broken_at: Option<u64>,
    /// What that means.
    pub reason: Option<String>,
}

impl From<Chain> for AuditVerifiedView {
    fn from(chain: Chain) -> Self {
        match chain {
            Chain::Holds(records) => Self { holds: true, records, broken_at: None, reason: None },
            Chain::Broken(first) => Self {
                holds: false,
                records: first.saturating_sub(1),
                broken_at: Some(first),
                reason: Some(format!(
                    "the chain is broken at record {first}: it, or one before it, was changed or \
                     taken out"
                )),
            },
        }
    }
}

/// Counts for the overview, over assets in service.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverviewView {
    /// Assets.
    pub assets: u64,
    /// Devices among them.
    pub devices: u64,
    /// Assets with an owner.
    pub owned: u64,
    /// Assets with a class that is not assumed.
    pub classified: u64,
    /// Devices seen within seven days.
    pub seen_7d: u64,
    /// Open findings by code.
    pub open_findings: BTreeMap<String, u64>,
    /// Open risks by current severity.
    pub open_risks: BTreeMap<String, u64>,
    /// When the newest report came.
    pub last_report: Option<String>,
}

impl From<Overview> for OverviewView {
    fn from(overview: Overview) -> Self {
        let severities = (1..=5).map(|severity: u8| severity.to_string());
        Self {
            assets: overview.assets,
            devices: overview.devices,
            owned: overview.owned,
            classified: overview.classified,
            seen_7d: overview.seen_7d,
            open_findings: overview.findings.into_iter().collect(),
            open_risks: severities.zip(overview.risks).collect(),
            last_report: overview.last_report.map(text),
        }
    }
}
