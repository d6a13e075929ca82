-- How many devices were seen lately, and when the last one reported, is read from an index alone. It holds
-- what it is limited to as well, without which SQLite looks each row up.
CREATE INDEX asset_by_seen ON asset (last_seen, owner_unit, reported_at, source, kind, in_service)
    WHERE kind = 'device' AND in_service = 1;
