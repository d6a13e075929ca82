-- The first schema. Moments are milliseconds since 1970 (UTC), ids are the 16 bytes of their UUID,
-- `…_folded` is the lower-case form made by the program: databases fold differently.
-- Tables of short rows are kept in the order of their key (WITHOUT ROWID); long documents are not, for
-- there each would fill pages of its own.

CREATE TABLE heartbeat (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    beats INTEGER NOT NULL
) STRICT;
INSERT INTO heartbeat VALUES (1, 0);

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE app_user (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL UNIQUE,
    roles TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE api_token (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES app_user (id),
    secret_sha256 BLOB NOT NULL UNIQUE,
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE unit (
    id BLOB PRIMARY KEY,
    code TEXT NOT NULL,
    code_folded TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    parent BLOB REFERENCES unit (id),
    active_from INTEGER NOT NULL,
    active_to INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment_token (
    id BLOB PRIMARY KEY,
    secret_sha256 BLOB NOT NULL UNIQUE,
    label TEXT NOT NULL,
    unit BLOB REFERENCES unit (id),
    uses_allowed INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE asset (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    subtype TEXT NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    legal_entity TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    in_service INTEGER NOT NULL,
    source TEXT NOT NULL,
    authorised TEXT NOT NULL,
    environment TEXT NOT NULL,
    exposure TEXT NOT NULL,
    site TEXT NOT NULL,
    labels TEXT NOT NULL,
    proposed_unit BLOB REFERENCES unit (id),
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    -- From the last report.
    root BLOB,
    reported_at INTEGER,
    os_name TEXT NOT NULL,
    -- The unit of the active owner, repeated here for filters.
    owner_unit BLOB REFERENCES unit (id),
    -- From the last evaluation.
    class TEXT NOT NULL,
    class_assumed INTEGER NOT NULL,
    open_findings INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    evaluate_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_by_name ON asset (name_folded, id);
CREATE INDEX asset_by_owner_unit ON asset (owner_unit, name_folded, id);
CREATE INDEX asset_by_evaluate_at ON asset (evaluate_at, id);

-- What each check said at the last evaluation; apart, so that assets stay short.
CREATE TABLE check_results (
    asset BLOB PRIMARY KEY REFERENCES asset (id),
    document TEXT NOT NULL
) STRICT;

CREATE TABLE device_facts (
    asset BLOB PRIMARY KEY REFERENCES asset (id),
    document TEXT NOT NULL
) STRICT;

CREATE TABLE agent (
    id BLOB PRIMARY KEY,
    asset BLOB NOT NULL REFERENCES asset (id),
    token BLOB NOT NULL REFERENCES enrolment_token (id),
    recognised INTEGER NOT NULL,
    status TEXT NOT NULL,
    key_sha256 BLOB NOT NULL,
    certificate_serial TEXT NOT NULL,
    certificate_not_after INTEGER NOT NULL,
    version TEXT NOT NULL,
    platform TEXT NOT NULL,
    enrolled_at INTEGER NOT NULL,
    last_seen INTEGER,
    sequence INTEGER NOT NULL,
    clock_offset_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_by_asset ON agent (asset);
CREATE INDEX agent_by_key ON agent (key_sha256);
CREATE INDEX agent_by_age ON agent (enrolled_at, id);
CREATE INDEX agent_not_honoured ON agent (id) WHERE status <> 'active';

CREATE TABLE evidence (
    asset BLOB NOT NULL REFERENCES asset (id),
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (asset, kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_by_value ON evidence (kind, value);

-- Contents, each once for all machines. Others refer to the short number, not to the hash.
CREATE TABLE section (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    schema_version INTEGER NOT NULL,
    size INTEGER NOT NULL,
    zstd BLOB NOT NULL
) STRICT;

CREATE TABLE asset_section (
    asset BLOB NOT NULL REFERENCES asset (id),
    kind INTEGER NOT NULL,
    section INTEGER NOT NULL REFERENCES section (id),
    since INTEGER NOT NULL,
    PRIMARY KEY (asset, kind)
) STRICT, WITHOUT ROWID;

-- What an asset held before, for the history.
CREATE TABLE asset_section_past (
    id INTEGER PRIMARY KEY,
    asset BLOB NOT NULL REFERENCES asset (id),
    kind INTEGER NOT NULL,
    section INTEGER NOT NULL REFERENCES section (id),
    since INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX asset_section_past_by_asset ON asset_section_past (asset, kind, until);
CREATE INDEX asset_section_past_by_section ON asset_section_past (section);

CREATE TABLE change (
    id INTEGER PRIMARY KEY,
    asset BLOB NOT NULL REFERENCES asset (id),
    at INTEGER NOT NULL,
    section TEXT NOT NULL,
    subject TEXT NOT NULL,
    before TEXT,
    after TEXT
) STRICT;
CREATE INDEX change_by_asset ON change (asset, at, id);

CREATE TABLE ownership (
    asset BLOB NOT NULL REFERENCES asset (id),
    role TEXT NOT NULL,
    seq INTEGER NOT NULL,
    unit BLOB NOT NULL REFERENCES unit (id),
    function TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    confirmed_at INTEGER,
    method TEXT NOT NULL,
    PRIMARY KEY (asset, role, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX ownership_active ON ownership (asset, role) WHERE valid_to IS NULL;

CREATE TABLE classification (
    subject BLOB NOT NULL REFERENCES asset (id),
    seq INTEGER NOT NULL,
    scheme TEXT NOT NULL,
    b INTEGER NOT NULL,
    i INTEGER NOT NULL,
    v INTEGER NOT NULL,
    basis TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    review_due INTEGER NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (subject, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE data_set (
    asset BLOB PRIMARY KEY REFERENCES asset (id),
    personal_data TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE data_link (
    asset BLOB NOT NULL REFERENCES asset (id),
    data_set BLOB NOT NULL REFERENCES asset (id),
    relation TEXT NOT NULL,
    PRIMARY KEY (asset, data_set, relation)
) STRICT, WITHOUT ROWID;
CREATE INDEX data_link_by_target ON data_link (data_set, asset);

CREATE TABLE finding (
    id BLOB PRIMARY KEY,
    asset BLOB NOT NULL REFERENCES asset (id),
    code TEXT NOT NULL,
    key TEXT NOT NULL,
    status TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    first_observed INTEGER NOT NULL,
    last_observed INTEGER NOT NULL,
    resolved_at INTEGER,
    likelihood INTEGER NOT NULL,
    dimensions TEXT NOT NULL,
    evidence TEXT NOT NULL,
    UNIQUE (asset, code, key)
) STRICT;
CREATE INDEX finding_by_age ON finding (is_open, first_observed, id);
CREATE INDEX finding_by_code ON finding (code, is_open);

CREATE TABLE risk_due (
    -- All zero for assets without an owner.
    unit BLOB PRIMARY KEY,
    generation INTEGER NOT NULL,
    due INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE risk_counter (
    year INTEGER PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

CREATE TABLE risk (
    id BLOB PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    reference_folded TEXT NOT NULL UNIQUE,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    unit BLOB REFERENCES unit (id),
    asset BLOB REFERENCES asset (id),
    state TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX risk_by_severity ON risk (severity, year, number);
CREATE INDEX risk_by_unit ON risk (unit);
CREATE INDEX risk_by_asset ON risk (asset);

-- Which assets an entry rests on.
CREATE TABLE risk_asset (
    risk BLOB NOT NULL REFERENCES risk (id),
    asset BLOB NOT NULL REFERENCES asset (id),
    PRIMARY KEY (risk, asset)
) STRICT, WITHOUT ROWID;
CREATE INDEX risk_asset_by_asset ON risk_asset (asset);

-- Every version an entry has had, so that the register can be read as of any day.
CREATE TABLE risk_history (
    risk BLOB NOT NULL REFERENCES risk (id),
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (risk, version)
) STRICT;
