//! Findings: list, detail and what people make of them.

use axum::extract::State;
use belfort_model::finding::TriageChange;
use belfort_model::id::FindingId;
use belfort_store::record::FindingFilter;
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
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{FindingView, List};

/// Which findings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FindingQuery {
    /// Of this asset, by id.
    asset: Option<String>,
    /// With this code.
    code: Option<String>,
    /// With this status.
    status: Option<String>,
    /// Only those that count for a risk.
    #[serde(default)]
    open: bool,
    /// How many at most, 1 to 1000.
    #[serde(default = "default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: u32,
    /// How many to pass over.
    #[serde(default)]
    offset: u64,
}

/// Findings that match, open ones first.
#[utoipa::path(get, path = "/api/v1/findings", tag = "findings", params(FindingQuery), responses(
    (status = 200, body = List<FindingView>),
    Reads,
))]
pub async fn findings(
    State(api): State<Api>,
    By(actor): By,
    Query(query): Query<FindingQuery>,
) -> Result<axum::Json<List<FindingView>>, Problem> {
    actor.require(Right::Read)?;
    let page = Paging::page(query.limit, query.offset)?;
    let filter = FindingFilter {
        asset: query.asset.map(|id| id.parse().map_err(invalid("asset"))).transpose()?,
        code: query.code,
        status: query.status.map(|status| status.parse().map_err(invalid("status"))).transpose()?,
        open: query.open,
        ..FindingFilter::default()
    };
    let catalogue = api.app.catalogue.clone();
    let found = blocking(move || Ok(api.app.finding_list(&actor, filter, page, clock::now())?));
    let found = found.await?;
    Ok(axum::Json(List::of(found, |finding| FindingView::of(finding, &catalogue))))
}

/// One finding; its version is the `ETag`.
#[utoipa::path(get, path = "/api/v1/findings/{id}", tag = "findings",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = FindingView),
    Reads,
))]
pub async fn finding(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<Versioned<FindingView>, Problem> {
    actor.require(Right::Read)?;
    let id: FindingId = id.parse().map_err(invalid("id"))?;
    let catalogue = api.app.catalogue.clone();
    let found = blocking(move || Ok(api.app.finding_shown(&actor, id, clock::now())?)).await?;
    Ok(Versioned(found.finding.triage.version, FindingView::of(found, &catalogue)))
}

async fn triage(
    api: Api,
    actor: Actor,
    id: String,
    change: TriageChange,
    if_match: IfMatch,
    dry_run: bool,
) -> Result<Versioned<FindingView>, Problem> {
    actor.require(Right::Triage)?;
    let id: FindingId = id.parse().map_err(invalid("id"))?;
    let catalogue = api.app.catalogue.clone();
    let write = Write { version: if_match.0, dry_run };
    let found = blocking(move || {
        let done = api.app.finding_triage(&actor, id, &change, write, clock::now());
        let done = done.map_err(meant(if_match))?;
        api.wake.notify_one();
        Ok(done)
    })
    .await?;
    Ok(Versioned(found.finding.triage.version, FindingView::of(found, &catalogue)))
}

/// Why, where one wants to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// Why.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub reason: String,
}

/// Agrees with a finding.
#[utoipa::path(post, path = "/api/v1/findings/{id}/confirm", tag = "findings", request_body = Remark,
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = FindingView), Writes))]
pub async fn confirm(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    if_match: IfMatch,
    Json(Remark { reason }): Json<Remark>,
) -> Result<Versioned<FindingView>, Problem> {
    triage(api, actor, id, TriageChange::Confirm { reason }, if_match, false).await
}

/// Says that a finding is none, until its evidence changes.
#[utoipa::path(post, path = "/api/v1/findings/{id}/false-positive", tag = "findings",
    request_body = Reason, params(("id" = String, Path, format = Uuid), DryRun),
    responses((status = 200, body = FindingView), Writes))]
pub async fn false_positive(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    Query(DryRun { dry_run }): Query<DryRun>,
    if_match: IfMatch,
    Json(Reason { reason }): Json<Reason>,
) -> Result<Versioned<FindingView>, Problem> {
    triage(api, actor, id, TriageChange::FalsePositive { reason }, if_match, dry_run).await
}

/// Takes a judgement on a finding back.
#[utoipa::path(post, path = "/api/v1/findings/{id}/reopen", tag = "findings", request_body = Reason,
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = FindingView), Writes))]
pub async fn reopen(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    if_match: IfMatch,
    Json(Reason { reason }): Json<Reason>,
) -> Result<Versioned<FindingView>, Problem> {
    triage(api, actor, id, TriageChange::Reopen { reason }, if_match, false).await
}

/// Whose a finding is to solve.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// Code of the unit; the owner of the asset when left out.
    #[schema(max_length = 64)]
    pub unit: Option<String>,
}

/// Gives a finding to a unit to solve.
#[utoipa::path(post, path = "/api/v1/findings/{id}/assign", tag = "findings", request_body = Assign,
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = FindingView), Writes))]
pub async fn assign(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    if_match: IfMatch,
    Json(Assign { unit }): Json<Assign>,
) -> Result<Versioned<FindingView>, Problem> {
    actor.require(Right::Triage)?;
    let app = api.app.clone();
    let unit = match unit {
        Some(code) => Some(blocking(move || Ok(app.unit(&code)?.id)).await?),
        None => None,
    };
    triage(api, actor, id, TriageChange::Assign { unit }, if_match, false).await
}
