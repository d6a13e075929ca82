//! The second factor: time-based codes (RFC 6238, SHA-1, six digits, 30 seconds), as every
//! authenticator app makes them.

use belfort_model::time::Timestamp;
use totp_rs::{Algorithm, Builder, Totp};

/// Bytes of a secret: 160 bits, as RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;
const STEP_SECONDS: u64 = 30;
/// Steps a clock may be off.
const SKEW: u16 = 1;

/// A second factor cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("the second factor cannot be used: {0}")]
pub struct Unusable(String);

fn totp(secret: &[u8], name: &str) -> Result<Totp, Unusable> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(STEP_SECONDS)
        .with_skew(SKEW)
        .with_secret(secret.to_vec())
        .with_account_name(name.replace(':', "-"))
        .with_issuer(Some("Belfort"))
        .build()
        .map_err(|error| Unusable(error.to_string()))
}

/// What an authenticator app is told.
#[derive(Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The secret in base 32, to type.
    pub secret: String,
    /// The same as `otpauth://` address.
    pub url: String,
}

/// Shows a secret for an authenticator app.
pub fn proposal(secret: &[u8], name: &str) -> Result<Proposal, Unusable> {
    let totp = totp(secret, name)?;
    let url = totp.to_url().map_err(|error| Unusable(error.to_string()))?;
    Ok(Proposal { secret: totp.secret().to_base32(), url })
}

/// The time step a code belongs to; nothing when it is wrong. A step may be used only once: the caller
/// sees to that.
pub fn step(secret: &[u8], code: &str, now: Timestamp) -> Option<u64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = u64::try_from(now.0 / 1000).ok()?;
    totp(secret, "x").ok()?.check(&code, seconds)
}

/// The code of a moment: what an app shows.
pub fn code(secret: &[u8], now: Timestamp) -> Result<String, Unusable> {
    let seconds = u64::try_from(now.0 / 1000).unwrap_or(0);
    Ok(totp(secret, "x")?.generate(seconds).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the last six of its eight digits.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let now = Timestamp(seconds * 1000);
            assert_eq!(code(secret, now).unwrap(), expected);
            let at = u64::try_from(seconds).unwrap() / 30;
            assert_eq!(step(secret, expected, now), Some(at));
            // A clock may be off by one step, not by two.
            assert_eq!(step(secret, expected, now.plus_seconds(30)), Some(at));
            assert_eq!(step(secret, expected, now.plus_seconds(61)), None);
        }
    }

    #[test]
    fn what_is_no_code_is_wrong() {
        let secret = [7; SECRET_BYTES];
        let now = Timestamp(1_780_000_000_000);
        let right = code(&secret, now).unwrap();
        let spaced = format!(" {} {} ", &right[..3], &right[3..]);
        assert!(step(&secret, &spaced, now).is_some());
        for wrong in ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345"] {
            assert_eq!(step(&secret, wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_is_told_everything() {
        let proposal = proposal(&[7; SECRET_BYTES], "dienst:x é").unwrap();
        assert!(proposal.url.starts_with("otpauth://totp/Belfort:"), "{}", proposal.url);
        assert!(proposal.url.contains(&proposal.secret));
    }
}
