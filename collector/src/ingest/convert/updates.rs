//! Updates that wait.

use belfort_model::facts::{DeviceFacts, UpdateFacts};
use belfort_proto::fields;
use belfort_proto::inventory::v1::{OutcomeStatus, Tristate, UpdatesSection};

use super::known;

/// Most updates kept of one machine.
const UPDATES: usize = 1000;

/// Without a package manager that was asked nothing is known. A source that was not read, or an update
/// nobody calls of security or not, leaves what is named true and the rest unknown.
pub(super) fn updates(section: &UpdatesSection, facts: &mut DeviceFacts) {
    facts.automatic_updates = known(section.automatic());
    facts.updates_refreshed_on.clone_from(&section.refreshed_on);
    let off = |field: &str| fields::is_off(&section.outcomes, field);
    if section.managers.is_empty() || off("pending.name") {
        return;
    }
    let all_read = section.outcomes.iter().all(|outcome| {
        // A field that is switched off is looked at by itself.
        matches!(outcome.status(), OutcomeStatus::Absent | OutcomeStatus::Off)
    });
    let pending = u32::try_from(section.pending.len()).unwrap_or(u32::MAX);
    facts.pending_updates = all_read.then_some(pending);
    if off("pending.security") {
        return;
    }
    let of_security = section.pending.iter().filter(|one| one.security() == Tristate::Yes);
    let mut updates: Vec<_> = of_security
        .map(|update| UpdateFacts {
            name: update.name.clone(),
            version: update.available_version.clone(),
            since: None,
        })
        .collect();
    updates.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    // Of several architectures one is enough to say that it waits.
    updates.dedup_by(|a, b| a.name == b.name);
    let judged = section.pending.iter().all(|one| one.security() != Tristate::Unspecified);
    facts.security_updates_partial = !all_read || !judged || updates.len() > UPDATES;
    updates.truncate(UPDATES);
    facts.security_updates = Some(updates);
}

#[cfg(test)]
mod tests {
    use belfort_proto::inventory::v1::{Outcome, PendingUpdate};
    use belfort_proto::section::Section;

    use super::super::observe;
    use super::*;

    fn pending(name: &str, architecture: &str, security: Tristate) -> PendingUpdate {
        PendingUpdate {
            ecosystem: "deb".to_owned(),
            name: name.to_owned(),
            architecture: architecture.to_owned(),
            available_version: "2".to_owned(),
            security: security.into(),
            ..PendingUpdate::default()
        }
    }

    fn facts(section: UpdatesSection, off: &[&str]) -> DeviceFacts {
        let mut section = Section::Updates(section);
        let off: Vec<_> = off.iter().map(|path| path.parse().unwrap()).collect();
        fields::note(&mut section, &off);
        observe([section].iter()).facts
    }

    fn apt(list: Vec<PendingUpdate>) -> UpdatesSection {
        let managers = vec!["apt".to_owned()];
        UpdatesSection { managers, pending: list, ..UpdatesSection::default() }
    }

    fn names(facts: &DeviceFacts) -> Option<Vec<&str>> {
        let updates = facts.security_updates.as_ref()?;
        Some(updates.iter().map(|update| update.name.as_str()).collect())
    }

    #[test]
    fn security_updates_are_named_once() {
        let list = vec![
            pending("zlib1g", "amd64", Tristate::Yes),
            pending("curl", "amd64", Tristate::Yes),
            pending("curl", "i386", Tristate::Yes),
            pending("nano", "amd64", Tristate::No),
        ];
        let facts = facts(apt(list), &[]);
        assert_eq!(names(&facts), Some(vec!["curl", "zlib1g"]));
        assert_eq!((facts.pending_updates, facts.security_updates_partial), (Some(4), false));
    }

    #[test]
    fn nobody_asked_is_not_nothing_waits() {
        let nobody = facts(UpdatesSection::default(), &[]);
        assert_eq!((names(&nobody), nobody.pending_updates), (None, None));
        let nothing = facts(apt(vec![]), &[]);
        assert_eq!((names(&nothing), nothing.pending_updates), (Some(vec![]), Some(0)));
        assert!(!nothing.security_updates_partial);
    }

    #[test]
    fn a_source_that_was_not_read_leaves_the_rest_unknown() {
        let with = |status: OutcomeStatus| {
            let (source, reason) = ("/var/lib/apt/lists".to_owned(), String::new());
            let outcomes = vec![Outcome { source, status: status.into(), reason }];
            let list = vec![pending("curl", "amd64", Tristate::Yes)];
            facts(UpdatesSection { outcomes, ..apt(list) }, &[])
        };
        let failed = with(OutcomeStatus::Failed);
        assert_eq!((names(&failed), failed.pending_updates), (Some(vec!["curl"]), None));
        assert!(
            failed.security_updates_partial
                && !with(OutcomeStatus::Absent).security_updates_partial
        );
        let unjudged = facts(apt(vec![pending("tool", "amd64", Tristate::Unspecified)]), &[]);
        assert!(unjudged.security_updates_partial);
        assert_eq!(unjudged.pending_updates, Some(1));
    }

    #[test]
    fn what_is_switched_off_is_unknown() {
        let list = || apt(vec![pending("curl", "amd64", Tristate::Yes)]);
        let all = facts(apt(vec![]), &["updates.pending"]);
        assert_eq!((names(&all), all.pending_updates), (None, None));
        let kinds = facts(list(), &["updates.pending.security"]);
        assert_eq!((names(&kinds), kinds.pending_updates), (None, Some(1)));
        let other = facts(list(), &["updates.pending.origin"]);
        assert_eq!(names(&other), Some(vec!["curl"]));
        assert!(!other.security_updates_partial);
    }
}
