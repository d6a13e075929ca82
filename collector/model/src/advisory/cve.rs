//! The number of a vulnerability.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A CVE id, for example `CVE-2024-3094`. Orders by year, then by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CveId(u64);

/// What a year is multiplied by; numbers are below it.
const YEAR: u64 = 10_000_000_000;

/// A text that is not a CVE id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a CVE id such as CVE-2024-3094")]
pub struct NotACve(String);

impl CveId {
    /// The id as one number, for the database.
    pub fn number(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// The id of a number that [`Self::number`] gave.
    pub fn from_number(number: i64) -> Option<Self> {
        let number = u64::try_from(number).ok()?;
        (1999..=9999).contains(&(number / YEAR)).then_some(Self(number))
    }
}

impl fmt::Display for CveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CVE-{}-{:04}", self.0 / YEAR, self.0 % YEAR)
    }
}

impl fmt::Debug for CveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CveId {
    type Err = NotACve;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || NotACve(text.chars().take(40).collect());
        let bytes = text.as_bytes();
        let prefix = bytes.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"CVE-"));
        let rest = text.get(4..).filter(|_| prefix).ok_or_else(error)?;
        let (year, number) = rest.split_once('-').ok_or_else(error)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || !digits(year) || !(4..=10).contains(&number.len()) || !digits(number)
        {
            return Err(error());
        }
        let year: u64 = year.parse().map_err(|_| error())?;
        let number: u64 = number.parse().map_err(|_| error())?;
        if year < 1999 || number >= YEAR {
            return Err(error());
        }
        Ok(Self(year * YEAR + number))
    }
}

impl From<CveId> for String {
    fn from(cve: CveId) -> Self {
        cve.to_string()
    }
}

impl TryFrom<String> for CveId {
    type Error = NotACve;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_and_written_alike() {
        for text in ["CVE-1999-0001", "CVE-2024-3094", "CVE-2025-1234567"] {
            let id: CveId = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
            assert_eq!(CveId::from_number(id.number()), Some(id));
        }
        assert_eq!("cve-2024-3094".parse::<CveId>().unwrap().to_string(), "CVE-2024-3094");
        for text in
            ["", "CVE-", "CVE-2024-1", "CVE-24-1234", "CVE-2024-12a4", "DSA-2024-1234", "é-2"]
        {
            assert!(text.parse::<CveId>().is_err(), "{text}");
        }
        assert_eq!(CveId::from_number(-1), None);
        assert_eq!(CveId::from_number(7), None);
    }
}
