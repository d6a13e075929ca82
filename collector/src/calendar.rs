//! Calendar days where the organisation is: Europe/Brussels, from time-zone data built into the program,
//! so that every machine tells the same day.

use std::str::FromStr;
use std::sync::LazyLock;

use belfort_model::time::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

static ZONE: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Europe/Brussels").unwrap_or(TimeZone::UTC));

/// A calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

/// A calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(Date);

/// A text that is not a day or not a month.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotADate {
    /// Not a day.
    #[error("`{0}` is not a day such as 2026-11-23")]
    Day(String),
    /// Not a month.
    #[error("`{0}` is not a month such as 2026-11")]
    Month(String),
    /// Neither a day nor a moment since 1970.
    #[error("`{0}` is neither a day such as 2026-11-23 nor a moment such as 2026-11-23T09:30:00Z")]
    Moment(String),
}

/// Day and time of a moment.
pub fn civil(moment: Timestamp) -> DateTime {
    jiff::Timestamp::from_millisecond(moment.0)
        .map_or(DateTime::MIN, |moment| ZONE.to_datetime(moment))
}

impl Day {
    /// The day of a moment.
    pub fn of(moment: Timestamp) -> Self {
        Self(civil(moment).date())
    }

    /// Its first moment.
    pub fn start(self) -> Timestamp {
        start(self.0)
    }

    /// Its last millisecond.
    pub fn end(self) -> Timestamp {
        Timestamp(start(self.0.tomorrow().unwrap_or(self.0)).0 - 1)
    }

    /// The day so many days earlier.
    #[must_use]
    pub fn days_before(self, days: i64) -> Self {
        Self(self.0.saturating_sub(jiff::Span::new().days(days.clamp(0, 100_000))))
    }

    /// Its month.
    pub fn month(self) -> Month {
        Month(self.0.first_of_month())
    }
}

/// The first moment of a day.
fn start(date: Date) -> Timestamp {
    let moment = ZONE.to_timestamp(date.at(0, 0, 0, 0));
    Timestamp(moment.map_or(0, jiff::Timestamp::as_millisecond))
}

impl Month {
    /// Its first moment.
    pub fn start(self) -> Timestamp {
        start(self.0)
    }

    /// Its last day.
    pub fn last_day(self) -> Day {
        Day(self.0.last_of_month())
    }

    /// The month so many months earlier.
    #[must_use]
    pub fn months_before(self, months: i64) -> Self {
        Self(self.0.saturating_sub(jiff::Span::new().months(months.clamp(0, 10_000))))
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.last_day().0.tomorrow().unwrap_or(self.0))
    }

    /// Its number, 1 to 12.
    pub fn number(self) -> i8 {
        self.0.month()
    }

    /// Its year.
    pub fn year(self) -> i16 {
        self.0.year()
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl FromStr for Day {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotADate::Day(text.to_owned());
        let shape = text.len() == 10 && text.starts_with(|c: char| c.is_ascii_digit());
        let date: Date = text.parse().map_err(|_| wrong())?;
        // The years a database and a calendar both hold.
        if shape && (1970..=9998).contains(&date.year()) { Ok(Self(date)) } else { Err(wrong()) }
    }
}

impl FromStr for Month {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day: Day =
            format!("{text}-01").parse().map_err(|_| NotADate::Month(text.to_owned()))?;
        Ok(day.month())
    }
}

/// A moment as clocks in Brussels show it, such as `2026-11-23T09:30`: what a form of a page sends.
pub fn local(text: &str) -> Result<Timestamp, NotADate> {
    let wrong = || NotADate::Moment(text.to_owned());
    let date: DateTime = text.parse().map_err(|_| wrong())?;
    let shape = text.get(10..11) == Some("T") && (1970..=9998).contains(&date.year());
    let moment = ZONE.to_timestamp(date).map_err(|_| wrong())?;
    if shape { Ok(Timestamp(moment.as_millisecond())) } else { Err(wrong()) }
}

/// What [`local`] reads, to the minute.
pub fn local_text(moment: Timestamp) -> String {
    civil(moment).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// The last moment of a day such as `2026-11-23`, or a moment in RFC 3339 form.
pub fn moment(text: &str) -> Result<Timestamp, NotADate> {
    if let Ok(day) = text.parse::<Day>() {
        return Ok(day.end());
    }
    let moment = text.parse().ok().filter(|moment| *moment >= Timestamp(0));
    moment.ok_or_else(|| NotADate::Moment(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_brussels() {
        assert_ne!(*ZONE, TimeZone::UTC, "the time-zone data are built in");
        let moment = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(Day::of(moment("2026-11-22T23:30:00Z")).to_string(), "2026-11-23");
        let day: Day = "2026-07-31".parse().unwrap();
        assert_eq!(day.end(), moment("2026-07-31T21:59:59.999Z"), "summer time");
        let month: Month = "2026-11".parse().unwrap();
        assert_eq!(month.start(), moment("2026-10-31T23:00:00Z"));
        assert_eq!(month.last_day().to_string(), "2026-11-30");
        assert_eq!(month.next().next().to_string(), "2027-01");
        assert_eq!(month.months_before(11).to_string(), "2025-12");
        assert_eq!(day.days_before(31).to_string(), "2026-06-30");
    }

    #[test]
    fn a_form_tells_the_time_of_brussels() {
        let summer = local("2026-07-31T09:30").unwrap();
        assert_eq!(summer.to_string(), "2026-07-31T07:30:00.000Z");
        assert_eq!(local_text(summer), "2026-07-31T09:30");
        for wrong in ["", "2026-07-31", "2026-07-31 09:30", "0001-01-01T00:00", "morgen"] {
            assert!(local(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "2026", "2026-13-01", "23/11/2026", "-002026-01-01", "2026-11-31"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
        for text in ["2026-1", "2026-11-01", "2026-00", "november"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
