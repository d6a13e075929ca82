use std::collections::HashSet;

use uuid::Uuid;

use super::*;
use crate::id::{AssetId, FindingId};
use crate::scale::{Biv, Matrix};

pub(super) fn suggestion(likelihood: i64, impact: i64) -> Suggestion {
    let (likelihood, impact) = (Level::clamped(likelihood), Level::clamped(impact));
    let severity = Matrix::default().severity(likelihood, impact);
    let rating = Rating { likelihood, impact, severity };
    let one = Level::ONE;
    Suggestion {
        inherent: rating,
        current: rating,
        biv: Biv::new(impact, one, one),
        facets: Facets { operations: impact, citizens: one, legal: one, reputation: one },
        control: one,
        compliant: 0,
        in_scope: 1,
        priority: Priority::of(severity, one),
        matrix: Matrix::default().version,
        assets: vec![AssetId(Uuid::from_u128(1))],
        findings: vec![FindingId(Uuid::from_u128(2))],
        codes: vec!["firewall.off".to_owned()],
        known_exploited: vec![],
    }
}

pub(super) fn risk(state: RiskState) -> Risk {
    let key = RiskKey { scenario: "network_intrusion".to_owned(), unit: None, asset: None };
    let (id, review) = (RiskId(Uuid::from_u128(3)), Timestamp(0).plus_days(180));
    let suggestion = suggestion(3, 3);
    let reference = "R-2026-0001".to_owned();
    Risk { state, ..Risk::proposed(id, reference, key, suggestion, review, Timestamp(0)) }
}

#[test]
fn the_same_suggestion_changes_nothing() {
    for state in RiskState::ALL {
        assert_eq!(risk(*state).evaluated(&suggestion(3, 3), Timestamp(9)), None);
    }
}

#[test]
fn a_rise_puts_a_decision_up_again_and_touches_no_treatment() {
    let mut decided = risk(RiskState::Monitored);
    decided.treatment = Treatment::Accept;
    let next = decided.evaluated(&suggestion(5, 5), Timestamp(9)).unwrap();
    assert_eq!((next.state, next.treatment), (RiskState::Reassess, Treatment::Accept));
    assert_eq!((next.version, next.reference), (2, decided.reference.clone()));
    let lower = decided.evaluated(&suggestion(1, 3), Timestamp(9)).unwrap();
    assert_eq!(lower.state, RiskState::Monitored);
}

#[test]
fn a_rejected_risk_waits_for_other_evidence() {
    let rejected = risk(RiskState::Rejected);
    let mut more = suggestion(3, 3);
    more.assets.push(AssetId(Uuid::from_u128(8)));
    assert_eq!(rejected.evaluated(&more, Timestamp(9)).unwrap().state, RiskState::Rejected);
    more.codes.push("listener.insecure".to_owned());
    assert_eq!(rejected.evaluated(&more, Timestamp(9)).unwrap().state, RiskState::Proposed);
}

#[test]
fn an_untouched_proposal_closes_after_thirty_days_and_reopens() {
    let proposed = risk(RiskState::Proposed).unsupported(Timestamp(0)).unwrap();
    assert_eq!(proposed.unsupported_since, Some(Timestamp(0)));
    assert!(!proposed.is_on_agenda() && risk(RiskState::Proposed).is_on_agenda());
    assert_eq!(proposed.unsupported(Timestamp(0).plus_days(29)), None);
    let closed = proposed.unsupported(Timestamp(0).plus_days(30)).unwrap();
    assert_eq!(closed.state, RiskState::Closed);
    let back = closed.evaluated(&suggestion(3, 3), Timestamp(9)).unwrap();
    assert_eq!((back.state, back.unsupported_since), (RiskState::Proposed, None));
    // And it leaves the agenda again when its findings do.
    assert!(!back.unsupported(Timestamp(10)).unwrap().is_on_agenda());
}

#[test]
fn what_people_closed_reopens() {
    let mut closed = risk(RiskState::Closed);
    closed.treatment = Treatment::Mitigate;
    let back = closed.evaluated(&suggestion(4, 4), Timestamp(9)).unwrap();
    assert_eq!(back.state, RiskState::Reopened);
}

