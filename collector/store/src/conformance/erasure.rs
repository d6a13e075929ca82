//! What is erased of an asset that goes out of service, beside its sections.

use belfort_model::asset::Lifecycle;
use belfort_model::facts::{AccountFacts, AdministratorFacts, NeighbourFacts};
use belfort_model::finding::{
    CheckResult, EvidenceItem, Finding, FindingChanges, FindingStatus, Hit, Judgement,
};
use belfort_model::lifecycle::Step;

use super::evaluation::{evaluate, hit};
use super::fixture::{NOW, add_agent, audit, report, section};
use super::lab::Lab;
use crate::record::{Erasure, FindingFilter, Page};

const CODE: &str = "admin.unexpected";

fn observed(key: &str) -> Hit {
    let evidence = vec![EvidenceItem {
        name: "administrator".to_owned(),
        value: key.to_owned(),
        volatile: false,
    }];
    Hit { evidence, ..hit(CODE, key) }
}

pub(super) fn what_facts_and_findings_say_of_people_is_erased(lab: &Lab) {
    let store = &*lab.store;
    let agent = add_agent(store, "pc-1");
    let mut first = report(&agent, None, &[section(1, "one"), section(11, "accounts")]);
    let administrators = ["p:00112233", "p:44556677"]
        .map(|name| AdministratorFacts { name: name.to_owned(), through: vec!["sudo".to_owned()] });
    let administrators = administrators.to_vec();
    first.facts.accounts = Some(AccountFacts { administrators, ..AccountFacts::default() });
    first.facts.neighbours = Some(vec![NeighbourFacts::default()]);
    first.facts.host_name = "pc-1".to_owned();
    store.report_commit(&first).unwrap();
    let result = [(CODE, CheckResult::Hit)];
    let new = vec![observed("p:00112233"), observed("p:44556677"), hit("tpm.absent", "x")];
    evaluate(store, agent.asset, &result, &FindingChanges { new, updated: vec![] });
    let findings = || {
        let filter = FindingFilter { asset: Some(agent.asset), ..FindingFilter::default() };
        let mut all = store.finding_list(&filter, Page::ALL).unwrap().items;
        all.sort_by_key(|one| one.finding.id);
        all.into_iter().map(|one| one.finding).collect::<Vec<_>>()
    };
    let mut judged = findings().into_iter().find(|one| one.key == "p:00112233").unwrap();
    judged.triage.version += 1;
    judged.triage.judged = Some(Judgement {
        status: FindingStatus::Confirmed,
        by: "els".to_owned(),
        at: NOW,
        reason: "gezien".to_owned(),
        evidence: judged.evidence.clone(),
    });
    store.finding_triage(&judged, &audit("finding.confirm")).unwrap();
    let before = findings();

    let step = |from, to| Step {
        from,
        to,
        at: NOW,
        by: "els".to_owned(),
        reason: String::new(),
        disposal: None,
    };
    let erase = Erasure {
        kinds: vec![11],
        names: vec!["accounts".to_owned()],
        codes: vec![CODE.to_owned()],
        root_before: Some(first.root),
        root_after: Some([9; 32]),
    };
    let out = step(Lifecycle::InUse, Lifecycle::Decommissioned);
    store.asset_move(agent.asset, &out, Some(&erase), None, &audit("asset.move")).unwrap();
    let after = findings();
    let ids = |all: &[Finding]| all.iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(&after), ids(&before));
    let told = format!("{after:?}");
    assert!(!told.contains("p:") && told.contains("gezien"), "{told}");
    assert!(after.iter().any(|one| one.key == "x"), "what names nobody stays");
    let facts = store.asset_get(agent.asset).unwrap().unwrap().facts.unwrap();
    assert_eq!((facts.accounts, facts.neighbours, facts.host_name.as_str()), (None, None, "pc-1"));

    // It comes back, and one of them is still an administrator.
    let back = step(Lifecycle::Decommissioned, Lifecycle::InUse);
    store.asset_move(agent.asset, &back, None, None, &audit("asset.move")).unwrap();
    let new = vec![observed("p:00112233")];
    evaluate(store, agent.asset, &result, &FindingChanges { new, updated: vec![] });
    assert_eq!(store.evaluation_due(NOW, 9).unwrap(), [], "it is done");
    let again = findings();
    assert_eq!(ids(&again), ids(&before), "it is the same finding");
    let known = again.into_iter().find(|one| one.id == judged.id).unwrap();
    assert_eq!(known.key, "p:00112233");
    assert_eq!(known.evidence, observed("p:00112233").evidence);
    assert_eq!(known.status, FindingStatus::Open);
    assert!(known.triage.version > judged.triage.version);
    assert_eq!(known.triage.judged, None, "of what was judged nothing is left to compare with");
}
