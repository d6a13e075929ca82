//! Choosing a password with a one-time code.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

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
    csrf: String,
    notice: Option<&'static str>,
}

fn show(headers: &HeaderMap, notice: Option<&'static str>) -> Result<Response, Problem> {
    let (secret, set) = stranger(headers)?;
    let page = Password { csrf: csrf_token(&secret), notice };
    let status = if notice.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(with_cookies(render(status, &page), set.as_slice()))
}

/// The form.
pub(super) async fn form(headers: HeaderMap) -> Result<Response, Problem> {
    show(&headers, None)
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
        return show(&headers, Some("Het formulier was verlopen. Probeer het opnieuw."));
    }
    if sent.new != sent.again {
        return show(&headers, Some("De twee wachtwoorden zijn niet gelijk."));
    }
    let from = visitor(&headers, peer.map(|peer| peer.0), &api.app.login);
    let set = blocking(move || {
        match api.app.password_reset(&sent.code, &sent.new, &from, clock::now()) {
            Ok(true) => Ok(None),
            Ok(false) => Ok(Some(
                "Deze code is niet (meer) geldig. Vraag een nieuwe aan uw beheerder.",
            )),
            Err(AppError::Invalid(_)) => Ok(Some(
                "Dit wachtwoord is te kort of te voor de hand liggend. Kies minstens twaalf tekens, \
                 liefst enkele woorden die niet bij elkaar horen.",
            )),
            Err(error) => Err(error.into()),
        }
    })
    .await?;
    match set {
        None => Ok(Redirect::to("/aanmelden?ingesteld=1").into_response()),
        Some(notice) => show(&headers, Some(notice)),
    }
}
