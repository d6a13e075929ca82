//! The accessibility statement: for everyone, also who is not logged in.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, StatusCode};

use super::plain::Plain;
use super::render;
use crate::rest::Api;

#[derive(Template)]
#[template(path = "statement.html")]
struct StatementPage {
    page: Plain,
}

/// Its page.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/toegankelijkheid", get(page))
}

async fn page(State(api): State<Api>, headers: HeaderMap) -> Response {
    let page = Plain::of(&headers, "/toegankelijkheid").dressed(&api.app.branding);
    render(StatusCode::OK, &StatementPage { page })
}
