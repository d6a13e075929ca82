//! Order of rpm's versions. Source: rpm-version(7).

use std::cmp::Ordering;

/// Compares two versions of the form `[epoch:]version[-release]` as rpm does.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (split(a), split(b));
    part(a.0, b.0).then_with(|| part(a.1, b.1)).then_with(|| part(a.2, b.2))
}

fn split(version: &str) -> (&[u8], &[u8], &[u8]) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let epoch = if epoch.is_empty() { "0" } else { epoch };
    let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch.as_bytes(), version.as_bytes(), release.as_bytes())
}

/// A piece of a version, in the order in which pieces rank at the same place. What follows a tilde comes
/// before the end, what follows a caret after it but before anything else.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece<'a> {
    Tilde,
    End,
    Caret,
    Letters(&'a [u8]),
    /// A number, by how many digits it has without leading zeros, then by these.
    Number(usize, &'a [u8]),
}

fn part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let (x, y) = (next(&mut a), next(&mut b));
        match x.cmp(&y) {
            Ordering::Equal if x == Piece::End => return Ordering::Equal,
            Ordering::Equal => {}
            other => return other,
        }
    }
}

/// Takes the next piece; other signs than letters, digits, `~` and `^` only stand between.
fn next<'a>(text: &mut &'a [u8]) -> Piece<'a> {
    let counts = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'~' | b'^');
    let start = text.iter().position(counts).unwrap_or(text.len());
    let rest = text.get(start..).unwrap_or_default();
    let run = |is: fn(&u8) -> bool| {
        let end = rest.iter().position(|byte| !is(byte)).unwrap_or(rest.len());
        rest.split_at_checked(end).unwrap_or_default()
    };
    let (piece, rest) = match rest.split_first() {
        None => (Piece::End, rest),
        Some((b'~', rest)) => (Piece::Tilde, rest),
        Some((b'^', rest)) => (Piece::Caret, rest),
        Some((first, _)) if first.is_ascii_digit() => {
            let (digits, rest) = run(u8::is_ascii_digit);
            let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
            let digits = digits.get(zeros..).unwrap_or_default();
            (Piece::Number(digits.len(), digits), rest)
        }
        Some(_) => {
            let (letters, rest) = run(u8::is_ascii_alphabetic);
            (Piece::Letters(letters), rest)
        }
    };
    *text = rest;
    piece
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_order_as_rpm_orders_them() {
        // Pairs like those of rpm's own test of `rpmvercmp`, and its documentation.
        for (a, b, order) in [
            ("1.0", "1.0", 0),
            ("1.0", "2.0", -1),
            ("2.0", "2.0.1", -1),
            ("2.0.1a", "2.0.1", 1),
            ("5.5p1", "5.5p10", -1),
            ("10xyz", "10.1xyz", -1),
            ("xyz.4", "8", -1),
            ("6.0.rc1", "6.0", 1),
            ("10b2", "10a1", 1),
            ("1.0aa", "1.0a", 1),
            ("10.0001", "10.1", 0),
            ("4.999.9", "5.0", -1),
            ("2.0", "2_0", 0),
            ("a+", "a_", 0),
            ("1.0~rc1", "1.0", -1),
            ("1.0~rc1", "1.0~rc2", -1),
            ("1.0~rc1~git123", "1.0~rc1", -1),
            ("1.0^", "1.0", 1),
            ("1.0^git1", "1.01", -1),
            ("1.0^20160101", "1.0.1", -1),
            ("1.0~rc1^git1", "1.0~rc1", 1),
            ("1.0^git1~pre", "1.0^git1", -1),
            ("0:5.14.0-427.el9", "5.14.0-427.el9", 0),
            ("1:1.0-1", "9.0-1", 1),
            ("1.0-1.el9", "1.0-10.el9", -1),
            ("1.0-1", "1.0", 1),
        ] {
            assert_eq!(compare(a, b), order.cmp(&0), "{a} {b}");
            assert_eq!(compare(b, a), 0.cmp(&order), "{b} {a}");
        }
    }

    proptest! {
        #[test]
        fn the_order_is_one(a in "[0-2a-b.~^:-]{0,6}", b in "[0-2a-b.~^:-]{0,6}", c in "[0-2a-b.~^:-]{0,6}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
                prop_assert_ne!(compare(&a, &c), Ordering::Greater, "{} {} {}", a, b, c);
            }
        }
    }
}
