//! Findings and risks.

use axum::Json;
use axum::extract::State;
use belfort_store::record::{FindingFilter, RiskFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::auth::{By, Path, Query, blocking};
use super::problem::{Problem, Reads};
use super::{Api, Paging, default_limit};
use crate::app::access::Right;
use crate::rest::agents::invalid;
use crate::view::{FindingView, List, RiskView};

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
) -> Result<Json<List<FindingView>>, Problem> {
    actor.require(Right::Read)?;
    let page = Paging::page(query.limit, query.offset)?;
    let filter = FindingFilter {
        asset: query.asset.map(|id| id.parse().map_err(invalid("asset"))).transpose()?,
        code: query.code,
        status: query.status.map(|status| status.parse().map_err(invalid("status"))).transpose()?,
        open: query.open,
        scope: actor.scope(Right::Read),
    };
    let catalogue = api.app.catalogue.clone();
    let found = blocking(move || Ok(api.app.store.finding_list(&filter, page)?)).await?;
    Ok(Json(List::of(found, |finding| FindingView::of(finding, &catalogue))))
}

/// Which risks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RiskQuery {
    /// In this state.
    state: Option<String>,
    /// Of this unit, by code.
    unit: Option<String>,
    /// That rest on this asset, by id.
    asset: Option<String>,
    /// Only those on the agenda.
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

/// The register: risks that match, highest severity first.
#[utoipa::path(get, path = "/api/v1/risks", tag = "risks", params(RiskQuery), responses(
    (status = 200, body = List<RiskView>),
    Reads,
))]
pub async fn risks(
    State(api): State<Api>,
    By(actor): By,
    Query(query): Query<RiskQuery>,
) -> Result<Json<List<RiskView>>, Problem> {
    actor.require(Right::Read)?;
    let page = Paging::page(query.limit, query.offset)?;
    let state = query.state.map(|state| state.parse().map_err(invalid("state"))).transpose()?;
    let asset = query.asset.map(|id| id.parse().map_err(invalid("asset"))).transpose()?;
    let catalogue = api.app.catalogue.clone();
    let found = blocking(move || {
        let unit = query.unit.map(|code| api.app.unit(&code)).transpose()?.map(|unit| unit.id);
        let scope = actor.scope(Right::Read);
        let filter = RiskFilter { state, unit, asset, open: query.open, scope };
        Ok(api.app.store.risk_list(&filter, page)?)
    })
    .await?;
    Ok(Json(List::of(found, |risk| RiskView::of(risk, &catalogue))))
}

/// One risk by its reference.
#[utoipa::path(get, path = "/api/v1/risks/{reference}", tag = "risks",
    params(("reference" = String, Path, description = "For example R-2026-0001")), responses(
    (status = 200, body = RiskView),
    Reads,
))]
pub async fn risk(
    State(api): State<Api>,
    By(actor): By,
    Path(reference): Path<String>,
) -> Result<Json<RiskView>, Problem> {
    actor.require(Right::Read)?;
    let catalogue = api.app.catalogue.clone();
    let wanted = reference.clone();
    let found = blocking(move || Ok(api.app.store.risk_get(&wanted)?)).await?;
    let risk =
        found.ok_or_else(|| Problem::not_found(format!("there is no risk `{reference}`")))?;
    Ok(Json(RiskView::of(risk, &catalogue)))
}
