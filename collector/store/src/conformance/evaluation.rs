//! Evaluations and findings.

use std::collections::BTreeMap;

use belfort_model::asset::{AssetKind, Lifecycle};
use belfort_model::classification::EffectiveClass;
use belfort_model::evidence::EvidenceKind::{MacAddress, SystemSerial};
use belfort_model::finding::{
    CheckResult, Circumstances, Finding, FindingChanges, FindingStatus, Hit, settle_new,
};
use belfort_model::id::AssetId;
use belfort_model::scale::{Dimensions, Level};
use belfort_model::time::Timestamp;

use super::fixture::{
    NOW, add_agent, add_asset, add_token, add_unit, admitted, asset, audit, enrolment, evidence,
    id, own, report, section, token,
};
use super::lab::Lab;
use crate::record::{EvaluationCommit, FindingFilter, FindingSort, Page};
use crate::{Store, StoreError};

pub(super) fn hit(code: &str, key: &str) -> Hit {
    Hit {
        code: code.to_owned(),
        key: key.to_owned(),
        likelihood: Level::THREE,
        dimensions: Dimensions::try_from("IV".to_owned()).unwrap(),
        evidence: vec![],
    }
}

/// Findings as they are when they are observed for the first time.
pub(super) fn opened(asset: AssetId, hits: &[Hit], now: Timestamp) -> Vec<Finding> {
    let severity = |_, _| Level::THREE;
    let around = Circumstances { exceptions: &[], owners: &[], severity: &severity, now };
    hits.iter().map(|hit| settle_new(asset, hit, &around)).collect()
}

/// The result of an evaluation that saw the asset as it is now.
fn result(
    store: &dyn Store,
    asset: AssetId,
    results: &[(&str, CheckResult)],
    new: &[Hit],
) -> EvaluationCommit {
    let input = store.evaluation_input(asset).unwrap().unwrap();
    EvaluationCommit {
        asset,
        generation: input.generation,
        now: NOW,
        next: NOW.plus_days(1),
        class: EffectiveClass::of(input.classification.as_ref(), &input.links),
        results: results
            .iter()
            .map(|(code, result)| ((*code).to_owned(), *result))
            .collect::<BTreeMap<_, _>>(),
        new: opened(asset, new, NOW),
    }
}

/// Evaluates an asset.
pub(super) fn evaluate(
    store: &dyn Store,
    asset: AssetId,
    results: &[(&str, CheckResult)],
    changes: &FindingChanges,
) {
    let commit = result(store, asset, results, &changes.new);
    store.evaluation_commit(&commit, changes).unwrap();
}

/// Evaluates an asset without any finding.
pub(super) fn settle(store: &dyn Store, asset: AssetId) {
    evaluate(store, asset, &[], &FindingChanges::default());
}

fn opening(code: &str) -> FindingChanges {
    FindingChanges { new: vec![hit(code, "")], updated: vec![] }
}

fn findings(store: &dyn Store, asset: AssetId) -> Vec<Finding> {
    store.evaluation_input(asset).unwrap().unwrap().findings
}

pub(super) fn a_new_asset_is_due_at_once(lab: &Lab) {
    let store = &*lab.store;
    let first = add_asset(store, AssetKind::Device, "b");
    let second = add_asset(store, AssetKind::DataSet, "a");
    let mut stock = asset(AssetKind::Device, "stock");
    stock.lifecycle = Lifecycle::InStock;
    store.asset_insert(&stock, &audit("asset.add")).unwrap();
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), [first, second, stock.id]);
    assert_eq!(store.evaluation_due(NOW, 1).unwrap(), [first]);
    assert_eq!(store.evaluation_waiting(NOW).unwrap(), (3, 3));
    settle(store, first);
    assert_eq!(store.evaluation_waiting(NOW).unwrap(), (2, 3));
}

pub(super) fn an_evaluation_waits_for_its_next_time(lab: &Lab) {
    let store = &*lab.store;
    let pc = add_asset(store, AssetKind::Device, "pc");
    let later = add_asset(store, AssetKind::Device, "later");
    settle(store, later);
    let mut soon = result(store, pc, &[], &[]);
    soon.next = NOW.plus_days(2);
    let none = FindingChanges::default();
    store.evaluation_commit(&soon, &none).unwrap();
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), []);
    assert_eq!(store.evaluation_due(NOW.plus_days(1), 10).unwrap(), [later]);
    // Longest due first, not oldest first.
    assert_eq!(store.evaluation_due(NOW.plus_days(3), 10).unwrap(), [later, pc]);
    soon.asset = AssetId(id());
    let nobody = store.evaluation_commit(&soon, &none);
    assert!(matches!(nobody, Err(StoreError::NotFound { .. })), "{nobody:?}");
}

