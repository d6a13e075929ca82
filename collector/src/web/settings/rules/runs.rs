//! What rules did: their runs, what each assigned, and putting it back.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use belfort_model::id::{BatchId, UnitId};
use belfort_model::rule::{AssignClass, AssignOwner, Assignment};
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
    /// Names of units.
    units: BTreeMap<UnitId, String>,
    pager: Pager,
    may_rule: bool,
}

impl RunPage {
    /// What was assigned: the kind, what it was and what it became.
    fn words(&self, line: &AssignedView) -> (String, String, String) {
        let frame = &self.frame;
        let owner = |owner: &AssignOwner| {
            let unit = self.units.get(&owner.unit).cloned().unwrap_or_default();
            if owner.function.is_empty() { unit } else { format!("{unit}, {}", owner.function) }
        };
        let class = |class: &AssignClass| class.biv.to_string();
        let (kind, before, after) = match &line.assignment {
            Assignment::Owner { before, after } => {
                ("col-owner", before.as_ref().map(owner).unwrap_or_default(), owner(after))
            }
            Assignment::Class { before, after } => {
                ("col-classification", before.as_ref().map(class).unwrap_or_default(), class(after))
            }
            Assignment::Link { after } => {
                let relation = frame.code("relation", after.relation.as_str());
                ("nav-data-sets", String::new(), relation)
            }
            Assignment::Label { after } => ("col-labels", String::new(), after.clone()),
            Assignment::Site { before, after } => ("col-site", before.clone(), after.clone()),
        };
        (frame.t(kind), before, after)
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
        let units = api.app.store.unit_list()?;
        Ok(RunPage {
            done: asked.done(&frame),
            id: id.to_string(),
            pager: asked.pager(lines.total, lines.items.len()),
            may_rule: actor.require_for(Right::Manage, None).is_ok(),
            frame,
            lines,
            units: units.into_iter().map(|unit| (unit.id, unit.name)).collect(),
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
