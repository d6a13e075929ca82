//! Reading the audit log, and records that are added once in a while.

use belfort_model::id::BatchId;
use belfort_model::time::Timestamp;

use crate::Result;
use crate::driver::{Conditions, Lock, Tx};
use crate::record::{Audit, AuditFilter, AuditRecord, Page, Paged};
use crate::sql::audit::{COLUMNS, append, read};
use crate::value::{Value, params};

pub(crate) fn audit_search(
    tx: &mut Tx<'_>,
    filter: &AuditFilter,
    page: Page,
) -> Result<Paged<AuditRecord>> {
    let mut conditions = Conditions::default();
    for (condition, value) in [("actor = ?", &filter.actor), ("subject = ?", &filter.subject)] {
        if let Some(value) = value {
            conditions.add(condition, value.into());
        }
    }
    match filter.action.as_deref() {
        // Actions are written in small letters: what sorts from the dot to the next sign has it.
        Some(action) if action.ends_with('.') => {
            conditions.add("action >= ?", action.into());
            let stem = action.strip_suffix('.').unwrap_or(action);
            conditions.add("action < ?", Value::from(format!("{stem}/")));
        }
        Some(action) => conditions.add("action = ?", action.into()),
        None => {}
    }
    if let Some(from) = filter.from {
        conditions.add("at >= ?", from.into());
    }
    if let Some(to) = filter.to {
        conditions.add("at < ?", to.into());
    }
    let clause = conditions.clause().to_owned();
    let total = tx.count(&format!("SELECT COUNT(*) FROM audit{clause}"), &conditions.params)?;
    let part = conditions.page(page);
    let sql = format!("SELECT {COLUMNS} FROM audit{clause} ORDER BY seq DESC{part}");
    Ok(Paged { total, items: tx.list(&sql, &conditions.params, read)? })
}

pub(crate) fn audit_of_batch(
    tx: &mut Tx<'_>,
    batch: BatchId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<AuditRecord>> {
    // Quotes within a text are escaped: only the member itself is written like this.
    let sql = format!(
        "SELECT {COLUMNS} FROM audit WHERE at >= $1 AND at < $2 AND detail LIKE $3 ORDER BY seq"
    );
    tx.list(&sql, params![from, to, format!("%\"batch\":\"{batch}\"%")], read)
}

pub(crate) fn audit_after(tx: &mut Tx<'_>, sequence: u64, limit: u32) -> Result<Vec<AuditRecord>> {
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2");
    tx.list(&sql, params![sequence, limit], read)
}

pub(crate) fn audit_get(tx: &mut Tx<'_>, sequence: u64) -> Result<Option<AuditRecord>> {
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE seq = $1");
    tx.one(&sql, params![sequence], read)
}

pub(crate) fn audit_add_once(tx: &mut Tx<'_>, audit: &Audit, since: Timestamp) -> Result<bool> {
    // Held to the end, so that two views at once are one record.
    tx.lock(Lock::Audit)?;
    let last = tx.one(
        "SELECT at FROM audit WHERE actor = $1 AND action = $2 AND subject = $3
         ORDER BY seq DESC LIMIT 1",
        params![&audit.actor, audit.action, &audit.subject],
        |row| row.next::<Timestamp>("audit"),
    )?;
    if last.is_some_and(|last| last > since) {
        return Ok(false);
    }
    append(tx, audit)?;
    Ok(true)
}
