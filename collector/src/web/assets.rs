//! The list of assets.

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use belfort_model::scale::Level;
use belfort_store::record::{AssetFilter, AssetSort};
use http::StatusCode;

use super::export::{self, Head};
use super::frame::{Frame, Visitor};
use super::list::{Asked, Chip, Column, Pager};
use super::render;
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{Asset, List};

/// Filters of the list.
const KEYS: &[&str] = &[
    "q",
    "soort",
    "vorm",
    "status",
    "bron",
    "dienst",
    "eigenaar",
    "biv",
    "gezien",
    "locatie",
    "label",
    "omgeving",
    "blootstelling",
];

/// Columns it can be sorted by, with the name of the store.
const SORTED_BY: &[&str] = &["naam", "gezien", "eerst", "bevindingen", "biv"];

const SUBTYPES: &[&str] = &[
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
];

#[derive(Template)]
#[template(path = "assets.html")]
struct AssetsPage {
    frame: Frame,
    asked: Asked,
    done: Option<String>,
    assets: List<Asset>,
    units: Vec<(String, String)>,
    subtypes: &'static [&'static str],
    columns: Vec<Column>,
    chips: Vec<Chip>,
    pager: Pager,
    may_manage: bool,
}

/// The filter that a query asks for, within what somebody may see.
fn filter(app: &App, actor: &Actor, asked: &Asked) -> Result<AssetFilter, Problem> {
    let yes_or_none = |key: &str| match asked.get(key) {
        None => Ok(None),
        Some("geen") => Ok(Some(false)),
        Some("ja") => Ok(Some(true)),
        Some(other) => Err(Problem::bad_request(format!("{key}: `{other}` is not geen or ja"))),
    };
    let (classified, class_min) = match asked.get("biv") {
        Some(text) if text.parse::<i64>().is_ok() => {
            let level = text.parse::<i64>().ok().map(Level::try_from).transpose();
            (None, level.map_err(|error| Problem::bad_request(format!("biv: {error}")))?)
        }
        _ => (yes_or_none("biv")?, None),
    };
    let days = asked.parse::<u16>("gezien")?;
    let unit = asked.get("dienst").map(|code| app.unit(code)).transpose()?;
    Ok(AssetFilter {
        kind: asked.parse("soort")?,
        subtype: asked.parse("vorm")?,
        lifecycle: asked.parse("status")?,
        source: asked.parse("bron")?,
        environment: asked.parse("omgeving")?,
        exposure: asked.parse("blootstelling")?,
        site: asked.get("locatie").map(str::to_owned),
        label: asked.get("label").map(str::to_lowercase),
        seen_before: days.map(|days| clock::now().plus_days(-i64::from(days))),
        unit: unit.map(|unit| unit.id),
        owned: yes_or_none("eigenaar")?,
        classified,
        class_min,
        text: asked.get("q").map(str::to_owned),
        scope: actor.scope(Right::Read),
        sort: match asked.sort(SORTED_BY, "naam")? {
            ("gezien", false) => AssetSort::LastSeen,
            ("gezien", true) => AssetSort::LastSeenDescending,
            ("eerst", false) => AssetSort::FirstSeen,
            ("eerst", true) => AssetSort::FirstSeenDescending,
            ("bevindingen", _) => AssetSort::FindingsDescending,
            ("biv", _) => AssetSort::ClassDescending,
            (_, true) => AssetSort::NameDescending,
            (_, false) => AssetSort::Name,
        },
        ..AssetFilter::default()
    })
}

/// What is filtered by, in words.
fn chips(frame: &Frame, asked: &Asked) -> Vec<Chip> {
    let chip = |(key, value): (&str, &str)| {
        let name = frame.t(&format!("assets-filter-{key}"));
        let value_text = match key {
            "soort" => frame.code("kind", value),
            "vorm" => frame.code("subtype", value),
            "status" => frame.code("lifecycle", value),
            "bron" => frame.code("source", value),
            "omgeving" => frame.code("environment", value),
            "blootstelling" => frame.code("exposure", value),
            "gezien" => frame.tv("assets-not-seen", "days", value),
            "biv" if value != "geen" && value != "ja" => {
                frame.tv("assets-class-min", "level", value)
            }
            _ if value == "geen" => frame.t("filter-none"),
            _ if value == "ja" => frame.t("filter-yes"),
            _ => value.to_owned(),
        };
        Chip { text: format!("{name}: {value_text}"), name, href: asked.without(key, value) }
    };
    asked.filters().map(chip).collect()
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/assets", get(page)).route("/assets.{kind}", get(file))
}

/// The page.
async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of("/assets", query.as_deref(), KEYS)?;
    let page = blocking(move || {
        let filter = filter(&api.app, &actor, &asked)?;
        let assets = List::of(api.app.store.asset_list(&filter, asked.page()?)?, Asset::from);
        let units = api.app.store.unit_list()?.into_iter();
        let sorted = asked.sort(SORTED_BY, "naam")?;
        let columns = [
            ("col-asset", "naam"),
            ("col-os", ""),
            ("col-owner", ""),
            ("col-classification", "biv"),
            ("col-findings", "bevindingen"),
            ("col-last-seen", "gezien"),
            ("col-source", ""),
        ];
        let columns = columns.map(|(text, key)| asked.column(frame.t(text), key, sorted));
        Ok(AssetsPage {
            units: units.map(|unit| (unit.code, unit.name)).collect(),
            subtypes: SUBTYPES,
            columns: columns.into(),
            chips: chips(&frame, &asked),
            pager: asked.pager(assets.total, assets.items.len()),
            done: asked.done(&frame),
            may_manage: actor.may(Right::Manage),
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
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Export)?;
    let kind = kind.parse()?;
    let asked = Asked::of("/assets", query.as_deref(), KEYS)?;
    let app = api.app.clone();
    // What is wrong with the query is said before the file begins.
    let filter = blocking(move || filter(&app, &actor, &asked)).await?;
    let heads: Vec<Head> = vec![
        ("id", "Id".to_owned()),
        ("name", frame.t("col-name")),
        ("subtype", frame.t("col-type")),
        ("operating_system", frame.t("col-os")),
        ("unit", frame.t("col-unit")),
        ("function", frame.t("col-owner")),
        ("b", frame.t("biv-b")),
        ("i", "I".to_owned()),
        ("v", frame.t("biv-v")),
        ("open_findings", frame.t("col-findings")),
        ("lifecycle", frame.t("col-status")),
        ("last_seen", frame.t("col-last-seen")),
        ("source", frame.t("col-source")),
        ("site", frame.t("col-site")),
        ("labels", frame.t("col-labels")),
    ];
    Ok(export::send("assets", kind, heads, move |page| {
        let rows = api.app.store.asset_list(&filter, page)?.items.into_iter();
        Ok(rows.map(|summary| row(summary.into())).collect())
    }))
}

fn row(asset: Asset) -> Vec<String> {
    let (unit, function) =
        asset.owner.map_or_else(Default::default, |owner| (owner.unit_name, owner.function));
    vec![
        asset.id,
        asset.name,
        asset.subtype,
        asset.operating_system,
        unit,
        function,
        asset.class.biv.b.to_string(),
        asset.class.biv.i.to_string(),
        asset.class.biv.v.to_string(),
        asset.open_findings.to_string(),
        asset.lifecycle,
        asset.last_seen,
        asset.source,
        asset.site,
        asset.labels.join(", "),
    ]
}
