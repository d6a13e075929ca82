//! What changed in a risk from version to version.

use belfort_assess::catalogue::Catalogue;
use belfort_model::risk::{Rating, Risk};
use belfort_store::record::RiskSummary;

use super::super::frame::Frame;
use crate::view::RiskView;

/// One version, and what is different from the one before.
pub(super) struct Version {
    pub(super) number: u64,
    pub(super) at: String,
    pub(super) by: String,
    pub(super) event: String,
    pub(super) note: String,
    pub(super) changes: Vec<Difference>,
}

/// A value that changed.
pub(super) struct Difference {
    pub(super) name: String,
    pub(super) old: String,
    pub(super) new: String,
}

/// The versions, newest first; `risks` are so many and, where there is one, the version before them.
pub(super) fn versions(
    frame: &Frame,
    catalogue: &Catalogue,
    risks: &[Risk],
    most: usize,
) -> Vec<Version> {
    let shown = risks.iter().take(most).enumerate();
    shown
        .map(|(index, risk)| {
            let changes = risks.get(index + 1).map(|old| changes(frame, catalogue, old, risk));
            let (by, event, note) = match &risk.last_change {
                Some(last) => (last.by.clone(), last.event.as_str(), last.note.clone()),
                None => Default::default(),
            };
            Version {
                number: risk.version,
                at: risk.updated_at.to_string(),
                by,
                event: event.to_owned(),
                note,
                changes: changes.unwrap_or_default(),
            }
        })
        .collect()
}

fn changes(frame: &Frame, catalogue: &Catalogue, old: &Risk, new: &Risk) -> Vec<Difference> {
    let (before, after) = (values(frame, catalogue, old), values(frame, catalogue, new));
    let pairs = before.into_iter().zip(after);
    pairs
        .filter(|((_, old), (_, new))| old != new)
        .map(|((key, old), (_, new))| Difference { name: frame.t(key), old, new })
        .collect()
}

/// The values that are compared, in the same order for every version.
fn values(frame: &Frame, catalogue: &Catalogue, risk: &Risk) -> Vec<(&'static str, String)> {
    let summary = RiskSummary { risk: risk.clone(), unit: None, asset_name: None };
    let view = RiskView::of(summary, catalogue);
    let rated = |rating: Option<Rating>| rating.map(|rating| self::rated(frame, rating));
    let assessed = risk.assessed.as_ref();
    let actions = risk.actions.iter().map(|action| {
        let status = frame.code("action-status", action.status.as_str());
        format!("{} ({status}, {})", action.title, frame.day(&action.due.to_string()))
    });
    let meeting = view.decision.as_ref().and_then(|decision| decision.meeting.clone());
    vec![
        ("col-state", frame.code("state", &view.state)),
        ("risks-own-title", risk.title.clone().unwrap_or_default()),
        ("risks-description", risk.description.clone().unwrap_or_default()),
        ("risks-owner", view.owner_function.clone().unwrap_or_default()),
        ("risks-suggested-now", self::rated(frame, risk.suggestion.current)),
        ("risks-assessed-now", rated(assessed.map(|one| one.current)).unwrap_or_default()),
        ("risks-target", rated(assessed.and_then(|one| one.target)).unwrap_or_default()),
        ("col-control", risk.control().to_string()),
        ("col-priority", view.priority.clone()),
        ("col-treatment", frame.code("treatment", &view.treatment)),
        ("risks-meeting", meeting.unwrap_or_default()),
        ("risks-accept-until", frame.day(&view.accept_until.clone().unwrap_or_default())),
        ("risks-actions", actions.collect::<Vec<_>>().join("; ")),
        ("risks-controls", risk.existing_controls.join("; ")),
        ("risks-legal", risk.legal.join("; ")),
        ("risks-incidents", view.incidents.join(", ")),
        ("col-findings", frame.n(risk.suggestion.findings.len())),
        ("nav-assets", frame.n(risk.suggestion.assets.len())),
        ("risks-next-review", frame.day(&view.next_review)),
    ]
}

/// `4 × 5 (5 zeer hoog)`.
fn rated(frame: &Frame, rating: Rating) -> String {
    let Rating { likelihood, impact, severity } = rating;
    let word = frame.code("severity", &severity.to_string());
    format!("{likelihood} × {impact} ({severity} {word})")
}
