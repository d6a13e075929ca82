//! Undoing a change of many assets at once. What it did is in the audit log, under its batch; each asset gets
//! back what it had before, unless somebody changed it since: a later decision is never overwritten.
//!
//! Each put-back takes the right that the change takes, is a record of its own under a new batch, and names the
//! batch it undoes.

mod put;

use std::collections::BTreeSet;

use belfort_model::id::{AssetId, BatchId};
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{AuditFilter, AuditRecord, Page};
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::{Actor, Right};
use super::risks::{not_found, refused, require_any};
use super::{App, AppError, Result, audit};

/// What the batch of a record is found by: it was made within this time of its first moment, seconds.
const BATCH_SECONDS: i64 = 3600;

/// Note in the audit log that a batch is undone.
const UNDO: &str = "batch.undo";

/// What becomes of one change of the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The value before is put back.
    PutBack,
    /// Somebody changed it since: it stays.
    ChangedSince,
    /// It was put back before.
    UndoneBefore,
    /// It cannot be put back, or not by this person; the text says why.
    Refused(String),
}

/// One change of the batch, and what undoing it does.
#[derive(Clone, Debug)]
pub struct UndoLine {
    /// The asset.
    pub asset: AssetId,
    /// Its name.
    pub name: String,
    /// Which value: `owner`, `class`, `labels`, `authorised` or `lifecycle`.
    pub value: &'static str,
    /// What the batch made of it; nothing when it took it away.
    pub from: Option<String>,
    /// What was there before; nothing when nothing was.
    pub to: Option<String>,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// What undoing a batch does, or did.
#[derive(Clone, Debug)]
pub struct BatchUndo {
    /// The batch.
    pub batch: BatchId,
    /// When its changes were made.
    pub at: Timestamp,
    /// The batch in which they were put back, once anything was.
    pub undone_in: Option<BatchId>,
    /// Its changes, as far as the actor may see the assets.
    pub lines: Vec<UndoLine>,
}

impl BatchUndo {
    /// How many changes have an outcome.
    pub fn count(&self, is_so: impl Fn(&Outcome) -> bool) -> usize {
        self.lines.iter().filter(|line| is_so(&line.outcome)).count()
    }

    /// How many are put back.
    pub fn put_back(&self) -> usize {
        self.count(|outcome| *outcome == Outcome::PutBack)
    }
}

/// Refuses who may undo nothing anywhere.
pub fn may_undo(actor: &Actor) -> Result<()> {
    Ok(require_any(actor, &[Right::Manage, Right::Confirm])?)
}

/// Whether changes with this action can be undone.
pub fn is_undoable(action: &str) -> bool {
    const ACTIONS: [&str; 5] =
        ["owner.set", "classification.set", "classification.confirm", "asset.edit", "asset.move"];
    ACTIONS.contains(&action)
}

impl App {
    /// Puts back what was before a batch of changes, as far as nobody changed it since; with `dry_run` only
    /// says what it would do. For who may make these changes. A batch is undone once.
    pub fn batch_undo(
        &self,
        actor: &Actor,
        batch: BatchId,
        dry_run: bool,
        now: Timestamp,
    ) -> Result<BatchUndo> {
        may_undo(actor)?;
        let records = self.undoable(batch)?;
        let before = self.undone(batch)?;
        let undoing = BatchId(Uuid::now_v7());
        let actor = Actor { batch: Some(undoing), undoes: Some(batch), ..actor.clone() };
        let at = records.first().map_or(now, |record| record.at);
        let mut undo = BatchUndo { batch, at, undone_in: None, lines: Vec::new() };
        for record in &records {
            let Ok(id) = record.subject.parse::<AssetId>() else { continue };
            // What lies outside of the sight of the actor is as if it were not there.
            let detail = match self.visible(&actor, id) {
                Ok(detail) => detail,
                Err(AppError::Store(StoreError::NotFound { .. })) => continue,
                Err(error) => return Err(error),
            };
            let Some((mut line, put)) = self.undo_line(record, &detail)? else { continue };
            if before.contains(&record.subject) {
                line.outcome = Outcome::UndoneBefore;
            } else if let Some(put) = put {
                line.outcome = match put.check(self, &actor, &detail, now) {
                    Ok(()) => Outcome::PutBack,
                    Err(error) => outcome(error)?,
                };
                if !dry_run && line.outcome == Outcome::PutBack {
                    self.undo_begins(&actor, &mut undo, undoing, now)?;
                    if let Err(error) = put.make(self, &actor, &detail, now) {
                        line.outcome = outcome(error)?;
                    }
                }
            }
            undo.lines.push(line);
        }
        if undo.lines.is_empty() {
            return Err(not_found("batch", &batch.to_string()));
        }
        if !dry_run && undo.put_back() == 0 {
            let reason = if undo.count(|outcome| *outcome == Outcome::UndoneBefore) > 0 {
                format!("batch `{batch}` was undone already")
            } else {
                format!("nothing of batch `{batch}` can be put back")
            };
            return Err(refused(reason));
        }
        Ok(undo)
    }

