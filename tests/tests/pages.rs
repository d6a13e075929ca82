//! Every page, in a real browser: what stands in `tests/browser/pages.mjs`. `BELFORT_PICTURES` names a folder
//! for pictures of them.

use belfort_tests::chromium::{self, Scene};
use belfort_tests::{city, programs};
use serde_json::json;

/// Kinds of pages that must be reachable from the first one.
const EXPECTED: &[&str] = &["/", "/assets", "/assets/{id}"];

#[test]
fn every_page_is_accessible_in_every_look() {
    let scene = Scene::filled();
    let task = json!({ "start": ["/"], "expected": EXPECTED });
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
