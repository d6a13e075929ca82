//! Organisational units.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Api;
use super::auth::{By, Json, Path, blocking};
use super::problem::{Problem, Reads, Writes};
use crate::app::access::Right;
use crate::app::units::{self, UnitEdit};
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{List, Unit, UnitNode};

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
    let new = units::NewUnit { code: new.code, name: new.name, kind, parent: new.parent };
    let unit = blocking(move || Ok(api.app.unit_create(&actor, &new, clock::now())?)).await?;
    Ok((StatusCode::CREATED, axum::Json(unit.into())))
}

/// Units as a tree, each below the one it is part of.
#[utoipa::path(get, path = "/api/v1/units/tree", tag = "units", responses(
    (status = 200, body = List<UnitNode>),
    Reads,
))]
pub async fn tree(
    State(api): State<Api>,
    By(actor): By,
) -> Result<axum::Json<List<UnitNode>>, Problem> {
    actor.require(Right::Read)?;
    let nodes = blocking(move || {
        let (units, assets) = (api.app.store.unit_list()?, api.app.store.unit_assets()?);
        Ok(UnitNode::tree(&units, &assets))
    })
    .await?;
    Ok(axum::Json(List::all(nodes, |node| node)))
}

/// What changes on a unit. What is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EditUnit {
    /// Name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// `department`, `service`, `team` or `external`.
    pub kind: Option<String>,
    /// Code of the unit it is part of; empty for none.
    #[schema(max_length = 32)]
    pub parent: Option<String>,
    /// Until when it exists, for example `2026-12-31T23:00:00Z`; empty for without end.
    pub active_to: Option<String>,
}

/// Renames, moves or ends a unit.
#[utoipa::path(patch, path = "/api/v1/units/{code}", tag = "units", request_body = EditUnit,
    params(("code" = String, Path, description = "Code of the unit")), responses(
    (status = 200, body = Unit),
    Writes,
))]
pub async fn edit(
    State(api): State<Api>,
    By(actor): By,
    Path(code): Path<String>,
    Json(edit): Json<EditUnit>,
) -> Result<axum::Json<Unit>, Problem> {
    actor.require(Right::Manage)?;
    let active_to = match edit.active_to.as_deref() {
        None => None,
        Some("") => Some(None),
        Some(text) => Some(Some(text.parse().map_err(invalid("active_to"))?)),
    };
    let edit = UnitEdit {
        name: edit.name,
        kind: edit.kind.map(|kind| kind.parse().map_err(invalid("kind"))).transpose()?,
        parent: edit.parent,
        active_to,
    };
    let unit = blocking(move || {
        let unit = api.app.unit_edit(&actor, &code, &edit, clock::now())?;
        api.wake.notify_one();
        Ok(unit)
    })
    .await?;
    Ok(axum::Json(unit.into()))
}
