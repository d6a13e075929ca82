//! What holds whatever happens, over random sequences of what people, evidence and time do.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use super::tests::{risk, suggestion};
use super::*;
use crate::access::{Actor, Denied, Role};
use crate::id::{ActionId, FindingId, MeetingId, UnitId};
use crate::meeting::Meeting;
use crate::scale::Matrix;

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    Person(Vec<Role>, u8, RiskChange),
    Evidence(i64, i64, bool),
    NoEvidence,
    LeftOver,
    Time,
}

fn level() -> impl Strategy<Value = Option<Level>> {
    proptest::option::of((1..=5i64).prop_map(Level::clamped))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just("omdat".to_owned()), 1 => Just(String::new())]
}

fn action_id() -> impl Strategy<Value = ActionId> {
    (1..=3u128).prop_map(|number| ActionId(Uuid::from_u128(number)))
}

/// A meeting that was held, or will be, some days from the beginning.
fn meeting() -> impl Strategy<Value = Option<Meeting>> {
    proptest::option::of((0..600i64).prop_map(|day| Meeting {
        id: MeetingId(Uuid::nil()),
        reference: "CI-2026-11".to_owned(),
        title: String::new(),
        held_at: Timestamp(0).plus_days(day),
        attended: vec![],
        minutes: String::new(),
        recorded_by: String::new(),
        recorded_at: Timestamp(0),
    }))
}

fn change() -> impl Strategy<Value = RiskChange> {
    let assess =
        (level(), level(), level(), level(), text()).prop_map(|(l, b, c, control, reason)| {
            RiskChange::Assess(Box::new(NewAssessment {
                likelihood: l,
                b,
                citizens: c,
                control,
                reason,
                ..NewAssessment::default()
            }))
        });
    let until = proptest::option::of((0..900i64).prop_map(|day| Timestamp(0).plus_days(day)));
    let treatment = proptest::sample::select(Treatment::ALL);
    let decide =
        (treatment, text(), meeting(), until).prop_map(|(treatment, reason, meeting, end)| {
            let accept_until = end.filter(|_| treatment == Treatment::Accept);
            RiskChange::Decide(Box::new(NewDecision { treatment, reason, meeting, accept_until }))
        });
    let add = action_id().prop_map(|id| {
        RiskChange::AddAction(NewAction {
            id,
            title: "doen".to_owned(),
            unit: UnitId(Uuid::from_u128(5)),
            function: "dienstchef".to_owned(),
            due: Timestamp(0).plus_days(30),
        })
    });
    let status = proptest::sample::select(ActionStatus::ALL);
    let set = (action_id(), status).prop_map(|(id, status)| {
        RiskChange::SetAction(id, ActionUpdate { status: Some(status), ..Default::default() })
    });
    let title = text().prop_map(|title| {
        RiskChange::Describe(Description { title: Some(title), ..Description::default() })
    });
    prop_oneof![
        4 => Just(RiskChange::Analyse),
        4 => assess,
        4 => Just(RiskChange::Evaluate),
        6 => decide,
        1 => text().prop_map(|reason| RiskChange::Reject { reason }),
        6 => text().prop_map(|reason| RiskChange::Close { reason }),
        1 => text().prop_map(|text| RiskChange::Advise { text }),
        1 => "INC-[0-9]".prop_map(|reference| RiskChange::LinkIncident { reference }),
        1 => add,
        4 => set,
        1 => title,
    ]
}

fn event() -> impl Strategy<Value = Event> {
    // Mostly one role, so that sequences get somewhere; now and then a second one beside it.
    let many = proptest::sample::select(Role::ALL);
    let able =
        proptest::sample::select(&[Role::SecurityOfficer, Role::DepartmentHead, Role::Dpo][..]);
    let roles = prop_oneof![4 => vec(able, 1..2), 1 => vec(many, 0..3)];
    prop_oneof![
        12 => (roles, 0..2u8, change()).prop_map(|(roles, who, change)| Event::Person(roles, who, change)),
        2 => (1..=5i64, 1..=5i64, any::<bool>()).prop_map(|(l, i, kev)| Event::Evidence(l, i, kev)),
        2 => Just(Event::NoEvidence),
        1 => Just(Event::LeftOver),
        3 => Just(Event::Time),
    ]
}

/// What happens, and days until it does.
fn step() -> impl Strategy<Value = (Event, i64)> {
    (event(), prop_oneof![5 => Just(0i64), 1 => 0..60i64])
}

