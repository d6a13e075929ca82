//! Logging in at an identity provider: who it is there is who it is here, and its groups give the roles.

use belfort_model::access::RoleGrant;
use belfort_model::id::{SessionId, UserId};
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{Audit, LoginMethod, User};
use serde_json::json;
use uuid::Uuid;

use super::log_in::{LoggedIn, Visitor};
use super::users::is_reserved;
use super::{App, AppError, Result};
use crate::login::oidc::{OidcError, Pending, Person, Provider};
use crate::secret;

/// Who changes users when the provider says so.
const PROVIDER: &str = "identity-provider";

/// What became of a login at the provider.
pub enum External {
    /// Somebody was let in.
    In(Box<LoggedIn>),
    /// The provider's answer does not hold.
    Failed(OidcError),
    /// None of the person's groups gives a role.
    NoRole,
    /// The user is switched off here.
    Disabled,
}

impl App {
    /// Ends a login at the provider.
    pub fn external_log_in(
        &self,
        provider: &Provider,
        pending: Pending,
        answer: (&str, &str),
        from: &Visitor,
        replaces: Option<SessionId>,
        now: Timestamp,
    ) -> Result<External> {
        // Each try asks the provider something and leaves a record.
        if !self.may_try_from(from, now)? {
            return Ok(External::Failed(OidcError::Refused("too many failures".to_owned())));
        }
        let (state, code) = answer;
        let person = match provider.finish(pending, state, code, now) {
            Ok(person) => person,
            Err(error) => {
                self.note_failure(None, &error.to_string(), now)?;
                return Ok(External::Failed(error));
            }
        };
        let roles = self.external_roles(provider, &person)?;
        let known = self.store.identity_find(&person.identity)?;
        if let Some(user) = known.as_ref().filter(|user| user.disabled_at.is_some()) {
            self.note_failure(Some(user), "disabled", now)?;
            return Ok(External::Disabled);
        }
        if roles.is_empty() {
            if let Some(user) = &known {
                self.take_roles(user, &[], now)?;
            }
            self.note_failure(known.as_ref(), "no_role", now)?;
            return Ok(External::NoRole);
        }
        let user = match known {
            Some(user) => self.take_roles(&user, &roles, now)?,
            None => self.external_user(&person, &roles, now)?,
        };
        self.forgive_one(from)?;
        let method = LoginMethod::Oidc;
        let entered = self.begin_session(user, method, true, from, replaces, now)?;
        Ok(External::In(Box::new(entered)))
    }

    /// The roles the person's groups give. A unit that does not exist (any more) gives none.
    fn external_roles(&self, provider: &Provider, person: &Person) -> Result<Vec<RoleGrant>> {
        let mut roles = Vec::new();
        for given in provider.roles(&person.groups) {
            let unit = match &given.unit {
                None => None,
                Some(code) => {
                    let Some(unit) = self.store.unit_by_code(code)? else {
                        tracing::warn!(unit = %code, "login.oidc.roles names a unit that does not exist");
                        continue;
                    };
                    Some(unit.id)
                }
            };
            roles.push(RoleGrant { role: given.role, unit });
        }
        roles.sort();
        roles.dedup();
        Ok(roles)
    }

    /// Gives a known user the roles of now. Whoever loses all of them loses the sessions too.
    fn take_roles(&self, user: &User, roles: &[RoleGrant], now: Timestamp) -> Result<User> {
        if user.roles != roles {
            let detail = json!({ "before": user.roles, "after": roles });
            let record = by_provider(user.id, "user.roles", &detail, now);
            self.store.user_roles_set(user.id, None, roles, true, &record)?;
            if roles.is_empty() {
                let record = by_provider(user.id, "session.end", &json!({ "session": "all" }), now);
                self.store.session_end_all(user.id, &record)?;
            }
        }
        Ok(User { roles: roles.to_vec(), ..user.clone() })
    }

    /// Adds a user for somebody who comes for the first time. A name that is taken gets a mark: names
    /// are for people, the identity is what counts.
    fn external_user(&self, person: &Person, roles: &[RoleGrant], now: Timestamp) -> Result<User> {
        let id = UserId(Uuid::now_v7());
        let mark =
            secret::sha256(&format!("{}\n{}", person.identity.issuer, person.identity.subject));
        let mark: String = hex::encode(mark).chars().take(8).collect();
        let plain: String = person.name.chars().take(50).collect();
        for name in [plain.clone(), format!("{plain} #{mark}"), format!("identity #{mark}")] {
            if is_reserved(&name) {
                continue;
            }
            let user = User {
                id,
                name: name.clone(),
                roles: roles.to_vec(),
                created_at: now,
                disabled_at: None,
                version: 1,
            };
            let detail = json!({ "name": name, "roles": roles, "by": "identity provider" });
            let record = by_provider(id, "user.create", &detail, now);
            match self.store.identity_insert(&person.identity, &user, &record) {
                Ok(()) => return Ok(user),
                Err(StoreError::Exists { what: "user", .. }) => {}
                // Another request of the same person was first.
                Err(StoreError::Exists { .. }) => {
                    let known = self.store.identity_find(&person.identity)?;
                    return known.ok_or_else(|| AppError::Login("try again".to_owned()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(AppError::Login(format!("the name `{plain}` cannot be given")))
    }

    fn note_failure(&self, user: Option<&User>, reason: &str, now: Timestamp) -> Result<()> {
        let unknown = || "unknown".to_owned();
        let record = Audit {
            at: now,
            actor: user.map_or_else(unknown, |user| user.name.clone()),
            action: "login.failed",
            subject: user.map_or_else(unknown, |user| user.id.to_string()),
            detail: json!({ "method": "oidc", "reason": reason }).to_string(),
        };
        Ok(self.store.audit_add(&record)?)
    }
}

fn by_provider(
    user: UserId,
    action: &'static str,
    detail: &serde_json::Value,
    at: Timestamp,
) -> Audit {
    let (actor, subject) = (PROVIDER.to_owned(), user.to_string());
    Audit { at, actor, action, subject, detail: detail.to_string() }
}
