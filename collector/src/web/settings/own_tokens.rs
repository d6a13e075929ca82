//! One's own API tokens: a new one, and taking one back.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use belfort_model::access::Right;
use belfort_model::id::ApiTokenId;
use http::StatusCode;

use super::super::frame::{Frame, Visitor};
use super::super::render;
use super::super::sent::Sent;
use super::super::sure::Sure;
use crate::app::api_tokens::NewApiToken;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::ApiTokenView;

#[derive(Template)]
#[template(path = "settings_token_new.html")]
struct NewPage {
    frame: Frame,
    rights: Vec<&'static str>,
    days: [u16; 5],
}

#[derive(Template)]
#[template(path = "settings_secret.html")]
pub(super) struct SecretPage {
    pub(super) frame: Frame,
    pub(super) title: String,
    /// What it is and how it is used.
    pub(super) text: String,
    pub(super) secret: String,
    pub(super) back: String,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/instellingen/account/tokens/nieuw", get(form).post(create))
        .route("/instellingen/account/tokens/{id}/intrekken", get(revoke_form).post(revoke))
}

async fn form(visitor: Visitor) -> Response {
    let Visitor { actor, frame, .. } = visitor;
    let rights = Right::ALL.iter().filter(|right| actor.may(**right));
    let rights = rights.map(|right| right.as_str()).collect();
    render(StatusCode::OK, &NewPage { frame, rights, days: [7, 30, 90, 180, 365] })
}

/// Makes a token; its secret is on this page alone.
async fn create(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor: Visitor { caller, frame, .. }, fields } = sent;
    let wrong = |error| Problem::bad_request(format!("recht: {error}"));
    let rights: BTreeSet<Right> =
        fields.all("recht").map(|text| text.parse().map_err(wrong)).collect::<Result<_, _>>()?;
    // No choice would give no rights; it must be made, so that nobody hands out all by accident.
    if rights.is_empty() {
        return Err(Problem::bad_request("recht: choose at least one"));
    }
    let new = NewApiToken {
        label: fields.need("doel")?.to_owned(),
        days: fields.need_parsed("dagen")?,
        rights: Some(rights),
    };
    let (token, secret) =
        blocking(move || Ok(api.app.own_api_token_create(&caller, &new, clock::now())?)).await?;
    let until = frame.moment(&ApiTokenView::from(token).expires_at);
    let page = SecretPage {
        title: frame.t("own-token-made"),
        text: frame.tv("own-token-use", "until", &until),
        secret,
        back: "/instellingen/account".to_owned(),
        frame,
    };
    Ok(render(StatusCode::CREATED, &page))
}

fn token_id(text: &str) -> Result<ApiTokenId, Problem> {
    text.parse().map_err(|_| Problem::not_found("there is no such token"))
}

async fn revoke_form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { caller, frame, .. } = visitor;
    let id = token_id(&id)?;
    let tokens = blocking(move || Ok(api.app.own_api_tokens(&caller)?)).await?;
    let token = tokens.into_iter().find(|token| token.id == id);
    let token = token.ok_or_else(|| Problem::not_found("there is no such token"))?;
    let sure = Sure {
        title: frame.t("own-token-revoke"),
        text: frame.t("own-token-revoke-text"),
        facts: vec![(frame.t("tokens-label"), token.label)],
        action: format!("/instellingen/account/tokens/{id}/intrekken"),
        fields: vec![],
        back: "/instellingen/account".to_owned(),
        button: frame.t("act-revoke"),
        frame,
    };
    Ok(sure.show())
}

async fn revoke(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let caller = sent.visitor.caller;
    let id = token_id(&id)?;
    blocking(move || Ok(api.app.own_api_token_revoke(&caller, id, clock::now())?)).await?;
    Ok(Redirect::to("/instellingen/account?melding=eigen-token").into_response())
}
