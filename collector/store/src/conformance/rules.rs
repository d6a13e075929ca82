//! Assignment rules: their order and versions, what they look at, what they assign, taking it back.

use belfort_model::asset::AssetKind;
use belfort_model::classification::{ClassificationStatus, DEFAULT_SCHEME};
use belfort_model::data_set::{PersonalData, Relation};
use belfort_model::id::{AssetId, BatchId, RuleId, UnitId};
use belfort_model::rule::{AssignClass, AssignLink, AssignOwner, Assignment, Rule, RuleState};

use super::fixture::{
    NOW, add_agent, add_asset, add_data_set, add_unit, asset, audit, biv, class, classify, id, own,
    report, section,
};
use super::lab::Lab;
use crate::record::{Assigned, Page, Undone};
use crate::{Store, StoreError};

fn add_rule(store: &dyn Store, name: &str) -> Rule {
    let rule = Rule {
        id: RuleId(id()),
        name: name.to_owned(),
        description: String::new(),
        position: 0,
        state: RuleState::Draft,
        condition: "true".to_owned(),
        assigns: belfort_model::rule::Assigns::default(),
        version: 1,
        previewed: None,
        changed_by: "els".to_owned(),
        changed_at: NOW,
    };
    store.rule_insert(&rule, &audit("rule.add")).unwrap();
    store.rule_list().unwrap().into_iter().find(|one| one.id == rule.id).unwrap()
}

pub(super) fn rules_have_an_order_and_versions(lab: &Lab) {
    let store = &*lab.store;
    let (a, b, c) = (add_rule(store, "a"), add_rule(store, "b"), add_rule(store, "c"));
    let names = || -> String { store.rule_list().unwrap().into_iter().map(|r| r.name).collect() };
    assert_eq!((names().as_str(), a.position, c.position), ("abc", 1, 3));
    let twice = Rule { id: RuleId(id()), name: "A".to_owned(), ..a.clone() };
    assert!(matches!(store.rule_insert(&twice, &audit("x")), Err(StoreError::Exists { .. })));

    store.rule_previewed(a.id, 1).unwrap();
    store.rule_previewed(b.id, 7).unwrap();
    let seen = |id| store.rule_list().unwrap().into_iter().find(|r| r.id == id).unwrap();
    assert!(seen(a.id).is_previewed() && !seen(b.id).is_previewed());
    let on = Rule { state: RuleState::Enabled, ..seen(a.id) };
    store.rule_update(&on, &a, &audit("rule.enable")).unwrap();
    let stale = store.rule_update(&on, &a, &audit("rule.enable"));
    assert!(matches!(stale, Err(StoreError::Conflict { .. })), "it is on already");
    let taken = store.rule_update(&Rule { name: "C".to_owned(), ..b.clone() }, &b, &audit("x"));
    assert!(matches!(taken, Err(StoreError::Exists { .. })), "{taken:?}");

    store.rule_previewed(c.id, 1).unwrap();
    store.rule_order(&[c.id, a.id, b.id], &audit("rule.order")).unwrap();
    assert_eq!(names(), "cab");
    assert!(seen(a.id).is_previewed(), "it is on");
    assert!(!seen(c.id).is_previewed(), "in another order it does something else");
    for wrong in [vec![a.id, b.id], vec![a.id, b.id, b.id], vec![a.id, b.id, RuleId(id())]] {
        assert!(matches!(store.rule_order(&wrong, &audit("x")), Err(StoreError::Refused(_))));
    }
    store.rule_remove(b.id, &audit("rule.remove")).unwrap();
    assert!(matches!(store.rule_remove(b.id, &audit("x")), Err(StoreError::NotFound { .. })));
    assert_eq!(names(), "ca");
}

