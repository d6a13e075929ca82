//! The schema: numbered steps, forward only, each the same for both databases in its own words.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::driver::{Dialect, Driver, Lock, Tx};
use crate::{Result, StoreError};

/// One step.
struct Migration {
    version: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migrations {
    ($($version:literal = $file:literal),+ $(,)?) => {
        /// Every step, in order. A new one is added at the end; a released one never changes.
        const ALL: &[Migration] = &[$(Migration {
            version: $version,
            sqlite: include_str!(concat!("../migrations/sqlite/", $file)),
            postgres: include_str!(concat!("../migrations/postgres/", $file)),
        }),+];
    };
}
migrations!(
    1 = "0001_initial.sql",
    2 = "0002_risk_workflow.sql",
    3 = "0003_people.sql",
    4 = "0004_advisories.sql",
    5 = "0005_registry.sql",
    6 = "0006_software.sql",
    7 = "0007_reports.sql",
    8 = "0008_idempotency.sql",
    9 = "0009_scopes.sql",
    10 = "0010_saved_views.sql",
    11 = "0011_kept_counts.sql",
    12 = "0012_seen.sql",
);

/// The newest schema this program knows.
pub(crate) fn known() -> i64 {
    ALL.last().map_or(0, |migration| migration.version)
}

/// The schema of the database; nothing when it has none.
pub(crate) fn found(tx: &mut Tx<'_>) -> Result<Option<i64>> {
    let tables = match tx.dialect() {
        Dialect::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_version'",
        Dialect::Postgres => {
            "SELECT COUNT(*) FROM pg_catalog.pg_class c
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relname = 'schema_version' AND n.nspname = current_schema()"
        }
    };
    if tx.count(tables, &[])? == 0 {
        return Ok(None);
    }
    let newest = "SELECT MAX(version) FROM schema_version";
    let version = tx.one(newest, &[], |row| row.next("schema version"))?;
    Ok(version.flatten())
}

/// What the database needs before it can be used.
pub(crate) enum State {
    /// It has no schema.
    Empty,
    /// It has an older one.
    Older(i64),
    /// Nothing.
    Current,
}

/// Compares the database with what this program knows.
pub(crate) fn state(driver: &impl Driver) -> Result<State> {
    let known = known();
    match driver.read("reading the schema version", found)? {
        None => Ok(State::Empty),
        Some(found) if found > known => Err(StoreError::Newer { found, known }),
        Some(found) if found < known => Ok(State::Older(found)),
        Some(_) => Ok(State::Current),
    }
}

/// Takes every step the database has not taken yet — all or nothing.
pub(crate) fn migrate(driver: &impl Driver) -> Result<()> {
    driver.write("changing the schema", |tx| {
        tx.lock(Lock::Schema)?;
        tx.batch(
            "CREATE TABLE IF NOT EXISTS schema_version
             (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)",
        )?;
        // Another process may have been here since the state was read.
        let found = found(tx)?.unwrap_or(0);
        for migration in ALL.iter().filter(|migration| migration.version > found) {
            tx.batch(match tx.dialect() {
                Dialect::Sqlite => migration.sqlite,
                Dialect::Postgres => migration.postgres,
            })?;
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let now = now.map_or(0, |since| since.as_millis());
            tx.execute(
                "INSERT INTO schema_version (version, applied_at) VALUES ($1, $2)",
                crate::value::params![migration.version, i64::try_from(now).unwrap_or(i64::MAX)],
            )?;
        }
        Ok(())
    })
}
