//! Assignment rules: the rules themselves, what they look at, what they assigned, and taking it back.

mod apply;
mod input;
mod undo;

use belfort_model::id::{BatchId, RuleId};
use belfort_model::rule::{Assignment, Batch, Rule, RuleState};

use crate::driver::{Conditions, Lock, Tx};
use crate::record::{AssignedRecord, Audit, Page, Paged};
use crate::sql::audit;
use crate::value::{Row, document, params};
use crate::{Result, StoreError};

pub(crate) use apply::rules_apply;
pub(crate) use input::{rule_input, rule_inputs};
pub(crate) use undo::batch_undo;

fn read(row: &mut Row) -> Result<Rule> {
    let what = "rule";
    let rule: Rule = row.document(what)?;
    // The columns are what counts: order and preview change without the document.
    Ok(Rule { position: row.next(what)?, previewed: row.next(what)?, ..rule })
}

pub(crate) fn rule_list(tx: &mut Tx<'_>) -> Result<Vec<Rule>> {
    let sql = "SELECT document, position, previewed FROM assignment_rule ORDER BY position, id";
    tx.list(sql, &[], read)
}

/// The error for an id that no rule has.
fn unknown(id: RuleId) -> StoreError {
    StoreError::NotFound { what: "rule", id: id.to_string() }
}

pub(crate) fn rule_insert(tx: &mut Tx<'_>, rule: &Rule, audit: &Audit) -> Result<()> {
    let added = tx.execute(
        "INSERT INTO assignment_rule
         (id, name_folded, position, state, version, previewed, document)
         SELECT $1, $2, COALESCE(MAX(position), 0) + 1, $3, $4, NULL, $5 FROM assignment_rule
         WHERE 1 = 1 ON CONFLICT DO NOTHING",
        params![
            rule.id,
            rule.name.to_lowercase(),
            rule.state,
            rule.version,
            document("rule", rule)?
        ],
    )?;
    if added == 0 {
        return Err(StoreError::Exists { what: "rule", id: rule.name.clone() });
    }
    audit::append(tx, audit)
}

pub(crate) fn rule_update(tx: &mut Tx<'_>, rule: &Rule, seen: &Rule, audit: &Audit) -> Result<()> {
    let taken = tx.count(
        "SELECT COUNT(*) FROM assignment_rule WHERE name_folded = $1 AND id <> $2",
        params![rule.name.to_lowercase(), rule.id],
    )?;
    if taken > 0 {
        return Err(StoreError::Exists { what: "rule", id: rule.name.clone() });
    }
    let changed = tx.execute(
        "UPDATE assignment_rule SET name_folded = $2, state = $3, version = $4, previewed = $5,
             document = $6
         WHERE id = $1 AND version = $7 AND state = $8",
        params![
            rule.id,
            rule.name.to_lowercase(),
            rule.state,
            rule.version,
            rule.previewed,
            document("rule", rule)?,
            seen.version,
            seen.state,
        ],
    )?;
    if changed == 0 {
        return Err(StoreError::Conflict { what: "rule", id: rule.name.clone() });
    }
    audit::append(tx, audit)
}

pub(crate) fn rule_previewed(tx: &mut Tx<'_>, id: RuleId, version: u64) -> Result<()> {
    tx.execute(
        "UPDATE assignment_rule SET previewed = $2 WHERE id = $1 AND version = $2",
        params![id, version],
    )?;
    Ok(())
}

pub(crate) fn rule_remove(tx: &mut Tx<'_>, id: RuleId, audit: &Audit) -> Result<()> {
    if tx.execute("DELETE FROM assignment_rule WHERE id = $1", params![id])? == 0 {
        return Err(unknown(id));
    }
    audit::append(tx, audit)
}

pub(crate) fn rule_order(tx: &mut Tx<'_>, ids: &[RuleId], audit: &Audit) -> Result<()> {
    tx.lock(Lock::Links)?;
    let mut known: Vec<_> = rule_list(tx)?.into_iter().map(|rule| rule.id).collect();
    let mut asked = ids.to_vec();
    known.sort();
    asked.sort();
    if known != asked {
        let message = "the order must name every rule once".to_owned();
        return Err(StoreError::Refused(message));
    }
    for (position, id) in (1_u64..).zip(ids) {
        tx.execute(
            "UPDATE assignment_rule SET position = $2,
                 previewed = CASE WHEN state = 'enabled' THEN previewed ELSE NULL END
             WHERE id = $1",
            params![*id, position],
        )?;
    }
    audit::append(tx, audit)
}

