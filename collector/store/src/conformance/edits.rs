//! What people change in the registry: records on versions, life cycle, units, confirmation, data sets.

use belfort_model::asset::{AssetKind, Lifecycle, label};
use belfort_model::classification::{Classification, ClassificationStatus};
use belfort_model::data_set::{DataLink, DataSet, PersonalData, RecordsBand, Relation};
use belfort_model::evidence::{Evidence, EvidenceKind, Resolution};
use belfort_model::id::UnitId;
use belfort_model::lifecycle::{Disposal, DisposalMethod, Step};
use belfort_model::ownership::{Method, OwnershipRole};
use belfort_model::scale::Level;
use belfort_model::unit::UnitKind;

use super::fixture::{
    NOW, add_agent, add_asset, add_data_set, add_unit, asset, audit, biv, class, classify, link,
    own, ownership, report, section, unit,
};
use super::lab::Lab;
use crate::StoreError;
use crate::record::{
    AssetFilter, AssetSort, ChangeRecord, Erasure, ImportedAsset, Page, ReportOutcome,
};

fn version(lab: &Lab, id: belfort_model::id::AssetId) -> u64 {
    lab.store.asset_get(id).unwrap().unwrap().summary.version
}

pub(super) fn an_edit_is_on_the_version_that_was_seen(lab: &Lab) {
    let store = &*lab.store;
    let mut pc = asset(AssetKind::Device, "pc");
    store.asset_insert(&pc, &audit("asset.add")).unwrap();
    pc.name = "PC-2".to_owned();
    pc.site = "Gent Zuid".to_owned();
    pc.verify_due = Some(NOW.plus_days(365));
    let change = ChangeRecord {
        at: NOW,
        section: "asset".to_owned(),
        subject: "name".to_owned(),
        before: Some("pc".to_owned()),
        after: Some("PC-2".to_owned()),
    };
    let hand = ["site".to_owned()];
    let edit = |expected| {
        store.asset_update(
            &pc,
            expected,
            std::slice::from_ref(&change),
            &hand,
            &audit("asset.edit"),
        )
    };
    assert_eq!(edit(Some(1)).unwrap(), 2);
    assert!(matches!(edit(Some(1)), Err(StoreError::Conflict { .. })));
    let detail = store.asset_get(pc.id).unwrap().unwrap();
    assert_eq!((detail.summary.asset, detail.summary.version), (pc.clone(), 2));
    assert_eq!(store.asset_history(pc.id, Page::ALL).unwrap().items, std::slice::from_ref(&change));
    assert_eq!(store.asset_find("pc-2").unwrap().len(), 1);
    let input = store.rule_input(pc.id).unwrap().unwrap();
    assert!(input.by_hand.contains("site"));
    own(store, pc.id, add_unit(store, "BZ"));
    classify(store, pc.id, biv(1, 1, 1));
    assert_eq!(version(lab, pc.id), 4, "owner and class count");
    assert_eq!(edit(None).unwrap(), 5);
}

