//! The risk register: list, entry, history, and what people do with an entry.

pub mod actions;
pub mod work;

use axum::extract::State;
use belfort_model::time::Timestamp;
use belfort_store::record::RiskFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::auth::{By, Path, Query, blocking};
use super::precondition::{IfMatch, Versioned};
use super::problem::{Problem, Reads};
use super::{Api, Paging, default_limit};
use crate::app::AppError;
use crate::app::access::Right;
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{List, RiskVersionView, RiskView};

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
    /// The register as it was at this moment, or at the end of this day.
    as_of: Option<String>,
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
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    Query(query): Query<RiskQuery>,
) -> Result<axum::Json<List<RiskView>>, Problem> {
    actor.require(Right::Read)?;
    let page = Paging::page(query.limit, query.offset)?;
    let state = query.state.map(|state| state.parse().map_err(invalid("state"))).transpose()?;
    let asset = query.asset.map(|id| id.parse().map_err(invalid("asset"))).transpose()?;
    let as_of = as_of(query.as_of.as_deref())?;
    let catalogue = api.app.catalogue.clone();
    let found = blocking(move || {
        let unit = query.unit.map(|code| api.app.unit(&code)).transpose()?.map(|unit| unit.id);
        let filter = RiskFilter { state, unit, asset, open: query.open, ..RiskFilter::default() };
        Ok(api.app.risk_list(&actor, &filter, as_of, page)?)
    })
    .await?;
    Ok(axum::Json(List::of(found, |risk| RiskView::of(risk, &catalogue))))
}

fn as_of(text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| clock::until(text).map_err(invalid("as_of"))).transpose()
}

/// As of when.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    /// The entry as it was at this moment, or at the end of this day.
    as_of: Option<String>,
}

/// One risk by its reference; its version is the `ETag`.
#[utoipa::path(get, path = "/api/v1/risks/{reference}", tag = "risks",
    params(("reference" = String, Path, description = "For example R-2026-0001"), AsOf), responses(
    (status = 200, body = RiskView),
    Reads,
))]
pub async fn show(
    State(api): State<Api>,
    By(actor): By,
    Path(reference): Path<String>,
    Query(query): Query<AsOf>,
) -> Result<Versioned<RiskView>, Problem> {
    actor.require(Right::Read)?;
    let as_of = as_of(query.as_of.as_deref())?;
    let catalogue = api.app.catalogue.clone();
    let found = blocking(move || Ok(api.app.risk(&actor, &reference, as_of)?)).await?;
    Ok(Versioned(found.risk.version, RiskView::of(found, &catalogue)))
}

/// The versions of a risk, newest first: who changed what and when.
#[utoipa::path(get, path = "/api/v1/risks/{reference}/history", tag = "risks",
    params(("reference" = String, Path, description = "For example R-2026-0001"), Paging), responses(
    (status = 200, body = List<RiskVersionView>),
    Reads,
))]
pub async fn history(
    State(api): State<Api>,
    By(actor): By,
    Path(reference): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<RiskVersionView>>, Problem> {
    actor.require(Right::Read)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    let found = blocking(move || Ok(api.app.risk_history(&actor, &reference, page)?)).await?;
    Ok(axum::Json(List::of(found, RiskVersionView::from)))
}

/// Says that a version that was named is not the newest with 412 instead of 409.
pub(super) fn meant(if_match: IfMatch) -> impl Fn(AppError) -> Problem {
    move |error| match (if_match.0, error) {
        (Some(_), AppError::Store(error @ belfort_store::StoreError::Conflict { .. })) => {
            Problem::precondition_failed(format!("{error}: read it again and repeat"))
        }
        (_, error) => error.into(),
    }
}
