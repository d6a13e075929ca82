//! Entries of the risk register.

use std::collections::BTreeMap;

use belfort_assess::catalogue::Catalogue;
use belfort_model::risk::Rating as ModelRating;
use belfort_store::record::RiskSummary;
use serde::Serialize;
use utoipa::ToSchema;

use super::workflow::{ActionView, AssessmentView, DecisionView, ReassessView, SaidView, facets};
use super::{Biv, text};

/// Likelihood, impact and severity, 1 to 5 each.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Rating {
    /// Likelihood.
    pub likelihood: u8,
    /// Impact.
    pub impact: u8,
    /// Severity by the matrix.
    pub severity: u8,
}

impl From<ModelRating> for Rating {
    fn from(rating: ModelRating) -> Self {
        Self {
            likelihood: rating.likelihood.get(),
            impact: rating.impact.get(),
            severity: rating.severity.get(),
        }
    }
}

/// An entry of the risk register.
#[derive(Debug, Serialize, ToSchema)]
pub struct RiskView {
    /// Reference.
    pub reference: String,
    /// Stable key: scenario and unit or asset.
    pub key: String,
    /// Scenario.
    pub scenario: String,
    /// Title, Dutch.
    pub title_nl: String,
    /// Title, English.
    pub title_en: String,
    /// What could happen, Dutch.
    pub description_nl: String,
    /// What could happen, English.
    pub description_en: String,
    /// Code of the unit.
    pub unit: Option<String>,
    /// State.
    pub state: String,
    /// Treatment.
    pub treatment: String,
    /// Severity that counts: the assessed one, or else the suggested one.
    pub severity: u8,
    /// Suggested: without controls.
    pub inherent: Rating,
    /// Suggested: with the controls in place.
    pub current: Rating,
    /// Suggested impact per dimension.
    pub biv: Biv,
    /// Suggested impact on operations, citizens, law and reputation.
    pub facets: BTreeMap<String, u8>,
    /// Suggested degree of control, 1 to 5.
    pub control: u8,
    /// Assets in scope that comply.
    pub compliant: u32,
    /// Assets in scope.
    pub in_scope: u32,
    /// Suggested priority.
    pub suggested_priority: String,
    /// Priority that counts: of the assessed values, or else of the suggested ones.
    pub priority: String,
    /// Version of the matrix.
    pub matrix: String,
    /// Ids of the assets hit.
    pub assets: Vec<String>,
    /// Ids of the findings.
    pub findings: Vec<String>,
    /// Ids of findings it rested on that count for it no more and are there nevertheless: they stand under
    /// an exception, or count for another entry. It is not closed before they are resolved.
    pub left_over: Vec<String>,
    /// Codes of the findings.
    pub codes: Vec<String>,
    /// What people assessed, apart from what is suggested.
    pub assessed: Option<AssessmentView>,
    /// Id of the unit that answers for it, where that is not the risk's own.
    pub owner_unit_id: Option<String>,
    /// Function of who answers for it.
    pub owner_function: Option<String>,
    /// Controls in place.
    pub existing_controls: Vec<String>,
    /// Laws and articles it touches.
    pub legal: Vec<String>,
    /// The decision that stands.
    pub decision: Option<DecisionView>,
    /// Until when it is accepted.
    pub accept_until: Option<String>,
    /// The last rejection.
    pub rejection: Option<SaidView>,
    /// What is done about it.
    pub actions: Vec<ActionView>,
    /// Advice of DPO and CISO.
    pub advice: Vec<SaidView>,
    /// References of incidents that concern it.
    pub incidents: Vec<String>,
    /// Why it has to be looked at again.
    pub reassess: Vec<ReassessView>,
    /// Who agreed first that it is closed.
    pub closing: Option<SaidView>,
    /// Since when the system proposes to close it.
    pub closure_proposed_at: Option<String>,
    /// When it was first proposed.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When it is to be looked at again.
    pub next_review: String,
    /// Since when no finding supports it.
    pub unsupported_since: Option<String>,
    /// Version, for optimistic locking.
    pub version: u64,
}

impl RiskView {
    /// Shows a risk with what the catalogue says of its scenario.
    pub fn of(summary: RiskSummary, catalogue: &Catalogue) -> Self {
        let RiskSummary { risk, unit, asset_name } = summary;
        let scenario = catalogue.scenarios.get(&risk.key.scenario);
        let place = asset_name.or_else(|| unit.as_ref().map(|unit| unit.name.clone()));
        let titled = |title: Option<&String>, nobody: &str| {
            let title = title.unwrap_or(&risk.key.scenario);
            format!("{title}: {}", place.as_deref().unwrap_or(nobody))
        };
        let said = |text: Option<&String>| text.cloned().unwrap_or_default();
        let suggestion = &risk.suggestion;
        Self {
            reference: risk.reference.clone(),
            key: risk.key.text(),
            title_nl: own(risk.title.as_ref(), || {
                titled(scenario.map(|s| &s.title.nl), "zonder eigenaar")
            }),
            title_en: own(risk.title.as_ref(), || {
                titled(scenario.map(|s| &s.title.en), "without an owner")
            }),
            description_nl: own(risk.description.as_ref(), || {
                said(scenario.map(|s| &s.description.nl))
            }),
            description_en: own(risk.description.as_ref(), || {
                said(scenario.map(|s| &s.description.en))
            }),
            unit: unit.map(|unit| unit.code),
            state: risk.state.to_string(),
            treatment: risk.treatment.to_string(),
            inherent: suggestion.inherent.into(),
            current: suggestion.current.into(),
            biv: suggestion.biv.into(),
            facets: facets(suggestion.facets),
            control: suggestion.control.get(),
            compliant: suggestion.compliant,
            in_scope: suggestion.in_scope,
            suggested_priority: suggestion.priority.to_string(),
            priority: risk.priority().to_string(),
            severity: risk.severity().get(),
            matrix: suggestion.matrix.clone(),
            assets: suggestion.assets.iter().map(ToString::to_string).collect(),
            findings: suggestion.findings.iter().map(ToString::to_string).collect(),
            left_over: risk.left_over.iter().map(ToString::to_string).collect(),
            codes: suggestion.codes.clone(),
            created_at: text(risk.created_at),
            updated_at: text(risk.updated_at),
            next_review: text(risk.next_review),
            unsupported_since: risk.unsupported_since.map(text),
            assessed: risk.assessed.map(Into::into),
            owner_unit_id: risk.owner.as_ref().map(|owner| owner.unit.to_string()),
            owner_function: risk.owner.map(|owner| owner.function),
            existing_controls: risk.existing_controls,
            legal: risk.legal,
            decision: risk.decision.map(Into::into),
            accept_until: risk.accept_until.map(text),
            rejection: risk.rejection.map(Into::into),
            actions: risk
                .actions
                .into_iter()
                .map(|action| ActionView::new(action, risk.reference.clone(), None))
                .collect(),
            advice: risk.advice.into_iter().map(Into::into).collect(),
            incidents: risk.incidents.into_iter().map(|one| one.reference).collect(),
            reassess: risk.reassess.into_iter().map(Into::into).collect(),
            closing: risk.closing.map(Into::into),
            closure_proposed_at: risk.closure_proposed_at.map(text),
            version: risk.version,
            scenario: risk.key.scenario,
        }
    }
}

/// What a person wrote, or else what follows from the catalogue.
fn own(written: Option<&String>, or: impl FnOnce() -> String) -> String {
    written.cloned().unwrap_or_else(or)
}
