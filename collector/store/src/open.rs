//! Opening and making databases.

use crate::driver::Driver;
use crate::migration::{self, State};
use crate::postgres::Postgres;
use crate::postgres::tls::take_settings;
use crate::sql::SqlStore;
use crate::sqlite::Sqlite;
use crate::url::{DatabaseUrl, PostgresUrl};
use crate::{Result, Store, StoreError};

/// Opens an existing database and brings its schema up to date; before that, a file is copied to
/// `<file>.schema-<version>.backup`.
///
/// `Unavailable` when there is none, `Newer` when a newer Belfort wrote it.
pub fn open(url: &str) -> Result<Box<dyn Store>> {
    match url.parse()? {
        DatabaseUrl::Sqlite(path) => Ok(Box::new(prepare_sqlite(Sqlite::open(&path)?, false)?)),
        DatabaseUrl::Postgres(url) => Ok(Box::new(prepare(connect(&url)?, false)?)),
    }
}

/// Opens a database, and makes it when it is not there: the file, or the tables in an existing
/// PostgreSQL database.
pub fn create(url: &str) -> Result<Box<dyn Store>> {
    match url.parse()? {
        DatabaseUrl::Sqlite(path) => Ok(Box::new(prepare_sqlite(Sqlite::create(&path)?, true)?)),
        DatabaseUrl::Postgres(url) => Ok(Box::new(prepare(connect(&url)?, true)?)),
    }
}

fn connect(url: &PostgresUrl) -> Result<Postgres> {
    let (url, settings) = take_settings(url.secret())?;
    // The driver's message names the part that is wrong, not its value.
    let config = url.parse().map_err(|error| {
        StoreError::Refused(format!("address of the PostgreSQL database: {error}"))
    })?;
    Postgres::open(config, &settings)
}

pub(crate) fn prepare_sqlite(driver: Sqlite, create: bool) -> Result<SqlStore<Sqlite>> {
    if let State::Older(version) = migration::state(&driver)? {
        driver.backup(version)?;
    }
    prepare(driver, create)
}

fn prepare<D: Driver>(driver: D, create: bool) -> Result<SqlStore<D>> {
    match migration::state(&driver)? {
        State::Current => {}
        State::Empty if !create => {
            let message = "it has no Belfort tables: make them first".to_owned();
            return Err(StoreError::Unavailable(message));
        }
        State::Empty | State::Older(_) => migration::migrate(&driver)?,
    }
    Ok(SqlStore::new(driver))
}
