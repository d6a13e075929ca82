//! What a CVSS vector says: its score, how the flaw is reached, and what it touches.

use std::str::FromStr as _;

use belfort_model::scale::{Dimension, Dimensions};

/// How a flaw is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Over any network.
    Network,
    /// From the same network segment.
    Adjacent,
    /// By who is on the machine or in front of it.
    Local,
}

/// A CVSS vector of version 3 or 4.
#[derive(Clone, Debug, PartialEq)]
pub struct Vector {
    /// Its text.
    pub text: String,
    /// Score from 0 to 10.
    pub score: f64,
    reach: Reach,
    dimensions: Dimensions,
}

impl Vector {
    /// Reads a vector; nothing when it is none of version 3 or 4.
    pub fn of(text: &str) -> Option<Self> {
        let parsed = cvss::Cvss::from_str(text).ok()?;
        let four = match parsed {
            cvss::Cvss::CvssV30(_) | cvss::Cvss::CvssV31(_) => false,
            cvss::Cvss::CvssV40(_) => true,
            _ => return None,
        };
        let metric = |name: &str| {
            text.split('/').filter_map(|part| part.split_once(':')).find(|(key, _)| *key == name)
        };
        let reach = match metric("AV")?.1 {
            "N" => Reach::Network,
            "A" => Reach::Adjacent,
            _ => Reach::Local,
        };
        // Version 4 tells the system itself apart from those behind it: the system is what we rate.
        let [b, i, v] = if four { ["VA", "VI", "VC"] } else { ["A", "I", "C"] };
        let mut dimensions = Dimensions::default();
        for (name, dimension) in [(b, Dimension::B), (i, Dimension::I), (v, Dimension::V)] {
            match metric(name)?.1 {
                "H" => dimensions = dimensions.with(dimension, false),
                "L" => dimensions = dimensions.with(dimension, true),
                _ => {}
            }
        }
        Some(Self { text: text.to_owned(), score: parsed.score(), reach, dimensions })
    }

    /// The dimensions it touches: *low* a little, *none* not at all.
    pub fn dimensions(&self) -> Dimensions {
        self.dimensions
    }

    pub(super) fn reach(&self) -> Reach {
        self.reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_says_score_reach_and_dimensions() {
        let of = |text: &str| {
            let vector = Vector::of(text).unwrap();
            (format!("{:.1}", vector.score), vector.reach, vector.dimensions.to_string())
        };
        // Examples of FIRST, CVSS 3.1: heartbleed, and a local flaw; CVSS 4.0: 9.3.
        assert_eq!(
            of("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"),
            ("7.5".to_owned(), Reach::Network, "V".to_owned())
        );
        assert_eq!(of("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:H/A:H").1, Reach::Local);
        assert_eq!(of("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:H/A:H").2, "BIv");
        assert_eq!(of("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:L/VA:N/SC:H/SI:H/SA:H").2, "iV");
        assert_eq!(of("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N").0, "9.3");
        for text in ["", "CVSS:3.1/AV:N", "AV:N/AC:L/Au:N/C:P/I:P/A:P", "CVSS:9.9/AV:N/AC:L"] {
            assert!(Vector::of(text).is_none(), "{text}");
        }
    }
}
