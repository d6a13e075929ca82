//! The part of the store that keeps people: how they get in, their sessions, and who looked at what.

use belfort_model::access::RoleGrant;
use belfort_model::id::{ApiTokenId, BatchId, SessionId, UserId, ViewId};
use belfort_model::time::Timestamp;

use crate::Result;
use crate::driver::Driver;
use crate::record::{
    Account, AttemptKey, Audit, AuditFilter, AuditRecord, Credential, Identity, Page, Paged,
    SavedView, Session, User,
};
use crate::sql::people::{account, attempt, credential, identity, log, session, view};
use crate::sql::{SqlStore, methods};

/// People. See the crate's documentation for what holds for every method.
pub trait PeopleStore {
    // -- users ----------------------------------------------------------------------------------

    /// One user.
    fn user_get(&self, id: UserId) -> Result<Option<User>>;
    /// The user with this name, whatever its case.
    fn user_by_name(&self, name: &str) -> Result<Option<User>>;
    /// All users and how they get in, by name.
    fn account_list(&self) -> Result<Vec<Account>>;
    /// One user and how it gets in.
    fn account_get(&self, id: UserId) -> Result<Option<Account>>;
    /// Gives a user these roles instead of those it has. `Conflict` when `version` is given and is not
    /// the user's; `Refused` when nobody would be left who administers, unless `any` is set: what an
    /// identity provider says counts.
    fn user_roles_set(
        &self,
        id: UserId,
        version: Option<u64>,
        roles: &[RoleGrant],
        any: bool,
        audit: &Audit,
    ) -> Result<()>;
    /// Switches a user off, ends its sessions and revokes its API tokens. `Refused` when nobody would
    /// be left who administers.
    fn user_disable(&self, id: UserId, audit: &Audit) -> Result<()>;
    /// Switches a user on again.
    fn user_enable(&self, id: UserId, audit: &Audit) -> Result<()>;

    // -- ways in --------------------------------------------------------------------------------

    /// What a user's login is checked against.
    fn credential_get(&self, user: UserId) -> Result<Option<Credential>>;
    /// Sets a user's password, takes back any one-time code, and ends every other session.
    fn password_set(
        &self,
        user: UserId,
        phc: &str,
        keep: Option<SessionId>,
        audit: &Audit,
    ) -> Result<()>;
    /// Replaces the hash of a password by one with newer parameters, when it is still this one.
    fn password_upgrade(&self, user: UserId, old: &str, new: &str) -> Result<()>;
    /// Takes back a user's password, second factor, sessions and API tokens, and gives a one-time code
    /// instead.
    fn reset_set(
        &self,
        user: UserId,
        code_sha256: [u8; 32],
        until: Timestamp,
        audit: &Audit,
    ) -> Result<()>;
    /// Whose this one-time code is; nobody's when it was used or has ended.
    fn reset_find(&self, code_sha256: [u8; 32], now: Timestamp) -> Result<Option<User>>;
    /// Uses a one-time code up and sets the password. False when somebody else used it meanwhile.
    fn reset_use(
        &self,
        user: UserId,
        code_sha256: [u8; 32],
        phc: &str,
        audit: &Audit,
    ) -> Result<bool>;
    /// Keeps the sealed secret of a second factor until it is confirmed.
    fn totp_propose(&self, user: UserId, sealed: &[u8]) -> Result<()>;
    /// Puts the proposed second factor in force, with its recovery codes, and ends every other
    /// session. False when it is not the one proposed last.
    fn totp_confirm(
        &self,
        user: UserId,
        sealed: &[u8],
        step: u64,
        recovery_sha256: &[[u8; 32]],
        keep: Option<SessionId>,
        audit: &Audit,
    ) -> Result<bool>;
    /// Uses a time step up; false when it, or a later one, was used before.
    fn totp_use(&self, user: UserId, step: u64) -> Result<bool>;
    /// Uses a recovery code up; false when there is none such.
    fn recovery_use(&self, user: UserId, sha256: [u8; 32], audit: &Audit) -> Result<bool>;

