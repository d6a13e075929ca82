//! The risk register.

use belfort_model::access::{Actor, Role, Scope};
use belfort_model::asset::{AssetKind, Lifecycle};
use belfort_model::finding::{CheckResult, FindingChanges};
use belfort_model::id::{AssetId, FindingId, RiskId, UnitId};
use belfort_model::risk::{
    Description, Facets, Rating, Risk, RiskChange, RiskKey, RiskOwner, RiskState, Suggestion,
};
use belfort_model::scale::{Level, Matrix, Priority};
use belfort_model::time::Timestamp;

use super::evaluation::{evaluate, hit};
use super::fixture::{NOW, add_asset, add_unit, asset, audit, biv, id, own};
use super::lab::Lab;
use crate::record::{AssetFilter, AssetSort, NewRisk, Page, RiskFilter, RiskIs};
use crate::{Store, StoreError};

pub(super) fn suggestion(severity: i64, assets: &[AssetId]) -> Suggestion {
    let rating = Rating {
        likelihood: Level::THREE,
        impact: Level::THREE,
        severity: Level::clamped(severity),
    };
    Suggestion {
        known_exploited: vec![],
        inherent: rating,
        current: rating,
        biv: biv(3, 3, 3),
        facets: Facets {
            operations: Level::THREE,
            citizens: Level::THREE,
            legal: Level::THREE,
            reputation: Level::THREE,
        },
        control: Level::ONE,
        compliant: 0,
        in_scope: 1,
        priority: Priority::P2,
        matrix: "gent-5x5/1".to_owned(),
        assets: assets.to_vec(),
        findings: vec![FindingId(id())],
        codes: vec!["tpm.absent".to_owned()],
    }
}

pub(super) fn new(
    scenario: &str,
    unit: Option<UnitId>,
    severity: i64,
    assets: &[AssetId],
) -> NewRisk {
    NewRisk {
        id: RiskId(id()),
        key: RiskKey { scenario: scenario.to_owned(), unit, asset: None },
        suggestion: suggestion(severity, assets),
        now: NOW,
        next_review: NOW.plus_days(90),
    }
}

pub(super) fn add(store: &dyn Store, unit: Option<UnitId>, risks: &[NewRisk]) {
    let generation = store.risk_scope(unit).unwrap().generation;
    store.risk_commit(unit, generation, risks, &[]).unwrap();
}

fn references(store: &dyn Store, filter: &RiskFilter) -> Vec<String> {
    let list = store.risk_list(filter, Page::ALL).unwrap();
    assert_eq!(list.total, list.items.len() as u64);
    list.items.into_iter().map(|item| item.risk.reference).collect()
}

pub(super) fn a_scope_holds_the_unit_and_no_other(lab: &Lab) {
    let store = &*lab.store;
    let (bz, fin) = (add_unit(store, "BZ"), add_unit(store, "FIN"));
    let [pc, app, other, orphan] =
        ["pc", "app", "other", "orphan"].map(|name| add_asset(store, AssetKind::Device, name));
    let mut gone = asset(AssetKind::Device, "gone");
    gone.lifecycle = Lifecycle::Disposed;
    store.asset_insert(&gone, &audit("asset.add")).unwrap();
    for (asset, unit) in [(pc, bz), (app, bz), (gone.id, bz), (other, fin)] {
        own(store, asset, unit);
    }
    let changes = FindingChanges { new: vec![hit("tpm.absent", "")], updated: vec![] };
    evaluate(store, pc, &[("tpm.absent", CheckResult::Hit)], &changes);
    add(store, Some(bz), &[new("theft", Some(bz), 3, &[pc])]);
    add(store, None, &[new("theft", None, 3, &[orphan])]);

    let scope = store.risk_scope(Some(bz)).unwrap();
    let ids: Vec<AssetId> = scope.assets.iter().map(|asset| asset.id).collect();
    assert_eq!(ids, [pc, app]);
    assert_eq!(scope.assets[0].results.get("tpm.absent"), Some(&CheckResult::Hit));
    assert_eq!((scope.assets[0].findings.len(), scope.assets[1].findings.len()), (1, 0));
    assert_eq!(scope.risks.len(), 1);
    let none = store.risk_scope(None).unwrap();
    assert_eq!((none.assets.len(), none.assets[0].id), (1, orphan));
    assert_eq!(none.risks[0].key.unit, None);
    assert!(store.risk_scope(Some(fin)).unwrap().risks.is_empty());
}

