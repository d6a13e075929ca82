//! Users: who they are, what they may do, and how they get in again.

use belfort_model::access::{Role, RoleGrant};
use belfort_model::id::{SessionId, UserId};
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{Account, Session, User};
use serde_json::json;
use uuid::Uuid;

use super::access::{Actor, Right, require_administrator};
use super::audit::USERS;
use super::{App, AppError, Result, audit, text};
use crate::login::{code, password};
use crate::secret;

/// Hours a one-time code lasts.
pub const RESET_HOURS: i64 = 24;

/// A code that sets a password once.
#[derive(Clone)]
pub struct ResetCode {
    /// The code: shown this once.
    pub code: String,
    /// When it ends.
    pub until: Timestamp,
}

impl App {
    /// Reads `role` or `role@unit-code`.
    pub fn role_grant(&self, text: &str) -> Result<RoleGrant> {
        let (role, unit) = match text.split_once('@') {
            Some((role, code)) => (role, Some(self.unit(code)?.id)),
            None => (text, None),
        };
        let role = role
            .parse()
            .map_err(|error: belfort_model::UnknownValue| AppError::Invalid(error.to_string()))?;
        checked(RoleGrant { role, unit })
    }

    /// Reads several, of which each may come once.
    pub fn role_grants(&self, texts: &[String]) -> Result<Vec<RoleGrant>> {
        texts.iter().map(|text| self.role_grant(text)).collect()
    }

    /// Role grants as people write them: with the codes of units.
    pub fn role_texts(&self, roles: &[RoleGrant]) -> Result<Vec<String>> {
        let units = self.store.unit_list()?;
        let code = |grant: &RoleGrant| {
            let unit = grant.unit?;
            let known = units.iter().find(|known| known.id == unit);
            Some(known.map_or_else(|| unit.to_string(), |known| known.code.clone()))
        };
        let text = |grant: &RoleGrant| match code(grant) {
            Some(code) => format!("{}@{code}", grant.role),
            None => grant.role.to_string(),
        };
        Ok(roles.iter().map(text).collect())
    }

    /// Adds a user with roles.
    pub fn user_create(
        &self,
        actor: &Actor,
        name: &str,
        roles: &[RoleGrant],
        now: Timestamp,
    ) -> Result<User> {
        require_administrator(actor)?;
        let name = text("name", name, 64)?;
        if is_reserved(&name) {
            let reason = format!("name: `{name}` is what the audit log calls something else");
            return Err(AppError::Invalid(reason));
        }
        let roles = sorted(roles)?;
        let id = UserId(Uuid::now_v7());
        let detail = json!({ "name": name, "roles": roles });
        let user = User { id, name, roles, created_at: now, disabled_at: None, version: 1 };
        let record = audit(actor, Right::Administer, "user.create", &id, &detail, now)?;
        self.store.user_insert(&user, &record)?;
        Ok(user)
    }

    /// All users and how they get in, by name. The view is logged.
    pub fn account_list(&self, actor: &Actor, now: Timestamp) -> Result<Vec<Account>> {
        require_administrator(actor)?;
        self.view_personal(actor, USERS, "users", now)?;
        Ok(self.store.account_list()?)
    }

    /// One user and how it gets in. The view is logged.
    pub fn account(&self, actor: &Actor, id: UserId, now: Timestamp) -> Result<Account> {
        require_administrator(actor)?;
        let found = self.store.account_get(id)?.ok_or_else(|| no_user(id))?;
        self.view_personal(actor, &id.to_string(), "user", now)?;
        Ok(found)
    }

    /// The one user a text names: its name or its id.
    pub fn user(&self, actor: &Actor, text: &str) -> Result<User> {
        require_administrator(actor)?;
        let found = match text.parse::<UserId>() {
            Ok(id) => self.store.user_get(id)?,
            Err(_) => self.store.user_by_name(text)?,
        };
        found.ok_or_else(|| AppError::Invalid(format!("there is no user `{text}`")))
    }

    /// Gives a user these roles instead of those it has; they count at once.
    pub fn user_roles_set(
        &self,
        actor: &Actor,
        id: UserId,
        version: Option<u64>,
        roles: &[RoleGrant],
        now: Timestamp,
    ) -> Result<()> {
        require_administrator(actor)?;
        let roles = sorted(roles)?;
        let before = self.store.user_get(id)?.ok_or_else(|| no_user(id))?.roles;
        let detail = json!({ "before": before, "after": roles });
        let record = audit(actor, Right::Administer, "user.roles", &id, &detail, now)?;
        Ok(self.store.user_roles_set(id, version, &roles, false, &record)?)
    }

    /// Switches a user off: its sessions end and its API tokens are revoked.
    pub fn user_disable(&self, actor: &Actor, id: UserId, now: Timestamp) -> Result<()> {
        require_administrator(actor)?;
        let record = audit(actor, Right::Administer, "user.disable", &id, &json!({}), now)?;
        Ok(self.store.user_disable(id, &record)?)
    }

