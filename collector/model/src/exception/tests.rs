use uuid::Uuid;

use super::*;
use crate::access::{Grant, Role, Scope};
use crate::id::MeetingId;

const ASSET: AssetId = AssetId(Uuid::from_u128(1));
const UNIT: UnitId = UnitId(Uuid::from_u128(2));

fn actor(name: &str, roles: &[Role]) -> Actor {
    Actor::with_roles(name, roles)
}

fn requested() -> Exception {
    let new = NewException {
        scope: ExceptionScope::Asset { asset: ASSET, code: Some("disk.unencrypted".to_owned()) },
        reason: "vervanging in maart".to_owned(),
        compensating: "staat in een gesloten lokaal".to_owned(),
        expires_at: None,
    };
    let dienstchef = actor("dienstchef", &[Role::HeadOfService]);
    let id = ExceptionId(Uuid::from_u128(9));
    Exception::request(id, &dienstchef, Some(UNIT), new, Timestamp(0)).unwrap()
}

fn meeting(held_at: Timestamp) -> Meeting {
    Meeting {
        id: MeetingId(Uuid::nil()),
        reference: "CI-2026-11".to_owned(),
        title: String::new(),
        held_at,
        attended: vec![],
        minutes: String::new(),
        recorded_by: String::new(),
        recorded_at: held_at,
    }
}

#[test]
fn it_lasts_ninety_days_and_never_over_a_year() {
    let one = requested();
    assert_eq!(one.expires_at, Timestamp(0).plus_days(90));
    let head = actor("dienstchef", &[Role::HeadOfService]);
    let ending = |expires_at| {
        let new = NewException {
            scope: one.scope.clone(),
            reason: "x".to_owned(),
            compensating: String::new(),
            expires_at: Some(expires_at),
        };
        Exception::request(one.id, &head, None, new, Timestamp(0))
    };
    assert!(ending(Timestamp(0).plus_days(365)).is_ok());
    for wrong in [Timestamp(0), Timestamp(0).plus_days(365).plus_seconds(1)] {
        assert!(matches!(ending(wrong), Err(ExceptionError::Input(_))));
    }
}

#[test]
fn neither_the_requester_nor_a_data_protection_officer_approves() {
    let one = requested();
    let by = |actor: &Actor, meeting: Option<&Meeting>| {
        one.approve(actor, Some(UNIT), meeting, Timestamp(9))
    };
    let both = actor("dpo", &[Role::Dpo, Role::DepartmentHead, Role::SecurityOfficer]);
    let held = meeting(Timestamp(1));
    for meeting in [None, Some(&held)] {
        let refused = by(&both, meeting);
        assert!(matches!(refused, Err(ExceptionError::Denied(Denied::Dpo { .. }))), "{refused:?}");
        assert!(one.reject(&both, Some(UNIT), "x", Timestamp(9)).is_err());
    }
    let same = actor("dienstchef", &[Role::DepartmentHead]);
    assert!(matches!(by(&same, None), Err(ExceptionError::OwnRequest(_))));
    let officer = actor("ivv", &[Role::SecurityOfficer]);
    assert!(matches!(by(&officer, None), Err(ExceptionError::Denied(_))));
    let later = meeting(Timestamp(10));
    assert!(matches!(by(&officer, Some(&later)), Err(ExceptionError::Guard(_))));
    let approved = by(&officer, Some(&held)).unwrap();
    assert_eq!(approved.meeting.as_deref(), Some("CI-2026-11"));
    let head = actor("departementshoofd", &[Role::DepartmentHead]);
    let approved = by(&head, None).unwrap();
    assert_eq!((approved.status, approved.version), (ExceptionStatus::Approved, 2));
    let again = approved.approve(&head, Some(UNIT), None, Timestamp(9));
    assert!(matches!(again, Err(ExceptionError::Status(_))));
}

