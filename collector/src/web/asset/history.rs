//! What changed on an asset, newest first.

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;

use super::Head;
use crate::app::access::Right;
use crate::clock;
use crate::ingest;
use crate::rest::Api;
use crate::rest::assets::asset_id;
use crate::rest::auth::{Path, blocking};
use crate::rest::problem::Problem;
use crate::view::Change;
use crate::web::frame::{Frame, Visitor};
use crate::web::list::{Asked, Pager};
use crate::web::render;

#[derive(Template)]
#[template(path = "asset/history.html")]
struct HistoryPage {
    frame: Frame,
    head: Head,
    done: Option<String>,
    moments: Vec<Moment>,
    pager: Pager,
    /// Whether some of it is about people: that somebody saw it is recorded.
    personal: bool,
}

/// What changed in one section at one moment.
struct Moment {
    at: String,
    title: String,
    /// The title with the moment: no other table of the page has it.
    label: String,
    changes: Vec<Change>,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/assets/{id}/geschiedenis", get(page))
}

/// What a section of changes is called.
pub(super) fn title(frame: &Frame, section: &str) -> String {
    let title = frame.t(&format!("asset-part-{}", section.replace('_', "-")));
    if title.starts_with('⟦') { section.to_owned() } else { title }
}

/// What changed, in words where it is one of the fields people fill in.
pub(super) fn subject(frame: &Frame, change: &mut Change) {
    if change.section == "packages" {
        let name = change.subject.strip_prefix("package ").map(str::to_owned);
        change.subject = name.unwrap_or_else(|| std::mem::take(&mut change.subject));
    }
    if change.section != "asset" {
        return;
    }
    let group = match change.subject.as_str() {
        "subtype" | "environment" | "exposure" | "authorised" | "lifecycle" => {
            Some(change.subject.clone())
        }
        _ => None,
    };
    if let Some(group) = group {
        for value in [&mut change.before, &mut change.after].into_iter().flatten() {
            *value = frame.code(&group, value);
        }
    }
    let text = frame.t(&format!("asset-field-{}", change.subject.replace('_', "-")));
    if !text.starts_with('⟦') {
        change.subject = text;
    }
}

async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let id = asset_id(&id)?;
    let asked = Asked::of(&format!("/assets/{id}/geschiedenis"), query.as_deref(), &[])?;
    let page = blocking(move || {
        let detail = api.app.visible(&actor, id)?;
        let head = Head::of(&frame, &actor, &detail, Some("/geschiedenis"));
        let found = api.app.asset_history(&actor, id, asked.page()?, clock::now())?;
        let (total, shown) = (found.total, found.items.len());
        let personal = found.items.iter().any(|change| ingest::is_personal(&change.section));
        let mut moments: Vec<Moment> = Vec::new();
        let mut last = (String::new(), String::new());
        for mut change in found.items.into_iter().map(Change::from) {
            let here = (change.at.clone(), change.section.clone());
            if here != last {
                let title = title(&frame, &change.section);
                let (at, changes) = (change.at.clone(), Vec::new());
                let label = format!("{title}, {}", frame.moment(&at));
                moments.push(Moment { at, title, label, changes });
                last = here;
            }
            subject(&frame, &mut change);
            if let Some(moment) = moments.last_mut() {
                moment.changes.push(change);
            }
        }
        Ok(HistoryPage {
            pager: asked.pager(total, shown),
            done: asked.done(&frame),
            moments,
            personal,
            head,
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}
