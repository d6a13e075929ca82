//! Risks, decisions, actions, exceptions and advice.

use std::collections::BTreeMap;

use belfort_assess::catalogue::Catalogue;
use belfort_assess::kpi::{Known, Reason};
use belfort_model::id::RiskId;
use belfort_model::risk::{Rating, Risk, RiskState};
use belfort_model::scale::Level;
use belfort_model::time::Timestamp;
use belfort_store::record::RiskSummary;

use super::super::{App, Result};
use crate::report::{ActionLine, AdviceLine, Both, Change, ExceptionLine, RiskLine, UnitRef};
use crate::view::RiskView;

/// The rating that counts.
fn rating(risk: &Risk) -> Rating {
    risk.suggestion.current
}

/// Risks on the agenda by likelihood and impact.
pub(super) fn matrix(register: &[RiskSummary]) -> BTreeMap<String, u64> {
    let mut matrix = BTreeMap::new();
    for risk in register.iter().map(|one| &one.risk).filter(|risk| risk.is_on_agenda()) {
        let Rating { likelihood, impact, .. } = rating(risk);
        *matrix.entry(format!("{likelihood}x{impact}")).or_insert(0) += 1;
    }
    matrix
}

/// Risks that are new or changed since the beginning of the period, of severity 4 and up then or now;
/// highest first.
pub(super) fn changed(
    catalogue: &Catalogue,
    before: &[RiskSummary],
    register: &[RiskSummary],
    from: Timestamp,
) -> Vec<RiskLine> {
    let earlier: BTreeMap<RiskId, &Risk> =
        before.iter().map(|one| (one.risk.id, &one.risk)).collect();
    let mut lines = Vec::new();
    for one in register {
        let then = earlier.get(&one.risk.id).copied();
        let change = change(then, &one.risk, from);
        let was = then.map(rating);
        let high = |rating: Rating| rating.severity >= Level::FOUR;
        if change != Change::None && (high(rating(&one.risk)) || was.is_some_and(high)) {
            lines.push(line(catalogue, one, change, was));
        }
    }
    sort(&mut lines);
    lines
}

fn change(then: Option<&Risk>, now: &Risk, from: Timestamp) -> Change {
    let Some(then) = then else {
        // One that came and went within the period was never anybody's.
        return if now.is_on_agenda() && now.created_at >= from {
            Change::New
        } else {
            Change::None
        };
    };
    match (then.is_on_agenda(), now.is_on_agenda()) {
        (false, false) => return Change::None,
        (true, false) => return Change::Ended,
        (false, true) => return Change::New,
        (true, true) => {}
    }
    let decided = |risk: &Risk| (risk.state, risk.treatment);
    match rating(now).severity.cmp(&rating(then).severity) {
        std::cmp::Ordering::Greater => Change::Risen,
        std::cmp::Ordering::Less => Change::Fallen,
        std::cmp::Ordering::Equal if decided(then) != decided(now) => Change::Changed,
        std::cmp::Ordering::Equal if rating(then) != rating(now) => Change::Changed,
        std::cmp::Ordering::Equal => Change::None,
    }
}

/// Risks that wait for a decision, highest first.
pub(super) fn decisions(catalogue: &Catalogue, register: &[RiskSummary]) -> Vec<RiskLine> {
    let waits = |risk: &Risk| matches!(risk.state, RiskState::Evaluated | RiskState::Reassess);
    let waiting = register.iter().filter(|one| waits(&one.risk));
    let mut lines: Vec<_> =
        waiting.map(|one| line(catalogue, one, Change::None, Some(rating(&one.risk)))).collect();
    sort(&mut lines);
    lines
}

/// By severity, highest first; the order of the register among equals.
fn sort(lines: &mut [RiskLine]) {
    lines.sort_by_key(|line| std::cmp::Reverse(line.now.severity));
}

fn line(
    catalogue: &Catalogue,
    summary: &RiskSummary,
    change: Change,
    before: Option<Rating>,
) -> RiskLine {
    let risk = &summary.risk;
    let unit = summary.unit.as_ref();
    let unit = unit.map(|unit| UnitRef { code: unit.code.clone(), name: unit.name.clone() });
    let view = RiskView::of(summary.clone(), catalogue);
    RiskLine {
        reference: risk.reference.clone(),
        title: Both { nl: view.title_nl, en: view.title_en },
        unit,
        change,
        state: risk.state,
        treatment: risk.treatment,
        before,
        now: rating(risk),
        control: risk.suggestion.control.get(),
        priority: risk.suggestion.priority,
        assets: risk.suggestion.assets.len() as u64,
        next_review: risk.next_review,
    }
}

impl App {
    pub(super) fn late_actions(&self, _at: Timestamp) -> Result<Known<Vec<ActionLine>>> {
        Ok(Known::Unknown(Reason::NotRecorded))
    }

    pub(super) fn expiring_exceptions(&self, _at: Timestamp) -> Result<Known<Vec<ExceptionLine>>> {
        Ok(Known::Unknown(Reason::NotRecorded))
    }

    pub(super) fn advice_given(
        &self,
        _from: Timestamp,
        _until: Timestamp,
    ) -> Result<Known<Vec<AdviceLine>>> {
        Ok(Known::Unknown(Reason::NotRecorded))
    }
}
