//! Units: who answers for what, how far each is, and what waits for its word.

mod change;
mod import;
mod one;
mod remind;
mod tally;
#[cfg(test)]
mod tests;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use belfort_model::unit::{self, OrgUnit, UnitKind};
use http::StatusCode;

use super::enrol::import::BODY;
use super::export::{self, Head};
use super::frame::{Frame, Visitor};
use super::list::Asked;
use super::render;
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use tally::{Tallies, UnitTally};

/// Filters of the list.
const KEYS: &[&str] = &["q", "soort", "gestopt"];

/// Kinds that can be chosen.
const KINDS: &[UnitKind] =
    &[UnitKind::Department, UnitKind::Service, UnitKind::Team, UnitKind::External];

/// A line of the list.
struct Line {
    depth: usize,
    code: String,
    name: String,
    kind: &'static str,
    parent: String,
    /// The last day it exists; nothing for without end.
    end: Option<String>,
    has_ended: bool,
    tally: UnitTally,
}

#[derive(Template)]
#[template(path = "units.html")]
struct UnitsPage {
    frame: Frame,
    asked: Asked,
    done: Option<String>,
    lines: Vec<Line>,
    kinds: &'static [UnitKind],
    unowned: u64,
    may_manage: bool,
    may_import: bool,
    may_export: bool,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    let import = Router::new()
        .route("/eigenaars/importeren", get(import::form).post(import::preview))
        .route("/eigenaars/importeren/bevestigen", post(import::apply))
        .layer(DefaultBodyLimit::max(BODY));
    Router::new()
        .route("/eigenaars", get(page))
        .route("/eigenaars.{kind}", get(file))
        .route("/eigenaars/sjabloon.csv", get(import::template))
        .route("/eigenaars/toevoegen", get(change::new).post(change::add))
        .route("/eigenaars/{code}", get(one::page))
        .route("/eigenaars/{code}/wijzigen", get(change::form).post(change::edit))
        .route("/eigenaars/{code}/herinneren", get(remind::form).post(remind::keep))
        .route("/eigenaars/{code}/herinneren/lijst.csv", get(remind::list))
        .merge(import)
}

/// Whether somebody may import: an import reaches everywhere.
fn may_import(actor: &Actor) -> bool {
    actor.require_for(Right::Manage, None).is_ok()
}

/// The last day a unit exists, as `2026-12-31`: the moment of its end is the last one of that day in UTC.
fn last_day(unit: &OrgUnit) -> Option<String> {
    unit.active_to.map(belfort_model::time::Timestamp::day)
}

/// The units that a query asks for, as a tree. Below a filter each unit keeps its depth: where it belongs
/// stays to be seen.
fn lines(app: &App, actor: &Actor, asked: &Asked) -> Result<(Vec<Line>, u64), Problem> {
    let kind: Option<UnitKind> = asked.parse("soort")?;
    let ended = match asked.get("gestopt") {
        None => false,
        Some("ja") => true,
        Some(other) => {
            return Err(Problem::bad_request(format!("gestopt: `{other}` is not ja")));
        }
    };
    let wanted = asked.get("q").map(str::to_lowercase);
    let units = app.store.unit_list()?;
    let tallies = Tallies::read(app, actor)?;
    let now = clock::now();
    let parent = |unit: &OrgUnit| {
        let found = units.iter().find(|one| Some(one.id) == unit.parent);
        found.map(|one| one.code.clone()).unwrap_or_default()
    };
    let is_wanted = |unit: &OrgUnit| {
        let has =
            |text: &str| wanted.as_deref().is_none_or(|part| text.to_lowercase().contains(part));
        (has(&unit.name) || has(&unit.code))
            && kind.is_none_or(|kind| kind == unit.kind)
            && (unit.is_active(now) || ended)
    };
    let lines = unit::tree(&units).into_iter().filter(|(_, unit)| is_wanted(unit));
    let lines = lines.map(|(depth, unit)| Line {
        depth,
        code: unit.code.clone(),
        name: unit.name.clone(),
        kind: unit.kind.as_str(),
        parent: parent(unit),
        end: last_day(unit),
        has_ended: !unit.is_active(now),
        tally: tallies.of(unit.id),
    });
    Ok((lines.collect(), tallies.unowned))
}

/// The list.
async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of("/eigenaars", query.as_deref(), KEYS)?;
    asked.sort(&[], "code")?;
    let page = blocking(move || {
        let (lines, unowned) = lines(&api.app, &actor, &asked)?;
        Ok(UnitsPage {
            lines,
            unowned,
            kinds: KINDS,
            done: asked.done(&frame),
            may_manage: actor.may(Right::Manage),
            may_import: may_import(&actor),
            may_export: actor.may(Right::Export),
            frame,
            asked,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// The same list as a file. Its first columns are those an import reads.
async fn file(
    State(api): State<Api>,
    visitor: Visitor,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Export)?;
    let kind = kind.parse()?;
    let asked = Asked::of("/eigenaars", query.as_deref(), KEYS)?;
    let heads: Vec<Head> = vec![
        ("code", "Code".to_owned()),
        ("name", frame.t("col-name")),
        ("kind", frame.t("units-kind")),
        ("parent", frame.t("units-part-of")),
        ("active_to", frame.t("units-last-day")),
        ("contact", frame.t("units-contact")),
        ("assets", frame.t("units-assets")),
        ("classified", frame.t("units-classified")),
        ("to_confirm", frame.t("units-to-confirm")),
    ];
    let (lines, _) = blocking(move || lines(&api.app, &actor, &asked)).await?;
    let row = |line: Line| {
        vec![
            line.code,
            line.name,
            line.kind.to_owned(),
            line.parent,
            line.end.unwrap_or_default(),
            line.tally.contact,
            line.tally.assets.to_string(),
            line.tally.classified.to_string(),
            line.tally.to_confirm.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = lines.into_iter().map(row).collect();
    Ok(export::send("units", kind, heads, move |page| {
        let from = usize::try_from(page.offset).unwrap_or(usize::MAX);
        Ok(rows.iter().skip(from).take(page.limit as usize).cloned().collect())
    }))
}
