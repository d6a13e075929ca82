//! Order of RPM's versions: `[epoch:]version[-release]`.

use std::cmp::Ordering;

/// Compares two versions as rpm does: by epoch, then by version, then by release.
///
/// Source: rpm-version(7); `rpmvercmp` of RPM 4.20.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    part(a.epoch, b.epoch)
        .then_with(|| part(a.version, b.version))
        .then_with(|| part(a.release, b.release))
}

struct Parts<'a> {
    epoch: &'a str,
    version: &'a str,
    release: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
        let epoch = if epoch.is_empty() { "0" } else { epoch };
        let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self { epoch, version, release }
    }
}

/// Compares two parts: runs of digits by value, runs of letters by their bytes, digits after letters; `~`
/// before the end, `^` after it; other signs only keep runs apart.
fn part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        (a, b) = (from_run(a), from_run(b));
        match (a.first(), b.first()) {
            (Some(b'~'), Some(b'~')) | (Some(b'^'), Some(b'^')) => {
                (a, b) = (rest(a, 1), rest(b, 1));
            }
            (Some(b'~'), _) => return Ordering::Less,
            (_, Some(b'~')) => return Ordering::Greater,
            // After the end, but before anything else that goes on.
            (Some(b'^'), other) => {
                return if other.is_none() { Ordering::Greater } else { Ordering::Less };
            }
            (other, Some(b'^')) => {
                return if other.is_none() { Ordering::Less } else { Ordering::Greater };
            }
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => match (x.is_ascii_digit(), y.is_ascii_digit()) {
                (true, false) => return Ordering::Greater,
                (false, true) => return Ordering::Less,
                (true, true) => {
                    let (run_a, run_b) = (run(a, u8::is_ascii_digit), run(b, u8::is_ascii_digit));
                    (a, b) = (rest(a, run_a.len()), rest(b, run_b.len()));
                    let (x, y) = (significant(run_a), significant(run_b));
                    let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
                    if order != Ordering::Equal {
                        return order;
                    }
                }
                (false, false) => {
                    let (x, y) = (run(a, u8::is_ascii_alphabetic), run(b, u8::is_ascii_alphabetic));
                    (a, b) = (rest(a, x.len()), rest(b, y.len()));
                    let order = x.cmp(y);
                    if order != Ordering::Equal {
                        return order;
                    }
                }
            },
        }
    }
}

/// What comes after signs that only keep runs apart.
fn from_run(text: &[u8]) -> &[u8] {
    let counts = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'~' | b'^');
    rest(text, text.iter().position(counts).unwrap_or(text.len()))
}

fn run(text: &[u8], belongs: impl Fn(&u8) -> bool) -> &[u8] {
    let end = text.iter().position(|byte| !belongs(byte)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn rest(text: &[u8], from: usize) -> &[u8] {
    text.get(from..).unwrap_or_default()
}

fn significant(digits: &[u8]) -> &[u8] {
    rest(digits, digits.iter().position(|byte| *byte != b'0').unwrap_or(digits.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of RPM's own test suite (`tests/rpmvercmp.at`).
    #[test]
    fn parts_order_as_in_rpms_own_tests() {
        for (a, b, order) in [
            ("1.0", "1.0", 0),
            ("1.0", "2.0", -1),
            ("2.0.1", "2.0.1", 0),
            ("2.0", "2.0.1", -1),
            ("2.0.1a", "2.0.1a", 0),
            ("2.0.1a", "2.0.1", 1),
            ("5.5p1", "5.5p2", -1),
            ("5.5p1", "5.5p10", -1),
            ("10xyz", "10.1xyz", -1),
            ("xyz10", "xyz10.1", -1),
            ("xyz.4", "8", -1),
            ("xyz.4", "2", -1),
            ("5.5p2", "5.6p1", -1),
            ("5.6p1", "6.5p1", -1),
            ("6.0.rc1", "6.0", 1),
            ("10b2", "10a1", 1),
            ("1.0aa", "1.0a", 1),
            ("10.0001", "10.1", 0),
            ("10.0001", "10.0039", -1),
            ("4.999.9", "5.0", -1),
            ("20101121", "20101122", -1),
            ("2_0", "2_0", 0),
            ("2.0", "2_0", 0),
            ("a+", "a_", 0),
            ("+", "_", 0),
            ("_+", "+_", 0),
            ("1.0~rc1", "1.0", -1),
            ("1.0~rc1", "1.0~rc2", -1),
            ("1.0~rc1~git123", "1.0~rc1", -1),
            ("1.0^", "1.0", 1),
            ("1.0^git1", "1.0", 1),
            ("1.0^git1", "1.0^git2", -1),
            ("1.0^git1", "1.01", -1),
            ("1.0^20160101", "1.0.1", -1),
            ("1.0^20160101^git1", "1.0^20160102", -1),
            ("1.0~rc1^git1", "1.0~rc1", 1),
            ("1.0^git1~pre", "1.0^git1", -1),
        ] {
            assert_eq!(part(a, b), order.cmp(&0), "{a} {b}");
            assert_eq!(part(b, a), 0.cmp(&order), "{b} {a}");
        }
    }

    #[test]
    fn epoch_and_release_count() {
        assert_eq!(compare("0:5.14.0-427.el9", "5.14.0-427.el9"), Ordering::Equal);
        assert_eq!(compare("5.14.0-362.8.1.el9_3", "5.14.0-427.13.1.el9_4"), Ordering::Less);
        assert_eq!(compare("1:1.0-1", "9.0-1"), Ordering::Greater);
        assert_eq!(compare("1.0-1.el9", "1.0-10.el9"), Ordering::Less);
    }
}
