-- Which risks an incident concerns, so that who sees a risk finds its incidents.
CREATE TABLE incident_risk (
    incident BLOB NOT NULL REFERENCES incident (id),
    risk BLOB NOT NULL REFERENCES risk (id),
    PRIMARY KEY (incident, risk)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_risk_by_risk ON incident_risk (risk);
INSERT INTO incident_risk
SELECT DISTINCT i.id, r.id FROM incident i
JOIN json_each(i.document, '$.risks') named
JOIN risk r ON r.reference_folded = lower(named.value);

-- The unit of the risk owner, where one was named: it decides, so it sees the entry.
ALTER TABLE risk ADD COLUMN owner_unit BLOB REFERENCES unit (id);
UPDATE risk SET owner_unit = unhex(replace(json_extract(document, '$.owner.unit'), '-', ''))
WHERE json_extract(document, '$.owner.unit') IS NOT NULL;
CREATE INDEX risk_by_owner ON risk (owner_unit);
