//! The scales: five levels, three dimensions, the matrix and the priorities.
//!
//! Source: `domain.md`, "Scales" and "From findings to a risk"; the policy sets the dimensions (BIV)
//! and the five levels, the values are defaults of this product and versioned.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A level from 1 to 5: a likelihood, an impact, a class, a severity or a degree of control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Level(u8);

/// A number that is not a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a level from 1 to 5")]
pub struct NotALevel(i64);

impl Level {
    /// 1.
    pub const ONE: Self = Self(1);
    /// 2.
    pub const TWO: Self = Self(2);
    /// 3.
    pub const THREE: Self = Self(3);
    /// 4.
    pub const FOUR: Self = Self(4);
    /// 5.
    pub const FIVE: Self = Self(5);
    /// All levels, lowest first.
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// The number, 1 to 5.
    pub fn get(self) -> u8 {
        self.0
    }

    /// The nearest level to a number.
    pub fn clamped(number: i64) -> Self {
        Self(u8::try_from(number.clamp(1, 5)).unwrap_or(1))
    }

    /// This level and so many more or fewer, kept within 1 to 5.
    #[must_use]
    pub fn shifted(self, by: i64) -> Self {
        Self::clamped(i64::from(self.0).saturating_add(by))
    }
}

impl TryFrom<u8> for Level {
    type Error = NotALevel;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Self::try_from(i64::from(number))
    }
}

impl TryFrom<i64> for Level {
    type Error = NotALevel;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        match u8::try_from(number) {
            Ok(level @ 1..=5) => Ok(Self(level)),
            _ => Err(NotALevel(number)),
        }
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.0
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One level per dimension: availability (B), integrity (I), confidentiality (V).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Biv {
    /// Availability (*beschikbaarheid*).
    pub b: Level,
    /// Integrity (*integriteit*).
    pub i: Level,
    /// Confidentiality (*vertrouwelijkheid*).
    pub v: Level,
}

impl Biv {
    /// Three levels.
    pub const fn new(b: Level, i: Level, v: Level) -> Self {
        Self { b, i, v }
    }

    /// The level of one dimension.
    pub fn get(self, dimension: Dimension) -> Level {
        match dimension {
            Dimension::B => self.b,
            Dimension::I => self.i,
            Dimension::V => self.v,
        }
    }

    /// The highest of the three.
    pub fn highest(self) -> Level {
        self.b.max(self.i).max(self.v)
    }
}

impl fmt::Display for Biv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "B{} I{} V{}", self.b, self.i, self.v)
    }
}

crate::text_enum! {
    /// What a loss can be of.
    Dimension {
        /// Availability.
        B = "B",
        /// Integrity.
        I = "I",
        /// Confidentiality.
        V = "V",
    }
}

/// How much of a dimension is touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Touch {
    /// Not at all.
    #[default]
    No,
    /// A little: takes one off the impact.
    Low,
    /// Fully.
    Full,
}

/// A set of dimensions, written as `BIV`, `IV`, `V` …; a small letter says that the dimension is touched
/// only a little: `BIv`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Dimensions {
    b: Touch,
    i: Touch,
    v: Touch,
}

impl Dimensions {
    /// Whether a dimension is in the set.
    pub fn contains(self, dimension: Dimension) -> bool {
        self.touch(dimension) != Touch::No
    }

    /// Whether a dimension is in the set, but touched only a little.
    pub fn is_low(self, dimension: Dimension) -> bool {
        self.touch(dimension) == Touch::Low
    }

    /// The set with a dimension more, touched fully or only a little; what it touches fully stays so.
    #[must_use]
    pub fn with(self, dimension: Dimension, low: bool) -> Self {
        let touch = if low { Touch::Low } else { Touch::Full };
        let mut one = Self::default();
        match dimension {
            Dimension::B => one.b = touch,
            Dimension::I => one.i = touch,
            Dimension::V => one.v = touch,
        }
        self.union(one)
    }