pub(super) fn references_count_within_the_year(lab: &Lab) {
    let store = &*lab.store;
    let mut next_year = new("d", None, 3, &[]);
    next_year.now = NOW.plus_days(365);
    let year = NOW.year();
    add(store, None, &[new("a", None, 3, &[]), new("b", None, 3, &[]), next_year]);
    add(store, None, &[new("c", None, 3, &[])]);
    assert_eq!(
        references(store, &RiskFilter::default()),
        [
            format!("R-{year}-0001"),
            format!("R-{year}-0002"),
            format!("R-{year}-0003"),
            format!("R-{}-0001", year + 1),
        ]
    );
    let risk = store.risk_get(&format!("r-{year}-0002")).unwrap().unwrap().risk;
    assert_eq!(risk.key.scenario, "b");
    assert_eq!((risk.version, risk.state, risk.created_at), (1, RiskState::Proposed, NOW));
    assert_eq!(risk.next_review, NOW.plus_days(90));
    assert!(store.risk_get("R-1999-0001").unwrap().is_none());
    // More than four digits sort as numbers.
    lab.raw("UPDATE risk_counter SET last = 9998").unwrap();
    add(store, None, &[new("e", None, 5, &[]), new("f", None, 5, &[])]);
    let top: Vec<String> = references(store, &RiskFilter::default());
    assert_eq!(top[..2], [format!("R-{year}-9999"), format!("R-{year}-10000")]);
}

fn only(store: &dyn Store) -> Risk {
    let mut list = store.risk_list(&RiskFilter::default(), Page::ALL).unwrap();
    assert_eq!(list.total, 1);
    list.items.remove(0).risk
}

pub(super) fn a_stale_version_is_refused(lab: &Lab) {
    let store = &*lab.store;
    add(store, None, &[new("a", None, 3, &[])]);
    let first = only(store);
    let second = first.evaluated(&suggestion(5, &[]), NOW).unwrap();
    store.risk_commit(None, 0, &[], std::slice::from_ref(&second)).unwrap();
    assert_eq!(only(store), second);
    let stale = first.evaluated(&suggestion(4, &[]), NOW).unwrap();
    let brought = [new("b", None, 3, &[])];
    let refused = store.risk_commit(None, 0, &brought, std::slice::from_ref(&stale));
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    assert_eq!(only(store), second, "all or nothing");
    let mut unknown = stale;
    unknown.id = RiskId(id());
    let refused = store.risk_commit(None, 0, &[], &[unknown]);
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
}

pub(super) fn what_the_system_does_with_an_entry_of_people_is_audited(lab: &Lab) {
    let store = &*lab.store;
    add(store, None, &[new("a", None, 3, &[])]);
    let records = || store.audit_list(Page::ALL).unwrap();
    let before = records().total;
    // Nobody took it up: its own history says enough.
    let gone = only(store).unsupported(NOW).unwrap();
    store.risk_commit(None, 0, &[], std::slice::from_ref(&gone)).unwrap();
    assert_eq!(records().total, before);
    let officer = Actor::with_roles("ivv", &[Role::SecurityOfficer]);
    let taken = gone.apply(&officer, None, &RiskChange::Analyse, &Matrix::default(), NOW).unwrap();
    store.risk_change(std::slice::from_ref(&taken), &audit("risk.analyse")).unwrap();
    let due = taken.passed(NOW.plus_days(400)).unwrap();
    store.risk_commit(None, 0, &[], std::slice::from_ref(&due)).unwrap();
    let found = records();
    assert_eq!((found.total, found.items[0].action.as_str()), (before + 2, "risk.follow"));
    assert_eq!(
        (found.items[0].actor.as_str(), &found.items[0].subject),
        ("system", &due.reference)
    );
    assert!(found.items[0].detail.contains("reassess"), "{}", found.items[0].detail);
}

