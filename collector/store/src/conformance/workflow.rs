//! What people do with findings and risks.

use belfort_model::access::{Actor, Role, Scope};
use belfort_model::asset::AssetKind;
use belfort_model::exception::{Exception, ExceptionScope, ExceptionStatus, NewException};
use belfort_model::finding::{CheckResult, Finding, FindingChanges, FindingStatus, TriageChange};
use belfort_model::id::{
    ActionId, AssetId, ExceptionId, FindingId, IncidentId, MeetingId, RiskId, UnitId,
};
use belfort_model::incident::Incident;
use belfort_model::meeting::{Meeting, NewMeeting};
use belfort_model::risk::{
    ActionStatus, ActionUpdate, NewAction, Risk, RiskChange, RiskKey, RiskState,
};
use belfort_model::scale::Matrix;
use belfort_model::time::Timestamp;

use super::evaluation::{evaluate, hit, settle};
use super::fixture::{NOW, add_asset, add_unit, audit, id, own, ownership, unit};
use super::lab::Lab;
use super::risks::suggestion;
use crate::record::{ActionFilter, ExceptionFilter, NewRisk, Page, RiskFilter};
use crate::{Store, StoreError};

fn officer() -> Actor {
    Actor::with_roles("ivv", &[Role::SecurityOfficer])
}

/// An asset of a unit with one open finding.
pub(super) fn found(store: &dyn Store, unit: UnitId) -> (AssetId, Finding) {
    let pc = add_asset(store, AssetKind::Device, "pc");
    own(store, pc, unit);
    let changes = FindingChanges { new: vec![hit("tpm.absent", "")], updated: vec![] };
    evaluate(store, pc, &[("tpm.absent", CheckResult::Hit)], &changes);
    let id = FindingId::of(pc, "tpm.absent", "");
    (pc, store.finding_get(id).unwrap().unwrap().finding)
}

fn false_positive(finding: &Finding) -> Finding {
    let change = TriageChange::FalsePositive { reason: "virtueel".to_owned() };
    finding.triaged(&officer(), None, &change, NOW).unwrap()
}

pub(super) fn what_a_person_said_of_a_finding_is_kept(lab: &Lab) {
    let store = &*lab.store;
    let unit = add_unit(store, "BZ");
    let (pc, finding) = found(store, unit);
    assert_eq!(finding.triage.due, Some(NOW.plus_days(90)));
    let scope = store.risk_scope(Some(unit)).unwrap();
    store.risk_commit(Some(unit), scope.generation, &[], &[]).unwrap();
    let assigned =
        finding.triaged(&officer(), None, &TriageChange::Assign { unit: Some(unit) }, NOW).unwrap();
    store.finding_triage(&assigned, &audit("finding.assign")).unwrap();
    let judged = false_positive(&assigned);
    store.finding_triage(&judged, &audit("finding.false_positive")).unwrap();
    let summary = store.finding_get(finding.id).unwrap().unwrap();
    assert_eq!(summary.finding, judged);
    assert_eq!((summary.asset_name.as_str(), summary.unit.unwrap().id), ("pc", unit));
    assert_eq!(store.asset_get(pc).unwrap().unwrap().summary.open_findings, 0);
    assert!(store.risk_due(10).unwrap().contains(&Some(unit)), "the risk looks at it again");
    assert_eq!(store.audit_list(Page::ALL).unwrap().items[0].action, "finding.false_positive");
    assert!(store.finding_get(FindingId(id())).unwrap().is_none());
}