    // -- identity providers ---------------------------------------------------------------------

    /// The user somebody at an identity provider is.
    fn identity_find(&self, identity: &Identity) -> Result<Option<User>>;
    /// When a user of an identity provider last logged in there; nothing for a user of our own.
    fn identity_last_login(&self, user: UserId) -> Result<Option<Timestamp>>;
    /// Adds a user for somebody at an identity provider. `Exists` when the name is taken or somebody
    /// else added it meanwhile.
    fn identity_insert(&self, identity: &Identity, user: &User, audit: &Audit) -> Result<()>;

    // -- attempts -------------------------------------------------------------------------------

    /// Counts an attempt as failed, before it is judged, so that attempts made at once count too.
    /// Answers until when nothing is tried instead, when one of the keys has to wait.
    fn attempt_begin(&self, keys: &[AttemptKey], now: Timestamp) -> Result<Option<Timestamp>>;
    /// Forgets what was counted for `forget`, and one attempt of `lessen`.
    fn attempt_end(&self, forget: [u8; 32], lessen: [u8; 32]) -> Result<()>;

    // -- sessions -------------------------------------------------------------------------------

    /// Begins a session, ends the one it replaces, and forgets those that are over.
    fn session_insert(
        &self,
        session: &Session,
        secret_sha256: [u8; 32],
        replaces: Option<SessionId>,
        audit: &Audit,
    ) -> Result<()>;
    /// The session with this secret and its user; also when it is over.
    fn session_find(&self, secret_sha256: [u8; 32]) -> Result<Option<(Session, User)>>;
    /// Notes that a session is in use.
    fn session_touch(&self, id: SessionId, now: Timestamp) -> Result<()>;
    /// Sessions of a user, newest first; also those that are over and were not forgotten yet.
    fn session_list(&self, user: UserId) -> Result<Vec<Session>>;
    /// Ends a session of a user. `NotFound` when there is none such.
    fn session_end(&self, user: UserId, id: SessionId, audit: &Audit) -> Result<()>;
    /// Ends every session of a user.
    fn session_end_all(&self, user: UserId, audit: &Audit) -> Result<()>;

    // -- API tokens -----------------------------------------------------------------------------

    /// API tokens of a user, newest first.
    fn api_token_list_of(&self, user: UserId) -> Result<Vec<crate::record::ApiToken>>;
    /// Notes that an API token is in use.
    fn api_token_touch(&self, id: ApiTokenId, now: Timestamp) -> Result<()>;

    // -- saved views ----------------------------------------------------------------------------

    /// Adds a view.
    fn view_insert(&self, view: &SavedView, audit: &Audit) -> Result<()>;
    /// One view.
    fn view_get(&self, id: ViewId) -> Result<Option<SavedView>>;
    /// Views of a page, or of all pages: those of this user and those of everybody, by page and name.
    fn view_list(&self, user: UserId, page: Option<&str>) -> Result<Vec<SavedView>>;
    /// Removes a view. `NotFound` when it is not there.
    fn view_delete(&self, id: ViewId, audit: &Audit) -> Result<()>;

    // -- the audit log --------------------------------------------------------------------------