/// A risk to begin with: a fresh one, or one that was led to where few sequences get by chance.
fn start(is_monitored: bool) -> Risk {
    let fresh = risk(RiskState::Proposed);
    if !is_monitored {
        return fresh;
    }
    let (officer, matrix) = (Actor::with_roles("ivv", &[Role::SecurityOfficer]), Matrix::default());
    let head = Actor::with_roles("hoofd", &[Role::DepartmentHead]);
    let lead = |risk: Risk, actor, change| risk.apply(actor, None, &change, &matrix, Timestamp(0));
    let reason = || "omdat".to_owned();
    let assess = NewAssessment { reason: reason(), ..NewAssessment::default() };
    let avoid = NewDecision {
        treatment: Treatment::Avoid,
        reason: reason(),
        meeting: None,
        accept_until: None,
    };
    let risk = lead(fresh, &officer, RiskChange::Analyse).unwrap();
    let risk = lead(risk, &officer, RiskChange::Assess(Box::new(assess))).unwrap();
    let risk = lead(risk, &officer, RiskChange::Evaluate).unwrap();
    let risk = lead(risk, &head, RiskChange::Decide(Box::new(avoid))).unwrap();
    risk.passed(Timestamp(0)).unwrap()
}

/// What people made of a risk, as text.
fn human(risk: &Risk) -> String {
    let Risk { title, description, owner, assessed, existing_controls, decision, .. } = risk;
    let Risk { rejection, actions, accept_until, advice, incidents, legal, treatment, .. } = risk;
    format!(
        "{title:?} {description:?} {owner:?} {assessed:?} {existing_controls:?} {decision:?}
         {rejection:?} {actions:?} {accept_until:?} {advice:?} {incidents:?} {legal:?} {treatment:?}"
    )
}

/// The table of `domain.md`, read a second time.
fn is_allowed(old: &Risk, new: &Risk, person: bool) -> bool {
    use RiskState::{
        Analysing, Closed, Decided, Evaluated, Monitored, Proposed, Reassess, Rejected, Reopened,
    };
    match (old.state, new.state) {
        (from, to) if from == to => true,
        (Proposed, Rejected)
        | (Proposed | Reassess | Reopened, Analysing)
        | (Analysing, Evaluated)
        | (Evaluated, Decided)
        | (Monitored, Closed) => person,
        // The last two: nobody ever dealt with it.
        (Decided, Monitored)
        | (Closed, Reopened)
        | (Rejected | Closed, Proposed)
        | (Proposed, Closed) => !person,
        (Reassess, Closed) => !person && human(old) == human(&risk(Proposed)),
        (from, Reassess) => from.is_open(),
        _ => false,
    }
}