pub(super) fn an_older_version_of_a_finding_is_refused(lab: &Lab) {
    let store = &*lab.store;
    let unit = add_unit(store, "BZ");
    let (pc, finding) = found(store, unit);
    // An evaluation that was under way while a person judged does not write over it.
    let input = store.evaluation_input(pc).unwrap().unwrap();
    store.finding_triage(&false_positive(&finding), &audit("x")).unwrap();
    let mut resolved = finding.clone();
    resolved.status = FindingStatus::Resolved;
    let commit = crate::record::EvaluationCommit {
        asset: pc,
        generation: input.generation,
        now: NOW,
        next: NOW,
        class: belfort_model::classification::EffectiveClass::of(None, &[]),
        results: std::collections::BTreeMap::new(),
        new: vec![],
    };
    let changes = FindingChanges { new: vec![], updated: vec![resolved] };
    store.evaluation_commit(&commit, &changes).unwrap();
    let kept = || store.finding_get(finding.id).unwrap().unwrap().finding.status;
    assert_eq!(kept(), FindingStatus::FalsePositive);
    let confirm = TriageChange::Confirm { reason: String::new() };
    let stale = finding.triaged(&officer(), None, &confirm, NOW).unwrap();
    let refused = store.finding_triage(&stale, &audit("x"));
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    assert_eq!(kept(), FindingStatus::FalsePositive);
    let mut unknown = false_positive(&finding);
    unknown.id = FindingId(id());
    let refused = store.finding_triage(&unknown, &audit("x"));
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
}

fn exception(scope: ExceptionScope, days: i64) -> Exception {
    let new = NewException {
        scope,
        reason: "vervanging in maart".to_owned(),
        compensating: String::new(),
        expires_at: Some(NOW.plus_days(days)),
    };
    let head = Actor::with_roles("dienstchef", &[Role::HeadOfService]);
    Exception::request(ExceptionId(id()), &head, None, new, NOW).unwrap()
}

fn approved(exception: &Exception) -> Exception {
    let head = Actor::with_roles("departementshoofd", &[Role::DepartmentHead]);
    exception.approve(&head, None, None, NOW).unwrap()
}

pub(super) fn an_exception_reaches_what_it_concerns(lab: &Lab) {
    let store = &*lab.store;
    let top = unit("DMT");
    store.unit_insert(&top, &audit("x")).unwrap();
    let mut service = unit("BZ");
    service.parent = Some(top.id);
    store.unit_insert(&service, &audit("x")).unwrap();
    let other = add_unit(store, "FIN");
    let (pc, finding) = found(store, service.id);
    let of = |unit| ExceptionScope::Unit { unit, code: "tpm.absent".to_owned() };
    let all = [
        exception(of(top.id), 10),
        exception(of(other), 20),
        exception(ExceptionScope::Finding { finding: finding.id, asset: pc }, 30),
        exception(ExceptionScope::Asset { asset: pc, code: None }, 40),
    ];
    for one in &all {
        store.exception_insert(one, &audit("exception.request")).unwrap();
    }
    settle(store, pc);
    assert_eq!(store.evaluation_input(pc).unwrap().unwrap().exceptions, [], "none is approved");
    for one in &all {
        store.exception_update(&approved(one), &audit("exception.approve")).unwrap();
        if one.id != all[1].id {
            assert_eq!(store.evaluation_due(NOW, 10).unwrap(), [pc], "it is looked at again");
        }
        settle(store, pc);
    }
    let input = store.evaluation_input(pc).unwrap().unwrap();
    let ids: Vec<_> = input.exceptions.iter().map(|one| one.id).collect();
    assert_eq!(ids, [all[0].id, all[2].id, all[3].id]);
    assert_eq!(input.owners.len(), 2);
    let unknown = exception(of(UnitId(id())), 10);
    let refused = store.exception_insert(&unknown, &audit("x"));
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    let unknown = exception(ExceptionScope::Asset { asset: AssetId(id()), code: None }, 10);
    let refused = store.exception_insert(&unknown, &audit("x"));
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
}

