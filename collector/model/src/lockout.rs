//! How long somebody waits who guesses passwords or codes: nothing at first, then twice as long with
//! every failure, up to an hour.

use crate::time::Timestamp;

/// Failures an account has before anybody waits.
pub const FREE_FOR_ACCOUNT: u32 = 5;
/// Failures a source address has: an office can share one.
pub const FREE_FOR_ADDRESS: u32 = 20;
/// The first wait, seconds.
const FIRST_SECONDS: i64 = 30;
/// The longest wait, seconds.
const LONGEST_SECONDS: i64 = 3600;
/// Failures are forgotten so long after the last one, seconds.
pub const FORGET_SECONDS: i64 = 86_400;

/// Failures that still count at `now`.
pub fn counting(failures: u32, last: Timestamp, now: Timestamp) -> u32 {
    if now >= last.plus_seconds(FORGET_SECONDS) { 0 } else { failures }
}

/// Until when nothing is tried after so many failures; nothing when it may be tried at once.
pub fn until(failures: u32, free: u32, last: Timestamp) -> Option<Timestamp> {
    let over = failures.checked_sub(free)?;
    let wait = FIRST_SECONDS.saturating_mul(1_i64.checked_shl(over.min(20))?);
    Some(last.plus_seconds(wait.min(LONGEST_SECONDS)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_wait_doubles_up_to_an_hour() {
        let wait = |failures| until(failures, 5, Timestamp(0)).map(|end| end.0 / 1000);
        let waits: Vec<_> = (4..=13).map(wait).collect();
        let expected = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600];
        assert_eq!(waits[0], None);
        assert_eq!(waits[1..], expected.map(Some));
    }

    #[test]
    fn failures_are_forgotten_after_a_day() {
        let last = Timestamp(0);
        assert_eq!(counting(9, last, last.plus_seconds(FORGET_SECONDS - 1)), 9);
        assert_eq!(counting(9, last, last.plus_seconds(FORGET_SECONDS)), 0);
    }

    proptest! {
        #[test]
        fn more_failures_never_wait_less(failures: u32, more: u32, free in 0_u32..100, at in 0_i64..1 << 50) {
            let (few, many) = (failures.min(more), failures.max(more));
            let last = Timestamp(at);
            prop_assert!(until(few, free, last) <= until(many, free, last));
            if let Some(end) = until(many, free, last) {
                prop_assert!(end > last && end <= last.plus_seconds(3600));
            }
        }
    }
}