    /// Records that match, newest first.
    fn audit_search(&self, filter: &AuditFilter, page: Page) -> Result<Paged<AuditRecord>>;
    /// Records of changes that were made in this batch, within these moments, oldest first.
    fn audit_of_batch(
        &self,
        batch: BatchId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<AuditRecord>>;
    /// So many records after this number, oldest first.
    fn audit_after(&self, sequence: u64, limit: u32) -> Result<Vec<AuditRecord>>;
    /// One record.
    fn audit_get(&self, sequence: u64) -> Result<Option<AuditRecord>>;
    /// Adds a record, unless one by the same actor, of the same action and about the same subject is
    /// not older than `since`. Answers whether it was added.
    fn audit_add_once(&self, audit: &Audit, since: Timestamp) -> Result<bool>;
}

impl<D: Driver> PeopleStore for SqlStore<D> {
    methods! {
        read account::user_get(id: UserId) -> Option<User>;
        read account::user_by_name(name: &str) -> Option<User>;
        read account::account_list() -> Vec<Account>;
        read account::account_get(id: UserId) -> Option<Account>;
        write account::user_roles_set(
            id: UserId,
            version: Option<u64>,
            roles: &[RoleGrant],
            any: bool,
            audit: &Audit
        ) -> ();
        write account::user_disable(id: UserId, audit: &Audit) -> ();
        write account::user_enable(id: UserId, audit: &Audit) -> ();

        read credential::credential_get(user: UserId) -> Option<Credential>;
        write credential::password_set(
            user: UserId,
            phc: &str,
            keep: Option<SessionId>,
            audit: &Audit
        ) -> ();
        write credential::password_upgrade(user: UserId, old: &str, new: &str) -> ();
        write credential::reset_set(
            user: UserId,
            code_sha256: [u8; 32],
            until: Timestamp,
            audit: &Audit
        ) -> ();
        read credential::reset_find(code_sha256: [u8; 32], now: Timestamp) -> Option<User>;
        write credential::reset_use(
            user: UserId,
            code_sha256: [u8; 32],
            phc: &str,
            audit: &Audit
        ) -> bool;
        write credential::totp_propose(user: UserId, sealed: &[u8]) -> ();
        write credential::totp_confirm(
            user: UserId,
            sealed: &[u8],
            step: u64,
            recovery_sha256: &[[u8; 32]],
            keep: Option<SessionId>,
            audit: &Audit
        ) -> bool;
        write credential::totp_use(user: UserId, step: u64) -> bool;
        write credential::recovery_use(user: UserId, sha256: [u8; 32], audit: &Audit) -> bool;

        read identity::identity_find(identity: &Identity) -> Option<User>;
        read identity::identity_last_login(user: UserId) -> Option<Timestamp>;
        write identity::identity_insert(identity: &Identity, user: &User, audit: &Audit) -> ();

        write attempt::attempt_begin(keys: &[AttemptKey], now: Timestamp) -> Option<Timestamp>;
        write attempt::attempt_end(forget: [u8; 32], lessen: [u8; 32]) -> ();

        write session::session_insert(
            session: &Session,
            secret_sha256: [u8; 32],
            replaces: Option<SessionId>,
            audit: &Audit
        ) -> ();
        read session::session_find(secret_sha256: [u8; 32]) -> Option<(Session, User)>;
        write session::session_touch(id: SessionId, now: Timestamp) -> ();
        read session::session_list(user: UserId) -> Vec<Session>;
        write session::session_end(user: UserId, id: SessionId, audit: &Audit) -> ();
        write session::session_end_all(user: UserId, audit: &Audit) -> ();

        read account::api_token_list_of(user: UserId) -> Vec<crate::record::ApiToken>;
        write account::api_token_touch(id: ApiTokenId, now: Timestamp) -> ();

        write view::view_insert(view: &SavedView, audit: &Audit) -> ();
        read view::view_get(id: ViewId) -> Option<SavedView>;
        read view::view_list(user: UserId, page: Option<&str>) -> Vec<SavedView>;
        write view::view_delete(id: ViewId, audit: &Audit) -> ();

        read log::audit_search(filter: &AuditFilter, page: Page) -> Paged<AuditRecord>;
        read log::audit_of_batch(
            batch: BatchId,
            from: Timestamp,
            to: Timestamp
        ) -> Vec<AuditRecord>;
        read log::audit_after(sequence: u64, limit: u32) -> Vec<AuditRecord>;
        read log::audit_get(sequence: u64) -> Option<AuditRecord>;
        write log::audit_add_once(audit: &Audit, since: Timestamp) -> bool;
    }
}
