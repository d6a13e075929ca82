-- The registry people work in: life cycle, verification, confirmation, what a data set is about, and the
-- rules that assign owners, classes, data, labels and sites.

-- Rises with every change people or rules make, for optimistic locking; reports do not count.
ALTER TABLE asset ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE asset ADD COLUMN verified_at BIGINT;
ALTER TABLE asset ADD COLUMN verify_due BIGINT;
ALTER TABLE asset ADD COLUMN disposal TEXT COLLATE "C";
-- The class that counts, repeated from its document for filters.
ALTER TABLE asset ADD COLUMN class_b BIGINT NOT NULL DEFAULT 2;
ALTER TABLE asset ADD COLUMN class_i BIGINT NOT NULL DEFAULT 3;
ALTER TABLE asset ADD COLUMN class_v BIGINT NOT NULL DEFAULT 3;
UPDATE asset SET class_b = (class::jsonb -> 'biv' ->> 'b')::bigint, class_i = (class::jsonb -> 'biv' ->> 'i')::bigint,
    class_v = (class::jsonb -> 'biv' ->> 'v')::bigint;

ALTER TABLE ownership ADD COLUMN confirmed_by TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE classification ADD COLUMN method TEXT COLLATE "C" NOT NULL DEFAULT 'manual';
ALTER TABLE data_link ADD COLUMN method TEXT COLLATE "C" NOT NULL DEFAULT 'manual';
ALTER TABLE data_set ADD COLUMN records TEXT COLLATE "C" NOT NULL DEFAULT 'unknown';
ALTER TABLE data_set ADD COLUMN register_ids TEXT COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE data_set ADD COLUMN retention TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE TABLE lifecycle_step (
    asset BYTEA NOT NULL REFERENCES asset (id),
    seq BIGINT NOT NULL,
    from_state TEXT COLLATE "C" NOT NULL,
    to_state TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    entered_by TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    disposal TEXT COLLATE "C",
    PRIMARY KEY (asset, seq)
);

-- Values of an asset that a person decided and that therefore no rule touches.
CREATE TABLE asset_by_hand (
    asset BYTEA NOT NULL REFERENCES asset (id),
    target TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (asset, target)
);

CREATE TABLE assignment_rule (
    id BYTEA PRIMARY KEY,
    name_folded TEXT COLLATE "C" NOT NULL UNIQUE,
    position BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    previewed BIGINT,
    document TEXT COLLATE "C" NOT NULL
);

CREATE TABLE rule_batch (
    id BYTEA PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    undone_at BIGINT
);

-- What rules assigned, with what was there before: kept when the rule is removed.
CREATE TABLE rule_assignment (
    batch BYTEA NOT NULL REFERENCES rule_batch (id),
    seq BIGINT NOT NULL,
    asset BYTEA NOT NULL REFERENCES asset (id),
    rule BYTEA NOT NULL,
    rule_name TEXT COLLATE "C" NOT NULL,
    rule_version BIGINT NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (batch, seq)
);
CREATE INDEX rule_assignment_by_asset ON rule_assignment (asset);
