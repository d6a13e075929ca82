//! Secrets: random bytes, the forms in which they are handed out, and the hashes that are kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random bytes: {0}")]
pub struct NoRandom(String);

/// So many random bytes from the operating system.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| NoRandom(error.to_string()))?;
    Ok(bytes)
}

/// A secret of 256 random bits as text without padding.
pub fn random_text() -> Result<String, NoRandom> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// What is kept of a secret. The secrets are random, so a fast hash is enough; there is nothing to
/// guess.
pub fn sha256(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// An enrolment token as it is handed out: the secret, and what to recognise the collector by.
pub fn enrolment_token(secret: &str, fingerprint: [u8; 32]) -> String {
    format!("bft1.{secret}.{}", URL_SAFE_NO_PAD.encode(fingerprint))
}
