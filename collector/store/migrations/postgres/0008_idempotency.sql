-- Answers to calls that carried an Idempotency-Key, kept for a day, so that a call repeated after a broken
-- connection is not carried out twice. An answer with a secret is never kept: then `body` is NULL.
CREATE TABLE idempotent_call (
    caller BYTEA NOT NULL,
    key TEXT NOT NULL,
    request BYTEA NOT NULL,
    at BIGINT NOT NULL,
    status BIGINT,
    content_type TEXT,
    body BYTEA,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotent_call_by_age ON idempotent_call (at);
