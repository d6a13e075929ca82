//! The list of assets.

mod fields;
pub(super) mod query;
#[cfg(test)]
pub(super) mod tests;

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;

use super::export;
use super::frame::{Frame, Visitor};
use super::list::{Asked, Chip, Column, Pager};
use super::render;
use crate::app::access::Right;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{Asset, List};

use fields::Field;

/// Values of a filter that is chosen from a list: its key, the group of its words, and the values.
type Choices = (&'static str, &'static str, &'static [&'static str]);

const SUBTYPES: Choices = (
    "vorm",
    "subtype",
    &[
        "laptop",
        "desktop",
        "server",
        "vm",
        "container",
        "mobile",
        "network",
        "printer",
        "iot",
        "saas",
        "other",
    ],
);

/// The less used of them.
const MORE: &[Choices] = &[
    ("soort", "kind", &["device", "software", "application", "data_set", "external_service"]),
    (
        "status",
        "lifecycle",
        &[
            "requested",
            "ordered",
            "in_stock",
            "in_use",
            "in_repair",
            "missing",
            "decommissioned",
            "disposed",
            "archived",
        ],
    ),
    ("bron", "source", &["agent", "import", "manual", "neighbour"]),
    ("omgeving", "environment", &["production", "test", "development"]),
    ("blootstelling", "exposure", &["internal", "dmz", "internet", "unknown"]),
    ("toegelaten", "authorised", &["yes", "no", "unknown", "exception"]),
];

/// Days of the filter *not seen* that can be chosen.
const DAYS: [&str; 4] = ["7", "30", "90", "180"];
/// Filters that are typed, with their longest value.
const TEXTS: [(&str, u8); 3] = [("locatie", 50), ("label", 50), ("entiteit", 20)];

#[derive(Template)]
#[template(path = "assets.html")]
struct AssetsPage {
    frame: Frame,
    asked: Asked,
    done: Option<String>,
    assets: List<Asset>,
    units: Vec<(String, String)>,
    subtypes: Choices,
    more: &'static [Choices],
    has_more: bool,
    fields: Vec<Field>,
    columns: Vec<Column>,
    chips: Vec<Chip>,
    pager: Pager,
    may_manage: bool,
    may_export: bool,
}

impl AssetsPage {
    /// Days that somebody asked for and that are no choice.
    fn own_days(&self) -> Option<&str> {
        self.asked.get("gezien").filter(|days| !DAYS.contains(days))
    }
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/assets", get(page)).route("/assets.{kind}", get(file))
}

/// The page.
async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(asked): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = query::asked(asked.as_deref())?;
    let page = blocking(move || {
        let filter = query::filter(&api.app, &actor, &asked)?;
        let assets = List::of(api.app.store.asset_list(&filter, asked.page()?)?, Asset::from);
        let units = api.app.store.unit_list()?.into_iter();
        let fields = query::fields(&asked)?;
        let sorted = query::sorted(&asked)?;
        let name = asked.column(frame.t("col-asset"), Field::NAME, sorted);
        let others = fields.iter().map(|field| {
            let column = asked.column(frame.t(field.heading()), field.sort_key(), sorted);
            if *field == Field::Findings { column.number() } else { column }
        });
        Ok(AssetsPage {
            units: units.map(|unit| (unit.code, unit.name)).collect(),
            subtypes: SUBTYPES,
            more: MORE,
            has_more: query::has_more(&asked),
            columns: std::iter::once(name).chain(others).collect(),
            chips: query::chips(&frame, &asked),
            pager: asked.pager(assets.total, assets.items.len()),
            done: asked.done(&frame),
            may_manage: actor.may(Right::Manage),
            may_export: actor.may(Right::Export),
            fields,
            frame,
            asked,
            assets,
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
    RawQuery(asked): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Export)?;
    let kind = kind.parse()?;
    let asked = query::asked(asked.as_deref())?;
    let fields = query::fields(&asked)?;
    let app = api.app.clone();
    // What is wrong with the query is said before the file begins.
    let filter = blocking(move || query::filter(&app, &actor, &asked)).await?;
    let heads = fields::heads(&frame, &fields);
    Ok(export::send("assets", kind, heads, move |page| {
        let rows = api.app.store.asset_list(&filter, page)?.items.into_iter();
        Ok(rows.map(|summary| fields::row(&summary.into(), &fields)).collect())
    }))
}
