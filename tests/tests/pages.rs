//! Every page, in a real browser: what stands in `tests/browser/pages.mjs`. `BELFORT_PICTURES` names a folder
//! for pictures of them.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use belfort_tests::chromium::{self, Scene};
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
