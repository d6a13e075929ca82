//! Setting up a second factor.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;

use super::plain::Plain;
use super::render;
use super::session::{Visit, current, with_cookies};
use crate::app::own::Proof;
use crate::app::{App, AppError};
use crate::clock;
use crate::login::totp::Proposal;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::rest::session::{COOKIE, Peer, csrf_token, set_cookie, visitor};

#[derive(Template)]
#[template(path = "second_factor.html")]
struct SecondFactor {
    page: Plain,
    user: String,
    csrf: String,
    notice: Option<String>,
    due: bool,
    /// What is shown once it is in force.
    codes: Vec<String>,
    /// What waits for its first code.
    proposal: Option<Proposal>,
    qr: String,
    ask_password: bool,
    ask_code: bool,
}

impl SecondFactor {
    /// The page, with the key of what went wrong.
    fn of(
        app: &App,
        visit: &Visit,
        headers: &HeaderMap,
        notice: Option<&'static str>,
    ) -> Result<Self, AppError> {
        let page = Plain::of(headers, "/tweede-factor").dressed(&app.branding);
        let caller = &visit.caller;
        let has_one = app.own_account(caller)?.second_factor_at.is_some();
        let fresh = caller.is_fresh(clock::now());
        // A session that was left open must not show what another began.
        let proposal = if fresh { app.own_totp_pending(caller)? } else { None };
        Ok(Self {
            user: caller.user.name.clone(),
            csrf: visit.csrf.clone(),
            notice: notice.map(|key| page.t(key)),
            page,
            due: caller.second_factor_due,
            codes: vec![],
            qr: proposal.as_ref().map(|proposal| qr(&proposal.url)).unwrap_or_default(),
            proposal,
            ask_password: !fresh,
            ask_code: has_one,
        })
    }
}

/// An address as QR code: an SVG picture in base 64; nothing when it does not fit.
fn qr(url: &str) -> String {
    let Ok(code) = QrCode::new(url.as_bytes()) else { return String::new() };
    STANDARD.encode(code.render::<svg::Color<'_>>().min_dimensions(240, 240).build())
}

fn to_login() -> Response {
    Redirect::to("/aanmelden").into_response()
}

/// The form.
pub(super) async fn form(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Problem> {
    let Some(visit) = current(&api, &headers).await? else { return Ok(to_login()) };
    let page = blocking(move || Ok(SecondFactor::of(&api.app, &visit, &headers, None)?)).await?;
    Ok(render(StatusCode::OK, &page))
}

/// What the forms send.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    csrf: String,
    step: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
}

/// Proposes a second factor, or puts the proposed one in force.
pub(super) async fn change(
    State(api): State<Api>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let Some(visit) = current(&api, &headers).await? else { return Ok(to_login()) };
    if !visit.sent(&api, &headers, &sent.csrf) {
        return Ok(Redirect::to("/tweede-factor").into_response());
    }
    let from = visitor(&headers, peer.map(|peer| peer.0), &api.app.login);
    let (page, cookie) = blocking(move || {
        let (app, now) = (&api.app, clock::now());
        if sent.step != "confirm" {
            let proof = Proof { password: sent.password, code: sent.code };
            let notice = match app.own_totp_propose(&visit.caller, &proof, now) {
                Ok(_) => None,
                Err(AppError::Invalid(_)) => Some("factor-proof-wrong"),
                Err(error) => return Err(error.into()),
            };
            return Ok((SecondFactor::of(app, &visit, &headers, notice)?, None));
        }
        let confirmed = match app.own_totp_confirm(&visit.caller, &sent.code, now) {
            Ok(confirmed) => confirmed,
            Err(AppError::Invalid(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let Some(codes) = confirmed else {
            let notice = "factor-code-wrong";
            return Ok((SecondFactor::of(app, &visit, &headers, Some(notice))?, None));
        };
        let mut page = SecondFactor::of(app, &visit, &headers, None)?;
        page.codes = codes;
        // The session from before the second factor is not worth what the new one is.
        let raised = app.session_raise(&visit.caller, &from, now)?;
        let cookie = raised.map(|raised| {
            page.csrf = csrf_token(&raised.secret);
            set_cookie(COOKIE, &raised.secret, false)
        });
        Ok((page, cookie))
    })
    .await?;
    Ok(with_cookies(render(StatusCode::OK, &page), cookie.as_slice()))
}
