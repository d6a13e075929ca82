//! Attempts to log in. The table is bounded: the oldest counts make room.

use belfort_model::lockout;
use belfort_model::time::Timestamp;

use crate::Result;
use crate::driver::{Lock, Tx};
use crate::record::AttemptKey;
use crate::value::params;

/// Names and addresses remembered at most.
const MOST: u64 = 50_000;
/// How many make room at a time.
const ROOM: u32 = 5_000;

pub(crate) fn attempt_begin(
    tx: &mut Tx<'_>,
    keys: &[AttemptKey],
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    // Attempts at once would otherwise read the same count.
    tx.lock(Lock::Attempts)?;
    let mut counted = Vec::with_capacity(keys.len());
    let mut wait = None;
    for key in keys {
        let found = tx.one(
            "SELECT failures, last_at FROM login_attempt WHERE key = $1",
            params![key.key],
            |row| Ok((row.next::<u32>("attempt")?, row.next::<Timestamp>("attempt")?)),
        )?;
        let (failures, last) = found.unwrap_or((0, now));
        let failures = lockout::counting(failures, last, now);
        wait = wait.max(lockout::until(failures, key.free, last).filter(|until| *until > now));
        counted.push((key, found.is_none(), failures.saturating_add(1)));
    }
    if wait.is_some() {
        return Ok(wait);
    }
    for (key, is_new, failures) in counted {
        if is_new {
            make_room(tx)?;
        }
        tx.execute(
            "INSERT INTO login_attempt (key, failures, last_at) VALUES ($1, $2, $3)
             ON CONFLICT (key) DO UPDATE SET failures = $2, last_at = $3",
            params![key.key, failures, now],
        )?;
    }
    Ok(None)
}

fn make_room(tx: &mut Tx<'_>) -> Result<()> {
    if tx.count("SELECT COUNT(*) FROM login_attempt", &[])? >= MOST {
        tx.execute(
            "DELETE FROM login_attempt WHERE key IN
             (SELECT key FROM login_attempt ORDER BY last_at LIMIT $1)",
            params![ROOM],
        )?;
    }
    Ok(())
}

pub(crate) fn attempt_end(tx: &mut Tx<'_>, forget: [u8; 32], lessen: [u8; 32]) -> Result<()> {
    tx.lock(Lock::Attempts)?;
    tx.execute("DELETE FROM login_attempt WHERE key = $1", params![forget])?;
    tx.execute(
        "UPDATE login_attempt SET failures = failures - 1 WHERE key = $1 AND failures > 0",
        params![lessen],
    )?;
    Ok(())
}
