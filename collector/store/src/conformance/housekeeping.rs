//! Health, the audit log, and databases that are not as they should be.

use belfort_model::asset::AssetKind;

use super::fixture::{add_asset, add_unit, audit, unit};
use super::lab::Lab;
use crate::record::{AssetFilter, Audit, Page};
use crate::{StoreError, create, open};

pub(super) fn a_new_database_is_healthy(lab: &Lab) {
    let health = lab.store.health().unwrap();
    let engine = if lab.is_postgres() { "postgresql" } else { "sqlite" };
    assert_eq!((health.engine, health.schema_version), (engine, crate::migration::known()));
    assert!(health.size_bytes > 10_000);
    assert!(health.engine_version.starts_with(|c: char| c.is_ascii_digit()));
}

pub(super) fn the_database_looks_at_what_has_grown(lab: &Lab) {
    let store = &*lab.store;
    for number in 0..20 {
        add_asset(store, AssetKind::Device, &format!("pc-{number}"));
    }
    store.refresh_statistics().unwrap();
    if !lab.is_postgres() {
        let known =
            "SELECT COUNT(*) FROM sqlite_stat1 WHERE idx = 'asset_by_name' AND stat LIKE '20 %'";
        assert_eq!(lab.number(known), 1);
    }
    // Readers go on, and a second look finds nothing new.
    store.refresh_statistics().unwrap();
    assert_eq!(store.asset_list(&AssetFilter::default(), Page::ALL).unwrap().total, 20);
}

pub(super) fn what_was_written_is_there_after_reopening(lab: &Lab) {
    let id = add_unit(&*lab.store, "BZ");
    let found = lab.reopen().unwrap().unit_by_code("BZ").unwrap().unwrap();
    assert_eq!(found.id, id);
}

fn write(lab: &Lab, count: usize) {
    for number in 0..count {
        let record = Audit { subject: format!("é{number}"), ..audit("test.run") };
        lab.store.audit_add(&record).unwrap();
    }
}

pub(super) fn the_audit_log_is_a_chain(lab: &Lab) {
    assert_eq!(lab.store.audit_verify().unwrap(), Ok(0));
    write(lab, 3);
    assert_eq!(lab.store.audit_verify().unwrap(), Ok(3));
    let page = Page { limit: 2, offset: 0 };
    let list = lab.store.audit_list(page).unwrap();
    let subjects: Vec<&str> = list.items.iter().map(|record| record.subject.as_str()).collect();
    assert_eq!((list.total, subjects), (3, vec!["é2", "é1"]));
    assert_ne!(list.items[0].hash, list.items[1].hash);
    // More than one chunk of the check.
    write(lab, 2_100);
    assert_eq!(lab.store.audit_verify().unwrap(), Ok(2_103));
}

pub(super) fn a_record_that_was_changed_is_found(lab: &Lab) {
    write(lab, 5);
    lab.unprotect_audit();
    lab.raw("UPDATE audit SET actor = 'somebody' WHERE seq = 3").unwrap();
    assert_eq!(lab.store.audit_verify().unwrap(), Err(3));
}

pub(super) fn a_record_that_was_removed_is_found(lab: &Lab) {
    write(lab, 5);
    lab.unprotect_audit();
    lab.raw("DELETE FROM audit WHERE seq = 2").unwrap();
    assert_eq!(lab.store.audit_verify().unwrap(), Err(2));
}

pub(super) fn the_audit_log_is_append_only(lab: &Lab) {
    write(lab, 2);
    for sql in ["UPDATE audit SET actor = 'x' WHERE seq = 1", "DELETE FROM audit WHERE seq = 1"] {
        let error = lab.raw(sql).unwrap_err();
        assert!(error.contains("append-only"), "{error}");
    }
    assert_eq!(lab.store.audit_verify().unwrap(), Ok(2));
}

pub(super) fn records_written_at_once_stay_a_chain(lab: &Lab) {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| write(lab, 25));
        }
        let other = lab.reopen().unwrap();
        for _ in 0..25 {
            other.audit_add(&audit("test.other")).unwrap();
        }
    });
    assert_eq!(lab.store.audit_verify().unwrap(), Ok(125));
}

pub(super) fn a_newer_schema_is_refused(lab: &Lab) {
    lab.raw("INSERT INTO schema_version (version, applied_at) VALUES (99, 0)").unwrap();
    for result in [lab.reopen(), create(&lab.url)] {
        let error = result.err().unwrap();
        let StoreError::Newer { found, known: newest } = error else { panic!("{error}") };
        assert_eq!((found, newest), (99, crate::migration::known()));
    }
}

pub(super) fn a_database_without_tables_is_not_opened(lab: &Lab) {
    let url = lab.empty();
    let error = open(&url).err().unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    create(&url).unwrap().health().unwrap();
    open(&url).unwrap().health().unwrap();
}

pub(super) fn a_read_only_database_says_so(lab: &Lab) {
    add_unit(&*lab.store, "BZ");
    lab.make_read_only();
    let write = lab.store.unit_insert(&unit("FIN"), &audit("unit.add"));
    assert!(matches!(write, Err(StoreError::NotWritable(_))), "{write:?}");
    let health = lab.store.health();
    assert!(matches!(health, Err(StoreError::NotWritable(_))), "{health:?}");
    assert_eq!(lab.store.unit_list().unwrap().len(), 1);
}

pub(super) fn creating_twice_keeps_everything(lab: &Lab) {
    add_unit(&*lab.store, "BZ");
    let again = create(&lab.url).unwrap();
    assert_eq!(again.unit_list().unwrap().len(), 1);
}

pub(super) fn broken_connections_are_replaced(lab: &Lab) {
    add_unit(&*lab.store, "BZ");
    lab.break_connections();
    add_unit(&*lab.store, "FIN");
    lab.break_connections();
    assert_eq!(lab.store.unit_list().unwrap().len(), 2);
}
