//! How likely the exploitation of a vulnerability is.

use belfort_model::advisory::VendorSeverity;
use belfort_model::scale::Level;

use super::cvss::Reach;
use super::matching::Match;

/// The likelihood of a vulnerability in a package. `listens` says that the package listens on an address
/// other machines reach; `otherwise` counts where nothing at all is known about the vulnerability.
///
/// Source: `domain.md`, "Likelihood of a vulnerability".
pub fn likelihood(one: &Match, listens: bool, otherwise: Level) -> Level {
    if one.exploited.is_some() {
        return Level::FIVE;
    }
    let base = match (one.epss, &one.vector, one.severity) {
        (Some(epss), ..) => match epss.score {
            700_000.. => Level::FIVE,
            300_000.. => Level::FOUR,
            100_000.. => Level::THREE,
            10_000.. => Level::TWO,
            _ => Level::ONE,
        },
        (None, Some(vector), _) if vector.score >= 9.0 => Level::THREE,
        (None, Some(vector), _) if vector.score >= 7.0 => Level::TWO,
        (None, None, Some(VendorSeverity::Critical)) => Level::THREE,
        (None, None, Some(VendorSeverity::High)) => Level::TWO,
        (None, None, None) => otherwise,
        (None, ..) => Level::ONE,
    };
    match one.vector.as_ref().map(super::Vector::reach) {
        Some(Reach::Network) if listens => base.shifted(1),
        Some(Reach::Local) => base.shifted(-1),
        _ => base,
    }
}

#[cfg(test)]
mod tests {
    use belfort_model::advisory::Epss;

    use super::*;
    use crate::advisory::Vector;

    fn flaw() -> Match {
        Match {
            package_type: "deb".to_owned(),
            package: "openssl".to_owned(),
            version: "1".to_owned(),
            binaries: std::sync::Arc::new([]),
            cve: None,
            advisory: "A".to_owned(),
            fixed: None,
            informational: false,
            severity: None,
            vector: None,
            epss: None,
            exploited: None,
            sources: vec![],
        }
    }

    fn with(epss: Option<u32>, vector: &str) -> Match {
        let epss = epss.map(|score| Epss { score, percentile: 0 });
        Match { epss, vector: Vector::of(vector), ..flaw() }
    }

    fn of(one: &Match, listens: bool) -> u8 {
        likelihood(one, listens, Level::TWO).get()
    }

    const NETWORK: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    const LOCAL: &str = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H";
    const PHYSICAL: &str = "CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    const ADJACENT: &str = "CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    const SMALL: &str = "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N";

    /// An exploited flaw is at 5, also where EPSS says next to nothing and it takes a local account.
    #[test]
    fn known_exploited_is_five_and_never_less() {
        let mut one = with(Some(400), LOCAL);
        assert_eq!(of(&one, false), 1);
        one.exploited = Some("CISA KEV, listed 2025-01-01".to_owned());
        assert_eq!(of(&one, false), 5);
    }

    /// EPSS 0.70 → 5, 0.30 → 4, 0.10 → 3, 0.01 → 2, less → 1.
    #[test]
    fn epss_counts_in_bands() {
        let bands = [
            (700_000, 5),
            (699_999, 4),
            (300_000, 4),
            (299_999, 3),
            (100_000, 3),
            (99_999, 2),
            (10_000, 2),
            (9_999, 1),
            (0, 1),
        ];
        for (score, level) in bands {
            assert_eq!(of(&with(Some(score), ""), false), level, "{score}");
        }
    }

    /// Without EPSS a score of 9.8 gives 3, of 7.8 gives 2 (here less one: local), of 3.1 gives 1.
    #[test]
    fn without_epss_the_score_counts() {
        assert_eq!(of(&with(None, NETWORK), false), 3);
        assert_eq!(of(&with(None, ADJACENT), false), 2);
        assert_eq!(of(&with(None, SMALL), false), 1);
        // EPSS that is there counts, however high the score.
        assert_eq!(of(&with(Some(0), NETWORK), false), 1);
    }

    /// Without either the vendor's word counts; without any word the catalogue's value.
    #[test]
    fn without_a_score_the_vendor_counts() {
        let of = |severity| of(&Match { severity, ..flaw() }, false);
        assert_eq!(of(Some(VendorSeverity::Critical)), 3);
        assert_eq!(of(Some(VendorSeverity::High)), 2);
        assert_eq!(of(Some(VendorSeverity::Medium)), 1);
        assert_eq!(of(Some(VendorSeverity::Low)), 1);
        assert_eq!(of(None), 2);
    }

    /// EPSS 0.15 (3) in a package that listens: 4 when the flaw is reached over the network, 3 when only
    /// from the same segment.
    #[test]
    fn a_listener_adds_one_over_the_network() {
        assert_eq!(of(&with(Some(150_000), NETWORK), true), 4);
        assert_eq!(of(&with(Some(150_000), NETWORK), false), 3);
        assert_eq!(of(&with(Some(150_000), ADJACENT), true), 3);
        assert_eq!(of(&with(Some(900_000), NETWORK), true), 5);
        assert_eq!(of(&with(Some(150_000), ""), true), 3, "how it is reached is not known");
    }

    /// EPSS 0.15 (3) for who is on the machine: 2; and never below 1.
    #[test]
    fn local_and_physical_take_one_off() {
        assert_eq!(of(&with(Some(150_000), LOCAL), true), 2);
        assert_eq!(of(&with(Some(150_000), PHYSICAL), false), 2);
        assert_eq!(of(&with(Some(10), LOCAL), false), 1);
    }
}
