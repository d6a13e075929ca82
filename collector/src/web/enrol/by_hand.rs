//! An asset that no agent reports, entered by hand.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use belfort_model::asset::{AssetKind, Authorised, Environment, Exposure, Lifecycle, Subtype};
use http::StatusCode;

use super::{Tab, may_add, tabs, welcome};
use crate::app::access::Right;
use crate::app::assets::NewAsset;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::web::asset::said;
use crate::web::frame::{Frame, Visitor};
use crate::web::render;
use crate::web::sent::Sent;

/// Kinds that are entered here; a data set says what it holds, on a page of its own.
const KINDS: [AssetKind; 4] =
    [AssetKind::Application, AssetKind::ExternalService, AssetKind::Device, AssetKind::Software];

/// States a new asset can be in.
const STATES: [Lifecycle; 4] =
    [Lifecycle::InUse, Lifecycle::InStock, Lifecycle::Ordered, Lifecycle::Requested];

/// What the fields begin with.
struct Blank {
    name: &'static str,
    source: &'static str,
    subtype: &'static str,
    site: &'static str,
    legal_entity: &'static str,
    environment: &'static str,
    exposure: &'static str,
    authorised: &'static str,
    labels: [&'static str; 0],
}

#[derive(Template)]
#[template(path = "enrol/by_hand.html")]
struct ByHandPage {
    frame: Frame,
    tabs: Vec<Tab>,
    may_add: bool,
    kinds: [AssetKind; 4],
    states: [Lifecycle; 4],
    asset: Blank,
    entities: Vec<String>,
    subtypes: &'static [Subtype],
    environments: &'static [Environment],
    exposures: &'static [Exposure],
    authorised: &'static [Authorised],
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/assets/toevoegen/zonder-agent", get(form).post(add))
}

async fn form(State(api): State<Api>, visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = welcome(visitor)?;
    let page = ByHandPage {
        tabs: tabs(&frame, "/zonder-agent"),
        may_add: may_add(&actor),
        kinds: KINDS,
        states: STATES,
        asset: Blank {
            name: "",
            source: "manual",
            subtype: Subtype::Other.as_str(),
            site: "",
            legal_entity: "",
            environment: Environment::Production.as_str(),
            exposure: Exposure::Unknown.as_str(),
            authorised: Authorised::Yes.as_str(),
            labels: [],
        },
        entities: api.app.registry.legal_entities.clone(),
        subtypes: Subtype::ALL,
        environments: Environment::ALL,
        exposures: Exposure::ALL,
        authorised: Authorised::ALL,
        frame,
    };
    Ok(render(StatusCode::OK, &page))
}

async fn add(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let Visitor { actor, .. } = visitor.may(Right::Manage)?;
    let new = NewAsset {
        kind: fields.need_parsed("soort")?,
        lifecycle: fields.parse("status")?.unwrap_or(Lifecycle::InUse),
        edit: said(&fields)?,
    };
    let id = blocking(move || {
        let added = api.app.asset_add(&actor, &new, clock::now())?;
        api.wake.notify_one();
        Ok(added.id)
    })
    .await?;
    Ok(Redirect::to(&format!("/assets/{id}?melding=asset-added")).into_response())
}
