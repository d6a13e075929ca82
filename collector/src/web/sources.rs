//! Sources of advisory data: what was imported, how old it is, what could not be read.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;

use super::frame::{Frame, Visitor};
use super::render;
use crate::app::access::Right;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::AdvisorySourceView;

#[derive(Template)]
#[template(path = "sources.html")]
struct SourcesPage {
    frame: Frame,
    sources: Vec<AdvisorySourceView>,
}

/// Its page.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/bronnen", get(page))
}

async fn page(State(api): State<Api>, visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let sources = blocking(move || Ok(api.app.advisory_sources(&actor)?)).await?;
    let now = clock::now();
    let sources = sources.into_iter().map(|source| AdvisorySourceView::of(source, now)).collect();
    Ok(render(StatusCode::OK, &SourcesPage { frame, sources }))
}
