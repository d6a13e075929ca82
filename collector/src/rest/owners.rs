//! Who answers for an asset, in each role.

use axum::extract::State;
use belfort_model::ownership::OwnershipRole;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Api;
use super::assets::{asset_id, on_version};
use super::auth::{By, Json, Path, blocking};
use super::precondition::IfMatch;
use super::problem::{Problem, Reads, Writes};
use crate::app::access::{Actor, Right};
use crate::app::owners::NewOwner;
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{List, OwnershipView};

/// All who answered for an asset, newest first.
#[utoipa::path(get, path = "/api/v1/assets/{id}/owners", tag = "assets",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = List<OwnershipView>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<axum::Json<List<OwnershipView>>, Problem> {
    actor.require(Right::Read)?;
    let id = asset_id(&id)?;
    let history = blocking(move || Ok(api.app.owner_history(&actor, id)?)).await?;
    Ok(axum::Json(List::all(history, OwnershipView::from)))
}

/// Who answers for an asset.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetOwner {
    /// Code of the unit.
    #[schema(max_length = 32)]
    pub unit: String,
    /// Function of the holder, never a person's name.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub function: String,
}

async fn assign(
    api: Api,
    actor: Actor,
    version: IfMatch,
    id: String,
    role: OwnershipRole,
    owner: SetOwner,
) -> Result<StatusCode, Problem> {
    let id = asset_id(&id)?;
    blocking(move || {
        let expected = on_version(&api, &actor, id, version)?;
        let new = NewOwner { unit: owner.unit, role, function: owner.function };
        api.app.owner_assign(&actor, id, &new, expected, clock::now())?;
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a unit the owner of an asset.
#[utoipa::path(put, path = "/api/v1/assets/{id}/owner", tag = "assets", request_body = SetOwner,
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 204),
    Writes,
))]
pub async fn set_owner(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path(id): Path<String>,
    Json(owner): Json<SetOwner>,
) -> Result<StatusCode, Problem> {
    actor.require(Right::Manage)?;
    assign(api, actor, version, id, OwnershipRole::Owner, owner).await
}

fn role(text: &str) -> Result<OwnershipRole, Problem> {
    text.parse().map_err(invalid("name"))
}

/// Makes a unit answer for an asset in a role.
#[utoipa::path(put, path = "/api/v1/assets/{id}/owners/{name}", tag = "assets", request_body = SetOwner,
    params(
        ("id" = String, Path, format = Uuid),
        ("name" = String, Path,
            description = "owner, technical_manager, responsible or accountable"),
    ), responses(
    (status = 204),
    Writes,
))]
pub async fn set(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path((id, name)): Path<(String, String)>,
    Json(owner): Json<SetOwner>,
) -> Result<StatusCode, Problem> {
    actor.require(Right::Manage)?;
    let role = role(&name)?;
    assign(api, actor, version, id, role, owner).await
}

/// Ends who answers for an asset in a role other than owner.
#[utoipa::path(delete, path = "/api/v1/assets/{id}/owners/{name}", tag = "assets",
    params(
        ("id" = String, Path, format = Uuid),
        ("name" = String, Path, description = "technical_manager, responsible or accountable"),
    ), responses(
    (status = 204),
    Writes,
))]
pub async fn end(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path((id, name)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    actor.require(Right::Manage)?;
    let (id, role) = (asset_id(&id)?, role(&name)?);
    blocking(move || {
        let expected = on_version(&api, &actor, id, version)?;
        Ok(api.app.owner_end(&actor, id, role, expected, clock::now())?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Confirms that a unit answers for an asset: for its head of service, or whoever stands above.
#[utoipa::path(post, path = "/api/v1/assets/{id}/owners/{name}/confirm", tag = "assets",
    params(
        ("id" = String, Path, format = Uuid),
        ("name" = String, Path,
            description = "owner, technical_manager, responsible or accountable"),
    ), responses(
    (status = 204),
    Writes,
))]
pub async fn confirm(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path((id, name)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    actor.require(Right::Confirm)?;
    let (id, role) = (asset_id(&id)?, role(&name)?);
    blocking(move || {
        let expected = on_version(&api, &actor, id, version)?;
        api.app.owner_confirm(&actor, id, role, expected, clock::now())?;
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
