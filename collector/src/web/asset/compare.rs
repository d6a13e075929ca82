//! Two moments of an asset, and what differs between them: its history, summed up.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use belfort_model::id::AssetId;
use belfort_model::time::Timestamp;
use belfort_store::record::Page;
use http::StatusCode;

use super::{Head, history};
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::rest::Api;
use crate::rest::assets::asset_id;
use crate::rest::auth::{Path, blocking};
use crate::rest::problem::Problem;
use crate::view::Change;
use crate::web::frame::{Frame, Visitor};
use crate::web::list::Asked;
use crate::web::render;
use crate::{calendar, clock, ingest};

const KEYS: &[&str] = &["van", "tot"];
/// Changes that are read at once.
const ROWS: u32 = 1_000;
/// Changes that are read at most: beyond it nobody compares by eye.
const MOST: u64 = 100_000;

#[derive(Template)]
#[template(path = "asset/compare.html")]
struct ComparePage {
    frame: Frame,
    head: Head,
    done: Option<String>,
    from: String,
    to: String,
    /// What differs, by section; nothing before two moments were asked.
    parts: Option<Vec<(String, Vec<Change>)>>,
    personal: bool,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/assets/{id}/vergelijken", get(page))
}

/// What differs: per subject the value at the first and at the second moment.
fn differences(
    app: &App,
    actor: &Actor,
    id: AssetId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Change>, Problem> {
    let mut sums: BTreeMap<(String, String), Change> = BTreeMap::new();
    let mut offset = 0;
    loop {
        let page = Page { limit: ROWS, offset };
        let found = app.asset_history(actor, id, page, clock::now())?;
        let oldest = found.items.last().map(|change| change.at);
        // Newest first: each older change tells what was before, the newest what is after.
        for change in found.items.into_iter().filter(|one| one.at > from && one.at <= to) {
            let key = (change.section.clone(), change.subject.clone());
            let change = Change::from(change);
            match sums.get_mut(&key) {
                Some(sum) => sum.before = change.before,
                None => drop(sums.insert(key, change)),
            }
        }
        offset += u64::from(ROWS);
        if oldest.is_none_or(|oldest| oldest <= from) || offset >= found.total || offset >= MOST {
            break;
        }
    }
    Ok(sums.into_values().filter(|change| change.before != change.after).collect())
}

async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let id = asset_id(&id)?;
    let asked = Asked::of(&format!("/assets/{id}/vergelijken"), query.as_deref(), KEYS)?;
    let moment = |key: &str| {
        let wrong = |error| Problem::bad_request(format!("{key}: {error}"));
        asked.get(key).map(|text| calendar::local(text).map_err(wrong)).transpose()
    };
    let (from, to) = (moment("van")?, moment("tot")?);
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return Err(Problem::bad_request("van: the first moment lies after the second"));
    }
    let page = blocking(move || {
        let detail = api.app.visible(&actor, id)?;
        let head = Head::of(&frame, &actor, &detail, Some("/geschiedenis"));
        let now = clock::now();
        let asked_for = from.is_some() || to.is_some();
        let (from, to) = (from.unwrap_or(now.plus_days(-30)), to.unwrap_or(now));
        let mut parts: Vec<(String, Vec<Change>)> = Vec::new();
        let mut personal = false;
        if asked_for {
            // A form tells minutes: the second one counts whole.
            let until = to.plus_seconds(59);
            for mut change in differences(&api.app, &actor, id, from, until)? {
                personal |= ingest::is_personal(&change.section);
                let title = history::title(&frame, &change.section);
                history::subject(&frame, &mut change);
                match parts.last_mut() {
                    Some((last, changes)) if *last == title => changes.push(change),
                    _ => parts.push((title, vec![change])),
                }
            }
        }
        Ok(ComparePage {
            from: calendar::local_text(from),
            to: calendar::local_text(to),
            parts: asked_for.then_some(parts),
            done: None,
            personal,
            head,
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}
