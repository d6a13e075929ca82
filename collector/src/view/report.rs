//! Monthly reports.

use belfort_store::record::FrozenReport;
use serde::Serialize;
use utoipa::ToSchema;

use super::text;
use crate::app::reports::Verified;

/// A frozen report.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportView {
    /// Id.
    pub id: String,
    /// Month it is about.
    pub month: String,
    /// Moment whose state it shows.
    pub cut_off: String,
    /// Language it was presented in.
    pub language: String,
    /// When it was frozen.
    pub created_at: String,
    /// Who froze it.
    pub created_by: String,
    /// SHA-256 of its content.
    pub sha256: String,
}

impl From<FrozenReport> for ReportView {
    fn from(report: FrozenReport) -> Self {
        Self {
            id: report.id.to_string(),
            month: report.month,
            cut_off: text(report.cut_off),
            language: report.language,
            created_at: text(report.created_at),
            created_by: report.created_by,
            sha256: hex::encode(report.sha256),
        }
    }
}

/// Whether a frozen report is what it was.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedView {
    /// Whether the three hashes agree.
    pub holds: bool,
    /// Hash it was frozen with.
    pub stored: String,
    /// Hash of its content now.
    pub computed: String,
    /// Hash the audit log says it was frozen with.
    pub audited: Option<String>,
}

impl From<Verified> for VerifiedView {
    fn from(verified: Verified) -> Self {
        Self {
            holds: verified.holds(),
            stored: hex::encode(verified.stored),
            computed: hex::encode(verified.computed),
            audited: verified.audited,
        }
    }
}
