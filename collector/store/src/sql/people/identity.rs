//! Users of an identity provider.

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
