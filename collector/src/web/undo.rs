//! Undoing a change of many assets at once: first what is put back and what stays, then doing it. Afterwards the
//! same page says what was put back.

#[cfg(test)]
mod tests;

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use belfort_model::id::BatchId;
use http::StatusCode;

use super::frame::{Frame, Visitor};
use super::list::Asked;
use super::render;
use super::sent::Sent;
use crate::app::undo::may_undo;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{BatchUndoView, UndoLineView};

/// Changes that are shown at most.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "undo.html")]
struct UndoPage {
    frame: Frame,
    done: Option<String>,
    undo: BatchUndoView,
}

impl UndoPage {
    /// A value in words.
    fn words(&self, line: &UndoLineView, value: Option<&String>) -> String {
        let frame = &self.frame;
        match (line.value.as_str(), value.map(String::as_str)) {
            ("owner", None) => frame.t("unowned"),
            ("class", None) => frame.t("unclassified"),
            ("labels", None) => frame.t("bulk-without-labels"),
            ("class", Some(class)) => {
                let (b, v) = (frame.t("biv-b"), frame.t("biv-v"));
                class.replace('V', &v).replacen('B', &b, 1)
            }
            (group @ ("lifecycle" | "authorised"), Some(code)) => frame.code(group, code),
            (_, value) => value.unwrap_or_default().to_owned(),
        }
    }

    fn from(&self, line: &UndoLineView) -> String {
        self.words(line, line.from.as_ref())
    }

    /// What was before. Of what somebody changed since it may not be known any more.
    fn to(&self, line: &UndoLineView) -> String {
        match (line.outcome.as_str(), line.value.as_str(), &line.to) {
            ("changed_since" | "undone_before", "class", None) => String::new(),
            (_, _, to) => self.words(line, to.as_ref()),
        }
    }

    /// What became of each: how many, in words.
    fn counts(&self) -> Vec<(&'static str, usize)> {
        let undo = &self.undo;
        let all = [
            ("put_back", undo.put_back),
            ("undone_before", undo.undone_before),
            ("changed_since", undo.changed_since),
            ("refused", undo.refused),
        ];
        all.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// How many are not shown.
    fn others(&self) -> usize {
        self.undo.lines.len().saturating_sub(SHOWN)
    }
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/ongedaan-maken/{batch}", get(page).post(undo))
}

fn batch_id(text: &str) -> Result<BatchId, Problem> {
    text.parse().map_err(|_| Problem::not_found("there is no such batch"))
}

/// What undoing a batch does.
async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    Path(batch): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    may_undo(&actor)?;
    let batch = batch_id(&batch)?;
    let asked = Asked::of(&format!("/ongedaan-maken/{batch}"), query.as_deref(), &[])?;
    let undo = blocking(move || Ok(api.app.batch_undo(&actor, batch, true, clock::now())?)).await?;
    let page = UndoPage { done: asked.done(&frame), undo: undo.into(), frame };
    Ok(render(StatusCode::OK, &page))
}

/// Undoes it.
async fn undo(
    State(api): State<Api>,
    Path(batch): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let actor = sent.visitor.actor;
    may_undo(&actor)?;
    let batch = batch_id(&batch)?;
    blocking(move || {
        api.app.batch_undo(&actor, batch, false, clock::now())?;
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    let to = format!("/ongedaan-maken/{batch}?melding=teruggezet");
    Ok(Redirect::to(&to).into_response())
}
