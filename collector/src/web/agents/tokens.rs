//! Tokens that admit devices: the list, a new one, and taking one back.

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use belfort_model::id::TokenId;
use http::StatusCode;

use super::super::frame::{Frame, Visitor};
use super::super::list::Asked;
use super::super::render;
use super::super::sent::Sent;
use super::super::sure::Sure;
use crate::app::access::Right;
use crate::app::tokens::NewToken;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::secret;
use crate::view::TokenView;
use crate::web::choice;

/// Days a new token can last.
const DAYS: [u16; 6] = [1, 7, 30, 90, 180, 365];
const DAY_SECONDS: i64 = 86_400;

#[derive(Template)]
#[template(path = "agent_tokens.html")]
struct TokensPage {
    frame: Frame,
    done: Option<String>,
    tokens: Vec<TokenView>,
}

#[derive(Template)]
#[template(path = "agent_token_new.html")]
struct NewPage {
    frame: Frame,
    units: Vec<(String, String)>,
    days: [u16; 6],
}

#[derive(Template)]
#[template(path = "agent_token_made.html")]
struct MadePage {
    frame: Frame,
    token: TokenView,
    secret: String,
    command: String,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/agents/tokens", get(list))
        .route("/agents/tokens/nieuw", get(form).post(create))
        .route("/agents/tokens/{id}/intrekken", get(revoke_form).post(revoke))
}

async fn list(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Administer)?;
    let asked = Asked::of("/agents/tokens", query.as_deref(), &[])?;
    let tokens = blocking(move || Ok(api.app.token_list(&actor)?)).await?;
    let now = clock::now();
    let tokens = tokens.into_iter().map(|token| TokenView::of(token, now)).collect();
    Ok(render(StatusCode::OK, &TokensPage { done: asked.done(&frame), frame, tokens }))
}

async fn form(State(api): State<Api>, visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { frame, .. } = visitor.may(Right::Administer)?;
    let units = blocking(move || choice::units(&api.app, &[])).await?;
    Ok(render(StatusCode::OK, &NewPage { frame, units, days: DAYS }))
}

/// Makes a token; its secret is on this page alone.
async fn create(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = sent.visitor.may(Right::Administer)?;
    let fields = sent.fields;
    let new = NewToken {
        unit: fields.get("dienst").map(str::to_owned),
        label: fields.need("doel")?.to_owned(),
        uses: fields.need_parsed("aantal")?,
        seconds: fields.need_parsed::<i64>("dagen")?.saturating_mul(DAY_SECONDS),
    };
    let address = api.enrolment.clone();
    let now = clock::now();
    let (token, secret) = blocking(move || Ok(api.app.token_create(&actor, &new, now)?)).await?;
    let secret = secret::enrolment_token(&secret, address.fingerprint);
    let command = address.command(&secret);
    let page = MadePage { frame, token: TokenView::of(token, now), secret, command };
    Ok(render(StatusCode::CREATED, &page))
}

fn token_id(text: &str) -> Result<TokenId, Problem> {
    text.parse().map_err(|_| Problem::not_found("there is no such token"))
}

async fn revoke_form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Administer)?;
    let id = token_id(&id)?;
    let tokens = blocking(move || Ok(api.app.token_list(&actor)?)).await?;
    let token = tokens.into_iter().find(|token| token.id == id);
    let token = token.ok_or_else(|| Problem::not_found("there is no such token"))?;
    let sure = Sure {
        title: frame.t("tokens-revoke-title"),
        text: frame.t("tokens-revoke-text"),
        facts: vec![(frame.t("tokens-label"), token.label)],
        action: format!("/agents/tokens/{id}/intrekken"),
        fields: vec![],
        back: "/agents/tokens".to_owned(),
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
    let actor = sent.visitor.may(Right::Administer)?.actor;
    let id = token_id(&id)?;
    blocking(move || Ok(api.app.token_revoke(&actor, id, clock::now())?)).await?;
    Ok(Redirect::to("/agents/tokens?melding=token-ingetrokken").into_response())
}
