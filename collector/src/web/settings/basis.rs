//! What the register goes by, shown and not changed here: schemes, matrix, organisation, versions.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use belfort_model::scale::Level;
use http::StatusCode;

use super::super::frame::{Frame, Visitor};
use super::super::render;
use crate::app::access::Right;
use crate::rest::Api;
use crate::rest::problem::Problem;
use crate::view::SchemeView;

#[derive(Template)]
#[template(path = "settings_basis.html")]
struct BasisPage {
    frame: Frame,
    schemes: Vec<SchemeView>,
    matrix: String,
    /// From the highest likelihood down: the likelihood, and the severity per impact.
    rows: Vec<(u8, Vec<u8>)>,
    catalogue: String,
    legal_entities: String,
    url: String,
    provider: String,
}

/// Its page.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/instellingen/grondslag", get(page))
}

async fn page(State(api): State<Api>, visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { frame, .. } = visitor.may(Right::Read)?;
    let (app, matrix) = (&api.app, &api.app.catalogue.matrix);
    let row = |likelihood: &Level| {
        let severity = |impact: &Level| matrix.severity(*likelihood, *impact).get();
        (likelihood.get(), Level::ALL.iter().map(severity).collect())
    };
    let schemes = app.registry.all_schemes().into_iter();
    let page = BasisPage {
        schemes: schemes.map(|scheme| SchemeView::of(scheme, &app.registry.scheme)).collect(),
        matrix: matrix.version.clone(),
        rows: Level::ALL.iter().rev().map(row).collect(),
        catalogue: app.catalogue.version.clone(),
        legal_entities: app.registry.legal_entities.join(", "),
        url: app.login.url.clone().unwrap_or_default(),
        provider: app.login.oidc.as_ref().map(|one| one.label().to_owned()).unwrap_or_default(),
        frame,
    };
    Ok(render(StatusCode::OK, &page))
}
