//! Order of Alpine's versions: `1.2.3b_rc1-r4`.

use std::cmp::Ordering;

/// One piece of a version. Pieces of different kinds order as they stand here: a suffix of a version that
/// is yet to come before the end, everything else after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece<'a> {
    /// `_alpha`, `_beta`, `_pre`, `_rc` with its number.
    Before(u8, Digits<'a>),
    End,
    /// `-r4`.
    Revision(Digits<'a>),
    /// `_cvs`, `_svn`, `_git`, `_hg`, `_p` with its number.
    After(u8, Digits<'a>),
    Letter(u8),
    Number(Digits<'a>),
}

/// A number; one that begins with 0 comes before those that do not and orders as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Digits<'a>(&'a str);

impl Ord for Digits<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.0.starts_with('0') || other.0.starts_with('0') {
            return self.0.cmp(other.0);
        }
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(other.0))
    }
}

impl PartialOrd for Digits<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

const BEFORE: [&str; 4] = ["alpha", "beta", "pre", "rc"];
const AFTER: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

/// Compares two versions as apk does; nothing when one of them is no version of apk.
///
/// Source: apk-package(5), "pkgver"; `version.c` of apk-tools.
pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(pieces(a)?.cmp(&pieces(b)?))
}

fn pieces(version: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let (mut number, mut rest) = digits(version);
    if number.is_empty() {
        return None;
    }
    // The first number has no text order: its zeros do not count.
    let first = number.trim_start_matches('0');
    pieces.push(Piece::Number(Digits(if first.is_empty() { "0" } else { first })));
    while let Some(after) = rest.strip_prefix('.') {
        (number, rest) = digits(after);
        if number.is_empty() {
            return None;
        }
        pieces.push(Piece::Number(Digits(number)));
    }
    if let Some(letter) = rest.bytes().next().filter(u8::is_ascii_lowercase) {
        pieces.push(Piece::Letter(letter));
        rest = rest.get(1..)?;
    }
    while let Some(after) = rest.strip_prefix('_') {
        let end = after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len());
        let (suffix, tail) = after.split_at_checked(end)?;
        (number, rest) = digits(tail);
        let rank = |list: &[&str]| {
            let at = list.iter().position(|one| *one == suffix)?;
            u8::try_from(at).ok()
        };
        pieces.push(match (rank(&BEFORE), rank(&AFTER)) {
            (Some(rank), _) => Piece::Before(rank, Digits(number)),
            (_, Some(rank)) => Piece::After(rank, Digits(number)),
            (None, None) => return None,
        });
    }
    // The hash of a commit tells nothing about order.
    if let Some(after) = rest.strip_prefix('~') {
        let end = after.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(after.len());
        rest = after.get(end..)?;
    }
    if let Some(after) = rest.strip_prefix("-r") {
        (number, rest) = digits(after);
        if number.is_empty() {
            return None;
        }
        let number = number.trim_start_matches('0');
        pieces.push(Piece::Revision(Digits(if number.is_empty() { "0" } else { number })));
    }
    pieces.push(Piece::End);
    rest.is_empty().then_some(pieces)
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of apk-tools' own test suite (`test/version.data`).
    #[test]
    fn order_is_that_of_apk() {
        for (a, b, order) in [
            ("2.34", "0.1.0_alpha", 1),
            ("0.1.0_alpha", "0.1.0_alpha", 0),
            ("0.1.0_alpha", "0.1.3_alpha", -1),
            ("0.1.0_alpha2", "0.1.0_alpha", 1),
            ("2.0", "2.0.1", -1),
            ("1.0.3", "1.0.3-r1", -1),
            ("0.6", "0.6-r1", -1),
            ("1.2.3", "1.2.3_rc1", 1),
            ("1.3_alpha", "1.3_beta", -1),
            ("1.3_pre", "1.3_rc", -1),
            ("1.3_p1", "1.3", 1),
            ("1.0a", "1.0", 1),
            ("1.0a", "1.0b", -1),
            ("1.0.1", "1.0a", 1),
            ("1.1.1w-r1", "1.1.1w-r0", 1),
            ("3.3.0-r10", "3.3.0-r2", 1),
            ("1.02", "1.1", -1),
            ("1.2_git20240101", "1.2", 1),
            ("10", "9", 1),
            ("1.10", "1.9", 1),
        ] {
            assert_eq!(compare(a, b), Some(order.cmp(&0)), "{a} {b}");
            assert_eq!(compare(b, a), Some(0.cmp(&order)), "{b} {a}");
        }
        for text in ["", "a", "1.", "1.0-x", "1_what", "1.0-r", "1:2"] {
            assert_eq!(compare(text, "1"), None, "{text}");
        }
    }
}