pub(super) fn moves_are_kept_and_personal_sections_erased(lab: &Lab) {
    let store = &*lab.store;
    let agent = add_agent(store, "pc-1");
    let other = add_agent(store, "pc-2");
    let shared = section(1, "one");
    let personal = section(11, "accounts");
    let first = report(&agent, None, &[shared.clone(), personal.clone()]);
    assert_eq!(store.report_commit(&first).unwrap(), ReportOutcome::Committed);
    store.report_commit(&report(&other, None, &[shared.clone(), personal.clone()])).unwrap();
    let step = |from, to, disposal| Step {
        from,
        to,
        at: NOW,
        by: "els".to_owned(),
        reason: "vervangen".to_owned(),
        disposal,
    };
    let erase = Erasure {
        kinds: vec![11],
        names: vec!["accounts".to_owned()],
        codes: vec![],
        root_before: Some(first.root),
        root_after: Some([9; 32]),
    };
    let out = step(Lifecycle::InUse, Lifecycle::Decommissioned, None);
    let stale = Erasure { root_before: None, ..erase.clone() };
    let conflict = store.asset_move(agent.asset, &out, Some(&stale), None, &audit("asset.move"));
    assert!(matches!(conflict, Err(StoreError::Conflict { .. })), "{conflict:?}");
    store.asset_move(agent.asset, &out, Some(&erase), None, &audit("asset.move")).unwrap();
    let kinds: Vec<_> =
        store.asset_sections(agent.asset).unwrap().iter().map(|held| held.key.kind).collect();
    assert_eq!(kinds, [1]);
    // Another machine holds the same content: it stays there.
    assert_eq!(store.asset_sections(other.asset).unwrap().len(), 2);
    assert_eq!(store.section_get(&[personal.key.hash]).unwrap().len(), 1);
    store.asset_move(other.asset, &out, Some(&erase), None, &audit("asset.move")).unwrap();
    assert!(store.section_get(&[personal.key.hash]).unwrap().is_empty(), "nobody holds it");

    let again = store.asset_move(agent.asset, &out, None, None, &audit("asset.move"));
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "it is not in use any more");
    let proof = Disposal { method: DisposalMethod::Wiped, certificate: "C-2026-7".to_owned() };
    let gone = step(Lifecycle::Decommissioned, Lifecycle::Disposed, Some(proof.clone()));
    store.asset_move(agent.asset, &gone, None, None, &audit("asset.move")).unwrap();
    let end = step(Lifecycle::Disposed, Lifecycle::Archived, None);
    store.asset_move(agent.asset, &end, None, None, &audit("asset.move")).unwrap();
    let kept = store.asset_get(agent.asset).unwrap().unwrap().summary.asset;
    assert_eq!((kept.lifecycle, kept.disposal), (Lifecycle::Archived, Some(proof)));
    assert_eq!(store.lifecycle_list(agent.asset).unwrap(), [end, gone, out.clone()]);
    let back = step(Lifecycle::Decommissioned, Lifecycle::InStock, None);
    store.asset_move(other.asset, &back, None, None, &audit("asset.move")).unwrap();
    assert_eq!(store.asset_get(other.asset).unwrap().unwrap().summary.asset.disposal, None);
}

pub(super) fn units_move_end_and_are_never_part_of_themselves(lab: &Lab) {
    let store = &*lab.store;
    let (top, middle, low) = (unit("TOP"), unit("MID"), unit("LOW"));
    for one in [&top, &middle, &low] {
        store.unit_insert(one, &audit("unit.add")).unwrap();
    }
    let below = |one: belfort_model::unit::OrgUnit, parent| {
        let seen = store.unit_by_code(&one.code).unwrap().unwrap();
        let moved = belfort_model::unit::OrgUnit { parent: Some(parent), ..one };
        store.unit_update(&moved, &seen, &audit("unit.edit"))
    };
    below(middle.clone(), top.id).unwrap();
    below(low.clone(), middle.id).unwrap();
    for (one, parent) in [(&top, low.id), (&top, top.id), (&middle, low.id)] {
        let circle = below(one.clone(), parent);
        assert!(matches!(circle, Err(StoreError::Refused(_))), "{circle:?}");
    }
    let nowhere = below(low.clone(), UnitId(super::fixture::id()));
    assert!(matches!(nowhere, Err(StoreError::NotFound { .. })));

    let pc = add_asset(store, AssetKind::Device, "pc");
    own(store, pc, low.id);
    own(store, add_asset(store, AssetKind::Device, "pc2"), top.id);
    let mut ended = low.clone();
    ended.name = "Opgeheven".to_owned();
    ended.kind = UnitKind::Team;
    ended.active_to = Some(NOW);
    let stale = store.unit_update(&ended, &low, &audit("unit.end"));
    assert!(matches!(stale, Err(StoreError::Conflict { what: "unit", .. })), "{stale:?}");
    let seen = store.unit_by_code("LOW").unwrap().unwrap();
    store.unit_update(&ended, &seen, &audit("unit.end")).unwrap();
    assert_eq!(store.unit_by_code("low").unwrap(), Some(ended));
    let left = AssetFilter { owner_ended_at: Some(NOW), ..AssetFilter::default() };
    let left = store.asset_list(&left, Page::ALL).unwrap();
    assert_eq!(left.items.iter().map(|one| one.asset.id).collect::<Vec<_>>(), [pc]);
    let mut owned = store.unit_assets().unwrap();
    owned.sort();
    let mut expected = vec![(low.id, 1), (top.id, 1)];
    expected.sort();
    assert_eq!(owned, expected);
}

