//! The same change to many assets at once: first what will change for how many, then the change. Every
//! asset is one record in the audit log; all of them name the batch.

mod change;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use belfort_model::id::{AssetId, BatchId};
use belfort_store::StoreError;
use belfort_store::record::{AssetSummary, Page};
use http::StatusCode;
use uuid::Uuid;

use super::assets::{query, words};
use super::frame::{Frame, Visitor};
use super::list::{Asked, Chip};
use super::render;
use super::sent::{Fields, Sent};
use crate::app::access::{Actor, Right};
use crate::app::{App, AppError};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;

use change::{Action, Change, MOVES};

/// Assets that are changed at once at most.
const MOST: u32 = 5_000;
/// Assets that are read at once.
const ROWS: u32 = 1_000;
/// Names and states that are shown at most.
const SHOWN: usize = 12;
/// Refusals that are shown at most.
const REFUSALS: usize = 250;

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    let list = || async { Redirect::to("/assets") };
    Router::new().route("/assets/bulk", get(list).post(bulk))
}

/// The assets somebody chose: those that were ticked, or all of a filter.
struct Chosen {
    assets: Vec<AssetSummary>,
    /// Whether all of the filter are meant.
    is_whole: bool,
    /// How many the page said there were.
    expected: u64,
    /// The list they were chosen on.
    list: Asked,
}

impl Chosen {
    fn of(app: &App, actor: &Actor, fields: &Fields) -> Result<Self, Problem> {
        let list = query::asked(fields.get("verzameling"))?;
        if fields.get("alles").is_none() {
            let ids: Vec<AssetId> = fields
                .all("id")
                .map(|id| id.parse().map_err(|error| Problem::bad_request(format!("id: {error}"))))
                .collect::<Result<_, _>>()?;
            let mut assets = Vec::with_capacity(ids.len());
            for id in &ids {
                match app.visible(actor, *id) {
                    Ok(detail) => assets.push(detail.summary),
                    // It went meanwhile: the count tells.
                    Err(AppError::Store(StoreError::NotFound { .. })) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            return Ok(Self { assets, is_whole: false, expected: ids.len() as u64, list });
        }
        let expected = fields.need_parsed("verwacht")?;
        let filter = query::filter(app, actor, &list)?;
        let mut assets = Vec::new();
        for offset in (0..).step_by(ROWS as usize) {
            let part = app.store.asset_list(&filter, Page { limit: ROWS, offset })?;
            if part.total > u64::from(MOST) {
                return Err(Problem::bad_request(format!(
                    "{} assets are more than the {MOST} that can be changed at once: filter further",
                    part.total
                )));
            }
            let is_last = part.items.len() < ROWS as usize;
            assets.extend(part.items);
            if is_last {
                break;
            }
        }
        Ok(Self { assets, is_whole: true, expected, list })
    }

    fn has_changed(&self) -> bool {
        self.expected != self.assets.len() as u64
    }

    /// The list they were chosen on, which says what was done.
    fn back(&self, told: &str) -> String {
        let list = self.list.address_here();
        let sign = if list.contains('?') { '&' } else { '?' };
        format!("{list}{sign}melding={told}")
    }
}

#[derive(Template)]
#[template(path = "bulk.html")]
struct BulkPage {
    frame: Frame,
    action: Action,
    chosen: Chosen,
    /// Filters of the list, when all of it is meant.
    chips: Vec<Chip>,
    /// What holds now, and for how many.
    now: Vec<(String, usize)>,
    /// Names of some of them.
    names: Vec<String>,
    units: Vec<(String, String)>,
}

impl BulkPage {
    fn of(
        app: &App,
        actor: &Actor,
        frame: Frame,
        action: Action,
        chosen: Chosen,
    ) -> Result<Self, Problem> {
        let chips = if chosen.is_whole {
            words::chips(app, actor, &frame, &chosen.list)?
        } else {
            Vec::new()
        };
        let mut states: BTreeMap<String, usize> = BTreeMap::new();
        for asset in &chosen.assets {
            for state in action.states(&frame, asset) {
                *states.entry(state).or_default() += 1;
            }
        }
        let mut now: Vec<_> = states.into_iter().collect();
        now.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let names = chosen.assets.iter().take(SHOWN).map(|asset| asset.asset.name.clone());
        let at = clock::now();
        let units = app.store.unit_list()?.into_iter().filter(|unit| unit.is_active(at));
        Ok(Self {
            units: units.map(|unit| (unit.code, unit.name)).collect(),
            names: names.collect(),
            chips,
            now,
            frame,
            action,
            chosen,
        })
    }

    /// How many are not named.
    fn others(&self) -> usize {
        self.chosen.assets.len() - self.names.len()
    }
}

#[derive(Template)]
#[template(path = "bulk_done.html")]
struct DonePage {
    frame: Frame,
    action: Action,
    back: String,
    outcome: Outcome,
}

/// What came of a change.
struct Outcome {
    batch: BatchId,
    done: usize,
    /// Those that were refused: id, name and why.
    refused: Vec<(String, String, String)>,
    /// Refusals that are not listed.
    more: usize,
    /// Assets that were not tried any more because the database failed.
    left: usize,
}

fn apply(app: &App, actor: &Actor, change: &Change, assets: &[AssetSummary]) -> Outcome {
    let batch = BatchId(Uuid::now_v7());
    let actor = Actor { batch: Some(batch), ..actor.clone() };
    let now = clock::now();
    let mut outcome = Outcome { batch, done: 0, refused: Vec::new(), more: 0, left: 0 };
    for (index, one) in assets.iter().enumerate() {
        let asset = &one.asset;
        let reason = match change.make(app, &actor, asset.id, one.version, now) {
            Ok(()) => {
                outcome.done += 1;
                continue;
            }
            Err(error) => Problem::from(error),
        };
        // What fails for reasons of its own fails for the rest, too.
        if reason.status >= 500 {
            outcome.left = assets.len() - index;
            break;
        }
        if outcome.refused.len() < REFUSALS {
            outcome.refused.push((asset.id.to_string(), asset.name.clone(), reason.detail));
        } else {
            outcome.more += 1;
        }
    }
    outcome
}

/// Asks, or does what was asked and confirmed.
async fn bulk(State(api): State<Api>, Sent { visitor, fields }: Sent) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    let action: Action = fields.need_parsed("actie")?;
    blocking(move || {
        let app = &api.app;
        let chosen = Chosen::of(app, &actor, &fields)?;
        if chosen.assets.is_empty() {
            return Ok(Redirect::to(&chosen.back("bulk-none")).into_response());
        }
        if fields.get("bevestigd").is_none() || chosen.has_changed() {
            let page = BulkPage::of(app, &actor, frame, action, chosen)?;
            return Ok(render(StatusCode::OK, &page));
        }
        let change = Change::of(app, &actor, action, &fields)?;
        let outcome = apply(app, &actor, &change, &chosen.assets);
        api.wake.notify_one();
        let back = chosen.back(&format!("bulk-{}", action.code()));
        if outcome.refused.is_empty() && outcome.left == 0 {
            let to = format!("{back}&reeks={}", outcome.batch);
            return Ok(Redirect::to(&to).into_response());
        }
        let back = chosen.list.address_here();
        Ok(render(StatusCode::OK, &DonePage { frame, action, back, outcome }))
    })
    .await
}
