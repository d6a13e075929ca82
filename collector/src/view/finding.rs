//! Findings, and the kinds of the catalogue.

use std::collections::BTreeMap;

use belfort_assess::catalogue::{Catalogue, FindingKind};
use belfort_assess::condition::Condition;
use belfort_model::finding::{EvidenceItem, Finding, Judgement};
use belfort_model::scale::Level;
use belfort_store::record::FindingSummary;
use serde::Serialize;
use utoipa::ToSchema;

use super::text;

/// One fact a finding rests on.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceView {
    /// What it is about.
    pub name: String,
    /// What was seen.
    pub value: String,
}

impl From<EvidenceItem> for EvidenceView {
    fn from(item: EvidenceItem) -> Self {
        Self { name: item.name, value: item.value }
    }
}

/// A finding.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingView {
    /// Id.
    pub id: String,
    /// Code in the catalogue.
    pub code: String,
    /// Title, Dutch.
    pub title_nl: String,
    /// Title, English.
    pub title_en: String,
    /// Id of the asset.
    pub asset: String,
    /// Name of the asset.
    pub asset_name: String,
    /// Code of the unit that owns the asset.
    pub unit: Option<String>,
    /// Status.
    pub status: String,
    /// Suggested likelihood, 1 to 5.
    pub likelihood: u8,
    /// Dimensions it touches; none when it is for information.
    pub dimensions: String,
    /// What it rests on.
    pub evidence: Vec<EvidenceView>,
    /// Controls of CyFun 2025.
    pub cyfun_2025: Vec<String>,
    /// Controls of ISO/IEC 27001:2022.
    pub iso_27001: Vec<String>,
    /// What to do about it, Dutch.
    pub remedy_nl: String,
    /// What to do about it, English.
    pub remedy_en: String,
    /// When it was first observed.
    pub first_observed: String,
    /// When it was last observed.
    pub last_observed: String,
    /// When it was resolved.
    pub resolved_at: Option<String>,
    /// By when it is to be gone.
    pub due: Option<String>,
    /// The last judgement: who said what, and why.
    pub judged: Option<JudgementView>,
    /// Id of the unit that is to solve it, where that is not the owner of the asset.
    pub assigned_unit_id: Option<String>,
    /// Id of the exception it stands, or last stood, under.
    pub exception: Option<String>,
    /// Version, for optimistic locking.
    pub version: u64,
}

/// What somebody said of a finding.
#[derive(Debug, Serialize, ToSchema)]
pub struct JudgementView {
    /// `confirmed`, `false_positive` or `open`.
    pub status: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: String,
    /// Why.
    pub reason: String,
}

impl From<Judgement> for JudgementView {
    fn from(judged: Judgement) -> Self {
        let status = judged.status.to_string();
        Self { status, by: judged.by, at: text(judged.at), reason: judged.reason }
    }
}

impl FindingView {
    /// Shows a finding with what the catalogue says of its code.
    pub fn of(summary: FindingSummary, catalogue: &Catalogue) -> Self {
        let unit = summary.unit.map(|unit| unit.code);
        Self::new(summary.finding, summary.asset_name, unit, catalogue)
    }

    pub(super) fn new(
        finding: Finding,
        asset_name: String,
        unit: Option<String>,
        catalogue: &Catalogue,
    ) -> Self {
        // A code that left the catalogue keeps its findings; they show the code as title.
        let kind = catalogue.findings.get(&finding.code);
        let or_code = |text: Option<&String>| text.unwrap_or(&finding.code).clone();
        Self {
            id: finding.id.to_string(),
            title_nl: or_code(kind.map(|kind| &kind.title.nl)),
            title_en: or_code(kind.map(|kind| &kind.title.en)),
            asset: finding.asset.to_string(),
            asset_name,
            unit,
            status: finding.status.to_string(),
            likelihood: finding.likelihood.get(),
            dimensions: finding.dimensions.to_string(),
            evidence: finding.evidence.into_iter().map(Into::into).collect(),
            cyfun_2025: kind.map(|kind| kind.cyfun_2025.clone()).unwrap_or_default(),
            iso_27001: kind.map(|kind| kind.iso_27001.clone()).unwrap_or_default(),
            remedy_nl: kind.map(|kind| kind.remedy.nl.clone()).unwrap_or_default(),
            remedy_en: kind.map(|kind| kind.remedy.en.clone()).unwrap_or_default(),
            first_observed: text(finding.first_observed),
            last_observed: text(finding.last_observed),
            resolved_at: finding.resolved_at.map(text),
            due: finding.triage.due.map(text),
            judged: finding.triage.judged.map(Into::into),
            assigned_unit_id: finding.triage.assigned.map(|unit| unit.to_string()),
            exception: finding.triage.exception.map(|exception| exception.to_string()),
            version: finding.triage.version,
            code: finding.code,
        }
    }
}

/// A kind of finding, as the catalogue has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingKindView {
    /// Code.
    pub code: String,
    /// Title, Dutch.
    pub title_nl: String,
    /// Title, English.
    pub title_en: String,
    /// Suggested likelihood, 1 to 5.
    pub likelihood: u8,
    /// Dimensions it touches.
    pub dimensions: String,
    /// Scenario it counts for.
    pub scenario: String,
    /// The matcher that observes it; nothing when a condition does.
    pub matcher: Option<String>,
    /// The condition under which it is observed; nothing when a matcher does it.
    pub condition: Option<String>,
    /// The condition under which it concerns an asset; nothing when it concerns every one.
    pub applies: Option<String>,
    /// Subcategories of CyFun 2023.
    pub cyfun_2023: Vec<String>,
    /// Other rules it bears on.
    pub other: Vec<String>,
    /// Days to deal with it, by severity.
    pub due_days: BTreeMap<u8, u16>,
    /// Controls of CyFun 2025.
    pub cyfun_2025: Vec<String>,
    /// Controls of ISO/IEC 27001:2022.
    pub iso_27001: Vec<String>,
    /// What to do about it, Dutch.
    pub remedy_nl: String,
    /// What to do about it, English.
    pub remedy_en: String,
}

impl From<FindingKind> for FindingKindView {
    fn from(kind: FindingKind) -> Self {
        let text = |condition: Option<Condition>| condition.map(|one| one.text().to_owned());
        let severities = (1..=5).map(Level::clamped);
        Self {
            due_days: severities
                .filter_map(|severity| Some((severity.get(), kind.due_days.at(severity)?)))
                .collect(),
            matcher: kind.matcher,
            condition: text(kind.condition),
            applies: text(kind.applies),
            cyfun_2023: kind.cyfun_2023,
            other: kind.other,
            code: kind.code,
            title_nl: kind.title.nl,
            title_en: kind.title.en,
            likelihood: kind.likelihood.get(),
            dimensions: kind.dimensions.to_string(),
            scenario: kind.scenario,
            cyfun_2025: kind.cyfun_2025,
            iso_27001: kind.iso_27001,
            remedy_nl: kind.remedy.nl,
            remedy_en: kind.remedy.en,
        }
    }
}
