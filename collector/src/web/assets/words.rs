//! The filters of the list in words: what can be chosen, and what is filtered by.

use belfort_model::id::SoftwareId;
use belfort_model::unit::UnitKind;

use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::clock;
use crate::rest::problem::Problem;
use crate::web::frame::Frame;
use crate::web::list::{Asked, Chip};

/// A filter of which several values can be ticked: its key and its values.
type Choices = (&'static str, &'static [&'static str]);

/// Those that always show.
const FRONT: &[Choices] = &[
    (
        "vorm",
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
    ),
    ("biv", &["geen", "ja", "2", "3", "4", "5"]),
    ("risico", &["geen", "ja", "2", "3", "4", "5"]),
];

/// The less used of them.
const MORE: &[Choices] = &[
    ("soort", &["device", "software", "application", "data_set", "external_service"]),
    ("indienst", &["ja"]),
    (
        "status",
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
    ("bron", &["agent", "import", "manual", "neighbour"]),
    ("eigenaar", &["ja", "geen", "onbevestigd", "beeindigd"]),
    ("omgeving", &["production", "test", "development"]),
    ("blootstelling", &["internal", "dmz", "internet", "unknown"]),
    ("toegelaten", &["yes", "no", "unknown", "exception"]),
];

/// A filter as a menu of what can be ticked.
pub(super) struct Menu {
    pub(super) key: &'static str,
    pub(super) name: String,
    /// What is ticked, or that nothing is.
    pub(super) chosen: String,
    /// Each value, in words, and whether it is ticked.
    pub(super) options: Vec<(&'static str, String, bool)>,
}

fn menu(frame: &Frame, asked: &Asked, (key, values): &Choices) -> Menu {
    let options: Vec<_> = values
        .iter()
        .map(|value| (*value, words(frame, key, value), asked.is(key, value)))
        .collect();
    let mut ticked = options.iter().filter(|(.., ticked)| *ticked).map(|(_, words, _)| words);
    let chosen = match (ticked.next(), ticked.count()) {
        (None, _) => frame.t("filter-all"),
        (Some(one), 0) => one.clone(),
        (Some(_), others) => frame.tv("filter-chosen", "n", &frame.n(others + 1)),
    };
    Menu { key, name: frame.t(&format!("assets-filter-{key}")), chosen, options }
}

/// The menus that always show, and the less used ones.
pub(super) fn menus(frame: &Frame, asked: &Asked) -> (Vec<Menu>, Vec<Menu>) {
    let of = |all: &[Choices]| all.iter().map(|one| menu(frame, asked, one)).collect();
    (of(FRONT), of(MORE))
}

/// Units to choose from: code and name.
pub(super) struct Units {
    /// Departments, and whatever else has units below it.
    pub(super) departments: Vec<(String, String)>,
    /// All of them.
    pub(super) units: Vec<(String, String)>,
}

/// The units that exist today, and those that are asked for.
pub(super) fn units(app: &App, asked: &Asked) -> Result<Units, Problem> {
    let all = app.store.unit_list()?;
    let now = clock::now();
    let is_asked = |key: &str, code: &str| asked.all(key).any(|one| one.eq_ignore_ascii_case(code));
    let mut found = Units { departments: Vec::new(), units: Vec::new() };
    for unit in &all {
        let named = || (unit.code.clone(), unit.name.clone());
        let is_above = || all.iter().any(|one| one.parent == Some(unit.id));
        let heads = unit.kind == UnitKind::Department || is_above();
        if (heads && unit.is_active(now)) || is_asked("departement", &unit.code) {
            found.departments.push(named());
        }
        // Assets may still be owned by a unit that has ended: their list can be asked for.
        found.units.push(named());
    }
    Ok(found)
}

/// A value of a filter in words.
fn words(frame: &Frame, key: &str, value: &str) -> String {
    match key {
        "soort" => frame.code("kind", value),
        "vorm" => frame.code("subtype", value),
        "status" => frame.code("lifecycle", value),
        "bron" => frame.code("source", value),
        "omgeving" => frame.code("environment", value),
        "blootstelling" => frame.code("exposure", value),
        "toegelaten" => frame.code("authorised", value),
        "gezien" => frame.tv("assets-not-seen", "days", value),
        "nazicht" => frame.t("assets-verify-overdue"),
        "indienst" => frame.t("filter-yes"),
        "biv" => match value {
            "geen" => frame.t("unclassified"),
            "ja" => frame.t("assets-classified"),
            level => frame.tv("assets-class-min", "level", level),
        },
        "risico" => match value {
            "geen" => frame.t("assets-risk-none"),
            "ja" => frame.t("assets-risk-open"),
            level => frame.tv("assets-risk-min", "level", level),
        },
        "eigenaar" => match value {
            "geen" => frame.t("unowned"),
            "ja" => frame.t("assets-owned"),
            "onbevestigd" => frame.t("assets-owner-unconfirmed"),
            _ => frame.t("assets-owner-ended"),
        },
        _ => value.to_owned(),
    }
}

/// What is filtered by, in words: software by its name, whatever the address says.
pub(in crate::web) fn chips(
    app: &App,
    actor: &Actor,
    frame: &Frame,
    asked: &Asked,
) -> Result<Vec<Chip>, Problem> {
    let mut chips = Vec::new();
    for (key, value) in asked.filters() {
        let name = frame.t(&format!("assets-filter-{key}"));
        let mut said = words(frame, key, value);
        if let Some(id) = (key == "software").then(|| value.parse::<SoftwareId>().ok()).flatten() {
            let found = app.store.software_get(id, &actor.scope(Right::Read))?;
            said = found.map_or(said, |found| found.software.name);
        }
        chips.push(Chip { text: format!("{name}: {said}"), name, href: asked.without(key, value) });
    }
    Ok(chips)
}
