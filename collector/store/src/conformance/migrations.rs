//! A database of an earlier schema is brought up to date with all that is in it.

use belfort_model::access::Scope;
use belfort_model::finding::FindingStatus;
use belfort_model::time::Timestamp;

use super::fixture::{NOW, add_unit, audit};
use super::lab::{Lab, raw_at};
use super::workflow::{add, found, incident, key};
use crate::open;
use crate::record::{AssetFilter, FindingFilter, Page, RiskFilter};

/// How a database writes bytes: the fixture is written for the embedded one.
fn dialect(lab: &Lab, text: &str) -> String {
    if lab.is_postgres() { text.replace("x'", r"'\x") } else { text.to_owned() }
}

pub(super) fn what_schema_1_held_is_kept(lab: &Lab) {
    let initial = if lab.is_postgres() {
        include_str!("../../migrations/postgres/0001_initial.sql")
    } else {
        include_str!("../../migrations/sqlite/0001_initial.sql")
    };
    let url = lab.empty();
    let rows = dialect(lab, include_str!("schema_1.sql"));
    let versions = "CREATE TABLE schema_version
            (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL);
        INSERT INTO schema_version VALUES (1, 0);";
    raw_at(&url, &format!("{versions}\n{initial}\n{rows}")).unwrap();

    let store = open(&url).unwrap();
    assert_eq!(store.health().unwrap().schema_version, crate::migration::known());
    assert_eq!(store.unit_list().unwrap().len(), 2);
    let assets = store.asset_list(&AssetFilter::default(), Page::ALL).unwrap();
    assert_eq!(assets.total, 2);
    let pc = assets.items.iter().find(|one| one.asset.name == "vm").unwrap();
    assert_eq!((pc.class.biv.v.get(), pc.open_findings), (4, 3));
    assert_eq!(pc.owner_unit.as_ref().unwrap().code, "BZ");
    let findings = store.finding_list(&FindingFilter::default(), Page::ALL).unwrap().items;
    assert_eq!(findings.len(), 3);
    assert!(findings.iter().all(|one| one.finding.status == FindingStatus::Open));
    let risks = store.risk_list(&RiskFilter::default(), Page::ALL).unwrap();
    assert_eq!(risks.total, 9);
    // Every version, from before the step that made the history small and from after it.
    for one in &risks.items {
        let versions = store.risk_history(&one.risk.reference, Page::ALL).unwrap();
        assert_eq!(versions.items.len() as u64, one.risk.version, "{}", one.risk.reference);
        assert_eq!(versions.items[0], one.risk, "the newest is the register's");
    }
    // As of a moment at which only the first three entries were there.
    let early = Timestamp(1_795_613_254_100);
    let then = store.risk_list_as_of(&RiskFilter::default(), early, Page::ALL).unwrap();
    assert_eq!(then.total, 3);
    assert!(then.items.iter().all(|one| one.risk.unsupported_since.is_none()));
    assert_eq!(store.audit_verify().unwrap(), Ok(11), "the chain holds");

    // Work goes on: an evaluation meets the findings of that time, under their own ids.
    let input = store.evaluation_input(pc.asset.id).unwrap().unwrap();
    let finding = input.findings.iter().find(|one| one.code == "firewall.off").unwrap();
    assert!(findings.iter().any(|one| one.finding.id == finding.id));
    assert_eq!(store.incident_list(&Scope::All, Page::ALL).unwrap().total, 0);
}

pub(super) fn incidents_of_schema_8_are_linked_to_their_risks(lab: &Lab) {
    let store = &*lab.store;
    let unit = add_unit(store, "BZ");
    let (pc, _) = found(store, unit);
    let risk = add(store, key("theft", Some(unit)), &[pc], NOW);
    let first = incident("INC-1", &[], &[&risk]);
    store.incident_put(&first, None, &[], &audit("x")).unwrap();
    store.incident_put(&incident("INC-2", &[], &[]), None, &[], &audit("x")).unwrap();
    let undo = "DROP TABLE package_counted; DROP TABLE package_count; DROP TABLE software_count;
        DROP INDEX asset_by_duty; DROP INDEX asset_by_seen;
        DROP INDEX asset_by_source; DROP INDEX asset_verify_due; DROP INDEX finding_by_status; DROP INDEX ownership_by_unit;
        ALTER TABLE asset DROP COLUMN owner_confirmed; DROP TABLE saved_view;
        DROP INDEX risk_by_owner; ALTER TABLE risk DROP COLUMN owner_unit;
        DROP TABLE incident_risk; DELETE FROM schema_version WHERE version > 8";
    lab.raw(undo).unwrap();
    let store = lab.reopen().unwrap();
    let seen = store.incident_list(&Scope::Units([unit].into()), Page::ALL).unwrap();
    assert_eq!(seen.items, [first]);
}