pub(super) fn the_unit_of_the_risk_owner_sees_the_entry(lab: &Lab) {
    let store = &*lab.store;
    let (bz, fin) = (add_unit(store, "BZ"), add_unit(store, "FIN"));
    add(store, Some(bz), &[new("a", Some(bz), 3, &[])]);
    let seen = |unit: UnitId| {
        let filter = RiskFilter { scope: Scope::Units([unit].into()), ..RiskFilter::default() };
        let then = store.risk_list_as_of(&filter, NOW.plus_days(1), Page::ALL).unwrap().total;
        let now = store.risk_list(&filter, Page::ALL).unwrap().total;
        assert_eq!(now, then);
        // The start page counts what the list shows.
        let counted = store.overview(&filter.scope, NOW).unwrap().risks;
        assert_eq!(counted.iter().sum::<u64>(), now);
        now
    };
    assert_eq!((seen(bz), seen(fin)), (1, 0));
    let officer = Actor::with_roles("ivv", &[Role::SecurityOfficer]);
    let owner = RiskOwner { unit: fin, function: "dienstchef Financiën".to_owned() };
    let describe = RiskChange::Describe(Description { owner: Some(owner), ..Default::default() });
    let next = only(store).apply(&officer, Some(bz), &describe, &Matrix::default(), NOW).unwrap();
    store.risk_change(std::slice::from_ref(&next), &audit("risk.describe")).unwrap();
    assert_eq!((seen(bz), seen(fin)), (1, 1));
    // It was so before the column was there.
    let undo = "DROP TABLE package_counted; DROP TABLE package_count; DROP TABLE software_count;
        DROP INDEX asset_by_duty; DROP INDEX asset_by_seen;
        DROP INDEX asset_by_source; DROP INDEX asset_verify_due; DROP INDEX finding_by_status; DROP INDEX ownership_by_unit;
        ALTER TABLE asset DROP COLUMN owner_confirmed; DROP TABLE saved_view;
        DROP INDEX risk_by_owner; ALTER TABLE risk DROP COLUMN owner_unit;
        DROP TABLE incident_risk; DELETE FROM schema_version WHERE version > 8";
    lab.raw(undo).unwrap();
    let store = lab.reopen().unwrap();
    let filter = RiskFilter { scope: Scope::Units([fin].into()), ..RiskFilter::default() };
    assert_eq!(store.risk_list(&filter, Page::ALL).unwrap().total, 1);
}

pub(super) fn two_collectors_cannot_add_the_same_entry(lab: &Lab) {
    let store = &*lab.store;
    let results: Vec<crate::Result<()>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| store.risk_commit(None, 0, &[new("a", None, 3, &[])], &[])))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (added, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(added.len(), 1);
    for result in refused {
        assert!(matches!(result, Err(StoreError::Conflict { .. })), "{result:?}");
    }
    // A number that was not used is not lost.
    assert_eq!(only(store).reference, format!("R-{}-0001", NOW.year()));
    add(store, None, &[new("b", None, 3, &[])]);
    let all = references(store, &RiskFilter::default());
    assert_eq!(all[1], format!("R-{}-0002", NOW.year()));
}

pub(super) fn a_change_meanwhile_keeps_the_unit_due(lab: &Lab) {
    let store = &*lab.store;
    let unit = add_unit(store, "BZ");
    let (pc, app) = (
        add_asset(store, AssetKind::Device, "pc"),
        add_asset(store, AssetKind::Application, "app"),
    );
    own(store, pc, unit);
    let due = || store.risk_due(10).unwrap().contains(&Some(unit));
    let scope = store.risk_scope(Some(unit)).unwrap();
    own(store, app, unit);
    store.risk_commit(Some(unit), scope.generation, &[], &[]).unwrap();
    assert!(due());
    let fresh = store.risk_scope(Some(unit)).unwrap();
    assert!(fresh.generation > scope.generation);
    store.risk_commit(Some(unit), fresh.generation, &[], &[]).unwrap();
    assert!(!due());
    store.risk_request_all().unwrap();
    assert!(due());
    let again = store.risk_scope(Some(unit)).unwrap();
    store.risk_commit(Some(unit), again.generation, &[], &[]).unwrap();
    assert!(!due());
    // A generation never comes twice, so that a straggler cannot settle what is new.
    own(store, pc, unit);
    for old in [scope.generation, fresh.generation] {
        store.risk_commit(Some(unit), old, &[], &[]).unwrap();
    }
    assert!(due());
    let other = add_unit(store, "FIN");
    own(store, pc, other);
    assert_eq!(store.risk_due(10).unwrap(), [None, Some(unit), Some(other)]);
    assert_eq!(store.risk_due(1).unwrap(), [None]);
}

