//! Agents and tokens.

use belfort_model::agent::{Agent, EnrolmentToken};
use belfort_model::time::Timestamp;
use belfort_store::record::ApiToken;
use serde::Serialize;
use utoipa::ToSchema;

use super::text;

/// An agent.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentView {
    /// Id: the one in its certificate.
    pub id: String,
    /// Id of its asset.
    pub asset: String,
    /// `active`, `superseded` or `revoked`.
    pub status: String,
    /// Version of the program.
    pub version: String,
    /// Operating-system family.
    pub platform: String,
    /// When it was enrolled.
    pub enrolled_at: String,
    /// Its last check-in.
    pub last_seen: Option<String>,
    /// When its certificate ends.
    pub certificate_not_after: String,
    /// How far its clock is ahead of the collector's, milliseconds.
    pub clock_offset_ms: i64,
}

impl From<Agent> for AgentView {
    fn from(agent: Agent) -> Self {
        Self {
            id: agent.id.to_string(),
            asset: agent.asset.to_string(),
            status: agent.status.to_string(),
            version: agent.version,
            platform: agent.platform,
            enrolled_at: text(agent.enrolled_at),
            last_seen: agent.last_seen.map(text),
            certificate_not_after: text(agent.certificate_not_after),
            clock_offset_ms: agent.clock_offset_ms,
        }
    }
}

/// An enrolment token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenView {
    /// Id.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// `valid`, `expired`, `used_up` or `revoked`.
    pub status: String,
    /// How many devices it may admit.
    pub uses_allowed: u32,
    /// How many it admitted.
    pub uses: u32,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: String,
    /// When it ends.
    pub expires_at: String,
    /// When it was last used.
    pub last_used_at: Option<String>,
}

impl TokenView {
    /// Shows a token as it stands now.
    pub fn of(token: EnrolmentToken, now: Timestamp) -> Self {
        Self {
            status: token.status(now).to_string(),
            id: token.id.to_string(),
            label: token.label,
            uses_allowed: token.uses_allowed,
            uses: token.uses,
            created_by: token.created_by,
            created_at: text(token.created_at),
            expires_at: text(token.expires_at),
            last_used_at: token.last_used_at.map(text),
        }
    }
}

/// An enrolment token that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewTokenView {
    /// What it is.
    #[serde(flatten)]
    pub token: TokenView,
    /// The token itself: shown this once.
    pub secret: String,
    /// What to run on a device.
    pub command: String,
}

/// An API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiTokenView {
    /// Id.
    pub id: String,
    /// Id of its user.
    pub user: String,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created_at: String,
    /// When it ends.
    pub expires_at: String,
    /// When it was revoked.
    pub revoked_at: Option<String>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<String>,
    /// The only rights it gives; nothing when it gives all that its user has.
    pub rights: Option<Vec<String>>,
}

impl From<ApiToken> for ApiTokenView {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id.to_string(),
            user: token.user.to_string(),
            label: token.label,
            created_at: text(token.created_at),
            expires_at: text(token.expires_at),
            revoked_at: token.revoked_at.map(text),
            last_used_at: token.last_used_at.map(text),
            rights: token
                .rights
                .map(|rights| rights.iter().map(|right| right.as_str().to_owned()).collect()),
        }
    }
}
