//! Order of Debian's versions. Source: deb-version(5), "Sorting algorithm".

use std::cmp::Ordering;

/// Compares two versions, `[epoch:]upstream[-revision]`. What is no version orders somehow, but always
/// the same way.
pub fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (epoch_a, upstream_a, revision_a) = split(a);
    let (epoch_b, upstream_b, revision_b) = split(b);
    numbers(epoch_a, epoch_b)
        .then_with(|| parts(upstream_a, upstream_b))
        .then_with(|| parts(revision_a, revision_b))
}

/// Epoch, upstream version and revision; an absent epoch or revision is empty, which orders like 0.
fn split(version: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let colon = version.iter().position(|byte| *byte == b':');
    let (epoch, rest) = match colon.and_then(|at| version.split_at_checked(at)) {
        Some((epoch, rest)) => (epoch, rest.get(1..).unwrap_or_default()),
        None => (&b""[..], version),
    };
    let dash = rest.iter().rposition(|byte| *byte == b'-');
    match dash.and_then(|at| rest.split_at_checked(at)) {
        Some((upstream, revision)) => (epoch, upstream, revision.get(1..).unwrap_or_default()),
        None => (epoch, rest, b""),
    }
}

/// Compares text and numbers by turns, from the left.
fn parts(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let (text_a, text_b) = (cut(&mut a, false), cut(&mut b, false));
        let (number_a, number_b) = (cut(&mut a, true), cut(&mut b, true));
        let order = texts(text_a, text_b).then_with(|| numbers(number_a, number_b));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Takes what is digits, or is not, off the front.
fn cut<'a>(rest: &mut &'a [u8], digits: bool) -> &'a [u8] {
    let end = rest.iter().position(|byte| byte.is_ascii_digit() != digits).unwrap_or(rest.len());
    let (front, tail) = rest.split_at_checked(end).unwrap_or((rest, b""));
    *rest = tail;
    front
}

/// Letters before other characters, and a tilde before everything, even before the end.
fn texts(a: &[u8], b: &[u8]) -> Ordering {
    let rank = |byte: Option<&u8>| match byte {
        Some(b'~') => (0, 0),
        None => (1, 0),
        Some(letter) if letter.is_ascii_alphabetic() => (2, *letter),
        Some(other) => (3, *other),
    };
    let places = a.len().max(b.len());
    (0..places)
        .map(|at| rank(a.get(at)).cmp(&rank(b.get(at))))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Compares numbers of any length; nothing is zero.
fn numbers(a: &[u8], b: &[u8]) -> Ordering {
    let trimmed = |digits: &'_ [u8]| -> usize {
        digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len())
    };
    let (a, b) = (a.get(trimmed(a)..), b.get(trimmed(b)..));
    a.map(<[u8]>::len).cmp(&b.map(<[u8]>::len)).then_with(|| a.cmp(&b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_order_of_the_manual() {
        // The example of deb-version(5).
        let sorted = ["~~", "~~a", "~", "", "a"];
        for pair in sorted.windows(2) {
            assert_eq!(compare(pair[0].as_bytes(), pair[1].as_bytes()), Ordering::Less, "{pair:?}");
        }
    }

    /// Each confirmed with `dpkg --compare-versions`; `agent/tests/apt.rs` asks it for many more.
    #[test]
    fn versions_of_packages() {
        for (a, b, order) in [
            ("1.0-1", "1.0-1", Ordering::Equal),
            ("1.0", "1.0-0", Ordering::Equal),
            ("0:1.0", "1.0", Ordering::Equal),
            ("1.0-1", "1.0-1+b1", Ordering::Less),
            ("1.0~rc1-1", "1.0-1", Ordering::Less),
            ("9.9-1", "1:0.1-1", Ordering::Less),
            ("2:1", "10:1", Ordering::Less),
            ("1.2-3-4", "1.2-3-5", Ordering::Less),
            ("1.10", "1.9", Ordering::Greater),
            ("12.4+deb12u11", "12.4+deb12u15", Ordering::Less),
            ("1.0a", "1.0+", Ordering::Less),
            ("1.001", "1.1", Ordering::Equal),
            ("1.99999999999999999999999", "1.100000000000000000000000", Ordering::Less),
        ] {
            assert_eq!(compare(a.as_bytes(), b.as_bytes()), order, "{a} {b}");
            assert_eq!(compare(b.as_bytes(), a.as_bytes()), order.reverse(), "{b} {a}");
        }
    }

    proptest! {
        #[test]
        fn it_is_an_order(
            versions in proptest::array::uniform3("([0-2]:)?[0-9a~+.-]{0,6}"),
        ) {
            let mut sorted = versions.clone();
            sorted.sort_by(|a, b| compare(a.as_bytes(), b.as_bytes()));
            let [a, b, c] = &sorted;
            prop_assert!(compare(a.as_bytes(), c.as_bytes()).is_le());
            prop_assert!(compare(a.as_bytes(), b.as_bytes()).is_le());
            prop_assert!(compare(b.as_bytes(), a.as_bytes()).is_ge());
        }

        #[test]
        fn any_bytes(
            a in proptest::collection::vec(any::<u8>(), 0..40),
            b in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &a), Ordering::Equal);
        }
    }
}