    /// Switches a user on again.
    pub fn user_enable(&self, actor: &Actor, id: UserId, now: Timestamp) -> Result<()> {
        require_administrator(actor)?;
        let record = audit(actor, Right::Administer, "user.enable", &id, &json!({}), now)?;
        Ok(self.store.user_enable(id, &record)?)
    }

    /// Takes back a user's password, second factor, sessions and API tokens, and gives a one-time code
    /// with which the user sets a new password.
    pub fn user_reset(&self, actor: &Actor, id: UserId, now: Timestamp) -> Result<ResetCode> {
        require_administrator(actor)?;
        let account = self.store.account_get(id)?.ok_or_else(|| no_user(id))?;
        own_login(&account)?;
        let (code, until) = (code::reset()?, now.plus_seconds(RESET_HOURS * 3600));
        let detail = json!({ "until": until });
        let record = audit(actor, Right::Administer, "user.reset", &id, &detail, now)?;
        self.store.reset_set(id, secret::sha256(&code), until, &record)?;
        self.forgive(&account.user.name)?;
        Ok(ResetCode { code, until })
    }

    /// Sets a user's password for the user.
    pub fn user_password_set(
        &self,
        actor: &Actor,
        id: UserId,
        new: &str,
        now: Timestamp,
    ) -> Result<()> {
        require_administrator(actor)?;
        let account = self.store.account_get(id)?.ok_or_else(|| no_user(id))?;
        own_login(&account)?;
        let phc = self.hashed(new, &account.user.name)?;
        let record = audit(actor, Right::Administer, "user.password", &id, &json!({}), now)?;
        self.store.password_set(id, &phc, None, &record)?;
        self.forgive(&account.user.name)
    }

    /// Checks a new password and hashes it.
    pub(super) fn hashed(&self, new: &str, name: &str) -> Result<String> {
        password::check(new, name).map_err(AppError::Invalid)?;
        let hashed = self.login.in_turn(|| password::hash(new)).ok_or(AppError::Busy)?;
        hashed.map_err(|error| AppError::Login(error.to_string()))
    }

    /// Sessions of a user. The view is logged.
    pub fn session_list(&self, actor: &Actor, id: UserId, now: Timestamp) -> Result<Vec<Session>> {
        require_administrator(actor)?;
        self.store.user_get(id)?.ok_or_else(|| no_user(id))?;
        self.view_personal(actor, &id.to_string(), "sessions", now)?;
        Ok(self.store.session_list(id)?)
    }

    /// Ends one session of a user.
    pub fn session_end(
        &self,
        actor: &Actor,
        user: UserId,
        id: SessionId,
        now: Timestamp,
    ) -> Result<()> {
        require_administrator(actor)?;
        let detail = json!({ "session": id });
        let record = audit(actor, Right::Administer, "session.end", &user, &detail, now)?;
        Ok(self.store.session_end(user, id, &record)?)
    }

    /// Ends every session of a user.
    pub fn session_end_all(&self, actor: &Actor, user: UserId, now: Timestamp) -> Result<()> {
        require_administrator(actor)?;
        let detail = json!({ "session": "all" });
        let record = audit(actor, Right::Administer, "session.end", &user, &detail, now)?;
        Ok(self.store.session_end_all(user, &record)?)
    }
}

/// Whether a name would be mistaken in the audit log for something that is no user.
pub(super) fn is_reserved(name: &str) -> bool {
    let name = name.to_lowercase();
    ["system", "unknown", "identity-provider"].contains(&name.as_str()) || name.starts_with("cli:")
}

fn checked(grant: RoleGrant) -> Result<RoleGrant> {
    if grant.role == Role::Admin && grant.unit.is_some() {
        let reason = "`admin` is a role of the whole organisation: give it without a unit";
        return Err(AppError::Invalid(reason.to_owned()));
    }
    Ok(grant)
}

fn sorted(roles: &[RoleGrant]) -> Result<Vec<RoleGrant>> {
    let mut roles = roles.iter().map(|grant| checked(*grant)).collect::<Result<Vec<_>>>()?;
    roles.sort();
    roles.dedup();
    Ok(roles)
}

pub(super) fn no_user(id: UserId) -> AppError {
    AppError::Store(StoreError::NotFound { what: "user", id: id.to_string() })
}

/// Refuses to set passwords for whom an identity provider answers.
pub(super) fn own_login(account: &Account) -> Result<()> {
    if account.identity.is_none() {
        return Ok(());
    }
    let reason = format!(
        "{} logs in at the identity provider and has no password here: change it there",
        account.user.name
    );
    Err(AppError::Store(StoreError::Refused(reason)))
}
