use uuid::Uuid;

use super::*;
use crate::access::Role;
use crate::exception::{ExceptionScope, ExceptionStatus};
use crate::finding::{CheckResult, reconcile};

const ASSET: AssetId = AssetId(Uuid::from_u128(1));

fn hit(seen: &str) -> Hit {
    Hit {
        code: "disk.unencrypted".to_owned(),
        key: "/".to_owned(),
        likelihood: Level::THREE,
        dimensions: Dimensions::try_from("V".to_owned()).unwrap(),
        evidence: vec![fact("volume", seen, false), fact("score", seen, true)],
    }
}

/// What was seen, up to the comma; what comes behind it changes by itself.
fn fact(name: &str, seen: &str, volatile: bool) -> EvidenceItem {
    let mut parts = seen.split(',');
    let lasting = parts.next().unwrap_or_default();
    let value = if volatile { parts.next().unwrap_or_default() } else { lasting };
    EvidenceItem { name: name.to_owned(), value: value.to_owned(), volatile }
}

fn exception(expires_at: Timestamp) -> Exception {
    Exception {
        id: ExceptionId(Uuid::from_u128(4)),
        scope: ExceptionScope::Asset { asset: ASSET, code: None },
        reason: String::new(),
        compensating: String::new(),
        requested_by: String::new(),
        requested_at: Timestamp(0),
        status: ExceptionStatus::Approved,
        decided_by: None,
        decided_at: None,
        approved_at: None,
        decision_reason: None,
        meeting: None,
        expires_at,
        version: 2,
    }
}

fn around(exceptions: &[Exception], now: Timestamp) -> Circumstances<'_> {
    Circumstances { exceptions, owners: &[], severity: &|_, _| Level::FOUR, now }
}

/// The finding after it was observed like this.
fn observed(finding: &Finding, seen: &str, exceptions: &[Exception], now: Timestamp) -> Finding {
    let result = |_: &str| Some(CheckResult::Hit);
    let known = std::slice::from_ref(finding);
    let mut changes = reconcile(known, vec![hit(seen)], result, now);
    settle(known, &mut changes, &around(exceptions, now));
    changes.updated.pop().unwrap_or_else(|| finding.clone())
}

fn officer() -> Actor {
    Actor::with_roles("ivv", &[Role::SecurityOfficer])
}

fn new() -> Finding {
    settle_new(ASSET, &hit("vda1"), &around(&[], Timestamp(0)))
}

fn triage(finding: &Finding, change: &TriageChange) -> Result<Finding, FindingError> {
    finding.triaged(&officer(), None, change, Timestamp(5))
}

fn false_positive() -> TriageChange {
    TriageChange::FalsePositive { reason: "versleuteld door de opslag".to_owned() }
}

#[test]
fn a_false_positive_stays_until_its_evidence_changes() {
    let judged = triage(&new(), &false_positive()).unwrap();
    assert_eq!((judged.status, judged.triage.version), (FindingStatus::FalsePositive, 2));
    let again = observed(&judged, "vda1", &[], Timestamp(9));
    assert_eq!(again, judged);
    // The score of the day is no other evidence: it is written, and nobody has to judge anew.
    let scored = observed(&judged, "vda1,0.93", &[], Timestamp(9));
    assert_eq!((scored.status, scored.triage.version), (FindingStatus::FalsePositive, 2));
    assert_eq!(scored.evidence[1].value, "0.93");
    let other = observed(&scored, "vdb1,0.93", &[], Timestamp(9));
    assert_eq!(other.status, FindingStatus::Reopened);
    assert_eq!(other.triage.judged, judged.triage.judged, "what was said is not forgotten");
    let no_reason = TriageChange::FalsePositive { reason: "  ".to_owned() };
    assert!(matches!(triage(&new(), &no_reason), Err(FindingError::Input(_))));
}

#[test]
fn what_people_said_stays_while_it_is_observed() {
    let confirm = TriageChange::Confirm { reason: String::new() };
    let confirmed = triage(&new(), &confirm).unwrap();
    let later = observed(&confirmed, "vdb1", &[], Timestamp(9));
    assert_eq!((later.status, &later.triage.judged), (confirmed.status, &confirmed.triage.judged));
    let unit = Some(UnitId(Uuid::from_u128(3)));
    let assigned = triage(&later, &TriageChange::Assign { unit }).unwrap();
    let later = observed(&assigned, "vdc1", &[], Timestamp(10));
    assert_eq!(later.triage.assigned, unit);
    assert!(matches!(triage(&confirmed, &confirm), Err(FindingError::Status { .. })));
    let reopen = TriageChange::Reopen { reason: "toch niet".to_owned() };
    assert_eq!(triage(&confirmed, &reopen).unwrap().status, FindingStatus::Open);
    assert!(matches!(triage(&new(), &reopen), Err(FindingError::Status { .. })));
}

#[test]
fn an_exception_holds_until_its_end_and_then_the_finding_counts_again() {
    let end = Timestamp(0).plus_days(90);
    let exceptions = [exception(end)];
    let excepted = observed(&new(), "vda1", &exceptions, Timestamp(9));
    assert_eq!(excepted.status, FindingStatus::Excepted);
    assert_eq!(excepted.triage.exception, Some(exceptions[0].id));
    let born = settle_new(ASSET, &hit("vda1"), &around(&exceptions, Timestamp(9)));
    assert_eq!(born.status, FindingStatus::Excepted);
    let over = observed(&excepted, "vda1", &exceptions, end);
    assert_eq!(over.status, FindingStatus::Reopened);
    assert_eq!(over.triage.due, Some(end.plus_days(30)));
    let all = std::slice::from_ref(&over);
    assert_eq!(crate::exception::overdue(&exceptions, all, &[], end).len(), 1);
    assert_eq!(crate::exception::overdue(&exceptions, all, &[], Timestamp(end.0 - 1)).len(), 0);
}

/// Severity 4: thirty days from when it was first observed, and again from when it came back.
#[test]
fn it_is_due_by_its_severity() {
    let finding = new();
    assert_eq!(finding.triage.due, Some(Timestamp(0).plus_days(30)));
    assert_eq!([1, 2, 3, 4, 5].map(|n| due_days(Level::clamped(n))), [180, 180, 90, 30, 7]);
    let mut resolved = finding.clone();
    resolved.status = FindingStatus::Resolved;
    let back = observed(&resolved, "vda1", &[], Timestamp(0).plus_days(50));
    assert_eq!(back.triage.due, Some(Timestamp(0).plus_days(80)));
    assert_eq!(observed(&finding, "vda1", &[], Timestamp(9)), finding, "nothing changes");
}

#[test]
fn a_dpo_judges_nothing() {
    let dpo = Actor::with_roles("x", &[Role::Dpo, Role::SecurityOfficer]);
    let refused = new().triaged(&dpo, None, &false_positive(), Timestamp(5));
    assert!(matches!(refused, Err(FindingError::Denied(Denied::Dpo { .. }))));
    let reader = Actor::with_roles("x", &[Role::Reader]);
    assert!(new().triaged(&reader, None, &false_positive(), Timestamp(5)).is_err());
}
