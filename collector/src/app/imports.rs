//! Imports: looked at first, written only as they were seen.
//!
//! A preview says what each row would do and gives a token: the hash of the file and of that plan. Applying
//! works the plan out anew and refuses another token, so that what is written is what was seen. Applying
//! twice changes nothing: rows are matched to what is there by their key.

mod assets;
mod columns;
mod inventory;
mod table;
mod units;

use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use sha2::{Digest as _, Sha256};

use super::access::{Actor, Right};
use super::work::Progress;
use super::{App, AppError, Result};

/// Largest file, bytes.
pub const BYTES: usize = 16 << 20;

/// Most rows of a table, and most inventories of one file.
pub const ROWS: usize = 50_000;

/// What is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportKind {
    /// Assets, from a table.
    Assets,
    /// Organisational units, from a table.
    Units,
    /// Device inventories of GLPI agents, from JSON.
    Glpi,
}

impl ImportKind {
    /// Its name on the command line and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assets => "assets",
            Self::Units => "units",
            Self::Glpi => "glpi",
        }
    }
}

impl std::str::FromStr for ImportKind {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        [Self::Assets, Self::Units, Self::Glpi]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not one of assets, units, glpi"))
    }
}

/// What a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowAction {
    /// Adds something.
    New,
    /// Changes something that is there.
    Changed,
    /// Says what is there already.
    Same,
}

impl RowAction {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Same => "same",
        }
    }
}

/// One row of a preview.
#[derive(Clone, Debug)]
pub struct ImportLine {
    /// Row in the file, as a spreadsheet counts: the head is row 1.
    pub row: u64,
    /// What it does.
    pub action: RowAction,
    /// What it is about: a code, a name or a serial number.
    pub key: String,
    /// What changes, field by field: name, before, after.
    pub changes: Vec<(String, String, String)>,
}

/// A row that cannot be imported.
#[derive(Clone, Debug)]
pub struct ImportError {
    /// Row in the file.
    pub row: u64,
    /// What is wrong and what would do.
    pub reason: String,
}

/// What an import would do.
#[derive(Clone, Debug)]
pub struct ImportPreview {
    /// What is imported.
    pub kind: ImportKind,
    /// What has to be repeated to write exactly this.
    pub token: String,
    /// Columns of the file that mean nothing here.
    pub ignored: Vec<String>,
    /// Every row that can be imported.
    pub lines: Vec<ImportLine>,
    /// Every row that cannot.
    pub errors: Vec<ImportError>,
}

impl ImportPreview {
    /// How many rows do this.
    pub fn count(&self, action: RowAction) -> u64 {
        self.lines.iter().filter(|line| line.action == action).count() as u64
    }
}

/// A plan: what it looks like, and what is written.
struct Planned<T> {
    lines: Vec<ImportLine>,
    errors: Vec<ImportError>,
    ignored: Vec<String>,
    writes: Vec<T>,
}

impl<T> Planned<T> {
    fn new(ignored: Vec<String>) -> Self {
        Self { lines: Vec::new(), errors: Vec::new(), ignored, writes: Vec::new() }
    }

    fn error(&mut self, row: u64, reason: impl Into<String>) {
        self.errors.push(ImportError { row, reason: reason.into() });
    }

    fn preview(self, kind: ImportKind, bytes: &[u8]) -> (ImportPreview, Vec<T>) {
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        };
        add(kind.as_str());
        for line in &self.lines {
            add(&format!("{} {} {}", line.row, line.action.as_str(), line.key));
            for (field, before, after) in &line.changes {
                add(field);
                add(before);
                add(after);
            }
        }
        for error in &self.errors {
            add(&format!("{} {}", error.row, error.reason));
        }
        hash.update(bytes);
        let preview = ImportPreview {
            kind,
            token: hex::encode(hash.finalize()),
            ignored: self.ignored,
            lines: self.lines,
            errors: self.errors,
        };
        (preview, self.writes)
    }
}

/// What somebody saw of an import, and says about it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The token of the preview.
    pub token: &'a str,
    /// Whether rows that cannot be imported are left out.
    pub skip_errors: bool,
}

/// What is to be written.
enum Writes {
    Units(Vec<units::Write>),
    Assets(Vec<assets::Write>),
    Inventories(Vec<inventory::Write>),
}

impl App {
    /// What an import would do. Nothing is written.
    pub fn import_preview(
        &self,
        actor: &Actor,
        kind: ImportKind,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<ImportPreview> {
        Ok(self.import_plan(actor, kind, bytes, &Progress::default(), now)?.0)
    }

    /// Writes an import as its preview showed it; rows that cannot be imported are left out when the caller
    /// says so, otherwise nothing is written. Answers what was done.
    pub fn import_apply(
        &self,
        actor: &Actor,
        kind: ImportKind,
        bytes: &[u8],
        token: &str,
        skip_errors: bool,
        now: Timestamp,
    ) -> Result<ImportPreview> {
        let seen = Seen { token, skip_errors };
        self.import_follow(actor, kind, bytes, seen, &Progress::default(), now)
    }

    /// The same, and says how far it is.
    pub fn import_follow(
        &self,
        actor: &Actor,
        kind: ImportKind,
        bytes: &[u8],
        seen: Seen<'_>,
        progress: &Progress,
        now: Timestamp,
    ) -> Result<ImportPreview> {
        let Seen { token, skip_errors } = seen;
        let (preview, writes) = self.import_plan(actor, kind, bytes, progress, now)?;
        if preview.token != token {
            let reason = "this is not what the preview showed: the file or the register is another \
                one by now; look at a new preview";
            return Err(StoreError::Refused(reason.to_owned()).into());
        }
        if !preview.errors.is_empty() && !skip_errors {
            let reason = format!(
                "{} rows cannot be imported: mend them, or leave them out by asking for it",
                preview.errors.len()
            );
            return Err(StoreError::Refused(reason).into());
        }
        progress.write();
        match writes {
            Writes::Units(writes) => self.store.unit_import(&writes)?,
            Writes::Assets(writes) => self.store.asset_import(&writes)?,
            Writes::Inventories(writes) => {
                for (asset, report) in writes {
                    self.store.inventory_import(&asset, &report)?;
                }
            }
        }
        Ok(preview)
    }

    fn import_plan(
        &self,
        actor: &Actor,
        kind: ImportKind,
        bytes: &[u8],
        progress: &Progress,
        now: Timestamp,
    ) -> Result<(ImportPreview, Writes)> {
        // An import reaches everywhere.
        actor.require_for(Right::Manage, None)?;
        if bytes.len() > BYTES {
            let reason = format!("the file is larger than {} MiB: split it", BYTES >> 20);
            return Err(AppError::Invalid(reason));
        }
        Ok(match kind {
            ImportKind::Units => {
                let plan = self.units_plan(actor, &table::read(bytes)?, progress, now)?;
                let (preview, writes) = plan.preview(kind, bytes);
                (preview, Writes::Units(writes))
            }
            ImportKind::Assets => {
                let plan = self.assets_plan(actor, &table::read(bytes)?, progress, now)?;
                let (preview, writes) = plan.preview(kind, bytes);
                (preview, Writes::Assets(writes))
            }
            ImportKind::Glpi => {
                let plan = self.inventories_plan(actor, bytes, progress, now)?;
                let (preview, writes) = plan.preview(kind, bytes);
                (preview, Writes::Inventories(writes))
            }
        })
    }
}
