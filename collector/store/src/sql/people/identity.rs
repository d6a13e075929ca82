//! Users of an identity provider.

use belfort_model::id::UserId;
use belfort_model::time::Timestamp;

use crate::driver::Tx;
use crate::record::{Audit, Identity, User};
use crate::sql::user::{USER, read_user, user_insert};
use crate::value::params;
use crate::{Result, StoreError};

pub(crate) fn identity_find(tx: &mut Tx<'_>, identity: &Identity) -> Result<Option<User>> {
    let sql = format!(
        "SELECT {USER} FROM app_user u JOIN identity i ON i.user_id = u.id
         WHERE i.issuer = $1 AND i.subject = $2"
    );
    tx.one(&sql, params![&identity.issuer, &identity.subject], read_user)
}

/// Read from the audit log: sessions are forgotten when they end, records of logins never are.
pub(crate) fn identity_last_login(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Timestamp>> {
    let what = "identity";
    let added =
        tx.one("SELECT created_at FROM identity WHERE user_id = $1", params![user], |row| {
            row.next::<Timestamp>(what)
        })?;
    let Some(added) = added else { return Ok(None) };
    let last = tx.one(
        "SELECT at FROM audit WHERE subject = $1 AND action = 'login.ok' ORDER BY seq DESC LIMIT 1",
        params![user.to_string()],
        |row| row.next(what),
    )?;
    Ok(Some(last.unwrap_or(added)))
}

pub(crate) fn identity_insert(
    tx: &mut Tx<'_>,
    identity: &Identity,
    user: &User,
    audit: &Audit,
) -> Result<()> {
    if identity_find(tx, identity)?.is_some() {
        return Err(StoreError::Exists { what: "identity", id: identity.subject.clone() });
    }
    user_insert(tx, user, audit)?;
    let added = tx.execute(
        "INSERT INTO identity (issuer, subject, user_id, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        params![&identity.issuer, &identity.subject, user.id, user.created_at],
    )?;
    match added {
        0 => Err(StoreError::Exists { what: "identity", id: identity.subject.clone() }),
        _ => Ok(()),
    }
}
