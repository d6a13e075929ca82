//! Moments and days. The model has no clock: whoever calls it says what time it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment: milliseconds since 1970-01-01 00:00 UTC. Its text form is RFC 3339 in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// Milliseconds in a day.
pub const DAY_MS: i64 = 86_400_000;

impl Timestamp {
    /// The moment so many days later (or earlier, when negative).
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(DAY_MS)))
    }

    /// The moment so many seconds later (or earlier, when negative).
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Whole days from `earlier` until this moment; negative when it lies before.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(DAY_MS)
    }

    /// The calendar year, in UTC.
    pub fn year(self) -> i16 {
        self.civil().map_or(1970, jiff::civil::DateTime::year)
    }

    /// The calendar day as `YYYY-MM-DD`, in UTC.
    pub fn day(self) -> String {
        self.civil().map_or_else(|| "1970-01-01".to_owned(), |civil| civil.date().to_string())
    }

    /// The beginning of a calendar day in UTC, given as `YYYY-MM-DD`; nothing when it is none.
    pub fn of_day(day: &str) -> Option<Self> {
        format!("{day}T00:00:00Z").parse().ok()
    }

    fn civil(self) -> Option<jiff::civil::DateTime> {
        let moment = jiff::Timestamp::from_millisecond(self.0).ok()?;
        Some(jiff::tz::Offset::UTC.to_datetime(moment))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a moment in RFC 3339 form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a moment such as 2026-11-23T09:30:00Z")]
pub struct NotATimestamp(String);

impl FromStr for Timestamp {
    type Err = NotATimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>()
            .map(|moment| Self(moment.as_millisecond()))
            .map_err(|_| NotATimestamp(text.to_owned()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_is_rfc_3339_with_milliseconds() {
        let moment: Timestamp = "2026-11-23T09:30:00.125Z".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-11-23T09:30:00.125Z");
        assert_eq!(moment.plus_days(1).to_string(), "2026-11-24T09:30:00.125Z");
        assert_eq!((moment.year(), moment.day().as_str()), (2026, "2026-11-23"));
        assert!("gisteren".parse::<Timestamp>().is_err());
    }

    #[test]
    fn days_are_whole() {
        let moment = Timestamp(0);
        assert_eq!(moment.plus_days(14).days_since(moment), 14);
        assert_eq!(Timestamp(DAY_MS - 1).days_since(moment), 0);
        assert_eq!(moment.days_since(Timestamp(1)), -1);
    }
}
