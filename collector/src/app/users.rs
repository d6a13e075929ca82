//! Users and their API tokens.

use belfort_model::access::RoleGrant;
use belfort_model::id::{ApiTokenId, UserId};
use belfort_model::time::Timestamp;
use belfort_store::record::{ApiToken, User};
use serde_json::json;
use uuid::Uuid;

use super::access::{Actor, Right};
use super::{App, AppError, Result, audit, text};
use crate::secret;

/// Prefix by which secret scanners and people recognise an API token.
const API_TOKEN_PREFIX: &str = "bfa1.";

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
        Ok(RoleGrant { role, unit })
    }

    /// Adds a user with roles.
    pub fn user_create(
        &self,
        actor: &Actor,
        name: &str,
        roles: &[RoleGrant],
        now: Timestamp,
    ) -> Result<User> {
        let name = text("name", name, 64)?;
        let mut roles = roles.to_vec();
        roles.sort();
        roles.dedup();
        let id = UserId(Uuid::now_v7());
        let detail = json!({ "name": name, "roles": roles });
        let user = User { id, name, roles, created_at: now, disabled_at: None };
        let record = audit(actor, Right::Administer, "user.create", &id, &detail, now)?;
        self.store.user_insert(&user, &record)?;
        Ok(user)
    }

    /// Makes an API token for a user. The secret is given once and never again.
    pub fn api_token_create(
        &self,
        actor: &Actor,
        user: &str,
        label: &str,
        days: i64,
        now: Timestamp,
    ) -> Result<(ApiToken, String)> {
        if !(1..=365).contains(&days) {
            return Err(AppError::Invalid(format!("days: {days} is not 1 to 365")));
        }
        let users = self.store.user_list()?;
        let Some(user) = users.into_iter().find(|known| known.name == user) else {
            return Err(AppError::Invalid(format!("there is no user `{user}`")));
        };
        let token = ApiToken {
            id: ApiTokenId(Uuid::now_v7()),
            user: user.id,
            label: text("label", label, 200)?,
            created_at: now,
            expires_at: now.plus_days(days),
            revoked_at: None,
        };
        let detail = json!({ "user": user.name, "expires_at": token.expires_at });
        let record = audit(actor, Right::Administer, "api_token.create", &token.id, &detail, now)?;
        let secret = format!("{API_TOKEN_PREFIX}{}", secret::random_text()?);
        self.store.api_token_insert(&token, secret::sha256(&secret), &record)?;
        Ok((token, secret))
    }

    /// Revokes an API token.
    pub fn api_token_revoke(&self, actor: &Actor, id: ApiTokenId, now: Timestamp) -> Result<()> {
        let record = audit(actor, Right::Administer, "api_token.revoke", &id, &json!({}), now)?;
        Ok(self.store.api_token_revoke(id, &record)?)
    }

    /// Who holds this API token; nobody when it is unknown, revoked or past its end, or its user is
    /// switched off.
    pub fn actor_by_api_token(&self, secret: &str, now: Timestamp) -> Result<Option<Actor>> {
        if !secret.starts_with(API_TOKEN_PREFIX) || secret.len() > 128 {
            return Ok(None);
        }
        let found = self.store.api_token_find(secret::sha256(secret))?.filter(|(token, user)| {
            token.revoked_at.is_none() && token.expires_at > now && user.disabled_at.is_none()
        });
        let Some((_, user)) = found else { return Ok(None) };
        Ok(Some(Actor::with_grants(user.name, &user.roles, &self.store.unit_list()?)))
    }
}
