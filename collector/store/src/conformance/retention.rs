//! What is not kept for ever.

use belfort_model::access::Scope;
use belfort_model::asset::AssetKind;
use belfort_model::data_set::{PersonalData, Relation};
use belfort_model::finding::{CheckResult, FindingChanges, FindingStatus};
use belfort_model::incident::Incident;
use belfort_model::software::Installation;
use belfort_model::time::Timestamp;

use super::evaluation::{evaluate, hit};
use super::fixture::{
    NOW, add_agent, add_asset, add_data_set, add_unit, audit, biv, classify, hash, id, link, own,
    report, section,
};
use super::lab::Lab;
use super::risks::{add, new};
use super::workflow::incident;
use crate::Store;
use crate::record::{AssetFilter, ChangeRecord, FindingFilter, ListedPackage, PackageList, Page};
use crate::retention::{Bounds, Erased};
use crate::sql::retention::OF_ASSET;

/// Everything before this moment.
fn before(moment: Timestamp) -> Bounds {
    Bounds { sections: moment, changes: moment, findings: moment, assets: moment }
}

fn erase(store: &dyn Store, moment: Timestamp) -> Erased {
    store.retention_erase(&before(moment), &audit("retention.erase")).unwrap()
}

fn records(store: &dyn Store) -> u64 {
    store.audit_list(Page::ALL).unwrap().total
}

pub(super) fn what_is_past_is_erased_and_what_is_current_stays(lab: &Lab) {
    let store = &*lab.store;
    let agent = add_agent(store, "pc-1");
    let contents = ["old", "new"].map(|content| section(8, content));
    let mut root = None;
    for (number, content) in (1_u64..).zip(&contents) {
        let mut next = report(&agent, root, std::slice::from_ref(content));
        next.sequence = number;
        next.now = NOW.plus_days(i64::try_from(number).unwrap());
        store.report_commit(&next).unwrap();
        root = Some(next.root);
        let installation = Installation {
            ecosystem: "deb".to_owned(),
            name: "curl".to_owned(),
            version: number.to_string(),
            architecture: String::new(),
            source_name: String::new(),
            source_version: String::new(),
        };
        let new_id = belfort_model::id::SoftwareId(id());
        let packages = vec![ListedPackage { installation, publisher: String::new(), new_id }];
        let list = PackageList { section: content.key.hash, now: NOW, packages };
        store.package_list_insert(&list).unwrap();
    }
    let change = ChangeRecord {
        at: NOW,
        section: "packages".to_owned(),
        subject: "curl".to_owned(),
        before: Some("1".to_owned()),
        after: Some("2".to_owned()),
    };
    let known = store.asset_get(agent.asset).unwrap().unwrap().summary.asset;
    store.asset_update(&known, None, &[change], &[], &audit("asset.edit")).unwrap();
    let records_before = records(store);
    // The old content was current until the second day.
    assert_eq!(erase(store, NOW), Erased::default());
    assert_eq!(records(store), records_before, "nothing is said of nothing");
    let erased = erase(store, NOW.plus_days(3));
    assert_eq!((erased.sections, erased.contents, erased.changes), (1, 1, 1));
    let found = store.audit_list(Page::ALL).unwrap();
    assert_eq!(
        (found.total, found.items[0].action.as_str()),
        (records_before + 1, "retention.erase")
    );
    assert!(found.items[0].detail.contains("\"changes\":1"), "{}", found.items[0].detail);
    assert_eq!(erase(store, NOW.plus_days(3)), Erased::default(), "once");
    assert!(store.section_get(&[hash("old")]).unwrap().is_empty());
    let current = store.section_get(&[contents[1].key.hash]).unwrap();
    assert_eq!(current, contents[1..], "what the machine holds stays");
    assert_eq!(lab.number("SELECT COUNT(*) FROM package"), 1);
    assert_eq!(lab.number("SELECT COUNT(*) FROM software"), 1, "people said what they think of it");
}

pub(super) fn findings_are_kept_two_years_after_their_end(lab: &Lab) {
    let store = &*lab.store;
    let pc = add_asset(store, AssetKind::Device, "pc-1");
    let changes = FindingChanges {
        new: vec![hit("tpm.absent", "a"), hit("tpm.absent", "b"), hit("tpm.absent", "c")],
        updated: vec![],
    };
    evaluate(store, pc, &[("tpm.absent", CheckResult::Hit)], &changes);
    let list = || store.finding_list(&FindingFilter::default(), Page::ALL).unwrap().items;
    let ended = |key: &str, days| {
        let found = list().into_iter().find(|one| one.finding.key == key).unwrap().finding;
        let (status, at) = (FindingStatus::Resolved, Some(NOW.plus_days(days)));
        belfort_model::finding::Finding { status, resolved_at: at, ..found }
    };
    let updated = vec![ended("a", 1), ended("b", 2)];
    let changes = FindingChanges { new: vec![], updated };
    evaluate(store, pc, &[("tpm.absent", CheckResult::Hit)], &changes);
    assert_eq!(erase(store, NOW.plus_days(2)).findings, 1);
    let mut left: Vec<_> = list().into_iter().map(|one| one.finding.key).collect();
    left.sort();
    assert_eq!(left, ["b", "c"]);
}

