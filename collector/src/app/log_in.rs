//! Logging in with a password and, for whoever has one, a second factor.
//!
//! Every reason not to let somebody in looks alike from outside; only the audit log says which it was.

use std::net::IpAddr;

use belfort_model::id::{SessionId, UserId};
use belfort_model::lockout;
use belfort_model::time::Timestamp;
use belfort_store::record::{AttemptKey, Audit, LoginMethod, Session, User};
use serde_json::json;
use uuid::Uuid;

use super::callers::LONGEST_HOURS;
use super::{App, AppError, Result};
use crate::login::password::Verdict;
use crate::login::{code, network, password, seal, totp};
use crate::secret;

/// Where a login comes from.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Address.
    pub address: IpAddr,
    /// What the browser calls itself.
    pub browser: String,
}

/// What somebody gives to log in.
#[derive(Clone)]
pub struct Credentials {
    /// Login name.
    pub name: String,
    /// Password.
    pub password: String,
    /// Code of the second factor, or a recovery code; may be empty.
    pub code: String,
}

/// Somebody who was let in.
pub struct LoggedIn {
    /// The session's secret, for the browser alone.
    pub secret: String,
    /// The session.
    pub session: Session,
    /// Whose.
    pub user: User,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    UnknownUser,
    Password,
    Disabled,
    SecondFactor,
}

impl Refusal {
    fn as_str(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown_user",
            Self::Password => "password",
            Self::Disabled => "disabled",
            Self::SecondFactor => "second_factor",
        }
    }
}

/// A record of an attempt to log in. What was typed as a name is not in it: it may be a password.
fn attempt(
    user: Option<&User>,
    action: &'static str,
    detail: &serde_json::Value,
    at: Timestamp,
) -> Audit {
    let unknown = || "unknown".to_owned();
    Audit {
        at,
        actor: user.map_or_else(unknown, |user| user.name.clone()),
        action,
        subject: user.map_or_else(unknown, |user| user.id.to_string()),
        detail: detail.to_string(),
    }
}

fn account_key(name: &str) -> [u8; 32] {
    secret::sha256(&format!("account {}", name.to_lowercase()))
}

fn address_key(address: IpAddr) -> [u8; 32] {
    secret::sha256(&format!("address {}", network::network(address)))
}

