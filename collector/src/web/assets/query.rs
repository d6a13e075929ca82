//! Which assets: the query of the list as a filter of the store.

use std::fmt::Display;
use std::str::FromStr;

use belfort_model::asset;
use belfort_model::scale::Level;
use belfort_store::record::{AssetFilter, AssetSort, ClassIs, OwnerIs, RiskIs};

use super::fields::Field;
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::clock;
use crate::rest::problem::Problem;
use crate::web::list::{Asked, COLUMN};

/// Keys of the list.
const KEYS: &[&str] = &[
    "q",
    "soort",
    "vorm",
    "status",
    "indienst",
    "bron",
    "departement",
    "dienst",
    "eigenaar",
    "biv",
    "risico",
    "software",
    "versie",
    "cve",
    "gezien",
    "locatie",
    "label",
    "omgeving",
    "blootstelling",
    "toegelaten",
    "entiteit",
    "nazicht",
    COLUMN,
];

/// Keys of which a second value would say nothing more.
const ONCE: &[&str] = &["q", "indienst", "gezien", "nazicht"];
/// Values of one key at most.
const MOST: usize = 50;

/// Keys whose fields do not stand under *more filters*.
const FRONT: &[&str] = &["q", "departement", "vorm", "biv", "risico", COLUMN];

/// Columns it can be sorted by.
const SORTED_BY: &[&str] = &["naam", "os", "biv", "bevindingen", "gezien", "eerst", "locatie"];

/// Reads the query of the list.
pub(in crate::web) fn asked(query: Option<&str>) -> Result<Asked, Problem> {
    let asked = Asked::of("/assets", query, KEYS)?;
    for key in KEYS.iter().filter(|key| **key != COLUMN) {
        let most = if ONCE.contains(key) { 1 } else { MOST };
        if asked.all(key).count() > most {
            return Err(Problem::bad_request(format!("{key}: at most {most}")));
        }
    }
    Ok(asked)
}

/// What the list is sorted by.
pub(super) fn sorted(asked: &Asked) -> Result<(&'static str, bool), Problem> {
    asked.sort(SORTED_BY, "naam")
}

/// Whether one of the less used filters is set.
pub(super) fn has_more(asked: &Asked) -> bool {
    asked.filters().any(|(key, _)| !FRONT.contains(&key))
}

/// All values of a key, in another form.
fn many<T: FromStr>(asked: &Asked, key: &str) -> Result<Vec<T>, Problem>
where
    T::Err: Display,
{
    let wrong = |error| Problem::bad_request(format!("{key}: {error}"));
    asked.all(key).map(|text| text.parse().map_err(wrong)).collect()
}

/// All values of a key, as the list says them.
fn each<T>(
    asked: &Asked,
    key: &str,
    read: impl Fn(&str) -> Option<T>,
    known: &str,
) -> Result<Vec<T>, Problem> {
    let wrong = |text: &str| Problem::bad_request(format!("{key}: `{text}` is not one of {known}"));
    asked.all(key).map(|text| read(text).ok_or_else(|| wrong(text))).collect()
}

fn level(text: &str) -> Option<Level> {
    text.parse::<i64>().ok().and_then(|number| Level::try_from(number).ok())
}

/// Whether a key says the one thing that it can.
fn flag(asked: &Asked, key: &str, only: &str) -> Result<bool, Problem> {
    Ok(!each(asked, key, |text| (text == only).then_some(()), only)?.is_empty())
}

