-- Advisory data. The rows of one import share a load; a source names the load that counts. Loads that no
-- source names were never finished, and are cleared away by the next import.
CREATE TABLE advisory_load (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    begun_at BIGINT NOT NULL
);

CREATE TABLE advisory_source (
    name TEXT COLLATE "C" PRIMARY KEY,
    load BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    as_of BIGINT NOT NULL,
    retrieved_at BIGINT NOT NULL,
    imported_at BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    licence TEXT COLLATE "C" NOT NULL,
    records BIGINT NOT NULL,
    skipped BIGINT NOT NULL
);

-- `cves` holds the ids between blanks, for finding one.
CREATE TABLE advisory_affected (
    load BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    ecosystem TEXT COLLATE "C" NOT NULL,
    package TEXT COLLATE "C" NOT NULL,
    advisory TEXT COLLATE "C" NOT NULL,
    cves TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (load, seq)
);

-- `cve` is the year and ten digits of the number.
CREATE TABLE advisory_cve (
    load BIGINT NOT NULL,
    cve BIGINT NOT NULL,
    epss BIGINT,
    percentile BIGINT,
    detail TEXT COLLATE "C",
    PRIMARY KEY (load, cve)
);

CREATE TABLE advisory_cycle (
    load BIGINT NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    cycle TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (load, product, cycle)
);

-- Rises with every change of advisory data or suppressions.
CREATE TABLE advisory_state (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);
INSERT INTO advisory_state (id, version) VALUES (1, 0);

CREATE TABLE suppression (
    id BYTEA PRIMARY KEY,
    cve BIGINT NOT NULL,
    package TEXT COLLATE "C" NOT NULL,
    asset BYTEA REFERENCES asset (id),
    unit BYTEA REFERENCES unit (id),
    reason TEXT COLLATE "C" NOT NULL,
    author TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX suppression_by_cve ON suppression (cve);

-- Vulnerabilities make findings many: those of one asset are counted without reading all that are open.
CREATE INDEX finding_by_asset ON finding (asset, is_open);