pub(super) fn units_are_imported_in_any_order(lab: &Lab) {
    let store = &*lab.store;
    let known = unit("BZ");
    store.unit_insert(&known, &audit("unit.add")).unwrap();
    let (department, mut service) = (unit("DMT"), unit("AZ"));
    service.parent = Some(known.id);
    let mut moved = known.clone();
    moved.parent = Some(department.id);
    moved.name = "Burgerzaken".to_owned();
    let all = [service.clone(), moved.clone(), department.clone()];
    let with = |units: &[belfort_model::unit::OrgUnit]| {
        units.iter().map(|one| (one.clone(), audit("unit.import"))).collect::<Vec<_>>()
    };
    store.unit_import(&with(&all)).unwrap();
    assert_eq!(store.unit_list().unwrap(), [service.clone(), moved, department.clone()]);
    let mut circle = department;
    circle.parent = Some(service.id);
    let before = store.unit_list().unwrap();
    assert!(matches!(store.unit_import(&with(&[circle])), Err(StoreError::Refused(_))));
    assert_eq!(store.unit_list().unwrap(), before);
}

pub(super) fn owners_are_confirmed_ended_and_kept(lab: &Lab) {
    let store = &*lab.store;
    let (bz, fin) = (add_unit(store, "BZ"), add_unit(store, "FIN"));
    let pc = add_asset(store, AssetKind::Device, "pc");
    let mut first = ownership(pc, bz, NOW);
    (first.confirmed_at, first.confirmed_by, first.method) = (None, String::new(), Method::Rule);
    store.owner_change(&first, Some(1), &audit("owner.set")).unwrap();
    let stale = store.owner_change(&first, Some(1), &audit("owner.set"));
    assert!(matches!(stale, Err(StoreError::Conflict { .. })));
    let list = |unconfirmed| {
        let filter = AssetFilter { owner_unconfirmed: unconfirmed, ..AssetFilter::default() };
        store.asset_list(&filter, Page::ALL).unwrap().total
    };
    assert_eq!((list(true), list(false)), (1, 1));
    store.owner_confirm(&first, None, &audit("owner.confirm")).unwrap();
    assert_eq!(list(true), 0);
    let owner = store.asset_get(pc).unwrap().unwrap().summary.owner.unwrap();
    assert_eq!((owner.confirmed_at, owner.confirmed_by.as_str()), (Some(NOW), "els"));
    let other = ownership(pc, fin, NOW);
    let moved = store.owner_confirm(&other, None, &audit("owner.confirm"));
    assert!(matches!(moved, Err(StoreError::Conflict { .. })));

    store.owner_change(&ownership(pc, fin, NOW.plus_days(1)), None, &audit("owner.set")).unwrap();
    let mut at = audit("owner.end");
    at.at = NOW.plus_days(2);
    store.owner_end(pc, OwnershipRole::Owner, None, &at).unwrap();
    let none = store.owner_end(pc, OwnershipRole::Owner, None, &at);
    assert!(matches!(none, Err(StoreError::NotFound { .. })));
    let detail = store.asset_get(pc).unwrap().unwrap();
    assert!(detail.summary.owner.is_none() && detail.ownerships.is_empty());
    let history = store.ownership_history(pc).unwrap();
    let ends: Vec<_> = history.iter().map(|one| (one.unit, one.valid_to)).collect();
    assert_eq!(ends, [(fin, Some(NOW.plus_days(2))), (bz, Some(NOW.plus_days(1)))]);
    assert!(store.risk_due(9).unwrap().contains(&None), "nobody's risks follow");
}