    /// The dimensions in the set, in the order B, I, V.
    pub fn iter(self) -> impl Iterator<Item = Dimension> {
        Dimension::ALL.iter().copied().filter(move |dimension| self.contains(*dimension))
    }

    /// Both sets together.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self { b: self.b.max(other.b), i: self.i.max(other.i), v: self.v.max(other.v) }
    }

    fn touch(self, dimension: Dimension) -> Touch {
        match dimension {
            Dimension::B => self.b,
            Dimension::I => self.i,
            Dimension::V => self.v,
        }
    }
}

impl fmt::Display for Dimensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|dimension| match (dimension, self.is_low(dimension)) {
            (Dimension::B, true) => f.write_str("b"),
            (Dimension::I, true) => f.write_str("i"),
            (Dimension::V, true) => f.write_str("v"),
            (_, false) => f.write_str(dimension.as_str()),
        })
    }
}

impl From<Dimensions> for String {
    fn from(dimensions: Dimensions) -> Self {
        dimensions.to_string()
    }
}

impl TryFrom<String> for Dimensions {
    type Error = crate::UnknownValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut dimensions = Self::default();
        for letter in text.chars() {
            let dimension = match letter.to_ascii_uppercase() {
                'B' => Dimension::B,
                'I' => Dimension::I,
                'V' => Dimension::V,
                _ => {
                    let expected = &["B", "I", "V", "BI", "BV", "IV", "BIV"];
                    return Err(crate::UnknownValue { value: text, expected });
                }
            };
            dimensions = dimensions.with(dimension, letter.is_ascii_lowercase());
        }
        Ok(dimensions)
    }
}

/// Likelihood × impact → severity. Versioned: a risk remembers which matrix it was rated with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// Name and version, for example `gent-5x5/1`.
    pub version: String,
    /// Rows are likelihood 1 to 5, columns impact 1 to 5.
    pub rows: [[Level; 5]; 5],
}

impl Default for Matrix {
    /// The matrix of `domain.md`, "Scales".
    fn default() -> Self {
        const NUMBERS: [[u8; 5]; 5] =
            [[1, 1, 2, 2, 2], [1, 2, 2, 3, 3], [2, 2, 3, 4, 4], [2, 3, 4, 4, 5], [3, 4, 4, 5, 5]];
        Self { version: "gent-5x5/1".to_owned(), rows: NUMBERS.map(|row| row.map(Level)) }
    }
}

impl Matrix {
    /// The severity of a likelihood and an impact.
    pub fn severity(&self, likelihood: Level, impact: Level) -> Level {
        let at = |level: Level| usize::from(level.get()) - 1;
        self.rows
            .get(at(likelihood))
            .and_then(|row| row.get(at(impact)))
            .copied()
            .unwrap_or(Level::FIVE)
    }
}

crate::text_enum! {
    /// What to do first.
    Priority {
        /// First.
        P1 = "P1",
        /// Second.
        P2 = "P2",
        /// Third.
        P3 = "P3",
        /// Last.
        P4 = "P4",
    }
}

impl Priority {
    /// The priority of a severity under a degree of control.
    pub fn of(severity: Level, control: Level) -> Self {
        match (severity.get(), control.get()) {
            (4.., ..=2) => Self::P1,
            (4.., 3) | (3, ..=2) => Self::P2,
            (3, 3) | (4.., _) | (2, ..=2) => Self::P3,
            _ => Self::P4,
        }
    }
}

/// Days between reviews of a risk of this severity.
pub fn review_days(severity: Level) -> i64 {
    match severity.get() {
        5 => 30,
        4 => 90,
        3 => 180,
        _ => 365,
    }
}

/// The degree of control from how many of `total` comply. Of nothing, nothing is under control.
pub fn degree_of_control(compliant: usize, total: usize) -> Level {
    if total == 0 {
        return Level::ONE;
    }
    // In per mille, so that 99% is exact.
    match compliant.saturating_mul(1000) / total {
        990.. => Level::FIVE,
        950.. => Level::FOUR,
        900.. => Level::THREE,
        750.. => Level::TWO,
        _ => Level::ONE,
    }
}

