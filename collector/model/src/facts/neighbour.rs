//! Devices seen beside this one, and since when.

use serde::{Deserialize, Serialize};

use super::DeviceFacts;
use crate::time::Timestamp;

/// Most neighbours kept of one device: those that are there, then those that left last.
const NEIGHBOURS: usize = 256;
/// Days a neighbour that left is remembered.
const DAYS: i64 = 90;

/// Facts of one device on the networks of this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NeighbourFacts {
    /// Address.
    pub address: String,
    /// Hardware address.
    pub mac_address: String,
    /// Who made it, by the hardware address; empty when unknown.
    pub vendor: String,
    /// Whether it says it is a router.
    pub router: bool,
    /// When a report first named it.
    pub first_seen: Option<Timestamp>,
    /// When a report first named it no more; nothing while it is there.
    pub last_seen: Option<Timestamp>,
}

impl NeighbourFacts {
    fn is_same(&self, other: &Self) -> bool {
        (&self.mac_address, &self.address) == (&other.mac_address, &other.address)
    }
}

impl DeviceFacts {
    /// Takes over since when neighbours are there, and those that left. Where neighbours are no longer
    /// collected none are kept.
    pub(super) fn keep_neighbours(&mut self, previous: Option<&Self>, now: Timestamp) {
        let Some(present) = &mut self.neighbours else { return };
        let before = previous.and_then(|facts| facts.neighbours.as_deref()).unwrap_or_default();
        for neighbour in present.iter_mut() {
            let known = before.iter().find(|one| one.is_same(neighbour));
            neighbour.first_seen = Some(known.and_then(|one| one.first_seen).unwrap_or(now));
        }
        let mut left: Vec<_> = before
            .iter()
            .filter(|one| !present.iter().any(|other| other.is_same(one)))
            .cloned()
            .map(|one| NeighbourFacts { last_seen: Some(one.last_seen.unwrap_or(now)), ..one })
            .filter(|one| one.last_seen.is_some_and(|seen| now.days_since(seen) <= DAYS))
            .collect();
        left.sort_by_key(|one| std::cmp::Reverse(one.last_seen));
        present.append(&mut left);
        present.truncate(NEIGHBOURS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(addresses: &[&str]) -> DeviceFacts {
        let neighbour = |mac: &&str| NeighbourFacts {
            mac_address: (*mac).to_owned(),
            ..NeighbourFacts::default()
        };
        let neighbours = Some(addresses.iter().map(neighbour).collect());
        DeviceFacts { neighbours, ..DeviceFacts::default() }
    }

    fn seen(facts: &DeviceFacts) -> Vec<(&str, i64, Option<i64>)> {
        let all = facts.neighbours.iter().flatten();
        let day = |at: Timestamp| at.days_since(Timestamp(0));
        all.map(|one| {
            (one.mac_address.as_str(), day(one.first_seen.unwrap()), one.last_seen.map(day))
        })
        .collect()
    }

    #[test]
    fn a_neighbour_comes_goes_and_comes_back() {
        let day = |day| Timestamp(0).plus_days(day);
        let first = with(&["a", "b"]).following(None, day(1));
        let second = with(&["b", "c"]).following(Some(&first), day(2));
        assert_eq!(seen(&second), [("b", 1, None), ("c", 2, None), ("a", 1, Some(2))]);
        let third = with(&["a"]).following(Some(&second), day(3));
        assert_eq!(seen(&third), [("a", 1, None), ("b", 1, Some(3)), ("c", 2, Some(3))]);
        let later = with(&["a"]).following(Some(&third), day(94));
        assert_eq!(seen(&later), [("a", 1, None)], "forgotten after ninety days");
        let off = DeviceFacts::default().following(Some(&third), day(4));
        assert_eq!(off.neighbours, None);
    }

    #[test]
    fn no_more_than_the_most_are_kept() {
        let names: Vec<_> = (0..400).map(|n| format!("m{n}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let first = with(&names).following(None, Timestamp(1));
        let second = with(&["a"]).following(Some(&first), Timestamp(2));
        let kept = second.neighbours.unwrap();
        assert_eq!((kept.len(), kept[0].mac_address.as_str()), (NEIGHBOURS, "a"));
    }
}