fn check_guards(old: &Risk, new: &Risk, roles: &[Role], name: &str, now: Timestamp) {
    if new.state == RiskState::Decided && old.state != RiskState::Decided {
        let decision = new.decision.as_ref().expect("a decision");
        assert!(!roles.contains(&Role::Dpo) && !roles.contains(&Role::Ciso), "{roles:?}");
        assert!(!decision.reason.is_empty() && decision.at == now);
        match decision.role {
            DecisionRole::DepartmentHead => assert!(roles.contains(&Role::DepartmentHead)),
            DecisionRole::CiMeeting => {
                assert!(roles.contains(&Role::SecurityOfficer) && decision.meeting.is_some());
            }
        }
        let severities = [new.assessed.as_ref().unwrap().current, new.suggestion.current];
        if severities.iter().any(|rating| rating.severity >= Level::FOUR) {
            assert!(decision.meeting.is_some(), "severity 4 takes a meeting");
        }
        match new.treatment {
            Treatment::Open => panic!("undecided"),
            Treatment::Mitigate => assert!(!new.actions.is_empty()),
            Treatment::Accept => {
                let end = new.accept_until.expect("an end");
                assert!(end > now && end <= now.plus_days(365));
            }
            Treatment::Avoid | Treatment::Transfer => assert_eq!(new.accept_until, None),
        }
    }
    if new.state == RiskState::Closed && old.state == RiskState::Monitored {
        let first = old.closing.as_ref().expect("somebody agreed before");
        assert_ne!(first.by, name, "two persons");
        assert!(new.actions.iter().all(|action| action.status == ActionStatus::Verified));
        assert!(new.suggestion.findings.is_empty());
    }
    for action in new.actions.iter().filter(|action| action.status == ActionStatus::Verified) {
        assert_ne!(action.done_by, action.verified_by);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_breaks_a_rule(is_monitored: bool, events in vec(step(), 1..150)) {
        let mut risk = start(is_monitored);
        let mut now = Timestamp(0);
        for (event, days) in events {
            now = now.plus_days(days);
            let old = risk.clone();
            let (next, person) = match event {
                Event::Person(roles, who, change) => {
                    let name = format!("{roles:?} {who}");
                    let actor = Actor::with_roles(name.clone(), &roles);
                    let result = old.apply(&actor, None, &change, &Matrix::default(), now);
                    let advises = matches!(change, RiskChange::Advise { .. });
                    if roles.contains(&Role::Dpo) && !advises {
                        let is_refused =
                            matches!(result, Err(TransitionError::Denied(Denied::Dpo { .. })))
                                || matches!(result, Err(TransitionError::NoAction { .. }));
                        prop_assert!(is_refused, "{:?} {:?}", change, result);
                    }
                    if let Ok(next) = &result {
                        check_guards(&old, next, &roles, &name, now);
                        prop_assert_eq!(&next.suggestion, &old.suggestion);
                    }
                    (result.ok(), true)
                }
                Event::Evidence(likelihood, impact, exploited) => {
                    let mut new = suggestion(likelihood, impact);
                    if exploited {
                        new.known_exploited.push(FindingId(Uuid::from_u128(9)));
                    }
                    new.findings.push(FindingId(Uuid::from_u128(9)));
                    (old.evaluated(&new, now), false)
                }
                Event::NoEvidence => (old.unsupported(now), false),
                Event::LeftOver => {
                    let left = HashSet::from([2, 9].map(|id| FindingId(Uuid::from_u128(id))));
                    let next = old.with_left_over(old.unsupported(now), &left, &[], now);
                    if let Some(next) = &next {
                        let counts = next.left_over.iter().all(|id| left.contains(id));
                        prop_assert!(counts && next.left_over.is_sorted());
                        prop_assert!(next.left_over.is_empty() || next.closure_proposed_at.is_none());
                    }
                    (next, false)
                }
                Event::Time => (old.passed(now), false),
            };
            let Some(next) = next else { continue };
            prop_assert_eq!(next.version, old.version + 1);
            prop_assert_eq!(next.updated_at, now);
            prop_assert_eq!((&next.key, next.id, &next.reference), (&old.key, old.id, &old.reference));
            prop_assert_eq!(next.created_at, old.created_at);
            prop_assert!(is_allowed(&old, &next, person), "{} → {}", old.state, next.state);
            if !person {
                prop_assert_eq!(human(&next), human(&old));
                prop_assert_eq!(next.last_change.as_ref().map(|last| last.by.as_str()), Some(SYSTEM));
            }
            // What is kept can be read back.
            let text = serde_json::to_string(&next).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Risk>(&text).unwrap(), &next);
            risk = next;
        }
    }
}

/// The sequences above are worth something only when they get far.
#[test]
fn random_sequences_reach_every_state() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let strategy = vec(step(), 150);
    let mut reached = std::collections::BTreeSet::new();
    let mut closed_by_people = 0;
    for number in 0..600 {
        let mut risk = start(number % 2 == 0);
        let mut now = Timestamp(0);
        for (event, days) in strategy.new_tree(&mut runner).unwrap().current() {
            now = now.plus_days(days);
            let old = risk.state;
            let next = match event {
                Event::Person(roles, who, change) => {
                    let actor = Actor::with_roles(format!("{roles:?} {who}"), &roles);
                    risk.apply(&actor, None, &change, &Matrix::default(), now).ok()
                }
                Event::Evidence(likelihood, impact, _) => {
                    risk.evaluated(&suggestion(likelihood, impact), now)
                }
                Event::NoEvidence | Event::LeftOver => risk.unsupported(now),
                Event::Time => risk.passed(now),
            };
            risk = next.unwrap_or(risk);
            reached.insert(risk.state);
            closed_by_people +=
                usize::from(old == RiskState::Monitored && risk.state == RiskState::Closed);
        }
    }
    assert_eq!(reached.len(), RiskState::ALL.len(), "{reached:?}");
    assert!(closed_by_people > 0);
}
