//! What the header of LUKS says: cipher, and what unlocks it. Sources of the formats: LUKS1 On-Disk
//! Format 1.2.3, LUKS2 On-Disk Format 1.1.3; systemd-cryptenroll(1) and clevis(1) for tokens.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::probe::text;

/// What is known of a LUKS device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Luks {
    /// Cipher with its mode.
    pub cipher: String,
    /// What unlocks it, sorted, each once.
    pub protectors: Vec<String>,
}

/// Why a header is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LuksError {
    /// There is none where it should be.
    #[error("no LUKS header at the start of the device")]
    NoHeader,
    /// Its checksum does not fit, or it does not hold what it should.
    #[error("LUKS header is damaged")]
    Damaged,
    /// It is larger than is read.
    #[error("LUKS header is larger than {HEADER_BYTES_MAX} bytes")]
    TooLarge,
}

/// Length of the binary part of a header of LUKS2.
pub const BINARY_BYTES: usize = 4096;
/// Largest header read, though the format allows 4 MiB: the ordinary one has 16 KiB.
pub const HEADER_BYTES_MAX: usize = 256 << 10;
/// Where a second header can start: after the first, whose length it has. Those that would be too large
/// are left out.
pub const SECOND_OFFSETS: [u64; 5] = [16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10];

const FIRST_MAGIC: &[u8; 6] = b"LUKS\xba\xbe";
const SECOND_MAGIC: &[u8; 6] = b"SKUL\xba\xbe";
/// Place of the checksum in the binary part.
const CHECKSUM: std::ops::Range<usize> = 448..512;
/// A slot of LUKS1 that holds a key.
const ACTIVE: u32 = 0x00ac_71f3;

/// Reads the header of LUKS1 from the first 592 bytes of a device.
pub fn one(start: &[u8]) -> Result<Luks, LuksError> {
    if start.get(..8) != Some(&[&FIRST_MAGIC[..], &[0, 1]].concat()) {
        return Err(LuksError::NoHeader);
    }
    let slots = start.get(208..592).ok_or(LuksError::Damaged)?;
    let slots = slots.as_chunks::<48>().0.iter().filter_map(|slot| slot.first_chunk::<4>());
    let unlocked = slots.into_iter().any(|state| u32::from_be_bytes(*state) == ACTIVE);
    let part = |at: usize| start.get(at..at + 32).map(c_string).unwrap_or_default();
    let (name, mode) = (part(8), part(40));
    if name.is_empty() || mode.is_empty() {
        return Err(LuksError::Damaged);
    }
    // What else could unlock it is not told by the header.
    let protectors = if unlocked { vec!["passphrase".to_owned()] } else { Vec::new() };
    Ok(Luks { cipher: format!("{name}-{mode}"), protectors })
}

/// Text up to the first zero.
fn c_string(bytes: &[u8]) -> String {
    bytes.split(|byte| *byte == 0).next().map(text::clean).unwrap_or_default()
}

/// Length of the first header of LUKS2 with its JSON area, from how it starts.
pub fn two_bytes(start: &[u8]) -> Result<usize, LuksError> {
    header_bytes(start, *FIRST_MAGIC, 0)
}

/// Length of the second header, which says itself where it starts.
pub fn second_bytes(start: &[u8], offset: u64) -> Result<usize, LuksError> {
    header_bytes(start, *SECOND_MAGIC, offset)
}

fn header_bytes(start: &[u8], magic: [u8; 6], offset: u64) -> Result<usize, LuksError> {
    let number = |at: usize| start.get(at..)?.first_chunk().copied().map(u64::from_be_bytes);
    if start.get(..8) != Some(&[&magic[..], &[0, 2]].concat()) {
        return Err(LuksError::NoHeader);
    }
    let size = number(8).unwrap_or(0);
    // Lengths are powers of two from 16 KiB to 4 MiB.
    let allowed = size.is_power_of_two() && (16 << 10..=4 << 20).contains(&size);
    if !allowed || number(256) != Some(offset) {
        return Err(LuksError::Damaged);
    }
    usize::try_from(size).ok().filter(|size| *size <= HEADER_BYTES_MAX).ok_or(LuksError::TooLarge)
}

/// Reads a header of LUKS2, first or second, with its JSON area.
pub fn two(header: &[u8]) -> Result<Luks, LuksError> {
    let (binary, json) = header.split_at_checked(BINARY_BYTES).ok_or(LuksError::Damaged)?;
    // The only algorithm the format names. With another one the JSON decides alone.
    if binary.get(72..104).map(c_string).as_deref() == Some("sha256") && !sum_fits(header) {
        return Err(LuksError::Damaged);
    }
    let json = json.split(|byte| *byte == 0).next().unwrap_or_default();
    let metadata: Metadata = serde_json::from_slice(json).map_err(|_| LuksError::Damaged)?;
    Ok(Luks { cipher: metadata.cipher(), protectors: metadata.protectors() })
}

