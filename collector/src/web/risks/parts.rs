//! The parts of the page of a risk: steps, values, and the fields of its forms.

use std::collections::BTreeMap;

use belfort_model::id::UnitId;
use belfort_model::risk::{Rating, Risk, RiskState};
use belfort_model::scale::Level;
use belfort_model::unit::OrgUnit;

use super::super::frame::Frame;

/// Units by id.
pub(super) type Units = BTreeMap<UnitId, OrgUnit>;

/// The words people put to a risk, as they stand in the form.
#[derive(Default)]
pub(super) struct Own {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) owner_unit: String,
    pub(super) owner_function: String,
    pub(super) controls: String,
    pub(super) legal: String,
}

/// A step of the decision flow.
pub(super) struct Step {
    pub(super) text: String,
    pub(super) done: bool,
    pub(super) current: bool,
}

/// A value: what the system suggests and what people assessed.
pub(super) struct Value {
    pub(super) name: String,
    pub(super) suggested: String,
    pub(super) assessed: String,
}

/// A choice of the form to assess with.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: String,
    /// Group of the words for its levels.
    pub(super) scale: &'static str,
    /// The level that stands; 0 for one that was not set.
    pub(super) chosen: u8,
}

/// The words people put to it.
pub(super) fn own(risk: &Risk, units: &Units) -> Own {
    let owner = risk.owner.as_ref();
    let unit = owner.and_then(|owner| units.get(&owner.unit));
    Own {
        title: risk.title.clone().unwrap_or_default(),
        description: risk.description.clone().unwrap_or_default(),
        owner_unit: unit.map(|unit| unit.code.clone()).unwrap_or_default(),
        owner_function: owner.map(|owner| owner.function.clone()).unwrap_or_default(),
        controls: risk.existing_controls.join("\n"),
        legal: risk.legal.join("\n"),
    }
}

/// How far it has come.
pub(super) fn steps(frame: &Frame, state: RiskState) -> Vec<Step> {
    use RiskState::{
        Analysing, Closed, Decided, Evaluated, Monitored, Proposed, Reassess, Rejected, Reopened,
    };
    let way: &[RiskState] = match state {
        Rejected => &[Proposed, Rejected],
        Reassess => &[Proposed, Reassess, Analysing, Evaluated, Decided, Monitored, Closed],
        Reopened => &[Proposed, Reopened, Analysing, Evaluated, Decided, Monitored, Closed],
        _ => &[Proposed, Analysing, Evaluated, Decided, Monitored, Closed],
    };
    let here = way.iter().position(|one| *one == state).unwrap_or_default();
    let step = |(index, one): (usize, &RiskState)| Step {
        text: frame.code("state", one.as_str()),
        done: index < here,
        current: index == here,
    };
    way.iter().enumerate().map(step).collect()
}

/// The values side by side.
pub(super) fn values(frame: &Frame, risk: &Risk) -> Vec<Value> {
    let (suggested, assessed) = (&risk.suggestion, risk.assessed.as_ref());
    let level = |scale: &str, level: Level| {
        let word = frame.code(scale, &level.to_string());
        format!("{level} {word}")
    };
    let value = |key: &str, suggested: String, assessed: Option<String>| Value {
        name: frame.t(key),
        suggested,
        assessed: assessed.unwrap_or_default(),
    };
    let rated = |key, of: fn(Rating) -> Level, scale| {
        let now = assessed.map(|one| level(scale, of(one.current)));
        value(key, level(scale, of(suggested.current)), now)
    };
    let impacts = [
        ("risks-impact-b", suggested.biv.b, assessed.map(|one| one.biv.b)),
        ("risks-impact-i", suggested.biv.i, assessed.map(|one| one.biv.i)),
        ("risks-impact-v", suggested.biv.v, assessed.map(|one| one.biv.v)),
        (
            "risks-impact-operations",
            suggested.facets.operations,
            assessed.map(|one| one.facets.operations),
        ),
        (
            "risks-impact-citizens",
            suggested.facets.citizens,
            assessed.map(|one| one.facets.citizens),
        ),
        ("risks-impact-legal", suggested.facets.legal, assessed.map(|one| one.facets.legal)),
        (
            "risks-impact-reputation",
            suggested.facets.reputation,
            assessed.map(|one| one.facets.reputation),
        ),
    ];
    let target = assessed.and_then(|one| one.target).map(|target| {
        format!(
            "{} × {} ({})",
            target.likelihood,
            target.impact,
            level("severity", target.severity)
        )
    });
    let inherent = assessed.map(|one| level("likelihood", one.inherent.likelihood));
    let mut values = vec![
        value("risks-inherent", level("likelihood", suggested.inherent.likelihood), inherent),
        rated("risks-likelihood", |rating| rating.likelihood, "likelihood"),
        rated("col-impact", |rating| rating.impact, "impact"),
        rated("col-severity", |rating| rating.severity, "severity"),
        value(
            "col-control",
            suggested.control.to_string(),
            assessed.map(|one| one.control.to_string()),
        ),
        value(
            "col-priority",
            suggested.priority.to_string(),
            assessed.map(|_| risk.priority().to_string()),
        ),
    ];
    values.extend(impacts.map(|(key, suggested, assessed)| {
        value(key, level("impact", suggested), assessed.map(|one| level("impact", one)))
    }));
    if target.is_some() {
        values.push(value("risks-target", String::new(), target));
    }
    values
}

/// The fields to assess with, as the values stand.
pub(super) fn form(frame: &Frame, risk: &Risk) -> Vec<Field> {
    let (suggested, assessed) = (&risk.suggestion, risk.assessed.as_ref());
    let biv = assessed.map_or(suggested.biv, |one| one.biv);
    let facets = assessed.map_or(suggested.facets, |one| one.facets);
    let inherent = assessed.map_or(suggested.inherent, |one| one.inherent);
    let target = assessed.and_then(|one| one.target);
    let field = |name, key: &str, scale, level: Option<Level>| Field {
        name,
        label: frame.t(key),
        scale,
        chosen: level.map_or(0, Level::get),
    };
    let target_likelihood = target.map(|one| one.likelihood);
    vec![
        field("kans_bruto", "risks-inherent", "likelihood", Some(inherent.likelihood)),
        field("kans", "risks-likelihood", "likelihood", Some(risk.rating().likelihood)),
        field("beheersing", "col-control", "control", Some(risk.control())),
        field("b", "risks-impact-b", "impact", Some(biv.b)),
        field("i", "risks-impact-i", "impact", Some(biv.i)),
        field("v", "risks-impact-v", "impact", Some(biv.v)),
        field("werking", "risks-impact-operations", "impact", Some(facets.operations)),
        field("burgers", "risks-impact-citizens", "impact", Some(facets.citizens)),
        field("juridisch", "risks-impact-legal", "impact", Some(facets.legal)),
        field("reputatie", "risks-impact-reputation", "impact", Some(facets.reputation)),
        field("doel_kans", "risks-target-likelihood", "likelihood", target_likelihood),
        field("doel_impact", "risks-target-impact", "impact", target.map(|one| one.impact)),
    ]
}
