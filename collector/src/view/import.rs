//! What an import would do, or did.

use serde::Serialize;
use utoipa::ToSchema;

use crate::app::imports::{ImportPreview, RowAction};

/// What an import would do, or did.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportView {
    /// `assets`, `units` or `glpi`.
    pub kind: String,
    /// What has to be repeated to write exactly this.
    pub token: String,
    /// Rows that add something.
    pub new: u64,
    /// Rows that change something.
    pub changed: u64,
    /// Rows that say what is there already.
    pub same: u64,
    /// Columns that mean nothing here.
    pub ignored: Vec<String>,
    /// Rows that cannot be imported.
    pub errors: Vec<ImportErrorView>,
    /// Rows that add or change something; at most 1000 are shown.
    pub rows: Vec<ImportRowView>,
}

/// A row that cannot be imported.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportErrorView {
    /// Row in the file; the head is row 1.
    pub row: u64,
    /// What is wrong and what would do.
    pub reason: String,
}

/// A row that adds or changes something.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportRowView {
    /// Row in the file; the head is row 1.
    pub row: u64,
    /// `new` or `changed`.
    pub action: String,
    /// What it is about: a code, a name or a serial number.
    pub key: String,
    /// What changes, field by field.
    pub changes: Vec<ImportChangeView>,
}

/// One field that changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportChangeView {
    /// Which field.
    pub field: String,
    /// The value before; empty when there was none.
    pub before: String,
    /// The value after.
    pub after: String,
}

/// Rows shown.
const SHOWN: usize = 1000;

impl From<ImportPreview> for ImportView {
    fn from(preview: ImportPreview) -> Self {
        let count = |action| preview.count(action);
        let (new, changed, same) =
            (count(RowAction::New), count(RowAction::Changed), count(RowAction::Same));
        let rows = preview
            .lines
            .into_iter()
            .filter(|line| line.action != RowAction::Same)
            .take(SHOWN)
            .map(|line| ImportRowView {
                row: line.row,
                action: line.action.as_str().to_owned(),
                key: line.key,
                changes: line
                    .changes
                    .into_iter()
                    .map(|(field, before, after)| ImportChangeView { field, before, after })
                    .collect(),
            })
            .collect();
        let errors = preview.errors.into_iter().take(SHOWN);
        Self {
            kind: preview.kind.as_str().to_owned(),
            token: preview.token,
            new,
            changed,
            same,
            ignored: preview.ignored,
            errors: errors
                .map(|error| ImportErrorView { row: error.row, reason: error.reason })
                .collect(),
            rows,
        }
    }
}
