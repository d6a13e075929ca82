//! API tokens of all users.

use std::collections::BTreeSet;

use axum::extract::State;
use belfort_model::access::Right;
use belfort_model::id::ApiTokenId;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::auth::{By, Json, Path, Query, blocking};
use super::problem::{Problem, Reads, Writes};
use super::{Api, Paging};
use crate::app::access::require_administrator;
use crate::app::api_tokens::NewApiToken;
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{ApiTokenView, List, NewApiTokenView};

/// Reads the names of rights.
pub(super) fn rights(names: Option<&[String]>) -> Result<Option<BTreeSet<Right>>, Problem> {
    let Some(names) = names else { return Ok(None) };
    if names.len() > Right::ALL.len() {
        return Err(Problem::bad_request("rights: there are not that many"));
    }
    names
        .iter()
        .map(|name| name.parse().map_err(invalid("rights")))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// All API tokens, newest first, without their secrets.
#[utoipa::path(get, path = "/api/v1/api-tokens", tag = "users", params(Paging), responses(
    (status = 200, body = List<ApiTokenView>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<ApiTokenView>>, Problem> {
    require_administrator(&actor)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    let tokens = blocking(move || Ok(api.app.api_token_list(&actor)?)).await?;
    Ok(axum::Json(List::page(tokens, page, ApiTokenView::from)))
}

/// A new API token of any user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUserToken {
    /// Name or id of the user.
    #[schema(min_length = 1, max_length = 64)]
    pub user: String,
    /// What it is for.
    #[schema(min_length = 1, max_length = 200)]
    pub label: String,
    /// Days it is valid.
    #[schema(minimum = 1, maximum = 365)]
    pub days: i64,
    /// The only rights it gives; nothing when it gives all that its user has.
    pub rights: Option<Vec<String>>,
}

/// Makes an API token for a user; its secret is in this answer alone.
#[utoipa::path(post, path = "/api/v1/api-tokens", tag = "users", request_body = NewUserToken, responses(
    (status = 201, body = NewApiTokenView),
    Writes,
))]
pub async fn create(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewUserToken>,
) -> Result<(StatusCode, axum::Json<NewApiTokenView>), Problem> {
    require_administrator(&actor)?;
    let user = new.user;
    let rights = rights(new.rights.as_deref())?;
    let new = NewApiToken { label: new.label, days: new.days, rights };
    let (token, secret) =
        blocking(move || Ok(api.app.api_token_create_with(&actor, &user, &new, clock::now())?))
            .await?;
    let made = NewApiTokenView { token: token.into(), secret };
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Revokes an API token.
#[utoipa::path(delete, path = "/api/v1/api-tokens/{id}", tag = "users",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 204),
    Writes,
))]
pub async fn revoke(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    require_administrator(&actor)?;
    let id: ApiTokenId = id.parse().map_err(invalid("id"))?;
    blocking(move || Ok(api.app.api_token_revoke(&actor, id, clock::now())?)).await?;
    Ok(StatusCode::NO_CONTENT)
}
