//! Organisational units.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Api;
use super::auth::{By, Json, blocking};
use super::problem::{Problem, Reads, Writes};
use crate::app::access::Right;
use crate::app::assets;
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{List, Unit};

/// All units, by code.
#[utoipa::path(get, path = "/api/v1/units", tag = "units", responses(
    (status = 200, body = List<Unit>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
) -> Result<axum::Json<List<Unit>>, Problem> {
    actor.require(Right::Read)?;
    let units = blocking(move || Ok(api.app.store.unit_list()?)).await?;
    Ok(axum::Json(List::all(units, Unit::from)))
}

/// A new unit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUnit {
    /// Short code, for example `BZ`.
    #[schema(min_length = 1, max_length = 32)]
    pub code: String,
    /// Name, for example `Dienst Burgerzaken`.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// `department`, `service`, `team` or `external`.
    pub kind: String,
    /// Code of the unit it is part of.
    pub parent: Option<String>,
}

/// Adds a unit.
#[utoipa::path(post, path = "/api/v1/units", tag = "units", request_body = NewUnit, responses(
    (status = 201, body = Unit),
    Writes,
))]
pub async fn create(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewUnit>,
) -> Result<(StatusCode, axum::Json<Unit>), Problem> {
    actor.require(Right::Manage)?;
    let kind = new.kind.parse().map_err(invalid("kind"))?;
    let new = assets::NewUnit { code: new.code, name: new.name, kind, parent: new.parent };
    let unit = blocking(move || Ok(api.app.unit_create(&actor, &new, clock::now())?)).await?;
    Ok((StatusCode::CREATED, axum::Json(unit.into())))
}
