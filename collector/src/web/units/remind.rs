//! Reminding a unit of what it is to confirm: a message to copy and the list that goes along. The collector
//! sends no mail; that somebody reminded is kept in the audit log.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use belfort_model::unit::OrgUnit;
use belfort_store::record::{AssetFilter, AssetSummary, Page};
use http::StatusCode;

use super::one::found;
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::web::export::{self, Head, Kind};
use crate::web::frame::{Frame, Visitor};
use crate::web::list::Asked;
use crate::web::render;
use crate::web::sent::Sent;

/// Assets named in the message; the list has them all.
const NAMED: usize = 20;

#[derive(Template)]
#[template(path = "unit_remind.html")]
struct RemindPage {
    frame: Frame,
    unit: OrgUnit,
    count: usize,
    message: String,
}

/// What a unit owns in service and has not confirmed, by name.
fn waiting(app: &App, actor: &Actor, unit: &OrgUnit) -> Result<Vec<AssetSummary>, Problem> {
    let filter = AssetFilter {
        unit: vec![unit.id],
        owner_unconfirmed: true,
        in_service: true,
        scope: actor.scope(Right::Read),
        ..AssetFilter::default()
    };
    Ok(app.store.asset_list(&filter, Page::ALL)?.items)
}

/// The unit, for who may remind it.
fn reminded(app: &App, actor: &Actor, code: &str) -> Result<OrgUnit, Problem> {
    let unit = found(app, code)?;
    actor.require_for(Right::Manage, Some(unit.id))?;
    Ok(unit)
}

/// Where the unit's work is, as it is written in a message.
fn address(app: &App, code: &str) -> String {
    let code: String = form_urlencoded::byte_serialize(code.as_bytes()).collect();
    let own = app.login.url.as_deref().unwrap_or_default();
    format!("{own}/werklijst/te-herbevestigen?dienst={code}")
}

fn message(frame: &Frame, app: &App, unit: &OrgUnit, assets: &[AssetSummary]) -> String {
    let count = frame.count("assets", assets.len());
    let mut lines = vec![
        frame.tv("remind-subject", "unit", &unit.name),
        String::new(),
        frame.t("remind-hello"),
        String::new(),
        frame.tw("remind-ask", &[("count", &count), ("unit", &unit.name)]),
        String::new(),
    ];
    lines.extend(assets.iter().take(NAMED).map(|one| format!("- {}", one.asset.name)));
    if assets.len() > NAMED {
        lines.push(frame.tv("remind-more", "n", &frame.n(assets.len() - NAMED)));
    }
    lines.push(String::new());
    lines.push(frame.tv("remind-where", "address", &address(app, &unit.code)));
    lines.push(frame.t("remind-otherwise"));
    lines.join("\n")
}

/// The message.
pub(super) async fn form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(code): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    Asked::of("/eigenaars", query.as_deref(), &[])?;
    let page = blocking(move || {
        let unit = reminded(&api.app, &actor, &code)?;
        let assets = waiting(&api.app, &actor, &unit)?;
        let message = message(&frame, &api.app, &unit, &assets);
        Ok(RemindPage { frame, unit, count: assets.len(), message })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// The list that goes along with the message.
pub(super) async fn list(
    State(api): State<Api>,
    visitor: Visitor,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Export)?;
    let heads: Vec<Head> = vec![
        ("name", frame.t("col-name")),
        ("kind", frame.t("units-kind")),
        ("function", frame.t("units-contact")),
        ("confirmed", frame.t("units-confirmed")),
        ("id", "Id".to_owned()),
    ];
    let (name, rows) = blocking(move || {
        let unit = reminded(&api.app, &actor, &code)?;
        let row = |one: AssetSummary| {
            let owner = one.owner;
            let confirmed = owner.as_ref().and_then(|owner| owner.confirmed_at);
            vec![
                one.asset.name,
                frame.code("kind", one.asset.kind.as_str()),
                owner.map(|owner| owner.function).unwrap_or_default(),
                confirmed.map(|at| frame.day(&at.to_string())).unwrap_or_default(),
                one.asset.id.to_string(),
            ]
        };
        let rows: Vec<_> = waiting(&api.app, &actor, &unit)?.into_iter().map(row).collect();
        let known = |char: &char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
        let name = format!("to-confirm-{}", unit.code.chars().filter(known).collect::<String>());
        Ok((name, rows))
    })
    .await?;
    Ok(export::send(&name, Kind::Csv, heads, move |page| {
        let from = usize::try_from(page.offset).unwrap_or(usize::MAX);
        Ok(rows.iter().skip(from).take(page.limit as usize).cloned().collect())
    }))
}

/// Keeps that the unit was reminded.
pub(super) async fn keep(
    State(api): State<Api>,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let actor = sent.visitor.may(Right::Manage)?.actor;
    let to: String = form_urlencoded::byte_serialize(code.as_bytes()).collect();
    blocking(move || {
        let unit = reminded(&api.app, &actor, &code)?;
        let count = waiting(&api.app, &actor, &unit)?.len() as u64;
        Ok(api.app.unit_remind(&actor, &code, count, clock::now())?)
    })
    .await?;
    Ok(Redirect::to(&format!("/eigenaars/{to}?melding=herinnerd")).into_response())
}
