//! Ways in: passwords, one-time codes and second factors.

use belfort_model::id::{SessionId, UserId};
use belfort_model::time::Timestamp;

use super::account::existing;
use super::session::end_others;
use super::token::revoke_all;
use crate::Result;
use crate::driver::Tx;
use crate::record::{Audit, Credential, User};
use crate::sql::audit;
use crate::sql::user::{USER, read_user};
use crate::value::params;

pub(crate) fn credential_get(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Credential>> {
    tx.one(
        "SELECT password, totp, totp_pending FROM credential WHERE user_id = $1",
        params![user],
        |row| {
            let what = "credential";
            let (password, totp) = (row.next(what)?, row.next(what)?);
            Ok(Credential { password, totp, totp_pending: row.next(what)? })
        },
    )
}

/// Makes sure that the user has a row to change.
fn row(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    existing(tx, user)?;
    tx.execute(
        "INSERT INTO credential (user_id, totp_step) VALUES ($1, 0) ON CONFLICT DO NOTHING",
        params![user],
    )?;
    Ok(())
}

const SET_PASSWORD: &str = "UPDATE credential
    SET password = $2, password_at = $3, reset_sha256 = NULL, reset_until = NULL
    WHERE user_id = $1";

pub(crate) fn password_set(
    tx: &mut Tx<'_>,
    user: UserId,
    phc: &str,
    keep: Option<SessionId>,
    audit: &Audit,
) -> Result<()> {
    row(tx, user)?;
    tx.execute(SET_PASSWORD, params![user, phc, audit.at])?;
    end_others(tx, user, keep)?;
    audit::append(tx, audit)
}

pub(crate) fn password_upgrade(tx: &mut Tx<'_>, user: UserId, old: &str, new: &str) -> Result<()> {
    tx.execute(
        "UPDATE credential SET password = $3 WHERE user_id = $1 AND password = $2",
        params![user, old, new],
    )?;
    Ok(())
}

pub(crate) fn reset_set(
    tx: &mut Tx<'_>,
    user: UserId,
    code_sha256: [u8; 32],
    until: Timestamp,
    audit: &Audit,
) -> Result<()> {
    row(tx, user)?;
    tx.execute(
        "UPDATE credential SET password = NULL, password_at = NULL, reset_sha256 = $2,
         reset_until = $3, totp = NULL, totp_at = NULL, totp_pending = NULL WHERE user_id = $1",
        params![user, code_sha256, until],
    )?;
    tx.execute("DELETE FROM recovery_code WHERE user_id = $1", params![user])?;
    end_others(tx, user, None)?;
    audit::append(tx, audit)?;
    revoke_all(tx, user, audit)
}

pub(crate) fn reset_find(
    tx: &mut Tx<'_>,
    code_sha256: [u8; 32],
    now: Timestamp,
) -> Result<Option<User>> {
    let sql = format!(
        "SELECT {USER} FROM app_user u JOIN credential c ON c.user_id = u.id
         WHERE c.reset_sha256 = $1 AND c.reset_until > $2 AND u.disabled_at IS NULL"
    );
    tx.one(&sql, params![code_sha256, now], read_user)
}

pub(crate) fn reset_use(
    tx: &mut Tx<'_>,
    user: UserId,
    code_sha256: [u8; 32],
    phc: &str,
    audit: &Audit,
) -> Result<bool> {
    let sql = format!("{SET_PASSWORD} AND reset_sha256 = $4 AND reset_until > $3");
    if tx.execute(&sql, params![user, phc, audit.at, code_sha256])? == 0 {
        return Ok(false);
    }
    end_others(tx, user, None)?;
    audit::append(tx, audit)?;
    Ok(true)
}

pub(crate) fn totp_propose(tx: &mut Tx<'_>, user: UserId, sealed: &[u8]) -> Result<()> {
    row(tx, user)?;
    tx.execute(
        "UPDATE credential SET totp_pending = $2 WHERE user_id = $1",
        params![user, sealed],
    )?;
    Ok(())
}

pub(crate) fn totp_confirm(
    tx: &mut Tx<'_>,
    user: UserId,
    sealed: &[u8],
    step: u64,
    recovery_sha256: &[[u8; 32]],
    keep: Option<SessionId>,
    audit: &Audit,
) -> Result<bool> {
    let confirmed = tx.execute(
        "UPDATE credential SET totp = totp_pending, totp_at = $2, totp_step = $3,
         totp_pending = NULL WHERE user_id = $1 AND totp_pending = $4",
        params![user, audit.at, step, sealed],
    )?;
    if confirmed == 0 {
        return Ok(false);
    }
    tx.execute("DELETE FROM recovery_code WHERE user_id = $1", params![user])?;
    for code in recovery_sha256 {
        tx.execute(
            "INSERT INTO recovery_code (user_id, sha256) VALUES ($1, $2)",
            params![user, *code],
        )?;
    }
    end_others(tx, user, keep)?;
    audit::append(tx, audit)?;
    Ok(true)
}

pub(crate) fn totp_use(tx: &mut Tx<'_>, user: UserId, step: u64) -> Result<bool> {
    let used = tx.execute(
        "UPDATE credential SET totp_step = $2 WHERE user_id = $1 AND totp_step < $2",
        params![user, step],
    )?;
    Ok(used > 0)
}

pub(crate) fn recovery_use(
    tx: &mut Tx<'_>,
    user: UserId,
    sha256: [u8; 32],
    audit: &Audit,
) -> Result<bool> {
    let used = tx.execute(
        "DELETE FROM recovery_code WHERE user_id = $1 AND sha256 = $2",
        params![user, sha256],
    )?;
    if used > 0 {
        audit::append(tx, audit)?;
    }
    Ok(used > 0)
}