    /// Notes that a batch is undone, before the first change of it is: whoever undoes it again finds what was
    /// put back by this note.
    fn undo_begins(
        &self,
        actor: &Actor,
        undo: &mut BatchUndo,
        undoing: BatchId,
        now: Timestamp,
    ) -> Result<()> {
        if undo.undone_in.is_none() {
            let right = if actor.may(Right::Manage) { Right::Manage } else { Right::Confirm };
            let record = audit(actor, right, UNDO, &undo.batch, &json!({}), now)?;
            self.store.audit_add(&record)?;
            undo.undone_in = Some(undoing);
        }
        Ok(())
    }

    /// The changes of a batch that is undone here.
    fn undoable(&self, batch: BatchId) -> Result<Vec<AuditRecord>> {
        let records = self.records_of(batch)?;
        if records.iter().any(|record| record.action.starts_with("rule.")) {
            let reason = format!(
                "batch `{batch}` is a run of rules: undo it there, so that its rules are switched off"
            );
            return Err(refused(reason));
        }
        if records.iter().any(|record| member(record, "undoes").is_some()) {
            let reason = format!("batch `{batch}` undid another: make the change again instead");
            return Err(refused(reason));
        }
        Ok(records)
    }

    /// Subjects of the changes of a batch that were put back before.
    fn undone(&self, batch: BatchId) -> Result<BTreeSet<String>> {
        let filter = AuditFilter {
            subject: Some(batch.to_string()),
            action: Some(UNDO.to_owned()),
            ..AuditFilter::default()
        };
        let mut subjects = BTreeSet::new();
        for note in self.store.audit_search(&filter, Page::ALL)?.items {
            let Some(id) = member(&note, "batch").and_then(|id| id.parse().ok()) else { continue };
            subjects.extend(self.records_of(id)?.into_iter().map(|record| record.subject));
        }
        Ok(subjects)
    }

    /// All records of a batch, oldest first.
    fn records_of(&self, batch: BatchId) -> Result<Vec<AuditRecord>> {
        // The id of a batch says when it was made, so that not the whole log is read.
        let Some(made) = batch.0.get_timestamp() else { return Ok(Vec::new()) };
        let made = i64::try_from(made.to_unix().0).unwrap_or(i64::MAX / 1_000_000);
        let made = Timestamp(0).plus_seconds(made);
        let (from, to) = (made.plus_seconds(-1), made.plus_seconds(BATCH_SECONDS));
        Ok(self.store.audit_of_batch(batch, from, to)?)
    }
}

/// A text that a record says.
fn member(record: &AuditRecord, name: &str) -> Option<String> {
    let detail: Value = serde_json::from_str(&record.detail).ok()?;
    detail.get(name)?.as_str().map(str::to_owned)
}

/// What an error means for one change; a fault is one for all of them, and what was put back stays so.
fn outcome(error: AppError) -> Result<Outcome> {
    match error {
        AppError::Store(StoreError::Conflict { .. } | StoreError::NotFound { .. }) => {
            Ok(Outcome::ChangedSince)
        }
        AppError::Invalid(reason)
        | AppError::Forbidden(reason)
        | AppError::Store(StoreError::Refused(reason)) => Ok(Outcome::Refused(reason)),
        error => Err(error),
    }
}
