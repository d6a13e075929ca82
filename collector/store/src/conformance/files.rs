//! What only a database file has: rights, backups, and other processes.

use std::os::unix::fs::PermissionsExt;

use super::fixture::{add_unit, audit, unit};
use crate::driver::Driver;
use crate::sqlite::Sqlite;
use crate::{StoreError, create, open};

fn url(path: &std::path::Path) -> String {
    format!("sqlite:{}", path.display())
}

#[test]
fn files_belong_to_their_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("belfort.db");
    let store = create(&url(&path)).unwrap();
    add_unit(&*store, "BZ");
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
    }
}

#[test]
fn a_file_that_is_not_there_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("belfort.db");
    let error = open(&url(&path)).err().unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(!path.exists());
    let nowhere = directory.path().join("nowhere/belfort.db");
    let error = create(&url(&nowhere)).err().unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
}

#[test]
fn another_file_is_not_taken_for_a_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    std::fs::write(&path, "belfort ".repeat(1000)).unwrap();
    let error = open(&url(&path)).err().unwrap();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

#[test]
fn a_backup_is_a_database_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("belfort.db");
    let store = create(&url(&path)).unwrap();
    add_unit(&*store, "BZ");
    let driver = Sqlite::open(&path).unwrap();
    // The second time replaces what an attempt before left behind.
    let mut backup = driver.backup(1).unwrap();
    add_unit(&*store, "FIN");
    backup = driver.backup(1).unwrap_or(backup);
    let mode = backup.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(open(&url(&backup)).unwrap().unit_list().unwrap().len(), 2);
}

#[test]
fn a_migration_copies_the_file_before() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("belfort.db");
    // A database from before the first step: its table of versions says 0.
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE schema_version (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL);
             INSERT INTO schema_version VALUES (0, 0)",
        )
        .unwrap();
    drop(connection);
    let store = open(&url(&path)).unwrap();
    assert_eq!(store.health().unwrap().schema_version, crate::migration::known());
    let backup = directory.path().join("belfort.db.schema-0.backup");
    let backup = rusqlite::Connection::open(backup).unwrap();
    let versions = "SELECT MAX(version) FROM schema_version";
    let version: i64 = backup.query_row(versions, [], |row| row.get(0)).unwrap();
    assert_eq!(version, 0);
}

#[test]
fn a_group_that_cannot_be_kept_tells_everyone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("belfort.db");
    let driver = Sqlite::create(&path).unwrap();
    let store = crate::open::prepare_sqlite(driver, true).unwrap();
    // The disk is full: the file may not grow any more.
    store.driver.pragma("PRAGMA max_page_count = 220");
    let store: &dyn crate::Store = &store;
    let failed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                scope.spawn(move || {
                    let results = (0..40).map(|turn| {
                        let mut unit = unit(&format!("U{thread}-{turn}"));
                        unit.name = "x".repeat(2_000);
                        store.unit_insert(&unit, &audit("unit.add")).map(|()| unit)
                    });
                    let (kept, failed): (Vec<_>, Vec<_>) = results.partition(Result::is_ok);
                    // Who was told that it is kept finds it, and nobody else.
                    let all = store.unit_list().unwrap();
                    for unit in kept {
                        assert!(all.contains(&unit.unwrap()));
                    }
                    for error in &failed {
                        assert!(matches!(error, Err(StoreError::NotWritable(_))), "{error:?}");
                    }
                    failed.len()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(failed > 0 && failed < 320, "{failed}");
    let kept = store.unit_list().unwrap().len();
    assert_eq!(kept + failed, 320);
    assert_eq!(store.audit_verify().unwrap(), Ok(kept as u64));
}

#[test]
fn a_panic_while_writing_does_not_stop_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("belfort.db");
    let driver = Sqlite::create(&path).unwrap();
    let store = crate::open::prepare_sqlite(driver, true).unwrap();
    std::thread::scope(|scope| {
        let broken = scope.spawn(|| {
            store.driver.write("a test", |tx| -> crate::Result<()> {
                tx.execute("UPDATE heartbeat SET beats = 99", &[])?;
                panic!("on purpose")
            })
        });
        assert!(broken.join().is_err());
    });
    let store: &dyn crate::Store = &store;
    add_unit(store, "BZ");
    assert_eq!(store.unit_list().unwrap().len(), 1);
}
