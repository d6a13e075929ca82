//! The register of risks: the list with its matrix, now or as of a day.
//!
//! The rooms: `filter` reads what is asked for, `entry` shows one risk, `offer` says what the visitor may
//! do with it, `history` what changed from version to version, `work` takes the forms, and `meetings` keeps
//! the meetings that decide.

mod entry;
mod filter;
mod history;
mod meetings;
mod offer;
mod parts;
#[cfg(test)]
mod tests;
mod work;

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use belfort_model::risk::{RiskState, Treatment};
use http::StatusCode;

use super::export::{self, Head};
use super::frame::{Frame, Visitor};
use super::list::{Asked, Chip, Column, Pager};
use super::{matrix, render};
use crate::app::access::Right;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{List, RiskView};
use filter::{Found, KEYS, SORTED_BY, Wanted};
pub(super) use offer::any_meeting;

/// Columns of the list: the key of the heading and what it is sorted by.
const COLUMNS: [(&str, &str); 8] = [
    ("col-reference", "referentie"),
    ("col-risk", "titel"),
    ("col-unit", "dienst"),
    ("col-severity", "ernst"),
    ("col-priority", "prioriteit"),
    ("col-treatment", "behandeling"),
    ("col-state", "status"),
    ("risks-next-review", "herziening"),
];

#[derive(Template)]
#[template(path = "risks.html")]
struct RisksPage {
    frame: Frame,
    asked: Asked,
    done: Option<String>,
    matrix: String,
    risks: List<Line>,
    units: Vec<(String, String)>,
    states: &'static [RiskState],
    treatments: &'static [Treatment],
    columns: Vec<Column>,
    chips: Vec<Chip>,
    pager: Pager,
    /// Above what is tolerated, and waiting for a decision.
    above: usize,
    waiting: usize,
    may_export: bool,
}

/// A line of the list.
struct Line {
    unit_name: String,
    likelihood: u8,
    impact: u8,
    view: RiskView,
}

impl RisksPage {
    /// The page of a risk, as of the day the list is of.
    fn link(&self, reference: &str) -> String {
        match self.asked.get("stand") {
            Some(day) => {
                let day: String = form_urlencoded::byte_serialize(day.as_bytes()).collect();
                format!("/risicos/{reference}?stand={day}")
            }
            None => format!("/risicos/{reference}"),
        }
    }
}

/// Their pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/risicos", get(page))
        .route("/risicos.{kind}", get(file))
        .route("/risicos/vergaderingen", get(meetings::page).post(meetings::add))
        .route("/risicos/{reference}", get(entry::page))
        .route("/risicos/{reference}/analyseren", post(work::analyse))
        .route("/risicos/{reference}/beoordelen", post(work::assess))
        .route("/risicos/{reference}/beschrijven", post(work::describe))
        .route("/risicos/{reference}/evalueren", post(work::evaluate))
        .route("/risicos/{reference}/verwerpen", post(work::reject))
        .route("/risicos/{reference}/adviseren", post(work::advise))
        .route("/risicos/{reference}/beslissen", post(work::decide))
        .route("/risicos/{reference}/afsluiten", post(work::close))
        .route("/risicos/{reference}/acties", post(work::action_add))
        .route("/risicos/{reference}/acties/{id}", post(work::action_set))
        .route("/risicos/{reference}/incidenten", post(work::incident))
}

/// What is filtered by, in words.
fn chips(frame: &Frame, asked: &Asked) -> Vec<Chip> {
    let chip = |(key, value): (&str, &str)| {
        let name = frame.t(&format!("risks-filter-{key}"));
        let text = match key {
            "status" if value == filter::ALL => frame.t("filter-all"),
            "status" => frame.code("state", value),
            "behandeling" => frame.code("treatment", value),
            "ernst" => format!("{value} {}", frame.code("severity", value)),
            "kans" => format!("{value} {}", frame.code("likelihood", value)),
            "impact" => format!("{value} {}", frame.code("impact", value)),
            "stand" => frame.day(value),
            _ => value.to_owned(),
        };
        Chip { text: format!("{name}: {text}"), name, href: asked.without(key, value) }
    };
    asked.filters().map(chip).collect()
}

