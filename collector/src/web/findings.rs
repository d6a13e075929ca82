//! Findings: the list. `detail` shows one and takes what people make of it, `exceptions` what is let be
//! for a reason and until a date.

mod detail;
mod exceptions;
#[cfg(test)]
mod tests;
mod work;

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use belfort_model::finding::FindingStatus;
use belfort_model::scale::Level;
use belfort_store::record::{FindingFilter, FindingSort};
use http::StatusCode;

use super::export::{self, Head};
use super::frame::{Frame, Visitor};
use super::list::{Asked, Chip, Column, Pager};
use super::render;
use crate::app::App;
use crate::app::access::Right;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{FindingView, List};

/// Filters of the list.
const KEYS: &[&str] = &["status", "code", "kans", "dienst", "toegewezen", "asset"];

/// Columns it can be sorted by.
const SORTED_BY: &[&str] = &["bevinding", "kans", "sinds", "termijn"];

/// The order when nothing is said: open ones first, of these the newest.
const DEFAULT: &str = "open";

/// The status that means: resolved ones and those under an exception as well.
const ALL: &str = "alle";

#[derive(Template)]
#[template(path = "findings.html")]
struct FindingsPage {
    frame: Frame,
    asked: Asked,
    done: Option<String>,
    findings: List<Line>,
    statuses: &'static [FindingStatus],
    codes: Vec<(String, String)>,
    units: Vec<(String, String)>,
    columns: Vec<Column>,
    chips: Vec<Chip>,
    pager: Pager,
    may_export: bool,
}

/// A line of the list.
struct Line {
    view: FindingView,
    unit_name: String,
    assigned: String,
    late: bool,
}

/// Their pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/bevindingen", get(page))
        .route("/bevindingen.{kind}", get(file))
        .route("/bevindingen/uitzonderingen", get(exceptions::page))
        .route("/bevindingen/uitzonderingen/{id}", get(exceptions::show))
        .route("/bevindingen/uitzonderingen/{id}/goedkeuren", post(exceptions::approve))
        .route("/bevindingen/uitzonderingen/{id}/weigeren", post(exceptions::reject))
        .route("/bevindingen/uitzonderingen/{id}/beeindigen", post(exceptions::close))
        .route("/bevindingen/{id}", get(detail::page))
        .route("/bevindingen/{id}/bevestigen", post(work::confirm))
        .route("/bevindingen/{id}/vals-alarm", post(work::false_positive))
        .route("/bevindingen/{id}/heropenen", post(work::reopen))
        .route("/bevindingen/{id}/toewijzen", post(work::assign))
        .route("/bevindingen/{id}/uitzondering", post(work::request))
        .route("/bevindingen/{id}/overslaan", post(work::suppress))
}

/// The filter that a query asks for; the app adds what the reader may see.
fn filter(app: &App, asked: &Asked) -> Result<FindingFilter, Problem> {
    if let Some(key) = KEYS.iter().find(|key| asked.all(key).count() > 1) {
        return Err(Problem::bad_request(format!("{key}: this list takes one value for it")));
    }
    let unit = |key: &str| Ok::<_, Problem>(asked.get(key).map(|code| app.unit(code)).transpose()?);
    let status = match asked.get("status") {
        None | Some(ALL) => None,
        Some(_) => asked.parse("status")?,
    };
    if let Some(code) = asked.get("code")
        && !app.catalogue.findings.contains_key(code)
    {
        return Err(Problem::bad_request(format!("code: there is no kind of finding `{code}`")));
    }
    let wrong = |error| Problem::bad_request(format!("kans: {error}"));
    let likelihood = asked.parse::<i64>("kans")?.map(Level::try_from).transpose().map_err(wrong)?;
    let (sort, descending) = asked.sort(SORTED_BY, DEFAULT)?;
    Ok(FindingFilter {
        asset: asked.parse("asset")?,
        code: asked.get("code").map(str::to_owned),
        status,
        open: asked.get("status").is_none(),
        unit: unit("dienst")?.map(|unit| unit.id),
        assigned: unit("toegewezen")?.map(|unit| unit.id),
        likelihood_min: likelihood,
        sort: match sort {
            "bevinding" => FindingSort::Code,
            "kans" => FindingSort::Likelihood,
            "sinds" => FindingSort::FirstObserved,
            "termijn" => FindingSort::Due,
            _ => FindingSort::OpenFirst,
        },
        descending,
        ..FindingFilter::default()
    })
}

