-- Key figures and monthly reports.

-- The state of the assets is overwritten as it changes; what the figures need of it is kept once a day.
-- `day` is a calendar day where the organisation is.
CREATE TABLE kpi_day (
    day TEXT COLLATE "C" PRIMARY KEY,
    at BIGINT NOT NULL,
    document TEXT COLLATE "C" NOT NULL
);

-- Reports as they were presented: never changed, never removed.
CREATE TABLE frozen_report (
    id BYTEA PRIMARY KEY,
    month TEXT COLLATE "C" NOT NULL,
    cut_off BIGINT NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    sha256 BYTEA NOT NULL,
    content TEXT COLLATE "C" NOT NULL
);
CREATE INDEX frozen_report_by_month ON frozen_report (month, id);
CREATE FUNCTION frozen_report_is_frozen() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a frozen report does not change'; END $$;
CREATE TRIGGER frozen_report_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON frozen_report
FOR EACH STATEMENT EXECUTE FUNCTION frozen_report_is_frozen();
