//! Devices with an agent: a token, and the command that uses it.

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;

use super::{Tab, tabs, welcome};
use crate::app::access::Right;
use crate::app::tokens::NewToken;
use crate::rest::auth::{Path, blocking};
use crate::rest::problem::Problem;
use crate::rest::{Api, NO_STORE};
use crate::view::TokenView;
use crate::web::frame::{Frame, Visitor};
use crate::web::list::Asked;
use crate::web::render;
use crate::web::sent::Sent;
use crate::{clock, secret};

/// Seconds of an hour.
const HOUR: i64 = 3_600;

#[derive(Template)]
#[template(path = "enrol/agent.html")]
struct AgentPage {
    frame: Frame,
    tabs: Vec<Tab>,
    /// `linux`, or a platform whose agent is yet to come.
    platform: &'static str,
    may_make: bool,
    /// Units that can be proposed as the owner: code and name.
    units: Vec<(String, String)>,
    /// How long a token can hold: hours, and the key of their text.
    hours: [(i64, &'static str); 5],
}

#[derive(Template)]
#[template(path = "enrol/token.html")]
struct TokenPage {
    frame: Frame,
    tabs: Vec<Tab>,
    token: TokenView,
    command: String,
}

/// How long a token can hold.
const HOURS: [(i64, &str); 5] = [
    (24, "enrol-hours-24"),
    (48, "enrol-hours-48"),
    (168, "enrol-hours-168"),
    (720, "enrol-hours-720"),
    (2160, "enrol-hours-2160"),
];

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/assets/toevoegen", get(linux))
        .route("/assets/toevoegen/{platform}", get(other))
        .route("/assets/toevoegen/token", post(make))
}

async fn linux(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    Asked::of(super::PATH, query.as_deref(), &[])?;
    page(api, visitor, "linux").await
}

async fn other(
    State(api): State<Api>,
    visitor: Visitor,
    Path(platform): Path<String>,
) -> Result<Response, Problem> {
    match platform.as_str() {
        "windows" => page(api, visitor, "windows").await,
        "macos" => page(api, visitor, "macos").await,
        other => Err(Problem::not_found(format!("there is no way `{other}` to add assets"))),
    }
}

async fn page(api: Api, visitor: Visitor, platform: &'static str) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = welcome(visitor)?;
    let page = blocking(move || {
        let now = clock::now();
        let units = api.app.store.unit_list()?.into_iter();
        let units = units.filter(|unit| unit.is_active(now)).map(|unit| (unit.code, unit.name));
        let end = if platform == "linux" { String::new() } else { format!("/{platform}") };
        Ok(AgentPage {
            tabs: tabs(&frame, &end),
            may_make: actor.may(Right::Administer),
            units: units.collect(),
            hours: HOURS,
            platform,
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// Makes a token; the page that answers is the only one that ever shows it.
async fn make(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let Visitor { actor, frame, .. } = visitor.may(Right::Administer)?;
    let hours: i64 = fields.need_parsed("uren")?;
    if !HOURS.iter().any(|(known, _)| *known == hours) {
        return Err(Problem::bad_request(format!("uren: {hours} is not one of the choices")));
    }
    let new = NewToken {
        label: fields.need("label")?.to_owned(),
        unit: fields.get("eenheid").map(str::to_owned),
        uses: fields.need_parsed("aantal")?,
        seconds: hours * HOUR,
    };
    let address = api.enrolment.clone();
    let now = clock::now();
    let (token, secret) = blocking(move || Ok(api.app.token_create(&actor, &new, now)?)).await?;
    let secret = secret::enrolment_token(&secret, address.fingerprint);
    let page = TokenPage {
        tabs: tabs(&frame, ""),
        token: TokenView::of(token, now),
        command: format!("{}\nsudo belfort-agent run", address.command(&secret)),
        frame,
    };
    Ok((NO_STORE, render(StatusCode::OK, &page)).into_response())
}
