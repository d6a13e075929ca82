//! The list of agents, and taking one out.

mod tokens;

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use belfort_model::agent::Agent;
use belfort_model::id::AgentId;
use belfort_model::time::Timestamp;
use belfort_store::record::Page;
use http::StatusCode;

use super::export::{self, Head};
use super::frame::{Frame, Visitor};
use super::list::{Asked, Column, Pager};
use super::render;
use super::sent::Sent;
use super::sure::Sure;
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::AgentView;

/// Days before its end that a certificate should have been renewed: agents do so by themselves.
const RENEWED_DAYS: i64 = 7;

struct Row {
    agent: AgentView,
    asset_name: String,
    /// Whether the certificate ended or ends within days: the agent could not renew it.
    ends_soon: bool,
}

impl Row {
    fn of(app: &App, agent: Agent, now: Timestamp) -> Result<Self, Problem> {
        let asset = app.store.asset_get(agent.asset)?;
        let ends_soon = agent.certificate_not_after < now.plus_days(RENEWED_DAYS);
        let asset_name = asset.map(|asset| asset.summary.asset.name).unwrap_or_default();
        Ok(Self { agent: agent.into(), asset_name, ends_soon })
    }
}

#[derive(Template)]
#[template(path = "agents.html")]
struct AgentsPage {
    frame: Frame,
    asked: Asked,
    done: Option<String>,
    rows: Vec<Row>,
    columns: Vec<Column>,
    pager: Pager,
    may_export: bool,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/agents", get(page))
        .route("/agents.{kind}", get(file))
        .route("/agents/{id}/intrekken", get(revoke_form).post(revoke))
        .merge(tokens::routes())
}

/// Rows of a page of agents.
fn rows(app: &App, page: Page) -> Result<(Vec<Row>, u64), Problem> {
    let now = clock::now();
    let agents = app.store.agent_list(page)?;
    let rows = agents.items.into_iter().map(|agent| Row::of(app, agent, now));
    Ok((rows.collect::<Result<_, _>>()?, agents.total))
}

/// The page.
async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Administer)?;
    let asked = Asked::of("/agents", query.as_deref(), &[])?;
    let page = blocking(move || {
        let (rows, total) = rows(&api.app, asked.page()?)?;
        let columns = [
            "col-asset",
            "col-status",
            "col-version",
            "agents-platform",
            "agents-last-report",
            "agents-certificate",
            "agents-enrolled",
        ];
        let columns = columns.map(|text| asked.column(frame.t(text), "", ("", false)));
        Ok(AgentsPage {
            columns: columns.into(),
            pager: asked.pager(total, rows.len()),
            done: asked.done(&frame),
            may_export: actor.may(Right::Export),
            rows,
            frame,
            asked,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// The same list as a file.
async fn file(
    State(api): State<Api>,
    visitor: Visitor,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { frame, .. } = visitor.may(Right::Administer)?.may(Right::Export)?;
    let kind = kind.parse()?;
    Asked::of("/agents", query.as_deref(), &[])?;
    let heads: Vec<Head> = vec![
        ("id", "Id".to_owned()),
        ("asset", frame.t("agents-asset-id")),
        ("asset_name", frame.t("col-asset")),
        ("status", frame.t("col-status")),
        ("version", frame.t("col-version")),
        ("platform", frame.t("agents-platform")),
        ("last_seen", frame.t("agents-last-report")),
        ("certificate_not_after", frame.t("agents-certificate")),
        ("enrolled_at", frame.t("agents-enrolled")),
    ];
    Ok(export::send("agents", kind, heads, move |page| {
        let cells = |row: Row| {
            let agent = row.agent;
            vec![
                agent.id,
                agent.asset,
                row.asset_name,
                agent.status,
                agent.version,
                agent.platform,
                agent.last_seen.unwrap_or_default(),
                agent.certificate_not_after,
                agent.enrolled_at,
            ]
        };
        Ok(rows(&api.app, page)?.0.into_iter().map(cells).collect())
    }))
}

fn agent_id(text: &str) -> Result<AgentId, Problem> {
    text.parse().map_err(|_| Problem::not_found("there is no such agent"))
}

fn find(app: &App, id: AgentId) -> Result<Row, Problem> {
    let agents = app.store.agent_list(Page::ALL)?.items;
    let found = agents.into_iter().find(|agent| agent.id == id);
    let agent = found.ok_or_else(|| Problem::not_found("there is no such agent"))?;
    Row::of(app, agent, clock::now())
}

/// Whether one is sure.
async fn revoke_form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { frame, .. } = visitor.may(Right::Administer)?;
    let id = agent_id(&id)?;
    let row = blocking(move || find(&api.app, id)).await?;
    let seen = row.agent.last_seen.as_deref();
    let seen = seen.map_or_else(|| frame.t("never"), |at| frame.moment(at));
    let sure = Sure {
        title: frame.t("agents-revoke-title"),
        text: frame.t("agents-revoke-text"),
        facts: vec![
            (frame.t("col-asset"), row.asset_name),
            ("Id".to_owned(), row.agent.id.clone()),
            (frame.t("agents-last-report"), seen),
        ],
        action: format!("/agents/{id}/intrekken"),
        fields: vec![],
        back: "/agents".to_owned(),
        button: frame.t("act-revoke"),
        frame,
    };
    Ok(sure.show())
}

/// Takes an agent out: its key is not honoured any more.
async fn revoke(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let actor: Actor = sent.visitor.may(Right::Administer)?.actor;
    let id = agent_id(&id)?;
    blocking(move || Ok(api.app.agent_revoke(&actor, id, clock::now())?)).await?;
    Ok(Redirect::to("/agents?melding=agent-ingetrokken").into_response())
}

#[cfg(test)]
mod tests;
