//! Imports: a preview first, then exactly that.

use axum::body::to_bytes;
use axum::extract::{Request, State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::auth::{By, Path, Query, blocking};
use super::problem::{Problem, Writes};
use crate::app::access::Right;
use crate::app::imports::{BYTES, ImportKind};
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::ImportView;

async fn body(request: Request) -> Result<Vec<u8>, Problem> {
    let bytes = to_bytes(request.into_body(), BYTES).await;
    Ok(bytes.map_err(|_| Problem::too_large(BYTES as u64))?.to_vec())
}

fn kind(name: &str) -> Result<ImportKind, Problem> {
    name.parse().map_err(invalid("name"))
}

/// What an import would do; nothing is written. The body is the file: CSV or XLSX for `assets` and
/// `units`, JSON for `glpi`; at most 16 MiB.
#[utoipa::path(post, path = "/api/v1/imports/{name}", tag = "imports",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    params(("name" = String, Path, description = "assets, units or glpi")), responses(
    (status = 200, body = ImportView),
    Writes,
))]
pub async fn preview(
    State(api): State<Api>,
    By(actor): By,
    Path(name): Path<String>,
    request: Request,
) -> Result<axum::Json<ImportView>, Problem> {
    actor.require_for(Right::Manage, None)?;
    let kind = kind(&name)?;
    let bytes = body(request).await?;
    let preview =
        blocking(move || Ok(api.app.import_preview(&actor, kind, &bytes, clock::now())?)).await?;
    Ok(axum::Json(preview.into()))
}

/// What was seen.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The token of the preview. It is needed.
    #[param(max_length = 64)]
    token: Option<String>,
    /// Leave out rows that cannot be imported, instead of refusing all.
    #[serde(default)]
    skip_errors: bool,
}

/// Writes an import exactly as its preview showed it: with the same file and the preview's token.
#[utoipa::path(post, path = "/api/v1/imports/{name}/apply", tag = "imports",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    params(("name" = String, Path, description = "assets, units or glpi"), Seen), responses(
    (status = 200, body = ImportView),
    Writes,
))]
pub async fn apply(
    State(api): State<Api>,
    By(actor): By,
    Path(name): Path<String>,
    Query(seen): Query<Seen>,
    request: Request,
) -> Result<axum::Json<ImportView>, Problem> {
    actor.require_for(Right::Manage, None)?;
    let kind = kind(&name)?;
    let token = seen.token.ok_or_else(|| {
        Problem::bad_request(
            "token: repeat the token of the preview, so that only what was seen is written",
        )
    })?;
    let bytes = body(request).await?;
    let done = blocking(move || {
        let now = clock::now();
        let done = api.app.import_apply(&actor, kind, &bytes, &token, seen.skip_errors, now)?;
        api.wake.notify_one();
        Ok(done)
    })
    .await?;
    Ok(axum::Json(done.into()))
}
