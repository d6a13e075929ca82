//! Exceptions: who asked for what, until when, and approving, refusing or ending them.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use belfort_model::access::Actor;
use belfort_model::exception::ExceptionStatus;
use belfort_model::id::ExceptionId;
use belfort_store::record::{ExceptionFilter, Page};
use http::StatusCode;

use super::super::frame::{Frame, Visitor};
use super::super::list::{Asked, Pager};
use super::super::render;
use super::super::risks::any_meeting;
use super::super::sent::{Fields, Sent};
use crate::app::access::Right;
use crate::app::risks::Write;
use crate::app::triage::ExceptionChange;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{ExceptionView, List};

const PATH: &str = "/bevindingen/uitzonderingen";
/// Meetings that can be chosen for an approval.
const MEETINGS: Page = Page { limit: 50, offset: 0 };

#[derive(Template)]
#[template(path = "exceptions.html")]
struct ExceptionsPage {
    frame: Frame,
    asked: Asked,
    exceptions: List<Line>,
    statuses: &'static [ExceptionStatus],
    pager: Pager,
}

/// An exception, and what it is for in words.
struct Line {
    view: ExceptionView,
    what: String,
}

#[derive(Template)]
#[template(path = "exception.html")]
struct ExceptionPage {
    frame: Frame,
    done: Option<String>,
    exception: ExceptionView,
    what: String,
    offer: Offer,
    meetings: Vec<(String, String)>,
}

/// What the visitor may do with it.
#[derive(Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a form of its own, and any can go with any"
)]
struct Offer {
    approve: bool,
    /// An approval names the meeting that gave it.
    needs_meeting: bool,
    reject: bool,
    close: bool,
    /// The visitor asked for it, and so does not judge it.
    own: bool,
}

/// What it is for, in words.
fn what(frame: &Frame, api: &Api, exception: &ExceptionView) -> String {
    let kind = exception.code.as_ref().map(|code| super::title(frame, &api.app, code));
    let place = exception.asset_name.as_ref().or(exception.unit.as_ref());
    let place = place.map(String::as_str).unwrap_or_default();
    match (exception.scope.as_str(), kind) {
        ("finding", _) => frame.tv("exceptions-for-finding", "asset", place),
        (_, Some(kind)) => format!("{kind}: {place}"),
        (_, None) => frame.tv("exceptions-for-asset", "asset", place),
    }
}

/// The list, what ends first comes first.
pub(super) async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of(PATH, query.as_deref(), &["status", "asset"])?;
    let page = blocking(move || {
        let filter = ExceptionFilter {
            status: asked.parse("status")?,
            asset: asked.parse("asset")?,
            scope: actor.scope(Right::Read),
            ..ExceptionFilter::default()
        };
        let found = api.app.store.exception_list(&filter, asked.page()?)?;
        let exceptions = List::of(found, |one| {
            let view = ExceptionView::from(one);
            Line { what: what(&frame, &api, &view), view }
        });
        Ok(ExceptionsPage {
            pager: asked.pager(exceptions.total, exceptions.items.len()),
            statuses: ExceptionStatus::ALL,
            exceptions,
            frame,
            asked,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

fn id(text: &str) -> Result<ExceptionId, Problem> {
    text.parse().map_err(|error| Problem::not_found(format!("exception `{text}`: {error}")))
}

/// One exception.
pub(super) async fn show(
    State(api): State<Api>,
    visitor: Visitor,
    Path(exception): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let id = id(&exception)?;
    let asked = Asked::of(&format!("{PATH}/{id}"), query.as_deref(), &[])?;
    let page = blocking(move || {
        let now = clock::now();
        let found = api.app.exception(&actor, id)?;
        let unit = found.unit.as_ref().map(|unit| unit.id);
        let old = &found.exception;
        // The rules of the model are asked by trying; trying writes nothing.
        let alone = old.approve(&actor, unit, None, now).is_ok();
        let together = old.approve(&actor, unit, any_meeting(now).as_ref(), now).is_ok();
        let offer = Offer {
            approve: alone || together,
            needs_meeting: !alone && together,
            reject: old.reject(&actor, unit, "…", now).is_ok(),
            close: old.close(&actor, unit, "…", now).is_ok(),
            own: old.requested_by == actor.name && old.status == ExceptionStatus::Requested,
        };
        let meetings =
            if offer.approve { api.app.store.meeting_list(MEETINGS)?.items } else { vec![] };
        let exception = ExceptionView::from(found);
        Ok(ExceptionPage {
            done: asked.done(&frame),
            what: what(&frame, &api, &exception),
            meetings: meetings
                .into_iter()
                .filter(|one| one.took_place(now))
                .map(|one| (one.reference, one.title))
                .collect(),
            exception,
            offer,
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// Changes it and goes back. What it was for is evaluated anew.
async fn change(
    api: Api,
    actor: Actor,
    exception: &str,
    change: ExceptionChange,
    fields: &Fields,
    done: &str,
) -> Result<Response, Problem> {
    let id = id(exception)?;
    let write = Write { version: Some(fields.need_parsed("versie")?), dry_run: false };
    blocking(move || {
        api.app.exception_change(&actor, id, &change, write, clock::now())?;
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    Ok(Redirect::to(&format!("{PATH}/{id}?melding={done}")).into_response())
}

/// Approves it.
pub(super) async fn approve(
    State(api): State<Api>,
    Path(exception): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Result<Response, Problem> {
    let meeting = fields.get("vergadering").map(str::to_owned);
    if meeting.is_none() || !actor.may(Right::RecordMeeting) {
        actor.require(Right::ApproveException)?;
    }
    let new = ExceptionChange::Approve { meeting };
    change(api, actor, &exception, new, &fields, "uitzondering-goedgekeurd").await
}

/// Refuses it.
pub(super) async fn reject(
    State(api): State<Api>,
    Path(exception): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Result<Response, Problem> {
    actor.require(Right::ApproveException)?;
    let new = ExceptionChange::Reject { reason: fields.need("reden")?.to_owned() };
    change(api, actor, &exception, new, &fields, "uitzondering-geweigerd").await
}

/// Ends it before its time.
pub(super) async fn close(
    State(api): State<Api>,
    Path(exception): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Result<Response, Problem> {
    actor.require(Right::Triage)?;
    let new = ExceptionChange::Close { reason: fields.need("reden")?.to_owned() };
    change(api, actor, &exception, new, &fields, "uitzondering-beeindigd").await
}
