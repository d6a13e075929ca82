//! Units that move in the tree, and what follows them.

use belfort_model::access::Scope;
use belfort_model::advisory::{Suppression, SuppressionScope};
use belfort_model::asset::AssetKind;
use belfort_model::id::{AssetId, SuppressionId};
use belfort_model::ownership::OwnershipRole;

use super::evaluation::settle;
use super::fixture::{NOW, add_asset, add_unit, audit, id, own, ownership, unit};
use super::lab::Lab;
use crate::record::UnitTally;

pub(super) fn what_moves_with_a_unit_is_evaluated_anew(lab: &Lab) {
    let store = &*lab.store;
    let (top, mut middle, mut low) = (unit("TOP"), unit("MID"), unit("LOW"));
    let mut deep = unit("DEEP");
    (low.parent, deep.parent) = (Some(middle.id), Some(low.id));
    for one in [&top, &middle, &low, &deep] {
        store.unit_insert(one, &audit("unit.add")).unwrap();
    }
    let [of_top, of_middle, of_low, of_deep] = [&top, &middle, &low, &deep].map(|unit| {
        let asset = add_asset(store, AssetKind::Device, &unit.code);
        own(store, asset, unit.id);
        asset
    });
    let settled = || {
        for asset in [of_top, of_middle, of_low, of_deep] {
            settle(store, asset);
        }
        (store.advisory_version().unwrap(), store.evaluation_due(NOW, 9).unwrap().len())
    };
    let moved = |due: &[AssetId]| {
        let mut found = store.evaluation_due(NOW, 9).unwrap();
        found.sort();
        assert_eq!(found, due);
        store.advisory_version().unwrap()
    };
    let (version, due) = settled();
    assert_eq!(due, 0);
    let seen = middle.clone();
    middle.parent = Some(top.id);
    store.unit_update(&middle, &seen, &audit("unit.edit")).unwrap();
    assert_eq!(moved(&[of_middle, of_low, of_deep]), version, "no suppression is for a unit");

    let suppression = Suppression {
        id: SuppressionId(id()),
        cve: "CVE-2024-3094".parse().unwrap(),
        package: "openssl".to_owned(),
        scope: SuppressionScope::Unit(top.id),
        reason: "not reachable".to_owned(),
        author: "els".to_owned(),
        created_at: NOW,
        expires_at: NOW.plus_days(9),
        ended_at: None,
    };
    store.suppression_insert(&suppression, &audit("suppression.add")).unwrap();
    let (version, _) = settled();
    let seen = middle.clone();
    middle.name = "Midden".to_owned();
    store.unit_update(&middle, &seen, &audit("unit.edit")).unwrap();
    assert_eq!(moved(&[of_middle]), version, "it did not move");
    settled();
    middle.parent = None;
    let both = [middle.clone(), low.clone()].map(|unit| (unit, audit("unit.import")));
    store.unit_import(&both).unwrap();
    assert!(moved(&[of_middle, of_low, of_deep]) > version);
    let (version, _) = settled();
    store.unit_import(&[(middle, audit("unit.import"))]).unwrap();
    assert_eq!(moved(&[of_middle]), version);
    let mut late = unit("LATE");
    late.parent = Some(top.id);
    store.unit_insert(&late, &audit("unit.add")).unwrap();
    assert!(store.advisory_version().unwrap() > version, "what is for its parent is for it");
}

pub(super) fn units_are_counted_with_what_they_own(lab: &Lab) {
    let store = &*lab.store;
    let (bz, fin) = (add_unit(store, "BZ"), add_unit(store, "FIN"));
    let assets: Vec<_> =
        (0..4).map(|n| add_asset(store, AssetKind::Device, &format!("pc-{n}"))).collect();
    for (asset, function) in assets.iter().zip(["dienstchef", "dienstchef", "balie"]) {
        let mut owner = ownership(*asset, bz, NOW);
        owner.function = function.to_owned();
        (owner.confirmed_at, owner.confirmed_by) = (None, String::new());
        store.owner_set(&owner, &audit("owner.set")).unwrap();
    }
    let found = |scope: &Scope| store.unit_tallies(scope).unwrap();
    let tally = |unit, assets, to_confirm| UnitTally {
        unit,
        assets,
        classified: 0,
        to_confirm,
        findings: 0,
    };
    let mut all = found(&Scope::All);
    all.sort_by_key(|one| one.unit);
    assert_eq!(all, [tally(None, 1, 0), tally(Some(bz), 3, 3)]);
    assert_eq!(found(&Scope::Units([bz].into())), [tally(Some(bz), 3, 3)]);
    assert_eq!(found(&Scope::Units([fin].into())), []);
    let contacts = |scope: &Scope| store.unit_contacts(scope).unwrap();
    assert_eq!(contacts(&Scope::All), [(bz, "dienstchef".to_owned())].into());
    assert!(contacts(&Scope::Units([fin].into())).is_empty());
    assert_eq!(found(&Scope::NOTHING), []);

    // Confirmed, given to another, and ended.
    let owner = |asset| store.asset_get(asset).unwrap().unwrap().summary.owner.unwrap();
    store.owner_confirm(&owner(assets[0]), None, &audit("owner.confirm")).unwrap();
    let later = ownership(assets[1], fin, NOW.plus_days(1));
    store.owner_set(&later, &audit("owner.set")).unwrap();
    store.owner_end(assets[2], OwnershipRole::Owner, None, &audit("owner.end")).unwrap();
    let numbers: Vec<_> = found(&Scope::Units([bz, fin].into()))
        .into_iter()
        .map(|one| (one.unit, one.assets, one.to_confirm))
        .collect();
    let mut expected = vec![(Some(bz), 1, 0), (Some(fin), 1, 0)];
    expected.sort();
    assert_eq!(numbers, expected);
}