/// The likelihood that is left under a degree of control.
pub fn current_likelihood(likelihood: Level, control: Level) -> Level {
    let reduction = match control.get() {
        5 => 3,
        4 => 2,
        3 => 1,
        _ => 0,
    };
    likelihood.shifted(-reduction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrix_is_the_one_of_the_policy() {
        let matrix = Matrix::default();
        assert_eq!(matrix.severity(Level::ONE, Level::ONE), Level::ONE);
        assert_eq!(matrix.severity(Level::TWO, Level::FOUR), Level::THREE);
        assert_eq!(matrix.severity(Level::FOUR, Level::TWO), Level::THREE);
        assert_eq!(matrix.severity(Level::THREE, Level::FOUR), Level::FOUR);
        assert_eq!(matrix.severity(Level::FIVE, Level::ONE), Level::THREE);
        assert_eq!(matrix.severity(Level::FIVE, Level::FIVE), Level::FIVE);
    }

    #[test]
    fn severity_never_falls_when_likelihood_or_impact_rises() {
        let matrix = Matrix::default();
        for low in Level::ALL {
            for other in Level::ALL {
                let high = low.shifted(1);
                assert!(matrix.severity(low, other) <= matrix.severity(high, other));
                assert!(matrix.severity(other, low) <= matrix.severity(other, high));
            }
        }
    }

    #[test]
    fn a_dimension_is_touched_fully_a_little_or_not() {
        let read = |text: &str| Dimensions::try_from(text.to_owned()).unwrap();
        for text in ["", "BIV", "bIv", "v"] {
            assert_eq!(read(text).to_string(), text);
        }
        assert!(read("Bv").is_low(Dimension::V) && !read("Bv").is_low(Dimension::B));
        assert_eq!(read("bv").union(read("iV")).to_string(), "biV");
        assert!(Dimensions::try_from("BX".to_owned()).is_err());
    }

    #[test]
    fn priority_follows_severity_and_control() {
        let of = |s, c| Priority::of(Level::clamped(s), Level::clamped(c)).as_str();
        assert_eq!([of(5, 1), of(4, 2)], ["P1", "P1"]);
        assert_eq!([of(5, 3), of(4, 3), of(3, 1), of(3, 2)], ["P2"; 4]);
        assert_eq!([of(3, 3), of(5, 4), of(4, 5), of(2, 1), of(2, 2)], ["P3"; 5]);
        assert_eq!([of(3, 4), of(2, 3), of(1, 1), of(1, 5)], ["P4"; 4]);
    }

    #[test]
    fn control_comes_from_the_share_that_complies() {
        let of = |compliant| degree_of_control(compliant, 1000).get();
        assert_eq!([of(1000), of(990), of(989), of(950), of(949)], [5, 5, 4, 4, 3]);
        assert_eq!([of(900), of(899), of(750), of(749), of(0)], [3, 2, 2, 1, 1]);
        assert_eq!(degree_of_control(0, 0), Level::ONE);
    }

    #[test]
    fn control_lowers_the_likelihood() {
        let of = |control| current_likelihood(Level::FIVE, Level::clamped(control)).get();
        assert_eq!([of(1), of(2), of(3), of(4), of(5)], [5, 5, 4, 3, 2]);
        assert_eq!(current_likelihood(Level::TWO, Level::FIVE), Level::ONE);
    }

    #[test]
    fn levels_outside_the_scale_are_refused() {
        assert!(serde_json::from_str::<Level>("0").is_err());
        assert!(serde_json::from_str::<Level>("6").is_err());
        assert_eq!(serde_json::from_str::<Level>("5").unwrap(), Level::FIVE);
        assert!(Dimensions::try_from("BX".to_owned()).is_err());
        assert_eq!(Dimensions::try_from("VB".to_owned()).unwrap().to_string(), "BV");
    }
}
