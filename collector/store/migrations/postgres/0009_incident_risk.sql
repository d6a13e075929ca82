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