pub(super) fn rules_see_assets_as_they_are(lab: &Lab) {
    let store = &*lab.store;
    let agent = add_agent(store, "pc-1");
    store.report_commit(&report(&agent, None, &[section(1, "one")])).unwrap();
    let app = add_asset(store, AssetKind::Application, "app");
    let mut gone = asset(AssetKind::Device, "gone");
    gone.lifecycle = belfort_model::asset::Lifecycle::Disposed;
    store.asset_insert(&gone, &audit("asset.add")).unwrap();
    let set = add_data_set(store, "set", PersonalData::None);
    super::fixture::link(store, app, Relation::Processes, set);
    own(store, app, add_unit(store, "BZ"));
    classify(store, app, biv(3, 3, 3));
    let later = class(app, biv(4, 4, 4), ClassificationStatus::Proposed);
    store.classification_set(&later, &audit("class")).unwrap();

    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = store.rule_inputs(after, 2).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.asset.id);
        all.extend(page);
    }
    let ids: Vec<_> = all.iter().map(|one| one.asset.id).collect();
    assert_eq!(ids, [agent.asset, app, set], "in service, by id");
    assert!(all[0].facts.is_some() && all[0].agent.as_ref().is_some_and(|a| a.id == agent.id));
    assert_eq!(all[1].classification.as_ref().map(|one| one.biv), Some(biv(3, 3, 3)));
    assert_eq!(all[1].proposal, Some(later));
    assert_eq!((all[1].links.len(), all[1].owner.is_some()), (1, true));
    assert!(all[2].owner.is_none() && all[2].links.is_empty() && all[2].agent.is_none());
    let one = store.rule_input(app).unwrap().unwrap();
    assert_eq!((one.version, one.owner), (all[1].version, all[1].owner.clone()));
    assert!(store.rule_input(AssetId(id())).unwrap().is_none());
}

struct Run {
    rule: Rule,
    unit: UnitId,
    set: AssetId,
    batch: BatchId,
}

impl Run {
    fn new(store: &dyn Store) -> Self {
        let rule = add_rule(store, "fin");
        let on = Rule { state: RuleState::Enabled, ..rule.clone() };
        store.rule_update(&on, &rule, &audit("rule.enable")).unwrap();
        let set = add_data_set(store, "set", PersonalData::None);
        Self { rule: on, unit: add_unit(store, "FIN"), set, batch: BatchId(id()) }
    }

    fn everything(&self) -> Vec<Assignment> {
        let after = AssignOwner { unit: self.unit, function: "dienstchef".to_owned() };
        vec![
            Assignment::Owner { before: None, after },
            Assignment::Class {
                before: None,
                after: AssignClass { scheme: DEFAULT_SCHEME.to_owned(), biv: biv(4, 4, 4) },
            },
            Assignment::Link {
                after: AssignLink { relation: Relation::Stores, data_set: self.set },
            },
            Assignment::Label { after: "fin".to_owned() },
            Assignment::Site { before: String::new(), after: "G1".to_owned() },
        ]
    }

    fn assign(&self, store: &dyn Store, asset: AssetId, values: Vec<Assignment>) -> u64 {
        let version = store.rule_input(asset).unwrap().unwrap().version;
        self.assign_at(store, asset, version, values)
    }

    fn assign_at(
        &self,
        store: &dyn Store,
        asset: AssetId,
        version: u64,
        values: Vec<Assignment>,
    ) -> u64 {
        let values = values
            .into_iter()
            .map(|value| (self.rule.id, self.rule.name.clone(), self.rule.version, value))
            .collect();
        let assigned = Assigned { asset, version, values, audit: audit("rule.assign") };
        store.rules_apply(self.batch, NOW, "els", &[assigned]).unwrap()
    }
}

