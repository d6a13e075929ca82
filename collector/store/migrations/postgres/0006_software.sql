-- Software: an entry per name in an ecosystem, whatever its versions, with what the organisation says of it.
CREATE TABLE software (
    id BYTEA PRIMARY KEY,
    ecosystem TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_folded TEXT COLLATE "C" NOT NULL,
    publisher TEXT COLLATE "C" NOT NULL,
    publisher_folded TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    licence_type TEXT COLLATE "C" NOT NULL,
    responsible BYTEA REFERENCES unit (id),
    accountable BYTEA REFERENCES unit (id),
    approval TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    eol_product TEXT COLLATE "C" NOT NULL,
    first_seen BIGINT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (ecosystem, name)
);
CREATE INDEX software_by_name ON software (name_folded, ecosystem, id);
CREATE INDEX software_decided ON software (id) WHERE approval <> 'unknown';

-- Every version of it that was seen anywhere.
CREATE TABLE package (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    software BYTEA NOT NULL REFERENCES software (id),
    version TEXT COLLATE "C" NOT NULL,
    architecture TEXT COLLATE "C" NOT NULL,
    source_name TEXT COLLATE "C" NOT NULL,
    source_version TEXT COLLATE "C" NOT NULL,
    UNIQUE (software, version, architecture, source_name, source_version)
);

-- What a packages section lists: once for all machines that hold the same section.
CREATE TABLE package_list (
    section BIGINT PRIMARY KEY REFERENCES section (id)
);

CREATE TABLE package_list_entry (
    list BIGINT NOT NULL REFERENCES package_list (section),
    package BIGINT NOT NULL REFERENCES package (id),
    PRIMARY KEY (list, package)
);
CREATE INDEX package_list_entry_by_package ON package_list_entry (package, list);
CREATE INDEX asset_section_by_section ON asset_section (section, asset);

-- Assets that were evaluated before are evaluated with the new checks.
UPDATE asset SET generation = generation + 1, evaluate_at = 0;
