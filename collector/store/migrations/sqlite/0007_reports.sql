-- Key figures and monthly reports.

-- The state of the assets is overwritten as it changes; what the figures need of it is kept once a day.
-- `day` is a calendar day where the organisation is.
CREATE TABLE kpi_day (
    day TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;

-- Reports as they were presented: never changed, never removed.
CREATE TABLE frozen_report (
    id BLOB PRIMARY KEY,
    month TEXT NOT NULL,
    cut_off INTEGER NOT NULL,
    language TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE INDEX frozen_report_by_month ON frozen_report (month, id);
CREATE TRIGGER frozen_report_no_update BEFORE UPDATE ON frozen_report
BEGIN SELECT RAISE(ABORT, 'a frozen report does not change'); END;
CREATE TRIGGER frozen_report_no_delete BEFORE DELETE ON frozen_report
BEGIN SELECT RAISE(ABORT, 'a frozen report does not change'); END;
