//! The collector's clock: the one place that asks what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use belfort_model::time::{NotATimestamp, Timestamp};

use crate::calendar::Day;

/// The present moment.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The moment a text names: RFC 3339, or a day where the organisation is, of which the last instant counts.
/// For ends, due dates and cut-off dates.
pub fn until(text: &str) -> Result<Timestamp, NotATimestamp> {
    named(text, Day::end)
}

/// The moment a text names: RFC 3339, or a day where the organisation is, of which the first instant counts.
/// For what happened.
pub fn since(text: &str) -> Result<Timestamp, NotATimestamp> {
    named(text, Day::start)
}

fn named(text: &str, of: impl Fn(Day) -> Timestamp) -> Result<Timestamp, NotATimestamp> {
    let text = text.trim();
    // A text that is no day says the time itself, or is wrong.
    text.parse().map_or_else(|_| text.parse(), |day| Ok(of(day)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_moment() {
        let say = |result: Result<Timestamp, NotATimestamp>| result.unwrap().to_string();
        assert_eq!(say(until("2026-11-25")), "2026-11-25T22:59:59.999Z");
        assert_eq!(say(since("2026-11-25")), "2026-11-24T23:00:00.000Z");
        assert_eq!(say(until("2026-07-31")), "2026-07-31T21:59:59.999Z", "summer time");
        assert_eq!(say(until("2026-11-25T12:00:00+01:00")), "2026-11-25T11:00:00.000Z");
        for wrong in ["", "morgen", "2026-13-01", "25-11-2026"] {
            assert!(until(wrong).is_err(), "{wrong}");
        }
    }
}
