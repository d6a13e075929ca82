-- How often each package is installed on assets in service, by the unit that owns them, as of the last
-- evaluation of each asset. Assets without an owner count for the empty unit.
CREATE TABLE package_count (
    package BIGINT NOT NULL REFERENCES package (id),
    unit BYTEA NOT NULL,
    -- Installations of exactly this.
    installations BIGINT NOT NULL,
    -- Assets of which this is the first package of its version of the entry: their sum over a version is
    -- the number of assets that have the version.
    of_version BIGINT NOT NULL,
    PRIMARY KEY (package, unit)
);

-- How many assets in service have an entry of the catalogue, in the same way.
CREATE TABLE software_count (
    software BYTEA NOT NULL REFERENCES software (id),
    unit BYTEA NOT NULL,
    assets BIGINT NOT NULL,
    PRIMARY KEY (software, unit)
);

-- The lists that were counted of an asset, and for which unit.
CREATE TABLE package_counted (
    asset BYTEA NOT NULL REFERENCES asset (id),
    list BIGINT NOT NULL REFERENCES package_list (section),
    unit BYTEA NOT NULL,
    PRIMARY KEY (asset, list)
);
CREATE INDEX package_counted_by_list ON package_counted (list);

-- Whether somebody confirmed the active owner, beside the unit, so that it is counted without a join.
ALTER TABLE asset ADD COLUMN owner_confirmed BIGINT NOT NULL DEFAULT 0;
UPDATE asset SET owner_confirmed = 1 WHERE id IN
    (SELECT asset FROM ownership
     WHERE role = 'owner' AND valid_to IS NULL AND confirmed_at IS NOT NULL);

-- What start page, worklists and units count is read from indexes alone.
CREATE INDEX asset_by_duty ON asset
    (in_service, owner_unit, class_assumed, owner_confirmed, open_findings);
CREATE INDEX asset_by_source ON asset (in_service, source, kind);
CREATE INDEX finding_by_status ON finding (status, is_open);
CREATE INDEX asset_verify_due ON asset (verify_due) WHERE verify_due IS NOT NULL;
CREATE INDEX ownership_by_unit ON ownership (unit, function, role, valid_to)
    WHERE role = 'owner' AND valid_to IS NULL;

-- Every asset is counted at its next evaluation.
UPDATE asset SET generation = generation + 1, evaluate_at = 0;
