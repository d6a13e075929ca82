//! Assets: list, facts, history, owner, class and data sets.

use axum::extract::State;
use belfort_model::id::AssetId;
use belfort_model::scale::{Biv, Level};
use belfort_proto::{reflect, section};
use belfort_store::record::AssetFilter;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::auth::{By, Json, Path, Query, blocking};
use super::problem::{Problem, Reads, Writes};
use super::{Api, Paging, default_limit};
use crate::app::access::Right;
use crate::app::assets::NewClass;
use crate::app::audit;
use crate::rest::agents::invalid;
use crate::view::{Asset, AssetFull, Change, GivenClass, List};
use crate::{clock, ingest};

/// Which assets.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AssetQuery {
    /// Of this kind: `device`, `software`, `application`, `data_set` or `external_service`.
    kind: Option<String>,
    /// In this state of life.
    lifecycle: Option<String>,
    /// Owned by this unit, by code.
    unit: Option<String>,
    /// With an owner, or without.
    owned: Option<bool>,
    /// With a class that is not assumed, or without.
    classified: Option<bool>,
    /// Whose name contains this.
    text: Option<String>,
    /// How many at most, 1 to 1000.
    #[serde(default = "default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: u32,
    /// How many to pass over.
    #[serde(default)]
    offset: u64,
}

/// Assets that match, by name.
#[utoipa::path(get, path = "/api/v1/assets", tag = "assets", params(AssetQuery), responses(
    (status = 200, body = List<Asset>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    Query(query): Query<AssetQuery>,
) -> Result<axum::Json<List<Asset>>, Problem> {
    actor.require(Right::Read)?;
    let page = Paging::page(query.limit, query.offset)?;
    let kind = query.kind.map(|kind| kind.parse().map_err(invalid("kind"))).transpose()?;
    let lifecycle =
        query.lifecycle.map(|state| state.parse().map_err(invalid("lifecycle"))).transpose()?;
    let found = blocking(move || {
        let unit = query.unit.map(|code| api.app.unit(&code)).transpose()?.map(|unit| unit.id);
        let (owned, classified, text) = (query.owned, query.classified, query.text);
        let scope = actor.scope(Right::Read);
        let filter = AssetFilter { kind, lifecycle, unit, owned, classified, text, scope };
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
) -> Result<axum::Json<AssetFull>, Problem> {
    actor.require(Right::Read)?;
    let id = asset_id(&id)?;
    let catalogue = api.app.catalogue.clone();
    let found = blocking(move || Ok(api.app.store.asset_get(id)?)).await?;
    let detail = found.ok_or_else(|| no_asset(id))?;
    Ok(axum::Json(AssetFull::of(detail, &catalogue)))
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
    let changes = blocking(move || {
        if api.app.store.asset_get(id)?.is_none() {
            return Err(no_asset(id));
        }
        Ok(api.app.store.asset_history(id, page)?)
    })
    .await?;
    Ok(axum::Json(List::of(changes, Change::from)))
}

/// A section of an asset's last report, as the agent sent it.
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
    let kind = section::kind_by_name(&name)
        .ok_or_else(|| Problem::not_found(format!("there is no section `{name}`")))?;
    let json = blocking(move || {
        if audit::is_personal(&name) {
            api.app.view_personal(&actor, &id.to_string(), &name, clock::now())?;
        }
        let held = api.app.store.asset_sections(id)?;
        let hash = held.iter().find(|section| section.key.kind == kind as i32);
        let none = || Problem::not_found(format!("asset {id} has no section `{name}`"));
        let hash = hash.ok_or_else(none)?.key.hash;
        let blob = api.app.store.section_get(&[hash])?.into_iter().next().ok_or_else(none)?;
        let content = ingest::content(&blob).ok_or_else(Problem::internal)?;
        reflect::section_json(kind, &content).map_err(|error| {
            tracing::error!(%error, "stored section cannot be shown");
            Problem::internal()
        })
    })
    .await?;
    Ok(axum::Json(json))
}

/// Who answers for an asset.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetOwner {
    /// Code of the unit.
    pub unit: String,
    /// Function of the holder, never a person's name.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub function: String,
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
    Path(id): Path<String>,
    Json(owner): Json<SetOwner>,
) -> Result<StatusCode, Problem> {
    actor.require(Right::Manage)?;
    let id = asset_id(&id)?;
    blocking(move || {
        let now = clock::now();
        api.app.owner_set(&actor, id, &owner.unit, &owner.function, now)?;
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A classification.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Classify {
    /// Availability.
    #[schema(minimum = 1, maximum = 5)]
    pub b: i64,
    /// Integrity.
    #[schema(minimum = 1, maximum = 5)]
    pub i: i64,
    /// Confidentiality.
    #[schema(minimum = 1, maximum = 5)]
    pub v: i64,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    pub basis: String,
    /// Function of who decided; the caller when empty.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub decided_by: String,
}

/// Classifies an asset or a data set.
#[utoipa::path(put, path = "/api/v1/assets/{id}/classification", tag = "assets", request_body = Classify,
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = GivenClass),
    Writes,
))]
pub async fn classify(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    Json(class): Json<Classify>,
) -> Result<axum::Json<GivenClass>, Problem> {
    actor.require(Right::Manage)?;
    let id = asset_id(&id)?;
    let level = |field, number: i64| Level::try_from(number).map_err(invalid(field));
    let biv = Biv::new(level("b", class.b)?, level("i", class.i)?, level("v", class.v)?);
    let new = NewClass { biv, basis: class.basis, decided_by: class.decided_by };
    let given = blocking(move || {
        let now = clock::now();
        let given = api.app.classify(&actor, id, &new, now)?;
        api.wake.notify_one();
        Ok(given)
    })
    .await?;
    Ok(axum::Json(given.into()))
}

