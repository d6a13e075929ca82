//! The monthly report for the CI meeting (*overleg Coördinatie Informatieveiligheid*).
//!
//! [`Report`] is its content: facts without language, clock or layout, so that one that was frozen can be
//! shown in either language and its hash recomputed. [`document`] puts it into words; [`html`], [`pdf`],
//! [`csv`] and [`json`] write those down. The same content gives the same bytes.
//!
//! Source of the sections: `domain.md`, "Monthly report for the CI meeting".

pub mod canonical;
pub mod csv;
pub mod document;
pub mod format;
pub mod html;
pub mod json;
pub mod pdf;
pub mod render;

use std::collections::BTreeMap;

use belfort_assess::kpi::{Figure, Known, Share, Source};
use belfort_model::risk::{Rating, RiskState, Treatment};
use belfort_model::scale::Priority;
use belfort_model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Version of the form of the content; a change of meaning makes a new one.
pub const FORMAT: u32 = 1;

/// The content of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Version of its form.
    pub format: u32,
    /// The month, `YYYY-MM`.
    pub month: String,
    /// Since when what is new or changed is shown: the beginning of the month.
    pub period_from: Timestamp,
    /// The moment whose state it shows.
    pub cut_off: Timestamp,
    /// The key figures.
    pub figures: Vec<Figure>,
    /// The key figures of the months before, oldest first.
    pub trend: Vec<TrendPoint>,
    /// Risks on the agenda: how many per likelihood (first) and impact, as `4x5`.
    pub matrix: BTreeMap<String, u64>,
    /// New and changed risks of severity 4 and up, now or at the beginning.
    pub risks: Vec<RiskLine>,
    /// Risks that wait for a decision.
    pub decisions: Vec<RiskLine>,
    /// Actions past their date.
    pub actions_late: Known<Vec<ActionLine>>,
    /// Known exploited vulnerabilities.
    pub known_exploited: Known<Vec<VulnerabilityLine>>,
    /// Vulnerabilities and updates past their time.
    pub overdue: Known<Vec<VulnerabilityLine>>,
    /// Assets without owner or class, per service.
    pub services: Known<Vec<ServiceLine>>,
    /// Systems and software whose support ended, or ends within 180 days.
    pub end_of_life: Known<Vec<EndOfLifeLine>>,
    /// Exceptions that end soon or have ended.
    pub exceptions: Known<Vec<ExceptionLine>>,
    /// How far each check reaches.
    pub coverage: Known<Vec<CoverageLine>>,
    /// Sources of advisory data.
    pub sources: Vec<Source>,
    /// Advice given in the period by the data protection officer and the CISO.
    pub advice: Known<Vec<AdviceLine>>,
    /// Evidence per control of CyFun 2025.
    pub controls: Known<Vec<ControlLine>>,
    /// What it was made with.
    pub versions: Versions,
}

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Both {
    /// Dutch.
    pub nl: String,
    /// English.
    pub en: String,
}

/// A unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnitRef {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
}

/// The key figures of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrendPoint {
    /// The month, `YYYY-MM`.
    pub month: String,
    /// The day they are of, `YYYY-MM-DD`; nothing when none were kept in that month.
    pub day: Option<String>,
    /// Figures that are shares, by their id.
    pub shares: BTreeMap<String, Share>,
}

/// What happened to a risk in the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It came into the register.
    New,
    /// Its severity rose.
    Risen,
    /// Its severity fell.
    Fallen,
    /// It left the agenda.
    Ended,
    /// Something else changed.
    Changed,
    /// Nothing did.
    None,
}

/// A risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskLine {
    /// Reference.
    pub reference: String,
    /// Title with what it concerns.
    pub title: Both,
    /// Unit.
    pub unit: Option<UnitRef>,
    /// What happened in the period.
    pub change: Change,
    /// State.
    pub state: RiskState,
    /// Treatment.
    pub treatment: Treatment,
    /// Rating at the beginning of the period.
    pub before: Option<Rating>,
    /// Rating at the cut-off.
    pub now: Rating,
    /// Degree of control.
    pub control: u8,
    /// Priority.
    pub priority: Priority,
    /// Assets hit.
    pub assets: u64,
    /// Next review.
    pub next_review: Timestamp,
}

/// An action past its date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionLine {
    /// Reference of the risk.
    pub risk: String,
    /// What is to be done.
    pub title: String,
    /// Who carries it out: a function or a unit.
    pub owner: String,
    /// Date it was due.
    pub due: Timestamp,
    /// Days it is late.
    pub days_late: i64,
    /// Status.
    pub status: String,
}

/// A vulnerability or an update that is waiting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VulnerabilityLine {
    /// The CVE, or what the finding is about.
    pub name: String,
    /// Code of the finding.
    pub code: String,
    /// Assets affected.
    pub assets: u64,
    /// Units they belong to, by code.
    pub units: Vec<String>,
    /// Since when the first of them has been.
    pub since: Timestamp,
    /// Days since.
    pub days: i64,
}

/// Assets of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLine {
    /// The service; nothing for assets without an owner.
    pub unit: Option<UnitRef>,
    /// Whether it stands for all services with fewer than five devices together.
    pub together: bool,
    /// Assets in use.
    pub assets: u64,
    /// Assets without an owner that were enrolled for it; for the line without a unit, all without an
    /// owner.
    pub without_owner: u64,
    /// Assets whose class is assumed.
    pub without_class: u64,
    /// Agents that report, of the computers where one is expected.
    pub reporting: Share,
}

/// Support that ended or ends soon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndOfLifeLine {
    /// The product and its version.
    pub product: String,
    /// Code of the finding.
    pub code: String,
    /// The day, as the finding's evidence states it.
    pub day: String,
    /// Assets with it.
    pub assets: u64,
    /// Units they belong to, by code.
    pub units: Vec<String>,
}

/// An exception that ends soon or has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionLine {
    /// Reference or id.
    pub reference: String,
    /// What it covers.
    pub scope: String,
    /// Why it was given.
    pub reason: String,
    /// When it ends.
    pub expires: Timestamp,
    /// Whether it has ended.
    pub expired: bool,
}

/// How far a check reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageLine {
    /// Code of the check.
    pub code: String,
    /// Its title.
    pub title: Both,
    /// Assets as they should be.
    pub pass: u64,
    /// Assets not as they should be.
    pub hit: u64,
    /// Assets that could not be told.
    pub unknown: u64,
}

/// A piece of advice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdviceLine {
    /// In which role: `dpo` or `ciso`.
    pub role: String,
    /// Reference of the risk.
    pub risk: String,
    /// The advice.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// Evidence for a control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlLine {
    /// The control.
    pub control: String,
    /// Checks that cite it, by code.
    pub checks: Vec<String>,
    /// Assets they concern.
    pub in_scope: u64,
    /// Assets on which all pass.
    pub compliant: u64,
    /// Assets on which none fails, but one could not be told.
    pub unknown: u64,
    /// Open findings of these checks at the cut-off.
    pub open_findings: u64,
    /// Findings under an exception at the cut-off.
    pub excepted: u64,
}

/// What a report was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Risk matrix.
    pub matrix: String,
    /// Classification scheme.
    pub scheme: String,
    /// Catalogue of findings and scenarios.
    pub catalogue: String,
    /// Source of the dates on which support ends.
    pub end_of_life: String,
    /// The program.
    pub program: String,
}

#[cfg(test)]
mod tests;
