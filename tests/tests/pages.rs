//! Every page, in a real browser: what stands in `tests/browser/pages.mjs`. `BELFORT_PICTURES` names a folder
//! for pictures of them.

use belfort_tests::chromium::{self, Scene};
use belfort_tests::{city, programs};
use serde_json::json;

/// Kinds of pages that must be reachable from the first one, or from a search.
const EXPECTED: &[&str] = &[
    "/",
    "/agents",
    "/agents/tokens",
    "/agents/tokens/nieuw",
    "/agents/{id}/intrekken",
    "/assets",
    "/assets/toevoegen",
    "/assets/toevoegen/import",
    "/assets/toevoegen/macos",
    "/assets/toevoegen/windows",
    "/assets/toevoegen/zonder-agent",
    "/assets/{id}",
    "/assets/{id}/classificatie",
    "/assets/{id}/eigenaar",
    "/assets/{id}/eigenaar/bevestigen",
    "/assets/{id}/gegevens",
    "/assets/{id}/geschiedenis",
    "/assets/{id}/levensloop",
    "/assets/{id}/nazicht",
    "/assets/{id}/secties/{name}",
    "/assets/{id}/software",
    "/assets/{id}/vergelijken",
    "/assets/{id}/wijzigen",
    "/audit",
    "/audit/keten",
    "/bevindingen",
    "/bevindingen/uitzonderingen",
    "/bevindingen/{id}",
    "/bronnen",
    "/eigenaars",
    "/eigenaars/importeren",
    "/eigenaars/{code}",
    "/gegevens",
    "/gegevens/toevoegen",
    "/gegevens/{id}",
    "/gegevens/{id}/wijzigen",
    "/instellingen",
    "/instellingen/account",
    "/instellingen/account/tokens/nieuw",
    "/instellingen/gebruikers",
    "/instellingen/gebruikers/nieuw",
    "/instellingen/gebruikers/{id}",
    "/instellingen/gebruikers/{id}/zeker/herstel",
    "/instellingen/gebruikers/{id}/zeker/sessies",
    "/instellingen/gebruikers/{id}/zeker/uit",
    "/instellingen/grondslag",
    "/instellingen/huisstijl",
    "/instellingen/regels",
    "/instellingen/regels/nieuw",
    "/instellingen/regels/toegepast",
    "/instellingen/regels/toegepast/{id}",
    "/instellingen/regels/{id}",
    "/instellingen/regels/{id}/verwijderen",
    "/rapporten",
    "/risicos",
    "/risicos/vergaderingen",
    "/risicos/{ref}",
    "/software",
    "/software/toevoegen",
    "/software/{id}",
    "/software/{id}/wijzigen",
    "/toegankelijkheid",
    "/tweede-factor",
    "/weergaven",
    "/weergaven/nieuw",
    "/werk",
    "/werklijst",
    "/werklijst/beslissingen",
    "/werklijst/bevindingen",
    "/werklijst/buren",
    "/werklijst/dubbels",
    "/werklijst/eigenaar-gestopt",
    "/werklijst/na-te-kijken",
    "/werklijst/niet-geclassificeerd",
    "/werklijst/niet-gezien",
    "/werklijst/te-herbevestigen",
    "/werklijst/zonder-eigenaar",
    "/zoeken",
];

#[test]
fn every_page_is_accessible_in_every_look() {
    let scene = Scene::filled();
    let task = json!({ "start": ["/", "/zoeken?q=BZ"], "expected": EXPECTED, "others": true });
    chromium::run("pages.mjs", &scene, task);
}

#[test]
fn every_page_is_accessible_when_there_is_nothing_yet() {
    let scene = Scene::empty();
    let task = json!({ "start": ["/"], "expected": ["/", "/assets"] });
    chromium::run("pages.mjs", &scene, task);
}

#[test]
fn the_journey_with_a_mouse() {
    journey("mouse");
}

#[test]
fn the_journey_with_a_keyboard_alone() {
    journey("keyboard");
}

#[test]
fn the_journey_without_a_script() {
    journey("without a script");
}

/// From an empty collector to a decided risk and a frozen report.
fn journey(hand: &str) {
    let scene = Scene::empty();
    scene.person("hoofd", &["department_head"]);
    scene.person("functionaris", &["dpo"]);
    let task = json!({ "hand": hand, "units": city::units_csv(), "assets": city::assets_csv(),
        "agent": programs::agent(), "state": scene.collector.scratch().join("agent") });
    chromium::run("journeys.mjs", &scene, task);
}
