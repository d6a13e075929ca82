//! What rules did: their runs, what each assigned, and putting it back.

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use belfort_model::id::BatchId;
use http::StatusCode;

use super::super::super::frame::{Frame, Visitor};
use super::super::super::list::{Asked, Pager};
use super::super::super::render;
use super::super::super::sent::Sent;
use crate::app::access::Right;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{AssignedView, BatchView, List};

#[derive(Template)]
#[template(path = "settings_runs.html")]
struct RunsPage {
    frame: Frame,
    runs: List<BatchView>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "settings_run.html")]
struct RunPage {
    frame: Frame,
    done: Option<String>,
    id: String,
    lines: List<AssignedView>,
    pager: Pager,
    may_rule: bool,
}

impl RunPage {
    /// What was assigned, as the register keeps it.
    fn words(line: &AssignedView) -> String {
        serde_json::to_string(&line.assignment).unwrap_or_default()
    }
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/instellingen/regels/toegepast", get(list))
        .route("/instellingen/regels/toegepast/{id}", get(show))
        .route("/instellingen/regels/toegepast/{id}/terug", post(undo))
}

async fn list(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    actor.require_for(Right::Read, None)?;
    let asked = Asked::of("/instellingen/regels/toegepast", query.as_deref(), &[])?;
    let page = blocking(move || {
        let runs = List::of(api.app.rule_batches(&actor, asked.page()?)?, BatchView::from);
        Ok(RunsPage { pager: asked.pager(runs.total, runs.items.len()), frame, runs })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

fn batch_id(text: &str) -> Result<BatchId, Problem> {
    text.parse().map_err(|_| Problem::not_found("there is no such run"))
}

async fn show(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    actor.require_for(Right::Read, None)?;
    let id = batch_id(&id)?;
    let path = format!("/instellingen/regels/toegepast/{id}");
    let asked = Asked::of(&path, query.as_deref(), &[])?;
    let page = blocking(move || {
        let lines = List::of(api.app.rule_batch(&actor, id, asked.page()?)?, AssignedView::from);
        Ok(RunPage {
            done: asked.done(&frame),
            id: id.to_string(),
            pager: asked.pager(lines.total, lines.items.len()),
            may_rule: actor.require_for(Right::Manage, None).is_ok(),
            frame,
            lines,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// Puts back what a run assigned, as far as nobody decided on it since, and switches its rules off.
async fn undo(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let actor = sent.visitor.actor;
    actor.require_for(Right::Manage, None)?;
    let id = batch_id(&id)?;
    blocking(move || {
        let undone = api.app.rule_undo(&actor, id, clock::now())?;
        api.wake.notify_one();
        Ok(undone)
    })
    .await?;
    Ok(Redirect::to("/instellingen/regels?melding=regel-terug").into_response())
}
