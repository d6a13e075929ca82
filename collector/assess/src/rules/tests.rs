use belfort_model::classification::DEFAULT_SCHEME;
use belfort_model::data_set::Relation;
use belfort_model::id::{AssetId, RuleId, UnitId};
use belfort_model::ownership::Method;
use belfort_model::rule::{AssignLink, Assigns};
use belfort_model::scale::{Biv, Level};
use belfort_model::time::Timestamp;
use uuid::Uuid;

use super::*;
use crate::testing::Fixture;

fn unit(number: u128) -> AssignOwner {
    AssignOwner { unit: UnitId(Uuid::from_u128(number)), function: String::new() }
}

fn rule(position: u32, condition: &str, assigns: Assigns) -> Rule {
    Rule {
        id: RuleId(Uuid::from_u128(u128::from(position))),
        name: format!("rule-{position}"),
        description: String::new(),
        position,
        state: RuleState::Enabled,
        condition: condition.to_owned(),
        assigns,
        version: 1,
        previewed: None,
        changed_by: String::new(),
        changed_at: Timestamp(0),
    }
}

fn owned_by(number: u128) -> Assigns {
    Assigns { owner: Some(unit(number)), ..Assigns::default() }
}

fn classed(level: i64) -> AssignClass {
    let level = Level::clamped(level);
    AssignClass { scheme: DEFAULT_SCHEME.to_owned(), biv: Biv::new(level, level, level) }
}

fn set(rules: Vec<Rule>) -> RuleSet {
    RuleSet::new(rules, |_| false).unwrap()
}

fn fin() -> Fixture {
    let mut fixture = Fixture::device();
    fixture.facts.host_name = "FIN-042".to_owned();
    fixture
}

const FIN: &str = r#"device.hostname.startsWith("FIN-")"#;

fn plan(rules: Vec<Rule>, subject: Subject<'_>) -> Plan {
    let none = BTreeSet::new();
    set(rules).plan(&Target { subject, proposal: None, links: &[], by_hand: &none })
}

