-- Which risks an incident concerns, so that who sees a risk finds its incidents.
CREATE TABLE incident_risk (
    incident BYTEA NOT NULL REFERENCES incident (id),
    risk BYTEA NOT NULL REFERENCES risk (id),
    PRIMARY KEY (incident, risk)
);
CREATE INDEX incident_risk_by_risk ON incident_risk (risk);
INSERT INTO incident_risk
SELECT DISTINCT i.id, r.id FROM incident i
CROSS JOIN LATERAL jsonb_array_elements_text(i.document::jsonb -> 'risks') named (reference)
JOIN risk r ON r.reference_folded = lower(named.reference) COLLATE "C";

-- The unit of the risk owner, where one was named: it decides, so it sees the entry.
ALTER TABLE risk ADD COLUMN owner_unit BYTEA REFERENCES unit (id);
UPDATE risk SET owner_unit = decode(replace(document::jsonb #>> '{owner,unit}', '-', ''), 'hex')
WHERE document::jsonb #>> '{owner,unit}' IS NOT NULL;
CREATE INDEX risk_by_owner ON risk (owner_unit);