/// A data set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDataSet {
    /// Name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// `none`, `ordinary`, `special_category`, `national_register` or `social_security`.
    pub personal_data: String,
}

/// Adds a data set.
#[utoipa::path(post, path = "/api/v1/data-sets", tag = "assets", request_body = NewDataSet, responses(
    (status = 201, description = "Added; `Location` is its address"),
    Writes,
))]
pub async fn create_data_set(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewDataSet>,
) -> Result<(StatusCode, [(http::HeaderName, String); 1]), Problem> {
    actor.require(Right::Manage)?;
    let personal_data = new.personal_data.parse().map_err(invalid("personal_data"))?;
    let asset = blocking(move || {
        Ok(api.app.data_set_create(&actor, &new.name, personal_data, clock::now())?)
    })
    .await?;
    let location = format!("/api/v1/assets/{}", asset.id);
    Ok((StatusCode::CREATED, [(http::header::LOCATION, location)]))
}

/// A link to a data set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// Id of the data set or application.
    #[schema(format = Uuid)]
    pub data_set: String,
    /// `stores`, `processes`, `transmits` or `accesses`.
    pub relation: String,
}

/// Links an asset to a data set.
#[utoipa::path(post, path = "/api/v1/assets/{id}/data-links", tag = "assets", request_body = NewLink,
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 204),
    Writes,
))]
pub async fn link(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    Json(link): Json<NewLink>,
) -> Result<StatusCode, Problem> {
    actor.require(Right::Manage)?;
    let id = asset_id(&id)?;
    let data_set: AssetId = link.data_set.parse().map_err(invalid("data_set"))?;
    let relation = link.relation.parse().map_err(invalid("relation"))?;
    blocking(move || {
        let now = clock::now();
        api.app.data_link(&actor, id, relation, data_set, now)?;
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn asset_id(text: &str) -> Result<AssetId, Problem> {
    text.parse().map_err(invalid("id"))
}

fn no_asset(id: AssetId) -> Problem {
    Problem::not_found(format!("there is no asset {id}"))
}