pub(super) fn classes_keep_their_history(lab: &Lab) {
    let store = &*lab.store;
    let app = add_asset(store, AssetKind::Application, "app");
    let proposed = class(app, biv(2, 2, 2), ClassificationStatus::Proposed);
    store.classification_change(&proposed, Some(1), &audit("class")).unwrap();
    let confirmed = class(app, biv(2, 2, 2), ClassificationStatus::Confirmed);
    let stale = store.classification_change(&confirmed, Some(1), &audit("class"));
    assert!(matches!(stale, Err(StoreError::Conflict { .. })));
    store.classification_change(&confirmed, Some(2), &audit("class")).unwrap();
    let both = [confirmed.clone(), proposed.clone()];
    assert_eq!(store.classification_history(app).unwrap(), both);
    let high = class(app, biv(1, 1, 4), ClassificationStatus::Confirmed);
    store.classification_set(&high, &audit("class")).unwrap();
    let at_least = |level| {
        let filter = AssetFilter { class_min: Some(level), ..AssetFilter::default() };
        store.asset_list(&filter, Page::ALL).unwrap().total
    };
    assert_eq!((at_least(Level::FOUR), at_least(Level::FIVE)), (1, 0));
    let stale = store.classification_withdraw(&high, Some(3), &audit("class"));
    assert!(matches!(stale, Err(StoreError::Conflict { .. })));
    store.classification_withdraw(&high, Some(4), &audit("class")).unwrap();
    assert_eq!(at_least(Level::FOUR), 0);
    let now = store.asset_get(app).unwrap().unwrap();
    assert_eq!((now.classification.as_ref(), now.summary.version), (Some(&confirmed), 5));
    // What came before it is no longer the newest one, nor is what another one decided.
    let other = Classification { decided_at: NOW.plus_days(9), ..confirmed.clone() };
    for wrong in [&proposed, &other] {
        let gone = store.classification_withdraw(wrong, None, &audit("class"));
        assert!(matches!(gone, Err(StoreError::Conflict { .. })));
    }
    assert_eq!(store.classification_history(app).unwrap(), [confirmed, proposed]);
}

pub(super) fn data_sets_say_what_they_are_about(lab: &Lab) {
    let store = &*lab.store;
    let id = add_data_set(store, "Bevolkingsregister", PersonalData::Ordinary);
    let set = DataSet {
        asset: id,
        personal_data: PersonalData::NationalRegister,
        records: RecordsBand::Above100000,
        register_ids: vec!["VR-12".to_owned(), "VR-7".to_owned()],
        retention: "30 jaar".to_owned(),
    };
    store.data_set_update(&set, Some(1), &audit("data_set.edit")).unwrap();
    let detail = store.asset_get(id).unwrap().unwrap();
    assert_eq!(detail.data_set, Some(set.clone()));
    assert_eq!(detail.summary.class.personal_data, PersonalData::NationalRegister);
    let pc = add_asset(store, AssetKind::Device, "pc");
    let none = store.data_set_update(&DataSet { asset: pc, ..set }, None, &audit("x"));
    assert!(matches!(none, Err(StoreError::NotFound { .. })));

    classify(store, id, biv(5, 5, 5));
    link(store, pc, Relation::Stores, id);
    let class = |id| store.asset_get(id).unwrap().unwrap().summary.class.biv;
    assert_eq!(class(pc), biv(5, 5, 5));
    let gone = DataLink { asset: pc, relation: Relation::Stores, data_set: id };
    store.data_link_remove(&gone, Some(2), &audit("link.remove")).unwrap();
    assert_eq!(class(pc), biv(2, 3, 3));
    let again = store.data_link_remove(&gone, None, &audit("link.remove"));
    assert!(matches!(again, Err(StoreError::NotFound { .. })));
    let by_hand = store.rule_input(pc).unwrap().unwrap().by_hand;
    assert!(by_hand.contains(&format!("link:stores:{id}")), "{by_hand:?}");
}