pub(super) fn a_change_meanwhile_keeps_the_asset_due(lab: &Lab) {
    let store = &*lab.store;
    let agent = add_agent(store, "pc");
    let stale = result(store, agent.asset, &[], &[]);
    store.report_commit(&report(&agent, None, &[section(1, "new")])).unwrap();
    store.evaluation_commit(&stale, &FindingChanges::default()).unwrap();
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), [agent.asset]);
    settle(store, agent.asset);
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), []);
    // Everything that matters makes it due again.
    let unit = add_unit(store, "BZ");
    own(store, agent.asset, unit);
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), [agent.asset]);
    settle(store, agent.asset);
    store.agent_revoke(agent.id, &audit("agent.revoke")).unwrap();
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), [agent.asset]);
    let input = store.evaluation_input(agent.asset).unwrap().unwrap();
    assert_eq!(input.owner.unwrap().unit, unit);
    assert!(input.agent.is_none() && input.facts.is_some());
}

pub(super) fn findings_are_opened_and_resolved(lab: &Lab) {
    let store = &*lab.store;
    let pc = add_asset(store, AssetKind::Device, "pc");
    let changes = FindingChanges {
        new: vec![hit("disk.unencrypted", "/"), hit("disk.unencrypted", "/home")],
        updated: vec![],
    };
    evaluate(store, pc, &[("disk.unencrypted", CheckResult::Hit)], &changes);
    let known = findings(store, pc);
    assert_eq!(known.len(), 2);
    assert!(known.iter().all(|finding| finding.status == FindingStatus::Open));
    assert_eq!(store.asset_get(pc).unwrap().unwrap().summary.open_findings, 2);

    let mut resolved = known[0].clone();
    resolved.status = FindingStatus::Resolved;
    resolved.resolved_at = Some(NOW.plus_days(1));
    let changes = FindingChanges { new: vec![], updated: vec![resolved.clone()] };
    evaluate(store, pc, &[("disk.unencrypted", CheckResult::Hit)], &changes);
    let detail = store.asset_get(pc).unwrap().unwrap();
    assert_eq!(detail.findings, [known[1].clone(), resolved]);
    assert_eq!(detail.summary.open_findings, 1);

    let mut without_id = result(store, pc, &[], &[]);
    without_id.new.clear();
    let refused = store.evaluation_commit(&without_id, &opening("tpm.absent"));
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
}

pub(super) fn an_asset_out_of_service_is_due_while_findings_are_open(lab: &Lab) {
    let store = &*lab.store;
    let mut gone = asset(AssetKind::Device, "gone");
    gone.lifecycle = Lifecycle::Decommissioned;
    store.asset_insert(&gone, &audit("asset.add")).unwrap();
    evaluate(store, gone.id, &[], &opening("tpm.absent"));
    let later = NOW.plus_days(1);
    assert_eq!(store.evaluation_due(later, 10).unwrap(), [gone.id]);
    let mut finding = findings(store, gone.id).remove(0);
    finding.status = FindingStatus::Resolved;
    let changes = FindingChanges { new: vec![], updated: vec![finding] };
    evaluate(store, gone.id, &[], &changes);
    assert_eq!(store.evaluation_due(later, 10).unwrap(), []);
    // Seen after the last evaluation: it should not be.
    let mut back = asset(AssetKind::Device, "back");
    (back.lifecycle, back.last_seen) = (Lifecycle::Decommissioned, NOW.plus_days(1));
    store.asset_insert(&back, &audit("asset.add")).unwrap();
    evaluate(store, back.id, &[], &FindingChanges::default());
    assert_eq!(store.evaluation_due(later, 10).unwrap(), [back.id]);
}

pub(super) fn only_a_different_result_makes_risks_due(lab: &Lab) {
    let store = &*lab.store;
    let pc = add_asset(store, AssetKind::Device, "pc");
    let unit = add_unit(store, "BZ");
    own(store, pc, unit);
    let due = || store.risk_due(10).unwrap();
    assert_eq!(due(), [None, Some(unit)]);
    let done = |unit| {
        let scope = store.risk_scope(unit).unwrap();
        store.risk_commit(unit, scope.generation, &[], &[]).unwrap();
    };
    done(None);
    done(Some(unit));
    assert_eq!(due(), []);
    assert_eq!(store.risk_scope(Some(unit)).unwrap().generation, 0);

    let pass = [("tpm.absent", CheckResult::Pass)];
    let none = FindingChanges::default();
    for (results, changes, expected) in [
        (&pass[..], &none, vec![Some(unit)]),
        (&pass, &none, vec![]),
        (&[("tpm.absent", CheckResult::Unknown)], &none, vec![Some(unit)]),
        (&[("tpm.absent", CheckResult::Unknown)], &opening("tpm.absent"), vec![Some(unit)]),
    ] {
        evaluate(store, pc, results, changes);
        assert_eq!(due(), expected, "{results:?}");
        done(Some(unit));
    }
}

pub(super) fn everything_can_be_made_due(lab: &Lab) {
    let store = &*lab.store;
    let assets = ["a", "b"].map(|name| add_asset(store, AssetKind::Device, name));
    let stale = result(store, assets[0], &[], &[]);
    settle(store, assets[0]);
    settle(store, assets[1]);
    store.evaluation_request_all().unwrap();
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), assets);
    store.evaluation_commit(&stale, &FindingChanges::default()).unwrap();
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), assets);
}

