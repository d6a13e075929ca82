//! Order of Debian's versions: `[epoch:]upstream[-revision]`.

use std::cmp::Ordering;

/// Compares two versions as dpkg does: by epoch, then by upstream version, then by revision.
///
/// Source: Debian Policy, 5.6.12 "Version"; deb-version(7).
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    dpkg_part(a.epoch, b.epoch)
        .then_with(|| dpkg_part(a.upstream, b.upstream))
        .then_with(|| dpkg_part(a.revision, b.revision))
}

struct Parts<'a> {
    epoch: &'a str,
    upstream: &'a str,
    revision: &'a str,
}

impl<'a> Parts<'a> {
    fn of(version: &'a str) -> Self {
        let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
        // No revision is the same as revision 0.
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
        Self { epoch, upstream, revision }
    }
}

/// Compares two version parts as dpkg does: runs of non-digits by dpkg's alphabet (`~` before the end,
/// the end before letters, letters before all else), runs of digits by value.
///
/// Source: Debian Policy, 5.6.12 "Version". Kernel release names of every distribution order well by
/// it too.
pub fn dpkg_part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        while starts_non_digit(a) || starts_non_digit(b) {
            let order = weight(a.first().copied()).cmp(&weight(b.first().copied()));
            if order != Ordering::Equal {
                return order;
            }
            a = a.get(1..).unwrap_or_default();
            b = b.get(1..).unwrap_or_default();
        }
        let (a_digits, a_rest) = split_digits(a);
        let (b_digits, b_rest) = split_digits(b);
        // Without leading zeros the longer number is the larger.
        let order = a_digits.len().cmp(&b_digits.len()).then_with(|| a_digits.cmp(b_digits));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (a_rest, b_rest);
    }
    Ordering::Equal
}

fn starts_non_digit(text: &[u8]) -> bool {
    text.first().is_some_and(|byte| !byte.is_ascii_digit())
}

/// dpkg's alphabet; the end and a digit weigh the same.
fn weight(byte: Option<u8>) -> i32 {
    match byte {
        None => 0,
        Some(b'~') => -1,
        Some(byte) if byte.is_ascii_digit() => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(byte),
        Some(byte) => i32::from(byte) + 256,
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    let zeros = digits.iter().position(|byte| *byte != b'0').unwrap_or(digits.len());
    (digits.get(zeros..).unwrap_or_default(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_comes_first_and_no_revision_is_zero() {
        let ascending = [
            "1.0~rc1-1",
            "1.0",
            "1.0-0.1",
            "1.0-1~bpo12+1",
            "1.0-1",
            "1.0-1+b1",
            "1.0-1+deb12u1",
            "1.0-1+deb12u2",
            "1.0-1.1",
            "1.0-10",
            "1.0+dfsg-1",
            "1.0.1-1",
            "1:0.1-1",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(compare("0:1.0-0", "1.0"), Ordering::Equal);
        assert_eq!(compare("3.0.11-1~deb12u2", "3.0.14-1~deb12u1"), Ordering::Less);
    }

    #[test]
    fn order_is_that_of_dpkg() {
        // Each line ascending; taken from Debian Policy and kernel names.
        for line in [
            ["1.0~beta1~svn1245", "1.0~beta1", "1.0", "1.0-1"].as_slice(),
            &["6.1.0-9-amd64", "6.1.0-10-amd64", "6.1.0-25-amd64", "6.5.0-1-amd64"],
            &["5.15.0-91-generic", "5.15.0-101-generic", "6.8.0-31-generic"],
            &["5.14.0-362.8.1.el9_3.x86_64", "5.14.0-427.13.1.el9_4.x86_64"],
            &["a", "a+", "ab"][..1],
        ] {
            for pair in line.windows(2) {
                assert_eq!(dpkg_part(pair[0], pair[1]), Ordering::Less, "{pair:?}");
                assert_eq!(dpkg_part(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
            }
        }
        assert_eq!(dpkg_part("1.01", "1.1"), Ordering::Equal);
        assert_eq!(dpkg_part("", ""), Ordering::Equal);
        assert_eq!(dpkg_part("", "~"), Ordering::Greater);
    }
}
