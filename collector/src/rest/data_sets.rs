//! Data sets, and which asset holds them.

use axum::extract::State;
use belfort_model::id::AssetId;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::assets::{asset_id, full, on_version};
use super::auth::{By, Json, Path, Query, blocking};
use super::precondition::{IfMatch, Versioned};
use super::problem::{Problem, Writes};
use crate::app::access::Right;
use crate::app::data_sets::DataSetEdit;
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::AssetFull;

/// What is said of a data set. What is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EditDataSet {
    /// `none`, `ordinary`, `special_category`, `national_register` or `social_security`.
    pub personal_data: Option<String>,
    /// `unknown`, `up_to_100`, `up_to_1000`, `up_to_10000`, `up_to_100000` or `above_100000`.
    pub records: Option<String>,
    /// Identifiers in the register of processing activities.
    #[schema(max_items = 50)]
    pub register_ids: Option<Vec<String>>,
    /// How long it is kept and by which rule.
    #[schema(max_length = 500)]
    pub retention: Option<String>,
}

impl EditDataSet {
    fn read(self) -> Result<DataSetEdit, Problem> {
        let personal =
            self.personal_data.map(|text| text.parse().map_err(invalid("personal_data")));
        let records = self.records.map(|text| text.parse().map_err(invalid("records")));
        Ok(DataSetEdit {
            personal_data: personal.transpose()?,
            records: records.transpose()?,
            register_ids: self.register_ids,
            retention: self.retention,
        })
    }
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
    /// How many records: `unknown`, `up_to_100` … `above_100000`.
    #[serde(default)]
    pub records: Option<String>,
    /// Identifiers in the register of processing activities.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub register_ids: Option<Vec<String>>,
    /// How long it is kept and by which rule.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub retention: Option<String>,
}

/// Adds a data set.
#[utoipa::path(post, path = "/api/v1/data-sets", tag = "assets", request_body = NewDataSet, responses(
    (status = 201, description = "Added; `Location` is its address"),
    Writes,
))]
pub async fn create(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewDataSet>,
) -> Result<(StatusCode, [(http::HeaderName, String); 1]), Problem> {
    actor.require(Right::Manage)?;
    let edit = EditDataSet {
        personal_data: Some(new.personal_data),
        records: new.records,
        register_ids: new.register_ids,
        retention: new.retention,
    };
    let edit = edit.read()?;
    let asset =
        blocking(move || Ok(api.app.data_set_add(&actor, &new.name, &edit, clock::now())?)).await?;
    let location = format!("/api/v1/assets/{}", asset.id);
    Ok((StatusCode::CREATED, [(http::header::LOCATION, location)]))
}

/// Changes what is said of a data set.
#[utoipa::path(patch, path = "/api/v1/data-sets/{id}", tag = "assets", request_body = EditDataSet,
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = AssetFull),
    Writes,
))]
pub async fn edit(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path(id): Path<String>,
    Json(edit): Json<EditDataSet>,
) -> Result<Versioned<AssetFull>, Problem> {
    actor.require(Right::Manage)?;
    let (id, edit) = (asset_id(&id)?, edit.read()?);
    blocking(move || {
        let expected = on_version(&api, &actor, id, version)?;
        api.app.data_set_edit(&actor, id, &edit, expected, clock::now())?;
        api.wake.notify_one();
        full(&api, &actor, id)
    })
    .await
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
        api.app.data_link(&actor, id, relation, data_set, clock::now())?;
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which link. Both are needed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WhichLink {
    /// Id of the data set or application.
    #[param(format = Uuid)]
    data_set: Option<String>,
    /// `stores`, `processes`, `transmits` or `accesses`.
    relation: Option<String>,
}

/// Removes a link; no rule adds it again.
#[utoipa::path(delete, path = "/api/v1/assets/{id}/data-links", tag = "assets",
    params(("id" = String, Path, format = Uuid), WhichLink), responses(
    (status = 204),
    Writes,
))]
pub async fn unlink(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path(id): Path<String>,
    Query(link): Query<WhichLink>,
) -> Result<StatusCode, Problem> {
    actor.require(Right::Manage)?;
    let id = asset_id(&id)?;
    let (data_set, relation) =
        (link.data_set.unwrap_or_default(), link.relation.unwrap_or_default());
    let data_set: AssetId = data_set.parse().map_err(invalid("data_set"))?;
    let relation = relation.parse().map_err(invalid("relation"))?;
    blocking(move || {
        let expected = on_version(&api, &actor, id, version)?;
        api.app.data_unlink(&actor, id, relation, data_set, expected, clock::now())?;
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
