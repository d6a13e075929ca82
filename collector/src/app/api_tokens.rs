//! API tokens: what programs identify themselves with.

use std::collections::BTreeSet;

use belfort_model::access::Right;
use belfort_model::id::ApiTokenId;
use belfort_model::time::Timestamp;
use belfort_store::record::{ApiToken, User};
use serde_json::json;
use uuid::Uuid;

use super::access::{Actor, require_administrator};
use super::{App, AppError, Result, audit, text};
use crate::secret;

/// Prefix by which secret scanners and people recognise an API token.
pub(super) const API_TOKEN_PREFIX: &str = "bfa1.";
/// Days an API token lasts at most.
pub const LONGEST_DAYS: i64 = 365;

/// What an API token is made from.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    /// What it is for.
    pub label: String,
    /// Days it is valid, 1 to [`LONGEST_DAYS`].
    pub days: i64,
    /// The only rights it gives; nothing when it gives all that its user has.
    pub rights: Option<BTreeSet<Right>>,
}

impl NewApiToken {
    /// Checks the values and makes the token of a user, with its secret.
    pub(super) fn make(&self, user: &User, now: Timestamp) -> Result<(ApiToken, String)> {
        if !(1..=LONGEST_DAYS).contains(&self.days) {
            return Err(AppError::Invalid(format!("days: {} is not 1 to 365", self.days)));
        }
        if self.rights.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(AppError::Invalid("rights: a token without any does nothing".to_owned()));
        }
        let token = ApiToken {
            id: ApiTokenId(Uuid::now_v7()),
            user: user.id,
            label: text("label", &self.label, 200)?,
            created_at: now,
            expires_at: now.plus_days(self.days),
            revoked_at: None,
            rights: self.rights.clone(),
            last_used_at: None,
        };
        Ok((token, format!("{API_TOKEN_PREFIX}{}", secret::random_text()?)))
    }
}

/// What the audit log says of a new API token.
pub(super) fn detail(user: &User, token: &ApiToken) -> serde_json::Value {
    json!({ "user": user.name, "expires_at": token.expires_at, "rights": token.rights })
}

impl App {
    /// Makes an API token for a user. The secret is given once and never again.
    pub fn api_token_create(
        &self,
        actor: &Actor,
        user: &str,
        label: &str,
        days: i64,
        now: Timestamp,
    ) -> Result<(ApiToken, String)> {
        let new = NewApiToken { label: label.to_owned(), days, rights: None };
        self.api_token_create_with(actor, user, &new, now)
    }

    /// Makes an API token for a user that may give fewer rights than the user has. The secret is given
    /// once and never again.
    pub fn api_token_create_with(
        &self,
        actor: &Actor,
        user: &str,
        new: &NewApiToken,
        now: Timestamp,
    ) -> Result<(ApiToken, String)> {
        let user = self.user(actor, user)?;
        let (token, secret) = new.make(&user, now)?;
        let detail = detail(&user, &token);
        let record = audit(actor, Right::Administer, "api_token.create", &token.id, &detail, now)?;
        self.store.api_token_insert(&token, secret::sha256(&secret), &record)?;
        Ok((token, secret))
    }

    /// All API tokens, newest first.
    pub fn api_token_list(&self, actor: &Actor) -> Result<Vec<ApiToken>> {
        require_administrator(actor)?;
        Ok(self.store.api_token_list()?)
    }

    /// Revokes an API token.
    pub fn api_token_revoke(&self, actor: &Actor, id: ApiTokenId, now: Timestamp) -> Result<()> {
        require_administrator(actor)?;
        let record = audit(actor, Right::Administer, "api_token.revoke", &id, &json!({}), now)?;
        Ok(self.store.api_token_revoke(id, &record)?)
    }
}
