//! The same data give the same register, byte for byte.

use std::path::Path;

use belfort_model::access::Role;
use belfort_model::data_set::PersonalData;
use belfort_model::unit::UnitKind;
use belfort_store::record::{FindingFilter, Page, RiskFilter};
use belfort_store::retention::Erased;

use super::*;
use crate::app::access::Actor;
use crate::app::advisories::Import;
use crate::app::assets::NewUnit;
use crate::app::imports::ImportKind;
use crate::app::rules::{NewAssigns, NewRule};
use crate::view::{FindingView, RiskView};
use belfort_assess::catalogue::Catalogue;

const THEN: Timestamp = Timestamp(1_780_000_000_000);

fn app(store: Box<dyn belfort_store::Store>) -> App {
    App::new(store.into(), Catalogue::shipped().unwrap())
}

fn open(path: &Path) -> App {
    app(belfort_store::open(&format!("sqlite:{}", path.display())).unwrap())
}

/// Findings and risks as they are exported.
fn register(app: &App) -> String {
    let findings = app.store.finding_list(&FindingFilter::default(), Page::ALL).unwrap();
    let risks = app.store.risk_list(&RiskFilter::default(), Page::ALL).unwrap();
    assert!(findings.total > 20 && risks.total > 2, "{} {}", findings.total, risks.total);
    let findings = findings.items.into_iter().map(|one| FindingView::of(one, &app.catalogue));
    let risks = risks.items.into_iter().map(|one| RiskView::of(one, &app.catalogue));
    let all = (findings.collect::<Vec<_>>(), risks.collect::<Vec<_>>());
    serde_json::to_string_pretty(&all).unwrap()
}

/// Units with data sets that nobody classified, some of which nobody owns.
fn populate(path: &Path) {
    let app = app(belfort_store::create(&format!("sqlite:{}", path.display())).unwrap());
    let root = Actor::with_roles("test", &[Role::Admin]);
    for code in ["BZ", "FIN", "ICT"] {
        let name = format!("Dienst {code}");
        let new = NewUnit { code: code.to_owned(), name, kind: UnitKind::Service, parent: None };
        app.unit_create(&root, &new, THEN).unwrap();
    }
    for number in 0..24 {
        let name = format!("gegevens {number}");
        let set = app.data_set_create(&root, &name, PersonalData::Ordinary, THEN).unwrap();
        if let Some(code) = ["BZ", "FIN", "ICT"].get(number % 4) {
            app.owner_set(&root, set.id, code, "dienstchef", THEN).unwrap();
        }
    }
}

#[test]
fn two_evaluations_of_the_same_data_give_the_same_register() {
    let directory = tempfile::tempdir().unwrap();
    let paths = ["a.db", "b.db"].map(|name| directory.path().join(name));
    populate(&paths[0]);
    std::fs::copy(&paths[0], &paths[1]).unwrap();
    let [first, second] = paths.map(|path| open(&path));
    let day = |days| THEN.plus_days(days);
    for app in [&first, &second] {
        app.evaluate_due(day(40)).unwrap();
    }
    let register_once = register(&first);
    assert_eq!(register_once, register(&second));
    // Again at the same moment: nothing changes, however often it is asked for.
    for app in [&first, &second] {
        app.store.evaluation_request_all().unwrap();
        app.store.risk_request_all().unwrap();
        app.evaluate_due(day(40)).unwrap();
        app.pass_time(day(40)).unwrap();
    }
    assert_eq!(register(&first), register_once);
    assert_eq!(register(&second), register_once);
    // And as time goes by, on both alike.
    for days in [60, 400, 800] {
        for app in [&first, &second] {
            app.pass_time(day(days)).unwrap();
            assert_eq!(app.pass_time(day(days)).unwrap(), 0, "one pass is enough");
            app.evaluate_due(day(days)).unwrap();
            app.retain(day(days)).unwrap();
            assert_eq!(app.retain(day(days)).unwrap(), Erased::default(), "nothing is left");
        }
        assert_eq!(register(&first), register(&second), "after {days} days");
    }
}

