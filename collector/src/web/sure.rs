//! The page that asks whether one is sure: what a dialog would ask, as a page.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::frame::Frame;
use super::render;

/// What it asks.
#[derive(Template)]
#[template(path = "sure.html")]
pub(super) struct Sure {
    pub(super) frame: Frame,
    pub(super) title: String,
    /// What follows from it.
    pub(super) text: String,
    /// Facts that tell what it is about: name and value.
    pub(super) facts: Vec<(String, String)>,
    /// Where the form is sent.
    pub(super) action: String,
    /// Fields that go along.
    pub(super) fields: Vec<(&'static str, String)>,
    /// Where one goes back to.
    pub(super) back: String,
    /// What the button says.
    pub(super) button: String,
}

impl Sure {
    /// The page.
    pub(super) fn show(&self) -> Response {
        render(StatusCode::OK, self)
    }
}
