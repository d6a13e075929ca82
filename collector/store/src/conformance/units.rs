//! Units that move in the tree, and what follows them.

use belfort_model::advisory::{Suppression, SuppressionScope};
use belfort_model::asset::AssetKind;
use belfort_model::id::{AssetId, SuppressionId};

use super::evaluation::settle;
use super::fixture::{NOW, add_asset, audit, id, own, unit};
use super::lab::Lab;

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
