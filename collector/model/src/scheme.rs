//! Classification schemes: in which words an organisation classifies, and which level each stands for.
//!
//! Source: `domain.md`, "Scales": five levels after the Flemish information classification framework, and
//! low/middle/high as an alternative. A scheme is data with a version; a classification remembers which.

use serde::{Deserialize, Serialize};

use crate::classification::DEFAULT_SCHEME;
use crate::scale::Level;

/// One value of a scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemeLevel {
    /// What people type, for example `3` or `high`.
    pub code: String,
    /// Title in Dutch.
    pub title_nl: String,
    /// Title in English.
    pub title_en: String,
    /// The level it stands for.
    pub level: Level,
}

/// A scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// Name and version, for example `gent-biv5/1`.
    pub name: String,
    /// Its values, lowest first.
    pub levels: Vec<SchemeLevel>,
}

/// A scheme that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemeError {
    /// The name has no version.
    #[error("classification scheme `{0}` is not a name and a version such as gent-biv5/1")]
    Name(String),
    /// The values are not in order, or a code comes twice.
    #[error("classification scheme `{0}`: its levels must rise and each code must come once")]
    Levels(String),
    /// The value is not one of the scheme's.
    #[error("`{value}` is not one of {codes} of the classification scheme {scheme}")]
    Value {
        /// What was given.
        value: String,
        /// What is possible.
        codes: String,
        /// Of which scheme.
        scheme: String,
    },
}

impl Scheme {
    /// The schemes that come with the product, the default one first.
    pub fn shipped() -> Vec<Self> {
        let level = |(code, title_nl, title_en, level): (&str, &str, &str, Level)| SchemeLevel {
            code: code.to_owned(),
            title_nl: title_nl.to_owned(),
            title_en: title_en.to_owned(),
            level,
        };
        let five = [
            ("1", "open", "open", Level::ONE),
            ("2", "beperkt", "limited", Level::TWO),
            ("3", "vertrouwelijk", "confidential", Level::THREE),
            ("4", "geheim", "secret", Level::FOUR),
            ("5", "zeer geheim", "top secret", Level::FIVE),
        ];
        let three = [
            ("low", "laag", "low", Level::TWO),
            ("middle", "midden", "middle", Level::THREE),
            ("high", "hoog", "high", Level::FOUR),
        ];
        vec![
            Self { name: DEFAULT_SCHEME.to_owned(), levels: five.map(level).to_vec() },
            Self { name: "low-middle-high/1".to_owned(), levels: three.map(level).to_vec() },
        ]
    }

    /// Checks name, order and codes.
    pub fn validate(&self) -> Result<(), SchemeError> {
        let name = self.name.split_once('/');
        let versioned = name.is_some_and(|(name, version)| {
            (1..=32).contains(&name.chars().count())
                && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
                && version.parse::<u16>().is_ok_and(|version| version > 0)
        });
        if !versioned {
            return Err(SchemeError::Name(self.name.clone()));
        }
        let rises = self.levels.is_sorted_by(|a, b| a.level < b.level);
        let mut codes: Vec<_> = self.levels.iter().map(|level| level.code.to_lowercase()).collect();
        codes.sort();
        codes.dedup();
        let empty = codes.iter().any(String::is_empty);
        if self.levels.is_empty() || !rises || empty || codes.len() != self.levels.len() {
            return Err(SchemeError::Levels(self.name.clone()));
        }
        Ok(())
    }

    /// The level a value stands for: its code or one of its titles, whatever the case.
    pub fn level(&self, value: &str) -> Result<Level, SchemeError> {
        let wanted = value.trim().to_lowercase();
        let is = |text: &str| text.to_lowercase() == wanted;
        self.levels
            .iter()
            .find(|one| is(&one.code) || is(&one.title_nl) || is(&one.title_en))
            .map(|one| one.level)
            .ok_or_else(|| {
                let codes: Vec<_> = self.levels.iter().map(|one| one.code.as_str()).collect();
                SchemeError::Value {
                    value: value.to_owned(),
                    codes: codes.join(", "),
                    scheme: self.name.clone(),
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_is_valid() {
        let shipped = Scheme::shipped();
        assert_eq!(shipped[0].name, DEFAULT_SCHEME);
        for scheme in shipped {
            assert_eq!(scheme.validate(), Ok(()), "{}", scheme.name);
        }
    }

    #[test]
    fn low_middle_and_high_are_two_three_and_four() {
        let three = &Scheme::shipped()[1];
        let of = |value| three.level(value).map(Level::get);
        assert_eq!([of("low"), of("Midden"), of("HIGH")], [Ok(2), Ok(3), Ok(4)]);
        let text = of("5").unwrap_err().to_string();
        assert!(text.contains("low, middle, high"), "{text}");
        let five = &Scheme::shipped()[0];
        assert_eq!(five.level(" 5 "), Ok(Level::FIVE));
        assert_eq!(five.level("zeer geheim"), Ok(Level::FIVE));
        assert!(five.level("0").is_err());
    }

    #[test]
    fn a_wrong_scheme_is_refused() {
        let good = Scheme::shipped().remove(1);
        let named = |name: &str| Scheme { name: name.to_owned(), ..good.clone() }.validate();
        assert_eq!(named("own/2"), Ok(()));
        assert!(named("own").is_err() && named("own/0").is_err() && named("a b/1").is_err());
        let mut falls = good.clone();
        falls.levels.reverse();
        assert!(falls.validate().is_err());
        let mut twice = good.clone();
        twice.levels[1].code = "LOW".to_owned();
        assert!(twice.validate().is_err());
        assert!(Scheme { levels: vec![], ..good }.validate().is_err());
    }
}
