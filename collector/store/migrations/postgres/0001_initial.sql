-- The first schema. Moments are milliseconds since 1970 (UTC), ids are the 16 bytes of their UUID,
-- `…_folded` is the lower-case form made by the program: databases fold differently;
-- and every text is compared by its bytes, so that both databases sort alike.

CREATE TABLE heartbeat (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    beats BIGINT NOT NULL
);
INSERT INTO heartbeat VALUES (1, 0);

CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    hash BYTEA NOT NULL
);
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

CREATE TABLE app_user (
    id BYTEA PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    name_folded TEXT COLLATE "C" NOT NULL UNIQUE,
    roles TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);

CREATE TABLE api_token (
    id BYTEA PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES app_user (id),
    secret_sha256 BYTEA NOT NULL UNIQUE,
    label TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE unit (
    id BYTEA PRIMARY KEY,
    code TEXT COLLATE "C" NOT NULL,
    code_folded TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    parent BYTEA REFERENCES unit (id),
    active_from BIGINT NOT NULL,
    active_to BIGINT
);

CREATE TABLE enrolment_token (
    id BYTEA PRIMARY KEY,
    secret_sha256 BYTEA NOT NULL UNIQUE,
    label TEXT COLLATE "C" NOT NULL,
    unit BYTEA REFERENCES unit (id),
    uses_allowed BIGINT NOT NULL,
    uses BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);

CREATE TABLE asset (
    id BYTEA PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    subtype TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_folded TEXT COLLATE "C" NOT NULL,
    legal_entity TEXT COLLATE "C" NOT NULL,
    lifecycle TEXT COLLATE "C" NOT NULL,
    in_service BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    authorised TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    exposure TEXT COLLATE "C" NOT NULL,
    site TEXT COLLATE "C" NOT NULL,
    labels TEXT COLLATE "C" NOT NULL,
    proposed_unit BYTEA REFERENCES unit (id),
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    -- From the last report.
    root BYTEA,
    reported_at BIGINT,
    os_name TEXT COLLATE "C" NOT NULL,
    -- The unit of the active owner, repeated here for filters.
    owner_unit BYTEA REFERENCES unit (id),
    -- From the last evaluation.
    class TEXT COLLATE "C" NOT NULL,
    class_assumed BIGINT NOT NULL,
    open_findings BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    evaluate_at BIGINT NOT NULL
);
CREATE INDEX asset_by_name ON asset (name_folded, id);
CREATE INDEX asset_by_owner_unit ON asset (owner_unit, name_folded, id);
CREATE INDEX asset_by_evaluate_at ON asset (evaluate_at, id);

-- What each check said at the last evaluation; apart, so that assets stay short.
CREATE TABLE check_results (
    asset BYTEA PRIMARY KEY REFERENCES asset (id),
    document TEXT COLLATE "C" NOT NULL
);

CREATE TABLE device_facts (
    asset BYTEA PRIMARY KEY REFERENCES asset (id),
    document TEXT COLLATE "C" NOT NULL
);

CREATE TABLE agent (
    id BYTEA PRIMARY KEY,
    asset BYTEA NOT NULL REFERENCES asset (id),
    token BYTEA NOT NULL REFERENCES enrolment_token (id),
    recognised BIGINT NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    key_sha256 BYTEA NOT NULL,
    certificate_serial TEXT COLLATE "C" NOT NULL,
    certificate_not_after BIGINT NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    platform TEXT COLLATE "C" NOT NULL,
    enrolled_at BIGINT NOT NULL,
    last_seen BIGINT,
    sequence BIGINT NOT NULL,
    clock_offset_ms BIGINT NOT NULL
);
CREATE INDEX agent_by_asset ON agent (asset);
CREATE INDEX agent_by_key ON agent (key_sha256);
CREATE INDEX agent_by_age ON agent (enrolled_at, id);
CREATE INDEX agent_not_honoured ON agent (id) WHERE status <> 'active';

CREATE TABLE evidence (
    asset BYTEA NOT NULL REFERENCES asset (id),
    kind TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (asset, kind, value)
);
CREATE INDEX evidence_by_value ON evidence (kind, value);

-- Contents, each once for all machines. Others refer to the short number, not to the hash.
CREATE TABLE section (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash BYTEA NOT NULL UNIQUE,
    kind BIGINT NOT NULL,
    schema_version BIGINT NOT NULL,
    size BIGINT NOT NULL,
    zstd BYTEA NOT NULL
);

CREATE TABLE asset_section (
    asset BYTEA NOT NULL REFERENCES asset (id),
    kind BIGINT NOT NULL,
    section BIGINT NOT NULL REFERENCES section (id),
    since BIGINT NOT NULL,
    PRIMARY KEY (asset, kind)
);

-- What an asset held before, for the history.
CREATE TABLE asset_section_past (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset BYTEA NOT NULL REFERENCES asset (id),
    kind BIGINT NOT NULL,
    section BIGINT NOT NULL REFERENCES section (id),
    since BIGINT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX asset_section_past_by_asset ON asset_section_past (asset, kind, until);
CREATE INDEX asset_section_past_by_section ON asset_section_past (section);

CREATE TABLE change (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset BYTEA NOT NULL REFERENCES asset (id),
    at BIGINT NOT NULL,
    section TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    before TEXT COLLATE "C",
    after TEXT COLLATE "C"
);
CREATE INDEX change_by_asset ON change (asset, at, id);

CREATE TABLE ownership (
    asset BYTEA NOT NULL REFERENCES asset (id),
    role TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    unit BYTEA NOT NULL REFERENCES unit (id),
    function TEXT COLLATE "C" NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,
    confirmed_at BIGINT,
    method TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (asset, role, seq)
);
CREATE UNIQUE INDEX ownership_active ON ownership (asset, role) WHERE valid_to IS NULL;

CREATE TABLE classification (
    subject BYTEA NOT NULL REFERENCES asset (id),
    seq BIGINT NOT NULL,
    scheme TEXT COLLATE "C" NOT NULL,
    b BIGINT NOT NULL,
    i BIGINT NOT NULL,
    v BIGINT NOT NULL,
    basis TEXT COLLATE "C" NOT NULL,
    decided_by TEXT COLLATE "C" NOT NULL,
    decided_at BIGINT NOT NULL,
    review_due BIGINT NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (subject, seq)
);

CREATE TABLE data_set (
    asset BYTEA PRIMARY KEY REFERENCES asset (id),
    personal_data TEXT COLLATE "C" NOT NULL
);

CREATE TABLE data_link (
    asset BYTEA NOT NULL REFERENCES asset (id),
    data_set BYTEA NOT NULL REFERENCES asset (id),
    relation TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (asset, data_set, relation)
);
CREATE INDEX data_link_by_target ON data_link (data_set, asset);

CREATE TABLE finding (
    id BYTEA PRIMARY KEY,
    asset BYTEA NOT NULL REFERENCES asset (id),
    code TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    is_open BIGINT NOT NULL,
    first_observed BIGINT NOT NULL,
    last_observed BIGINT NOT NULL,
    resolved_at BIGINT,
    likelihood BIGINT NOT NULL,
    dimensions TEXT COLLATE "C" NOT NULL,
    evidence TEXT COLLATE "C" NOT NULL,
    UNIQUE (asset, code, key)
);
CREATE INDEX finding_by_age ON finding (is_open, first_observed, id);
CREATE INDEX finding_by_code ON finding (code, is_open);

CREATE TABLE risk_due (
    -- All zero for assets without an owner.
    unit BYTEA PRIMARY KEY,
    generation BIGINT NOT NULL,
    due BIGINT NOT NULL
);

CREATE TABLE risk_counter (
    year BIGINT PRIMARY KEY,
    last BIGINT NOT NULL
);

CREATE TABLE risk (
    id BYTEA PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL UNIQUE,
    reference_folded TEXT COLLATE "C" NOT NULL UNIQUE,
    year BIGINT NOT NULL,
    number BIGINT NOT NULL,
    unit BYTEA REFERENCES unit (id),
    asset BYTEA REFERENCES asset (id),
    state TEXT COLLATE "C" NOT NULL,
    is_open BIGINT NOT NULL,
    severity BIGINT NOT NULL,
    version BIGINT NOT NULL,
    document TEXT COLLATE "C" NOT NULL
);
CREATE INDEX risk_by_severity ON risk (severity, year, number);
CREATE INDEX risk_by_unit ON risk (unit);
CREATE INDEX risk_by_asset ON risk (asset);

-- Which assets an entry rests on.
CREATE TABLE risk_asset (
    risk BYTEA NOT NULL REFERENCES risk (id),
    asset BYTEA NOT NULL REFERENCES asset (id),
    PRIMARY KEY (risk, asset)
);
CREATE INDEX risk_asset_by_asset ON risk_asset (asset);

-- Every version an entry has had, so that the register can be read as of any day.
CREATE TABLE risk_history (
    risk BYTEA NOT NULL REFERENCES risk (id),
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (risk, version)
);