#[test]
fn advisory_data_that_comes_in_a_round_counts_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("belfort.db");
    let app = app(belfort_store::create(&format!("sqlite:{}", path.display())).unwrap());
    let root = Actor::with_roles("test", &[Role::Admin]);
    let inventory = serde_json::json!({ "deviceid": "lap-7", "content": {
        "hardware": { "name": "LAP-7", "uuid": "4c4c4544-0042-3510-8052-b4c04f4d3132" },
        "bios": { "ssn": "5B5RM12" },
        "operatingsystem": { "name": "Debian", "version": "12", "kernel_name": "linux",
            "full_name": "Debian GNU/Linux 12 (bookworm)" },
        "softwares": [{ "name": "probe", "version": "1.0-1", "arch": "amd64", "from": "deb" }] } });
    let inventory = inventory.to_string().into_bytes();
    let preview = app.import_preview(&root, ImportKind::Glpi, &inventory, THEN).unwrap();
    app.import_apply(&root, ImportKind::Glpi, &inventory, &preview.token, false, THEN).unwrap();
    let asset = app.asset("LAP-7").unwrap().summary.asset.id;

    // The round has begun when somebody imports: every asset is due, those it still has before it too.
    let mut round = Round::new(app.advisories.current(&*app.store).unwrap());
    let advisory = serde_json::json!({ "id": "DSA-9999-1", "modified": "2026-05-20T00:00:00Z",
        "aliases": ["CVE-2026-99999"], "affected": [{
            "package": { "ecosystem": "Debian:12", "name": "probe" },
            "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }] }] }] });
    let file = directory.path().join("DSA-9999-1.json");
    std::fs::write(&file, advisory.to_string()).unwrap();
    app.advisories_import(&root, &[file], Import::default(), &|_, _| {}, THEN).unwrap();
    app.evaluate_asset(asset, THEN, &mut round).unwrap();

    assert_eq!(app.store.evaluation_due(THEN, 10).unwrap(), [], "nobody looks at it again today");
    let findings = app.store.finding_list(&FindingFilter::default(), Page::ALL).unwrap().items;
    let codes: Vec<_> = findings.iter().map(|one| one.finding.code.as_str()).collect();
    assert!(codes.contains(&"vuln.known"), "{codes:?}");
}

#[test]
fn a_run_goes_on_while_the_rules_are_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("belfort.db");
    let app = app(belfort_store::create(&format!("sqlite:{}", path.display())).unwrap());
    let root = Actor::with_roles("test", &[Role::Admin]);
    let officer = Actor::with_roles("els", &[Role::SecurityOfficer]);
    let assigns = NewAssigns { site: Some("G1".to_owned()), ..NewAssigns::default() };
    let new = |name: &str| NewRule {
        name: name.to_owned(),
        description: String::new(),
        condition: "true".to_owned(),
        assigns: assigns.clone(),
    };
    let on = |name: &str| {
        app.rule_add(&officer, &new(name), THEN).unwrap();
        app.rule_enable(&officer, name, true, THEN).unwrap();
    };
    on("first");
    let run = app.rules_now().unwrap();
    let batch = run.batch();
    let run = app.rules_now().unwrap().after(run);
    assert_eq!(run.batch(), batch);
    // A person switches it off, or another one on, while assets wait for their evaluation.
    on("second");
    let run = app.rules_now().unwrap().after(run);
    assert_ne!(run.batch(), batch);
    app.rule_disable(&officer, "first", THEN).unwrap();
    app.rule_disable(&officer, "second", THEN).unwrap();
    let mut run = app.rules_now().unwrap().after(run);
    let set = app.data_set_create(&root, "gegevens", PersonalData::None, THEN).unwrap();
    assert!(!app.rules_on(&mut run, set.id, THEN).unwrap(), "no rule is on");
}
