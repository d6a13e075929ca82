//! Who calls: the holder of an API token, or of a session.

use belfort_model::access::Actor;
use belfort_model::time::Timestamp;
use belfort_store::record::{ApiToken, LoginMethod, Session, User};

use super::api_tokens::API_TOKEN_PREFIX;
use super::{App, Result};
use crate::secret;

/// Minutes a session lasts without use.
pub const IDLE_MINUTES: i64 = 30;
/// Hours a session lasts at most.
pub const LONGEST_HOURS: i64 = 12;
/// Use is noted this often, seconds.
const NOTE_SECONDS: i64 = 60;

/// Somebody who calls, and by what it is known.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// What it may do.
    pub actor: Actor,
    /// By what it is known.
    pub means: Means,
    /// Whether a second factor must be set up before anything else.
    pub second_factor_due: bool,
}

/// By what a caller is known.
#[derive(Clone, Debug)]
pub enum Means {
    /// An API token.
    Token(ApiToken),
    /// A session.
    Session(Session),
}

impl App {
    /// Who holds this API token; nobody when it is unknown, revoked or past its end, or its user is
    /// switched off or did not log in at the identity provider for too long.
    pub fn actor_by_api_token(&self, secret: &str, now: Timestamp) -> Result<Option<Actor>> {
        Ok(self.caller_by_api_token(secret, now)?.map(|caller| caller.actor))
    }

    /// The same, with the user and the token.
    pub fn caller_by_api_token(&self, secret: &str, now: Timestamp) -> Result<Option<Caller>> {
        if !secret.starts_with(API_TOKEN_PREFIX) || secret.len() > 128 {
            return Ok(None);
        }
        let found = self.store.api_token_find(secret::sha256(secret))?.filter(|(token, user)| {
            token.revoked_at.is_none() && token.expires_at > now && user.disabled_at.is_none()
        });
        let Some((token, user)) = found else { return Ok(None) };
        // What somebody may do at a provider is told at a login alone: who left does not come back.
        let since = now.plus_days(-self.login.token_days());
        if self.store.identity_last_login(user.id)?.is_some_and(|last| last < since) {
            return Ok(None);
        }
        let noted = token.last_used_at.is_some_and(|at| at > now.plus_seconds(-NOTE_SECONDS));
        if !noted {
            self.store.api_token_touch(token.id, now)?;
        }
        let mut actor = self.actor_of(&user)?;
        actor.limited_to.clone_from(&token.rights);
        let means = Means::Token(token);
        Ok(Some(Caller { user, actor, means, second_factor_due: false }))
    }

    /// Who holds this session; nobody when it is unknown, ended, or was not used for too long, or its
    /// user is switched off.
    pub fn caller_by_session(&self, secret: &str, now: Timestamp) -> Result<Option<Caller>> {
        if secret.is_empty() || secret.len() > 128 {
            return Ok(None);
        }
        let idle = now.plus_seconds(-IDLE_MINUTES * 60);
        let found = self.store.session_find(secret::sha256(secret))?.filter(|(session, user)| {
            session.expires_at > now && session.last_used_at > idle && user.disabled_at.is_none()
        });
        let Some((session, user)) = found else { return Ok(None) };
        if session.last_used_at <= now.plus_seconds(-NOTE_SECONDS) {
            self.store.session_touch(session.id, now)?;
        }
        let second_factor_due = session.method == LoginMethod::Password
            && !session.second_factor
            && self.login.needs_second_factor(&user.roles);
        let actor = self.actor_of(&user)?;
        Ok(Some(Caller { user, actor, means: Means::Session(session), second_factor_due }))
    }

    fn actor_of(&self, user: &User) -> Result<Actor> {
        Ok(Actor::with_grants(user.name.clone(), &user.roles, &self.store.unit_list()?))
    }
}
