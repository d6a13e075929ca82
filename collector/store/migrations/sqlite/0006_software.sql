-- Software: an entry per name in an ecosystem, whatever its versions, with what the organisation says of it.
CREATE TABLE software (
    id BLOB PRIMARY KEY,
    ecosystem TEXT NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    publisher TEXT NOT NULL,
    publisher_folded TEXT NOT NULL,
    purpose TEXT NOT NULL,
    licence_type TEXT NOT NULL,
    responsible BLOB REFERENCES unit (id),
    accountable BLOB REFERENCES unit (id),
    approval TEXT NOT NULL,
    reason TEXT NOT NULL,
    eol_product TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (ecosystem, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX software_by_name ON software (name_folded, ecosystem, id);
CREATE INDEX software_decided ON software (id) WHERE approval <> 'unknown';

-- Every version of it that was seen anywhere.
CREATE TABLE package (
    id INTEGER PRIMARY KEY,
    software BLOB NOT NULL REFERENCES software (id),
    version TEXT NOT NULL,
    architecture TEXT NOT NULL,
    source_name TEXT NOT NULL,
    source_version TEXT NOT NULL,
    UNIQUE (software, version, architecture, source_name, source_version)
) STRICT;

-- What a packages section lists: once for all machines that hold the same section.
CREATE TABLE package_list (
    section INTEGER PRIMARY KEY REFERENCES section (id)
) STRICT;

CREATE TABLE package_list_entry (
    list INTEGER NOT NULL REFERENCES package_list (section),
    package INTEGER NOT NULL REFERENCES package (id),
    PRIMARY KEY (list, package)
) STRICT, WITHOUT ROWID;
CREATE INDEX package_list_entry_by_package ON package_list_entry (package, list);
CREATE INDEX asset_section_by_section ON asset_section (section, asset);

-- Assets that were evaluated before are evaluated with the new checks.
UPDATE asset SET generation = generation + 1, evaluate_at = 0;
