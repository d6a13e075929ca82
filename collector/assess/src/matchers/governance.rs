//! What was agreed: exceptions that end, and what may be collected.

use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict, item};

/// An exception is past its end.
pub(super) fn exception_expired(subject: &Subject<'_>, _: &FindingKind, _: &Catalogue) -> Verdict {
    let Some(exceptions) = subject.records.exceptions else { return Verdict::Unknown };
    if exceptions.is_empty() {
        return Verdict::NotApplicable;
    }
    let expired = exceptions.iter().filter(|one| one.expires_at <= subject.now);
    let observations = expired.map(|one| Observation {
        key: format!("{}/{}", one.code, one.reference),
        // What it excepted is what is at stake again.
        dimensions: Some(one.dimensions),
        evidence: vec![
            item("exception", format!("{} for {}", one.reference, one.code)),
            item("ended", one.expires_at.day()),
        ],
        ..Observation::default()
    });
    Verdict::from_observations(observations.collect())
}

/// The device sent fields outside the allow-list, or what its settings switch off; the collector dropped it.
pub(super) fn overcollection(subject: &Subject<'_>, _: &FindingKind, _: &Catalogue) -> Verdict {
    let facts = match subject.device_facts() {
        Ok(facts) => facts,
        Err(verdict) => return verdict,
    };
    let dropped = facts.dropped_fields.iter().filter(|(_, fields)| **fields > 0);
    let observations = dropped.map(|(section, fields)| Observation {
        key: section.clone(),
        ..Observation::of("section", format!("{section}: {fields} fields dropped"))
    });
    let off = facts.sent_although_off.iter().map(|(section, fields)| Observation {
        key: format!("{section}/off"),
        ..Observation::of(
            "switched off",
            match fields {
                0 => section.clone(),
                fields => format!("{section}: {fields} fields"),
            },
        )
    });
    Verdict::from_observations(observations.chain(off).collect())
}

#[cfg(test)]
mod tests {
    use belfort_model::asset::Source;
    use belfort_model::scale::Dimensions;
    use belfort_model::time::Timestamp;

    use crate::catalogue::Catalogue;
    use crate::evaluate::{Granted, Records, Subject, evaluate};
    use crate::testing::{Fixture, result};

    #[test]
    fn an_exception_ends() {
        let fixture = Fixture::device();
        let granted = [Granted {
            reference: "E-2026-0001".to_owned(),
            code: "disk.unencrypted".to_owned(),
            dimensions: Dimensions::try_from("V".to_owned()).unwrap(),
            expires_at: Timestamp(10),
        }];
        let on = |exceptions, now| {
            let records = Records { exceptions, ..Records::default() };
            let subject = Subject { records, now: Timestamp(now), ..fixture.subject() };
            let evaluation = evaluate(&Catalogue::shipped().unwrap(), &subject);
            let hit = evaluation.hits.into_iter().find(|hit| hit.code == "exception.expired");
            let dimensions = hit.map(|hit| hit.dimensions.to_string());
            (evaluation.results["exception.expired"].as_str(), dimensions)
        };
        assert_eq!(on(None, 11), ("unknown", None));
        assert_eq!(on(Some(&[][..]), 11), ("not_applicable", None));
        assert_eq!(on(Some(&granted[..]), 9), ("pass", None));
        assert_eq!(on(Some(&granted[..]), 10), ("hit", Some("V".to_owned())));
    }

    #[test]
    fn fields_outside_the_allow_list_are_said() {
        let mut fixture = Fixture::device();
        let code = "privacy.overcollection";
        assert_eq!(result(code, &fixture.subject()), "pass");
        fixture.facts.dropped_fields.insert("services".to_owned(), 2);
        assert_eq!(result(code, &fixture.subject()), "hit");
        fixture.facts.dropped_fields.clear();
        fixture.facts.sent_although_off.insert("accounts".to_owned(), 0);
        assert_eq!(result(code, &fixture.subject()), "hit");
        let silent = Subject { facts: None, ..fixture.subject() };
        assert_eq!(result(code, &silent), "unknown");
        fixture.asset.source = Source::Manual;
        let bare = Subject { facts: None, ..fixture.subject() };
        assert_eq!(result(code, &bare), "not_applicable");
    }
}
