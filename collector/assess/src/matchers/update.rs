//! Updates that wait.

use belfort_model::time::Timestamp;

use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict, item};

/// Updates named as evidence.
const NAMED: usize = 20;

/// A security update has waited for `days`. That none has is known only when all are, from lists that are
/// no older than that.
pub(super) fn patch_overdue(subject: &Subject<'_>, kind: &FindingKind, _: &Catalogue) -> Verdict {
    let facts = match subject.device_facts() {
        Ok(facts) => facts,
        Err(verdict) => return verdict,
    };
    let Some(updates) = &facts.security_updates else { return Verdict::Unknown };
    let days = kind.params.days.unwrap_or(0);
    let mut overdue: Vec<_> = updates
        .iter()
        .filter_map(|update| Some((update.since?, update)))
        .filter(|(since, _)| subject.now.days_since(*since) > days)
        .collect();
    if overdue.is_empty() {
        let refreshed = Timestamp::of_day(&facts.updates_refreshed_on);
        let current = refreshed.is_some_and(|day| subject.now.days_since(day) <= days);
        let all = current && !facts.security_updates_partial;
        return if all { Verdict::Pass } else { Verdict::Unknown };
    }
    overdue.sort_by(|(a, one), (b, other)| (a, &one.name).cmp(&(b, &other.name)));
    let mut evidence = vec![item("waiting", overdue.len().to_string())];
    evidence.extend(overdue.into_iter().take(NAMED).map(|(since, update)| {
        let version = [" ", &update.version].concat();
        item("update", format!("{}{} since {}", update.name, version.trim_end(), since.day()))
    }));
    Verdict::Hit(vec![Observation { evidence, ..Observation::default() }])
}

#[cfg(test)]
mod tests {
    use belfort_model::asset::Source;
    use belfort_model::facts::UpdateFacts;
    use belfort_model::time::Timestamp;

    use crate::evaluate::Subject;
    use crate::testing::{Fixture, result};

    #[test]
    fn a_security_update_waits_thirty_days_at_most() {
        let mut fixture = Fixture::device();
        let on = |fixture: &Fixture, days| {
            let now = Timestamp(0).plus_days(days);
            result("patch.overdue", &Subject { now, ..fixture.subject() })
        };
        assert_eq!(on(&fixture, 31), "unknown", "nobody says what waits");
        fixture.facts.security_updates = Some(vec![]);
        assert_eq!(on(&fixture, 31), "unknown", "nobody says of which day");
        fixture.facts.updates_refreshed_on = "1970-01-02".to_owned();
        assert_eq!(on(&fixture, 31), "pass");
        assert_eq!(on(&fixture, 32), "unknown", "the list is too old to say so");
        let (name, since) = ("openssl".to_owned(), Some(Timestamp(0)));
        let update = UpdateFacts { name, since, ..UpdateFacts::default() };
        fixture.facts.security_updates = Some(vec![update]);
        assert_eq!(on(&fixture, 30), "pass");
        assert_eq!(on(&fixture, 31), "hit");
        fixture.facts.security_updates_partial = true;
        assert_eq!(on(&fixture, 30), "unknown", "there may be more");
        assert_eq!(on(&fixture, 31), "hit");
        fixture.asset.source = Source::Import;
        let bare = Subject { facts: None, ..fixture.subject() };
        assert_eq!(result("patch.overdue", &bare), "not_applicable");
    }
}
