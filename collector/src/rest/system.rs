//! Health, overview and audit log.

use axum::Json;
use axum::extract::State;
use belfort_store::record::AuditFilter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::agents::invalid;

use super::auth::{By, Query, blocking};
use super::problem::{Problem, Reads};
use super::{Api, Paging, default_limit};
use crate::app::access::Right;
use crate::app::audit::{may_read, moment as moment_of};
use crate::clock;
use crate::view::{AuditVerifiedView, AuditView, List, OverviewView};

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

/// Counts over the assets in service one may see.
#[utoipa::path(get, path = "/api/v1/overview", tag = "system", responses(
    (status = 200, body = OverviewView),
    Reads,
))]
pub async fn overview(
    State(api): State<Api>,
    By(actor): By,
) -> Result<Json<OverviewView>, Problem> {
    actor.require(Right::Read)?;
    let scope = actor.scope(Right::Read);
    let overview = blocking(move || Ok(api.app.store.overview(&scope, clock::now())?)).await?;
    Ok(Json(overview.into()))
}

/// Which records of the audit log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// By this actor.
    #[param(max_length = 200)]
    actor: Option<String>,
    /// With this action, for example `user.roles`; with a dot at the end those that begin so, for
    /// example `login.`.
    #[param(max_length = 64)]
    action: Option<String>,
    /// About this subject, for example the id of an asset.
    #[param(max_length = 200)]
    subject: Option<String>,
    /// From this moment on: a day such as `2026-03-01` or a moment in RFC 3339.
    #[param(max_length = 40)]
    from: Option<String>,
    /// Before this moment.
    #[param(max_length = 40)]
    to: Option<String>,
    /// How many at most, 1 to 1000.
    #[serde(default = "default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: u32,
    /// How many to pass over.
    #[serde(default)]
    offset: u64,
}

/// Who did what, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "system", params(AuditQuery), responses(
    (status = 200, body = List<AuditView>),
    Reads,
))]
pub async fn audit(
    State(api): State<Api>,
    By(actor): By,
    Query(query): Query<AuditQuery>,
) -> Result<Json<List<AuditView>>, Problem> {
    may_read(&actor)?;
    let page = Paging::page(query.limit, query.offset)?;
    let moment = |field, text: Option<String>| {
        text.map(|text| moment_of(&text).map_err(invalid(field))).transpose()
    };
    let filter = AuditFilter {
        actor: query.actor,
        action: query.action,
        subject: query.subject,
        from: moment("from", query.from)?,
        to: moment("to", query.to)?,
    };
    let records = blocking(move || Ok(api.app.audit_search(&actor, &filter, page)?)).await?;
    Ok(Json(List::of(records, AuditView::from)))
}

/// Whether the audit log is what was written: the chain of hashes is recomputed. That it is broken is an
/// answer too.
#[utoipa::path(get, path = "/api/v1/audit/verification", tag = "system", responses(
    (status = 200, body = AuditVerifiedView),
    Reads,
))]
pub async fn verify_audit(
    State(api): State<Api>,
    By(actor): By,
) -> Result<Json<AuditVerifiedView>, Problem> {
    may_read(&actor)?;
    let chain = blocking(move || Ok(api.app.audit_verify(&actor)?)).await?;
    Ok(Json(chain.into()))
}