pub(super) fn shared_identity_makes_both_due(lab: &Lab) {
    let store = &*lab.store;
    let first = add_agent(store, "pc-1");
    let mut wanted = enrolment(add_token(store, &token(1)), "pc-2");
    wanted.evidence.clear();
    let second = admitted(store.enrol(&wanted).unwrap()).0;
    settle(store, first.asset);
    // The second one turns out to have the serial number of the first, and the dock of both.
    let mut claim = report(&second, None, &[section(1, "one")]);
    claim.evidence = evidence(&[(SystemSerial, "serial pc-1"), (MacAddress, "00:1b:21:aa:bb:cc")]);
    store.report_commit(&claim).unwrap();
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), [first.asset, second.asset]);
    let shares = |asset| store.evaluation_input(asset).unwrap().unwrap().shares_evidence_with;
    assert_eq!(shares(first.asset), [second.asset]);
    assert_eq!(shares(second.asset), [first.asset]);

    settle(store, first.asset);
    let mut other = report(&second, Some(claim.root), &[section(1, "two")]);
    other.evidence = evidence(&[(SystemSerial, "serial pc-2"), (MacAddress, "00:1b:21:aa:bb:cc")]);
    store.report_commit(&other).unwrap();
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), [first.asset, second.asset]);
    assert_eq!(shares(first.asset), []);
}

pub(super) fn two_evaluations_at_once_make_one_finding(lab: &Lab) {
    let store = &*lab.store;
    let pc = add_asset(store, AssetKind::Device, "pc");
    let commits: Vec<_> =
        (0..4).map(|_| result(store, pc, &[], &[hit("tpm.absent", "")])).collect();
    std::thread::scope(|scope| {
        for commit in &commits {
            scope.spawn(move || {
                store.evaluation_commit(commit, &opening("tpm.absent")).unwrap();
            });
        }
    });
    assert_eq!(findings(store, pc).len(), 1);
    assert_eq!(store.asset_get(pc).unwrap().unwrap().summary.open_findings, 1);
    assert_eq!(store.evaluation_due(NOW, 10).unwrap(), [pc], "it is looked at again");
}

pub(super) fn findings_are_listed_open_first(lab: &Lab) {
    let store = &*lab.store;
    let unit = add_unit(store, "BZ");
    let pc = add_asset(store, AssetKind::Device, "pc");
    let server = add_asset(store, AssetKind::Device, "server");
    own(store, pc, unit);
    for (asset, code, day) in [(pc, "a", 0), (server, "b", 1), (server, "c", 2)] {
        let mut commit = result(store, asset, &[], &[]);
        commit.now = NOW.plus_days(day);
        commit.new = opened(asset, &[hit(code, "")], commit.now);
        store.evaluation_commit(&commit, &opening(code)).unwrap();
    }
    let mut closed = findings(store, server).remove(0);
    closed.status = FindingStatus::FalsePositive;
    let changes = FindingChanges { new: vec![], updated: vec![closed] };
    evaluate(store, server, &[], &changes);
    let codes = |filter: &FindingFilter| -> Vec<String> {
        let list = store.finding_list(filter, Page::ALL).unwrap();
        assert_eq!(list.total, list.items.len() as u64);
        list.items.into_iter().map(|item| item.finding.code).collect()
    };
    let is = FindingFilter::default;
    assert_eq!(codes(&is()), ["b", "a", "c"]);
    assert_eq!(codes(&FindingFilter { open: true, ..is() }), ["b", "a"]);
    assert_eq!(codes(&FindingFilter { asset: Some(server), ..is() }), ["b", "c"]);
    assert_eq!(codes(&FindingFilter { code: Some("c".to_owned()), ..is() }), ["c"]);
    let status = Some(FindingStatus::FalsePositive);
    assert_eq!(codes(&FindingFilter { status, ..is() }), ["c"]);
    assert_eq!(codes(&FindingFilter { unit: Some(unit), ..is() }), ["a"]);
    assert_eq!(codes(&FindingFilter { assigned: Some(unit), ..is() }), [""; 0]);
    let likelihood_min = Some(Level::ONE);
    assert_eq!(codes(&FindingFilter { likelihood_min, ..is() }), ["b", "a", "c"]);
    let sorted = |sort, descending| codes(&FindingFilter { sort, descending, ..is() });
    assert_eq!(sorted(FindingSort::Code, false), ["a", "b", "c"]);
    assert_eq!(sorted(FindingSort::Code, true), ["c", "b", "a"]);
    assert_eq!(sorted(FindingSort::FirstObserved, false), ["a", "b", "c"]);
    for sort in [FindingSort::Due, FindingSort::Likelihood] {
        assert_eq!(sorted(sort, true).len(), 3);
    }
    let page = Page { limit: 1, offset: 1 };
    let list = store.finding_list(&is(), page).unwrap();
    assert_eq!((list.total, list.items.len()), (3, 1));
    assert_eq!(list.items[0].asset_name, "pc");
    assert_eq!(list.items[0].unit.as_ref().unwrap().id, unit);
}
