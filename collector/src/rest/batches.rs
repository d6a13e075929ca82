//! Batches: the same change to many assets at once, and undoing it.

use axum::extract::State;
use belfort_model::id::BatchId;

use super::Api;
use super::auth::{By, Path, Query, blocking};
use super::problem::{Problem, Writes};
use super::risks::work::DryRun;
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::BatchUndoView;

/// Puts back what was before a batch of changes, as far as nobody changed it since. The id of a batch is in
/// the records of the audit log. Each asset takes the right that its change takes; a batch is undone once.
#[utoipa::path(post, path = "/api/v1/batches/{id}/undo", tag = "assets",
    params(("id" = String, Path, format = Uuid), DryRun), responses(
    (status = 200, body = BatchUndoView),
    Writes,
))]
pub async fn undo(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    Query(DryRun { dry_run }): Query<DryRun>,
) -> Result<axum::Json<BatchUndoView>, Problem> {
    crate::app::undo::may_undo(&actor)?;
    let id: BatchId = id.parse().map_err(invalid("id"))?;
    let undone = blocking(move || {
        let undone = api.app.batch_undo(&actor, id, dry_run, clock::now())?;
        if !dry_run {
            api.wake.notify_one();
        }
        Ok(undone)
    })
    .await?;
    Ok(axum::Json(undone.into()))
}
