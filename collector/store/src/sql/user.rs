//! Users and their API tokens.

use crate::driver::Tx;
use crate::record::{ApiToken, Audit, User};
use crate::sql::audit;
use crate::value::{Row, document, params};
use crate::{Result, StoreError};
use belfort_model::id::ApiTokenId;

pub(super) const USER: &str = "u.id, u.name, u.roles, u.created_at, u.disabled_at, u.version";
pub(super) const TOKEN: &str =
    "t.id, t.user_id, t.label, t.created_at, t.expires_at, t.revoked_at, t.rights,
    t.last_used_at";

pub(super) fn read_user(row: &mut Row) -> Result<User> {
    let what = "user";
    Ok(User {
        id: row.next(what)?,
        name: row.next(what)?,
        roles: row.document(what)?,
        created_at: row.next(what)?,
        disabled_at: row.next(what)?,
        version: row.next(what)?,
    })
}

pub(super) fn read_token(row: &mut Row) -> Result<ApiToken> {
    let what = "API token";
    Ok(ApiToken {
        id: row.next(what)?,
        user: row.next(what)?,
        label: row.next(what)?,
        created_at: row.next(what)?,
        expires_at: row.next(what)?,
        revoked_at: row.next(what)?,
        rights: row
            .next::<Option<String>>(what)?
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| StoreError::Corrupt { what, reason: error.to_string() })?,
        last_used_at: row.next(what)?,
    })
}

pub(super) fn user_insert(tx: &mut Tx<'_>, user: &User, audit: &Audit) -> Result<()> {
    let added = tx.execute(
        "INSERT INTO app_user (id, name, name_folded, roles, created_at, disabled_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        params![
            user.id,
            &user.name,
            user.name.to_lowercase(),
            document("user", &user.roles)?,
            user.created_at,
            user.disabled_at,
            user.version,
        ],
    )?;
    if added == 0 {
        return Err(StoreError::Exists { what: "user", id: user.name.clone() });
    }
    audit::append(tx, audit)
}

pub(super) fn user_list(tx: &mut Tx<'_>) -> Result<Vec<User>> {
    let sql = format!("SELECT {USER} FROM app_user u ORDER BY u.name_folded");
    tx.list(&sql, &[], read_user)
}

pub(super) fn api_token_insert(
    tx: &mut Tx<'_>,
    token: &ApiToken,
    secret_sha256: [u8; 32],
    audit: &Audit,
) -> Result<()> {
    let user = tx.count("SELECT COUNT(*) FROM app_user WHERE id = $1", params![token.user])?;
    if user == 0 {
        return Err(StoreError::NotFound { what: "user", id: token.user.to_string() });
    }
    let added = tx.execute(
        "INSERT INTO api_token
         (id, user_id, secret_sha256, label, created_at, expires_at, revoked_at, rights)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        params![
            token.id,
            token.user,
            secret_sha256,
            &token.label,
            token.created_at,
            token.expires_at,
            token.revoked_at,
            token.rights.as_ref().map(|rights| document("API token", rights)).transpose()?,
        ],
    )?;
    if added == 0 {
        return Err(StoreError::Exists { what: "API token", id: token.id.to_string() });
    }
    audit::append(tx, audit)
}

pub(super) fn api_token_find(
    tx: &mut Tx<'_>,
    secret_sha256: [u8; 32],
) -> Result<Option<(ApiToken, User)>> {
    tx.one(
        &format!(
            "SELECT {TOKEN}, {USER} FROM api_token t JOIN app_user u ON u.id = t.user_id
             WHERE t.secret_sha256 = $1"
        ),
        params![secret_sha256],
        |row| Ok((read_token(row)?, read_user(row)?)),
    )
}

pub(super) fn api_token_list(tx: &mut Tx<'_>) -> Result<Vec<ApiToken>> {
    let sql = format!("SELECT {TOKEN} FROM api_token t ORDER BY t.created_at DESC, t.id DESC");
    tx.list(&sql, &[], read_token)
}

pub(super) fn api_token_revoke(tx: &mut Tx<'_>, id: ApiTokenId, audit: &Audit) -> Result<()> {
    let revoked = tx.execute(
        "UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        params![id, audit.at],
    )?;
    if revoked > 0 {
        return audit::append(tx, audit);
    }
    match tx.count("SELECT COUNT(*) FROM api_token WHERE id = $1", params![id])? {
        0 => Err(StoreError::NotFound { what: "API token", id: id.to_string() }),
        _ => Ok(()),
    }
}
