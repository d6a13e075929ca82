//! Whether a version is in a range of affected ones.

use std::cmp::Ordering;

use belfort_model::advisory::Event;

use crate::version::Order;

/// Brings the events of a range into the order of their versions; answers whether all of them are
/// versions of this order.
pub(super) fn sort(events: &mut [Event], order: Order) -> bool {
    let known = events.iter().all(|event| {
        let version = version(event);
        version == "0" || version == "*" || order.compare(version, version).is_some()
    });
    // Where two meet, the one that ends comes after the one that begins.
    events
        .sort_by(|a, b| compare(order, version(a), version(b)).then_with(|| rank(a).cmp(&rank(b))));
    known
}

/// Whether a text is a version of this order. What is none compares with nothing, and so matches nothing.
pub(super) fn is_version(version: &str, order: Order) -> bool {
    order.compare(version, version).is_some()
}

/// Whether a version is affected by a range whose events are sorted.
///
/// Source: OSV schema 1.7, "Evaluation".
pub(super) fn contains(events: &[Event], version: &str, order: Order) -> bool {
    let limits = || {
        events.iter().filter_map(|event| match event {
            Event::Limit(limit) => Some(limit.as_str()),
            _ => None,
        })
    };
    let before_a_limit =
        || limits().any(|limit| limit == "*" || compare(order, version, limit) == Ordering::Less);
    if limits().next().is_some() && !before_a_limit() {
        return false;
    }
    let mut affected = false;
    for event in events {
        match event {
            Event::Introduced(from) if compare(order, version, from) != Ordering::Less => {
                affected = true;
            }
            Event::Fixed(fixed) if compare(order, version, fixed) != Ordering::Less => {
                affected = false;
            }
            Event::LastAffected(last) if compare(order, version, last) == Ordering::Greater => {
                affected = false;
            }
            _ => {}
        }
    }
    affected
}

/// The first version after this one in which it is mended.
pub(super) fn fix<'a>(events: &'a [Event], version: &str, order: Order) -> Option<&'a str> {
    events.iter().find_map(|event| match event {
        Event::Fixed(fixed) if compare(order, version, fixed) == Ordering::Less => {
            Some(fixed.as_str())
        }
        _ => None,
    })
}

fn version(event: &Event) -> &str {
    match event {
        Event::Introduced(version)
        | Event::Fixed(version)
        | Event::LastAffected(version)
        | Event::Limit(version) => version,
    }
}

fn rank(event: &Event) -> u8 {
    match event {
        Event::Introduced(_) => 0,
        Event::LastAffected(_) => 1,
        Event::Fixed(_) => 2,
        Event::Limit(_) => 3,
    }
}

/// Compares versions of events: `0` comes before all.
fn compare(order: Order, a: &str, b: &str) -> Ordering {
    match (a == "0", b == "0") {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => order.compare(a, b).unwrap_or(Ordering::Equal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(events: &[(&str, &str)]) -> Vec<Event> {
        let event = |(kind, version): &(&str, &str)| {
            let version = (*version).to_owned();
            match *kind {
                "introduced" => Event::Introduced(version),
                "fixed" => Event::Fixed(version),
                "last" => Event::LastAffected(version),
                _ => Event::Limit(version),
            }
        };
        let mut events: Vec<_> = events.iter().map(event).collect();
        assert!(sort(&mut events, Order::Dpkg));
        events
    }

    fn affected(events: &[(&str, &str)], versions: &[&str]) -> Vec<bool> {
        let events = sorted(events);
        let affected = |version: &&str| {
            is_version(version, Order::Dpkg) && contains(&events, version, Order::Dpkg)
        };
        versions.iter().map(affected).collect()
    }

    #[test]
    fn a_range_ends_before_its_fix_and_with_its_last() {
        let fixed = [("fixed", "1.2-1"), ("introduced", "0")];
        assert_eq!(
            affected(&fixed, &["0~a", "0", "1.2~rc1-1", "1.2-1", "9"]),
            [true, true, true, false, false]
        );
        let last = [("introduced", "1.0"), ("last", "1.2")];
        assert_eq!(affected(&last, &["0.9", "1.0", "1.2", "1.2.1"]), [false, true, true, false]);
        let open = [("introduced", "0")];
        assert_eq!(affected(&open, &["1", "999", ""]), [true, true, false]);
    }

    #[test]
    fn several_lines_of_development_are_one_range() {
        let lines =
            [("introduced", "2.0"), ("fixed", "1.5"), ("introduced", "1.0"), ("fixed", "2.3")];
        assert_eq!(
            affected(&lines, &["0.1", "1.4", "1.5", "2.0", "2.3"]),
            [false, true, false, true, false]
        );
        let events = sorted(&lines);
        assert_eq!(fix(&events, "1.4", Order::Dpkg), Some("1.5"));
        assert_eq!(fix(&events, "2.1", Order::Dpkg), Some("2.3"));
        assert_eq!(fix(&events, "3", Order::Dpkg), None);
    }

    #[test]
    fn nothing_is_said_behind_a_limit() {
        let limited = [("introduced", "1.0"), ("limit", "2.0")];
        assert_eq!(affected(&limited, &["1.5", "2.0"]), [true, false]);
        assert_eq!(affected(&[("introduced", "1.0"), ("limit", "*")], &["9"]), [true]);
    }

    #[test]
    fn what_is_no_version_matches_nothing() {
        let mut events = [Event::Introduced("0".to_owned()), Event::Fixed("x.y".to_owned())];
        assert!(!sort(&mut events, Order::Semver));
        assert!(!is_version("", Order::Rpm) && !is_version("not", Order::Semver));
    }
}
