//! Units from a table: looked at first, written only as they were seen.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{StatusCode, header};

use crate::app::access::Right;
use crate::app::imports::ImportKind;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::ImportView;
use crate::web::frame::{Frame, Visitor};
use crate::web::render;
use crate::web::sent::Sent;

/// What the template to fill in says: columns, and a department with a service.
const TEMPLATE: &str = "\u{feff}code;naam;soort;deel van\r\nDMT;Departement Mobiliteit;departement;\r\nBZ;Dienst Burgerzaken;dienst;DMT\r\n";

#[derive(Template)]
#[template(path = "units_import.html")]
struct ImportPage {
    frame: Frame,
    table: String,
    /// What it would do; nothing before there is a table.
    preview: Option<ImportView>,
}

/// The form.
pub(super) async fn form(visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    actor.require_for(Right::Manage, None)?;
    Ok(render(StatusCode::OK, &ImportPage { frame, table: String::new(), preview: None }))
}

/// The table to fill in.
pub(super) async fn template(visitor: Visitor) -> Result<Response, Problem> {
    visitor.may(Right::Read)?;
    let heads = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"units-template.csv\""),
    ];
    Ok((heads, TEMPLATE).into_response())
}

/// What an import would do. Nothing is written.
pub(super) async fn preview(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    let page = blocking(move || {
        let table = fields.need("tabel")?.to_owned();
        let now = clock::now();
        let preview = api.app.import_preview(&actor, ImportKind::Units, table.as_bytes(), now)?;
        Ok(ImportPage { frame, table, preview: Some(preview.into()) })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// Writes it as the preview showed it.
pub(super) async fn apply(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let actor = visitor.may(Right::Manage)?.actor;
    blocking(move || {
        let (table, token) = (fields.need("tabel")?.as_bytes(), fields.need("merk")?);
        let skip_errors = fields.get("overslaan") == Some("ja");
        let (kind, now) = (ImportKind::Units, clock::now());
        api.app.import_apply(&actor, kind, table, token, skip_errors, now)?;
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    Ok(Redirect::to("/eigenaars?melding=eenheden-ingelezen").into_response())
}
