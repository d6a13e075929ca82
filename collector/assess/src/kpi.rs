//! Key figures K1 to K16: pure computation over counts.
//!
//! Source: `domain.md`, "KPIs". What can be told from the state of the assets alone is counted asset by
//! asset into a [`Measurement`], which is kept once a day because that state is overwritten; what has a
//! history of its own comes as [`Counts`]. A figure whose data are missing is unknown and says why: it is
//! never nothing and never everything.

mod measure;

use std::collections::BTreeMap;

use belfort_model::scale::Priority;
use belfort_model::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use measure::{CheckCount, ControlCount, Measured, Measurement, ServiceCount, Tally};

/// Groups of fewer devices are not compared with others outside the security office: too few to tell
/// nothing about a single person.
pub const SMALLEST_GROUP: u64 = 5;

/// Days within which a known exploited vulnerability is expected to be gone.
pub const EXPLOITED_DAYS: i64 = 14;

/// Why a value is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There is nothing it could be measured on.
    NothingInScope,
    /// The checks it rests on could not be told for any asset.
    NotChecked,
    /// The catalogue has no check for it.
    NoCheck,
    /// No advisory data were imported.
    NoAdvisories,
    /// The state of that moment was overwritten, and no daily figures of that day were kept.
    NotKept,
    /// Nothing was resolved in the period.
    NothingResolved,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::NothingInScope,
        Self::NotChecked,
        Self::NoCheck,
        Self::NoAdvisories,
        Self::NotKept,
        Self::NothingResolved,
    ];

    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NothingInScope => "nothing_in_scope",
            Self::NotChecked => "not_checked",
            Self::NoCheck => "no_check",
            Self::NoAdvisories => "no_advisories",
            Self::NotKept => "not_kept",
            Self::NothingResolved => "nothing_resolved",
        }
    }
}

/// A value, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known<T> {
    /// The value.
    Known(T),
    /// Why there is none.
    Unknown(Reason),
}

impl<T> Known<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// Makes something else of the value.
    pub fn and_then<U>(self, make: impl FnOnce(T) -> Known<U>) -> Known<U> {
        match self {
            Self::Known(value) => make(value),
            Self::Unknown(reason) => Known::Unknown(reason),
        }
    }
}

/// How many of the assets comply. Those that could not be told are neither part of the one nor of the
/// other: they are missing coverage, and said beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Assets that comply.
    pub good: u64,
    /// Assets that comply or do not.
    pub of: u64,
    /// Assets that could not be told.
    pub unknown: u64,
}

impl Share {
    /// Counts one asset.
    pub fn add(&mut self, good: bool) {
        self.of += 1;
        self.good += u64::from(good);
    }

    /// The share in per mille, rounded down so that 1000 means all; nothing of nothing.
    pub fn per_mille(self) -> Option<u64> {
        self.good.saturating_mul(1000).checked_div(self.of)
    }

    /// The share itself, unless it is of nothing.
    pub fn known(self) -> Known<Self> {
        match (self.of, self.unknown) {
            (0, 0) => Known::Unknown(Reason::NothingInScope),
            (0, _) => Known::Unknown(Reason::NotChecked),
            _ => Known::Known(self),
        }
    }

    /// Whether more than a twentieth of the assets could not be told.
    fn is_patchy(self) -> bool {
        self.unknown.saturating_mul(20) > self.of.saturating_add(self.unknown)
    }

    /// Green from 99%, amber from 95%. What could not be told for more than 5% is never green.
    fn colour(self) -> Colour {
        match self.per_mille() {
            None => Colour::Unknown,
            Some(990..) if !self.is_patchy() => Colour::Green,
            Some(950..) => Colour::Amber,
            Some(_) => Colour::Red,
        }
    }

    /// Green up to 1%, amber up to 5%: for a share that should be small.
    fn colour_of_bad(self) -> Colour {
        match self.good.saturating_mul(1000).checked_div(self.of) {
            None => Colour::Unknown,
            // Rounded down: a little over 1% is over it.
            Some(..=10) if self.good.saturating_mul(100) <= self.of && !self.is_patchy() => {
                Colour::Green
            }
            Some(_) if self.good.saturating_mul(20) <= self.of => Colour::Amber,
            Some(_) => Colour::Red,
        }
    }
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// How many.
    pub count: u64,
    /// Of how many, where that says something.
    pub of: Option<u64>,
    /// Since when the oldest has been there.
    pub oldest: Option<Timestamp>,
}

/// The middle of some numbers of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Median {
    /// Days.
    pub days: i64,
    /// Of how many.
    pub of: u64,
}

/// One source of advisory data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its name, for example `cisa-kev`.
    pub name: String,
    /// Version of the data, as the publisher states it; empty when it states none.
    pub version: String,
    /// Day the data are of.
    pub as_of: Timestamp,
    /// Days after which the data are old.
    pub most_days: i64,
    /// Whole days between the data and the moment of the figure.
    pub age_days: i64,
}

impl Source {
    /// Whether the data are too old.
    pub fn is_old(&self) -> bool {
        self.age_days > self.most_days
    }
}