pub(super) fn the_register_is_sorted_and_filtered(lab: &Lab) {
    let store = &*lab.store;
    let unit = add_unit(store, "BZ");
    let pc = add_asset(store, AssetKind::Device, "pc");
    own(store, pc, unit);
    let mut single = new("single", None, 5, &[]);
    single.key.asset = Some(pc);
    add(store, Some(unit), &[new("low", Some(unit), 2, &[pc]), single]);
    add(store, None, &[new("none", None, 3, &[]), new("closed", None, 4, &[])]);
    let mut closed = store.risk_get(&format!("R-{}-0004", NOW.year())).unwrap().unwrap().risk;
    closed.state = RiskState::Closed;
    closed.version = 2;
    store.risk_commit(None, 0, &[], &[closed]).unwrap();

    let scenarios = |filter: &RiskFilter| -> Vec<String> {
        let list = store.risk_list(filter, Page::ALL).unwrap();
        assert_eq!(list.total, list.items.len() as u64);
        list.items.into_iter().map(|item| item.risk.key.scenario).collect()
    };
    let is = RiskFilter::default;
    assert_eq!(scenarios(&is()), ["single", "closed", "none", "low"]);
    assert_eq!(scenarios(&RiskFilter { open: true, ..is() }), ["single", "none", "low"]);
    assert_eq!(scenarios(&RiskFilter { unit: Some(unit), ..is() }), ["single", "low"]);
    assert_eq!(scenarios(&RiskFilter { asset: Some(pc), ..is() }), ["single", "low"]);
    let state = Some(RiskState::Closed);
    assert_eq!(scenarios(&RiskFilter { state, ..is() }), ["closed"]);
    let page = Page { limit: 1, offset: 0 };
    let list = store.risk_list(&is(), page).unwrap();
    assert_eq!((list.total, list.items.len()), (4, 1));
    assert_eq!(list.items[0].asset_name.as_deref(), Some("pc"));
    assert_eq!(list.items[0].unit.as_ref().unwrap().code, "BZ");
    assert_eq!(store.overview(&Scope::All, NOW).unwrap().risks, [0, 1, 1, 0, 1]);
    let own = Scope::Units([unit].into());
    let seen = store.risk_list(&RiskFilter { open: true, scope: own.clone(), ..is() }, Page::ALL);
    let counted: u64 = store.overview(&own, NOW).unwrap().risks.iter().sum();
    assert_eq!(counted, seen.unwrap().total);
}

pub(super) fn every_version_is_kept(lab: &Lab) {
    let store = &*lab.store;
    let pc = add_asset(store, AssetKind::Device, "pc");
    add(store, None, &[new("a", None, 3, &[pc])]);
    let mut risk = only(store);
    for severity in [4, 5, 1] {
        risk = risk.evaluated(&suggestion(severity, &[pc]), Timestamp(NOW.0 + severity)).unwrap();
        store.risk_commit(None, 0, &[], std::slice::from_ref(&risk)).unwrap();
    }
    // Each version once, by a rule of the database.
    let copy = "INSERT INTO risk_history
        SELECT risk, version + 3, at, base, size, content FROM risk_history";
    lab.raw(copy).expect_err("version 4 is there");
    let gone = risk.unsupported(NOW).unwrap();
    store.risk_commit(None, 0, &[], &[gone]).unwrap();
    let filter = RiskFilter { asset: Some(pc), ..RiskFilter::default() };
    assert!(references(store, &filter).is_empty(), "it rests on nothing any more");
}

