//! Which assets: the query of the list as a filter of the store, and as words above the list.

use belfort_model::asset;
use belfort_model::scale::Level;
use belfort_store::record::{AssetFilter, AssetSort};

use super::fields::Field;
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::clock;
use crate::rest::problem::Problem;
use crate::web::frame::Frame;
use crate::web::list::{Asked, COLUMN, Chip};

/// Keys of the list.
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
    "toegelaten",
    "entiteit",
    "nazicht",
    COLUMN,
];

/// Keys whose fields stand under *more filters*.
const MORE: &[&str] = &[
    "soort",
    "status",
    "bron",
    "eigenaar",
    "gezien",
    "locatie",
    "label",
    "omgeving",
    "blootstelling",
    "toegelaten",
    "entiteit",
    "nazicht",
];

/// Columns it can be sorted by.
const SORTED_BY: &[&str] = &["naam", "os", "biv", "bevindingen", "gezien", "eerst", "locatie"];

/// Reads the query of the list.
pub(in crate::web) fn asked(query: Option<&str>) -> Result<Asked, Problem> {
    let asked = Asked::of("/assets", query, KEYS)?;
    // The store knows one value for each: a second one would be passed over in silence.
    for key in KEYS.iter().filter(|key| **key != COLUMN) {
        if asked.all(key).count() > 1 {
            return Err(Problem::bad_request(format!("{key}: give one value")));
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
    MORE.iter().any(|key| asked.get(key).is_some())
}

fn yes_or_none(asked: &Asked, key: &str) -> Result<Option<bool>, Problem> {
    match asked.get(key) {
        None => Ok(None),
        Some("geen") => Ok(Some(false)),
        Some("ja") => Ok(Some(true)),
        Some(other) => Err(Problem::bad_request(format!("{key}: `{other}` is not geen or ja"))),
    }
}

/// The filter that a query asks for, within what somebody may see.
pub(in crate::web) fn filter(
    app: &App,
    actor: &Actor,
    asked: &Asked,
) -> Result<AssetFilter, Problem> {
    let (classified, class_min) = match asked.get("biv").map(str::parse::<i64>) {
        Some(Ok(level)) => {
            let level = Level::try_from(level);
            (None, Some(level.map_err(|error| Problem::bad_request(format!("biv: {error}")))?))
        }
        _ => (yes_or_none(asked, "biv")?, None),
    };
    let now = clock::now();
    let owner_is = |state: &str| asked.is("eigenaar", state);
    let owned = match asked.get("eigenaar") {
        Some("onbevestigd" | "beeindigd") => None,
        Some("geen" | "ja") | None => yes_or_none(asked, "eigenaar")?,
        Some(other) => {
            let reason = format!("eigenaar: `{other}` is not geen, ja, onbevestigd or beeindigd");
            return Err(Problem::bad_request(reason));
        }
    };
    let verify_overdue = match asked.get("nazicht") {
        None => false,
        Some("te-laat") => true,
        Some(other) => {
            return Err(Problem::bad_request(format!("nazicht: `{other}` is not te-laat")));
        }
    };
    let label = asked.get("label").map(asset::label).transpose();
    let days = asked.parse::<u16>("gezien")?;
    let unit = asked.get("dienst").map(|code| app.unit(code)).transpose()?;
    Ok(AssetFilter {
        in_service: false,
        kind: asked.parse("soort")?,
        subtype: asked.parse("vorm")?,
        lifecycle: asked.parse("status")?,
        source: asked.parse("bron")?,
        authorised: asked.parse("toegelaten")?,
        environment: asked.parse("omgeving")?,
        exposure: asked.parse("blootstelling")?,
        site: asked.get("locatie").map(str::to_owned),
        label: label.map_err(|error| Problem::bad_request(format!("label: {error}")))?,
        legal_entity: asked.get("entiteit").map(str::to_owned),
        seen_before: days.map(|days| now.plus_days(-i64::from(days))),
        class_min,
        owner_ended_at: owner_is("beeindigd").then_some(now),
        owner_unconfirmed: owner_is("onbevestigd"),
        verify_overdue_at: verify_overdue.then_some(now),
        unit: unit.map(|unit| unit.id),
        owned,
        classified,
        text: asked.get("q").map(str::to_owned),
        scope: actor.scope(Right::Read),
        sort: match sorted(asked)? {
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
        },
    })
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

/// What is filtered by, in words.
pub(in crate::web) fn chips(frame: &Frame, asked: &Asked) -> Vec<Chip> {
    let chip = |(key, value): (&str, &str)| {
        let name = frame.t(&format!("assets-filter-{key}"));
        let value_text = match key {
            "soort" => frame.code("kind", value),
            "vorm" => frame.code("subtype", value),
            "status" => frame.code("lifecycle", value),
            "bron" => frame.code("source", value),
            "omgeving" => frame.code("environment", value),
            "blootstelling" => frame.code("exposure", value),
            "toegelaten" => frame.code("authorised", value),
            "gezien" => frame.tv("assets-not-seen", "days", value),
            "nazicht" => frame.t("assets-verify-overdue"),
            "biv" if value != "geen" && value != "ja" => {
                frame.tv("assets-class-min", "level", value)
            }
            "eigenaar" if value == "onbevestigd" => frame.t("assets-owner-unconfirmed"),
            "eigenaar" if value == "beeindigd" => frame.t("assets-owner-ended"),
            "biv" | "eigenaar" if value == "geen" => frame.t("filter-none"),
            "biv" | "eigenaar" if value == "ja" => frame.t("filter-yes"),
            _ => value.to_owned(),
        };
        Chip { text: format!("{name}: {value_text}"), name, href: asked.without(key, value) }
    };
    asked.filters().map(chip).collect()
}