pub(super) fn what_rules_assign_is_kept_and_can_be_undone(lab: &Lab) {
    let store = &*lab.store;
    let run = Run::new(store);
    let pc = add_asset(store, AssetKind::Device, "pc");
    let before = store.asset_get(pc).unwrap().unwrap();
    let records = store.audit_list(Page::ALL).unwrap().total;
    assert_eq!(run.assign(store, pc, run.everything()), 1);
    assert_eq!(store.audit_list(Page::ALL).unwrap().total, records + 1, "one record per asset");
    let detail = store.asset_get(pc).unwrap().unwrap();
    let owner = detail.summary.owner.clone().unwrap();
    assert_eq!((owner.unit, owner.confirmed_at), (run.unit, None));
    assert!(owner.yields_to_rule());
    assert_eq!(detail.summary.asset.site, "G1");
    assert_eq!(detail.summary.asset.labels, ["balie", "fin"]);
    assert!(detail.classification.as_ref().unwrap().yields_to_rule());
    assert!(detail.summary.class.is_assumed(), "a proposal is not a class");
    assert_eq!(detail.links.len(), 1);
    let kept = store.assignments_of(pc).unwrap();
    assert_eq!((kept.len(), kept[0].rule_name.as_str()), (5, "fin"));
    let batches = store.batch_list(Page::ALL).unwrap();
    assert_eq!((batches.total, batches.items[0].assets, batches.items[0].values), (1, 1, 5));
    assert_eq!(batches.items[0].rules, ["fin"]);
    let part = store.batch_assignments(run.batch, Page { limit: 2, offset: 1 }).unwrap();
    assert_eq!((part.total, part.items.len(), part.items[0].asset_name.as_str()), (5, 2, "pc"));

    let undone = store.batch_undo(run.batch, &audit("rule.undo")).unwrap();
    let expected = Undone { reverted: 5, kept: 0, disabled: vec!["fin".to_owned()] };
    assert_eq!(undone, expected);
    let after = store.asset_get(pc).unwrap().unwrap();
    assert_eq!(after.summary.asset, before.summary.asset);
    assert_eq!((after.summary.owner, after.classification), (None, None));
    assert!(after.links.is_empty() && store.assignments_of(pc).unwrap().is_empty());
    assert_eq!(store.rule_list().unwrap()[0].state, RuleState::Disabled);
    let again = store.batch_undo(run.batch, &audit("rule.undo"));
    assert!(matches!(again, Err(StoreError::Refused(_))), "{again:?}");
    let unknown = store.batch_undo(BatchId(id()), &audit("rule.undo"));
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
    assert!(store.audit_verify().unwrap().is_ok());
}

pub(super) fn an_asset_that_changed_is_passed_over(lab: &Lab) {
    let store = &*lab.store;
    let run = Run::new(store);
    let pc = add_asset(store, AssetKind::Device, "pc");
    let bz = add_unit(store, "BZ");
    own(store, pc, bz);
    assert_eq!(run.assign_at(store, pc, 1, run.everything()), 0);
    assert_eq!(store.asset_get(pc).unwrap().unwrap().summary.owner.unwrap().unit, bz);
    assert_eq!(store.batch_list(Page::ALL).unwrap().total, 0);
}

pub(super) fn a_rule_that_is_off_assigns_nothing_any_more(lab: &Lab) {
    let store = &*lab.store;
    let run = Run::new(store);
    let pc = add_asset(store, AssetKind::Device, "pc");
    run.assign(store, pc, run.everything());
    store.batch_undo(run.batch, &audit("rule.undo")).unwrap();
    // Whoever looked before the rules were switched off still wants to write what they said.
    assert_eq!(run.assign(store, pc, run.everything()), 0);
    assert_eq!(store.asset_get(pc).unwrap().unwrap().summary.owner, None);
    assert!(store.assignments_of(pc).unwrap().is_empty());
    assert!(store.evaluation_due(NOW, 10).unwrap().contains(&pc), "the rules look again");
}

pub(super) fn an_undoing_leaves_what_people_decided(lab: &Lab) {
    let store = &*lab.store;
    let run = Run::new(store);
    let pc = add_asset(store, AssetKind::Device, "pc");
    run.assign(store, pc, run.everything());
    let detail = store.asset_get(pc).unwrap().unwrap();
    store.owner_confirm(&detail.summary.owner.unwrap(), None, &audit("confirm")).unwrap();
    classify(store, pc, biv(4, 4, 4));
    let mut edited = detail.summary.asset;
    edited.site = "G2".to_owned();
    let hand = ["site".to_owned(), "label:fin".to_owned()];
    store.asset_update(&edited, None, &[], &hand, &audit("asset.edit")).unwrap();
    let undone = store.batch_undo(run.batch, &audit("rule.undo")).unwrap();
    assert_eq!((undone.reverted, undone.kept), (1, 4), "only the link is the rule's alone");
    let after = store.asset_get(pc).unwrap().unwrap();
    assert_eq!(after.summary.owner.unwrap().unit, run.unit);
    assert_eq!(after.summary.class.biv, biv(4, 4, 4));
    assert_eq!((after.summary.asset.site.as_str(), after.links.len()), ("G2", 0));
    assert!(after.summary.asset.labels.contains(&"fin".to_owned()));
}
