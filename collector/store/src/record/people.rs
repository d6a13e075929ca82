//! People: how they get in, and that they are in.

use belfort_model::id::{SessionId, UserId, ViewId};
use belfort_model::time::Timestamp;

use super::User;

/// A user and how it gets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub user: User,
    /// When the password was set; nothing when there is none.
    pub password_at: Option<Timestamp>,
    /// When the second factor was set; nothing when there is none.
    pub second_factor_at: Option<Timestamp>,
    /// Recovery codes that were not used.
    pub recovery_codes: u32,
    /// Until when a one-time code lets the password be set; nothing when there is none.
    pub reset_until: Option<Timestamp>,
    /// Who the user is at an identity provider.
    pub identity: Option<Identity>,
}

/// A view of a list that somebody keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Id.
    pub id: ViewId,
    /// Whose it is; nothing when it is there for everybody.
    pub owner: Option<UserId>,
    /// Path of the page, for example `/assets`.
    pub page: String,
    /// Name.
    pub name: String,
    /// Query of the page, without the question mark.
    pub query: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

/// Who somebody is at an identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// What it calls the person; it never changes, unlike names and addresses.
    pub subject: String,
}

/// What a user's login is checked against.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The password's hash, as a PHC string.
    pub password: Option<String>,
    /// The sealed secret of the second factor.
    pub totp: Option<Vec<u8>>,
    /// The sealed secret of a second factor that was not confirmed yet.
    pub totp_pending: Option<Vec<u8>>,
}

impl std::fmt::Debug for Credential {
    /// Without what must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").finish_non_exhaustive()
    }
}

/// How somebody logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginMethod {
    /// With a password kept here.
    Password,
    /// At an identity provider.
    Oidc,
}

impl LoginMethod {
    /// The stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Oidc => "oidc",
        }
    }
}

/// A session. Its secret is not here: only the hash is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Id.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// How it began.
    pub method: LoginMethod,
    /// Whether a second factor was shown.
    pub second_factor: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Timestamp,
    /// When it ends, whatever happens.
    pub expires_at: Timestamp,
    /// Where it began.
    pub address: String,
    /// In which browser.
    pub browser: String,
}

/// Something attempts to log in are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptKey {
    /// Hash of what it is: an account's name or a source address.
    pub key: [u8; 32],
    /// Failures it has before anybody waits.
    pub free: u32,
}

/// Which records of the audit log.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// By this actor.
    pub actor: Option<String>,
    /// With this action or, when it ends in a dot, with those that begin so.
    pub action: Option<String>,
    /// About this subject.
    pub subject: Option<String>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
}
