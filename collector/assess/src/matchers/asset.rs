//! Owner, class, agent and identity.

use belfort_model::asset::Source;
use belfort_model::time::Timestamp;

use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict, item};

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

/// The owner's confirmation (or else the beginning of the ownership) is `days` old, or the unit ended.
pub(super) fn owner_unconfirmed(
    subject: &Subject<'_>,
    kind: &FindingKind,
    _: &Catalogue,
) -> Verdict {
    let Some(owner) = subject.owner else { return Verdict::NotApplicable };
    let mut evidence = Vec::new();
    let (said, since) = match owner.confirmed_at {
        Some(at) => ("confirmed", at),
        None => ("never confirmed, owner since", owner.valid_from),
    };
    if subject.now.days_since(since) > kind.params.days.unwrap_or(0) {
        evidence.push(item("owner", format!("{said} {}", since.day())));
    }
    let ended = subject.unit.and_then(|unit| unit.active_to).filter(|end| *end <= subject.now);
    if let Some(end) = ended {
        evidence.push(item("unit", format!("ended {}", end.day())));
    }
    if !evidence.is_empty() {
        return Verdict::Hit(vec![Observation { evidence, ..Observation::default() }]);
    }
    // Whether the unit ended is half of the question.
    if subject.unit.is_some() { Verdict::Pass } else { Verdict::Unknown }
}

/// Neither a report nor a person has shown for `days` that the asset is there; sooner with class 4 and 5.
pub(super) fn verify_overdue(subject: &Subject<'_>, kind: &FindingKind, _: &Catalogue) -> Verdict {
    let params = &kind.params;
    let days = match subject.class.biv.highest().get() {
        5 => params.days_class_5,
        4 => params.days_class_4,
        _ => params.days,
    };
    let Some(days) = days.or(params.days) else { return Verdict::Unknown };
    let verified = subject.asset.last_seen.max(subject.records.verified_at.unwrap_or(Timestamp(0)));
    if subject.now.days_since(verified) <= days {
        return Verdict::Pass;
    }
    Verdict::Hit(vec![Observation::of("last_verified", verified.day())])
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
    use belfort_model::asset::{AssetKind, Authorised, Lifecycle, Source, Subtype};
    use belfort_model::ownership::Ownership;
    use belfort_model::time::Timestamp;
    use belfort_model::unit::OrgUnit;

    use crate::evaluate::{Records, Subject};
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
    fn a_confirmation_lasts_a_year() {
        let fixture = Fixture::device();
        let mut owner = fixture.ownership();
        let mut unit = fixture.unit();
        let on = |owner: &Ownership, unit: &OrgUnit, days| {
            let now = Timestamp(0).plus_days(days);
            let subject =
                Subject { owner: Some(owner), unit: Some(unit), now, ..fixture.subject() };
            result("asset.owner_unconfirmed", &subject)
        };
        assert_eq!(result("asset.owner_unconfirmed", &fixture.subject()), "not_applicable");
        assert_eq!(on(&owner, &unit, 365), "pass");
        assert_eq!(on(&owner, &unit, 366), "hit");
        owner.confirmed_at = Some(Timestamp(0).plus_days(300));
        assert_eq!(on(&owner, &unit, 366), "pass");
        unit.active_to = Some(Timestamp(0).plus_days(340));
        assert_eq!(on(&owner, &unit, 339), "pass");
        assert_eq!(on(&owner, &unit, 340), "hit");
        let nameless = Subject { owner: Some(&owner), ..fixture.subject() };
        assert_eq!(result("asset.owner_unconfirmed", &nameless), "unknown");
    }

    #[test]
    fn a_higher_class_is_verified_more_often() {
        let fixture = Fixture::device();
        let on = |level, days, verified| {
            let links = [Fixture::link(level)];
            let records = Records { verified_at: verified, ..Records::default() };
            let now = Timestamp(0).plus_days(days);
            let subject = Subject { links: &links, records, now, ..fixture.subject() };
            result("asset.verify_overdue", &subject)
        };
        for (level, days) in [(3, 365), (4, 182), (5, 91)] {
            assert_eq!(on(level, days, None), "pass", "class {level}");
            assert_eq!(on(level, days + 1, None), "hit", "class {level}");
            assert_eq!(on(level, days + 1, Some(Timestamp(0).plus_days(1))), "pass");
        }
    }

    #[test]
    fn an_asset_in_use_that_is_not_seen_is_missing() {
        let mut fixture = Fixture::device();
        let on = |fixture: &Fixture, days| {
            let subject = Subject { now: Timestamp(0).plus_days(days), ..fixture.subject() };
            result("asset.missing", &subject)
        };
        assert_eq!(on(&fixture, 29), "pass");
        assert_eq!(on(&fixture, 30), "hit");
        fixture.asset.lifecycle = Lifecycle::InRepair;
        assert_eq!(on(&fixture, 30), "not_applicable");
        fixture.asset.lifecycle = Lifecycle::InUse;
        fixture.asset.source = Source::Manual;
        assert_eq!(on(&fixture, 30), "not_applicable");
    }

    #[test]
    fn a_server_without_a_data_set_is_said() {
        let mut fixture = Fixture::device();
        let links = [Fixture::link(2)];
        assert_eq!(result("asset.no_data_link", &fixture.subject()), "hit");
        let linked = Subject { links: &links, ..fixture.subject() };
        assert_eq!(result("asset.no_data_link", &linked), "pass");
        fixture.asset.subtype = Subtype::Laptop;
        assert_eq!(result("asset.no_data_link", &fixture.subject()), "not_applicable");
        fixture.asset.kind = AssetKind::Application;
        assert_eq!(result("asset.no_data_link", &fixture.subject()), "hit");
    }

    #[test]
    fn a_class_is_reviewed() {
        let fixture = Fixture::device();
        let own = fixture.classification();
        let on = |days| {
            let now = own.review_due.plus_days(days);
            let subject = Subject { classification: Some(&own), now, ..fixture.subject() };
            result("class.review_overdue", &subject)
        };
        assert_eq!(on(0), "pass");
        assert_eq!(on(1), "hit");
        assert_eq!(result("class.review_overdue", &fixture.subject()), "not_applicable");
    }

    #[test]
    fn what_nobody_approved_is_said_and_what_has_an_agent_was_admitted() {
        let mut fixture = Fixture::device();
        let on = |fixture: &Fixture| result("hw.unauthorised", &fixture.subject());
        assert_eq!(on(&fixture), "pass");
        fixture.asset.authorised = Authorised::No;
        assert_eq!(on(&fixture), "hit");
        fixture.asset.source = Source::Neighbour;
        for (authorised, expected) in [
            (Authorised::Unknown, "hit"),
            (Authorised::No, "hit"),
            (Authorised::Yes, "pass"),
            (Authorised::Exception, "pass"),
        ] {
            fixture.asset.authorised = authorised;
            assert_eq!(on(&fixture), expected, "{authorised}");
        }
        fixture.asset.kind = AssetKind::DataSet;
        assert_eq!(on(&fixture), "not_applicable");
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
