//! Updates that wait, and since when.

use serde::{Deserialize, Serialize};

use super::DeviceFacts;
use crate::time::Timestamp;

/// Facts of one update that waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UpdateFacts {
    /// Package or number of the update.
    pub name: String,
    /// Version it brings; empty when it has none.
    pub version: String,
    /// Since when it waits: the first report that named it.
    pub since: Option<Timestamp>,
}

impl DeviceFacts {
    /// Takes over since when security updates wait. One that nothing could be told of this time has not
    /// been installed for that: it is kept aside, so that it does not begin to wait anew.
    pub(super) fn keep_waiting(&mut self, previous: Option<&Self>, now: Timestamp) {
        let before: Vec<&UpdateFacts> = previous
            .into_iter()
            .flat_map(|facts| {
                facts.security_updates.iter().flatten().chain(&facts.security_updates_unseen)
            })
            .collect();
        for update in self.security_updates.iter_mut().flatten() {
            let known = before.iter().find(|one| one.name == update.name);
            // The newer version of an update that waits has waited as long.
            update.since = Some(known.and_then(|one| one.since).unwrap_or(now));
        }
        let listed = self.security_updates.as_deref().unwrap_or_default();
        let is_listed = |name: &str| listed.iter().any(|one| one.name == name);
        self.security_updates_unseen = match &self.security_updates {
            Some(_) if !self.security_updates_partial => Vec::new(),
            _ => before.into_iter().filter(|one| !is_listed(&one.name)).cloned().collect(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(names: &[&str]) -> DeviceFacts {
        let update = |name: &&str| UpdateFacts { name: (*name).to_owned(), ..Default::default() };
        let security_updates = Some(names.iter().map(update).collect());
        DeviceFacts { security_updates, ..DeviceFacts::default() }
    }

    fn since(facts: &DeviceFacts) -> Vec<(&str, i64)> {
        let updates = facts.security_updates.iter().flatten();
        updates.map(|one| (one.name.as_str(), one.since.unwrap().0)).collect()
    }

    #[test]
    fn an_update_waits_since_it_was_first_named() {
        let first = with(&["openssl"]).following(None, Timestamp(1));
        let second = with(&["openssl", "curl"]).following(Some(&first), Timestamp(2));
        assert_eq!(since(&second), [("openssl", 1), ("curl", 2)]);
    }

    #[test]
    fn what_could_not_be_told_does_not_begin_anew() {
        let first = with(&["openssl", "curl"]).following(None, Timestamp(1));
        let nothing = DeviceFacts::default().following(Some(&first), Timestamp(2));
        assert_eq!(nothing.security_updates, None);
        let some = DeviceFacts { security_updates_partial: true, ..with(&["curl"]) };
        let some = some.following(Some(&nothing), Timestamp(3));
        assert_eq!(since(&some), [("curl", 1)]);
        let all = with(&["curl", "openssl"]).following(Some(&some), Timestamp(4));
        assert_eq!(since(&all), [("curl", 1), ("openssl", 1)]);
        assert!(all.security_updates_unseen.is_empty());
        // Told to be installed: should it come back, it waits anew.
        let installed = with(&["curl"]).following(Some(&all), Timestamp(5));
        let again = with(&["curl", "openssl"]).following(Some(&installed), Timestamp(6));
        assert_eq!(since(&again), [("curl", 1), ("openssl", 6)]);
    }
}
