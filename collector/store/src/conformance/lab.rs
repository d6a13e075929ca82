//! A database for one test.

use std::sync::Arc;

use super::cluster;
use crate::open::prepare_sqlite;
use crate::sql::SqlStore;
use crate::sqlite::Sqlite;
use crate::{Result, Store, create, open};

/// One empty database and the store on it.
pub(super) struct Lab {
    pub(super) store: Arc<dyn Store>,
    pub(super) url: String,
    engine: Engine,
}

enum Engine {
    Sqlite {
        /// The same store, to change what only the writer's own connection can.
        store: Arc<SqlStore<Sqlite>>,
        directory: tempfile::TempDir,
    },
    Postgres {
        database: String,
    },
}

impl Lab {
    pub(super) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("belfort.db");
        let driver = Sqlite::create(&path).unwrap();
        let store = Arc::new(prepare_sqlite(driver, true).unwrap());
        Self {
            store: Arc::clone(&store) as Arc<dyn Store>,
            url: format!("sqlite:{}", path.display()),
            engine: Engine::Sqlite { store, directory },
        }
    }

    pub(super) fn postgres() -> Self {
        let (database, url) = cluster::database();
        Self { store: Arc::from(create(&url).unwrap()), url, engine: Engine::Postgres { database } }
    }

    pub(super) fn is_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres { .. })
    }

    /// Another store on the same database.
    pub(super) fn reopen(&self) -> Result<Box<dyn Store>> {
        open(&self.url)
    }

    /// The address of another, empty database that nobody made tables in.
    pub(super) fn empty(&self) -> String {
        match &self.engine {
            Engine::Sqlite { directory, .. } => {
                let path = directory.path().join("empty.db");
                std::fs::write(&path, "").unwrap();
                format!("sqlite:{}", path.display())
            }
            Engine::Postgres { .. } => cluster::database().1,
        }
    }

    /// Runs statements past the store.
    pub(super) fn raw(&self, sql: &str) -> std::result::Result<(), String> {
        raw_at(&self.url, sql)
    }

    /// The number a query answers, past the store.
    pub(super) fn number(&self, sql: &str) -> i64 {
        match &self.engine {
            Engine::Sqlite { directory, .. } => {
                let path = directory.path().join("belfort.db");
                let connection = rusqlite::Connection::open(path).unwrap();
                connection.query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Engine::Postgres { .. } => {
                let sql = format!("SELECT CAST(({sql}) AS BIGINT)");
                cluster::connect(&self.url).query_one(sql.as_str(), &[]).unwrap().get(0)
            }
        }
    }

    /// Lets anybody change the audit log.
    pub(super) fn unprotect_audit(&self) {
        self.raw(match self.engine {
            Engine::Sqlite { .. } => "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete",
            Engine::Postgres { .. } => "DROP TRIGGER audit_no_change ON audit",
        })
        .unwrap();
    }

    /// Lets nothing be written any more.
    pub(super) fn make_read_only(&self) {
        match &self.engine {
            Engine::Sqlite { store, .. } => store.driver.pragma("PRAGMA query_only = ON"),
            Engine::Postgres { database } => {
                let sql =
                    format!("ALTER DATABASE {database} SET default_transaction_read_only = on");
                self.raw(&sql).unwrap();
                self.break_connections();
            }
        }
    }

    /// Ends every connection of the store, as a restart of the server does.
    pub(super) fn break_connections(&self) {
        if self.is_postgres() {
            let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
            self.raw(sql).unwrap();
        }
    }
}

/// Runs statements on a database of either kind, past any store.
pub(super) fn raw_at(url: &str, sql: &str) -> std::result::Result<(), String> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let connection = rusqlite::Connection::open(path).unwrap();
        return connection.execute_batch(sql).map_err(|error| error.to_string());
    }
    let mut client = cluster::connect(url);
    client.batch_execute(sql).map_err(|error| format!("{error:?}"))
}
