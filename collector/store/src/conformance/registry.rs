//! Assets in lists and searches, their owners, and the overview.

use belfort_model::access::Scope;
use belfort_model::asset::{Asset, AssetKind, Lifecycle};
use belfort_model::finding::{CheckResult, FindingChanges};
use belfort_model::id::{AssetId, UnitId};
use belfort_model::ownership::OwnershipRole;

use super::evaluation::{evaluate, hit};
use super::fixture::{
    NOW, add_agent, add_asset, add_unit, asset, audit, biv, classify, id, own, ownership, report,
    section,
};
use super::lab::Lab;
use crate::StoreError;
use crate::record::{AssetFilter, Page};

fn names(lab: &Lab, filter: &AssetFilter) -> Vec<String> {
    let list = lab.store.asset_list(filter, Page::ALL).unwrap();
    assert_eq!(list.total, list.items.len() as u64);
    list.items.into_iter().map(|item| item.asset.name).collect()
}

pub(super) fn assets_are_listed_by_name(lab: &Lab) {
    // Case does not count, letters with an accent follow: as the bytes of the folded name.
    for name in ["zeta", "Écluse", "Beta", "alfa", "beta-2", "beta"] {
        add_asset(&*lab.store, AssetKind::Device, name);
    }
    let all = names(lab, &AssetFilter::default());
    assert_eq!(all, ["alfa", "Beta", "beta", "beta-2", "zeta", "Écluse"]);
}

pub(super) fn pages_cover_the_list_once(lab: &Lab) {
    let mut ids: Vec<AssetId> =
        (0..7).map(|_| add_asset(&*lab.store, AssetKind::Device, "same")).collect();
    ids.sort();
    let mut seen = Vec::new();
    for offset in [0, 3, 6, 9] {
        let page = Page { limit: 3, offset };
        let list = lab.store.asset_list(&AssetFilter::default(), page).unwrap();
        assert_eq!(list.total, 7);
        seen.extend(list.items.iter().map(|item| item.asset.id));
    }
    assert_eq!(seen, ids);
}