/// The filter that a query asks for, within what somebody may see.
pub(in crate::web) fn filter(
    app: &App,
    actor: &Actor,
    asked: &Asked,
) -> Result<AssetFilter, Problem> {
    let now = clock::now();
    let class = |text: &str| match text {
        "ja" => Some(ClassIs::Decided),
        "geen" => Some(ClassIs::Assumed),
        text => level(text).map(ClassIs::AtLeast),
    };
    let risk = |text: &str| match text {
        "ja" => Some(RiskIs::Open),
        "geen" => Some(RiskIs::Absent),
        text => level(text).map(RiskIs::AtLeast),
    };
    let owner = |text: &str| match text {
        "ja" => Some(OwnerIs::Known),
        "geen" => Some(OwnerIs::Missing),
        "onbevestigd" => Some(OwnerIs::Unconfirmed),
        "beeindigd" => Some(OwnerIs::EndedAt(now)),
        _ => None,
    };
    let texts = |key| asked.all(key).map(str::to_owned).collect::<Vec<_>>();
    let wrong = |error| Problem::bad_request(format!("label: {error}"));
    let labels = asked.all("label").map(|text| asset::label(text).map_err(wrong));
    let cve = asked.all("cve").map(|cve| app.vulnerable_by(cve));
    let days = asked.parse::<u16>("gezien")?;
    Ok(AssetFilter {
        in_service: flag(asked, "indienst", "ja")?,
        kind: many(asked, "soort")?,
        subtype: many(asked, "vorm")?,
        lifecycle: many(asked, "status")?,
        source: many(asked, "bron")?,
        authorised: many(asked, "toegelaten")?,
        environment: many(asked, "omgeving")?,
        exposure: many(asked, "blootstelling")?,
        site: texts("locatie"),
        label: labels.collect::<Result<_, _>>()?,
        legal_entity: texts("entiteit"),
        seen_before: days.map(|days| now.plus_days(-i64::from(days))),
        verify_overdue_at: flag(asked, "nazicht", "te-laat")?.then_some(now),
        unit: app.units_named(asked.all("dienst"))?,
        department: app.units_below(asked.all("departement"))?,
        owner: each(asked, "eigenaar", owner, "geen, ja, onbevestigd, beeindigd")?,
        class: each(asked, "biv", class, "geen, ja, 1 to 5")?,
        risk: each(asked, "risico", risk, "geen, ja, 1 to 5")?,
        software: app.software_wanted(asked.all("software"), &texts("versie"))?,
        cve: cve.collect::<Result<_, _>>()?,
        text: asked.get("q").map(str::to_owned),
        scope: actor.scope(Right::Read),
        sort: sort(sorted(asked)?),
        ..AssetFilter::default()
    })
}

fn sort(sorted: (&str, bool)) -> AssetSort {
    match sorted {
        ("os", false) => AssetSort::System,
        ("os", true) => AssetSort::SystemDescending,
        ("biv", false) => AssetSort::Class,
        ("biv", true) => AssetSort::ClassDescending,
        ("bevindingen", false) => AssetSort::Findings,
        ("bevindingen", true) => AssetSort::FindingsDescending,
        ("gezien", false) => AssetSort::LastSeen,
        ("gezien", true) => AssetSort::LastSeenDescending,
        ("eerst", false) => AssetSort::FirstSeen,
        ("eerst", true) => AssetSort::FirstSeenDescending,
        ("locatie", false) => AssetSort::Site,
        ("locatie", true) => AssetSort::SiteDescending,
        (_, true) => AssetSort::NameDescending,
        (_, false) => AssetSort::Name,
    }
}

/// The columns a query asks for, in the order of the list; those that are usual when it says nothing.
pub(super) fn fields(asked: &Asked) -> Result<Vec<Field>, Problem> {
    if asked.get(COLUMN).is_none() {
        return Ok(Field::ALL.iter().copied().filter(|field| field.is_usual()).collect());
    }
    for code in asked.all(COLUMN) {
        if code != Field::NAME && !Field::ALL.iter().any(|field| field.code() == code) {
            return Err(Problem::bad_request(format!("{COLUMN}: there is no column `{code}`")));
        }
    }
    let chosen = |field: &Field| asked.is(COLUMN, field.code());
    Ok(Field::ALL.iter().copied().filter(chosen).collect())
}
