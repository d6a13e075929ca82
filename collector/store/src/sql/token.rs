//! Enrolment tokens.

use belfort_model::agent::EnrolmentToken;
use belfort_model::id::TokenId;

use crate::driver::Tx;
use crate::record::Audit;
use crate::sql::{audit, unit};
use crate::value::{Row, params};
use crate::{Result, StoreError};

const COLUMNS: &str = "id, label, unit, uses_allowed, uses, created_at, created_by, expires_at,
    last_used_at, revoked_at";

fn read(row: &mut Row) -> Result<EnrolmentToken> {
    let what = "enrolment token";
    Ok(EnrolmentToken {
        id: row.next(what)?,
        label: row.next(what)?,
        unit: row.next(what)?,
        uses_allowed: row.next(what)?,
        uses: row.next(what)?,
        created_at: row.next(what)?,
        created_by: row.next(what)?,
        expires_at: row.next(what)?,
        last_used_at: row.next(what)?,
        revoked_at: row.next(what)?,
    })
}

pub(super) fn token_insert(
    tx: &mut Tx<'_>,
    token: &EnrolmentToken,
    secret_sha256: [u8; 32],
    audit: &Audit,
) -> Result<()> {
    if let Some(id) = token.unit {
        unit::require(tx, id)?;
    }
    let added = tx.execute(
        "INSERT INTO enrolment_token
         (id, secret_sha256, label, unit, uses_allowed, uses, created_at, created_by, expires_at,
          last_used_at, revoked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        params![
            token.id,
            secret_sha256,
            &token.label,
            token.unit,
            token.uses_allowed,
            token.uses,
            token.created_at,
            &token.created_by,
            token.expires_at,
            token.last_used_at,
            token.revoked_at,
        ],
    )?;
    if added == 0 {
        return Err(StoreError::Exists { what: "enrolment token", id: token.id.to_string() });
    }
    audit::append(tx, audit)
}

pub(super) fn token_list(tx: &mut Tx<'_>) -> Result<Vec<EnrolmentToken>> {
    let sql = format!("SELECT {COLUMNS} FROM enrolment_token ORDER BY created_at DESC, id DESC");
    tx.list(&sql, &[], read)
}

pub(super) fn token_revoke(tx: &mut Tx<'_>, id: TokenId, audit: &Audit) -> Result<()> {
    let revoked = tx.execute(
        "UPDATE enrolment_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        params![id, audit.at],
    )?;
    if revoked > 0 {
        return audit::append(tx, audit);
    }
    let found = tx.count("SELECT COUNT(*) FROM enrolment_token WHERE id = $1", params![id])?;
    match found {
        0 => Err(StoreError::NotFound { what: "enrolment token", id: id.to_string() }),
        _ => Ok(()),
    }
}

/// The token with this secret; nobody else uses it up until the end.
pub(super) fn by_secret(
    tx: &mut Tx<'_>,
    secret_sha256: [u8; 32],
) -> Result<Option<EnrolmentToken>> {
    let lock = tx.for_update();
    let sql = format!("SELECT {COLUMNS} FROM enrolment_token WHERE secret_sha256 = $1{lock}");
    tx.one(&sql, params![secret_sha256], read)
}

/// Uses a token up by one.
pub(super) fn use_once(
    tx: &mut Tx<'_>,
    id: TokenId,
    now: belfort_model::time::Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE enrolment_token SET uses = uses + 1, last_used_at = $2 WHERE id = $1",
        params![id, now],
    )?;
    Ok(())
}
