//! Search.

use belfort_model::access::Scope;
use belfort_model::asset::AssetKind;
use belfort_model::evidence::EvidenceKind;
use belfort_model::finding::{EvidenceItem, FindingChanges};

use super::evaluation::{evaluate, hit};
use super::fixture::{add_agent, add_asset, add_unit, evidence, own, report, section};
use super::lab::Lab;

pub(super) fn assets_are_found_by_serial_number_and_address(lab: &Lab) {
    let store = &*lab.store;
    let (here, there) = (add_unit(store, "BZ"), add_unit(store, "MOB"));
    for (name, serial, address, unit) in
        [("b", "5b5rm12", "192.0.2.7", here), ("a", "5b5zz99", "192.0.2.77", there)]
    {
        let agent = add_agent(store, name);
        let mut report = report(&agent, None, &[section(1, name)]);
        report.name = name.to_owned();
        report.evidence = evidence(&[
            (EvidenceKind::SystemSerial, serial),
            (EvidenceKind::MacAddress, &format!("00:53:00:00:00:0{name}")),
        ]);
        report.facts.addresses = vec![address.to_owned()];
        // What it only saw of others is not its own.
        report.facts.domain = "192.0.2.9".to_owned();
        store.report_commit(&report).unwrap();
        own(store, agent.asset, unit);
    }
    let by_evidence = |text: &str, scope: &Scope| -> Vec<String> {
        let found = store.search_evidence(text, scope, 10).unwrap();
        found.into_iter().map(|one| format!("{} {}", one.asset_name, one.value)).collect()
    };
    assert_eq!(by_evidence("5b5", &Scope::All), ["a 5b5zz99", "b 5b5rm12"]);
    assert_eq!(by_evidence("5b5rm12", &Scope::All), ["b 5b5rm12"]);
    assert_eq!(by_evidence("00:53:00:00:00:0a", &Scope::All), ["a 00:53:00:00:00:0a"]);
    assert_eq!(by_evidence("b5", &Scope::All).len(), 0);
    let mine = Scope::Units([here].into());
    assert_eq!(by_evidence("5b5", &mine), ["b 5b5rm12"]);
    assert_eq!(store.search_evidence("5b5", &Scope::All, 1).unwrap().len(), 1);
    let by_address = |text: &str, scope: &Scope| -> Vec<String> {
        let found = store.search_address(text, scope, 10).unwrap();
        found.into_iter().map(|one| one.asset_name).collect()
    };
    assert_eq!(by_address("192.0.2.7", &Scope::All), ["b"]);
    assert_eq!(by_address("192.0.2.77", &mine).len(), 0);
    assert_eq!(by_address("192.0.2.9", &Scope::All).len(), 0);
}

pub(super) fn open_findings_are_found_by_what_they_name(lab: &Lab) {
    let store = &*lab.store;
    let unit = add_unit(store, "BZ");
    for (name, cve) in [("a", "CVE-2024-3094"), ("b", "CVE-2024-30941")] {
        let asset = add_asset(store, AssetKind::Device, name);
        let mut hit = hit("vuln.exploited", cve);
        let (name, value) = ("vulnerability".to_owned(), cve.to_owned());
        hit.evidence = vec![EvidenceItem { name, value, volatile: false }];
        let changes = FindingChanges { new: vec![hit], ..FindingChanges::default() };
        evaluate(store, asset, &[], &changes);
    }
    let named = |text: &str, scope: &Scope| -> Vec<String> {
        let found = store.search_findings(text, scope, 10).unwrap();
        found.into_iter().map(|one| one.asset_name).collect()
    };
    assert_eq!(named("CVE-2024-3094", &Scope::All), ["a"]);
    assert_eq!(named("CVE-2024-30941", &Scope::All), ["b"]);
    assert_eq!(named("CVE-2024-3", &Scope::All).len(), 0);
    assert_eq!(named("CVE-2024-3094", &Scope::Units([unit].into())).len(), 0);
}
