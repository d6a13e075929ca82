//! Hardware: parts that were replaced.

use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict, item};

/// Board, TPM or system disk was replaced in the last `days`.
pub(super) fn changed(subject: &Subject<'_>, kind: &FindingKind, _: &Catalogue) -> Verdict {
    let facts = match subject.device_facts() {
        Ok(facts) => facts,
        Err(verdict) => return verdict,
    };
    let days = kind.params.days.unwrap_or(0);
    let recent = facts.replaced.iter().filter(|one| subject.now.days_since(one.at) < days);
    let observations: Vec<_> = recent
        .map(|one| Observation {
            key: format!("{}/{}", one.part, one.after),
            evidence: vec![
                item(&one.part, format!("{} became {}", one.before, one.after)),
                item("first_seen", one.at.day()),
            ],
            ..Observation::default()
        })
        .collect();
    Verdict::of(observations, !facts.parts.is_known())
}

#[cfg(test)]
mod tests {
    use belfort_model::asset::{Source, Subtype};
    use belfort_model::facts::Replaced;
    use belfort_model::time::Timestamp;

    use crate::evaluate::Subject;
    use crate::testing::{Fixture, result};

    #[test]
    fn a_replaced_part_is_said_for_a_month() {
        let mut fixture = Fixture::device();
        let on = |fixture: &Fixture, days| {
            let now = Timestamp(0).plus_days(days);
            result("hw.changed", &Subject { now, ..fixture.subject() })
        };
        assert_eq!(on(&fixture, 0), "unknown");
        fixture.facts.parts.board = "b2".to_owned();
        assert_eq!(on(&fixture, 0), "pass");
        fixture.facts.replaced.push(Replaced {
            part: "board".to_owned(),
            before: "b1".to_owned(),
            after: "b2".to_owned(),
            at: Timestamp(0),
        });
        assert_eq!(on(&fixture, 29), "hit");
        assert_eq!(on(&fixture, 30), "pass");
        fixture.asset.source = Source::Manual;
        let bare = Subject { facts: None, ..fixture.subject() };
        assert_eq!(result("hw.changed", &bare), "not_applicable");
    }

    #[test]
    fn a_tpm_of_version_two_is_asked_of_hardware() {
        let mut fixture = Fixture::device();
        let with = |fixture: &mut Fixture, tpm, version| {
            (fixture.facts.tpm, fixture.facts.tpm_version) = (tpm, version);
            result("tpm.absent", &fixture.subject())
        };
        assert_eq!(with(&mut fixture, Some(false), 0), "hit");
        assert_eq!(with(&mut fixture, Some(true), 1), "hit");
        assert_eq!(with(&mut fixture, Some(true), 2), "pass");
        assert_eq!(with(&mut fixture, Some(true), 0), "unknown");
        assert_eq!(with(&mut fixture, None, 0), "unknown");
        fixture.asset.subtype = Subtype::Vm;
        assert_eq!(with(&mut fixture, Some(false), 0), "not_applicable");
        fixture.asset.subtype = Subtype::Server;
        fixture.asset.source = Source::Manual;
        let bare = Subject { facts: None, ..fixture.subject() };
        assert_eq!(result("tpm.absent", &bare), "not_applicable");
    }

    #[test]
    fn firmware_is_old_after_three_years() {
        let mut fixture = Fixture::device();
        let on = |fixture: &mut Fixture, date: &str, now: &str| {
            date.clone_into(&mut fixture.facts.firmware_date);
            let now = now.parse().unwrap();
            result("firmware.outdated", &Subject { now, ..fixture.subject() })
        };
        let now = "2026-11-25T00:00:00Z";
        assert_eq!(on(&mut fixture, "2023-11-25", now), "pass");
        assert_eq!(on(&mut fixture, "2023-11-24", now), "hit");
        assert_eq!(on(&mut fixture, "", now), "unknown");
        assert_eq!(on(&mut fixture, "last week", now), "unknown");
        fixture.asset.subtype = Subtype::Container;
        assert_eq!(on(&mut fixture, "2020-01-01", now), "not_applicable");
    }
}
