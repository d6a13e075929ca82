//! Sessions.

use belfort_model::id::{SessionId, UserId};
use belfort_model::time::Timestamp;

use super::account::existing;
use crate::driver::Tx;
use crate::record::{Audit, LoginMethod, Session, User};
use crate::sql::audit;
use crate::sql::user::{USER, read_user};
use crate::value::{Row, params};
use crate::{Result, StoreError};

const SESSION: &str = "s.id, s.user_id, s.method, s.second_factor, s.created_at, s.last_used_at,
    s.expires_at, s.address, s.browser";

fn read_session(row: &mut Row) -> Result<Session> {
    let what = "session";
    Ok(Session {
        id: row.next(what)?,
        user: row.next(what)?,
        method: match row.next::<String>(what)?.as_str() {
            "password" => LoginMethod::Password,
            "oidc" => LoginMethod::Oidc,
            other => {
                let reason = format!("`{other}` is no way to log in");
                return Err(StoreError::Corrupt { what, reason });
            }
        },
        second_factor: row.next(what)?,
        created_at: row.next(what)?,
        last_used_at: row.next(what)?,
        expires_at: row.next(what)?,
        address: row.next(what)?,
        browser: row.next(what)?,
    })
}

/// Ends every session of a user but one.
pub(super) fn end_others(tx: &mut Tx<'_>, user: UserId, keep: Option<SessionId>) -> Result<()> {
    match keep {
        Some(keep) => {
            tx.execute("DELETE FROM session WHERE user_id = $1 AND id <> $2", params![user, keep])?
        }
        None => tx.execute("DELETE FROM session WHERE user_id = $1", params![user])?,
    };
    Ok(())
}

pub(crate) fn session_insert(
    tx: &mut Tx<'_>,
    session: &Session,
    secret_sha256: [u8; 32],
    replaces: Option<SessionId>,
    audit: &Audit,
) -> Result<()> {
    if existing(tx, session.user)?.disabled_at.is_some() {
        return Err(StoreError::Refused("the user is switched off".to_owned()));
    }
    tx.execute("DELETE FROM session WHERE expires_at <= $1", params![session.created_at])?;
    if let Some(replaces) = replaces {
        tx.execute("DELETE FROM session WHERE id = $1", params![replaces])?;
    }
    tx.execute(
        "INSERT INTO session (id, secret_sha256, user_id, method, second_factor, created_at,
         last_used_at, expires_at, address, browser)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            session.id,
            secret_sha256,
            session.user,
            session.method.as_str(),
            session.second_factor,
            session.created_at,
            session.last_used_at,
            session.expires_at,
            &session.address,
            &session.browser,
        ],
    )?;
    audit::append(tx, audit)
}

pub(crate) fn session_find(
    tx: &mut Tx<'_>,
    secret_sha256: [u8; 32],
) -> Result<Option<(Session, User)>> {
    let sql = format!(
        "SELECT {SESSION}, {USER} FROM session s JOIN app_user u ON u.id = s.user_id
         WHERE s.secret_sha256 = $1"
    );
    tx.one(&sql, params![secret_sha256], |row| Ok((read_session(row)?, read_user(row)?)))
}

pub(crate) fn session_touch(tx: &mut Tx<'_>, id: SessionId, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE session SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2",
        params![id, now],
    )?;
    Ok(())
}

pub(crate) fn session_list(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<Session>> {
    let sql = format!(
        "SELECT {SESSION} FROM session s WHERE s.user_id = $1 ORDER BY s.created_at DESC, s.id DESC"
    );
    tx.list(&sql, params![user], read_session)
}

pub(crate) fn session_end(
    tx: &mut Tx<'_>,
    user: UserId,
    id: SessionId,
    audit: &Audit,
) -> Result<()> {
    let ended =
        tx.execute("DELETE FROM session WHERE id = $1 AND user_id = $2", params![id, user])?;
    if ended == 0 {
        return Err(StoreError::NotFound { what: "session", id: id.to_string() });
    }
    audit::append(tx, audit)
}

pub(crate) fn session_end_all(tx: &mut Tx<'_>, user: UserId, audit: &Audit) -> Result<()> {
    existing(tx, user)?;
    end_others(tx, user, None)?;
    audit::append(tx, audit)
}
