//! One's own account: password, second factor, sessions and API tokens.

use std::collections::BTreeSet;

use belfort_model::id::{ApiTokenId, SessionId};
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{Account, ApiToken, Audit, Credential, LoginMethod, Session};
use serde_json::json;

use super::api_tokens::{self, NewApiToken};
use super::callers::{Caller, Means};
use super::log_in::{LoggedIn, Visitor, no_key};
use super::users::{no_user, own_login};
use super::{App, AppError, Result};
use crate::login::password::Verdict;
use crate::login::totp::{self, Proposal};
use crate::login::{code, password, seal};
use crate::secret;

/// Minutes after a login in which the password is not asked again.
const FRESH_MINUTES: i64 = 10;

/// What somebody gives to prove that it is really the account's holder.
#[derive(Clone, Default)]
pub struct Proof {
    /// The present password; may be empty shortly after logging in with it.
    pub password: String,
    /// A code of the present second factor, where there is one.
    pub code: String,
}

fn record(
    caller: &Caller,
    action: &'static str,
    detail: &serde_json::Value,
    at: Timestamp,
) -> Audit {
    Audit {
        at,
        actor: caller.user.name.clone(),
        action,
        subject: caller.user.id.to_string(),
        detail: detail.to_string(),
    }
}

impl Caller {
    fn session(&self) -> Option<&Session> {
        match &self.means {
            Means::Session(session) => Some(session),
            Means::Token(_) => None,
        }
    }

    /// Whether the password was given a moment ago.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.session().is_some_and(|session| {
            session.method == LoginMethod::Password
                && session.created_at > now.plus_seconds(-FRESH_MINUTES * 60)
        })
    }
}

impl App {
    /// The caller's own account.
    pub fn own_account(&self, caller: &Caller) -> Result<Account> {
        self.store.account_get(caller.user.id)?.ok_or_else(|| no_user(caller.user.id))
    }

    /// Makes sure that it is the account's holder who asks.
    fn prove(
        &self,
        caller: &Caller,
        proof: &Proof,
        with_code: bool,
        now: Timestamp,
    ) -> Result<Credential> {
        own_login(&self.own_account(caller)?)?;
        let refused = || {
            let reason = "the present password, or the code of the second factor, is not right";
            AppError::Invalid(reason.to_owned())
        };
        let kept = self.store.credential_get(caller.user.id)?;
        let Some(kept) = kept else { return Err(refused()) };
        let fresh = proof.password.is_empty() && caller.is_fresh(now);
        let needs_code = with_code && kept.totp.is_some();
        if fresh && !needs_code {
            return Ok(kept);
        }
        if !self.may_try(&caller.user.name, now)? {
            return Err(refused());
        }
        let verify = || password::verify(&proof.password, kept.password.as_deref());
        let right = fresh || self.login.in_turn(verify).ok_or(AppError::Busy)? != Verdict::Wrong;
        let shown = match kept.totp.as_deref().filter(|_| with_code) {
            Some(sealed) if right => self.second_factor(&caller.user, sealed, &proof.code, now)?,
            Some(_) => false,
            None => true,
        };
        if !right || !shown {
            self.store.audit_add(&record(
                caller,
                "login.failed",
                &json!({ "method": "again" }),
                now,
            ))?;
            return Err(refused());
        }
        self.forgive(&caller.user.name)?;
        Ok(kept)
    }

    /// Changes the caller's password and ends the other sessions. API tokens stay: programs go on.
    pub fn own_password_set(
        &self,
        caller: &Caller,
        present: &str,
        new: &str,
        now: Timestamp,
    ) -> Result<()> {
        if present.is_empty() {
            return Err(AppError::Invalid("give the present password".to_owned()));
        }
        let proof = Proof { password: present.to_owned(), code: String::new() };
        self.prove(caller, &proof, false, now)?;
        let phc = self.hashed(new, &caller.user.name)?;
        let keep = caller.session().map(|session| session.id);
        let record = record(caller, "user.password", &json!({ "by": "own" }), now);
        Ok(self.store.password_set(caller.user.id, &phc, keep, &record)?)
    }

    /// Proposes a second factor; it counts once a code of it was given.
    pub fn own_totp_propose(
        &self,
        caller: &Caller,
        proof: &Proof,
        now: Timestamp,
    ) -> Result<Proposal> {
        self.prove(caller, proof, true, now)?;
        let key = self.login.key().ok_or_else(no_key)?;
        let secret = secret::random::<{ totp::SECRET_BYTES }>()?;
        let sealed = seal::seal(key, caller.user.id.0.as_bytes(), &secret)
            .map_err(|error| AppError::Login(error.to_string()))?;
        self.store.totp_propose(caller.user.id, &sealed)?;
        shown(&secret, &caller.user.name)
    }