/// Applies whatever time does, until it does no more.
fn settled(mut risk: Risk, now: Timestamp) -> Risk {
    for _ in 0..5 {
        let Some(next) = risk.passed(now) else { return risk };
        risk = next;
    }
    panic!("it does not settle: {risk:?}");
}

#[test]
fn the_system_proposes_to_close_a_decided_risk_and_never_does() {
    let mut monitored = risk(RiskState::Monitored);
    monitored.next_review = Timestamp(0).plus_days(1000);
    let gone = monitored.unsupported(Timestamp(0)).unwrap();
    let proposed = settled(gone, Timestamp(0).plus_days(400));
    assert_eq!(proposed.closure_proposed_at, Some(Timestamp(0).plus_days(400)));
    assert_eq!(proposed.state, RiskState::Monitored);
    // The finding is back: nothing is proposed any more.
    let back = proposed.evaluated(&suggestion(3, 3), Timestamp(9)).unwrap();
    assert_eq!((back.closure_proposed_at, back.state), (None, RiskState::Monitored));
}

#[test]
fn a_proposal_whose_review_is_due_still_closes_itself() {
    let due = settled(risk(RiskState::Proposed), Timestamp(0).plus_days(180));
    assert_eq!((due.state, due.reassess[0].cause), (RiskState::Reassess, ReassessCause::ReviewDue));
    let gone = due.unsupported(Timestamp(0).plus_days(181)).unwrap();
    assert!(!gone.is_on_agenda());
    let closed = settled(gone, Timestamp(0).plus_days(211));
    assert_eq!(closed.state, RiskState::Closed);
}

#[test]
fn time_puts_up_what_is_due_once_and_keeps_why() {
    let mut accepted = risk(RiskState::Monitored);
    accepted.treatment = Treatment::Accept;
    accepted.accept_until = Some(Timestamp(0).plus_days(100));
    assert_eq!(accepted.passed(Timestamp(0).plus_days(99)), None);
    let over = settled(accepted, Timestamp(0).plus_days(200));
    assert_eq!(over.state, RiskState::Reassess);
    let causes: Vec<_> = over.reassess.iter().map(|one| one.cause).collect();
    assert_eq!(causes, [ReassessCause::AcceptanceExpired, ReassessCause::ReviewDue]);
    assert_eq!((over.treatment, over.version), (Treatment::Accept, 3));
    for state in [RiskState::Closed, RiskState::Rejected] {
        assert_eq!(risk(state).passed(Timestamp(0).plus_days(9999)), None, "{state}");
    }
}

#[test]
fn a_changed_class_and_a_known_exploited_hit_put_a_risk_up() {
    let causes = |change: &dyn Fn(&mut Suggestion)| {
        let mut new = suggestion(3, 3);
        change(&mut new);
        let next = risk(RiskState::Monitored).evaluated(&new, Timestamp(9)).unwrap();
        let causes: Vec<_> = next.reassess.iter().map(|one| one.cause).collect();
        (next.state, causes)
    };
    let class = causes(&|new| new.biv.v = Level::TWO);
    assert_eq!(class, (RiskState::Reassess, vec![ReassessCause::ClassChanged]));
    let exploited = |new: &mut Suggestion, number| {
        new.known_exploited.push(FindingId(Uuid::from_u128(number)));
        new.findings.push(FindingId(Uuid::from_u128(number)));
    };
    let known = (RiskState::Reassess, vec![ReassessCause::KnownExploited]);
    assert_eq!(causes(&|new| exploited(new, 5)), known);
    // The next one too, and one that was gone and is back; not one that was there.
    let mut first = suggestion(3, 3);
    exploited(&mut first, 5);
    let mut decided = risk(RiskState::Monitored).evaluated(&first, Timestamp(9)).unwrap();
    decided.state = RiskState::Monitored;
    decided.reassess.clear();
    let mut second = first.clone();
    exploited(&mut second, 6);
    let put_up = |risk: &Risk, new| risk.evaluated(new, Timestamp(9)).unwrap().state;
    assert_eq!(put_up(&decided, &second), RiskState::Reassess);
    assert_eq!(put_up(&decided.unsupported(Timestamp(9)).unwrap(), &first), RiskState::Reassess);
    let mut fewer = first.clone();
    fewer.codes.clear();
    assert_eq!(put_up(&decided, &fewer), RiskState::Monitored);
    let other = causes(&|new| new.codes.push("listener.insecure".to_owned()));
    assert_eq!(other, (RiskState::Monitored, vec![]));
}