pub(super) fn lists_are_filtered_and_sorted(lab: &Lab) {
    let store = &*lab.store;
    for (name, site, labels, day) in
        [("a", "G1", &["kassa"][..], 3), ("b", "G1", &["kassa2"][..], 1), ("c", "", &[][..], 2)]
    {
        let mut one = asset(AssetKind::Device, name);
        one.site = site.to_owned();
        one.labels = labels.iter().map(|text| label(text).unwrap()).collect();
        one.last_seen = NOW.plus_days(day);
        one.verify_due = Some(NOW.plus_days(day));
        one.exposure = belfort_model::asset::Exposure::Dmz;
        store.asset_insert(&one, &audit("asset.add")).unwrap();
    }
    let names = |filter: AssetFilter| -> String {
        let list = store.asset_list(&filter, Page::ALL).unwrap();
        assert_eq!(list.total, list.items.len() as u64);
        list.items.into_iter().map(|item| item.asset.name).collect()
    };
    let is = AssetFilter::default;
    let text = |text: &str| vec![text.to_owned()];
    assert_eq!(names(AssetFilter { site: text("G1"), ..is() }), "ab");
    assert_eq!(names(AssetFilter { label: text("kassa"), ..is() }), "a");
    assert_eq!(names(AssetFilter { label: text("kass_"), ..is() }), "");
    assert_eq!(names(AssetFilter { seen_before: Some(NOW.plus_days(3)), ..is() }), "bc");
    assert_eq!(names(AssetFilter { verify_overdue_at: Some(NOW.plus_days(1)), ..is() }), "b");
    let internet = vec![belfort_model::asset::Exposure::Internet];
    assert_eq!(names(AssetFilter { exposure: internet, ..is() }), "");
    assert_eq!(names(AssetFilter { sort: AssetSort::NameDescending, ..is() }), "cba");
    assert_eq!(names(AssetFilter { sort: AssetSort::LastSeen, ..is() }), "bca");
    assert_eq!(names(AssetFilter { sort: AssetSort::LastSeenDescending, ..is() }), "acb");
    assert_eq!(names(AssetFilter { sort: AssetSort::ClassDescending, ..is() }), "abc");
    assert_eq!(names(AssetFilter { sort: AssetSort::FindingsDescending, ..is() }), "abc");
    assert_eq!(names(AssetFilter { sort: AssetSort::Findings, ..is() }), "abc");
    assert_eq!(names(AssetFilter { sort: AssetSort::Class, ..is() }), "abc");
    assert_eq!(names(AssetFilter { sort: AssetSort::System, ..is() }), "abc");
    assert_eq!(names(AssetFilter { sort: AssetSort::Site, ..is() }), "cab");
    assert_eq!(names(AssetFilter { sort: AssetSort::SiteDescending, ..is() }), "abc");
}

pub(super) fn an_import_is_written_whole_or_not_at_all(lab: &Lab) {
    let store = &*lab.store;
    let bz = add_unit(store, "BZ");
    let mut pc = asset(AssetKind::Device, "pc");
    let serial = Evidence::new(EvidenceKind::SystemSerial, "5B5RM12").unwrap();
    let import = |pc: &belfort_model::asset::Asset, expected| ImportedAsset {
        asset: pc.clone(),
        expected,
        data_set: None,
        evidence: vec![serial.clone()],
        owner: Some(ownership(pc.id, bz, NOW)),
        classification: Some(class(pc.id, biv(1, 2, 4), ClassificationStatus::Proposed)),
        by_hand: vec!["site".to_owned()],
        changes: vec![],
        audit: audit("asset.import"),
    };
    store.asset_import(&[import(&pc, None)]).unwrap();
    assert_eq!(store.evidence_carriers(&serial).unwrap(), [pc.id]);
    let weak = store.evidence_resolve(std::slice::from_ref(&serial)).unwrap();
    assert!(matches!(weak, Resolution::Doubtful(_) | Resolution::Same { .. }), "{weak:?}");
    let detail = store.asset_get(pc.id).unwrap().unwrap();
    assert_eq!(detail.summary.owner_unit.unwrap().code, "BZ");
    assert!(detail.summary.class.is_assumed(), "a proposal is not a class");
    pc.site = "G2".to_owned();
    let second = asset(AssetKind::Device, "second");
    let stale = store.asset_import(&[import(&second, None), import(&pc, Some(1000))]);
    assert!(matches!(stale, Err(StoreError::Conflict { .. })), "{stale:?}");
    assert!(store.asset_get(second.id).unwrap().is_none());
    store.asset_import(&[import(&pc, Some(detail.summary.version))]).unwrap();
    assert_eq!(store.asset_get(pc.id).unwrap().unwrap().summary.asset.site, "G2");

    let agent = add_agent(store, "agent-pc");
    let known = store.asset_get(agent.asset).unwrap().unwrap().summary;
    let inventory = report(&agent, None, &[section(1, "one")]);
    let refused = store.inventory_import(&import(&known.asset, Some(known.version)), &inventory);
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    let mut inventory = inventory;
    inventory.asset = second.id;
    store.inventory_import(&import(&second, None), &inventory).unwrap();
    assert_eq!(store.asset_sections(second.id).unwrap().len(), 1);
    assert!(store.asset_get(second.id).unwrap().unwrap().facts.is_some());
}
