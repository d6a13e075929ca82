//! Data sets, links and the classes that follow from them.

use belfort_model::asset::AssetKind;
use belfort_model::classification::{ClassificationStatus, Inherited, Origin};
use belfort_model::data_set::{DataLink, PersonalData, Relation};
use belfort_model::id::AssetId;

use super::evaluation::settle;
use super::fixture::{NOW, add_asset, add_data_set, asset, audit, biv, class, classify, id, link};
use super::lab::Lab;
use crate::record::Page;
use crate::{Store, StoreError};

fn inherited(store: &dyn Store, asset: AssetId) -> Vec<Inherited> {
    store.evaluation_input(asset).unwrap().unwrap().links
}

fn names(links: &[Inherited]) -> Vec<(&str, Relation)> {
    links.iter().map(|link| (link.from_name.as_str(), link.relation)).collect()
}

pub(super) fn a_class_counts_through_applications(lab: &Lab) {
    let store = &*lab.store;
    let server = add_asset(store, AssetKind::Device, "server");
    let suite = add_asset(store, AssetKind::Application, "suite");
    let module = add_asset(store, AssetKind::Application, "module");
    let citizens = add_data_set(store, "burgers", PersonalData::NationalRegister);
    let maps = add_data_set(store, "kaarten", PersonalData::None);
    classify(store, citizens, biv(2, 3, 5));
    classify(store, module, biv(4, 1, 1));
    link(store, module, Relation::Stores, citizens);
    link(store, suite, Relation::Processes, module);
    link(store, server, Relation::Processes, suite);
    link(store, server, Relation::Stores, maps);
    let links = inherited(store, server);
    assert_eq!(
        names(&links),
        [
            ("burgers", Relation::Processes),
            ("kaarten", Relation::Stores),
            ("module", Relation::Processes),
        ]
    );
    assert_eq!(links[0].biv, Some(biv(2, 3, 5)));
    assert_eq!(links[0].personal_data, PersonalData::NationalRegister);
    assert_eq!((links[1].biv, links[2].biv), (None, Some(biv(4, 1, 1))));

    let class = store.asset_get(server).unwrap().unwrap().summary.class;
    assert_eq!(class.biv, biv(4, 3, 5));
    assert_eq!(class.personal_data, PersonalData::NationalRegister);
    assert!(matches!(class.v_from, Origin::DataSet { id, .. } if id == citizens));

    let detail = store.asset_get(module).unwrap().unwrap();
    let (to, from) = (&detail.links, &detail.linked_from);
    assert_eq!((to[0].1.as_str(), from[0].1.as_str()), ("burgers", "suite"));
    let data_set = store.asset_get(citizens).unwrap().unwrap().data_set;
    assert_eq!(data_set.unwrap().personal_data, PersonalData::NationalRegister);

    // What a data set holds counts for itself too, its class only as its own.
    let own = inherited(store, citizens);
    assert_eq!((own.len(), own[0].biv), (1, None));
    let class = store.asset_get(citizens).unwrap().unwrap().summary.class;
    assert_eq!((class.biv, class.v_from), (biv(2, 3, 5), Origin::Own));
    assert_eq!(class.personal_data, PersonalData::NationalRegister);
}

pub(super) fn a_link_that_only_looks_lends_nothing(lab: &Lab) {
    let store = &*lab.store;
    let pc = add_asset(store, AssetKind::Device, "pc");
    let (viewer, archive) = (
        add_asset(store, AssetKind::Application, "viewer"),
        add_asset(store, AssetKind::Application, "archive"),
    );
    let data = add_data_set(store, "data", PersonalData::Ordinary);
    classify(store, data, biv(5, 5, 5));
    link(store, pc, Relation::Accesses, archive);
    link(store, archive, Relation::Stores, data);
    link(store, pc, Relation::Processes, viewer);
    link(store, viewer, Relation::Transmits, data);
    assert_eq!(names(&inherited(store, pc)), [("data", Relation::Transmits)]);
    assert!(store.asset_get(pc).unwrap().unwrap().summary.class.is_assumed());
    // One way that counts is enough.
    link(store, pc, Relation::Processes, archive);
    assert_eq!(names(&inherited(store, pc)), [("data", Relation::Processes)]);
    assert_eq!(store.asset_get(pc).unwrap().unwrap().summary.class.biv, biv(5, 5, 5));
}

fn refused(store: &dyn Store, asset: AssetId, data_set: AssetId) -> StoreError {
    let link = DataLink { asset, relation: Relation::Processes, data_set };
    store.data_link_insert(&link, &audit("link.add")).unwrap_err()
}

