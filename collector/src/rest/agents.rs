//! Agents and enrolment tokens.

use std::fmt::Display;

use axum::extract::State;
use belfort_model::id::{AgentId, TokenId};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::auth::{By, Json, Path, Query, blocking};
use super::problem::{Problem, Reads, Writes};
use super::{Api, NO_STORE, NoStore, Paging};
use crate::app::access::Right;
use crate::app::tokens;
use crate::clock;
use crate::secret;
use crate::view::{AgentView, List, NewTokenView, TokenView};

/// A value that cannot be read, with the name of its field.
pub(super) fn invalid<E: Display>(field: &'static str) -> impl Fn(E) -> Problem {
    move |error| Problem::bad_request(format!("{field}: {error}"))
}

/// All agents, newest first.
#[utoipa::path(get, path = "/api/v1/agents", tag = "agents", params(Paging), responses(
    (status = 200, body = List<AgentView>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<AgentView>>, Problem> {
    actor.require(Right::Read)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    let agents = blocking(move || Ok(api.app.store.agent_list(page)?)).await?;
    Ok(axum::Json(List::of(agents, AgentView::from)))
}

/// Revokes an agent: its key is not honoured any more.
#[utoipa::path(post, path = "/api/v1/agents/{id}/revoke", tag = "agents",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 204),
    Writes,
))]
pub async fn revoke(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    actor.require(Right::Administer)?;
    let id: AgentId = id.parse().map_err(invalid("id"))?;
    blocking(move || Ok(api.app.agent_revoke(&actor, id, clock::now())?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All enrolment tokens, newest first, without their secrets.
#[utoipa::path(get, path = "/api/v1/enrolment-tokens", tag = "agents", responses(
    (status = 200, body = List<TokenView>),
    Reads,
))]
pub async fn token_list(
    State(api): State<Api>,
    By(actor): By,
) -> Result<axum::Json<List<TokenView>>, Problem> {
    actor.require(Right::Administer)?;
    let tokens = blocking(move || Ok(api.app.token_list(&actor)?)).await?;
    let now = clock::now();
    Ok(axum::Json(List::all(tokens, |token| TokenView::of(token, now))))
}

/// A new enrolment token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    #[schema(min_length = 1, max_length = 200)]
    pub label: String,
    /// Code of the unit proposed as the owner of what it admits.
    pub unit: Option<String>,
    /// How many devices it may admit.
    #[schema(minimum = 1, maximum = 100_000)]
    pub uses: u32,
    /// Seconds until it ends.
    #[schema(minimum = 60, maximum = 31_536_000)]
    pub expires_in_seconds: i64,
}

/// Makes an enrolment token; its secret is in this answer alone.
#[utoipa::path(post, path = "/api/v1/enrolment-tokens", tag = "agents", request_body = NewToken, responses(
    (status = 201, body = NewTokenView),
    Writes,
))]
pub async fn token_create(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewToken>,
) -> Result<(StatusCode, NoStore, axum::Json<NewTokenView>), Problem> {
    actor.require(Right::Administer)?;
    let new = tokens::NewToken {
        unit: new.unit,
        label: new.label,
        uses: new.uses,
        seconds: new.expires_in_seconds,
    };
    let address = api.enrolment.clone();
    let now = clock::now();
    let (token, secret) = blocking(move || Ok(api.app.token_create(&actor, &new, now)?)).await?;
    let secret = secret::enrolment_token(&secret, address.fingerprint);
    let command = address.command(&secret);
    let view = NewTokenView { token: TokenView::of(token, now), secret, command };
    Ok((StatusCode::CREATED, NO_STORE, axum::Json(view)))
}

/// Revokes an enrolment token.
#[utoipa::path(delete, path = "/api/v1/enrolment-tokens/{id}", tag = "agents",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 204),
    Writes,
))]
pub async fn token_revoke(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    actor.require(Right::Administer)?;
    let id: TokenId = id.parse().map_err(invalid("id"))?;
    blocking(move || Ok(api.app.token_revoke(&actor, id, clock::now())?)).await?;
    Ok(StatusCode::NO_CONTENT)
}
