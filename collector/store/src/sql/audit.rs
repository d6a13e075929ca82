//! The audit log: append-only, each record chained to the one before by its hash.

use belfort_model::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::Result;
use crate::driver::{Lock, Tx};
use crate::record::{Audit, AuditRecord, Page, Paged};
use crate::value::{Row, Value, params};

/// What the hash of the first record follows.
const BEGINNING: [u8; 32] = [0; 32];

/// Records read at a time when the chain is checked.
const CHUNK: u32 = 2_000;

/// Appends a record. Call it last: on a server all writers meet here.
pub(super) fn append(tx: &mut Tx<'_>, audit: &Audit) -> Result<()> {
    tx.lock(Lock::Audit)?;
    let last = tx.one("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", &[], |row| {
        Ok((row.next::<u64>("audit")?, row.next::<[u8; 32]>("audit")?))
    })?;
    let (sequence, previous) = last.map_or((1, BEGINNING), |(seq, hash)| (seq + 1, hash));
    let mut record = AuditRecord {
        sequence,
        at: audit.at,
        actor: stored(&audit.actor),
        action: stored(audit.action),
        subject: stored(&audit.subject),
        detail: stored(&audit.detail),
        hash: BEGINNING,
    };
    record.hash = chained(previous, &record);
    tx.execute(
        "INSERT INTO audit (seq, at, actor, action, subject, detail, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            record.sequence,
            record.at,
            record.actor,
            record.action,
            record.subject,
            record.detail,
            record.hash,
        ],
    )?;
    Ok(())
}

/// The text as the database will give it back.
fn stored(text: &str) -> String {
    match Value::from(text) {
        Value::Text(text) => text,
        _ => String::new(),
    }
}

/// The hash of a record: every part with its length before it, so that none can run into the next.
pub(crate) fn chained(previous: [u8; 32], record: &AuditRecord) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"belfort audit 1\n");
    hash.update(previous);
    hash.update(record.sequence.to_be_bytes());
    hash.update(record.at.0.to_be_bytes());
    for text in [&record.actor, &record.action, &record.subject, &record.detail] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}

pub(super) fn audit_add(tx: &mut Tx<'_>, audit: &Audit) -> Result<()> {
    append(tx, audit)
}

pub(super) const COLUMNS: &str = "seq, at, actor, action, subject, detail, hash";

pub(super) fn read(row: &mut Row) -> Result<AuditRecord> {
    let what = "audit";
    Ok(AuditRecord {
        sequence: row.next(what)?,
        at: row.next::<Timestamp>(what)?,
        actor: row.next(what)?,
        action: row.next(what)?,
        subject: row.next(what)?,
        detail: row.next(what)?,
        hash: row.next(what)?,
    })
}

pub(super) fn audit_list(tx: &mut Tx<'_>, page: Page) -> Result<Paged<AuditRecord>> {
    Ok(Paged {
        total: tx.count("SELECT COUNT(*) FROM audit", &[])?,
        items: tx.list(
            &format!("SELECT {COLUMNS} FROM audit ORDER BY seq DESC LIMIT $1 OFFSET $2"),
            params![page.limit, page.offset],
            read,
        )?,
    })
}

pub(super) fn audit_verify(tx: &mut Tx<'_>) -> Result<std::result::Result<u64, u64>> {
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2");
    let mut previous = BEGINNING;
    let mut holds = 0;
    loop {
        let chunk = tx.list(&sql, params![holds, CHUNK], read)?;
        if chunk.is_empty() {
            break;
        }
        for record in chunk {
            let gap = record.sequence != holds + 1;
            if gap || record.hash != chained(previous, &record) {
                return Ok(Err(holds + 1));
            }
            previous = record.hash;
            holds = record.sequence;
        }
    }
    // A record before the first one is not reached from there.
    let all = tx.count("SELECT COUNT(*) FROM audit", &[])?;
    Ok(if all == holds { Ok(holds) } else { Err(1) })
}
