//! Users with how they get in, and what changes about them.

use belfort_model::access::{Role, RoleGrant};
use belfort_model::id::{ApiTokenId, UserId};
use belfort_model::time::Timestamp;

use crate::driver::{Lock, Tx};
use crate::record::{Account, ApiToken, Audit, Identity, User};
use crate::sql::audit;
use crate::sql::user::{TOKEN, USER, read_token, read_user};
use crate::value::{Row, document, params};
use crate::{Result, StoreError};

/// What is noted about use is noted at most this often.
const NOTE_SECONDS: i64 = 60;

pub(crate) fn user_get(tx: &mut Tx<'_>, id: UserId) -> Result<Option<User>> {
    tx.one(&format!("SELECT {USER} FROM app_user u WHERE u.id = $1"), params![id], read_user)
}

pub(crate) fn user_by_name(tx: &mut Tx<'_>, name: &str) -> Result<Option<User>> {
    let sql = format!("SELECT {USER} FROM app_user u WHERE u.name_folded = $1");
    tx.one(&sql, params![name.to_lowercase()], read_user)
}

/// The user, which must be there.
pub(super) fn existing(tx: &mut Tx<'_>, id: UserId) -> Result<User> {
    user_get(tx, id)?.ok_or_else(|| StoreError::NotFound { what: "user", id: id.to_string() })
}

const ACCOUNT: &str = "c.password_at, c.totp_at, c.reset_until, i.issuer, i.subject,
    (SELECT COUNT(*) FROM recovery_code r WHERE r.user_id = u.id)";
const JOINS: &str = "app_user u LEFT JOIN credential c ON c.user_id = u.id
    LEFT JOIN identity i ON i.user_id = u.id";

fn read_account(row: &mut Row) -> Result<Account> {
    let what = "user";
    let user = read_user(row)?;
    let password_at = row.next(what)?;
    let second_factor_at = row.next(what)?;
    let reset_until = row.next(what)?;
    let (issuer, subject): (Option<String>, Option<String>) = (row.next(what)?, row.next(what)?);
    let identity = issuer.zip(subject).map(|(issuer, subject)| Identity { issuer, subject });
    let recovery_codes = row.next(what)?;
    Ok(Account { user, password_at, second_factor_at, recovery_codes, reset_until, identity })
}

pub(crate) fn account_list(tx: &mut Tx<'_>) -> Result<Vec<Account>> {
    let sql = format!("SELECT {USER}, {ACCOUNT} FROM {JOINS} ORDER BY u.name_folded");
    tx.list(&sql, &[], read_account)
}

pub(crate) fn account_get(tx: &mut Tx<'_>, id: UserId) -> Result<Option<Account>> {
    let sql = format!("SELECT {USER}, {ACCOUNT} FROM {JOINS} WHERE u.id = $1");
    tx.one(&sql, params![id], read_account)
}

/// Whether this is a user who administers everything and may log in.
fn administers(user: &User) -> bool {
    user.disabled_at.is_none()
        && user.roles.iter().any(|grant| grant.role == Role::Admin && grant.unit.is_none())
}

/// Refuses to take away the last user who administers.
fn keep_an_administrator(tx: &mut Tx<'_>, user: &User) -> Result<()> {
    if !administers(user) {
        return Ok(());
    }
    let sql = format!("SELECT {USER} FROM app_user u WHERE u.disabled_at IS NULL");
    let others = tx.list(&sql, &[], read_user)?;
    if others.iter().any(|other| other.id != user.id && administers(other)) {
        return Ok(());
    }
    let name = &user.name;
    Err(StoreError::Refused(format!(
        "`{name}` is the last active administrator: give another user the role `admin` first"
    )))
}

pub(crate) fn user_roles_set(
    tx: &mut Tx<'_>,
    id: UserId,
    version: Option<u64>,
    roles: &[RoleGrant],
    any: bool,
    audit: &Audit,
) -> Result<()> {
    // Two administrators who take away each other's role at once must not both succeed.
    tx.lock(Lock::People)?;
    let before = existing(tx, id)?;
    if version.is_some_and(|version| version != before.version) {
        return Err(StoreError::Conflict { what: "user", id: before.name });
    }
    let after = User { roles: roles.to_vec(), ..before.clone() };
    if !any && !administers(&after) {
        keep_an_administrator(tx, &before)?;
    }
    tx.execute(
        "UPDATE app_user SET roles = $2, version = version + 1 WHERE id = $1",
        params![id, document("user", &after.roles)?],
    )?;
    audit::append(tx, audit)
}

pub(crate) fn user_disable(tx: &mut Tx<'_>, id: UserId, audit: &Audit) -> Result<()> {
    tx.lock(Lock::People)?;
    let user = existing(tx, id)?;
    if user.disabled_at.is_some() {
        return Ok(());
    }
    keep_an_administrator(tx, &user)?;
    tx.execute(
        "UPDATE app_user SET disabled_at = $2, version = version + 1 WHERE id = $1",
        params![id, audit.at],
    )?;
    tx.execute("DELETE FROM session WHERE user_id = $1", params![id])?;
    tx.execute(
        "UPDATE api_token SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL",
        params![id, audit.at],
    )?;
    tx.execute(
        "UPDATE credential SET reset_sha256 = NULL, reset_until = NULL WHERE user_id = $1",
        params![id],
    )?;
    audit::append(tx, audit)
}

pub(crate) fn user_enable(tx: &mut Tx<'_>, id: UserId, audit: &Audit) -> Result<()> {
    if existing(tx, id)?.disabled_at.is_none() {
        return Ok(());
    }
    tx.execute(
        "UPDATE app_user SET disabled_at = NULL, version = version + 1 WHERE id = $1",
        params![id],
    )?;
    audit::append(tx, audit)
}

pub(crate) fn api_token_list_of(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<ApiToken>> {
    let sql = format!(
        "SELECT {TOKEN} FROM api_token t WHERE t.user_id = $1 ORDER BY t.created_at DESC, t.id DESC"
    );
    tx.list(&sql, params![user], read_token)
}

pub(crate) fn api_token_touch(tx: &mut Tx<'_>, id: ApiTokenId, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE api_token SET last_used_at = $2
         WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)",
        params![id, now, now.plus_seconds(-NOTE_SECONDS)],
    )?;
    Ok(())
}