/// What is filtered by, in words.
fn chips(frame: &Frame, app: &App, asked: &Asked) -> Vec<Chip> {
    let chip = |(key, value): (&str, &str)| {
        let name = frame.t(&format!("findings-filter-{key}"));
        let text = match key {
            "status" if value == ALL => frame.t("filter-all"),
            "status" => frame.code("finding-status", value),
            "kans" => frame.tv("findings-likelihood-min", "level", value),
            "code" => title(frame, app, value),
            _ => value.to_owned(),
        };
        Chip { text: format!("{name}: {text}"), name, href: asked.without(key, value) }
    };
    asked.filters().map(chip).collect()
}

/// The title of a kind of finding.
fn title(frame: &Frame, app: &App, code: &str) -> String {
    let kind = app.catalogue.findings.get(code);
    kind.map_or(code, |kind| frame.pick(&kind.title.nl, &kind.title.en)).to_owned()
}

/// The page.
async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of("/bevindingen", query.as_deref(), KEYS)?;
    let page = blocking(move || {
        let (app, now) = (&api.app, clock::now());
        let filter = filter(app, &asked)?;
        let found = app.finding_list(&actor, filter, asked.page()?, now)?;
        let units = app.store.unit_list()?;
        let findings = List::of(found, |summary| {
            let assigned = summary.finding.triage.assigned;
            let assigned = units.iter().find(|unit| Some(unit.id) == assigned);
            Line {
                late: summary.finding.status.is_open()
                    && summary.finding.triage.due.is_some_and(|due| due < now),
                unit_name: summary.unit.as_ref().map(|unit| unit.name.clone()).unwrap_or_default(),
                assigned: assigned.map(|unit| unit.name.clone()).unwrap_or_default(),
                view: FindingView::of(summary, &app.catalogue),
            }
        });
        let sorted = asked.sort(SORTED_BY, DEFAULT)?;
        let columns = [
            ("col-finding", "bevinding"),
            ("col-asset", ""),
            ("matrix-likelihood", "kans"),
            ("findings-assigned", ""),
            ("col-status", ""),
            ("col-since", "sinds"),
            ("col-due", "termijn"),
        ];
        let columns = columns.map(|(text, key)| asked.column(frame.t(text), key, sorted));
        let mut codes: Vec<_> = app.catalogue.findings.keys().cloned().collect();
        codes.sort_by_cached_key(|code| title(&frame, app, code).to_lowercase());
        Ok(FindingsPage {
            codes: codes.into_iter().map(|code| (title(&frame, app, &code), code)).collect(),
            units: units.into_iter().map(|unit| (unit.code, unit.name)).collect(),
            statuses: FindingStatus::ALL,
            columns: columns.into(),
            chips: chips(&frame, app, &asked),
            pager: asked.pager(findings.total, findings.items.len()),
            done: asked.done(&frame),
            may_export: actor.may(Right::Export),
            frame,
            asked,
            findings,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
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
    let asked = Asked::of("/bevindingen", query.as_deref(), KEYS)?;
    let app = api.app.clone();
    // What is wrong with the query is said before the file begins.
    let filter = blocking(move || filter(&app, &asked)).await?;
    let heads: Vec<Head> = vec![
        ("id", "Id".to_owned()),
        ("code", "Code".to_owned()),
        ("title", frame.t("col-finding")),
        ("asset_id", frame.t("findings-asset-id")),
        ("asset", frame.t("col-asset")),
        ("unit", frame.t("col-unit")),
        ("likelihood", frame.t("matrix-likelihood")),
        ("dimensions", frame.t("findings-dimensions")),
        ("status", frame.t("col-status")),
        ("first_observed", frame.t("col-since")),
        ("last_observed", frame.t("findings-last-observed")),
        ("due", frame.t("col-due")),
        ("cyfun_2025", "CyFun 2025".to_owned()),
        ("iso_27001", "ISO 27001".to_owned()),
    ];
    Ok(export::send("bevindingen", kind, heads, move |page| {
        let found = api.app.finding_list(&actor, filter.clone(), page, clock::now())?;
        let rows = found.items.into_iter();
        Ok(rows.map(|one| row(&frame, FindingView::of(one, &api.app.catalogue))).collect())
    }))
}

fn row(frame: &Frame, finding: FindingView) -> Vec<String> {
    let title = frame.pick(&finding.title_nl, &finding.title_en).to_owned();
    vec![
        finding.id,
        finding.code,
        title,
        finding.asset,
        finding.asset_name,
        finding.unit.unwrap_or_default(),
        finding.likelihood.to_string(),
        finding.dimensions,
        frame.code("finding-status", &finding.status),
        finding.first_observed,
        finding.last_observed,
        finding.due.unwrap_or_default(),
        finding.cyfun_2025.join(", "),
        finding.iso_27001.join(", "),
    ]
}
