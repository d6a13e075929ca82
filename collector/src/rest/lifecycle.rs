//! The life cycle of an asset, and the verification of its record.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Api;
use super::assets::{asset_id, full, on_version};
use super::auth::{By, Json, Path, blocking};
use super::precondition::{IfMatch, Versioned};
use super::problem::{Problem, Reads, Writes};
use crate::app::access::Right;
use crate::app::lifecycle::NewMove;
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{AssetFull, List, StepView};

/// The moves an asset has made, newest first.
#[utoipa::path(get, path = "/api/v1/assets/{id}/lifecycle", tag = "assets",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = List<StepView>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<axum::Json<List<StepView>>, Problem> {
    actor.require(Right::Read)?;
    let id = asset_id(&id)?;
    let steps = blocking(move || Ok(api.app.lifecycle_history(&actor, id)?)).await?;
    Ok(axum::Json(List::all(steps, StepView::from)))
}

/// A move.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveTo {
    /// The state it shall have.
    pub to: String,
    /// Since when, for example `2026-11-01T00:00:00Z`; now when left out.
    #[serde(default)]
    pub at: Option<String>,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub reason: String,
    /// How its data carriers were disposed of: `wiped`, `key_destroyed`, `destroyed`, `returned` or
    /// `no_data_carrier`.
    #[serde(default)]
    pub disposal_method: Option<String>,
    /// Reference of the certificate that proves it.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub certificate: String,
}

/// Moves an asset in its life cycle. What goes out of service loses its personal fields.
#[utoipa::path(post, path = "/api/v1/assets/{id}/lifecycle", tag = "assets", request_body = MoveTo,
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = AssetFull),
    Writes,
))]
pub async fn make(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path(id): Path<String>,
    Json(new): Json<MoveTo>,
) -> Result<Versioned<AssetFull>, Problem> {
    actor.require(Right::Manage)?;
    let id = asset_id(&id)?;
    let method = new
        .disposal_method
        .map(|method| method.parse().map_err(invalid("disposal_method")))
        .transpose()?;
    if method.is_none() && !new.certificate.is_empty() {
        return Err(Problem::bad_request("certificate: say the disposal_method it proves"));
    }
    let new = NewMove {
        to: new.to.parse().map_err(invalid("to"))?,
        at: new.at.map(|at| at.parse().map_err(invalid("at"))).transpose()?,
        reason: new.reason,
        disposal: method.map(|method| (method, new.certificate)),
    };
    blocking(move || {
        let expected = on_version(&api, &actor, id, version)?;
        api.app.asset_move(&actor, id, &new, expected, clock::now())?;
        api.wake.notify_one();
        full(&api, &actor, id)
    })
    .await
}

/// Notes that the record of an asset is right.
#[utoipa::path(post, path = "/api/v1/assets/{id}/verify", tag = "assets",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = AssetFull),
    Writes,
))]
pub async fn verify(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path(id): Path<String>,
) -> Result<Versioned<AssetFull>, Problem> {
    if !actor.may(Right::Confirm) {
        actor.require(Right::Manage)?;
    }
    let id = asset_id(&id)?;
    blocking(move || {
        let expected = on_version(&api, &actor, id, version)?;
        api.app.asset_verify(&actor, id, expected, clock::now())?;
        full(&api, &actor, id)
    })
    .await
}
