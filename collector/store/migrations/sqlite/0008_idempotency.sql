-- Answers to calls that carried an Idempotency-Key, kept for a day, so that a call repeated after a broken
-- connection is not carried out twice. An answer with a secret is never kept: then `body` is NULL.
CREATE TABLE idempotent_call (
    caller BLOB NOT NULL,
    key TEXT NOT NULL,
    request BLOB NOT NULL,
    at INTEGER NOT NULL,
    status INTEGER,
    content_type TEXT,
    body BLOB,
    PRIMARY KEY (caller, key)
) STRICT;
CREATE INDEX idempotent_call_by_age ON idempotent_call (at);
