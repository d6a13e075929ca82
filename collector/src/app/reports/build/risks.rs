//! Risks, decisions, actions, exceptions and advice.

use std::collections::BTreeMap;

use belfort_assess::catalogue::Catalogue;
use belfort_assess::kpi::Known;
use belfort_model::exception::ExceptionScope;
use belfort_model::id::RiskId;
use belfort_model::risk::{Rating, Risk, RiskState};
use belfort_model::scale::Level;
use belfort_model::time::Timestamp;
use belfort_store::record::{ExceptionSummary, RiskSummary};

use super::super::{App, Result};
use super::Units;
use crate::report::{ActionLine, AdviceLine, Both, Change, ExceptionLine, RiskLine, UnitRef};
use crate::view::RiskView;

/// Days within which an exception ends soon.
const SOON_DAYS: i64 = 30;

/// The rating that counts.
fn rating(risk: &Risk) -> Rating {
    risk.rating()
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
        control: risk.control().get(),
        priority: risk.priority(),
        assets: risk.suggestion.assets.len() as u64,
        next_review: risk.next_review,
    }
}

/// Actions past their date, the latest first.
pub(super) fn late_actions(
    at: Timestamp,
    register: &[RiskSummary],
    units: &Units,
) -> Vec<ActionLine> {
    let on_agenda = register.iter().map(|one| &one.risk).filter(|risk| risk.is_on_agenda());
    let late = on_agenda.flat_map(|risk| {
        let late = risk.actions.iter().filter(|action| action.is_late(at));
        late.map(|action| (risk.reference.clone(), action))
    });
    let mut lines: Vec<_> = late
        .map(|(risk, action)| {
            let unit = units.get(&action.unit).map(|unit| unit.code.clone()).unwrap_or_default();
            let owner = match action.function.as_str() {
                "" => unit,
                function => format!("{function} ({unit})"),
            };
            ActionLine {
                risk,
                title: action.title.clone(),
                owner,
                due: action.due,
                days_late: at.days_since(action.due),
                status: action.status.as_str().to_owned(),
            }
        })
        .collect();
    lines.sort_by(|a, b| (a.due, &a.risk, &a.title).cmp(&(b.due, &b.risk, &b.title)));
    lines
}

/// Advice given in the period, oldest first.
pub(super) fn advice(
    from: Timestamp,
    until: Timestamp,
    register: &[RiskSummary],
) -> Vec<AdviceLine> {
    let mut lines = Vec::new();
    for risk in register.iter().map(|one| &one.risk) {
        let given = risk.advice.iter().filter(|advice| (from..=until).contains(&advice.at));
        lines.extend(given.map(|advice| AdviceLine {
            role: advice.role.as_str().to_owned(),
            risk: risk.reference.clone(),
            text: advice.text.clone(),
            at: advice.at,
        }));
    }
    lines.sort_by(|a, b| (a.at, &a.risk).cmp(&(b.at, &b.risk)));
    lines
}

impl App {
    /// Exceptions that end within 30 days after the cut-off, and those that have ended while what they were
    /// for is still there.
    pub(super) fn expiring_exceptions(
        &self,
        at: Timestamp,
        units: &Units,
    ) -> Result<Known<Vec<ExceptionLine>>> {
        let there = self.exceptions_at(at)?;
        let overdue = self.overdue_exceptions(at, &there)?;
        let soon = at.plus_days(SOON_DAYS);
        let ending = there.into_iter().filter(|one| {
            let one = &one.exception;
            overdue.contains(&one.id) || (one.holds(at) && one.expires_at <= soon)
        });
        let line = |one: ExceptionSummary| {
            let asset = one.asset_name;
            let unit = |id| units.get(&id).map(|unit| unit.code.clone()).unwrap_or_default();
            let code =
                |code: Option<String>| code.map(|code| format!(": {code}")).unwrap_or_default();
            let scope = match one.exception.scope {
                ExceptionScope::Finding { .. } => asset.unwrap_or_default(),
                ExceptionScope::Asset { code: only, .. } => {
                    format!("{}{}", asset.unwrap_or_default(), code(only))
                }
                ExceptionScope::Unit { unit: id, code: only } => {
                    format!("{}{}", unit(id), code(Some(only)))
                }
            };
            ExceptionLine {
                reference: one.exception.meeting.unwrap_or_else(|| "–".to_owned()),
                scope,
                reason: one.exception.reason,
                expired: one.exception.expires_at <= at,
                expires: one.exception.expires_at,
            }
        };
        Ok(Known::Known(ending.map(line).collect()))
    }
}