pub(super) fn exceptions_are_listed_and_changed_once(lab: &Lab) {
    let store = &*lab.store;
    let (bz, fin) = (add_unit(store, "BZ"), add_unit(store, "FIN"));
    let (pc, _) = found(store, bz);
    let of_asset = exception(ExceptionScope::Asset { asset: pc, code: None }, 40);
    let of_unit = exception(ExceptionScope::Unit { unit: fin, code: "tpm.absent".to_owned() }, 20);
    store.exception_insert(&of_asset, &audit("x")).unwrap();
    store.exception_insert(&of_unit, &audit("x")).unwrap();
    let ids = |filter: &ExceptionFilter| -> Vec<ExceptionId> {
        let list = store.exception_list(filter, Page::ALL).unwrap();
        assert_eq!(list.total, list.items.len() as u64);
        list.items.into_iter().map(|item| item.exception.id).collect()
    };
    let is = ExceptionFilter::default;
    assert_eq!(ids(&is()), [of_unit.id, of_asset.id]);
    assert_eq!(ids(&ExceptionFilter { asset: Some(pc), ..is() }), [of_asset.id]);
    let ends_before = Some(NOW.plus_days(20));
    assert_eq!(ids(&ExceptionFilter { ends_before, ..is() }), [of_unit.id]);
    let scope = Scope::below(bz, &[]);
    assert_eq!(ids(&ExceptionFilter { scope, ..is() }), [of_asset.id]);
    store.exception_update(&approved(&of_unit), &audit("x")).unwrap();
    let status = Some(ExceptionStatus::Approved);
    assert_eq!(ids(&ExceptionFilter { status, ..is() }), [of_unit.id]);
    let again = store.exception_update(&approved(&of_unit), &audit("x"));
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
    let shown = store.exception_get(of_asset.id).unwrap().unwrap();
    assert_eq!((shown.asset_name.as_deref(), shown.unit.unwrap().id), (Some("pc"), bz));
    assert_eq!(shown.exception, of_asset);
}

fn meeting(reference: &str, held_at: Timestamp) -> Meeting {
    let new = NewMeeting { reference: reference.to_owned(), ..NewMeeting::default() };
    Meeting::record(MeetingId(id()), &officer(), &new, held_at, NOW).unwrap()
}

pub(super) fn meetings_have_one_reference_whatever_its_case(lab: &Lab) {
    let store = &*lab.store;
    let (first, second) = (meeting("CI-2026-10", NOW), meeting("CI-2026-11", NOW.plus_days(30)));
    for one in [&first, &second] {
        store.meeting_insert(one, &audit("meeting.add")).unwrap();
    }
    let taken = store.meeting_insert(&meeting("ci-2026-10", NOW), &audit("x"));
    assert!(matches!(taken, Err(StoreError::Exists { .. })), "{taken:?}");
    assert_eq!(store.meeting_get(" ci-2026-10 ").unwrap(), Some(first.clone()));
    assert_eq!(store.meeting_get("CI-1999-01").unwrap(), None);
    assert_eq!(store.meeting_list(Page::ALL).unwrap().items, [second, first]);
}

pub(super) fn add(store: &dyn Store, key: RiskKey, assets: &[AssetId], now: Timestamp) -> Risk {
    let scenario = key.scenario.clone();
    let new = NewRisk {
        id: RiskId(id()),
        key,
        suggestion: suggestion(3, assets),
        now,
        next_review: now.plus_days(180),
    };
    store.risk_commit(None, 0, &[new], &[]).unwrap();
    let all = store.risk_list(&RiskFilter::default(), Page::ALL).unwrap().items;
    all.into_iter().map(|one| one.risk).find(|risk| risk.key.scenario == scenario).unwrap()
}

pub(super) fn key(scenario: &str, unit: Option<UnitId>) -> RiskKey {
    RiskKey { scenario: scenario.to_owned(), unit, asset: None }
}

fn change(risk: &Risk, change: &RiskChange, now: Timestamp) -> Risk {
    risk.apply(&officer(), risk.key.unit, change, &Matrix::default(), now).unwrap()
}

pub(super) fn incident(reference: &str, assets: &[AssetId], risks: &[&Risk]) -> Incident {
    Incident {
        id: IncidentId(id()),
        reference: reference.to_owned(),
        title: "Gestolen laptop".to_owned(),
        occurred_at: NOW,
        assets: assets.to_vec(),
        risks: risks.iter().map(|risk| risk.reference.clone()).collect(),
        recorded_by: "ivv".to_owned(),
        recorded_at: NOW,
    }
}

