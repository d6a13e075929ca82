//! Codes that are handed out once: to set a password, and to get in when the second factor is lost.
//! They are random, so only a hash is kept and there is nothing to guess.

use crate::secret::{self, NoRandom};

/// Prefix by which secret scanners and people recognise a code that sets a password.
const RESET_PREFIX: &str = "bfr1.";
/// Signs of recovery codes: no 0, 1, l and o, which are misread.
const SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Signs of one recovery code: 80 bits.
const RECOVERY_SIGNS: usize = 16;
/// Recovery codes given at a time.
const RECOVERY_CODES: usize = 10;

/// A new code that sets a password.
pub fn reset() -> Result<String, NoRandom> {
    Ok(format!("{RESET_PREFIX}{}", secret::random_text()?))
}

/// What is kept of a code that sets a password; nothing when it cannot be one.
pub fn reset_hash(code: &str) -> Option<[u8; 32]> {
    let code = code.trim();
    (code.starts_with(RESET_PREFIX) && code.len() < 128).then(|| secret::sha256(code))
}

/// New recovery codes, in groups of four.
pub fn recovery() -> Result<Vec<String>, NoRandom> {
    (0..RECOVERY_CODES)
        .map(|_| {
            let bytes = secret::random::<RECOVERY_SIGNS>()?;
            let signs: Vec<char> = bytes
                .iter()
                .filter_map(|byte| SIGNS.get(usize::from(byte % 32)))
                .map(|sign| char::from(*sign))
                .collect();
            let groups: Vec<String> = signs.chunks(4).map(|group| group.iter().collect()).collect();
            Ok(groups.join("-"))
        })
        .collect()
}

/// What is kept of a recovery code; nothing when it cannot be one. Case, blanks and dashes do not count.
pub fn recovery_hash(code: &str) -> Option<[u8; 32]> {
    let plain: String = code
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    (plain.len() == RECOVERY_SIGNS).then(|| secret::sha256(&format!("belfort recovery {plain}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_found_however_they_are_typed() {
        let codes = recovery().unwrap();
        assert_eq!(codes.len(), RECOVERY_CODES);
        let code = &codes[0];
        assert_eq!(code.len(), 19);
        let hash = recovery_hash(code).unwrap();
        let typed = code.to_uppercase().replace('-', " ");
        assert_eq!(recovery_hash(&typed), Some(hash));
        assert_ne!(recovery_hash(&codes[1]), Some(hash));
        assert_eq!(recovery_hash("123456"), None);
    }

    #[test]
    fn a_reset_code_has_its_prefix() {
        let code = reset().unwrap();
        assert_eq!(reset_hash(&format!(" {code}\n")), reset_hash(&code));
        assert!(reset_hash(&code).is_some());
        assert_eq!(reset_hash("bfa1.x"), None);
    }
}
