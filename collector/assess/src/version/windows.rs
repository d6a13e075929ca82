//! Order of build numbers: `10.0.19045.4529`.

use std::cmp::Ordering;

/// Compares two builds number by number; nothing when one of them has other signs. Missing numbers are 0.
pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(numbers(a)?.cmp(&numbers(b)?))
}

fn numbers(text: &str) -> Option<[u64; 4]> {
    let mut numbers = [0; 4];
    let mut places = numbers.iter_mut();
    for part in text.split('.') {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *places.next()? = part.parse().ok()?;
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_order_by_their_numbers() {
        for pair in
            ["0", "6.3.9600.22175", "10.0.9", "10.0.19045.529", "10.0.19045.4529"].windows(2)
        {
            assert_eq!(compare(pair[0], pair[1]), Some(Ordering::Less), "{pair:?}");
        }
        assert_eq!(compare("10.0.19045", "10.0.19045.0"), Some(Ordering::Equal));
        for text in ["", "10.", "10.0.x", "1.2.3.4.5", "-1"] {
            assert_eq!(compare(text, "1"), None, "{text}");
        }
    }
}
