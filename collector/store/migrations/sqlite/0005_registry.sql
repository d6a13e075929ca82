-- The registry people work in: life cycle, verification, confirmation, what a data set is about, and the
-- rules that assign owners, classes, data, labels and sites.

-- Rises with every change people or rules make, for optimistic locking; reports do not count.
ALTER TABLE asset ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE asset ADD COLUMN verified_at INTEGER;
ALTER TABLE asset ADD COLUMN verify_due INTEGER;
ALTER TABLE asset ADD COLUMN disposal TEXT;
-- The class that counts, repeated from its document for filters.
ALTER TABLE asset ADD COLUMN class_b INTEGER NOT NULL DEFAULT 2;
ALTER TABLE asset ADD COLUMN class_i INTEGER NOT NULL DEFAULT 3;
ALTER TABLE asset ADD COLUMN class_v INTEGER NOT NULL DEFAULT 3;
UPDATE asset SET class_b = json_extract(class, '$.biv.b'), class_i = json_extract(class, '$.biv.i'),
    class_v = json_extract(class, '$.biv.v');

ALTER TABLE ownership ADD COLUMN confirmed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE classification ADD COLUMN method TEXT NOT NULL DEFAULT 'manual';
ALTER TABLE data_link ADD COLUMN method TEXT NOT NULL DEFAULT 'manual';
ALTER TABLE data_set ADD COLUMN records TEXT NOT NULL DEFAULT 'unknown';
ALTER TABLE data_set ADD COLUMN register_ids TEXT NOT NULL DEFAULT '[]';
ALTER TABLE data_set ADD COLUMN retention TEXT NOT NULL DEFAULT '';

CREATE TABLE lifecycle_step (
    asset BLOB NOT NULL REFERENCES asset (id),
    seq INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    at INTEGER NOT NULL,
    entered_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    disposal TEXT,
    PRIMARY KEY (asset, seq)
) STRICT, WITHOUT ROWID;

-- Values of an asset that a person decided and that therefore no rule touches.
CREATE TABLE asset_by_hand (
    asset BLOB NOT NULL REFERENCES asset (id),
    target TEXT NOT NULL,
    PRIMARY KEY (asset, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE assignment_rule (
    id BLOB PRIMARY KEY,
    name_folded TEXT NOT NULL UNIQUE,
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    previewed INTEGER,
    document TEXT NOT NULL
) STRICT;

CREATE TABLE rule_batch (
    id BLOB PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    undone_at INTEGER
) STRICT, WITHOUT ROWID;

-- What rules assigned, with what was there before: kept when the rule is removed.
CREATE TABLE rule_assignment (
    batch BLOB NOT NULL REFERENCES rule_batch (id),
    seq INTEGER NOT NULL,
    asset BLOB NOT NULL REFERENCES asset (id),
    rule BLOB NOT NULL,
    rule_name TEXT NOT NULL,
    rule_version INTEGER NOT NULL,
    target TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (batch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX rule_assignment_by_asset ON rule_assignment (asset);