#[test]
fn the_first_that_holds_wins_each_target() {
    let fixture = fin();
    let rules = vec![
        rule(3, "true", Assigns { site: Some("C".to_owned()), ..owned_by(3) }),
        rule(1, r#"device.hostname == "other""#, owned_by(1)),
        rule(2, FIN, owned_by(2)),
    ];
    let plan = plan(rules, fixture.subject());
    assert_eq!(plan.holds, [1, 2]);
    let owner = Assignment::Owner { before: None, after: unit(2) };
    let site = Assignment::Site { before: String::new(), after: "C".to_owned() };
    assert_eq!(plan.changes, [(1, owner), (2, site)]);
}

#[test]
fn labels_of_all_rules_add_up() {
    let mut fixture = fin();
    fixture.asset.labels = vec!["old".to_owned()];
    let with = |labels: &[&str]| Assigns {
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        ..Assigns::default()
    };
    let rules = vec![rule(1, FIN, with(&["a", "old"])), rule(2, "true", with(&["a", "b"]))];
    let plan = plan(rules, fixture.subject());
    let label = |label: &str| Assignment::Label { after: label.to_owned() };
    assert_eq!(plan.changes, [(0, label("a")), (1, label("b"))]);
}

#[test]
fn what_is_unknown_assigns_nothing() {
    let fixture = Fixture::device();
    let subject = Subject { facts: None, ..fixture.subject() };
    let plan = plan(vec![rule(1, FIN, owned_by(1)), rule(2, "true", owned_by(2))], subject);
    assert_eq!((plan.unknown.as_slice(), plan.holds.as_slice()), (&[0][..], &[1][..]));
    assert_eq!(plan.changes.len(), 1);
}

#[test]
fn a_person_is_never_overruled() {
    let fixture = fin();
    let base = fixture.ownership();
    let owners = [
        (Method::Manual, None, false),
        (Method::Import, None, false),
        (Method::Rule, Some(Timestamp(0)), false),
        (Method::Rule, None, true),
    ];
    for (method, confirmed_at, changes) in owners {
        let owner = belfort_model::ownership::Ownership { method, confirmed_at, ..base.clone() };
        let subject = Subject { owner: Some(&owner), ..fixture.subject() };
        let plan = plan(vec![rule(1, FIN, owned_by(9))], subject);
        assert_eq!(!plan.changes.is_empty(), changes, "{method} {confirmed_at:?}");
        assert_eq!(plan.kept.is_empty(), changes, "{method} {confirmed_at:?}");
    }
}

#[test]
fn a_decided_class_and_a_proposal_of_a_person_stay() {
    let fixture = fin();
    let class = |status, method| Classification {
        subject: fixture.asset.id,
        scheme: DEFAULT_SCHEME.to_owned(),
        biv: classed(2).biv,
        basis: String::new(),
        decided_by: String::new(),
        decided_at: Timestamp(0),
        review_due: Timestamp(0),
        status,
        method,
    };
    let rules = || {
        let assigns = Assigns { class: Some(classed(4)), ..Assigns::default() };
        set(vec![rule(1, FIN, assigns)])
    };
    let none = BTreeSet::new();
    let of = |decided: Option<&Classification>, proposal: Option<&Classification>| {
        let subject = Subject { classification: decided.or(proposal), ..fixture.subject() };
        let target = Target { subject, proposal, links: &[], by_hand: &none };
        rules().plan(&target).changes.into_iter().map(|(_, change)| change).collect::<Vec<_>>()
    };
    let confirmed = class(ClassificationStatus::Confirmed, Method::Manual);
    let theirs = class(ClassificationStatus::Proposed, Method::Manual);
    let ours = class(ClassificationStatus::Proposed, Method::Rule);
    assert_eq!(of(Some(&confirmed), None), []);
    assert_eq!(of(Some(&confirmed), Some(&ours)), []);
    assert_eq!(of(None, Some(&theirs)), []);
    let after = classed(4);
    let change = |before| Assignment::Class { before, after: after.clone() };
    assert_eq!(of(None, Some(&ours)), [change(Some(classed(2)))]);
    assert_eq!(of(None, None), [change(None)]);
}

#[test]
fn what_a_person_removed_does_not_come_back() {
    let fixture = fin();
    let link = AssignLink { relation: Relation::Stores, data_set: AssetId(Uuid::from_u128(77)) };
    let assigns = Assigns {
        link: Some(link),
        labels: vec!["kassa".to_owned()],
        site: Some("G1".to_owned()),
        ..Assigns::default()
    };
    let by_hand = BTreeSet::from([
        label_target("kassa"),
        SITE_TARGET.to_owned(),
        link_target(link.relation, link.data_set),
    ]);
    let rules = set(vec![rule(1, FIN, assigns)]);
    let target =
        Target { subject: fixture.subject(), proposal: None, links: &[], by_hand: &by_hand };
    let plan = rules.plan(&target);
    assert_eq!((plan.changes.len(), plan.kept.len()), (0, 3));
    let none = BTreeSet::new();
    assert_eq!(rules.plan(&Target { by_hand: &none, ..target }).changes.len(), 3);
}

#[test]
fn a_second_run_changes_nothing() {
    let mut fixture = fin();
    fixture.asset.site = "G1".to_owned();
    let owner = belfort_model::ownership::Ownership {
        unit: unit(5).unit,
        method: Method::Rule,
        ..fixture.ownership()
    };
    let subject = Subject { owner: Some(&owner), ..fixture.subject() };
    let assigns = Assigns { site: Some("G1".to_owned()), ..owned_by(5) };
    let plan = plan(vec![rule(1, FIN, assigns)], subject);
    assert_eq!((plan.changes.len(), plan.kept.len(), plan.holds.len()), (0, 0, 1));
}

#[test]
fn only_rules_that_are_on_are_run() {
    let draft = Rule { state: RuleState::Draft, ..rule(1, FIN, owned_by(1)) };
    let off = Rule { state: RuleState::Disabled, ..rule(2, FIN, owned_by(2)) };
    let all = vec![draft.clone(), off, rule(3, FIN, owned_by(3))];
    assert_eq!(set(all.clone()).rules().len(), 1);
    let beside = RuleSet::new(all, |rule| rule.id == draft.id).unwrap();
    let names: Vec<_> = beside.rules().iter().map(|one| one.rule.position).collect();
    assert_eq!(names, [1, 3]);
    let wrong = Rule { condition: "device.colour == \"blue\"".to_owned(), ..draft };
    assert!(RuleSet::new(vec![wrong], |_| true).is_err());
}
