//! Assets from a file: looked at first, written only as they were seen.
//!
//! The page that shows what would happen carries the file in its form, so that nothing lies on the server
//! between the two; the token of the preview makes sure that what is written is what was seen.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;

use super::upload::{FILE_BYTES, Upload};
use super::{Tab, may_add, tabs, welcome};
use crate::app::access::Right;
use crate::app::imports::{ImportKind, Seen};
use crate::app::work::Progress;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::ImportView;
use crate::web::frame::{Frame, Visitor};
use crate::web::render;
use crate::web::sent::{Fields, Sent};
use crate::web::work::{self, Job};

/// Largest body, bytes: the file in the letters of the form that carries it on, and what stands around.
pub(in crate::web) const BODY: usize = FILE_BYTES / 3 * 4 + (64 << 10);

/// Rows that are shown; the rest is counted.
const ROWS: usize = 200;

#[derive(Template)]
#[template(path = "enrol/import.html")]
struct ImportPage {
    frame: Frame,
    tabs: Vec<Tab>,
    may_add: bool,
}

#[derive(Template)]
#[template(path = "enrol/preview.html")]
struct PreviewPage {
    frame: Frame,
    tabs: Vec<Tab>,
    preview: ImportView,
    /// Rows that write something.
    rows: u64,
    /// The file, to be sent again.
    file: String,
    /// Rows that are not shown.
    more: usize,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/assets/toevoegen/import", get(form).post(look))
        .route("/assets/toevoegen/import/uitvoeren", post(apply))
        .layer(DefaultBodyLimit::max(BODY))
}

async fn form(visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = welcome(visitor)?;
    let page = ImportPage { tabs: tabs(&frame, "/import"), may_add: may_add(&actor), frame };
    Ok(render(StatusCode::OK, &page))
}

/// What is imported on this page: units are imported where the units are.
fn kind(text: &str) -> Result<ImportKind, Problem> {
    match text {
        "assets" => Ok(ImportKind::Assets),
        "glpi" => Ok(ImportKind::Glpi),
        other => Err(Problem::bad_request(format!("soort: `{other}` is not assets or glpi"))),
    }
}

/// Shows what an import would do.
async fn look(State(api): State<Api>, upload: Upload) -> Result<Response, Problem> {
    let Upload { visitor, kind: named, bytes, .. } = upload;
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    let kind = kind(&named)?;
    if bytes.is_empty() {
        return Err(Problem::bad_request(frame.t("enrol-import-nothing")));
    }
    let page = blocking(move || {
        let preview = api.app.import_preview(&actor, kind, &bytes, clock::now())?;
        let mut preview = ImportView::from(preview);
        let rows = preview.new + preview.changed;
        let more = preview.rows.len().saturating_sub(ROWS);
        preview.rows.truncate(ROWS);
        preview.errors.truncate(ROWS);
        let file = URL_SAFE_NO_PAD.encode(&bytes);
        Ok(PreviewPage { tabs: tabs(&frame, "/import"), preview, rows, file, more, frame })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// Writes an import as its preview showed it.
async fn apply(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let visitor = visitor.may(Right::Manage)?;
    let kind = kind(fields.need("soort")?)?;
    let after = "/assets?bron=import&melding=assets-imported";
    let skip_errors = fields.get("zonder-fouten").is_some();
    write(&api, visitor, kind, &fields, ("token", skip_errors), after).await
}

/// Writes the file that a form carries: at once where it is little, as work that one follows otherwise.
pub(in crate::web) async fn write(
    api: &Api,
    visitor: Visitor,
    kind: ImportKind,
    fields: &Fields,
    (token, skip_errors): (&str, bool),
    after: &'static str,
) -> Result<Response, Problem> {
    // Who may not import anything begins nothing.
    visitor.actor.require_for(Right::Manage, None)?;
    let unreadable = |_| Problem::bad_request("bestand: this is not what the preview gave");
    let bytes = URL_SAFE_NO_PAD.decode(fields.need("bestand")?).map_err(unreadable)?;
    let token = fields.need(token)?.to_owned();
    let rows = fields.parse("rijen")?.unwrap_or(0);
    let (run, actor) = (api.clone(), visitor.actor);
    let todo = move |progress: &Progress| {
        let seen = Seen { token: &token, skip_errors };
        run.app.import_follow(&actor, kind, &bytes, seen, progress, clock::now())?;
        run.wake.notify_one();
        Ok(())
    };
    let job = Job { kind: "import", rows, after };
    work::run(api, visitor.caller.user.id, job, todo).await
}