pub(super) fn incidents_and_their_risks_are_written_together(lab: &Lab) {
    let store = &*lab.store;
    let (pc, _) = found(store, add_unit(store, "BZ"));
    let risk = add(store, key("theft", None), &[pc], NOW);
    let link = RiskChange::LinkIncident { reference: "INC-2026-042".to_owned() };
    let linked = change(&risk, &link, NOW);
    let first = incident("INC-2026-042", &[pc], &[&risk]);
    let now = || store.risk_get(&risk.reference).unwrap().unwrap().risk;
    let known = || store.incident_get("inc-2026-042", &Scope::All).unwrap();
    let all = std::slice::from_ref(&linked);
    for (assets, risks) in [(AssetId(id()), risk.reference.as_str()), (pc, "R-1999-0001")] {
        let wrong =
            Incident { assets: vec![assets], risks: vec![risks.to_owned()], ..first.clone() };
        let refused = store.incident_put(&wrong, None, all, &audit("x"));
        assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
        assert_eq!((known(), now()), (None, risk.clone()));
    }
    store.incident_put(&first, None, all, &audit("risk.incident")).unwrap();
    assert_eq!(known(), Some(first.clone()));
    assert_eq!(now().state, RiskState::Reassess);
    let title = "Gestolen laptop, teruggevonden".to_owned();
    let second = Incident { title, ..first.clone() };
    store.incident_put(&second, Some(&first), &[], &audit("x")).unwrap();
    assert_eq!(store.incident_list(&Scope::All, Page::ALL).unwrap().items, [second]);
}

pub(super) fn an_incident_that_changed_meanwhile_is_a_conflict(lab: &Lab) {
    let store = &*lab.store;
    let (pc, _) = found(store, add_unit(store, "BZ"));
    let first = incident("INC-1", &[], &[]);
    store.incident_put(&first, None, &[], &audit("x")).unwrap();
    // Somebody else registers the same one, having seen none.
    let mut other = incident("inc-1", &[pc], &[]);
    let refused = store.incident_put(&other, None, &[], &audit("x"));
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    // Or changes it, having seen another state of it.
    other.id = first.id;
    let seen = Incident { title: "Iets anders".to_owned(), ..first.clone() };
    let refused = store.incident_put(&other, Some(&seen), &[], &audit("x"));
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    assert_eq!(store.incident_get("INC-1", &Scope::All).unwrap(), Some(first));
}

pub(super) fn incidents_are_seen_by_the_units_they_concern(lab: &Lab) {
    let store = &*lab.store;
    let (bz, fin, other) =
        (add_unit(store, "BZ"), add_unit(store, "FIN"), add_unit(store, "ANDER"));
    let (pc, _) = found(store, bz);
    let (laptop, _) = found(store, fin);
    let risk = add(store, key("theft", Some(fin)), &[laptop], NOW);
    let own = add(store, RiskKey { asset: Some(pc), ..key("loss", None) }, &[pc], NOW);
    for one in [
        incident("INC-1", &[pc, laptop], &[]),
        incident("INC-2", &[pc], &[&risk]),
        incident("INC-3", &[], &[&own]),
        incident("INC-4", &[], &[]),
    ] {
        store.incident_put(&one, None, &[], &audit("x")).unwrap();
    }
    let seen = |scope: &Scope| {
        let found = store.incident_list(scope, Page::ALL).unwrap();
        assert_eq!(found.total, found.items.len() as u64);
        let line = |one: Incident| (one.reference, one.assets, one.risks);
        found.items.into_iter().map(line).collect::<Vec<_>>()
    };
    let of = |unit: UnitId| Scope::Units([unit].into());
    let text = |text: &str| text.to_owned();
    assert_eq!(
        seen(&of(bz)),
        [
            (text("INC-1"), vec![pc], vec![]),
            (text("INC-2"), vec![pc], vec![]),
            (text("INC-3"), vec![], vec![own.reference.clone()]),
        ]
    );
    assert_eq!(
        seen(&of(fin)),
        [
            (text("INC-1"), vec![laptop], vec![]),
            (text("INC-2"), vec![], vec![risk.reference.clone()])
        ]
    );
    assert_eq!((seen(&of(other)).len(), seen(&Scope::NOTHING).len()), (0, 0));
    assert_eq!(seen(&Scope::All).len(), 4);
    let trimmed = store.incident_get("INC-1", &of(fin)).unwrap().unwrap();
    assert_eq!(trimmed.assets, [laptop]);
}

fn action(unit: UnitId, days: i64) -> NewAction {
    NewAction {
        id: ActionId(id()),
        title: "schijven versleutelen".to_owned(),
        unit,
        function: "dienstchef".to_owned(),
        due: NOW.plus_days(days),
    }
}