pub(super) fn filters_agree_with_the_list(lab: &Lab) {
    let store = &*lab.store;
    let (bz, fin) = (add_unit(store, "BZ"), add_unit(store, "FIN"));
    let pc = add_asset(store, AssetKind::Device, "pc");
    let app = add_asset(store, AssetKind::Application, "app");
    let mut stock = asset(AssetKind::Device, "stock");
    stock.lifecycle = Lifecycle::InStock;
    store.asset_insert(&stock, &audit("asset.add")).unwrap();
    own(store, pc, bz);
    own(store, app, fin);
    classify(store, app, biv(1, 2, 3));
    let is = AssetFilter::default;
    let cases: [(AssetFilter, &[&str]); 9] = [
        (is(), &["app", "pc", "stock"]),
        (AssetFilter { kind: vec![AssetKind::Device], ..is() }, &["pc", "stock"]),
        (AssetFilter { lifecycle: vec![Lifecycle::InUse], ..is() }, &["app", "pc"]),
        (AssetFilter { unit: vec![bz], ..is() }, &["pc"]),
        (AssetFilter { owned: Some(true), ..is() }, &["app", "pc"]),
        (AssetFilter { owned: Some(false), ..is() }, &["stock"]),
        (AssetFilter { classified: Some(true), ..is() }, &["app"]),
        (AssetFilter { classified: Some(false), ..is() }, &["pc", "stock"]),
        (
            AssetFilter { kind: vec![AssetKind::Device], text: Some("OC".to_owned()), ..is() },
            &["stock"],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(names(lab, &filter), expected, "{filter:?}");
    }
}

fn search(lab: &Lab, text: &str) -> Vec<String> {
    let text = Some(text.to_owned());
    names(lab, &AssetFilter { text, ..AssetFilter::default() })
}

pub(super) fn searches_ignore_the_case_of_every_script(lab: &Lab) {
    for name in ["ÉCOLE-01", "Straße", "ΑΘΗΝΑ", "server"] {
        add_asset(&*lab.store, AssetKind::Device, name);
    }
    assert_eq!(search(lab, "école"), ["ÉCOLE-01"]);
    assert_eq!(search(lab, "SSE"), Vec::<String>::new());
    assert_eq!(search(lab, "AßE"), ["Straße"]);
    assert_eq!(search(lab, "αθη"), ["ΑΘΗΝΑ"]);
    assert_eq!(search(lab, "SERV"), ["server"]);
    let found = lab.store.asset_find("école-01").unwrap();
    assert_eq!(found.len(), 1);
}

pub(super) fn search_signs_are_ordinary_letters(lab: &Lab) {
    for name in ["50%", "a_b", "axb", r"c:\pc", "'; DROP TABLE asset; --"] {
        add_asset(&*lab.store, AssetKind::Device, name);
    }
    assert_eq!(search(lab, "%"), ["50%"]);
    assert_eq!(search(lab, "a_b"), ["a_b"]);
    assert_eq!(search(lab, "\\"), [r"c:\pc"]);
    assert_eq!(search(lab, "'; drop"), ["'; DROP TABLE asset; --"]);
    assert_eq!(search(lab, "\0"), Vec::<String>::new());
    assert_eq!(search(lab, "").len(), 5);
    let text = Some("x".repeat(5_000));
    let filter = AssetFilter { text, ..AssetFilter::default() };
    let long = lab.store.asset_list(&filter, Page::ALL);
    assert!(matches!(long, Err(StoreError::Refused(_))), "{long:?}");
}

pub(super) fn an_asset_is_found_by_name_and_by_id(lab: &Lab) {
    let pc = add_asset(&*lab.store, AssetKind::Device, "PC-1");
    add_asset(&*lab.store, AssetKind::Device, "PC-10");
    let find = |text: &str| -> Vec<String> {
        let found = lab.store.asset_find(text).unwrap();
        found.into_iter().map(|item| item.asset.name).collect()
    };
    assert_eq!(find("pc-1"), ["PC-1"]);
    assert_eq!(find(&pc.to_string()), ["PC-1"]);
    assert_eq!(find(&pc.to_string().to_uppercase()), ["PC-1"]);
    assert_eq!(find("01900000-0"), ["PC-1", "PC-10"]);
    assert_eq!(find("0290"), Vec::<String>::new());
    assert_eq!(find(""), Vec::<String>::new());
    assert_eq!(find("pc"), Vec::<String>::new());
    for _ in 0..25 {
        add_asset(&*lab.store, AssetKind::Device, "0190");
    }
    assert_eq!(find("0190").len(), 20);
}

pub(super) fn one_owner_is_active(lab: &Lab) {
    let store = &*lab.store;
    let (bz, fin) = (add_unit(store, "BZ"), add_unit(store, "FIN"));
    let pc = add_asset(store, AssetKind::Device, "pc");
    own(store, pc, bz);
    let mut manager = ownership(pc, bz, NOW);
    manager.role = OwnershipRole::TechnicalManager;
    store.owner_set(&manager, &audit("owner.set")).unwrap();
    let next = ownership(pc, fin, NOW.plus_days(1));
    store.owner_set(&next, &audit("owner.set")).unwrap();
    let detail = store.asset_get(pc).unwrap().unwrap();
    assert_eq!(detail.summary.owner, Some(next.clone()));
    assert_eq!(detail.summary.owner_unit.unwrap().code, "FIN");
    assert_eq!(detail.ownerships, [next, manager]);

    std::thread::scope(|scope| {
        for unit in [bz, fin, bz, fin] {
            scope.spawn(move || (0..5).for_each(|_| own(store, pc, unit)));
        }
    });
    assert_eq!(store.asset_get(pc).unwrap().unwrap().ownerships.len(), 2);

    let unknown = store.owner_set(&ownership(AssetId(id()), bz, NOW), &audit("owner.set"));
    assert!(matches!(unknown, Err(StoreError::NotFound { what: "asset", .. })));
    let unknown = store.owner_set(&ownership(pc, UnitId(id()), NOW), &audit("owner.set"));
    assert!(matches!(unknown, Err(StoreError::NotFound { what: "unit", .. })));
    let mut ended = ownership(pc, bz, NOW);
    ended.valid_to = Some(NOW);
    let ended = store.owner_set(&ended, &audit("owner.set"));
    assert!(matches!(ended, Err(StoreError::Refused(_))), "{ended:?}");
}

pub(super) fn an_asset_is_added_once(lab: &Lab) {
    let pc = asset(AssetKind::Device, "pc");
    lab.store.asset_insert(&pc, &audit("asset.add")).unwrap();
    let again = lab.store.asset_insert(&pc, &audit("asset.add"));
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
    let detail = lab.store.asset_get(pc.id).unwrap().unwrap();
    assert_eq!(detail.summary.asset, pc);
    assert!(detail.facts.is_none() && detail.summary.class.is_assumed());
    let orphan = Asset { id: AssetId(id()), proposed_unit: Some(UnitId(id())), ..pc };
    let orphan = lab.store.asset_insert(&orphan, &audit("asset.add"));
    assert!(matches!(orphan, Err(StoreError::NotFound { .. })), "{orphan:?}");
}

pub(super) fn an_unknown_asset_is_not_found(lab: &Lab) {
    let nobody = AssetId(id());
    assert!(lab.store.asset_get(nobody).unwrap().is_none());
    assert!(lab.store.evaluation_input(nobody).unwrap().is_none());
    assert!(lab.store.asset_sections(nobody).unwrap().is_empty());
    assert!(lab.store.asset_sharing_evidence(nobody).unwrap().is_empty());
}

pub(super) fn the_overview_counts(lab: &Lab) {
    let store = &*lab.store;
    let empty = store.overview(&Scope::All, NOW).unwrap();
    assert_eq!((empty.assets, empty.last_report, empty.risks), (0, None, [0; 5]));
    let agent = add_agent(store, "pc-1");
    let report = report(&agent, None, &[section(1, "one")]);
    store.report_commit(&report).unwrap();
    let app = add_asset(store, AssetKind::Application, "app");
    let mut gone = asset(AssetKind::Device, "gone");
    gone.lifecycle = Lifecycle::Disposed;
    store.asset_insert(&gone, &audit("asset.add")).unwrap();
    let unit = add_unit(store, "BZ");
    own(store, app, unit);
    classify(store, app, biv(1, 2, 3));
    for asset in [app, agent.asset, gone.id] {
        let changes = FindingChanges {
            new: vec![hit("asset.unowned", ""), hit("disk.unencrypted", "/")],
            updated: vec![],
        };
        evaluate(store, asset, &[("asset.unowned", CheckResult::Hit)], &changes);
    }
    let overview = store.overview(&Scope::All, NOW.plus_days(3)).unwrap();
    assert_eq!((overview.assets, overview.devices), (2, 1));
    assert_eq!((overview.owned, overview.classified, overview.seen_7d), (1, 1, 1));
    assert_eq!((overview.sections, overview.last_report), (1, Some(report.now)));
    let findings = [("asset.unowned".to_owned(), 2), ("disk.unencrypted".to_owned(), 2)];
    assert_eq!(overview.findings, findings);
    assert_eq!(store.overview(&Scope::All, NOW.plus_days(30)).unwrap().seen_7d, 0);
    let unseen = |before| store.device_figures(&Scope::All, NOW, before).unwrap().unseen;
    assert_eq!((unseen(report.now), unseen(report.now.plus_days(1))), (0, 1));
    let of_unit = |unit| store.overview(&Scope::Units([unit].into()), NOW.plus_days(3)).unwrap();
    let one = of_unit(unit);
    assert_eq!((one.assets, one.devices, one.owned, one.sections), (1, 0, 1, 0));
    assert_eq!((one.last_report, one.findings.len()), (None, 2));
    own(store, agent.asset, unit);
    let both = of_unit(unit);
    assert_eq!((both.assets, both.seen_7d, both.sections), (2, 1, 1));
    assert_eq!(both.findings, findings);
    let none = store.overview(&Scope::NOTHING, NOW).unwrap();
    assert_eq!((none.assets, none.findings.len(), none.risks), (0, 0, [0; 5]));
}
