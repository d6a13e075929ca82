-- People: ways in, sessions, lock-out, and what the audit log is searched by.

ALTER TABLE app_user ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
-- The only rights of the token, as a JSON list; nothing when it has those of its user.
ALTER TABLE api_token ADD COLUMN rights TEXT COLLATE "C";
ALTER TABLE api_token ADD COLUMN last_used_at BIGINT;
CREATE INDEX api_token_by_user ON api_token (user_id);

-- How a user of our own gets in. `totp` is sealed with a key that is not in the database.
CREATE TABLE credential (
    user_id BYTEA PRIMARY KEY REFERENCES app_user (id),
    password TEXT COLLATE "C",
    password_at BIGINT,
    reset_sha256 BYTEA UNIQUE,
    reset_until BIGINT,
    totp BYTEA,
    totp_at BIGINT,
    totp_step BIGINT NOT NULL,
    totp_pending BYTEA
);

CREATE TABLE recovery_code (
    user_id BYTEA NOT NULL REFERENCES app_user (id),
    sha256 BYTEA NOT NULL,
    PRIMARY KEY (user_id, sha256)
);

-- How a user of an identity provider gets in: by its subject, which does not change.
CREATE TABLE identity (
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    user_id BYTEA NOT NULL UNIQUE REFERENCES app_user (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE TABLE session (
    id BYTEA PRIMARY KEY,
    secret_sha256 BYTEA NOT NULL UNIQUE,
    user_id BYTEA NOT NULL REFERENCES app_user (id),
    method TEXT COLLATE "C" NOT NULL,
    second_factor BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    browser TEXT COLLATE "C" NOT NULL
);
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_by_end ON session (expires_at);

-- Failed attempts to log in, by the hash of an account's name or of a source address.
CREATE TABLE login_attempt (
    key BYTEA PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX login_attempt_by_age ON login_attempt (last_at);

CREATE INDEX audit_by_actor ON audit (actor, seq);
CREATE INDEX audit_by_action ON audit (action, seq);
CREATE INDEX audit_by_subject ON audit (subject, seq);
CREATE INDEX audit_by_time ON audit (at, seq);
