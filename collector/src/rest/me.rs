//! One's own account.

use axum::extract::State;
use belfort_model::access::Right;
use belfort_model::id::{ApiTokenId, SessionId};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::auth::{Json, Me, Path, Query, blocking};
use super::problem::{Problem, Reads, Writes};
use super::{Api, Paging, api_tokens, session};
use crate::app::api_tokens::NewApiToken;
use crate::app::own::Proof;
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{
    ApiTokenView, List, MeView, NewApiTokenView, RecoveryCodesView, SecondFactorView, SessionView,
    UserView,
};

/// Who one is, and what one may do.
#[utoipa::path(get, path = "/api/v1/me", tag = "me", responses(
    (status = 200, body = MeView),
    Reads,
))]
pub async fn show(
    State(api): State<Api>,
    Me(caller, secret): Me,
) -> Result<axum::Json<MeView>, Problem> {
    let csrf_token = secret.map(|secret| session::csrf_token(&secret.0));
    blocking(move || {
        let account = api.app.own_account(&caller)?;
        let roles = api.app.role_texts(&account.user.roles)?;
        let rights = Right::ALL.iter().filter(|right| caller.actor.may(**right));
        Ok(axum::Json(MeView {
            user: UserView::of(account, roles, clock::now()),
            rights: rights.map(|right| right.as_str().to_owned()).collect(),
            second_factor_due: caller.second_factor_due,
            csrf_token,
        }))
    })
    .await
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPassword {
    /// The present one.
    #[schema(max_length = 1024)]
    pub present: String,
    /// The new one.
    #[schema(min_length = 12, max_length = 1024)]
    pub new: String,
}

/// Changes one's password and ends the other sessions.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "me", request_body = SetPassword, responses(
    (status = 204),
    Writes,
))]
pub async fn set_password(
    State(api): State<Api>,
    Me(caller, _): Me,
    Json(set): Json<SetPassword>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        Ok(api.app.own_password_set(&caller, &set.present, &set.new, clock::now())?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What proves that it is the account's holder who asks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Propose {
    /// The present password; may be left out in the ten minutes after logging in with it.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub password: String,
    /// A code of the present second factor, or a recovery code, where there is one.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub code: String,
}

/// Proposes a second factor; it counts once a code of it was given.
#[utoipa::path(post, path = "/api/v1/me/second-factor", tag = "me", request_body = Propose, responses(
    (status = 200, body = SecondFactorView),
    Writes,
))]
pub async fn propose_second_factor(
    State(api): State<Api>,
    Me(caller, _): Me,
    Json(proof): Json<Propose>,
) -> Result<axum::Json<SecondFactorView>, Problem> {
    let proof = Proof { password: proof.password, code: proof.code };
    let proposal =
        blocking(move || Ok(api.app.own_totp_propose(&caller, &proof, clock::now())?)).await?;
    Ok(axum::Json(proposal.into()))
}

/// A code of the second factor that was proposed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// Six digits.
    #[schema(max_length = 64)]
    pub code: String,
}

/// Puts the proposed second factor in force; gives recovery codes, in this answer alone.
#[utoipa::path(put, path = "/api/v1/me/second-factor", tag = "me", request_body = Confirm, responses(
    (status = 200, body = RecoveryCodesView),
    Writes,
))]
pub async fn confirm_second_factor(
    State(api): State<Api>,
    Me(caller, _): Me,
    Json(confirm): Json<Confirm>,
) -> Result<axum::Json<RecoveryCodesView>, Problem> {
    let codes =
        blocking(move || Ok(api.app.own_totp_confirm(&caller, &confirm.code, clock::now())?))
            .await?;
    let wrong = || Problem::bad_request("code: it is not the one the app shows now");
    Ok(axum::Json(RecoveryCodesView { recovery_codes: codes.ok_or_else(wrong)? }))
}

/// One's own API tokens, newest first.
#[utoipa::path(get, path = "/api/v1/me/api-tokens", tag = "me", params(Paging), responses(
    (status = 200, body = List<ApiTokenView>),
    Reads,
))]
pub async fn api_tokens(
    State(api): State<Api>,
    Me(caller, _): Me,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<ApiTokenView>>, Problem> {
    let page = Paging::page(paging.limit, paging.offset)?;
    let tokens = blocking(move || Ok(api.app.own_api_tokens(&caller)?)).await?;
    Ok(axum::Json(List::page(tokens, page, ApiTokenView::from)))
}

/// A new API token of one's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOwnToken {
    /// What it is for.
    #[schema(min_length = 1, max_length = 200)]
    pub label: String,
    /// Days it is valid; one made with an API token ends no later than that.
    #[schema(minimum = 1, maximum = 365)]
    pub days: i64,
    /// The only rights it gives; nothing when it gives all that one has.
    pub rights: Option<Vec<String>>,
}

/// Makes an API token of one's own; its secret is in this answer alone.
#[utoipa::path(post, path = "/api/v1/me/api-tokens", tag = "me", request_body = NewOwnToken, responses(
    (status = 201, body = NewApiTokenView),
    Writes,
))]
pub async fn create_api_token(
    State(api): State<Api>,
    Me(caller, _): Me,
    Json(new): Json<NewOwnToken>,
) -> Result<(StatusCode, axum::Json<NewApiTokenView>), Problem> {
    if caller.second_factor_due {
        return Err(Problem::forbidden("set up a second factor first, at /tweede-factor"));
    }
    let rights = api_tokens::rights(new.rights.as_deref())?;
    let new = NewApiToken { label: new.label, days: new.days, rights };
    let (token, secret) =
        blocking(move || Ok(api.app.own_api_token_create(&caller, &new, clock::now())?)).await?;
    let made = NewApiTokenView { token: token.into(), secret };
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Revokes an API token of one's own.
#[utoipa::path(delete, path = "/api/v1/me/api-tokens/{id}", tag = "me",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 204),
    Writes,
))]
pub async fn revoke_api_token(
    State(api): State<Api>,
    Me(caller, _): Me,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: ApiTokenId = id.parse().map_err(invalid("id"))?;
    blocking(move || Ok(api.app.own_api_token_revoke(&caller, id, clock::now())?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's own sessions, newest first.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "me", params(Paging), responses(
    (status = 200, body = List<SessionView>),
    Reads,
))]
pub async fn sessions(
    State(api): State<Api>,
    Me(caller, _): Me,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<SessionView>>, Problem> {
    let page = Paging::page(paging.limit, paging.offset)?;
    blocking(move || {
        let found = api.app.own_sessions(&caller)?;
        let show = |session| SessionView::of(session, Some(&caller));
        Ok(axum::Json(List::page(found, page, show)))
    })
    .await
}

/// Ends a session of one's own.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "me",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 204),
    Writes,
))]
pub async fn end_session(
    State(api): State<Api>,
    Me(caller, _): Me,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: SessionId = id.parse().map_err(invalid("id"))?;
    blocking(move || Ok(api.app.own_session_end(&caller, id, clock::now())?)).await?;
    Ok(StatusCode::NO_CONTENT)
}