pub(super) fn actions_follow_their_risk(lab: &Lab) {
    let store = &*lab.store;
    let (bz, fin) = (add_unit(store, "BZ"), add_unit(store, "FIN"));
    let risk = add(store, key("theft", Some(bz)), &[], NOW);
    let (soon, late) = (action(fin, 10), action(bz, 5));
    let first = change(&risk, &RiskChange::AddAction(soon.clone()), NOW);
    let second = change(&first, &RiskChange::AddAction(late.clone()), NOW);
    store.risk_change(&[first, second.clone()], &audit("action.add")).unwrap();
    let ids = |filter: &ActionFilter| -> Vec<ActionId> {
        let list = store.action_list(filter, Page::ALL).unwrap();
        assert_eq!(list.total, list.items.len() as u64);
        list.items.into_iter().map(|item| item.action.id).collect()
    };
    let is = ActionFilter::default;
    assert_eq!(ids(&is()), [late.id, soon.id]);
    assert_eq!(ids(&ActionFilter { unit: Some(fin), ..is() }), [soon.id]);
    let late_at = Some(NOW.plus_days(7));
    assert_eq!(ids(&ActionFilter { late_at, ..is() }), [late.id]);
    let reference = Some(risk.reference.to_lowercase());
    assert_eq!(ids(&ActionFilter { risk: reference, ..is() }).len(), 2);
    assert_eq!(ids(&ActionFilter { scope: Scope::below(fin, &[]), ..is() }), [soon.id]);
    assert_eq!(ids(&ActionFilter { scope: Scope::below(bz, &[]), ..is() }).len(), 2);
    let done = ActionUpdate { status: Some(ActionStatus::Done), ..ActionUpdate::default() };
    let third = change(&second, &RiskChange::SetAction(late.id, done), NOW);
    store.risk_change(&[third], &audit("action.set")).unwrap();
    assert_eq!(ids(&ActionFilter { late_at, ..is() }), []);
    let status = Some(ActionStatus::Done);
    assert_eq!(ids(&ActionFilter { status, ..is() }), [late.id]);
    let shown = store.action_get(late.id).unwrap().unwrap();
    assert_eq!((shown.risk, shown.unit.unwrap().id), (risk.reference.clone(), bz));
    let nobodys = change(
        &store.risk_get(&risk.reference).unwrap().unwrap().risk,
        &RiskChange::AddAction(action(UnitId(id()), 1)),
        NOW,
    );
    let refused = store.risk_change(&[nobodys], &audit("x"));
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
}

pub(super) fn the_history_is_whole_and_small(lab: &Lab) {
    let store = &*lab.store;
    let hit: Vec<AssetId> =
        (0..200).map(|n| add_asset(store, AssetKind::Device, &format!("pc-{n}"))).collect();
    let first = add(store, key("theft", None), &hit, NOW);
    let mut all = vec![first];
    for number in 1..40 {
        let last = all.last().unwrap();
        let mut new = last.suggestion.clone();
        new.assets = hit.iter().copied().skip(number).collect();
        let next = last.evaluated(&new, NOW.plus_days(i64::try_from(number).unwrap())).unwrap();
        store.risk_commit(None, 0, &[], std::slice::from_ref(&next)).unwrap();
        all.push(next);
    }
    all.reverse();
    let reference = &all[0].reference;
    let history = store.risk_history(&reference.to_lowercase(), Page::ALL).unwrap();
    assert_eq!((history.total, history.items), (40, all.clone()));
    for (limit, offset) in [(1, 0), (5, 3), (7, 20), (100, 39), (3, 40)] {
        let page = store.risk_history(reference, Page { limit, offset }).unwrap();
        let from = usize::try_from(offset).unwrap();
        let expected: Vec<_> = all.iter().skip(from).take(limit as usize).cloned().collect();
        assert_eq!((page.total, page.items), (40, expected), "{limit} {offset}");
    }
    // Forty versions of eight kilobytes each; only every sixteenth is kept whole.
    let bytes: usize = all.iter().map(|risk| serde_json::to_string(risk).unwrap().len()).sum();
    let kept = lab.number("SELECT SUM(LENGTH(content)) FROM risk_history");
    assert!(kept * 10 < i64::try_from(bytes).unwrap(), "{kept} of {bytes}");
    let nobody = store.risk_history("R-1999-0001", Page::ALL);
    assert!(matches!(nobody, Err(StoreError::NotFound { .. })), "{nobody:?}");
}

