//! Exceptions.

use axum::extract::State;
use belfort_model::id::ExceptionId;
use belfort_store::record::ExceptionFilter;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::auth::{By, Json, Path, Query, blocking};
use super::precondition::{IfMatch, Versioned};
use super::problem::{Problem, Reads, Writes};
use super::risks::meant;
use super::risks::work::{DryRun, Reason};
use super::{Api, Paging, default_limit};
use crate::app::access::{Actor, Right};
use crate::app::risks::Write;
use crate::app::triage::{ExceptionChange, ExceptionFor};
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{ExceptionView, List};

/// Which exceptions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExceptionQuery {
    /// With this status.
    status: Option<String>,
    /// Of this asset, by id.
    asset: Option<String>,
    /// That end by this moment, or day.
    ends_before: Option<String>,
    /// How many at most, 1 to 1000.
    #[serde(default = "default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: u32,
    /// How many to pass over.
    #[serde(default)]
    offset: u64,
}

/// Exceptions that match, what ends first comes first.
#[utoipa::path(get, path = "/api/v1/exceptions", tag = "findings", params(ExceptionQuery), responses(
    (status = 200, body = List<ExceptionView>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    Query(query): Query<ExceptionQuery>,
) -> Result<axum::Json<List<ExceptionView>>, Problem> {
    actor.require(Right::Read)?;
    let page = Paging::page(query.limit, query.offset)?;
    let ends = query.ends_before.map(|text| clock::until(&text).map_err(invalid("ends_before")));
    let filter = ExceptionFilter {
        status: query.status.map(|text| text.parse().map_err(invalid("status"))).transpose()?,
        asset: query.asset.map(|id| id.parse().map_err(invalid("asset"))).transpose()?,
        ends_before: ends.transpose()?,
        scope: actor.scope(Right::Read),
    };
    let found = blocking(move || Ok(api.app.store.exception_list(&filter, page)?)).await?;
    Ok(axum::Json(List::of(found, ExceptionView::from)))
}

/// A request for an exception: for a finding; for an asset, with a code or without; or for a unit and a
/// code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewException {
    /// Id of a finding.
    #[schema(format = Uuid)]
    pub finding: Option<String>,
    /// Id of an asset.
    #[schema(format = Uuid)]
    pub asset: Option<String>,
    /// Code of a unit.
    #[schema(max_length = 64)]
    pub unit: Option<String>,
    /// Code of findings.
    #[schema(max_length = 100)]
    pub code: Option<String>,
    /// Why.
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
    /// What is done instead.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub compensating: String,
    /// When it ends: a moment, or a day; within 365 days, 90 when left out.
    #[schema(max_length = 40)]
    pub expires_at: Option<String>,
}

/// Asks for an exception.
#[utoipa::path(post, path = "/api/v1/exceptions", tag = "findings", request_body = NewException,
    responses((status = 201, body = ExceptionView), Writes))]
pub async fn create(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewException>,
) -> Result<(StatusCode, Versioned<ExceptionView>), Problem> {
    actor.require(Right::Triage)?;
    let what = ExceptionFor {
        finding: new.finding.map(|id| id.parse().map_err(invalid("finding"))).transpose()?,
        asset: new.asset.map(|id| id.parse().map_err(invalid("asset"))).transpose()?,
        unit: new.unit,
        code: new.code,
    };
    let end = new.expires_at.map(|text| clock::until(&text).map_err(invalid("expires_at")));
    let end = end.transpose()?;
    let (reason, instead) = (new.reason, new.compensating);
    let made = blocking(move || {
        Ok(api.app.exception_request(&actor, &what, reason, instead, end, clock::now())?)
    })
    .await?;
    Ok((StatusCode::CREATED, Versioned(made.exception.version, made.into())))
}

/// One exception; its version is the `ETag`.
#[utoipa::path(get, path = "/api/v1/exceptions/{id}", tag = "findings",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = ExceptionView),
    Reads,
))]
pub async fn show(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<Versioned<ExceptionView>, Problem> {
    actor.require(Right::Read)?;
    let id: ExceptionId = id.parse().map_err(invalid("id"))?;
    let found = blocking(move || Ok(api.app.exception(&actor, id)?)).await?;
    Ok(Versioned(found.exception.version, found.into()))
}

async fn change(
    api: Api,
    actor: Actor,
    id: String,
    change: ExceptionChange,
    if_match: IfMatch,
    dry_run: bool,
) -> Result<Versioned<ExceptionView>, Problem> {
    let id: ExceptionId = id.parse().map_err(invalid("id"))?;
    let write = Write { version: if_match.0, dry_run };
    let found = blocking(move || {
        let done = api.app.exception_change(&actor, id, &change, write, clock::now());
        let done = done.map_err(meant(if_match))?;
        api.wake.notify_one();
        Ok(done)
    })
    .await?;
    Ok(Versioned(found.exception.version, found.into()))
}

/// An approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Reference of the meeting that approved it.
    #[schema(max_length = 64)]
    pub meeting: Option<String>,
}

/// Approves an exception: the head of the department, or a meeting as the security officer enters it; never
/// who asked for it, and never a data protection officer.
#[utoipa::path(post, path = "/api/v1/exceptions/{id}/approve", tag = "findings", request_body = Approval,
    params(("id" = String, Path, format = Uuid), DryRun),
    responses((status = 200, body = ExceptionView), Writes))]
pub async fn approve(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    Query(DryRun { dry_run }): Query<DryRun>,
    if_match: IfMatch,
    Json(Approval { meeting }): Json<Approval>,
) -> Result<Versioned<ExceptionView>, Problem> {
    let by_meeting = meeting.is_some() && actor.require(Right::RecordMeeting).is_ok();
    if !by_meeting {
        actor.require(Right::ApproveException)?;
    }
    change(api, actor, id, ExceptionChange::Approve { meeting }, if_match, dry_run).await
}

/// Rejects a request for an exception.
#[utoipa::path(post, path = "/api/v1/exceptions/{id}/reject", tag = "findings", request_body = Reason,
    params(("id" = String, Path, format = Uuid), DryRun),
    responses((status = 200, body = ExceptionView), Writes))]
pub async fn reject(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    Query(DryRun { dry_run }): Query<DryRun>,
    if_match: IfMatch,
    Json(Reason { reason }): Json<Reason>,
) -> Result<Versioned<ExceptionView>, Problem> {
    actor.require(Right::ApproveException)?;
    change(api, actor, id, ExceptionChange::Reject { reason }, if_match, dry_run).await
}

/// Ends an exception before its time: what it was for counts again.
#[utoipa::path(post, path = "/api/v1/exceptions/{id}/close", tag = "findings", request_body = Reason,
    params(("id" = String, Path, format = Uuid), DryRun),
    responses((status = 200, body = ExceptionView), Writes))]
pub async fn close(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    Query(DryRun { dry_run }): Query<DryRun>,
    if_match: IfMatch,
    Json(Reason { reason }): Json<Reason>,
) -> Result<Versioned<ExceptionView>, Problem> {
    actor.require(Right::Triage)?;
    change(api, actor, id, ExceptionChange::Close { reason }, if_match, dry_run).await
}