    /// The second factor that waits for its first code, if one does.
    pub fn own_totp_pending(&self, caller: &Caller) -> Result<Option<Proposal>> {
        let kept = self.store.credential_get(caller.user.id)?;
        let Some(sealed) = kept.and_then(|kept| kept.totp_pending) else { return Ok(None) };
        let secret = self.unseal(caller.user.id, &sealed)?;
        shown(&secret, &caller.user.name).map(Some)
    }

    /// Puts the proposed second factor in force; gives the recovery codes, this once. Nothing when the
    /// code is not right.
    pub fn own_totp_confirm(
        &self,
        caller: &Caller,
        given: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<String>>> {
        let kept = self.store.credential_get(caller.user.id)?;
        let Some(sealed) = kept.and_then(|kept| kept.totp_pending) else {
            return Err(AppError::Invalid("propose a second factor first".to_owned()));
        };
        if !self.may_try(&caller.user.name, now)? {
            return Ok(None);
        }
        let secret = self.unseal(caller.user.id, &sealed)?;
        let Some(step) = totp::step(&secret, given, now) else { return Ok(None) };
        let codes = code::recovery()?;
        let hashes: Vec<_> = codes.iter().filter_map(|code| code::recovery_hash(code)).collect();
        let keep = caller.session().map(|session| session.id);
        let detail = json!({ "recovery_codes": hashes.len() });
        let record = record(caller, "user.second_factor", &detail, now);
        let user = caller.user.id;
        let confirmed = self.store.totp_confirm(user, &sealed, step, &hashes, keep, &record)?;
        if confirmed {
            self.forgive(&caller.user.name)?;
        }
        Ok(confirmed.then_some(codes))
    }

    /// Replaces the caller's session by one that has shown a second factor.
    pub fn session_raise(
        &self,
        caller: &Caller,
        from: &Visitor,
        now: Timestamp,
    ) -> Result<Option<LoggedIn>> {
        let Some(session) = caller.session() else { return Ok(None) };
        let (user, id) = (caller.user.clone(), session.id);
        self.begin_session(user, session.method, true, from, Some(id), now).map(Some)
    }

    /// The caller's own sessions, newest first.
    pub fn own_sessions(&self, caller: &Caller) -> Result<Vec<Session>> {
        Ok(self.store.session_list(caller.user.id)?)
    }

    /// Ends one of the caller's own sessions.
    pub fn own_session_end(&self, caller: &Caller, id: SessionId, now: Timestamp) -> Result<()> {
        let own = caller.session().is_some_and(|session| session.id == id);
        let action = if own { "logout" } else { "session.end" };
        let record = record(caller, action, &json!({ "session": id }), now);
        Ok(self.store.session_end(caller.user.id, id, &record)?)
    }

    /// The caller's own API tokens, newest first.
    pub fn own_api_tokens(&self, caller: &Caller) -> Result<Vec<ApiToken>> {
        Ok(self.store.api_token_list_of(caller.user.id)?)
    }

    /// Makes an API token for the caller. One that is made with an API token has no right that token
    /// does not give, and ends no later.
    pub fn own_api_token_create(
        &self,
        caller: &Caller,
        new: &NewApiToken,
        now: Timestamp,
    ) -> Result<(ApiToken, String)> {
        let mut new = new.clone();
        if let Some(limit) = &caller.actor.limited_to {
            let asked = new.rights.unwrap_or_else(|| limit.clone());
            let more: BTreeSet<_> = asked.difference(limit).map(|right| right.as_str()).collect();
            if !more.is_empty() {
                let more: Vec<_> = more.into_iter().collect();
                let reason = format!("this API token cannot give the right {}", more.join(", "));
                return Err(AppError::Forbidden(reason));
            }
            new.rights = Some(asked);
        }
        let (mut token, secret) = new.make(&caller.user, now)?;
        if let Means::Token(own) = &caller.means {
            token.expires_at = token.expires_at.min(own.expires_at);
        }
        let detail = api_tokens::detail(&caller.user, &token);
        let subject = token.id.to_string();
        let record = Audit { subject, ..record(caller, "api_token.create", &detail, now) };
        self.store.api_token_insert(&token, secret::sha256(&secret), &record)?;
        Ok((token, secret))
    }

    /// Revokes one of the caller's own API tokens.
    pub fn own_api_token_revoke(
        &self,
        caller: &Caller,
        id: ApiTokenId,
        now: Timestamp,
    ) -> Result<()> {
        let own = self.store.api_token_list_of(caller.user.id)?;
        if !own.iter().any(|token| token.id == id) {
            let id = id.to_string();
            return Err(AppError::Store(StoreError::NotFound { what: "API token", id }));
        }
        let subject = id.to_string();
        let record = Audit { subject, ..record(caller, "api_token.revoke", &json!({}), now) };
        Ok(self.store.api_token_revoke(id, &record)?)
    }
}

fn shown(secret: &[u8], name: &str) -> Result<Proposal> {
    totp::proposal(secret, name).map_err(|error| AppError::Login(error.to_string()))
}
