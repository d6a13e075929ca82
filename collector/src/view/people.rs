//! Users, their sessions, and one's own account.

use belfort_model::time::Timestamp;
use belfort_store::record::{Account, Session};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::ApiTokenView;
use super::text;
use crate::app::callers::{Caller, Means};
use crate::app::users::ResetCode;
use crate::login::totp::Proposal;

/// A user and how it gets in.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    /// Id.
    #[schema(format = Uuid)]
    pub id: String,
    /// Login name.
    pub name: String,
    /// Roles: `role`, or `role@CODE` for a unit and all below it.
    pub roles: Vec<String>,
    /// When it was added.
    pub created_at: String,
    /// When it was switched off.
    pub disabled_at: Option<String>,
    /// The identity provider it logs in at; nothing for a user with a password here.
    pub identity_provider: Option<String>,
    /// When its password was set.
    pub password_at: Option<String>,
    /// When its second factor was set up.
    pub second_factor_at: Option<String>,
    /// Recovery codes that were not used.
    pub recovery_codes: u32,
    /// Until when a one-time code lets the password be set.
    pub reset_until: Option<String>,
    /// Counts the changes.
    pub version: u64,
}

impl UserView {
    /// Shows a user; `roles` as people write them.
    pub fn of(account: Account, roles: Vec<String>, now: Timestamp) -> Self {
        let user = account.user;
        Self {
            id: user.id.to_string(),
            name: user.name,
            roles,
            created_at: text(user.created_at),
            disabled_at: user.disabled_at.map(text),
            identity_provider: account.identity.map(|identity| identity.issuer),
            password_at: account.password_at.map(text),
            second_factor_at: account.second_factor_at.map(text),
            recovery_codes: account.recovery_codes,
            reset_until: account.reset_until.filter(|until| *until > now).map(text),
            version: user.version,
        }
    }
}

/// A session, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Id.
    #[schema(format = Uuid)]
    pub id: String,
    /// `password` or `oidc`.
    pub method: String,
    /// Whether a second factor was shown; at an identity provider that is its business.
    pub second_factor: bool,
    /// When it began.
    pub created_at: String,
    /// When it was last used, to the minute.
    pub last_used_at: String,
    /// When it ends, whatever happens.
    pub expires_at: String,
    /// Where it began.
    pub address: String,
    /// In which browser.
    pub browser: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl SessionView {
    /// Shows a session to a caller, or to somebody else.
    pub fn of(session: Session, caller: Option<&Caller>) -> Self {
        let current = caller.is_some_and(
            |caller| matches!(&caller.means, Means::Session(own) if own.id == session.id),
        );
        Self {
            id: session.id.to_string(),
            method: session.method.as_str().to_owned(),
            second_factor: session.second_factor,
            created_at: text(session.created_at),
            last_used_at: text(session.last_used_at),
            expires_at: text(session.expires_at),
            address: session.address,
            browser: session.browser,
            current,
        }
    }
}

/// One's own account.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeView {
    /// What everybody may see of it who administers.
    #[serde(flatten)]
    pub user: UserView,
    /// The rights one has somewhere, with this token or session.
    pub rights: Vec<String>,
    /// Whether a second factor must be set up before anything else.
    pub second_factor_due: bool,
    /// For the header `X-CSRF-Token`; nothing with an API token, which needs none.
    pub csrf_token: Option<String>,
}

/// An API token that was just made.
#[derive(Serialize, ToSchema)]
pub struct NewApiTokenView {
    /// What it is.
    #[serde(flatten)]
    pub token: ApiTokenView,
    /// The token itself: shown this once.
    pub secret: String,
}

/// A one-time code to set a password with.
#[derive(Serialize, ToSchema)]
pub struct ResetCodeView {
    /// The code: shown this once.
    pub code: String,
    /// When it ends.
    pub until: String,
}

impl From<ResetCode> for ResetCodeView {
    fn from(code: ResetCode) -> Self {
        Self { code: code.code, until: text(code.until) }
    }
}

/// A second factor that counts once a code of it was given.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorView {
    /// The secret in base 32, to type into an authenticator app.
    pub secret: String,
    /// The same as `otpauth://` address.
    pub url: String,
}

impl From<Proposal> for SecondFactorView {
    fn from(proposal: Proposal) -> Self {
        Self { secret: proposal.secret, url: proposal.url }
    }
}

/// Codes for when the second factor is lost, each good for once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodesView {
    /// The codes: shown this once.
    pub recovery_codes: Vec<String>,
}
