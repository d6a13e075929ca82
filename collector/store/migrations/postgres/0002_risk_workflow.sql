-- What people do with findings and risks: triage, exceptions, meetings, actions, incidents.

-- What people made of a finding is a document; what lists filter by is beside it.
ALTER TABLE finding ADD COLUMN triage TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE finding ADD COLUMN assigned BYTEA REFERENCES unit (id);
ALTER TABLE finding ADD COLUMN due BIGINT;

CREATE TABLE meeting (
    id BYTEA PRIMARY KEY,
    reference_folded TEXT COLLATE "C" NOT NULL UNIQUE,
    held_at BIGINT NOT NULL,
    document TEXT COLLATE "C" NOT NULL
);

CREATE TABLE finding_exception (
    id BYTEA PRIMARY KEY,
    status TEXT COLLATE "C" NOT NULL,
    asset BYTEA REFERENCES asset (id),
    unit BYTEA REFERENCES unit (id),
    expires_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    document TEXT COLLATE "C" NOT NULL
);
CREATE INDEX finding_exception_by_end ON finding_exception (status, expires_at);
CREATE INDEX finding_exception_by_asset ON finding_exception (asset);
CREATE INDEX finding_exception_by_unit ON finding_exception (unit);

-- The actions of all risks, taken out of their documents by every change of these.
CREATE TABLE risk_action (
    id BYTEA PRIMARY KEY,
    risk BYTEA NOT NULL REFERENCES risk (id),
    unit BYTEA NOT NULL REFERENCES unit (id),
    status TEXT COLLATE "C" NOT NULL,
    due BIGINT NOT NULL,
    document TEXT COLLATE "C" NOT NULL
);
CREATE INDEX risk_action_by_risk ON risk_action (risk);
CREATE INDEX risk_action_by_due ON risk_action (due, id);

CREATE TABLE incident (
    id BYTEA PRIMARY KEY,
    reference_folded TEXT COLLATE "C" NOT NULL UNIQUE,
    occurred_at BIGINT NOT NULL,
    document TEXT COLLATE "C" NOT NULL
);
CREATE TABLE incident_asset (
    incident BYTEA NOT NULL REFERENCES incident (id),
    asset BYTEA NOT NULL REFERENCES asset (id),
    PRIMARY KEY (incident, asset)
);
CREATE INDEX incident_asset_by_asset ON incident_asset (asset);

-- The history kept small: a version is the difference from the one before (`base`), compressed; or whole
-- where `base` is 0. `size` is 0 for a version that is kept as it is, from before this step.
CREATE TABLE risk_version (
    risk BYTEA NOT NULL REFERENCES risk (id),
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    base BIGINT NOT NULL,
    size BIGINT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (risk, version)
);
INSERT INTO risk_version SELECT risk, version, at, 0, 0, convert_to(document, 'UTF8') FROM risk_history;
DROP TABLE risk_history;
ALTER TABLE risk_version RENAME TO risk_history;
CREATE INDEX risk_history_by_time ON risk_history (risk, at, version);
