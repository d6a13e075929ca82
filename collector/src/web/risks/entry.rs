//! One risk: what it is, where its values come from, how far it has come, and what the visitor may do.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use belfort_model::access::Actor;
use belfort_model::risk::{ACCEPT_DAYS, ActionStatus, Knowledge, Risk, Treatment};
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{Page, RiskSummary};
use http::StatusCode;

use super::super::frame::{Frame, Visitor};
use super::super::list::{Asked, Pager};
use super::super::render;
use super::history::{self, Version};
use super::offer::{self, Offer};
use super::parts::{self, Field, Own, Step, Units, Value};
use crate::app::access::Right;
use crate::app::{App, AppError};
use crate::calendar::Day;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{ActionView, FindingView, RiskView};
use crate::web::choice;

/// Findings shown of the evidence.
const EVIDENCE: usize = 50;
/// Meetings that can be chosen for a decision.
const MEETINGS: Page = Page { limit: 50, offset: 0 };

#[derive(Template)]
#[template(path = "risk.html")]
struct RiskPage {
    frame: Frame,
    done: Option<String>,
    risk: RiskView,
    title: String,
    description: String,
    /// The words people put to it, as they stand in the form.
    own: Own,
    unit_name: String,
    owner_unit: String,
    /// The day it is shown as of, when that is not now.
    as_of: Option<String>,
    steps: Vec<Step>,
    values: Vec<Value>,
    form: Vec<Field>,
    evidence: Vec<FindingView>,
    /// Findings that are not shown: too many, or another unit's.
    hidden: usize,
    incidents: Vec<(String, String)>,
    actions: Vec<ActionLine>,
    versions: Vec<Version>,
    pager: Pager,
    offer: Offer,
    treatments: [Treatment; 4],
    action_states: &'static [ActionStatus],
    /// Strengths of knowledge, and whether it is the one that stands.
    knowledge: Vec<(&'static str, bool)>,
    units: Vec<(String, String)>,
    meetings: Vec<(String, String)>,
    today: String,
    latest: String,
}

struct ActionLine {
    view: ActionView,
    unit_name: String,
    late: bool,
    may_act: bool,
}

/// The page.
pub(super) async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    Path(reference): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let path = format!("/risicos/{reference}");
    let asked = Asked::of(&path, query.as_deref(), &["stand"])?;
    let page =
        blocking(move || shown(&api.app, &actor, frame, &reference, &asked, clock::now())).await?;
    Ok(render(StatusCode::OK, &page))
}

fn shown(
    app: &App,
    actor: &Actor,
    frame: Frame,
    reference: &str,
    asked: &Asked,
    now: Timestamp,
) -> Result<RiskPage, Problem> {
    let wrong = |error| Problem::bad_request(format!("stand: {error}"));
    let as_of = asked.get("stand").map(|text| clock::until(text).map_err(wrong)).transpose()?;
    let found = app.risk(actor, reference, as_of)?;
    let RiskSummary { risk, unit, .. } = &found;
    let unit_id = unit.as_ref().map(|unit| unit.id);
    let part = asked.page()?;
    // One more than is shown: the version before the last one shown.
    let older = Page { limit: part.limit + 1, offset: part.offset };
    let kept = app.risk_history(actor, reference, older)?;
    let most = usize::try_from(part.limit).unwrap_or(usize::MAX);
    let versions = history::versions(&frame, &app.catalogue, &kept.items, most);
    let units: Units = app.store.unit_list()?.into_iter().map(|unit| (unit.id, unit)).collect();
    let (evidence, hidden) = evidence(app, actor, risk, now)?;
    // What was is read, not worked on.
    let offer = match as_of {
        Some(_) => Offer::default(),
        None => Offer::of(risk, actor, unit_id, &app.catalogue.matrix, now),
    };
    let meetings = if offer.decide { app.store.meeting_list(MEETINGS)?.items } else { vec![] };
    let view = RiskView::of(found.clone(), &app.catalogue);
    let owner = risk.owner.as_ref().and_then(|owner| units.get(&owner.unit));
    let known = risk.assessed.as_ref().map_or(Knowledge::Moderate, |one| one.knowledge);
    let owner_code = owner.map(|unit| unit.code.clone()).unwrap_or_default();
    let actions = risk.actions.iter().map(|action| ActionLine {
        late: action.due < now
            && !matches!(action.status, ActionStatus::Done | ActionStatus::Verified),
        may_act: as_of.is_none() && offer::may_act(risk, actor, unit_id, action.id, now),
        unit_name: units.get(&action.unit).map(|unit| unit.name.clone()).unwrap_or_default(),
        view: ActionView::from(belfort_store::record::ActionSummary {
            action: action.clone(),
            risk: risk.reference.clone(),
            unit: None,
        }),
    });
    Ok(RiskPage {
        done: asked.done(&frame),
        title: frame.pick(&view.title_nl, &view.title_en).to_owned(),
        description: frame.pick(&view.description_nl, &view.description_en).to_owned(),
        own: parts::own(risk, &units),
        unit_name: unit.as_ref().map(|unit| unit.name.clone()).unwrap_or_default(),
        owner_unit: owner.map(|unit| unit.name.clone()).unwrap_or_default(),
        as_of: asked.get("stand").map(str::to_owned),
        steps: parts::steps(&frame, risk.state),
        values: parts::values(&frame, risk),
        form: parts::form(&frame, risk),
        incidents: incidents(app, actor, risk)?,
        treatments: [Treatment::Mitigate, Treatment::Accept, Treatment::Transfer, Treatment::Avoid],
        action_states: ActionStatus::ALL,
        knowledge: Knowledge::ALL.iter().map(|one| (one.as_str(), *one == known)).collect(),
        actions: actions.collect(),
        pager: asked.pager(kept.total, versions.len()),
        meetings: meetings
            .into_iter()
            .filter(|one| one.took_place(now))
            .map(|one| {
                (one.reference, format!("{} ({})", one.title, frame.day(&one.held_at.to_string())))
            })
            .collect(),
        units: choice::among(units.into_values(), &[&owner_code], now),
        today: Day::of(now).to_string(),
        latest: Day::of(now.plus_days(ACCEPT_DAYS)).to_string(),
        risk: view,
        evidence,
        hidden,
        versions,
        offer,
        frame,
    })
}

/// The findings it rests on, as far as the reader may see them, and how many more there are.
fn evidence(
    app: &App,
    actor: &Actor,
    risk: &Risk,
    now: Timestamp,
) -> Result<(Vec<FindingView>, usize), Problem> {
    let all = &risk.suggestion.findings;
    let mut shown = Vec::new();
    for id in all.iter().take(EVIDENCE) {
        match app.finding_shown(actor, *id, now) {
            Ok(finding) => shown.push(FindingView::of(finding, &app.catalogue)),
            // Another unit's, or erased since.
            Err(AppError::Forbidden(_) | AppError::Store(StoreError::NotFound { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let hidden = all.len() - shown.len();
    Ok((shown, hidden))
}

/// Reference and title of the incidents; no title where the reader may not see the incident.
fn incidents(app: &App, actor: &Actor, risk: &Risk) -> Result<Vec<(String, String)>, Problem> {
    let scope = actor.scope(Right::Read);
    let titled = |reference: &String| {
        let found = app.store.incident_get(reference, &scope)?;
        Ok((reference.clone(), found.map(|incident| incident.title).unwrap_or_default()))
    };
    risk.incidents.iter().map(|link| titled(&link.reference)).collect()
}
