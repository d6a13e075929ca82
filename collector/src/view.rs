//! What the outside sees: the JSON of REST and of `--json`, the same for both.
//!
//! One file per subject; the names are used from here.

mod access;
mod advisory;
mod asset;
mod finding;
mod import;
mod kpi;
mod people;
mod registry;
mod report;
mod risk;
mod rule;
mod section;
mod software;
mod system;
mod undo;
mod workflow;

pub use access::{AgentView, ApiTokenView, NewTokenView, TokenView};
pub use advisory::{
    AdvisorySourceView, AffectedView, ExploitedView, ImportedView, SuppressionView,
    VulnerabilityView,
};
pub use asset::{Asset, AssetFull, Biv, Change, Class, GivenClass, Link, Owner, Section, Unit};
pub use finding::{EvidenceView, FindingKindView, FindingView, JudgementView};
pub use import::ImportView;
pub use kpi::{FigureView, KpisView, MedianView, ServiceView, SourceView};
pub use people::{
    MeView, NewApiTokenView, RecoveryCodesView, ResetCodeView, SecondFactorView, SessionView,
    UserView,
};
pub use registry::{DataSetView, DisposalView, OwnershipView, SchemeView, StepView, UnitNode};
pub use report::{ReportView, VerifiedView};
pub use risk::{Rating, RiskView};
pub use rule::{AppliedView, AssignedView, BatchView, PreviewView, RuleView, UndoneView};
pub use section::with_vendors;
pub use software::{InstalledView, SoftwareFull, SoftwareView};
pub use system::{AuditVerifiedView, AuditView, OverviewView};
pub use undo::{BatchUndoView, UndoLineView};
pub use workflow::{
    ActionView, AssessmentView, DecisionView, ExceptionView, IncidentView, MeetingView,
    ReassessView, RiskVersionView, SaidView,
};

use belfort_model::time::Timestamp;
use belfort_store::record::Paged;
use serde::Serialize;
use utoipa::ToSchema;

/// A part of a list, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The part asked for.
    pub items: Vec<T>,
    /// How many match in all.
    pub total: u64,
}

impl<T> List<T> {
    /// Shows each item of a page.
    pub fn of<S>(page: Paged<S>, show: impl FnMut(S) -> T) -> Self {
        Self { total: page.total, items: page.items.into_iter().map(show).collect() }
    }

    /// Shows a page of all there is.
    pub fn page<S>(
        items: Vec<S>,
        page: belfort_store::record::Page,
        show: impl FnMut(S) -> T,
    ) -> Self {
        let total = items.len() as u64;
        let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
        let part = items.into_iter().skip(offset).take(page.limit as usize);
        Self { total, items: part.map(show).collect() }
    }

    /// Shows all there is.
    pub fn all<S>(items: Vec<S>, show: impl FnMut(S) -> T) -> Self {
        let items: Vec<T> = items.into_iter().map(show).collect();
        Self { total: items.len() as u64, items }
    }
}

/// A moment as the outside sees it.
fn text(moment: Timestamp) -> String {
    moment.to_string()
}
