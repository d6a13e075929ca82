//! Meetings that take decisions: which there were, and entering one.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use belfort_model::meeting::NewMeeting;
use http::StatusCode;

use super::super::frame::{Frame, Visitor};
use super::super::list::{Asked, Pager};
use super::super::render;
use super::super::sent::Sent;
use crate::app::access::Right;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{List, MeetingView};

const PATH: &str = "/risicos/vergaderingen";

#[derive(Template)]
#[template(path = "meetings.html")]
struct MeetingsPage {
    frame: Frame,
    done: Option<String>,
    meetings: List<MeetingView>,
    pager: Pager,
    may_record: bool,
}

/// The list, newest first, with the form for whoever enters meetings.
pub(super) async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of(PATH, query.as_deref(), &[])?;
    let part = asked.page()?;
    let found = blocking(move || Ok(api.app.store.meeting_list(part)?)).await?;
    let meetings = List::of(found, MeetingView::from);
    let page = MeetingsPage {
        done: asked.done(&frame),
        pager: asked.pager(meetings.total, meetings.items.len()),
        may_record: actor.may(Right::RecordMeeting),
        meetings,
        frame,
    };
    Ok(render(StatusCode::OK, &page))
}

/// Enters one.
pub(super) async fn add(
    State(api): State<Api>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Result<Response, Problem> {
    actor.require(Right::RecordMeeting)?;
    let wrong = |error| Problem::bad_request(format!("gehouden_op: {error}"));
    let held_at = clock::since(fields.need("gehouden_op")?).map_err(wrong)?;
    let attended = fields.get("aanwezig").unwrap_or_default().lines().map(str::trim);
    let new = NewMeeting {
        reference: fields.need("referentie")?.to_owned(),
        title: fields.get("titel").unwrap_or_default().to_owned(),
        attended: attended.filter(|line| !line.is_empty()).map(str::to_owned).collect(),
        minutes: fields.get("verslag").unwrap_or_default().to_owned(),
    };
    blocking(move || Ok(api.app.meeting_add(&actor, &new, held_at, clock::now())?)).await?;
    Ok(Redirect::to(&format!("{PATH}?melding=vergadering-toegevoegd")).into_response())
}