/// The sum is taken over the whole header with zeros in its own place.
fn sum_fits(header: &[u8]) -> bool {
    let part = |range| header.get(range).unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(part(0..CHECKSUM.start));
    hash.update([0; CHECKSUM.end - CHECKSUM.start]);
    hash.update(part(CHECKSUM.end..header.len()));
    part(CHECKSUM).starts_with(&hash.finalize())
}

/// What is needed of the JSON area; everything else in it is passed over, keys and digests above all.
#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    keyslots: BTreeMap<String, Keyslot>,
    #[serde(default)]
    tokens: BTreeMap<String, Token>,
    #[serde(default)]
    segments: BTreeMap<String, Segment>,
    #[serde(default)]
    digests: BTreeMap<String, Digest>,
}

#[derive(Deserialize)]
struct Keyslot {
    r#type: String,
}

#[derive(Deserialize)]
struct Token {
    r#type: String,
    #[serde(default)]
    keyslots: Vec<String>,
}

#[derive(Deserialize)]
struct Segment {
    /// Missing where nothing is encrypted, or only the drive encrypts.
    encryption: Option<String>,
}

#[derive(Deserialize)]
struct Digest {
    #[serde(default)]
    keyslots: Vec<String>,
    #[serde(default)]
    segments: Vec<String>,
}

impl Metadata {
    /// The cipher of the first encrypted segment: there are several only while the device is encrypted
    /// anew.
    fn cipher(&self) -> String {
        let segments = self.segments.iter().filter_map(|(number, segment)| {
            Some((number.parse::<u32>().ok()?, segment.encryption.as_ref()?))
        });
        let first = segments.min_by_key(|(number, _)| *number);
        first.map(|(_, cipher)| text::clean(cipher.as_bytes())).unwrap_or_default()
    }

    fn protectors(&self) -> Vec<String> {
        // Slots may also hold keys that are for no segment: they unlock nothing.
        let digests = self.digests.values().filter(|digest| !digest.segments.is_empty());
        let bound: BTreeSet<&str> =
            digests.flat_map(|digest| digest.keyslots.iter().map(String::as_str)).collect();
        let slots = self.keyslots.iter().filter(|(number, slot)| {
            slot.r#type == "luks2" && (self.digests.is_empty() || bound.contains(number.as_str()))
        });
        let slots: BTreeSet<&str> = slots.map(|(number, _)| number.as_str()).collect();
        let (mut protectors, mut by_token) = (BTreeSet::new(), BTreeSet::new());
        for token in self.tokens.values() {
            let unlocked: Vec<&str> = token
                .keyslots
                .iter()
                .map(String::as_str)
                .filter(|slot| slots.contains(slot))
                .collect();
            if unlocked.is_empty() {
                continue;
            }
            let (protector, own_key) = match token.r#type.as_str() {
                "systemd-tpm2" => ("tpm2", true),
                "systemd-fido2" => ("fido2", true),
                "systemd-pkcs11" => ("pkcs11", true),
                "systemd-recovery" => ("recovery", true),
                "clevis" => ("clevis", true),
                // Of the others nobody knows whether a person could type what they hand over.
                _ => ("token", false),
            };
            protectors.insert(protector);
            if own_key {
                by_token.extend(unlocked);
            }
        }
        if slots.iter().any(|slot| !by_token.contains(slot)) {
            protectors.insert("passphrase");
        }
        protectors.into_iter().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A header of 16 KiB as cryptsetup writes it, around some JSON.
    fn header(magic: [u8; 6], offset: u64, json: &str) -> Vec<u8> {
        let mut header = vec![0; 16 << 10];
        header[..6].copy_from_slice(&magic);
        header[7] = 2;
        header[8..16].copy_from_slice(&(16_u64 << 10).to_be_bytes());
        header[72..78].copy_from_slice(b"sha256");
        header[256..264].copy_from_slice(&offset.to_be_bytes());
        header[BINARY_BYTES..BINARY_BYTES + json.len()].copy_from_slice(json.as_bytes());
        let sum = Sha256::digest(&header);
        header[448..480].copy_from_slice(&sum);
        header
    }

    fn first(json: &str) -> Result<Luks, LuksError> {
        two(&header(*FIRST_MAGIC, 0, json))
    }

