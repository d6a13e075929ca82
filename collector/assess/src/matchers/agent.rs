//! The agent: its version, its certificate, its clock.

use std::cmp::Ordering;

use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict, item, volatile};
use crate::version;

/// The agent is older than `minimum`.
pub(super) fn version_unsupported(
    subject: &Subject<'_>,
    kind: &FindingKind,
    _: &Catalogue,
) -> Verdict {
    let Some(agent) = subject.agent else { return Verdict::NotApplicable };
    let Some(minimum) = &kind.params.minimum else { return Verdict::NotApplicable };
    if !agent.version.starts_with(|c: char| c.is_ascii_digit()) {
        return Verdict::Unknown;
    }
    // A pre-release comes before its release: `1.0.0-rc1` before `1.0.0`.
    let order = |text: &str| text.replace('-', "~");
    match version::dpkg_part(&order(&agent.version), &order(minimum)) {
        Ordering::Less => Verdict::Hit(vec![Observation::of(
            "agent",
            format!("{}, at least {minimum} is needed", agent.version),
        )]),
        _ => Verdict::Pass,
    }
}

/// The agent is in contact and its certificate ends within `days`: renewal fails.
pub(super) fn certificate_expiring(
    subject: &Subject<'_>,
    kind: &FindingKind,
    _: &Catalogue,
) -> Verdict {
    let Some(agent) = subject.agent else { return Verdict::NotApplicable };
    let end = agent.certificate_not_after;
    let days = kind.params.days.unwrap_or(0);
    // One that is switched off cannot renew; that it is silent is another finding.
    let in_contact = agent.last_seen.is_some_and(|seen| end.days_since(seen) < days);
    if !in_contact || end.days_since(subject.now) >= days {
        return Verdict::Pass;
    }
    Verdict::Hit(vec![Observation::of("certificate", format!("ends {}", end.day()))])
}

/// The device's clock differs by `seconds` from the collector's; worse from `severe_seconds`.
pub(super) fn clock_drift(subject: &Subject<'_>, kind: &FindingKind, _: &Catalogue) -> Verdict {
    let Some(agent) = subject.agent else { return Verdict::NotApplicable };
    if agent.last_seen.is_none() {
        return Verdict::Unknown;
    }
    let params = &kind.params;
    let off_ms = agent.clock_offset_ms.unsigned_abs();
    let over = |seconds: Option<i64>| {
        let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
        seconds.is_some_and(|seconds| off_ms > seconds.saturating_mul(1000))
    };
    if !over(params.seconds) {
        return Verdict::Pass;
    }
    let ahead = if agent.clock_offset_ms > 0 { "ahead" } else { "behind" };
    Verdict::Hit(vec![Observation {
        likelihood: params.severe_likelihood.filter(|_| over(params.severe_seconds)),
        evidence: vec![item("clock", ahead), volatile("seconds", (off_ms / 1000).to_string())],
        ..Observation::default()
    }])
}

#[cfg(test)]
mod tests {
    use belfort_model::time::Timestamp;

    use crate::catalogue::Catalogue;
    use crate::evaluate::{Subject, evaluate};
    use crate::testing::{Fixture, result};

    #[test]
    fn an_old_agent_is_said() {
        let fixture = Fixture::device();
        let on = |version: &str| {
            let mut agent = fixture.agent();
            agent.version = version.to_owned();
            let subject = Subject { agent: Some(&agent), ..fixture.subject() };
            result("agent.version_unsupported", &subject)
        };
        assert_eq!(on("0.0.9"), "hit");
        assert_eq!(on("0.1.0-rc1"), "hit");
        assert_eq!(on("0.1.0"), "pass");
        assert_eq!(on("0.10.0"), "pass");
        assert_eq!(on(""), "unknown");
        assert_eq!(on("nightly"), "unknown");
        assert_eq!(result("agent.version_unsupported", &fixture.subject()), "not_applicable");
    }

    #[test]
    fn renewal_fails_when_the_agent_is_there_and_the_end_is_near() {
        let fixture = Fixture::device();
        let on = |seen: Option<i64>, today: i64| {
            let mut agent = fixture.agent();
            agent.certificate_not_after = Timestamp(0).plus_days(30);
            agent.last_seen = seen.map(|day| Timestamp(0).plus_days(day));
            let now = Timestamp(0).plus_days(today);
            let subject = Subject { agent: Some(&agent), now, ..fixture.subject() };
            result("agent.certificate_expiring", &subject)
        };
        assert_eq!(on(Some(22), 22), "pass");
        assert_eq!(on(Some(24), 24), "hit");
        assert_eq!(on(Some(10), 29), "pass", "switched off");
        assert_eq!(on(None, 29), "pass");
        assert_eq!(result("agent.certificate_expiring", &fixture.subject()), "not_applicable");
    }

    #[test]
    fn a_clock_that_is_far_off_is_worse() {
        let fixture = Fixture::device();
        let on = |ms: i64, seen: Option<Timestamp>| {
            let mut agent = fixture.agent();
            (agent.clock_offset_ms, agent.last_seen) = (ms, seen);
            let subject = Subject { agent: Some(&agent), ..fixture.subject() };
            let evaluation = evaluate(&Catalogue::shipped().unwrap(), &subject);
            let hit = evaluation.hits.into_iter().find(|hit| hit.code == "clock.drift");
            (evaluation.results["clock.drift"].as_str(), hit.map(|hit| hit.likelihood.get()))
        };
        let seen = Some(Timestamp(0));
        assert_eq!(on(60_000, seen), ("pass", None));
        assert_eq!(on(-60_001, seen), ("hit", Some(2)));
        assert_eq!(on(300_000, seen), ("hit", Some(2)));
        assert_eq!(on(300_001, seen), ("hit", Some(3)));
        assert_eq!(on(i64::MIN, seen), ("hit", Some(3)));
        assert_eq!(on(0, None), ("unknown", None));
        assert_eq!(result("clock.drift", &fixture.subject()), "not_applicable");
    }
}