/// Switches a rule off, when it is on; answers whether it was.
fn disable(tx: &mut Tx<'_>, id: RuleId, audit: &Audit) -> Result<bool> {
    let sql = "SELECT document, position, previewed FROM assignment_rule WHERE id = $1";
    let Some(rule) = tx.one(sql, params![id], read)? else {
        return Ok(false);
    };
    if rule.state != RuleState::Enabled {
        return Ok(false);
    }
    let off = Rule {
        state: RuleState::Disabled,
        previewed: None,
        changed_by: audit.actor.clone(),
        changed_at: audit.at,
        ..rule
    };
    tx.execute(
        "UPDATE assignment_rule SET state = $2, previewed = NULL, document = $3 WHERE id = $1",
        params![id, off.state, document("rule", &off)?],
    )?;
    Ok(true)
}

pub(crate) fn batch_list(tx: &mut Tx<'_>, page: Page) -> Result<Paged<Batch>> {
    let what = "rule batch";
    let mut items = tx.list(
        "SELECT b.id, b.at, b.actor, b.undone_at,
             (SELECT COUNT(DISTINCT r.asset) FROM rule_assignment r WHERE r.batch = b.id),
             (SELECT COUNT(*) FROM rule_assignment r WHERE r.batch = b.id)
         FROM rule_batch b ORDER BY b.at DESC, b.id DESC LIMIT $1 OFFSET $2",
        params![page.limit, page.offset],
        |row| {
            Ok(Batch {
                id: row.next(what)?,
                at: row.next(what)?,
                by: row.next(what)?,
                undone_at: row.next(what)?,
                assets: row.next(what)?,
                values: row.next(what)?,
                rules: Vec::new(),
            })
        },
    )?;
    for batch in &mut items {
        batch.rules = tx.list(
            "SELECT DISTINCT rule_name FROM rule_assignment WHERE batch = $1 ORDER BY rule_name",
            params![batch.id],
            |row| row.next(what),
        )?;
    }
    Ok(Paged { total: tx.count("SELECT COUNT(*) FROM rule_batch", &[])?, items })
}

const ASSIGNED: &str = "SELECT b.id, b.at, r.asset, a.name, r.rule, r.rule_name, r.rule_version,
        r.document
    FROM rule_assignment r
    JOIN rule_batch b ON b.id = r.batch
    JOIN asset a ON a.id = r.asset";

fn read_assigned(row: &mut Row) -> Result<AssignedRecord> {
    let what = "rule assignment";
    Ok(AssignedRecord {
        batch: row.next(what)?,
        at: row.next(what)?,
        asset: row.next(what)?,
        asset_name: row.next(what)?,
        rule: row.next(what)?,
        rule_name: row.next(what)?,
        rule_version: row.next(what)?,
        assignment: row.document::<Assignment>(what)?,
    })
}

pub(crate) fn batch_assignments(
    tx: &mut Tx<'_>,
    batch: BatchId,
    page: Page,
) -> Result<Paged<AssignedRecord>> {
    if tx.count("SELECT COUNT(*) FROM rule_batch WHERE id = $1", params![batch])? == 0 {
        return Err(StoreError::NotFound { what: "rule batch", id: batch.to_string() });
    }
    let mut conditions = Conditions::default();
    conditions.add("r.batch = ?", batch.into());
    let count = format!("SELECT COUNT(*) FROM rule_assignment r{}", conditions.clause());
    let total = tx.count(&count, &conditions.params)?;
    let part = conditions.page(page);
    let sql = format!("{ASSIGNED}{} ORDER BY r.seq{part}", conditions.clause());
    Ok(Paged { items: tx.list(&sql, &conditions.params, read_assigned)?, total })
}

pub(crate) fn assignments_of(
    tx: &mut Tx<'_>,
    asset: belfort_model::id::AssetId,
) -> Result<Vec<AssignedRecord>> {
    let sql = format!(
        "{ASSIGNED} WHERE r.asset = $1 AND b.undone_at IS NULL
         ORDER BY b.at DESC, b.id DESC, r.seq DESC LIMIT 1000"
    );
    tx.list(&sql, params![asset], read_assigned)
}