#[test]
fn documents_of_the_first_version_are_read() {
    let old = serde_json::json!({
        "id": "00000000-0000-0000-0000-000000000003", "reference": "R-2026-0001",
        "key": { "scenario": "theft", "unit": null, "asset": null },
        "state": "monitored", "treatment": "open", "suggestion": suggestion(3, 3),
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        "next_review": "2026-07-01T00:00:00Z", "unsupported_since": null, "version": 4,
    });
    let read: Risk = serde_json::from_value(old).unwrap();
    assert_eq!((read.version, read.assessed, read.actions), (4, None, vec![]));
}

mod people {
    use super::*;
    use crate::access::{Actor, Denied, Right, Role};
    use crate::id::{ActionId, MeetingId, UnitId};
    use crate::meeting::Meeting;

    const NOW: Timestamp = Timestamp(1000);

    fn by(role: Role) -> Actor {
        Actor::with_roles(role.as_str(), &[role])
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

    fn decision(treatment: Treatment) -> NewDecision {
        let accept_until = (treatment == Treatment::Accept).then(|| NOW.plus_days(90));
        NewDecision { treatment, reason: "beslist".to_owned(), meeting: None, accept_until }
    }

    fn action() -> NewAction {
        NewAction {
            id: ActionId(Uuid::from_u128(7)),
            title: "schijven versleutelen".to_owned(),
            unit: UnitId(Uuid::from_u128(5)),
            function: "dienstchef".to_owned(),
            due: NOW.plus_days(30),
        }
    }

    fn evaluated() -> Risk {
        let analysing = risk(RiskState::Proposed).analyse(&by(Role::Ciso), None, NOW).unwrap();
        let unconfirmed = analysing.evaluate(&by(Role::SecurityOfficer), None, NOW);
        assert!(matches!(unconfirmed, Err(TransitionError::Guard(_))));
        let values = NewAssessment {
            likelihood: Some(Level::TWO),
            citizens: Some(Level::FOUR),
            target_likelihood: Some(Level::ONE),
            reason: "buiten kantooruren onbemand".to_owned(),
            ..NewAssessment::default()
        };
        let officer = by(Role::SecurityOfficer);
        let assessed = analysing.assess(&officer, None, &values, &Matrix::default(), NOW).unwrap();
        assessed.evaluate(&by(Role::DepartmentHead), None, NOW).unwrap()
    }

    /// Worked example: suggested 3 × 3 → 3; a person says likelihood 2 and impact on citizens 4 → 2 × 4 → 3,
    /// and after the treatment 1 × 4 → 2. The suggestion stays beside it.
    #[test]
    fn assessed_values_stand_beside_the_suggested_ones() {
        let risk = evaluated();
        let assessed = risk.assessed.as_ref().unwrap();
        let numbers = |r: Rating| [r.likelihood.get(), r.impact.get(), r.severity.get()];
        assert_eq!(numbers(assessed.inherent), [2, 4, 3]);
        assert_eq!(numbers(assessed.current), [2, 4, 3]);
        assert_eq!(numbers(assessed.target.unwrap()), [1, 4, 2]);
        assert_eq!((assessed.by.as_str(), assessed.at), ("security_officer", NOW));
        assert_eq!(numbers(risk.suggestion.current), [3, 3, 3]);
        assert_eq!(risk.next_review, NOW.plus_days(180));
        let likelier = NewAssessment {
            likelihood: Some(Level::TWO),
            current_likelihood: Some(Level::THREE),
            reason: "x".to_owned(),
            ..NewAssessment::default()
        };
        let mut again = risk.clone();
        again.state = RiskState::Analysing;
        let officer = by(Role::SecurityOfficer);
        let refused = again.assess(&officer, None, &likelier, &Matrix::default(), NOW);
        assert!(matches!(refused, Err(TransitionError::Input(_))));
    }

    #[test]
    fn a_dpo_a_ciso_and_the_system_never_decide() {
        let risk = evaluated();
        let held = Some(meeting(NOW));
        for meeting in [None, held] {
            let new = NewDecision { meeting, ..decision(Treatment::Avoid) };
            let decide = |actor: &Actor| risk.decide(actor, None, &new, NOW);
            let others = [Role::DepartmentHead, Role::SecurityOfficer, Role::Admin];
            for other in others {
                let dpo = Actor::with_roles("dpo", &[Role::Dpo, other]);
                let refused = decide(&dpo);
                assert!(
                    matches!(refused, Err(TransitionError::Denied(Denied::Dpo { .. }))),
                    "{other}: {refused:?}"
                );
            }
            let ciso = Actor::with_roles("ciso", &[Role::Ciso, Role::DepartmentHead]);
            assert!(matches!(decide(&ciso), Err(TransitionError::Ciso { .. })));
            assert!(matches!(decide(&by(Role::Ciso)), Err(TransitionError::Denied(_))));
            let system = Actor::with_roles(SYSTEM, &[]);
            assert!(matches!(decide(&system), Err(TransitionError::Denied(_))));
            assert!(decide(&by(Role::DepartmentHead)).is_ok());
            assert_eq!(decide(&by(Role::SecurityOfficer)).is_ok(), new.meeting.is_some());
        }
    }

    #[test]
    fn a_decision_has_its_guards() {
        let head = by(Role::DepartmentHead);
        let decide = |risk: &Risk, new: &NewDecision| risk.decide(&head, None, new, NOW);
        let risk = evaluated();
        let refused = decide(&risk, &decision(Treatment::Mitigate));
        assert!(matches!(refused, Err(TransitionError::Guard(_))), "no action");
        let with_action = risk.add_action(&head, None, &action(), NOW).unwrap();
        assert!(decide(&with_action, &decision(Treatment::Mitigate)).is_ok());
        let input = decide(&risk, &decision(Treatment::Open));
        assert!(matches!(input, Err(TransitionError::Input(_))));

        let mut accept = decision(Treatment::Accept);
        let accepted = decide(&risk, &accept).unwrap();
        assert_eq!(accepted.accept_until, Some(NOW.plus_days(90)));
        assert_eq!(accepted.next_review, NOW.plus_days(90), "looked at when it ends");
        assert_eq!(accepted.passed(NOW).unwrap().state, RiskState::Monitored);
        for wrong in [None, Some(NOW), Some(NOW.plus_days(365).plus_seconds(1))] {
            accept.accept_until = wrong;
            assert!(matches!(decide(&risk, &accept), Err(TransitionError::Guard(_))), "{wrong:?}");
        }

        // A severity of 4 takes a meeting that took place, also when a person assessed it lower.
        let mut severe = risk.clone();
        severe.suggestion = suggestion(4, 4);
        let mut avoid = decision(Treatment::Avoid);
        assert!(matches!(decide(&severe, &avoid), Err(TransitionError::Guard(_))));
        avoid.meeting = Some(meeting(NOW.plus_seconds(1)));
        assert!(matches!(decide(&severe, &avoid), Err(TransitionError::Guard(_))));
        avoid.meeting = Some(meeting(NOW));
        let decided = decide(&severe, &avoid).unwrap().decision.unwrap();
        assert_eq!(decided.meeting.as_deref(), Some("CI-2026-11"));
        assert_eq!(decided.role, DecisionRole::DepartmentHead);
    }

    #[test]
    fn a_head_decides_for_the_own_department_alone() {
        let unit = |number| Some(UnitId(Uuid::from_u128(number)));
        let mut head = by(Role::DepartmentHead);
        head.grants[0].scope = crate::access::Scope::below(unit(5).unwrap(), &[]);
        let decide = |risk: &Risk, of| risk.decide(&head, of, &decision(Treatment::Avoid), NOW);
        let mut risk = evaluated();
        assert!(decide(&risk, unit(5)).is_ok());
        let elsewhere = decide(&risk, unit(6));
        assert!(matches!(elsewhere, Err(TransitionError::Denied(Denied::Unit { .. }))));
        let owner = RiskOwner { unit: unit(5).unwrap(), function: "departementshoofd".to_owned() };
        risk.owner = Some(owner);
        assert!(decide(&risk, unit(6)).is_ok(), "the risk owner's department counts");
    }

    #[test]
    fn an_action_is_verified_by_somebody_else() {
        let id = action().id;
        let officer = by(Role::SecurityOfficer);
        let risk = evaluated().add_action(&officer, None, &action(), NOW).unwrap();
        let to = |risk: &Risk, actor: &Actor, status| {
            let update = ActionUpdate { status: Some(status), ..ActionUpdate::default() };
            risk.set_action(actor, None, id, &update, NOW)
        };
        assert!(to(&risk, &officer, ActionStatus::Verified).is_err(), "not done yet");
        let done = to(&risk, &by(Role::HeadOfService), ActionStatus::Done).unwrap();
        let own = to(&done, &by(Role::HeadOfService), ActionStatus::Verified);
        assert!(matches!(own, Err(TransitionError::Guard(_))));
        let verified = to(&done, &officer, ActionStatus::Verified).unwrap();
        let action = &verified.actions[0];
        assert_eq!(action.done_by.as_deref(), Some("head_of_service"));
        assert_eq!(action.verified_by.as_deref(), Some("security_officer"));
        assert_eq!(action.version, 3);
        let back = to(&verified, &officer, ActionStatus::Running).unwrap();
        assert_eq!((&back.actions[0].done_by, &back.actions[0].verified_by), (&None, &None));
        let dpo = Actor::with_roles("x", &[Role::Dpo, Role::HeadOfService]);
        let refused = to(&done, &dpo, ActionStatus::Verified);
        assert!(matches!(refused, Err(TransitionError::Denied(Denied::Dpo { .. }))));
    }

    #[test]
    fn two_persons_close_a_risk() {
        let (head, officer) = (by(Role::DepartmentHead), by(Role::SecurityOfficer));
        let close = |risk: &Risk, actor: &Actor| risk.close(actor, None, "opgelost", NOW);
        let supported = risk(RiskState::Monitored);
        assert!(matches!(close(&supported, &head), Err(TransitionError::Guard(_))), "findings");
        let gone = supported.unsupported(NOW).unwrap();
        let mut open = gone.clone();
        open.state = RiskState::Analysing;
        assert!(matches!(close(&open, &head), Err(TransitionError::State { .. })));
        // Gone from this entry, and not solved.
        let left = HashSet::from([FindingId(Uuid::from_u128(2))]);
        let excepted =
            supported.with_left_over(supported.unsupported(NOW), &left, &[], NOW).unwrap();
        assert!(matches!(close(&excepted, &head), Err(TransitionError::Guard(_))), "excepted");
        assert_eq!(excepted.passed(NOW), None, "and closing it is not proposed");
        assert_eq!(excepted.with_left_over(None, &left, &[], NOW), None);
        let solved = excepted.with_left_over(None, &HashSet::new(), &[], NOW).unwrap();
        let other = FindingId(Uuid::from_u128(7));
        let again = solved.with_left_over(None, &HashSet::new(), &[other], NOW).unwrap();
        assert_eq!(again.left_over, [other], "excepted before it was ever counted");
        assert_eq!((solved.left_over.len(), solved.version), (0, excepted.version + 1));
        assert!(close(&solved, &head).is_ok());
        assert!(solved.passed(NOW).unwrap().closure_proposed_at.is_some());
        let planned = gone.add_action(&head, None, &action(), NOW).unwrap();
        assert!(matches!(close(&planned, &head), Err(TransitionError::Guard(_))), "actions");
        for (first, second) in [(&head, &officer), (&officer, &head)] {
            let asked = close(&gone, first).unwrap();
            assert_eq!(asked.state, RiskState::Monitored);
            assert!(matches!(close(&asked, first), Err(TransitionError::Guard(_))), "the same");
            let mut namesake = first.clone();
            namesake.name = "een ander".to_owned();
            let refused = close(&asked, &namesake);
            assert!(matches!(refused, Err(TransitionError::Guard(_))), "the same role");
            assert_eq!(close(&asked, second).unwrap().state, RiskState::Closed);
            let back = asked.evaluated(&suggestion(3, 3), NOW).unwrap();
            assert_eq!(back.closing, None, "what was agreed is void");
        }
        let both = Actor::with_roles("els", &[Role::SecurityOfficer, Role::DepartmentHead]);
        let asked = close(&gone, &both).unwrap();
        assert!(close(&asked, &both).is_err());
        assert!(close(&gone, &Actor::with_roles("x", &[Role::Dpo, Role::DepartmentHead])).is_err());
        assert!(close(&gone, &by(Role::HeadOfService)).is_err());
    }

    #[test]
    fn only_the_security_officer_rejects_and_other_evidence_brings_it_back() {
        let proposed = risk(RiskState::Proposed);
        for role in Role::ALL {
            let result = proposed.reject(&by(*role), None, "geen risico", NOW);
            assert_eq!(result.is_ok(), *role == Role::SecurityOfficer, "{role}");
        }
        let rejected = proposed.reject(&by(Role::SecurityOfficer), None, "nee", NOW).unwrap();
        // It fell and rose again to what it was: the evidence it was rejected on.
        let mut wider = suggestion(3, 3);
        wider.assets.push(AssetId(Uuid::from_u128(8)));
        assert_eq!(rejected.evaluated(&wider, NOW).unwrap().state, RiskState::Proposed);
        let fell = rejected.evaluated(&suggestion(1, 3), NOW).unwrap();
        let back = fell.evaluated(&suggestion(3, 3), NOW).unwrap();
        assert_eq!(back.state, RiskState::Rejected);
        assert_eq!(back.evaluated(&suggestion(5, 5), NOW).unwrap().state, RiskState::Proposed);
    }

    #[test]
    fn advice_is_given_as_dpo_or_ciso_and_decides_nothing() {
        let risk = evaluated();
        let dpo = risk.advise(&by(Role::Dpo), None, "GEB nodig", NOW).unwrap();
        let ciso = dpo.advise(&by(Role::Ciso), None, "versleutel", NOW).unwrap();
        let roles: Vec<_> = ciso.advice.iter().map(|advice| advice.role.as_str()).collect();
        assert_eq!(roles, ["dpo", "ciso"]);
        assert_eq!((ciso.state, ciso.decision), (risk.state, None));
        assert!(risk.advise(&by(Role::SecurityOfficer), None, "x", NOW).is_err());
    }

    #[test]
    fn an_incident_puts_any_open_risk_up() {
        let officer = by(Role::SecurityOfficer);
        for state in RiskState::ALL {
            let linked = risk(*state).link_incident(&officer, None, "INC-2026-042", NOW);
            match state {
                RiskState::Rejected => assert!(linked.is_err()),
                RiskState::Closed => assert_eq!(linked.unwrap().state, RiskState::Closed),
                _ => {
                    let linked = linked.unwrap();
                    assert_eq!(linked.state, RiskState::Reassess, "{state}");
                    assert_eq!(linked.reassess[0].note, "INC-2026-042");
                    let again = linked.link_incident(&officer, None, "INC-2026-042", NOW);
                    assert!(again.is_err());
                }
            }
        }
        assert!(!by(Role::Dpo).may(Right::Analyse));
    }

    #[test]
    fn words_are_put_and_taken_away() {
        let officer = by(Role::SecurityOfficer);
        let words =
            |title: &str| Description { title: Some(title.to_owned()), ..Default::default() };
        let named = risk(RiskState::Proposed).describe(&officer, None, &words("Diefstal"), NOW);
        let named = named.unwrap();
        assert_eq!(named.title.as_deref(), Some("Diefstal"));
        assert!(!named.is_proposal(), "somebody dealt with it");
        assert_eq!(named.describe(&officer, None, &words(" "), NOW).unwrap().title, None);
        assert!(named.describe(&officer, None, &words("a\u{0}b"), NOW).is_err());
        assert!(named.describe(&by(Role::Reader), None, &words("x"), NOW).is_err());
    }
}
