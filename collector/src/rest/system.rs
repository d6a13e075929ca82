//! Health, overview and audit log.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::{By, Query, blocking};
use super::problem::{Problem, Reads};
use super::{Api, Paging};
use crate::app::access::Right;
use crate::clock;
use crate::view::{AuditView, List, OverviewView};

/// Whether the collector works.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`; anything else comes as a problem.
    pub status: String,
    /// Version of the collector.
    pub version: String,
}

/// Whether the collector works: for probes of load balancers, without a token.
#[utoipa::path(get, path = "/api/v1/health", tag = "system", security(()), responses(
    (status = 200, body = Health),
    Reads,
))]
pub async fn health(State(api): State<Api>) -> Result<Json<Health>, Problem> {
    blocking(move || Ok(api.app.store.health()?)).await?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Json(Health { status: "ok".to_owned(), version }))
}

/// Counts over all assets in service.
#[utoipa::path(get, path = "/api/v1/overview", tag = "system", responses(
    (status = 200, body = OverviewView),
    Reads,
))]
pub async fn overview(
    State(api): State<Api>,
    By(actor): By,
) -> Result<Json<OverviewView>, Problem> {
    actor.require(Right::Read)?;
    let overview = blocking(move || Ok(api.app.store.overview(clock::now())?)).await?;
    Ok(Json(overview.into()))
}

/// Who did what, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "system", params(Paging), responses(
    (status = 200, body = List<AuditView>),
    Reads,
))]
pub async fn audit(
    State(api): State<Api>,
    By(actor): By,
    Query(paging): Query<Paging>,
) -> Result<Json<List<AuditView>>, Problem> {
    actor.require(Right::ReadAudit)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    let records = blocking(move || Ok(api.app.store.audit_list(page)?)).await?;
    Ok(Json(List::of(records, AuditView::from)))
}
