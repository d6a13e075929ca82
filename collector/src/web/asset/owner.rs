//! Who answers for an asset: changed, confirmed, ended.

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use belfort_model::ownership::OwnershipRole;
use belfort_model::unit;
use http::StatusCode;

use super::{Head, change, found};
use crate::app::access::Right;
use crate::app::owners::NewOwner;
use crate::clock;
use crate::rest::Api;
use crate::rest::assets::asset_id;
use crate::rest::auth::{Path, blocking};
use crate::rest::problem::Problem;
use crate::view::OwnershipView;
use crate::web::frame::{Frame, Visitor};
use crate::web::list::Asked;
use crate::web::render;
use crate::web::sent::Sent;

/// One ownership with the name of its unit.
struct Held {
    unit: String,
    ownership: OwnershipView,
}

#[derive(Template)]
#[template(path = "asset/owner.html")]
struct OwnerPage {
    frame: Frame,
    head: Head,
    done: Option<String>,
    /// Units that can answer for it: depth in the tree, code, name.
    units: Vec<(usize, String, String)>,
    /// In which role.
    role: OwnershipRole,
    roles: &'static [OwnershipRole],
    /// Who answers for it now, in every role.
    held: Vec<Held>,
    history: Vec<Held>,
}

#[derive(Template)]
#[template(path = "asset/owner_confirm.html")]
struct ConfirmPage {
    frame: Frame,
    head: Head,
    done: Option<String>,
    held: Held,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/assets/{id}/eigenaar", get(form).post(set))
        .route("/assets/{id}/eigenaar/bevestigen", get(confirm_form).post(confirm))
        .route("/assets/{id}/eigenaar/beeindigen", post(end))
}

async fn form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    let id = asset_id(&id)?;
    let asked = Asked::of(&format!("/assets/{id}/eigenaar"), query.as_deref(), &["rol"])?;
    let role = asked.parse("rol")?.unwrap_or(OwnershipRole::Owner);
    let page = blocking(move || {
        let (detail, head) = found(&api, &actor, &frame, id)?;
        let now = clock::now();
        let all = api.app.store.unit_list()?;
        let named = |ownership: belfort_model::ownership::Ownership| {
            let unit = all.iter().find(|unit| unit.id == ownership.unit);
            let unit = unit.map(|unit| unit.name.clone()).unwrap_or_default();
            Held { unit, ownership: ownership.into() }
        };
        let history = api.app.owner_history(&actor, id)?;
        let may = |unit| actor.require_for(Right::Manage, Some(unit)).is_ok();
        let units = unit::tree(&all).into_iter();
        let units = units.filter(|(_, unit)| unit.is_active(now) && may(unit.id));
        Ok(OwnerPage {
            units: units
                .map(|(depth, unit)| (depth, unit.code.clone(), unit.name.clone()))
                .collect(),
            held: detail.ownerships.into_iter().map(named).collect(),
            history: history.into_iter().map(named).collect(),
            roles: OwnershipRole::ALL,
            done: None,
            role,
            head,
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

async fn set(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let sent = sent.may(Right::Manage)?;
    change(api, sent, &id, "asset-owner-set", |api, actor, id, fields, expected| {
        let new = NewOwner {
            unit: fields.need("eenheid")?.to_owned(),
            role: fields.need_parsed("rol")?,
            function: fields.get("functie").unwrap_or_default().to_owned(),
        };
        Ok(api.app.owner_assign(actor, id, &new, expected, clock::now())?)
    })
    .await
}

async fn confirm_form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Confirm)?;
    let id = asset_id(&id)?;
    let page = blocking(move || {
        let (detail, head) = found(&api, &actor, &frame, id)?;
        let none = || Problem::not_found(frame.t("asset-no-owner"));
        let summary = detail.summary;
        let (ownership, unit) = summary.owner.zip(summary.owner_unit).ok_or_else(none)?;
        let held = Held { unit: unit.name, ownership: ownership.into() };
        Ok(ConfirmPage { held, done: None, head, frame })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

async fn confirm(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let sent = sent.may(Right::Confirm)?;
    change(api, sent, &id, "asset-owner-confirmed", |api, actor, id, _, expected| {
        let role = OwnershipRole::Owner;
        Ok(api.app.owner_confirm(actor, id, role, expected, clock::now())?)
    })
    .await
}

async fn end(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let sent = sent.may(Right::Manage)?;
    change(api, sent, &id, "asset-owner-ended", |api, actor, id, fields, expected| {
        let role = fields.need_parsed("rol")?;
        Ok(api.app.owner_end(actor, id, role, expected, clock::now())?)
    })
    .await
}