/// What a figure says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A share.
    Share(Share),
    /// A number.
    Count(Count),
    /// Median days, by priority.
    Days(BTreeMap<Priority, Median>),
    /// Sources with their age.
    Sources(Vec<Source>),
}

/// How a figure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// As it should be.
    Green,
    /// Nearly.
    Amber,
    /// Not.
    Red,
    /// No judgement: it is not known, or no target is set.
    Unknown,
}

/// One key figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// `K1` to `K16`.
    pub id: String,
    /// What it says.
    pub value: Known<Value>,
    /// How it stands.
    pub colour: Colour,
}

/// What has a history of its own, at the moment of the figures.
#[derive(Clone, Debug)]
pub struct Counts {
    /// When.
    pub at: Timestamp,
    /// Open findings of known exploited vulnerabilities.
    pub known_exploited: Known<Count>,
    /// Open findings of unauthorised software; those under an exception are not open.
    pub unauthorised_software: Known<Count>,
    /// Days each finding resolved in the year before took, with the priority of its risk.
    pub resolved: Vec<(Priority, i64)>,
    /// Risks on the agenda past their review.
    pub reviews_late: Count,
    /// Actions past their date.
    pub actions_late: Known<Count>,
    /// Exceptions past their end whose finding is still there.
    pub exceptions_expired: Known<Count>,
    /// Sources of advisory data.
    pub sources: Vec<Source>,
}

/// All sixteen figures.
pub fn figures(measured: &Known<Measurement>, counts: &Counts) -> Vec<Figure> {
    let share = |pick: fn(&Measurement) -> Known<Share>| match measured {
        Known::Known(measurement) => pick(measurement),
        Known::Unknown(reason) => Known::Unknown(*reason),
    };
    let good = |id, pick| share_figure(id, share(pick), Share::colour);
    let sources = if counts.sources.is_empty() {
        figure("K16", Known::Unknown(Reason::NoAdvisories), Colour::Unknown)
    } else {
        let old = counts.sources.iter().any(Source::is_old);
        let colour = if old { Colour::Red } else { Colour::Green };
        figure("K16", Known::Known(Value::Sources(counts.sources.clone())), colour)
    };
    vec![
        good("K1", |m| m.owner_confirmed.known()),
        good("K2", |m| m.classified.known()),
        good("K3", |m| m.seen.known()),
        good("K4", |m| m.inventoried.known()),
        good("K5", |m| m.reporting.known()),
        share_figure("K6", share(|m| m.end_of_life.clone()), Share::colour_of_bad),
        good("K7", |m| m.encrypted.clone()),
        good("K8", |m| m.protected.clone()),
        good("K9", |m| m.patched.clone()),
        exploited(&counts.known_exploited, counts.at),
        none_wanted("K11", &counts.unauthorised_software),
        resolved(&counts.resolved),
        none_wanted("K13", &Known::Known(counts.reviews_late)),
        none_wanted("K14", &counts.actions_late),
        none_wanted("K15", &counts.exceptions_expired),
        sources,
    ]
}

fn figure(id: &str, value: Known<Value>, colour: Colour) -> Figure {
    Figure { id: id.to_owned(), value, colour }
}

fn share_figure(id: &str, share: Known<Share>, colour: fn(Share) -> Colour) -> Figure {
    let colour = share.known().map_or(Colour::Unknown, |share| colour(*share));
    figure(id, share.and_then(|share| Known::Known(Value::Share(share))), colour)
}

fn none_wanted(id: &str, count: &Known<Count>) -> Figure {
    let colour = match count.known().map(|count| count.count) {
        None => Colour::Unknown,
        Some(0) => Colour::Green,
        Some(_) => Colour::Red,
    };
    figure(id, count.clone().and_then(|count| Known::Known(Value::Count(count))), colour)
}

/// Amber while every one of them is still within its time.
fn exploited(count: &Known<Count>, at: Timestamp) -> Figure {
    let mut figure = none_wanted("K10", count);
    let oldest = count.known().and_then(|count| count.oldest);
    if figure.colour == Colour::Red
        && oldest.is_some_and(|oldest| at.days_since(oldest) <= EXPLOITED_DAYS)
    {
        figure.colour = Colour::Amber;
    }
    figure
}

fn resolved(all: &[(Priority, i64)]) -> Figure {
    let mut days: BTreeMap<Priority, Vec<i64>> = BTreeMap::new();
    for (priority, took) in all {
        days.entry(*priority).or_default().push(*took);
    }
    let medians: BTreeMap<_, _> = days
        .into_iter()
        .filter_map(|(priority, mut days)| {
            days.sort_unstable();
            // Of an even number the lower of the two in the middle: a day that really occurred.
            let middle = days.len().saturating_sub(1) / 2;
            let median = Median { days: *days.get(middle)?, of: days.len() as u64 };
            Some((priority, median))
        })
        .collect();
    let value = if medians.is_empty() {
        Known::Unknown(Reason::NothingResolved)
    } else {
        Known::Known(Value::Days(medians))
    };
    figure("K12", value, Colour::Unknown)
}

#[cfg(test)]
mod tests;
