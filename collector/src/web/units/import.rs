//! Units from a file or a table: looked at first, written only as they were seen.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{StatusCode, header};

use crate::app::access::Right;
use crate::app::imports::ImportKind;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::ImportView;
use crate::web::enrol::import::write;
use crate::web::enrol::upload::Upload;
use crate::web::frame::{Frame, Visitor};
use crate::web::render;
use crate::web::sent::Sent;

/// What the template to fill in says: columns, and a department with a service.
const TEMPLATE: &str = "\u{feff}code;naam;soort;deel van\r\nDMT;Departement Mobiliteit;departement;\r\nBZ;Dienst Burgerzaken;dienst;DMT\r\n";

/// Rows that are shown; the rest is counted.
const ROWS: usize = 200;

#[derive(Template)]
#[template(path = "units_import.html")]
struct ImportPage {
    frame: Frame,
    /// What was typed.
    table: String,
    /// What it would do; nothing before there is a table.
    preview: Option<ImportView>,
    /// Rows that write something.
    rows: u64,
    /// The file, to be sent again.
    file: String,
    /// Rows that are not shown.
    more: usize,
}

/// The form.
pub(super) async fn form(visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    actor.require_for(Right::Manage, None)?;
    let (table, file) = (String::new(), String::new());
    let page = ImportPage { frame, table, preview: None, rows: 0, file, more: 0 };
    Ok(render(StatusCode::OK, &page))
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
pub(super) async fn preview(State(api): State<Api>, upload: Upload) -> Result<Response, Problem> {
    let Upload { visitor, bytes, is_typed, .. } = upload;
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    actor.require_for(Right::Manage, None)?;
    if bytes.is_empty() {
        return Err(Problem::bad_request(frame.t("units-import-nothing")));
    }
    let page = blocking(move || {
        let preview = api.app.import_preview(&actor, ImportKind::Units, &bytes, clock::now())?;
        let mut preview = ImportView::from(preview);
        let rows = preview.new + preview.changed;
        let more = preview.rows.len().saturating_sub(ROWS);
        preview.rows.truncate(ROWS);
        preview.errors.truncate(ROWS);
        let file = URL_SAFE_NO_PAD.encode(&bytes);
        // What was typed can be typed on; a file is chosen again.
        let typed = is_typed.then(|| String::from_utf8_lossy(&bytes).into_owned());
        let table = typed.unwrap_or_default();
        Ok(ImportPage { frame, table, preview: Some(preview), rows, file, more })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// Writes it as the preview showed it.
pub(super) async fn apply(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let visitor = visitor.may(Right::Manage)?;
    let skip_errors = fields.get("overslaan") == Some("ja");
    let after = "/eigenaars?melding=eenheden-ingelezen";
    write(&api, visitor, ImportKind::Units, &fields, ("merk", skip_errors), after).await
}
