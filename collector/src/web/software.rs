//! The software catalogue: what is installed anywhere, and what the organisation says of it.

mod detail;
#[cfg(test)]
mod tests;

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use belfort_model::software::{Approval, LicenceType};
use belfort_model::unit::OrgUnit;
use belfort_store::record::{SoftwareFilter, SoftwareSort};
use http::StatusCode;

use super::export::{self, Head};
use super::frame::{Frame, Visitor};
use super::list::{Asked, Chip, Column, Pager};
use super::render;
use super::sent::Sent;
use crate::app::access::{Actor, Right};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{List, SoftwareView};

/// Filters of the list.
const KEYS: &[&str] = &["q", "goedkeuring", "ecosysteem"];

/// Columns it can be sorted by.
const SORTED_BY: &[&str] = &["naam", "uitgever", "gezien"];

#[derive(Template)]
#[template(path = "software.html")]
struct SoftwarePage {
    frame: Frame,
    asked: Asked,
    done: Option<String>,
    software: List<SoftwareView>,
    approvals: &'static [Approval],
    columns: Vec<Column>,
    chips: Vec<Chip>,
    pager: Pager,
    may_change: bool,
    may_export: bool,
}

#[derive(Template)]
#[template(path = "software_new.html")]
struct NewPage {
    frame: Frame,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/software", get(page))
        .route("/software.{kind}", get(file))
        .route("/software/toevoegen", get(new).post(add))
        .route("/software/{id}", get(detail::page))
        .route("/software/{id}/goedkeuring", post(detail::approve))
        .route("/software/{id}/wijzigen", get(detail::form).post(detail::change))
}

/// Whether somebody may change the catalogue: it holds for the whole organisation.
fn may_change(actor: &Actor) -> bool {
    actor.require_for(Right::Manage, None).is_ok()
}

/// Codes that can be chosen for an approval.
const APPROVALS: &[Approval] =
    &[Approval::Unknown, Approval::Approved, Approval::Tolerated, Approval::Denied];

/// Codes that can be chosen for a licence.
const LICENCES: &[LicenceType] = &[
    LicenceType::Unknown,
    LicenceType::OpenSource,
    LicenceType::Freeware,
    LicenceType::Commercial,
    LicenceType::Subscription,
    LicenceType::InHouse,
];

/// The filter that a query asks for.
fn filter(asked: &Asked) -> Result<SoftwareFilter, Problem> {
    Ok(SoftwareFilter {
        text: asked.get("q").map(str::to_owned),
        approval: asked.parse("goedkeuring")?,
        ecosystem: asked.get("ecosysteem").map(str::to_owned),
        sort: match asked.sort(SORTED_BY, "naam")? {
            ("uitgever", false) => SoftwareSort::Publisher,
            ("uitgever", true) => SoftwareSort::PublisherDescending,
            ("gezien", false) => SoftwareSort::FirstSeen,
            ("gezien", true) => SoftwareSort::FirstSeenDescending,
            (_, true) => SoftwareSort::NameDescending,
            (_, false) => SoftwareSort::Name,
        },
        ..SoftwareFilter::default()
    })
}

fn chips(frame: &Frame, asked: &Asked) -> Vec<Chip> {
    let chip = |(key, value): (&str, &str)| {
        let name = frame.t(&format!("software-filter-{key}"));
        let said = match key {
            "goedkeuring" => frame.code("approval", value),
            _ => value.to_owned(),
        };
        Chip { text: format!("{name}: {said}"), name, href: asked.without(key, value) }
    };
    asked.filters().map(chip).collect()
}

/// The list.
async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of("/software", query.as_deref(), KEYS)?;
    let page = blocking(move || {
        let found = api.app.software_list(&actor, filter(&asked)?, asked.page()?)?;
        let units = api.app.store.unit_list()?;
        let software = List::of(found, |one| SoftwareView::of(one, &units));
        let sorted = asked.sort(SORTED_BY, "naam")?;
        let column = |text, key| asked.column(frame.t(text), key, sorted);
        let columns = vec![
            column("col-name", "naam"),
            column("software-ecosystem", ""),
            column("software-publisher", "uitgever"),
            column("software-approval", ""),
            column("software-licence", ""),
            column("software-versions", "").number(),
            column("col-installed-on", "").number(),
            column("col-first-seen", "gezien"),
        ];
        Ok(SoftwarePage {
            approvals: APPROVALS,
            columns,
            chips: chips(&frame, &asked),
            pager: asked.pager(software.total, software.items.len()),
            done: asked.done(&frame),
            may_change: may_change(&actor),
            may_export: actor.may(Right::Export),
            frame,
            asked,
            software,
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
    let asked = Asked::of("/software", query.as_deref(), KEYS)?;
    // What is wrong with the query is said before the file begins.
    let filter = filter(&asked)?;
    let app = api.app.clone();
    let units: Vec<OrgUnit> = blocking(move || Ok(app.store.unit_list()?)).await?;
    let heads: Vec<Head> = vec![
        ("id", "Id".to_owned()),
        ("ecosystem", frame.t("software-ecosystem")),
        ("name", frame.t("col-name")),
        ("publisher", frame.t("software-publisher")),
        ("approval", frame.t("software-approval")),
        ("reason", frame.t("reason")),
        ("licence_type", frame.t("software-licence")),
        ("purpose", frame.t("software-purpose")),
        ("responsible", frame.t("software-responsible")),
        ("accountable", frame.t("software-accountable")),
        ("versions", frame.t("software-versions")),
        ("assets", frame.t("col-installed-on")),
        ("first_seen", frame.t("col-first-seen")),
    ];
    Ok(export::send("software", kind, heads, move |page| {
        let rows = api.app.software_list(&actor, filter.clone(), page)?.items.into_iter();
        Ok(rows.map(|one| row(SoftwareView::of(one, &units))).collect())
    }))
}

fn row(one: SoftwareView) -> Vec<String> {
    vec![
        one.id,
        one.ecosystem,
        one.name,
        one.publisher,
        one.approval,
        one.reason,
        one.licence_type,
        one.purpose,
        one.responsible.unwrap_or_default(),
        one.accountable.unwrap_or_default(),
        one.versions.to_string(),
        one.assets.to_string(),
        one.first_seen,
    ]
}

/// The form to enter software that no device has yet.
async fn new(visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    actor.require_for(Right::Manage, None)?;
    Ok(render(StatusCode::OK, &NewPage { frame }))
}

/// Enters software that no device has yet, for example to deny it beforehand.
async fn add(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let actor = visitor.may(Right::Manage)?.actor;
    let made = blocking(move || {
        let (ecosystem, name) = (fields.need("ecosysteem")?, fields.need("naam")?);
        Ok(api.app.software_create(&actor, ecosystem, name, clock::now())?)
    })
    .await?;
    Ok(Redirect::to(&format!("/software/{}?melding=software-toegevoegd", made.id)).into_response())
}
