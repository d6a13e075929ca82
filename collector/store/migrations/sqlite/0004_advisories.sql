-- Advisory data. The rows of one import share a load; a source names the load that counts. Loads that no
-- source names were never finished, and are cleared away by the next import.
CREATE TABLE advisory_load (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    begun_at INTEGER NOT NULL
) STRICT;

CREATE TABLE advisory_source (
    name TEXT PRIMARY KEY,
    load INTEGER NOT NULL,
    kind TEXT NOT NULL,
    version TEXT NOT NULL,
    as_of INTEGER NOT NULL,
    retrieved_at INTEGER NOT NULL,
    imported_at INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    licence TEXT NOT NULL,
    records INTEGER NOT NULL,
    skipped INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `cves` holds the ids between blanks, for finding one.
CREATE TABLE advisory_affected (
    load INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    ecosystem TEXT NOT NULL,
    package TEXT NOT NULL,
    advisory TEXT NOT NULL,
    cves TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (load, seq)
) STRICT, WITHOUT ROWID;

-- `cve` is the year and ten digits of the number.
CREATE TABLE advisory_cve (
    load INTEGER NOT NULL,
    cve INTEGER NOT NULL,
    epss INTEGER,
    percentile INTEGER,
    detail TEXT,
    PRIMARY KEY (load, cve)
) STRICT, WITHOUT ROWID;

CREATE TABLE advisory_cycle (
    load INTEGER NOT NULL,
    product TEXT NOT NULL,
    cycle TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (load, product, cycle)
) STRICT, WITHOUT ROWID;

-- Rises with every change of advisory data or suppressions.
CREATE TABLE advisory_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
) STRICT;
INSERT INTO advisory_state (id, version) VALUES (1, 0);

CREATE TABLE suppression (
    id BLOB PRIMARY KEY,
    cve INTEGER NOT NULL,
    package TEXT NOT NULL,
    asset BLOB REFERENCES asset (id),
    unit BLOB REFERENCES unit (id),
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX suppression_by_cve ON suppression (cve);

-- Vulnerabilities make findings many: those of one asset are counted without reading all that are open.
CREATE INDEX finding_by_asset ON finding (asset, is_open);
