//! Sealing: secrets that must be read again are kept encrypted (ChaCha20-Poly1305, RFC 8439), with a
//! key that is in the data directory and not in the database.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use sha2::{Digest as _, Sha256};

use crate::secret;

/// First byte of what this version seals.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;
const KEY_ID_BYTES: usize = 4;
const HEAD_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES;

/// Something cannot be sealed or opened.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was sealed with another key.
    #[error(
        "it was sealed with another login.key: copy that file from the collector that wrote it"
    )]
    OtherKey,
    /// It is damaged, or belongs to somebody else.
    #[error("it is damaged or does not belong here")]
    Damaged,
    /// No random bytes, or the cipher refused.
    #[error("it cannot be sealed")]
    Failed,
}

fn key_id(key: &[u8; 32]) -> [u8; KEY_ID_BYTES] {
    let hash: [u8; 32] =
        Sha256::new_with_prefix(b"belfort login key\n").chain_update(key).finalize().into();
    let [a, b, c, d, ..] = hash;
    [a, b, c, d]
}

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey, SealError> {
    UnboundKey::new(&CHACHA20_POLY1305, key).map(LessSafeKey::new).map_err(|_| SealError::Failed)
}

/// Seals bytes for an owner: they can be opened for the same owner only.
pub fn seal(key: &[u8; 32], owner: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let nonce = secret::random::<NONCE_BYTES>().map_err(|_| SealError::Failed)?;
    let mut body = plain.to_vec();
    cipher(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner), &mut body)
        .map_err(|_| SealError::Failed)?;
    let mut sealed = vec![VERSION];
    sealed.extend(key_id(key));
    sealed.extend(nonce);
    sealed.extend(body);
    Ok(sealed)
}

/// Opens what was sealed for an owner.
pub fn open(key: &[u8; 32], owner: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (head, body) = sealed.split_at_checked(HEAD_BYTES).ok_or(SealError::Damaged)?;
    let (version, rest) = head.split_first().ok_or(SealError::Damaged)?;
    let (id, nonce) = rest.split_at_checked(KEY_ID_BYTES).ok_or(SealError::Damaged)?;
    if *version != VERSION {
        return Err(SealError::Damaged);
    }
    if id != key_id(key) {
        return Err(SealError::OtherKey);
    }
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| SealError::Damaged)?;
    let mut body = body.to_vec();
    let plain = cipher(key)?
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(owner), &mut body)
        .map_err(|_| SealError::Damaged)?;
    Ok(plain.to_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_sealed_opens_for_its_owner_alone(plain: Vec<u8>, at: usize, bit in 0_u8..8) {
            let (key, other) = ([1; 32], [2; 32]);
            let sealed = seal(&key, b"a", &plain).unwrap();
            prop_assert_eq!(open(&key, b"a", &sealed).unwrap(), plain);
            prop_assert_eq!(open(&key, b"b", &sealed), Err(SealError::Damaged));
            prop_assert_eq!(open(&other, b"a", &sealed), Err(SealError::OtherKey));
            let mut changed = sealed.clone();
            let at = at % changed.len();
            changed[at] ^= 1 << bit;
            prop_assert!(open(&key, b"a", &changed).is_err());
            prop_assert!(open(&key, b"a", &sealed[..at]).is_err());
        }
    }
}
