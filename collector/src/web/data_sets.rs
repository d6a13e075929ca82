//! Data sets: what they hold, how they are classified, and where they live.

mod change;
mod one;
#[cfg(test)]
mod tests;

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use belfort_model::asset::AssetKind;
use belfort_model::data_set::{PersonalData, RecordsBand, Relation};
use belfort_model::scale::Level;
use belfort_store::record::{AssetDetail, AssetFilter, AssetSort, Page};
use http::StatusCode;

use super::export::{self, Head};
use super::frame::{Frame, Visitor};
use super::list::{Asked, Chip, Column, Pager};
use super::render;
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{AssetFull, List};

/// Filters of the list.
const KEYS: &[&str] = &["q", "dienst", "eigenaar", "biv", "persoonsgegevens"];

/// Columns it can be sorted by.
const SORTED_BY: &[&str] = &["naam", "biv"];

/// Data sets read at a time.
const CHUNK: u32 = 500;

/// What can be said of personal data.
const PERSONAL: &[PersonalData] = &[
    PersonalData::None,
    PersonalData::Ordinary,
    PersonalData::SpecialCategory,
    PersonalData::NationalRegister,
    PersonalData::SocialSecurity,
];

/// How many records can be said.
const RECORDS: &[RecordsBand] = &[
    RecordsBand::Unknown,
    RecordsBand::UpTo100,
    RecordsBand::UpTo1000,
    RecordsBand::UpTo10000,
    RecordsBand::UpTo100000,
    RecordsBand::Above100000,
];

/// What an asset can do with a data set.
const RELATIONS: &[Relation] =
    &[Relation::Stores, Relation::Processes, Relation::Transmits, Relation::Accesses];

/// How many names of assets a line shows.
const NAMES: usize = 3;

#[derive(Template)]
#[template(path = "data_sets.html")]
struct DataSetsPage {
    frame: Frame,
    asked: Asked,
    done: Option<String>,
    sets: List<AssetFull>,
    units: Vec<(String, String)>,
    personal: &'static [PersonalData],
    names: usize,
    columns: Vec<Column>,
    chips: Vec<Chip>,
    pager: Pager,
    may_add: bool,
    may_export: bool,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/gegevens", get(page))
        .route("/gegevens.{kind}", get(file))
        .route("/gegevens/toevoegen", get(change::new).post(change::add))
        .route("/gegevens/{id}", get(one::page))
        .route("/gegevens/{id}/wijzigen", get(change::form).post(change::edit))
        .route("/gegevens/{id}/klasse", post(one::classify))
        .route("/gegevens/{id}/klasse/bevestigen", post(one::confirm))
        .route("/gegevens/{id}/eigenaar", post(one::owner))
        .route("/gegevens/{id}/koppelen", post(one::link))
        .route("/gegevens/{id}/ontkoppelen", post(one::unlink))
}

/// Whether somebody may add a data set: it belongs to nobody yet.
fn may_add(actor: &Actor) -> bool {
    actor.require_for(Right::Manage, None).is_ok()
}

/// The filter that a query asks for, within what somebody may see.
fn filter(app: &App, actor: &Actor, asked: &Asked) -> Result<AssetFilter, Problem> {
    let yes_or_none = |key: &str| match asked.get(key) {
        None => Ok(None),
        Some("geen") => Ok(Some(false)),
        Some("ja") => Ok(Some(true)),
        Some(other) => Err(Problem::bad_request(format!("{key}: `{other}` is not geen or ja"))),
    };
    let level: Option<i64> = asked.get("biv").and_then(|text| text.parse().ok());
    let level = level.map(Level::try_from).transpose();
    let class_min = level.map_err(|error| Problem::bad_request(format!("biv: {error}")))?;
    let classified = if class_min.is_some() { None } else { yes_or_none("biv")? };
    let unit = asked.get("dienst").map(|code| app.unit(code)).transpose()?;
    Ok(AssetFilter {
        kind: vec![AssetKind::DataSet],
        unit: unit.into_iter().map(|unit| unit.id).collect(),
        owned: yes_or_none("eigenaar")?,
        classified,
        class_min,
        text: asked.get("q").map(str::to_owned),
        scope: actor.scope(Right::Read),
        sort: match asked.sort(SORTED_BY, "naam")? {
            ("biv", _) => AssetSort::ClassDescending,
            (_, true) => AssetSort::NameDescending,
            (_, false) => AssetSort::Name,
        },
        ..AssetFilter::default()
    })
}

