//! Who is logged in, the forms' tokens, and logging out.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Redirect, Response};
use belfort_store::record::LoginMethod;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::plain::Plain;
use super::render;
use crate::app::callers::{Caller, Means};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::rest::session::{
    COOKIE, VISIT_COOKIE, cookie, csrf_token, drop_cookie, is_csrf_token, is_same_origin,
    set_cookie,
};
use crate::secret;

/// Somebody who is logged in.
pub(super) struct Visit {
    pub(super) caller: Caller,
    /// The token of the forms.
    pub(super) csrf: String,
    secret: String,
}

impl Visit {
    /// Whether a form was sent from our own page of this session.
    pub(super) fn sent(&self, api: &Api, headers: &HeaderMap, token: &str) -> bool {
        is_same_origin(headers, api.app.login.url.as_deref()) && is_csrf_token(&self.secret, token)
    }
}

/// Refuses a form that was not sent from our own page by the session whose cookie comes with it.
pub(super) fn require_own_form(api: &Api, headers: &HeaderMap, token: &str) -> Result<(), Problem> {
    let is_own = is_same_origin(headers, api.app.login.url.as_deref())
        && cookie(headers, COOKIE).is_some_and(|secret| is_csrf_token(&secret, token));
    if is_own {
        return Ok(());
    }
    Err(Problem::forbidden(
        "this form did not come from a page of this session: go back, load the page again and repeat",
    ))
}

/// Who is logged in, if anybody.
pub(super) async fn current(api: &Api, headers: &HeaderMap) -> Result<Option<Visit>, Problem> {
    let Some(secret) = cookie(headers, COOKIE) else { return Ok(None) };
    let app = api.app.clone();
    let asked = secret.clone();
    let caller = blocking(move || Ok(app.caller_by_session(&asked, clock::now())?)).await?;
    Ok(caller.map(|caller| Visit { caller, csrf: csrf_token(&secret), secret }))
}

/// The secret of a browser that is not logged in, and the cookie that gives it one if need be.
pub(super) fn stranger(headers: &HeaderMap) -> Result<(String, Option<String>), Problem> {
    let known = cookie(headers, VISIT_COOKIE).filter(|secret| (40..=64).contains(&secret.len()));
    if let Some(secret) = known {
        return Ok((secret, None));
    }
    let secret = secret::random_text().map_err(crate::app::AppError::from)?;
    let set = set_cookie(VISIT_COOKIE, &secret, false);
    Ok((secret, Some(set)))
}

/// Whether a form was sent from our own page by a browser that is not logged in.
pub(super) fn sent_by_stranger(api: &Api, headers: &HeaderMap, token: &str) -> bool {
    let known = cookie(headers, VISIT_COOKIE);
    is_same_origin(headers, api.app.login.url.as_deref())
        && known.is_some_and(|secret| is_csrf_token(&secret, token))
}

/// Adds cookies to an answer.
pub(super) fn with_cookies(mut response: Response, cookies: &[String]) -> Response {
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

/// A form that has nothing but its token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnlyToken {
    csrf: String,
}

#[derive(Template)]
#[template(path = "logged_out.html")]
struct LoggedOut {
    page: Plain,
    provider: String,
    url: String,
}

/// Ends the session.
pub(super) async fn log_out(
    State(api): State<Api>,
    headers: HeaderMap,
    Form(form): Form<OnlyToken>,
) -> Result<Response, Problem> {
    let gone = [drop_cookie(COOKIE)];
    let Some(visit) = current(&api, &headers).await? else {
        return Ok(with_cookies(Redirect::to("/aanmelden").into_response(), &gone));
    };
    if !visit.sent(&api, &headers, &form.csrf) {
        return Ok(Redirect::to("/").into_response());
    }
    let elsewhere = blocking(move || {
        let Means::Session(session) = &visit.caller.means else { return Ok(None) };
        api.app.own_session_end(&visit.caller, session.id, clock::now())?;
        let login = &api.app.login;
        let provider = login.oidc.as_ref().filter(|_| session.method == LoginMethod::Oidc);
        let back = format!("{}/aanmelden", login.url.as_deref().unwrap_or_default());
        Ok(provider.and_then(|provider| {
            let page = Plain::of(&headers, "/aanmelden").dressed(&api.app.branding);
            let provider_name = provider.label().to_owned();
            let url = provider.end_session(&back)?;
            Some(LoggedOut { page, provider: provider_name, url })
        }))
    })
    .await?;
    let response = match elsewhere {
        Some(page) => render(StatusCode::OK, &page),
        None => Redirect::to("/aanmelden").into_response(),
    };
    Ok(with_cookies(response, &gone))
}
