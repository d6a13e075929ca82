//! Entries of the risk register.

use std::collections::BTreeMap;

use belfort_assess::catalogue::Catalogue;
use belfort_model::risk::Rating as ModelRating;
use belfort_store::record::RiskSummary;
use serde::Serialize;
use utoipa::ToSchema;

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
    pub priority: String,
    /// Version of the matrix.
    pub matrix: String,
    /// Ids of the assets hit.
    pub assets: Vec<String>,
    /// Ids of the findings.
    pub findings: Vec<String>,
    /// Codes of the findings.
    pub codes: Vec<String>,
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
        let facets = suggestion.facets;
        Self {
            reference: risk.reference.clone(),
            key: risk.key.text(),
            title_nl: titled(scenario.map(|s| &s.title.nl), "zonder eigenaar"),
            title_en: titled(scenario.map(|s| &s.title.en), "without an owner"),
            description_nl: said(scenario.map(|s| &s.description.nl)),
            description_en: said(scenario.map(|s| &s.description.en)),
            unit: unit.map(|unit| unit.code),
            state: risk.state.to_string(),
            treatment: risk.treatment.to_string(),
            inherent: suggestion.inherent.into(),
            current: suggestion.current.into(),
            biv: suggestion.biv.into(),
            facets: BTreeMap::from([
                ("operations".to_owned(), facets.operations.get()),
                ("citizens".to_owned(), facets.citizens.get()),
                ("legal".to_owned(), facets.legal.get()),
                ("reputation".to_owned(), facets.reputation.get()),
            ]),
            control: suggestion.control.get(),
            compliant: suggestion.compliant,
            in_scope: suggestion.in_scope,
            priority: suggestion.priority.to_string(),
            matrix: suggestion.matrix.clone(),
            assets: suggestion.assets.iter().map(ToString::to_string).collect(),
            findings: suggestion.findings.iter().map(ToString::to_string).collect(),
            codes: suggestion.codes.clone(),
            created_at: text(risk.created_at),
            updated_at: text(risk.updated_at),
            next_review: text(risk.next_review),
            unsupported_since: risk.unsupported_since.map(text),
            version: risk.version,
            scenario: risk.key.scenario,
        }
    }
}
