//! Logging in at the identity provider: the way there and the way back.

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::login;
use super::session::with_cookies;
use crate::app::external::External;
use crate::clock;
use crate::login::oidc::{OidcError, Pending};
use crate::login::{Login, seal};
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::rest::session::{
    COOKIE, PENDING_COOKIE, Peer, cookie, drop_cookie, set_cookie, visitor,
};

/// Whom a login that was begun is sealed for.
const OWNER: &[u8] = b"oidc login";

fn seal_pending(login: &Login, pending: &Pending) -> Option<String> {
    let plain = serde_json::to_vec(pending).ok()?;
    Some(URL_SAFE_NO_PAD.encode(seal::seal(login.key()?, OWNER, &plain).ok()?))
}

fn open_pending(login: &Login, text: &str) -> Option<Pending> {
    let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    serde_json::from_slice(&seal::open(login.key()?, OWNER, &sealed).ok()?).ok()
}

/// Sends the browser to the provider.
pub(super) async fn begin(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Problem> {
    let app = api.app.clone();
    let begun = blocking(move || {
        let Some(provider) = &app.login.oidc else {
            return Err(Problem::not_found("no identity provider is configured"));
        };
        Ok(provider.begin(clock::now()).map(|(url, pending)| {
            let sealed = seal_pending(&app.login, &pending);
            (url, sealed)
        }))
    })
    .await?;
    match begun {
        Ok((url, Some(sealed))) => {
            // The provider sends the browser back from another site.
            let cookies = [set_cookie(PENDING_COOKIE, &sealed, true)];
            Ok(with_cookies(Redirect::to(&url).into_response(), &cookies))
        }
        Ok((_, None)) => Err(Problem::internal()),
        Err(error) => failed(&api, &headers, &error),
    }
}

/// What the provider says. Others than these may come along.
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    error: Option<String>,
}

/// Takes the browser back from the provider.
pub(super) async fn back(
    State(api): State<Api>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Result<Response, Problem> {
    let from = visitor(&headers, peer.map(|peer| peer.0), &api.app.login);
    let pending = cookie(&headers, PENDING_COOKIE);
    let app = api.app.clone();
    let came = blocking(move || {
        let Some(provider) = &app.login.oidc else {
            return Err(Problem::not_found("no identity provider is configured"));
        };
        let pending = pending.and_then(|text| open_pending(&app.login, &text));
        let Some(pending) = pending else { return Ok(External::Failed(OidcError::State)) };
        if let Some(error) = answer.error {
            let error: String = error.chars().filter(char::is_ascii_graphic).take(64).collect();
            return Ok(External::Failed(OidcError::Refused(error)));
        }
        let said = (answer.state.as_str(), answer.code.as_str());
        Ok(app.external_log_in(provider, pending, said, &from, None, clock::now())?)
    })
    .await?;
    let done = drop_cookie(PENDING_COOKIE);
    let refuse = |notice: &str| {
        let page = login::show(&api, &headers, StatusCode::FORBIDDEN, Some(notice), "/")?;
        Ok(with_cookies(page, std::slice::from_ref(&done)))
    };
    match came {
        External::In(entered) => {
            // Strict would keep the cookie away from the very next page: the provider sent us here.
            let cookies = [set_cookie(COOKIE, &entered.secret, true), done];
            Ok(with_cookies(Redirect::to("/").into_response(), &cookies))
        }
        External::NoRole => refuse("login-no-role"),
        External::Disabled => refuse("login-disabled"),
        External::Failed(error) => {
            failed(&api, &headers, &error).map(|page| with_cookies(page, &[done]))
        }
    }
}

/// Says why it did not work, as far as that is the visitor's business; the log says the rest.
fn failed(api: &Api, headers: &HeaderMap, error: &OidcError) -> Result<Response, Problem> {
    tracing::warn!(%error, "login at the identity provider failed");
    let (status, notice) = match error {
        OidcError::State => (StatusCode::BAD_REQUEST, "login-other-browser"),
        OidcError::Overage(_) => (StatusCode::FORBIDDEN, "login-many-groups"),
        OidcError::Refused(_) | OidcError::Token(_) => {
            (StatusCode::FORBIDDEN, "login-provider-refused")
        }
        OidcError::Setup(_) | OidcError::Provider(_) => {
            (StatusCode::BAD_GATEWAY, "login-provider-away")
        }
    };
    login::show(api, headers, status, Some(notice), "/")
}
