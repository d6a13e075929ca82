-- What people do with findings and risks: triage, exceptions, meetings, actions, incidents.

-- What people made of a finding is a document; what lists filter by is beside it.
ALTER TABLE finding ADD COLUMN triage TEXT NOT NULL DEFAULT '{}';
ALTER TABLE finding ADD COLUMN assigned BLOB REFERENCES unit (id);
ALTER TABLE finding ADD COLUMN due INTEGER;

CREATE TABLE meeting (
    id BLOB PRIMARY KEY,
    reference_folded TEXT NOT NULL UNIQUE,
    held_at INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;

CREATE TABLE finding_exception (
    id BLOB PRIMARY KEY,
    status TEXT NOT NULL,
    asset BLOB REFERENCES asset (id),
    unit BLOB REFERENCES unit (id),
    expires_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX finding_exception_by_end ON finding_exception (status, expires_at);
CREATE INDEX finding_exception_by_asset ON finding_exception (asset);
CREATE INDEX finding_exception_by_unit ON finding_exception (unit);

-- The actions of all risks, taken out of their documents by every change of these.
CREATE TABLE risk_action (
    id BLOB PRIMARY KEY,
    risk BLOB NOT NULL REFERENCES risk (id),
    unit BLOB NOT NULL REFERENCES unit (id),
    status TEXT NOT NULL,
    due INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX risk_action_by_risk ON risk_action (risk);
CREATE INDEX risk_action_by_due ON risk_action (due, id);

CREATE TABLE incident (
    id BLOB PRIMARY KEY,
    reference_folded TEXT NOT NULL UNIQUE,
    occurred_at INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE TABLE incident_asset (
    incident BLOB NOT NULL REFERENCES incident (id),
    asset BLOB NOT NULL REFERENCES asset (id),
    PRIMARY KEY (incident, asset)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_asset_by_asset ON incident_asset (asset);

-- The history kept small: a version is the difference from the one before (`base`), compressed; or whole
-- where `base` is 0. `size` is 0 for a version that is kept as it is, from before this step.
CREATE TABLE risk_version (
    risk BLOB NOT NULL REFERENCES risk (id),
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    base INTEGER NOT NULL,
    size INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (risk, version)
) STRICT;
INSERT INTO risk_version SELECT risk, version, at, 0, 0, CAST(document AS BLOB) FROM risk_history;
DROP TABLE risk_history;
ALTER TABLE risk_version RENAME TO risk_history;
CREATE INDEX risk_history_by_time ON risk_history (risk, at, version);
