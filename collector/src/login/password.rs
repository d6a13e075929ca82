//! Passwords: which are refused, and how they are kept (argon2id; OWASP's 19 MiB and two passes).

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::secret;

/// Memory, KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over it.
const PASSES: u32 = 2;
/// Fewest characters.
pub const SHORTEST: usize = 12;
/// Most bytes: a limit on work, far above any pass phrase.
const LONGEST_BYTES: usize = 1024;
/// Fewest different characters.
const DIFFERENT: usize = 5;

/// What is left of a hopeless password when digits and signs are taken away.
const HOPELESS: &[&str] = &[
    "",
    "abc",
    "abcd",
    "abcdef",
    "abcdefgh",
    "abcdefghijkl",
    "admin",
    "administrator",
    "azerty",
    "azertyuiop",
    "belfort",
    "belfortgent",
    "changeme",
    "gent",
    "geheim",
    "herfst",
    "iloveyou",
    "ikhouvanjou",
    "lente",
    "letmein",
    "motdepasse",
    "ocmw",
    "ocmwgent",
    "passphrase",
    "password",
    "passwordpassword",
    "passw",
    "passwrd",
    "pssword",
    "qwerty",
    "qwertyuiop",
    "qwertyuiopasdf",
    "stadgent",
    "summer",
    "verander",
    "veranderdit",
    "veranderme",
    "wachtwoord",
    "wachtwoordwachtwoord",
    "welcome",
    "welkom",
    "welkomwelkom",
    "winter",
    "zomer",
];

/// Whether a password may be used by the user with this name; otherwise why not.
pub fn check(password: &str, name: &str) -> Result<(), String> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(format!(
            "a password has at least {SHORTEST} characters, this one has {length}"
        ));
    }
    if password.len() > LONGEST_BYTES {
        return Err(format!("a password has at most {LONGEST_BYTES} bytes"));
    }
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    let folded = password.to_lowercase();
    let letters: String = folded.chars().filter(|c| c.is_alphabetic()).collect();
    let name = name.to_lowercase();
    if different.len() < DIFFERENT
        || HOPELESS.contains(&letters.as_str())
        || letters == name
        || folded == name.repeat(2)
    {
        return Err("this password is among the first that anybody tries: use several words that \
                    do not belong together"
            .to_owned());
    }
    Ok(())
}

fn hasher(memory_kib: u32) -> Result<Argon2<'static>, Failed> {
    let params = Params::new(memory_kib, PASSES, 1, None).map_err(|e| Failed(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("a password cannot be hashed: {0}")]
pub struct Failed(String);

/// What is kept of a password: a PHC string with the parameters in it.
pub fn hash(password: &str) -> Result<String, Failed> {
    hash_with(password, MEMORY_KIB)
}

fn hash_with(password: &str, memory_kib: u32) -> Result<String, Failed> {
    let salt = secret::random::<16>().map_err(|error| Failed(error.to_string()))?;
    let hash = hasher(memory_kib)?.hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| Failed(error.to_string()))
}

/// What a password is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not the one.
    Wrong,
    /// The one, hashed with present parameters.
    Right,
    /// The one, hashed with parameters of before: hash it anew.
    RightButOld,
}

/// Compares a password with what is kept. Where nothing is kept it takes the same time.
pub fn verify(password: &str, kept: Option<&str>) -> Verdict {
    // Hash of a random text nobody knows, with present parameters.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$YmVsZm9ydCBub2JvZHkhIQ$\
        0000000000000000000000000000000000000000000";
    if password.len() > LONGEST_BYTES {
        return Verdict::Wrong;
    }
    let Ok(parsed) = PasswordHash::new(kept.unwrap_or(NOBODY)) else { return Verdict::Wrong };
    let right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    if !right || kept.is_none() {
        return Verdict::Wrong;
    }
    let present = parsed.algorithm.as_str() == "argon2id"
        && Params::try_from(&parsed)
            .is_ok_and(|p| (p.m_cost(), p.t_cost(), p.p_cost()) == (MEMORY_KIB, PASSES, 1));
    if present { Verdict::Right } else { Verdict::RightButOld }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_password_is_recognised_and_no_other() {
        let kept = hash("paard batterij nietje").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_eq!(verify("paard batterij nietje", Some(&kept)), Verdict::Right);
        assert_eq!(verify("Paard batterij nietje", Some(&kept)), Verdict::Wrong);
        assert_eq!(verify("", Some(&kept)), Verdict::Wrong);
        assert_ne!(hash("paard batterij nietje").unwrap(), kept, "salted");
    }

    #[test]
    fn parameters_of_before_are_seen() {
        let kept = hash_with("paard batterij nietje", 8 * 1024).unwrap();
        assert_eq!(verify("paard batterij nietje", Some(&kept)), Verdict::RightButOld);
        assert_eq!(verify("paard batterij", Some(&kept)), Verdict::Wrong);
    }

    #[test]
    fn nobody_costs_as_much_as_somebody() {
        let kept = hash("paard batterij nietje").unwrap();
        let time = |kept: Option<&str>| {
            let start = Instant::now();
            for _ in 0..3 {
                assert_eq!(verify("wrong wrong wrong", kept), Verdict::Wrong);
            }
            start.elapsed().as_secs_f64()
        };
        let (somebody, nobody) = (time(Some(&kept)), time(None));
        assert!(nobody > somebody / 3.0 && nobody < somebody * 3.0, "{somebody} {nobody}");
    }

    #[test]
    fn hopeless_passwords_are_refused() {
        for hopeless in [
            "short",
            "Wachtwoord123!",
            "Welkom2026!!",
            "123456789012",
            "aaaaaaaaaaaaaaaa",
            "StadGent-2026",
            "azerty123456",
            "veiligheid!2026",
            "P4ssw0rd1234",
        ] {
            assert!(check(hopeless, "veiligheid").is_err(), "{hopeless}");
        }
        check("paard batterij nietje", "veiligheid").unwrap();
        check("ōāß漢字テスト十二文字以上だ", "veiligheid").unwrap();
        assert!(check(&"ab cd ef ".repeat(200), "veiligheid").is_err(), "too long");
    }
}
