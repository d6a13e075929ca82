//! Classifications and the schemes they are worded in.

use axum::extract::State;
use belfort_model::scale::Level;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Api;
use super::assets::{asset_id, on_version};
use super::auth::{By, Json, Path, blocking};
use super::precondition::IfMatch;
use super::problem::{Problem, Reads, Writes};
use crate::app::access::Right;
use crate::app::classes::WordedClass;
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{GivenClass, List, SchemeView};

/// A value of a scheme: a level from 1 to 5, or a code such as `high`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ClassValue {
    /// A level.
    Level(i64),
    /// A code of the scheme.
    Code(String),
}

impl ClassValue {
    fn text(self, field: &'static str) -> Result<String, Problem> {
        match self {
            Self::Level(number) => {
                let level = Level::try_from(number).map_err(invalid(field))?;
                Ok(level.to_string())
            }
            Self::Code(code) => Ok(code),
        }
    }
}

/// A classification.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Classify {
    /// Availability.
    pub b: ClassValue,
    /// Integrity.
    pub i: ClassValue,
    /// Confidentiality.
    pub v: ClassValue,
    /// Scheme and version; the configured one when empty.
    #[serde(default)]
    #[schema(max_length = 50)]
    pub scheme: String,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    pub basis: String,
    /// Function of who decided; the caller when empty.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub decided_by: String,
    /// Whether it waits for the owner.
    #[serde(default)]
    pub proposed: bool,
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
    version: IfMatch,
    Path(id): Path<String>,
    Json(class): Json<Classify>,
) -> Result<axum::Json<GivenClass>, Problem> {
    actor.require(Right::Manage)?;
    let id = asset_id(&id)?;
    let new = WordedClass {
        scheme: class.scheme,
        b: class.b.text("b")?,
        i: class.i.text("i")?,
        v: class.v.text("v")?,
        basis: class.basis,
        decided_by: class.decided_by,
        proposed: class.proposed,
    };
    let given = blocking(move || {
        let expected = on_version(&api, &actor, id, version)?;
        let given = api.app.class_set(&actor, id, &new, expected, clock::now())?;
        api.wake.notify_one();
        Ok(given)
    })
    .await?;
    Ok(axum::Json(given.into()))
}

/// All classes an asset has had, newest first.
#[utoipa::path(get, path = "/api/v1/assets/{id}/classifications", tag = "assets",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = List<GivenClass>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<axum::Json<List<GivenClass>>, Problem> {
    actor.require(Right::Read)?;
    let id = asset_id(&id)?;
    let history = blocking(move || Ok(api.app.class_history(&actor, id)?)).await?;
    Ok(axum::Json(List::all(history, GivenClass::from)))
}

/// A confirmation.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConfirmClass {
    /// Why; as it was when empty.
    #[schema(max_length = 2000)]
    pub basis: String,
}

/// Confirms the newest proposal, or that the class still holds: that is its review.
#[utoipa::path(post, path = "/api/v1/assets/{id}/classification/confirm", tag = "assets",
    request_body = ConfirmClass, params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = GivenClass),
    Writes,
))]
pub async fn confirm(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path(id): Path<String>,
    Json(confirm): Json<ConfirmClass>,
) -> Result<axum::Json<GivenClass>, Problem> {
    actor.require(Right::Confirm)?;
    let id = asset_id(&id)?;
    let given = blocking(move || {
        let expected = on_version(&api, &actor, id, version)?;
        let now = clock::now();
        let given = api.app.class_confirm(&actor, id, &confirm.basis, expected, now)?;
        api.wake.notify_one();
        Ok(given)
    })
    .await?;
    Ok(axum::Json(given.into()))
}

/// Classification schemes: in which words one can classify.
#[utoipa::path(get, path = "/api/v1/classification-schemes", tag = "assets", responses(
    (status = 200, body = List<SchemeView>),
    Reads,
))]
pub async fn schemes(
    State(api): State<Api>,
    By(actor): By,
) -> Result<axum::Json<List<SchemeView>>, Problem> {
    actor.require(Right::Read)?;
    let registry = &api.app.registry;
    let show = |scheme| SchemeView::of(scheme, &registry.scheme);
    Ok(axum::Json(List::all(registry.all_schemes(), show)))
}