pub(super) fn an_archived_asset_goes_with_all_that_was_its_own(lab: &Lab) {
    let store = &*lab.store;
    let unit = add_unit(store, "BZ");
    let data = add_data_set(store, "Bevolkingsregister", PersonalData::Ordinary);
    let mut first = None;
    for name in ["pc-1", "pc-2", "pc-3", "pc-4", "pc-5"] {
        let agent = add_agent(store, name);
        lab.raw(&format!(
            "UPDATE asset SET name = '{name}', name_folded = '{name}' WHERE name LIKE '%{name}%'"
        ))
        .unwrap();
        store.report_commit(&report(&agent, None, &[section(1, name)])).unwrap();
        own(store, agent.asset, unit);
        classify(store, agent.asset, biv(1, 2, 3));
        link(store, agent.asset, Relation::Stores, data);
        let changes = FindingChanges { new: vec![hit("tpm.absent", "")], updated: vec![] };
        evaluate(store, agent.asset, &[("tpm.absent", CheckResult::Hit)], &changes);
        let named = incident(&format!("INC-{name}"), &[agent.asset], &[]);
        store.incident_put(&named, None, &[], &audit("x")).unwrap();
        first.get_or_insert(agent.asset);
        if name == "pc-2" {
            let mut own = new("theft", None, 3, &[agent.asset]);
            own.key.asset = Some(agent.asset);
            add(store, Some(unit), &[own]);
        }
        if name == "pc-5" {
            add(store, Some(unit), &[new("loss", Some(unit), 3, &[agent.asset])]);
        }
        if name != "pc-4" {
            let list = FindingFilter { asset: Some(agent.asset), ..FindingFilter::default() };
            let found = store.finding_list(&list, Page::ALL).unwrap().items.remove(0).finding;
            let (status, resolved_at) = (FindingStatus::Resolved, Some(NOW.plus_days(9)));
            let ended = belfort_model::finding::Finding { status, resolved_at, ..found };
            let changes = FindingChanges { new: vec![], updated: vec![ended] };
            evaluate(store, agent.asset, &[("tpm.absent", CheckResult::Pass)], &changes);
        }
    }
    // All of them were archived, the third one lately.
    lab.raw(&format!(
        "UPDATE asset SET lifecycle = 'archived', in_service = 0 WHERE kind = 'device';
         INSERT INTO lifecycle_step (asset, seq, from_state, to_state, at, entered_by, reason)
         SELECT id, 9, 'disposed', 'archived',
             CASE WHEN name_folded = 'pc-3' THEN {} ELSE {} END, 'ivv', '' FROM asset
         WHERE kind = 'device'",
        NOW.plus_days(400).0,
        NOW.0
    ))
    .unwrap();
    let erased = erase(store, NOW.plus_days(1));
    assert_eq!((erased.assets, erased.contents), (1, 1));
    let left = store.asset_list(&AssetFilter::default(), Page::ALL).unwrap().items;
    let mut left: Vec<_> = left.into_iter().map(|one| one.asset.name).collect();
    left.sort();
    // The register is about the second one and rests on the fifth; with the fourth something is wrong.
    assert_eq!(left, ["Bevolkingsregister", "pc-2", "pc-3", "pc-4", "pc-5"]);
    // What it was named in can be gone on with.
    let known = store.incident_get("INC-pc-1", &Scope::All).unwrap().unwrap();
    assert_eq!(known.assets, []);
    let title = "Gestolen laptop, teruggevonden".to_owned();
    let next = Incident { title, ..known.clone() };
    store.incident_put(&next, Some(&known), &[], &audit("x")).unwrap();
    assert!(store.asset_get(first.unwrap()).unwrap().is_none());
    assert!(store.audit_verify().unwrap().is_ok());
}

/// Who adds a table that refers to assets says here what becomes of its rows.
pub(super) fn every_table_that_refers_to_assets_is_known(lab: &Lab) {
    let sql = if lab.is_postgres() {
        "SELECT COUNT(*) FROM pg_constraint WHERE confrelid = 'asset'::regclass AND contype = 'f'"
    } else {
        "SELECT COUNT(*) FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
         WHERE m.type = 'table' AND f.\"table\" = 'asset'"
    };
    // The register, incidents and exceptions are looked at apart.
    let known = i64::try_from(OF_ASSET.len() + 3).unwrap();
    assert_eq!(lab.number(sql), known);
}