pub(super) fn circles_are_refused(lab: &Lab) {
    let store = &*lab.store;
    let apps: Vec<AssetId> =
        ["a", "b", "c"].map(|name| add_asset(store, AssetKind::Application, name)).to_vec();
    link(store, apps[0], Relation::Processes, apps[1]);
    link(store, apps[1], Relation::Processes, apps[2]);
    for (from, to) in [(0, 0), (1, 0), (2, 0)] {
        let error = refused(store, apps[from], apps[to]);
        assert!(matches!(error, StoreError::Refused(_)), "{error}");
    }
    // Two that together would close one, at the same moment.
    let [x, y] = ["x", "y"].map(|name| add_asset(store, AssetKind::Application, name));
    let results = std::thread::scope(|scope| {
        [(x, y), (y, x)]
            .map(|(asset, data_set)| {
                let relation = Relation::Processes;
                let link = DataLink { asset, relation, data_set };
                scope.spawn(move || store.data_link_insert(&link, &audit("link.add")).is_ok())
            })
            .map(|thread| thread.join().unwrap())
    });
    assert_eq!(results.iter().filter(|added| **added).count(), 1);
}

pub(super) fn links_lead_to_data_sets_or_applications(lab: &Lab) {
    let store = &*lab.store;
    let (pc, app) = (
        add_asset(store, AssetKind::Device, "pc"),
        add_asset(store, AssetKind::Application, "app"),
    );
    assert!(matches!(refused(store, app, pc), StoreError::Refused(_)));
    assert!(matches!(refused(store, app, AssetId(id())), StoreError::NotFound { .. }));
    assert!(matches!(refused(store, AssetId(id()), app), StoreError::NotFound { .. }));
    let no_data_set = asset(AssetKind::Application, "app");
    let data_set = belfort_model::data_set::DataSet::new(no_data_set.id, PersonalData::None);
    let wrong = store.data_set_insert(&no_data_set, &data_set, &audit("data_set.add"));
    assert!(matches!(wrong, Err(StoreError::Refused(_))), "{wrong:?}");
}

pub(super) fn a_link_is_added_once(lab: &Lab) {
    let store = &*lab.store;
    let pc = add_asset(store, AssetKind::Device, "pc");
    let data = add_data_set(store, "data", PersonalData::None);
    let before = store.audit_list(Page::ALL).unwrap().total;
    for _ in 0..3 {
        link(store, pc, Relation::Stores, data);
    }
    assert_eq!(store.audit_list(Page::ALL).unwrap().total, before + 1);
    link(store, pc, Relation::Accesses, data);
    let links = store.asset_get(pc).unwrap().unwrap().links;
    assert_eq!(links.len(), 2);
    assert_eq!(names(&inherited(store, pc)), [("data", Relation::Stores)]);
}

pub(super) fn a_proposal_does_not_lower_a_class(lab: &Lab) {
    let store = &*lab.store;
    let data = add_data_set(store, "data", PersonalData::None);
    let set = |levels, status| {
        store
            .classification_set(&class(data, levels, status), &audit("classification.set"))
            .unwrap();
        let summary = store.asset_get(data).unwrap().unwrap();
        (summary.classification.unwrap().biv, summary.summary.class.biv)
    };
    let assumed = belfort_model::classification::ASSUMED;
    let (low, high) = (biv(1, 1, 1), biv(4, 4, 4));
    assert_eq!(set(low, ClassificationStatus::Proposed), (low, assumed));
    assert_eq!(set(high, ClassificationStatus::Confirmed), (high, high));
    assert_eq!(set(low, ClassificationStatus::Proposed), (high, high));
    assert_eq!(set(low, ClassificationStatus::Confirmed), (low, low));
    assert_eq!(set(low, ClassificationStatus::Expired), (low, assumed));
    let nobody = class(AssetId(id()), low, ClassificationStatus::Confirmed);
    let nobody = store.classification_set(&nobody, &audit("classification.set"));
    assert!(matches!(nobody, Err(StoreError::NotFound { .. })), "{nobody:?}");
}

pub(super) fn a_class_reaches_everything_above_it(lab: &Lab) {
    let store = &*lab.store;
    let pc = add_asset(store, AssetKind::Device, "pc");
    let app = add_asset(store, AssetKind::Application, "app");
    let data = add_data_set(store, "data", PersonalData::None);
    let other = add_asset(store, AssetKind::Device, "other");
    link(store, pc, Relation::Processes, app);
    link(store, app, Relation::Stores, data);
    for asset in [pc, app, data, other] {
        settle(store, asset);
    }
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), []);
    classify(store, data, biv(1, 1, 4));
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), [pc, app, data]);
    for asset in [pc, app, data] {
        settle(store, asset);
    }
    link(store, app, Relation::Accesses, data);
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), [pc, app]);
}
