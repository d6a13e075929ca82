-- People: ways in, sessions, lock-out, and what the audit log is searched by.

ALTER TABLE app_user ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
-- The only rights of the token, as a JSON list; nothing when it has those of its user.
ALTER TABLE api_token ADD COLUMN rights TEXT;
ALTER TABLE api_token ADD COLUMN last_used_at INTEGER;
CREATE INDEX api_token_by_user ON api_token (user_id);

-- How a user of our own gets in. `totp` is sealed with a key that is not in the database.
CREATE TABLE credential (
    user_id BLOB PRIMARY KEY REFERENCES app_user (id),
    password TEXT,
    password_at INTEGER,
    reset_sha256 BLOB UNIQUE,
    reset_until INTEGER,
    totp BLOB,
    totp_at INTEGER,
    totp_step INTEGER NOT NULL,
    totp_pending BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_code (
    user_id BLOB NOT NULL REFERENCES app_user (id),
    sha256 BLOB NOT NULL,
    PRIMARY KEY (user_id, sha256)
) STRICT, WITHOUT ROWID;

-- How a user of an identity provider gets in: by its subject, which does not change.
CREATE TABLE identity (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id BLOB NOT NULL UNIQUE REFERENCES app_user (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    id BLOB PRIMARY KEY,
    secret_sha256 BLOB NOT NULL UNIQUE,
    user_id BLOB NOT NULL REFERENCES app_user (id),
    method TEXT NOT NULL,
    second_factor INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    browser TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_by_end ON session (expires_at);

-- Failed attempts to log in, by the hash of an account's name or of a source address.
CREATE TABLE login_attempt (
    key BLOB PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_attempt_by_age ON login_attempt (last_at);

CREATE INDEX audit_by_actor ON audit (actor, seq);
CREATE INDEX audit_by_action ON audit (action, seq);
CREATE INDEX audit_by_subject ON audit (subject, seq);
CREATE INDEX audit_by_time ON audit (at, seq);
