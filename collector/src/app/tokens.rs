//! Enrolment tokens and agents.

use belfort_model::agent::EnrolmentToken;
use belfort_model::id::{AgentId, TokenId};
use belfort_model::time::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::access::{Actor, Right};
use super::{App, AppError, Result, audit, text};
use crate::secret;

/// What an enrolment token is made from.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Code of the unit proposed as the owner of what it admits.
    pub unit: Option<String>,
    /// What it is for.
    pub label: String,
    /// How many devices it may admit, 1 to 100,000.
    pub uses: u32,
    /// Seconds until it ends, a minute to a year.
    pub seconds: i64,
}

const YEAR_SECONDS: i64 = 365 * 86_400;

impl App {
    /// Makes an enrolment token. The secret is given once and never again.
    pub fn token_create(
        &self,
        actor: &Actor,
        new: &NewToken,
        now: Timestamp,
    ) -> Result<(EnrolmentToken, String)> {
        if !(1..=100_000).contains(&new.uses) {
            return Err(AppError::Invalid(format!("uses: {} is not 1 to 100000", new.uses)));
        }
        if !(60..=YEAR_SECONDS).contains(&new.seconds) {
            let reason = format!("expires: {} s is not between a minute and a year", new.seconds);
            return Err(AppError::Invalid(reason));
        }
        let unit = new.unit.as_deref().map(|code| self.unit(code)).transpose()?;
        let token = EnrolmentToken {
            id: TokenId(Uuid::now_v7()),
            label: text("label", &new.label, 200)?,
            unit: unit.map(|unit| unit.id),
            uses_allowed: new.uses,
            uses: 0,
            created_at: now,
            created_by: actor.name.clone(),
            expires_at: now.plus_seconds(new.seconds),
            last_used_at: None,
            revoked_at: None,
        };
        let detail = json!({
            "label": token.label, "uses": token.uses_allowed,
            "expires_at": token.expires_at, "unit": new.unit,
        });
        let record = audit(actor, Right::Administer, "token.create", &token.id, &detail, now)?;
        let secret = secret::random_text()?;
        self.store.token_insert(&token, secret::sha256(&secret), &record)?;
        Ok((token, secret))
    }

    /// All enrolment tokens, newest first.
    pub fn token_list(&self, actor: &Actor) -> Result<Vec<EnrolmentToken>> {
        actor.require(Right::Administer)?;
        Ok(self.store.token_list()?)
    }

    /// Revokes an enrolment token.
    pub fn token_revoke(&self, actor: &Actor, id: TokenId, now: Timestamp) -> Result<()> {
        let record = audit(actor, Right::Administer, "token.revoke", &id, &json!({}), now)?;
        Ok(self.store.token_revoke(id, &record)?)
    }

    /// Revokes an agent: its key is not honoured any more, on any collector, within seconds.
    pub fn agent_revoke(&self, actor: &Actor, id: AgentId, now: Timestamp) -> Result<()> {
        let record = audit(actor, Right::Administer, "agent.revoke", &id, &json!({}), now)?;
        Ok(self.store.agent_revoke(id, &record)?)
    }
}