pub(super) fn the_register_is_read_as_of_any_moment(lab: &Lab) {
    let store = &*lab.store;
    let (bz, fin) = (add_unit(store, "BZ"), add_unit(store, "FIN"));
    let pc = add_asset(store, AssetKind::Device, "pc");
    own(store, pc, bz);
    let day = |days| NOW.plus_days(days);
    let single = RiskKey { scenario: "single".to_owned(), unit: None, asset: Some(pc) };
    let single = add(store, single, &[pc], day(1));
    let shared = add(store, key("shared", Some(fin)), &[], day(3));
    let severe = single.evaluated(&suggestion(5, &[pc]), day(2)).unwrap();
    store.risk_commit(None, 0, &[], std::slice::from_ref(&severe)).unwrap();
    let taken_up = change(&severe, &RiskChange::Analyse, day(6));
    store.risk_change(std::slice::from_ref(&taken_up), &audit("risk.analyse")).unwrap();
    store.owner_set(&ownership(pc, fin, day(5)), &audit("owner.set")).unwrap();

    let as_of = |filter: &RiskFilter, days| {
        let list = store.risk_list_as_of(filter, day(days), Page::ALL).unwrap();
        assert_eq!(list.total, list.items.len() as u64);
        list.items.into_iter().map(|one| (one.risk, one.unit.unwrap().id)).collect::<Vec<_>>()
    };
    let is = RiskFilter::default;
    assert_eq!(as_of(&is(), 0), []);
    assert_eq!(as_of(&is(), 1), [(single.clone(), bz)]);
    assert_eq!(as_of(&is(), 4), [(severe.clone(), bz), (shared.clone(), fin)]);
    assert_eq!(as_of(&is(), 5), [(severe.clone(), fin), (shared.clone(), fin)]);
    assert_eq!(as_of(&is(), 6), [(taken_up.clone(), fin), (shared.clone(), fin)]);
    assert_eq!(as_of(&RiskFilter { unit: Some(bz), ..is() }, 4), [(severe.clone(), bz)]);
    assert_eq!(as_of(&RiskFilter { asset: Some(pc), ..is() }, 4), [(severe.clone(), bz)]);
    let state = Some(RiskState::Analysing);
    assert_eq!(as_of(&RiskFilter { state, ..is() }, 5), []);
    let scope = Scope::below(bz, &[]);
    assert_eq!(as_of(&RiskFilter { scope, ..is() }, 6), []);
    let page = Page { limit: 1, offset: 1 };
    let part = store.risk_list_as_of(&is(), day(6), page).unwrap();
    assert_eq!((part.total, &part.items[0].risk), (2, &shared));
    let one = |days| store.risk_get_as_of(&single.reference, day(days)).unwrap();
    assert!(one(0).is_none());
    let then = one(3).unwrap();
    assert_eq!((then.risk, then.asset_name.as_deref()), (severe, Some("pc")));
    // The newest version is what the register itself says.
    let now = store.risk_list(&is(), Page::ALL).unwrap().items;
    let now: Vec<_> = now.into_iter().map(|one| one.risk).collect();
    assert_eq!(now, as_of(&is(), 99).into_iter().map(|(risk, _)| risk).collect::<Vec<_>>());
}

pub(super) fn versions_of_one_risk_are_written_together(lab: &Lab) {
    let store = &*lab.store;
    let risk = add(store, key("theft", None), &[], NOW);
    let second = change(&risk, &RiskChange::Analyse, NOW);
    let incident = RiskChange::LinkIncident { reference: "INC-1".to_owned() };
    let third = change(&second, &incident, NOW);
    let now = || store.risk_get(&risk.reference).unwrap().unwrap().risk;
    let stale = store.risk_change(&[second.clone(), second.clone()], &audit("x"));
    assert!(matches!(stale, Err(StoreError::Conflict { .. })), "{stale:?}");
    assert_eq!(now(), risk, "all or nothing");
    store.risk_change(&[second, third.clone()], &audit("risk.analyse")).unwrap();
    assert_eq!(now(), third);
    let chain = store.audit_verify().unwrap();
    assert!(chain.is_ok(), "{chain:?}");
}
