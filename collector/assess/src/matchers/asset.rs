//! Owner, class, agent and identity.

use belfort_model::asset::Source;

use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict};

/// No active owner `days` after the asset was first seen.
pub(super) fn unowned(subject: &Subject<'_>, kind: &FindingKind, _: &Catalogue) -> Verdict {
    overdue(subject, kind, subject.owner.is_some(), "owner")
}

/// No confirmed class, own or inherited, `days` after the asset was first seen.
pub(super) fn unclassified(subject: &Subject<'_>, kind: &FindingKind, _: &Catalogue) -> Verdict {
    overdue(subject, kind, !subject.class.is_assumed(), "classification")
}

fn overdue(subject: &Subject<'_>, kind: &FindingKind, present: bool, what: &str) -> Verdict {
    if present {
        return Verdict::Pass;
    }
    let first_seen = subject.asset.first_seen;
    if subject.now.days_since(first_seen) < kind.params.days.unwrap_or(0) {
        return Verdict::Pass;
    }
    Verdict::Hit(vec![Observation::of(what, format!("none since {}", first_seen.day()))])
}

/// The agent was not seen for `days`; also when its key is not honoured any more and no other took its
/// place: the device is not looked after.
pub(super) fn agent_stale(subject: &Subject<'_>, kind: &FindingKind, _: &Catalogue) -> Verdict {
    if subject.asset.source != Source::Agent {
        return Verdict::NotApplicable;
    }
    let seen = match subject.agent {
        Some(agent) => agent.last_seen.unwrap_or(agent.enrolled_at),
        None => subject.asset.last_seen,
    };
    if subject.now.days_since(seen) < kind.params.days.unwrap_or(0) {
        return Verdict::Pass;
    }
    Verdict::Hit(vec![Observation::of("last_seen", seen.day())])
}

/// Another asset carries the same hardware evidence.
pub(super) fn identity_duplicate(subject: &Subject<'_>, _: &FindingKind, _: &Catalogue) -> Verdict {
    if subject.agent.is_none() {
        return Verdict::NotApplicable;
    }
    let others = subject.shares_evidence_with.iter().map(|other| Observation {
        key: other.to_string(),
        ..Observation::of("asset", other.to_string())
    });
    Verdict::from_observations(others.collect())
}

#[cfg(test)]
mod tests {
    use belfort_model::asset::Source;
    use belfort_model::time::Timestamp;

    use crate::evaluate::Subject;
    use crate::testing::{Fixture, result};

    #[test]
    fn an_owner_is_missed_after_fourteen_days() {
        let fixture = Fixture::device();
        let on = |days| Subject { now: Timestamp(0).plus_days(days), ..fixture.subject() };
        assert_eq!(result("asset.unowned", &on(13)), "pass");
        assert_eq!(result("asset.unowned", &on(14)), "hit");
        let owner = fixture.ownership();
        let owned = Subject { owner: Some(&owner), ..on(14) };
        assert_eq!(result("asset.unowned", &owned), "pass");
    }

    #[test]
    fn a_class_is_missed_after_thirty_days() {
        let fixture = Fixture::device();
        let on = |days| Subject { now: Timestamp(0).plus_days(days), ..fixture.subject() };
        assert_eq!(result("asset.unclassified", &on(29)), "pass");
        assert_eq!(result("asset.unclassified", &on(30)), "hit");
        let links = [Fixture::link(4)];
        let linked = Subject { links: &links, ..on(30) };
        assert_eq!(result("asset.unclassified", &linked), "pass");
    }

    #[test]
    fn an_agent_is_stale_after_seven_days() {
        let fixture = Fixture::device();
        let agent = fixture.agent();
        let on = |days| Subject {
            agent: Some(&agent),
            now: Timestamp(0).plus_days(days),
            ..fixture.subject()
        };
        assert_eq!(result("agent.stale", &on(6)), "pass");
        assert_eq!(result("agent.stale", &on(7)), "hit");
        let revoked = |days| Subject { agent: None, ..on(days) };
        assert_eq!(result("agent.stale", &revoked(6)), "pass");
        assert_eq!(result("agent.stale", &revoked(7)), "hit");
        let mut entered = Fixture::device();
        entered.asset.source = Source::Manual;
        assert_eq!(result("agent.stale", &entered.subject()), "not_applicable");
    }

    #[test]
    fn a_shared_identity_is_said() {
        let fixture = Fixture::device();
        let agent = fixture.agent();
        let subject = Subject { agent: Some(&agent), ..fixture.subject() };
        assert_eq!(result("identity.duplicate", &subject), "pass");
        let others = [fixture.asset.id];
        let shared = Subject { shares_evidence_with: &others, ..subject };
        assert_eq!(result("identity.duplicate", &shared), "hit");
    }
}