pub(super) fn entries_of_assets_follow_their_owner(lab: &Lab) {
    let store = &*lab.store;
    let (bz, fin) = (add_unit(store, "BZ"), add_unit(store, "FIN"));
    let pc = add_asset(store, AssetKind::Device, "pc");
    let mut single = new("single", None, 5, &[pc]);
    single.key.asset = Some(pc);
    add(store, None, &[single]);
    let holds = |unit| store.risk_scope(unit).unwrap().risks.len();
    assert_eq!([holds(None), holds(Some(bz)), holds(Some(fin))], [1, 0, 0]);
    own(store, pc, bz);
    assert_eq!([holds(None), holds(Some(bz)), holds(Some(fin))], [0, 1, 0]);
    own(store, pc, fin);
    assert_eq!([holds(None), holds(Some(bz)), holds(Some(fin))], [0, 0, 1]);
}

pub(super) fn commits_at_once_number_without_gaps(lab: &Lab) {
    let store = &*lab.store;
    let other = lab.reopen().unwrap();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let store = if number % 2 == 0 { store } else { &*other };
            scope.spawn(move || {
                for turn in 0..5 {
                    let risks =
                        [0, 1].map(|part| new(&format!("{number}/{turn}/{part}"), None, 3, &[]));
                    store.risk_commit(None, 0, &risks, &[]).unwrap();
                }
            });
        }
    });
    let expected: Vec<String> =
        (1..=40).map(|number| format!("R-{}-{number:04}", NOW.year())).collect();
    assert_eq!(references(store, &RiskFilter::default()), expected);
}

/// Few and many risks are looked up in different ways, which must find the same.
pub(super) fn assets_are_found_by_the_risks_on_them(lab: &Lab) {
    let store = &*lab.store;
    let unit = add_unit(store, "BZ");
    let assets: Vec<_> =
        (1..=5).map(|n| add_asset(store, AssetKind::Device, &format!("pc-{n}"))).collect();
    own(store, assets[1], unit);
    let names = |risk: &[RiskIs], scope: Scope| -> String {
        let filter = AssetFilter { risk: risk.to_vec(), scope, ..AssetFilter::default() };
        let list = store.asset_list(&filter, Page::ALL).unwrap();
        let names: Vec<_> = list.items.into_iter().map(|one| one.asset.name).collect();
        assert_eq!(list.total, names.len() as u64);
        let last = AssetFilter { sort: AssetSort::LastSeen, ..filter.clone() };
        let list = |page| store.asset_list(&last, page).unwrap().items.into_iter();
        let all: Vec<_> = list(Page::ALL).map(|one| one.asset.id).collect();
        assert_eq!(all.len(), names.len());
        let one_by_one = (0..all.len() as u64).flat_map(|offset| list(Page { limit: 1, offset }));
        assert!(one_by_one.map(|one| one.asset.id).eq(all));
        let rows = store.asset_rows(&store.asset_ids(&filter).unwrap()).unwrap();
        assert_eq!(names, rows.into_iter().map(|one| one.asset.name).collect::<Vec<_>>());
        names.join(" ")
    };
    let all = |risk: &[RiskIs]| names(risk, Scope::All);
    let grave = RiskIs::AtLeast(Level::FOUR);
    assert_eq!((all(&[RiskIs::Open]), all(&[grave])), (String::new(), String::new()));
    assert_eq!(all(&[RiskIs::Absent]), "pc-1 pc-2 pc-3 pc-4 pc-5");
    add(store, None, &[new("low", None, 2, &assets[..1])]);
    assert_eq!((all(&[RiskIs::Open]), all(&[grave])), ("pc-1".to_owned(), String::new()));
    assert_eq!(all(&[RiskIs::Absent]), "pc-2 pc-3 pc-4 pc-5");

    // With more of them the assets are asked one by one.
    add(store, Some(unit), &[new("high", Some(unit), 4, &assets[..3])]);
    assert_eq!(all(&[RiskIs::Open]), "pc-1 pc-2 pc-3");
    assert_eq!(all(&[grave]), "pc-1 pc-2 pc-3");
    assert_eq!(all(&[RiskIs::Absent]), "pc-4 pc-5");
    assert_eq!(all(&[RiskIs::Absent, grave]), "pc-1 pc-2 pc-3 pc-4 pc-5");
    let of_unit = Scope::Units([unit].into());
    assert_eq!(names(&[RiskIs::Open], of_unit.clone()), "pc-2");
    assert_eq!(names(&[RiskIs::Absent], of_unit), "");
    assert_eq!(names(&[RiskIs::Open], Scope::NOTHING), "");
}