/// The page.
async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of("/risicos", query.as_deref(), KEYS)?;
    let page = blocking(move || {
        let app = &api.app;
        let part = asked.page()?;
        let wanted = Wanted::of(app, &asked)?;
        // The matrix shows all cells, whichever one is filtered by.
        let Found { all, rows } = wanted.find(app, &actor, &frame)?;
        let ratings = all.iter().map(|one| one.risk.rating());
        let counts =
            matrix::counted(ratings.map(|rating| (rating.likelihood.get(), rating.impact.get())));
        let bare = Asked::of("/risicos", Some(filter::without_cell(&asked).as_str()), KEYS)?;
        let link = |likelihood: u8, impact: u8| {
            let to = bare.with("kans", &likelihood.to_string());
            let joint = if to.contains('?') { '&' } else { '?' };
            format!("{to}{joint}impact={impact}")
        };
        let sorted = asked.sort(SORTED_BY, filter::DEFAULT)?;
        let columns = COLUMNS.map(|(text, key)| asked.column(frame.t(text), key, sorted));
        let above = rows.iter().filter(|one| one.risk.severity().get() >= 4).count();
        let waits = |state| matches!(state, RiskState::Evaluated | RiskState::Reassess);
        let waiting = rows.iter().filter(|one| waits(one.risk.state)).count();
        let risks = List::page(rows, part, |summary| {
            let rating = summary.risk.rating();
            Line {
                unit_name: summary.unit.as_ref().map(|unit| unit.name.clone()).unwrap_or_default(),
                likelihood: rating.likelihood.get(),
                impact: rating.impact.get(),
                view: RiskView::of(summary, &app.catalogue),
            }
        });
        Ok(RisksPage {
            matrix: matrix::whole(&frame, &app.catalogue.matrix, &counts, link),
            units: units(&api)?,
            states: RiskState::ALL,
            treatments: Treatment::ALL,
            columns: columns.into(),
            chips: chips(&frame, &asked),
            pager: asked.pager(risks.total, risks.items.len()),
            done: asked.done(&frame),
            may_export: actor.may(Right::Export),
            above,
            waiting,
            frame,
            asked,
            risks,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// Codes and names of the units.
fn units(api: &Api) -> Result<Vec<(String, String)>, Problem> {
    let units = api.app.store.unit_list()?.into_iter();
    Ok(units.map(|unit| (unit.code, unit.name)).collect())
}

/// The same list as a file.
async fn file(
    State(api): State<Api>,
    visitor: Visitor,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Export)?;
    let kind = kind.parse()?;
    let asked = Asked::of("/risicos", query.as_deref(), KEYS)?;
    let heads: Vec<Head> = vec![
        ("reference", frame.t("col-reference")),
        ("title", frame.t("col-risk")),
        ("scenario", frame.t("risks-scenario")),
        ("unit", frame.t("col-unit")),
        ("likelihood", frame.t("matrix-likelihood")),
        ("impact", frame.t("col-impact")),
        ("severity", frame.t("col-severity")),
        ("control", frame.t("col-control")),
        ("priority", frame.t("col-priority")),
        ("treatment", frame.t("col-treatment")),
        ("state", frame.t("col-state")),
        ("accept_until", frame.t("risks-accept-until")),
        ("next_review", frame.t("risks-next-review")),
        ("findings", frame.t("col-findings")),
        ("assets", frame.t("nav-assets")),
    ];
    // The register is read once: a file is of one moment.
    let rows = blocking(move || {
        let wanted = Wanted::of(&api.app, &asked)?;
        let rows = wanted.find(&api.app, &actor, &frame)?.rows.into_iter();
        Ok(rows.map(|one| row(&frame, one, &api)).collect::<Vec<_>>())
    })
    .await?;
    Ok(export::send("risicos", kind, heads, move |page| {
        let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
        Ok(rows.iter().skip(offset).take(page.limit as usize).cloned().collect())
    }))
}

fn row(frame: &Frame, summary: belfort_store::record::RiskSummary, api: &Api) -> Vec<String> {
    let (rating, control) = (summary.risk.rating(), summary.risk.control());
    let unit = summary.unit.as_ref().map(|unit| unit.name.clone()).unwrap_or_default();
    let view = RiskView::of(summary, &api.app.catalogue);
    let title = frame.pick(&view.title_nl, &view.title_en).to_owned();
    vec![
        view.reference,
        title,
        view.scenario,
        unit,
        rating.likelihood.to_string(),
        rating.impact.to_string(),
        rating.severity.to_string(),
        control.to_string(),
        view.priority,
        frame.code("treatment", &view.treatment),
        frame.code("state", &view.state),
        view.accept_until.unwrap_or_default(),
        view.next_review,
        view.findings.len().to_string(),
        view.assets.len().to_string(),
    ]
}
