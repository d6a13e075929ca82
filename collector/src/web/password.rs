//! Choosing a password with a one-time code.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::plain::Plain;
use super::render;
use super::session::{sent_by_stranger, stranger, with_cookies};
use crate::app::AppError;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::rest::session::{Peer, csrf_token, visitor};

#[derive(Template)]
#[template(path = "password.html")]
struct Password {
    page: Plain,
    csrf: String,
    notice: Option<String>,
}

/// The form, with the key of what went wrong.
fn show(api: &Api, headers: &HeaderMap, notice: Option<&'static str>) -> Result<Response, Problem> {
    let (secret, set) = stranger(headers)?;
    let status = if notice.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let page = Plain::of(headers, "/wachtwoord").dressed(&api.app.branding);
    let notice = notice.map(|key| page.t(key));
    let page = Password { page, csrf: csrf_token(&secret), notice };
    Ok(with_cookies(render(status, &page), set.as_slice()))
}

/// The form.
pub(super) async fn form(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Problem> {
    show(&api, &headers, None)
}

/// What the form sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    csrf: String,
    code: String,
    new: String,
    again: String,
}

/// Sets the password.
pub(super) async fn set(
    State(api): State<Api>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    if !sent_by_stranger(&api, &headers, &sent.csrf) {
        return show(&api, &headers, Some("login-expired"));
    }
    if sent.new != sent.again {
        return show(&api, &headers, Some("password-differ"));
    }
    let from = visitor(&headers, peer.map(|peer| peer.0), &api.app.login);
    let app = api.app.clone();
    let set =
        blocking(move || match app.password_reset(&sent.code, &sent.new, &from, clock::now()) {
            Ok(true) => Ok(None),
            Ok(false) => Ok(Some("password-code-wrong")),
            Err(AppError::Invalid(_)) => Ok(Some("password-weak")),
            Err(error) => Err(error.into()),
        })
        .await?;
    match set {
        None => Ok(Redirect::to("/aanmelden?ingesteld=1").into_response()),
        Some(notice) => show(&api, &headers, Some(notice)),
    }
}