/// What the query asks for, each with all that is said of it. What personal data they hold is known only
/// of each by itself: a filter on that reads them all, which are some hundreds.
fn found(
    app: &App,
    actor: &Actor,
    asked: &Asked,
    page: Page,
) -> Result<List<AssetDetail>, Problem> {
    let filter = filter(app, actor, asked)?;
    let personal: Option<PersonalData> = asked.parse("persoonsgegevens")?;
    let Some(personal) = personal else {
        let part = app.store.asset_list(&filter, page)?;
        let details = part.items.iter().map(|one| app.visible(actor, one.asset.id));
        return Ok(List { items: details.collect::<Result<_, _>>()?, total: part.total });
    };
    let mut all = Vec::new();
    let mut offset = 0;
    loop {
        let part = app.store.asset_list(&filter, Page { limit: CHUNK, offset })?.items;
        for one in &part {
            let detail = app.visible(actor, one.asset.id)?;
            if detail.data_set.as_ref().is_some_and(|set| set.personal_data == personal) {
                all.push(detail);
            }
        }
        if part.len() < CHUNK as usize {
            return Ok(List::page(all, page, |detail| detail));
        }
        offset += u64::from(CHUNK);
    }
}

/// What is filtered by, in words.
fn chips(frame: &Frame, asked: &Asked) -> Vec<Chip> {
    let chip = |(key, value): (&str, &str)| {
        let name = frame.t(&format!("data-filter-{key}"));
        let said = match key {
            "persoonsgegevens" => frame.code("personal-data", value),
            "biv" if value != "geen" && value != "ja" => frame.tv("data-class-min", "level", value),
            _ if value == "geen" => frame.t("filter-none"),
            _ if value == "ja" => frame.t("filter-yes"),
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
    let asked = Asked::of("/gegevens", query.as_deref(), KEYS)?;
    let page = blocking(move || {
        let found = found(&api.app, &actor, &asked, asked.page()?)?;
        let show = |detail| AssetFull::of(detail, &api.app.catalogue);
        let sets = List { total: found.total, items: found.items.into_iter().map(show).collect() };
        let sorted = asked.sort(SORTED_BY, "naam")?;
        let columns = [
            ("col-name", "naam"),
            ("col-classification", "biv"),
            ("data-personal", ""),
            ("data-records", ""),
            ("data-lives", ""),
            ("col-owner", ""),
        ];
        let units = api.app.store.unit_list()?.into_iter();
        Ok(DataSetsPage {
            columns: columns.map(|(text, key)| asked.column(frame.t(text), key, sorted)).into(),
            chips: chips(&frame, &asked),
            pager: asked.pager(sets.total, sets.items.len()),
            done: asked.done(&frame),
            units: units.map(|unit| (unit.code, unit.name)).collect(),
            personal: PERSONAL,
            names: NAMES,
            may_add: may_add(&actor),
            may_export: actor.may(Right::Export),
            frame,
            asked,
            sets,
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
    let asked = Asked::of("/gegevens", query.as_deref(), KEYS)?;
    // What is wrong with the query is said before the file begins.
    let (app, who, query) = (api.app.clone(), actor.clone(), asked.clone());
    blocking(move || {
        query.parse::<PersonalData>("persoonsgegevens")?;
        filter(&app, &who, &query)
    })
    .await?;
    let heads: Vec<Head> = vec![
        ("id", "Id".to_owned()),
        ("name", frame.t("col-name")),
        ("b", frame.t("biv-b")),
        ("i", "I".to_owned()),
        ("v", frame.t("biv-v")),
        ("class_status", frame.t("col-status")),
        ("review_due", frame.t("data-review-due")),
        ("personal_data", frame.t("data-personal")),
        ("records", frame.t("data-records")),
        ("register_ids", frame.t("data-register-ids")),
        ("retention", frame.t("data-retention")),
        ("unit", frame.t("col-unit")),
        ("function", frame.t("col-owner")),
        ("lives_on", frame.t("data-lives")),
    ];
    Ok(export::send("data-sets", kind, heads, move |page| {
        let found = found(&api.app, &actor, &asked, page)?.items.into_iter();
        let catalogue = &api.app.catalogue;
        Ok(found.map(|detail| row(AssetFull::of(detail, catalogue))).collect())
    }))
}

fn row(one: AssetFull) -> Vec<String> {
    let (unit, function) =
        one.asset.owner.map_or_else(Default::default, |owner| (owner.unit_name, owner.function));
    let class = one.classification;
    let level = |of: fn(&crate::view::Biv) -> u8| {
        class.as_ref().map(|class| of(&class.biv).to_string()).unwrap_or_default()
    };
    let (b, i, v) = (level(|biv| biv.b), level(|biv| biv.i), level(|biv| biv.v));
    let (status, due) =
        class.map_or_else(Default::default, |class| (class.status, class.review_due));
    let (records, ids, retention) = one.data_set.map_or_else(Default::default, |set| {
        (set.records, set.register_ids.join(", "), set.retention)
    });
    let lives: Vec<String> = one.linked_from.into_iter().map(|link| link.name).collect();
    vec![
        one.asset.id,
        one.asset.name,
        b,
        i,
        v,
        status,
        due,
        one.personal_data.unwrap_or_default(),
        records,
        ids,
        retention,
        unit,
        function,
        lives.join(", "),
    ]
}
