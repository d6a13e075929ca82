//! Meetings that take decisions, and incidents.

use axum::extract::State;
use belfort_model::id::AssetId;
use belfort_model::meeting;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::auth::{By, Json, Path, Query, blocking};
use super::problem::{Problem, Reads, Writes};
use super::{Api, Paging};
use crate::app::access::Right;
use crate::app::triage;
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{IncidentView, List, MeetingView};

/// All meetings, newest first.
#[utoipa::path(get, path = "/api/v1/meetings", tag = "risks", params(Paging), responses(
    (status = 200, body = List<MeetingView>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<MeetingView>>, Problem> {
    actor.require(Right::Read)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    let found = blocking(move || Ok(api.app.store.meeting_list(page)?)).await?;
    Ok(axum::Json(List::of(found, MeetingView::from)))
}

/// A meeting.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMeeting {
    /// What decisions refer to, for example `CI-2026-11`.
    #[schema(min_length = 1, max_length = 64)]
    pub reference: String,
    /// What it is called; the reference when left out.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub title: String,
    /// When it takes, or took, place: a moment, or a day.
    #[schema(max_length = 40)]
    pub held_at: String,
    /// Functions that took part.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub attended: Vec<String>,
    /// Where the minutes are, or what they say.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub minutes: String,
}

/// Enters a meeting: security officer.
#[utoipa::path(post, path = "/api/v1/meetings", tag = "risks", request_body = NewMeeting, responses(
    (status = 201, body = MeetingView),
    Writes,
))]
pub async fn create(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewMeeting>,
) -> Result<(StatusCode, axum::Json<MeetingView>), Problem> {
    actor.require(Right::RecordMeeting)?;
    let held_at = clock::since(&new.held_at).map_err(invalid("held_at"))?;
    let NewMeeting { reference, title, attended, minutes, .. } = new;
    let new = meeting::NewMeeting { reference, title, attended, minutes };
    let work = move || Ok(api.app.meeting_add(&actor, &new, held_at, clock::now())?);
    Ok((StatusCode::CREATED, axum::Json(blocking(work).await?.into())))
}

/// Incidents that concern assets or risks of the reader's units, newest first; what else they concern is
/// left out.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "risks", params(Paging), responses(
    (status = 200, body = List<IncidentView>),
    Reads,
))]
pub async fn incidents(
    State(api): State<Api>,
    By(actor): By,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<IncidentView>>, Problem> {
    actor.require(Right::Read)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    let found =
        blocking(move || Ok(api.app.store.incident_list(&actor.scope(Right::Read), page)?)).await?;
    Ok(axum::Json(List::of(found, IncidentView::from)))
}

/// An incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIncident {
    /// Its reference in the incident register.
    #[schema(min_length = 1, max_length = 64)]
    pub reference: String,
    /// What happened, in one line.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub title: String,
    /// When it happened: a moment, or a day; now when left out.
    #[schema(max_length = 40)]
    pub occurred_at: Option<String>,
    /// Ids of assets it concerns.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub assets: Vec<String>,
    /// References of risks it concerns.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub risks: Vec<String>,
}

async fn put(
    api: Api,
    actor: crate::app::access::Actor,
    new: NewIncident,
) -> Result<axum::Json<IncidentView>, Problem> {
    actor.require(Right::Analyse)?;
    let at = new.occurred_at.map(|text| clock::since(&text).map_err(invalid("occurred_at")));
    let at = at.transpose()?;
    let assets = new.assets.iter().map(|id| id.parse::<AssetId>().map_err(invalid("assets")));
    let assets = assets.collect::<Result<_, _>>()?;
    let NewIncident { reference, title, risks, .. } = new;
    let new = triage::NewIncident { reference, title, assets, risks };
    let work = move || Ok(api.app.incident_add(&actor, &new, at, clock::now())?);
    Ok(axum::Json(blocking(work).await?.into()))
}

/// Registers an incident, or links a known one to more assets and risks; these risks have to be looked at
/// again.
#[utoipa::path(post, path = "/api/v1/incidents", tag = "risks", request_body = NewIncident, responses(
    (status = 200, body = IncidentView),
    Writes,
))]
pub async fn incident(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewIncident>,
) -> Result<axum::Json<IncidentView>, Problem> {
    put(api, actor, new).await
}

/// An incident to link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkIncident {
    /// Its reference in the incident register.
    #[schema(min_length = 1, max_length = 64)]
    pub reference: String,
    /// What happened, in one line; for one that is not registered yet.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub title: String,
}

/// Links an incident to a risk, which has to be looked at again.
#[utoipa::path(post, path = "/api/v1/risks/{reference}/incidents", tag = "risks",
    request_body = LinkIncident, params(("reference" = String, Path)), responses(
    (status = 200, body = IncidentView),
    Writes,
))]
pub async fn link(
    State(api): State<Api>,
    By(actor): By,
    Path(risk): Path<String>,
    Json(new): Json<LinkIncident>,
) -> Result<axum::Json<IncidentView>, Problem> {
    let LinkIncident { reference, title } = new;
    let (assets, risks) = (vec![], vec![risk]);
    put(api, actor, NewIncident { reference, title, occurred_at: None, assets, risks }).await
}
