-- A view of a list that somebody keeps: its page and its query. Without an owner it is there for everybody.
CREATE TABLE saved_view (
    id BLOB PRIMARY KEY,
    owner BLOB REFERENCES app_user (id),
    page TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX saved_view_by_page ON saved_view (page, name, id);