    fn protectors(tokens: &str) -> Vec<String> {
        let json = format!(
            r#"{{"keyslots":{{"0":{{"type":"luks2","key_size":64}},"1":{{"type":"luks2"}},
            "2":{{"type":"luks2"}},"3":{{"type":"reencrypt"}}}},"tokens":{{{tokens}}},
            "segments":{{"0":{{"type":"crypt","encryption":"aes-xts-plain64"}}}},
            "digests":{{"0":{{"keyslots":["0","1"],"segments":["0"]}},
            "1":{{"keyslots":["2"],"segments":[]}}}},"config":{{"json_size":"12288"}}}}"#
        );
        first(&json).unwrap().protectors
    }

    #[test]
    fn what_unlocks() {
        let token = |kind: &str, slots: &str| {
            protectors(&format!(r#""0":{{"type":"{kind}","keyslots":[{slots}],"tpm2-pcrs":[7]}}"#))
        };
        assert_eq!(protectors(""), ["passphrase"]);
        assert_eq!(token("systemd-tpm2", r#""1""#), ["passphrase", "tpm2"]);
        assert_eq!(token("systemd-tpm2", r#""0","1""#), ["tpm2"]);
        assert_eq!(token("systemd-fido2", r#""1""#), ["fido2", "passphrase"]);
        assert_eq!(token("systemd-pkcs11", r#""1""#), ["passphrase", "pkcs11"]);
        assert_eq!(token("systemd-recovery", r#""1""#), ["passphrase", "recovery"]);
        assert_eq!(token("clevis", r#""1""#), ["clevis", "passphrase"]);
        assert_eq!(token("luks2-keyring", r#""0","1""#), ["passphrase", "token"]);
        // For no slot, for one that is gone, for a key that is for no segment.
        for slots in ["", r#""7""#, r#""2""#] {
            assert_eq!(token("systemd-tpm2", slots), ["passphrase"], "{slots}");
        }
    }

    #[test]
    fn ciphers() {
        let cipher = |segments: &str| {
            first(&format!(r#"{{"segments":{{{segments}}}}}"#)).map(|luks| luks.cipher)
        };
        let crypt = r#"{"type":"crypt","encryption":"aes-xts-plain64","sector_size":512}"#;
        assert_eq!(cipher(&format!(r#""0":{crypt}"#)).unwrap(), "aes-xts-plain64");
        let several = format!(
            r#""10":{crypt},"2":{{"type":"crypt","encryption":"serpent-xts-plain64"}},
            "0":{{"type":"linear"}}"#
        );
        assert_eq!(cipher(&several).unwrap(), "serpent-xts-plain64");
        assert_eq!(cipher(r#""0":{"type":"hw-opal"}"#).unwrap(), "");
        assert_eq!(cipher(r#""0":7"#), Err(LuksError::Damaged));
    }

    #[test]
    fn damage_is_noticed() {
        let good = header(*FIRST_MAGIC, 0, "{}");
        assert_eq!(two_bytes(&good), Ok(16 << 10));
        assert_eq!(two(&good), Ok(Luks::default()));
        let damaged = |at: usize| {
            let mut header = good.clone();
            header[at] ^= 1;
            header
        };
        for at in [100, 449, 5000, good.len() - 1] {
            assert_eq!(two(&damaged(at)), Err(LuksError::Damaged), "{at}");
        }
        assert_eq!(two(&good[..4000]), Err(LuksError::Damaged));
        assert_eq!(two(&good[..8192]), Err(LuksError::Damaged));
        for (at, error) in [(0, LuksError::NoHeader), (7, LuksError::NoHeader)] {
            assert_eq!(two_bytes(&damaged(at)), Err(error), "{at}");
        }
        for at in [8, 15, 263] {
            assert_eq!(two_bytes(&damaged(at)), Err(LuksError::Damaged), "{at}");
        }
        let mut large = good.clone();
        large[8..16].copy_from_slice(&(4_u64 << 20).to_be_bytes());
        assert_eq!(two_bytes(&large), Err(LuksError::TooLarge));
        let second = header(*SECOND_MAGIC, 16 << 10, "{}");
        assert_eq!(second_bytes(&second, 16 << 10), Ok(16 << 10));
        assert_eq!(second_bytes(&second, 32 << 10), Err(LuksError::Damaged));
        assert_eq!(second_bytes(&good, 0), Err(LuksError::NoHeader));
    }

    /// Made by `cryptsetup luksFormat`; digests and salts are zeroed.
    #[test]
    fn a_real_header_of_luks1() {
        let start = include_bytes!("../../../tests/fixtures/luks1.header");
        let found = one(start).unwrap();
        assert_eq!(
            (&*found.cipher, &*found.protectors),
            ("aes-xts-plain64", &["passphrase".into()][..])
        );
        assert_eq!(one(&start[..500]), Err(LuksError::Damaged));
        assert_eq!(one(&start[8..]), Err(LuksError::NoHeader));
        let mut wiped = *start;
        for slot in 0..8 {
            wiped[208 + slot * 48..212 + slot * 48].copy_from_slice(&0xdead_u32.to_be_bytes());
        }
        assert!(one(&wiped).unwrap().protectors.is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
            let _ = (one(&bytes), two_bytes(&bytes), two(&bytes));
            let _ = one(&[b"LUKS\xba\xbe\0\x01", bytes.as_slice()].concat());
            let _ = two_bytes(&[b"LUKS\xba\xbe\0\x02", bytes.as_slice()].concat());
            let _ = two(&[vec![0; BINARY_BYTES], bytes].concat());
        }

        #[test]
        fn any_json(json in r#"(\{|\}|\[|\]|"keyslots"|"tokens"|"segments"|"type"|"0"|:|,){0,30}"#) {
            let _ = first(&json);
        }
    }
}
