//! Logging in with name, password and second factor.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::look::own_path;
use super::plain::Plain;
use super::render;
use super::session::{sent_by_stranger, stranger, with_cookies};
use crate::app::callers::Means;
use crate::app::log_in::Credentials;
use crate::app::own::Proof;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::rest::session::{
    COOKIE, Peer, VISIT_COOKIE, cookie, csrf_token, drop_cookie, set_cookie, visitor,
};

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    page: Plain,
    csrf: String,
    notice: Option<String>,
    provider: Option<String>,
    /// Where somebody was sent here from.
    back: String,
}

/// Why the form is shown again.
#[derive(Deserialize)]
pub(super) struct Shown {
    geweigerd: Option<String>,
    verlopen: Option<String>,
    ingesteld: Option<String>,
    #[serde(default)]
    naar: String,
}

impl Shown {
    /// The key of its text.
    fn notice(&self) -> Option<&'static str> {
        if self.geweigerd.is_some() {
            // The same words for whatever was wrong, also while an account or address has to wait.
            return Some("login-refused");
        }
        if self.verlopen.is_some() {
            return Some("login-expired");
        }
        self.ingesteld.as_ref().map(|_| "login-password-set")
    }
}

/// The form, with what went wrong: the key of its text.
pub(super) fn show(
    api: &Api,
    headers: &HeaderMap,
    status: StatusCode,
    notice: Option<&str>,
    back: &str,
) -> Result<Response, Problem> {
    let (secret, set) = stranger(headers)?;
    let provider = api.app.login.oidc.as_ref().map(|provider| provider.label().to_owned());
    let back = own_path(back).to_owned();
    let mut here = "/aanmelden".to_owned();
    if back != "/" {
        here.push_str("?naar=");
        here.extend(form_urlencoded::byte_serialize(back.as_bytes()));
    }
    let page = Plain::of(headers, &here).dressed(&api.app.branding);
    let notice = notice.map(|key| page.t(key));
    let page = Login { page, csrf: csrf_token(&secret), notice, provider, back };
    Ok(with_cookies(render(status, &page), set.as_slice()))
}

/// The form.
pub(super) async fn form(
    State(api): State<Api>,
    headers: HeaderMap,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    show(&api, &headers, StatusCode::OK, shown.notice(), &shown.naar)
}

/// What the form sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    csrf: String,
    name: String,
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    naar: String,
}

/// Begins a session, or says that it did not work.
pub(super) async fn log_in(
    State(api): State<Api>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    if !sent_by_stranger(&api, &headers, &sent.csrf) {
        return Ok(Redirect::to("/aanmelden?verlopen=1").into_response());
    }
    let from = visitor(&headers, peer.map(|peer| peer.0), &api.app.login);
    let given = Credentials { name: sent.name, password: sent.password, code: sent.code };
    let earlier = cookie(&headers, COOKIE);
    let entered = blocking(move || {
        let (app, now) = (&api.app, clock::now());
        let earlier = earlier.map(|secret| app.caller_by_session(&secret, now)).transpose()?;
        let replaces = earlier.flatten().and_then(|caller| match caller.means {
            Means::Session(session) => Some(session.id),
            Means::Token(_) => None,
        });
        let Some(entered) = app.log_in(&given, &from, replaces, now)? else { return Ok(None) };
        let caller = app.caller_by_session(&entered.secret, now)?;
        let due = caller.filter(|caller| caller.second_factor_due);
        if let Some(caller) = &due {
            app.own_totp_propose(caller, &Proof::default(), now)?;
        }
        Ok(Some((entered, due.is_some())))
    })
    .await?;
    let Some((entered, due)) = entered else {
        return Ok(Redirect::to("/aanmelden?geweigerd=1").into_response());
    };
    let cookies = [set_cookie(COOKIE, &entered.secret, false), drop_cookie(VISIT_COOKIE)];
    let next = if due { "/tweede-factor" } else { own_path(&sent.naar) };
    Ok(with_cookies(Redirect::to(next).into_response(), &cookies))
}
