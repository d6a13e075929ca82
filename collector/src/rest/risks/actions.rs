//! Actions against risks.

use axum::extract::State;
use belfort_model::id::ActionId;
use belfort_model::risk::ActionUpdate;
use belfort_store::record::ActionFilter;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::meant;
use crate::app::access::Right;
use crate::app::risks::{Plan, Write};
use crate::clock;
use crate::rest::agents::invalid;
use crate::rest::auth::{By, Json, Path, Query, blocking};
use crate::rest::precondition::{IfMatch, Versioned};
use crate::rest::problem::{Problem, Reads, Writes};
use crate::rest::{Api, Paging, default_limit};
use crate::view::{ActionView, List};

/// Which actions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ActionQuery {
    /// That the unit with this code does.
    unit: Option<String>,
    /// With this status.
    status: Option<String>,
    /// Only those that should have been done by now.
    #[serde(default)]
    late: bool,
    /// How many at most, 1 to 1000.
    #[serde(default = "default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: u32,
    /// How many to pass over.
    #[serde(default)]
    offset: u64,
}

/// Actions that match, what is due first comes first.
#[utoipa::path(get, path = "/api/v1/actions", tag = "risks", params(ActionQuery), responses(
    (status = 200, body = List<ActionView>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    Query(query): Query<ActionQuery>,
) -> Result<axum::Json<List<ActionView>>, Problem> {
    actor.require(Right::Read)?;
    let page = Paging::page(query.limit, query.offset)?;
    let status = query.status.map(|text| text.parse().map_err(invalid("status"))).transpose()?;
    let late_at = query.late.then(clock::now);
    let found = blocking(move || {
        let unit = query.unit.map(|code| api.app.unit(&code)).transpose()?.map(|unit| unit.id);
        let scope = actor.scope(Right::Read);
        let filter = ActionFilter { risk: None, unit, status, late_at, scope };
        Ok(api.app.store.action_list(&filter, page)?)
    })
    .await?;
    Ok(axum::Json(List::of(found, ActionView::from)))
}

/// The actions of a risk, what is due first comes first.
#[utoipa::path(get, path = "/api/v1/risks/{reference}/actions", tag = "risks",
    params(("reference" = String, Path), Paging), responses(
    (status = 200, body = List<ActionView>),
    Reads,
))]
pub async fn of_risk(
    State(api): State<Api>,
    By(actor): By,
    Path(reference): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<ActionView>>, Problem> {
    actor.require(Right::Read)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    let found = blocking(move || {
        let risk = api.app.risk(&actor, &reference, None)?.risk.reference;
        let filter = ActionFilter { risk: Some(risk), ..ActionFilter::default() };
        Ok(api.app.store.action_list(&filter, page)?)
    })
    .await?;
    Ok(axum::Json(List::of(found, ActionView::from)))
}

/// An action to plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAction {
    /// What is to be done.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// Code of the unit that does it.
    #[schema(max_length = 64)]
    pub unit: String,
    /// Function of who does it.
    #[schema(min_length = 1, max_length = 200)]
    pub function: String,
    /// When it is to be done: a moment, or a day.
    #[schema(max_length = 40)]
    pub due: String,
}

/// Plans an action against a risk. `If-Match` names the version of the risk.
#[utoipa::path(post, path = "/api/v1/risks/{reference}/actions", tag = "risks", request_body = NewAction,
    params(("reference" = String, Path)),
    responses((status = 201, body = ActionView), Writes))]
pub async fn create(
    State(api): State<Api>,
    By(actor): By,
    Path(reference): Path<String>,
    if_match: IfMatch,
    Json(new): Json<NewAction>,
) -> Result<(StatusCode, Versioned<ActionView>), Problem> {
    actor.require(Right::Act)?;
    let due = clock::until(&new.due).map_err(invalid("due"))?;
    let plan = Plan { title: new.title, unit: new.unit, function: new.function, due };
    let write = Write { version: if_match.0, dry_run: false };
    let made = blocking(move || {
        let done = api.app.action_add(&actor, &reference, &plan, write, clock::now());
        let (_, id) = done.map_err(meant(if_match))?;
        Ok(api.app.action(&actor, id)?)
    })
    .await?;
    Ok((StatusCode::CREATED, Versioned(made.action.version, made.into())))
}

/// One action; its version is the `ETag`.
#[utoipa::path(get, path = "/api/v1/actions/{id}", tag = "risks",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = ActionView),
    Reads,
))]
pub async fn show(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<Versioned<ActionView>, Problem> {
    actor.require(Right::Read)?;
    let id: ActionId = id.parse().map_err(invalid("id"))?;
    let found = blocking(move || Ok(api.app.action(&actor, id)?)).await?;
    Ok(Versioned(found.action.version, found.into()))
}

/// What changes about an action. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAction {
    /// `planned`, `running`, `blocked`, `done` or `verified`; whoever did it does not verify it.
    pub status: Option<String>,
    /// When it is to be done: a moment, or a day.
    #[schema(max_length = 40)]
    pub due: Option<String>,
    /// Code of the unit that does it.
    #[schema(max_length = 64)]
    pub unit: Option<String>,
    /// Function of who does it.
    #[schema(max_length = 200)]
    pub function: Option<String>,
    /// What there is to say.
    #[schema(max_length = 4000)]
    pub note: Option<String>,
}

/// Changes an action.
#[utoipa::path(patch, path = "/api/v1/actions/{id}", tag = "risks", request_body = ChangeAction,
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = ActionView), Writes))]
pub async fn set(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    if_match: IfMatch,
    Json(new): Json<ChangeAction>,
) -> Result<Versioned<ActionView>, Problem> {
    actor.require(Right::Act)?;
    let id: ActionId = id.parse().map_err(invalid("id"))?;
    let status = new.status.map(|text| text.parse().map_err(invalid("status"))).transpose()?;
    let due = new.due.map(|text| clock::until(&text).map_err(invalid("due"))).transpose()?;
    let found = blocking(move || {
        let unit = new.unit.map(|code| api.app.unit(&code)).transpose()?.map(|unit| unit.id);
        let (function, note) = (new.function, new.note);
        let update = ActionUpdate { status, due, unit, function, note };
        let done = api.app.action_set(&actor, id, update, if_match.0, clock::now());
        done.map_err(meant(if_match))
    })
    .await?;
    Ok(Versioned(found.action.version, found.into()))
}
