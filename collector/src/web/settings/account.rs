//! One's own account: password, second factor, sessions.

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use belfort_model::access::Right;
use belfort_model::id::SessionId;
use http::StatusCode;

use super::super::frame::{Frame, Visitor};
use super::super::list::Asked;
use super::super::render;
use super::super::sent::Sent;
use crate::app::AppError;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{ApiTokenView, SessionView, UserView};

#[derive(Template)]
#[template(path = "settings_account.html")]
struct AccountPage {
    frame: Frame,
    done: Option<String>,
    /// Why the password was not changed.
    refused: Option<String>,
    user: UserView,
    /// Role and unit, in words.
    roles: Vec<String>,
    rights: Vec<&'static str>,
    sessions: Vec<SessionView>,
    tokens: Vec<ApiTokenView>,
    now: String,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/instellingen/account", get(page))
        .route("/instellingen/account/wachtwoord", post(set_password))
        .route("/instellingen/account/sessies/{id}/einde", post(end_session))
}

/// Roles in words: `dienstchef (BZ)` for `head_of_service@BZ`.
pub(super) fn roles_in_words(frame: &Frame, roles: &[String]) -> Vec<String> {
    let word = |text: &String| match text.split_once('@') {
        Some((role, unit)) => format!("{} ({unit})", frame.code("role", role)),
        None => frame.code("role", text),
    };
    roles.iter().map(word).collect()
}

async fn show(
    api: Api,
    visitor: Visitor,
    done: Option<String>,
    refused: Option<String>,
) -> Result<Response, Problem> {
    let Visitor { actor, caller, frame } = visitor;
    let status = if refused.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let page = blocking(move || {
        let now = clock::now();
        let account = api.app.own_account(&caller)?;
        let roles = api.app.role_texts(&account.user.roles)?;
        let sessions = api.app.own_sessions(&caller)?.into_iter();
        let tokens = api.app.own_api_tokens(&caller)?.into_iter();
        let rights = Right::ALL.iter().filter(|right| actor.may(**right));
        Ok(AccountPage {
            done,
            refused,
            roles: roles_in_words(&frame, &roles),
            rights: rights.map(|right| right.as_str()).collect(),
            user: UserView::of(account, roles, now),
            sessions: sessions.map(|one| SessionView::of(one, Some(&caller))).collect(),
            tokens: tokens.map(ApiTokenView::from).collect(),
            now: now.to_string(),
            frame,
        })
    })
    .await?;
    Ok(render(status, &page))
}

async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let asked = Asked::of("/instellingen/account", query.as_deref(), &[])?;
    let done = asked.done(&visitor.frame);
    show(api, visitor, done, None).await
}

/// Changes the password and ends the other sessions.
async fn set_password(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let frame = &visitor.frame;
    let of = |key: &str| fields.get(key).unwrap_or_default().to_owned();
    let (present, new) = (of("huidig"), of("nieuw"));
    if new != of("opnieuw") {
        let refused = frame.t("password-differ");
        return show(api, visitor, None, Some(refused)).await;
    }
    let (app, caller) = (api.app.clone(), visitor.caller.clone());
    let set = blocking(move || match app.own_password_set(&caller, &present, &new, clock::now()) {
        Ok(()) => Ok(true),
        Err(AppError::Invalid(_)) => Ok(false),
        Err(error) => Err(error.into()),
    })
    .await?;
    if set {
        return Ok(Redirect::to("/instellingen/account?melding=wachtwoord").into_response());
    }
    let refused = frame.t("account-password-refused");
    show(api, visitor, None, Some(refused)).await
}

/// Ends a session of one's own.
async fn end_session(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let caller = sent.visitor.caller;
    let id: SessionId = id.parse().map_err(|_| Problem::not_found("there is no such session"))?;
    blocking(move || Ok(api.app.own_session_end(&caller, id, clock::now())?)).await?;
    Ok(Redirect::to("/instellingen/account?melding=sessie").into_response())
}