impl App {
    /// Lets somebody in, or nobody. A session that the browser already had is replaced.
    pub fn log_in(
        &self,
        given: &Credentials,
        from: &Visitor,
        replaces: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Option<LoggedIn>> {
        let name = given.name.trim();
        if name.chars().count() > 64 {
            return Ok(None);
        }
        let (account, address) = (account_key(name), address_key(from.address));
        let keys = [
            AttemptKey { key: account, free: lockout::FREE_FOR_ACCOUNT },
            AttemptKey { key: address, free: lockout::FREE_FOR_ADDRESS },
        ];
        let user = self.store.user_by_name(name)?;
        if let Some(until) = self.store.attempt_begin(&keys, now)? {
            let record = attempt(user.as_ref(), "login.locked", &json!({ "until": until }), now);
            self.store.audit_add_once(&record, now.plus_seconds(-3600))?;
            return Ok(None);
        }
        match self.judge(user.as_ref(), given, now)? {
            Ok(second_factor) => {
                self.store.attempt_end(account, address)?;
                let Some(user) = user else { return Ok(None) };
                let method = LoginMethod::Password;
                self.begin_session(user, method, second_factor, from, replaces, now).map(Some)
            }
            Err(refusal) => {
                let detail = json!({ "method": "password", "reason": refusal.as_str() });
                self.store.audit_add(&attempt(user.as_ref(), "login.failed", &detail, now))?;
                Ok(None)
            }
        }
    }

    /// Whether these are the user's; answers whether a second factor was shown.
    fn judge(
        &self,
        user: Option<&User>,
        given: &Credentials,
        now: Timestamp,
    ) -> Result<std::result::Result<bool, Refusal>> {
        let credential = user.map(|user| self.store.credential_get(user.id)).transpose()?.flatten();
        let kept = credential.as_ref().and_then(|kept| kept.password.as_deref());
        let verdict =
            self.login.in_turn(|| password::verify(&given.password, kept)).ok_or(AppError::Busy)?;
        let Some(user) = user else { return Ok(Err(Refusal::UnknownUser)) };
        if verdict == Verdict::Wrong {
            return Ok(Err(Refusal::Password));
        }
        if user.disabled_at.is_some() {
            return Ok(Err(Refusal::Disabled));
        }
        if let (Verdict::RightButOld, Some(old)) = (verdict, kept) {
            let new = self.login.in_turn(|| password::hash(&given.password));
            if let Some(Ok(new)) = new {
                self.store.password_upgrade(user.id, old, &new)?;
            }
        }
        match credential.and_then(|kept| kept.totp) {
            None => Ok(Ok(false)),
            Some(sealed) if self.second_factor(user, &sealed, &given.code, now)? => Ok(Ok(true)),
            Some(_) => Ok(Err(Refusal::SecondFactor)),
        }
    }

    /// Uses up a code of the second factor, or a recovery code.
    pub(super) fn second_factor(
        &self,
        user: &User,
        sealed: &[u8],
        given: &str,
        now: Timestamp,
    ) -> Result<bool> {
        if let Some(hash) = code::recovery_hash(given) {
            let record = attempt(Some(user), "login.recovery_code", &json!({}), now);
            return Ok(self.store.recovery_use(user.id, hash, &record)?);
        }
        let secret = self.unseal(user.id, sealed)?;
        match totp::step(&secret, given, now) {
            Some(step) => Ok(self.store.totp_use(user.id, step)?),
            None => Ok(false),
        }
    }

    /// Opens the secret of a user's second factor.
    pub(super) fn unseal(&self, user: UserId, sealed: &[u8]) -> Result<Vec<u8>> {
        let key = self.login.key().ok_or_else(no_key)?;
        seal::open(key, user.0.as_bytes(), sealed)
            .map_err(|error| AppError::Login(format!("second factor of user {user}: {error}")))
    }

    /// Begins a session.
    pub(super) fn begin_session(
        &self,
        user: User,
        method: LoginMethod,
        second_factor: bool,
        from: &Visitor,
        replaces: Option<SessionId>,
        now: Timestamp,
    ) -> Result<LoggedIn> {
        let browser = from.browser.chars().filter(|c| !c.is_control()).take(200).collect();
        let session = Session {
            id: SessionId(Uuid::now_v7()),
            user: user.id,
            method,
            second_factor,
            created_at: now,
            last_used_at: now,
            expires_at: now.plus_seconds(LONGEST_HOURS * 3600),
            address: from.address.to_string(),
            browser,
        };
        let detail = json!({
            "method": method.as_str(), "second_factor": second_factor, "session": session.id,
        });
        let record = attempt(Some(&user), "login.ok", &detail, now);
        let secret = secret::random_text()?;
        self.store.session_insert(&session, secret::sha256(&secret), replaces, &record)?;
        Ok(LoggedIn { secret, session, user })
    }

    /// Sets the password with a one-time code. False when the code is not valid (any more).
    pub fn password_reset(
        &self,
        given: &str,
        new: &str,
        from: &Visitor,
        now: Timestamp,
    ) -> Result<bool> {
        let address = address_key(from.address);
        let keys = [AttemptKey { key: address, free: lockout::FREE_FOR_ADDRESS }];
        if self.store.attempt_begin(&keys, now)?.is_some() {
            return Ok(false);
        }
        let Some(hash) = code::reset_hash(given) else { return Ok(false) };
        let Some(user) = self.store.reset_find(hash, now)? else { return Ok(false) };
        let phc = self.hashed(new, &user.name)?;
        let record = attempt(Some(&user), "user.password", &json!({ "by": "one-time code" }), now);
        let used = self.store.reset_use(user.id, hash, &phc, &record)?;
        if used {
            self.store.attempt_end(account_key(&user.name), address)?;
        }
        Ok(used)
    }

    /// Counts an attempt at a password that is asked for again; whether it may be made.
    pub(super) fn may_try(&self, name: &str, now: Timestamp) -> Result<bool> {
        let key = AttemptKey { key: account_key(name), free: lockout::FREE_FOR_ACCOUNT };
        Ok(self.store.attempt_begin(&[key], now)?.is_none())
    }

    /// Forgets the failures of an account.
    pub(super) fn forgive(&self, name: &str) -> Result<()> {
        let key = account_key(name);
        Ok(self.store.attempt_end(key, key)?)
    }
}

pub(super) fn no_key() -> AppError {
    AppError::Login("second factors cannot be used here: login.key was not read".to_owned())
}
