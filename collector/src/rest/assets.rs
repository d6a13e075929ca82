//! Assets: list, facts, history; entered and edited by hand.

use axum::extract::{RawQuery, State};
use belfort_model::asset::Lifecycle;
use belfort_model::id::AssetId;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::auth::{By, Json, Path, Query, blocking};
use super::filter::AssetQuery;
use super::precondition::{IfMatch, Versioned};
use super::problem::{Problem, Reads, Writes};
use super::{Api, Paging};
use crate::app::access::{Actor, Right};
use crate::app::assets::{self, AssetEdit};
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{Asset, AssetFull, Change, List};

/// Assets that match, by name.
#[utoipa::path(get, path = "/api/v1/assets", tag = "assets", params(AssetQuery), responses(
    (status = 200, body = List<Asset>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    RawQuery(query): RawQuery,
) -> Result<axum::Json<List<Asset>>, Problem> {
    actor.require(Right::Read)?;
    let query = AssetQuery::of(query.as_deref())?;
    let page = Paging::page(query.limit, query.offset)?;
    let found = blocking(move || {
        let filter = query.filter(&api.app, actor.scope(Right::Read))?;
        Ok(api.app.store.asset_list(&filter, page)?)
    })
    .await?;
    Ok(axum::Json(List::of(found, Asset::from)))
}

/// One asset with all that belongs to it.
#[utoipa::path(get, path = "/api/v1/assets/{id}", tag = "assets",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = AssetFull),
    Reads,
))]
pub async fn show(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<Versioned<AssetFull>, Problem> {
    actor.require(Right::Read)?;
    let id = asset_id(&id)?;
    blocking(move || full(&api, &actor, id)).await
}

/// What changed on an asset, newest first.
#[utoipa::path(get, path = "/api/v1/assets/{id}/history", tag = "assets",
    params(("id" = String, Path, format = Uuid), Paging), responses(
    (status = 200, body = List<Change>),
    Reads,
))]
pub async fn history(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<Change>>, Problem> {
    actor.require(Right::Read)?;
    let id = asset_id(&id)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    let changes =
        blocking(move || Ok(api.app.asset_history(&actor, id, page, clock::now())?)).await?;
    Ok(axum::Json(List::of(changes, Change::from)))
}

/// A section of an asset's last report, as the agent sent it, with makers of network hardware beside it.
#[utoipa::path(get, path = "/api/v1/assets/{id}/sections/{name}", tag = "assets",
    params(
        ("id" = String, Path, format = Uuid),
        ("name" = String, Path, description = "For example packages"),
    ), responses(
    (status = 200, body = Object),
    Reads,
))]
pub async fn section(
    State(api): State<Api>,
    By(actor): By,
    Path((id, name)): Path<(String, String)>,
) -> Result<axum::Json<serde_json::Value>, Problem> {
    actor.require(Right::Read)?;
    let id = asset_id(&id)?;
    let json =
        blocking(move || Ok(api.app.section_shown(&actor, id, &name, clock::now())?)).await?;
    Ok(axum::Json(json))
}

/// What is said of an asset. What is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EditAsset {
    /// Name. That of a device comes back with its next report.
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// Form.
    pub subtype: Option<String>,
    /// Legal entity; empty for unknown.
    #[schema(max_length = 20)]
    pub legal_entity: Option<String>,
    /// Site code; empty for unknown.
    #[schema(max_length = 50)]
    pub site: Option<String>,
    /// `production`, `test` or `development`.
    pub environment: Option<String>,
    /// `internal`, `dmz`, `internet` or `unknown`.
    pub exposure: Option<String>,
    /// `yes`, `no`, `unknown` or `exception`.
    pub authorised: Option<String>,
    /// All its labels.
    #[schema(max_items = 32)]
    pub labels: Option<Vec<String>>,
}

impl EditAsset {
    fn read(self) -> Result<AssetEdit, Problem> {
        let Self { subtype, environment, exposure, authorised, .. } = &self;
        Ok(AssetEdit {
            subtype: subtype.as_deref().map(str::parse).transpose().map_err(invalid("subtype"))?,
            environment: environment
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(invalid("environment"))?,
            exposure: exposure
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(invalid("exposure"))?,
            authorised: authorised
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(invalid("authorised"))?,
            name: self.name,
            legal_entity: self.legal_entity,
            site: self.site,
            labels: self.labels,
            add_labels: Vec::new(),
            remove_labels: Vec::new(),
        })
    }
}

/// An asset that no agent reports.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAsset {
    /// `device`, `software`, `application` or `external_service`.
    pub kind: String,
    /// State of life; `in_use` when left out.
    #[serde(default)]
    pub lifecycle: Option<String>,
    /// What is said of it; `name` is needed.
    pub asset: EditAsset,
}

/// Enters an asset that no agent reports.
#[utoipa::path(post, path = "/api/v1/assets", tag = "assets", request_body = NewAsset, responses(
    (status = 201, body = AssetFull),
    Writes,
))]
pub async fn create(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewAsset>,
) -> Result<(StatusCode, Versioned<AssetFull>), Problem> {
    actor.require(Right::Manage)?;
    let new = assets::NewAsset {
        kind: new.kind.parse().map_err(invalid("kind"))?,
        lifecycle: match new.lifecycle {
            Some(state) => state.parse().map_err(invalid("lifecycle"))?,
            None => Lifecycle::InUse,
        },
        edit: new.asset.read()?,
    };
    let made = blocking(move || {
        let asset = api.app.asset_add(&actor, &new, clock::now())?;
        api.wake.notify_one();
        full(&api, &actor, asset.id)
    })
    .await?;
    Ok((StatusCode::CREATED, made))
}

/// Changes what people say of an asset.
#[utoipa::path(patch, path = "/api/v1/assets/{id}", tag = "assets", request_body = EditAsset,
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = AssetFull),
    Writes,
))]
pub async fn edit(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path(id): Path<String>,
    Json(edit): Json<EditAsset>,
) -> Result<Versioned<AssetFull>, Problem> {
    actor.require(Right::Manage)?;
    let (id, edit) = (asset_id(&id)?, edit.read()?);
    blocking(move || {
        let expected = on_version(&api, &actor, id, version)?;
        api.app.asset_edit(&actor, id, &edit, expected, clock::now())?;
        api.wake.notify_one();
        full(&api, &actor, id)
    })
    .await
}

/// One asset as it is now, with its version.
pub(super) fn full(api: &Api, actor: &Actor, id: AssetId) -> Result<Versioned<AssetFull>, Problem> {
    let detail = api.app.asset_shown(actor, id, clock::now())?;
    Ok(Versioned(detail.summary.version, AssetFull::of(detail, &api.app.catalogue)))
}

/// The version a change is made on; 412 when the asset is at another one.
pub(crate) fn on_version(
    api: &Api,
    actor: &Actor,
    id: AssetId,
    version: IfMatch,
) -> Result<Option<u64>, Problem> {
    version.check(api.app.visible(actor, id)?.summary.version)?;
    Ok(version.0)
}

pub(crate) fn asset_id(text: &str) -> Result<AssetId, Problem> {
    text.parse().map_err(invalid("id"))
}
