//! What undoing a batch of changes does, as the interfaces show it.

use serde::Serialize;
use utoipa::ToSchema;

use super::text;
use crate::app::undo::{BatchUndo, Outcome, UndoLine};

/// What undoing a batch of changes did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchUndoView {
    /// Id of the batch.
    pub batch: String,
    /// When its changes were made.
    pub at: String,
    /// Id of the batch in which they were put back; nothing when nothing was done.
    pub undone_in: Option<String>,
    /// Changes that are put back.
    pub put_back: usize,
    /// Changes that stay because somebody changed the value since.
    pub changed_since: usize,
    /// Changes that were put back before.
    pub undone_before: usize,
    /// Changes that cannot be put back, or not by who asks.
    pub refused: usize,
    /// The changes, as far as who asks may see the assets.
    #[schema(max_items = 5000)]
    pub lines: Vec<UndoLineView>,
}

/// One change of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct UndoLineView {
    /// Id of the asset.
    pub asset: String,
    /// Its name.
    pub name: String,
    /// Which value: `owner`, `class`, `labels`, `authorised` or `lifecycle`.
    pub value: String,
    /// What the batch made of it.
    pub from: Option<String>,
    /// What was there before.
    pub to: Option<String>,
    /// `put_back`, `changed_since`, `undone_before` or `refused`.
    pub outcome: String,
    /// Why it is refused.
    pub reason: Option<String>,
}

impl From<BatchUndo> for BatchUndoView {
    fn from(undo: BatchUndo) -> Self {
        Self {
            batch: undo.batch.to_string(),
            at: text(undo.at),
            undone_in: undo.undone_in.map(|batch| batch.to_string()),
            put_back: undo.put_back(),
            changed_since: undo.count(|one| *one == Outcome::ChangedSince),
            undone_before: undo.count(|one| *one == Outcome::UndoneBefore),
            refused: undo.count(|one| matches!(one, Outcome::Refused(_))),
            lines: undo.lines.into_iter().map(UndoLineView::from).collect(),
        }
    }
}

impl From<UndoLine> for UndoLineView {
    fn from(line: UndoLine) -> Self {
        let (outcome, reason) = match line.outcome {
            Outcome::PutBack => ("put_back", None),
            Outcome::ChangedSince => ("changed_since", None),
            Outcome::UndoneBefore => ("undone_before", None),
            Outcome::Refused(reason) => ("refused", Some(reason)),
        };
        Self {
            asset: line.asset.to_string(),
            name: line.name,
            value: line.value.to_owned(),
            from: line.from,
            to: line.to,
            outcome: outcome.to_owned(),
            reason,
        }
    }
}
