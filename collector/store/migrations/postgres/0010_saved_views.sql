-- A view of a list that somebody keeps: its page and its query. Without an owner it is there for everybody.
CREATE TABLE saved_view (
    id BYTEA PRIMARY KEY,
    owner BYTEA REFERENCES app_user (id),
    page TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);
CREATE INDEX saved_view_by_page ON saved_view (page, name, id);