#[test]
fn a_meetings_approval_is_entered_for_the_own_units() {
    let one = requested();
    let held = meeting(Timestamp(1));
    let other = UnitId(Uuid::from_u128(3));
    for (reach, may) in [(UNIT, true), (other, false)] {
        let grants =
            vec![Grant { role: Role::SecurityOfficer, scope: Scope::Units([reach].into()) }];
        let officer = Actor { grants, ..actor("ivv", &[]) };
        let approved = one.approve(&officer, Some(UNIT), Some(&held), Timestamp(9));
        assert_eq!(approved.is_ok(), may, "{approved:?}");
    }
}

#[test]
fn it_ends_by_time_and_by_hand() {
    let head = actor("departementshoofd", &[Role::DepartmentHead]);
    let approved = requested().approve(&head, Some(UNIT), None, Timestamp(9)).unwrap();
    let end = approved.expires_at;
    assert!(
        approved.holds(Timestamp(end.0 - 1)) && approved.passed(Timestamp(end.0 - 1)).is_none()
    );
    assert!(approved.is_expired(end) && !approved.holds(end));
    let expired = approved.passed(end).unwrap();
    assert_eq!((expired.status, expired.passed(end)), (ExceptionStatus::Expired, None));
    let closed = approved.close(&head, Some(UNIT), "vervangen", Timestamp(10)).unwrap();
    assert!(!closed.holds(Timestamp(10)) && !closed.is_expired(end));
}

#[test]
fn its_dates_say_where_it_stood() {
    let head = actor("departementshoofd", &[Role::DepartmentHead]);
    let asked = Exception { requested_at: Timestamp(5), ..requested() };
    let approved = asked.approve(&head, Some(UNIT), None, Timestamp(9)).unwrap();
    let end = approved.expires_at;
    let stood = |one: &Exception, at| one.as_of(at).map(|one| one.status);
    for one in [approved.clone(), approved.passed(end).unwrap()] {
        // One from before the day of its approval was kept by itself stands alike.
        for one in [Exception { approved_at: None, ..one.clone() }, one] {
            let steps = [Timestamp(4), Timestamp(8), Timestamp(9), end].map(|at| stood(&one, at));
            let [before, waiting, there, over] = steps;
            assert_eq!((before, waiting), (None, Some(ExceptionStatus::Requested)));
            assert_eq!(there, Some(ExceptionStatus::Approved));
            assert_eq!(over, Some(ExceptionStatus::Expired));
        }
    }
    let closed = approved.close(&head, Some(UNIT), "vervangen", Timestamp(20)).unwrap();
    assert_eq!(stood(&closed, Timestamp(19)), Some(ExceptionStatus::Approved));
    assert_eq!(stood(&closed, Timestamp(20)), Some(ExceptionStatus::Closed));
    let rejected = asked.reject(&head, Some(UNIT), "neen", Timestamp(9)).unwrap();
    assert_eq!(stood(&rejected, Timestamp(8)), Some(ExceptionStatus::Requested));
    assert_eq!(stood(&rejected, end), Some(ExceptionStatus::Rejected));
}

#[test]
fn it_concerns_what_its_scope_says() {
    let finding = FindingId::of(ASSET, "disk.unencrypted", "/");
    let other = FindingId::of(ASSET, "disk.unencrypted", "/home");
    let mut one = requested();
    let concerns = |one: &Exception, finding, code| one.concerns(finding, ASSET, code, &[UNIT]);
    assert!(concerns(&one, finding, "disk.unencrypted") && !concerns(&one, finding, "tpm.absent"));
    one.scope = ExceptionScope::Asset { asset: ASSET, code: None };
    assert!(concerns(&one, finding, "tpm.absent"));
    one.scope = ExceptionScope::Finding { finding, asset: ASSET };
    assert!(
        concerns(&one, finding, "disk.unencrypted") && !concerns(&one, other, "disk.unencrypted")
    );
    one.scope = ExceptionScope::Unit { unit: UNIT, code: "tpm.absent".to_owned() };
    assert!(concerns(&one, finding, "tpm.absent") && !concerns(&one, finding, "firewall.off"));
    one.scope = ExceptionScope::Unit { unit: UnitId(Uuid::nil()), code: "tpm.absent".to_owned() };
    assert!(!concerns(&one, finding, "tpm.absent"));
}
