//! Logging in with an API token. The browser keeps the token in a cookie that scripts cannot read and
//! that is not sent along from other sites; it is judged anew on every request, so that a revoked
//! token ends the session at once.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::render;
use crate::app::access::Actor;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;

const COOKIE: &str = "belfort_session";
/// Hours a session lasts.
const HOURS: u32 = 8;

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    refused: bool,
}

/// The form.
pub(super) async fn form(Query(shown): Query<Shown>) -> Response {
    render(StatusCode::OK, &Login { refused: shown.geweigerd.is_some() })
}

/// Whether the form is shown again after a refusal.
#[derive(Deserialize)]
pub(super) struct Shown {
    geweigerd: Option<String>,
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Credentials {
    token: String,
}

/// Checks the token and begins the session.
pub(super) async fn log_in(
    State(api): State<Api>,
    Form(credentials): Form<Credentials>,
) -> Result<Response, Problem> {
    let token = credentials.token.trim().to_owned();
    if actor(&api, token.clone()).await?.is_none() {
        return Ok(Redirect::to("/aanmelden?geweigerd=1").into_response());
    }
    // The token was found in the store, so it has only characters a cookie can carry.
    let seconds = HOURS * 3600;
    let cookie =
        format!("{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Strict");
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}

/// Ends the session.
pub(super) async fn log_out() -> Response {
    let cookie = format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/aanmelden")).into_response()
}

/// Who is logged in, if anybody.
pub(super) async fn current(api: &Api, headers: &HeaderMap) -> Result<Option<Actor>, Problem> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let token = cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, token)| token.to_owned());
    match token {
        Some(token) => actor(api, token).await,
        None => Ok(None),
    }
}

async fn actor(api: &Api, token: String) -> Result<Option<Actor>, Problem> {
    let app = api.app.clone();
    blocking(move || Ok(app.actor_by_api_token(&token, clock::now())?)).await
}
