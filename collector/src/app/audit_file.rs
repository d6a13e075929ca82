//! The audit log as a file that proves itself: one JSON object per line, each with the hash of the line
//! before. Whoever has the file needs neither the database nor this program; the format is in
//! `docs/reference/audit-log.md`.

use std::io::BufRead;

use belfort_model::time::Timestamp;
use belfort_store::audit_hash;
use belfort_store::record::AuditRecord;
use serde::{Deserialize, Serialize};

/// Longest line that is read, bytes.
const LONGEST_LINE: usize = 1 << 20;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    sequence: u64,
    at: String,
    at_ms: i64,
    actor: String,
    action: String,
    subject: String,
    detail: String,
    previous: String,
    hash: String,
}

impl Line {
    /// A record that follows another.
    pub fn of(previous: [u8; 32], record: &AuditRecord) -> Self {
        Self {
            sequence: record.sequence,
            at: record.at.to_string(),
            at_ms: record.at.0,
            actor: record.actor.clone(),
            action: record.action.clone(),
            subject: record.subject.clone(),
            detail: record.detail.clone(),
            previous: hex::encode(previous),
            hash: hex::encode(record.hash),
        }
    }

    /// The record, and the hash it says it follows.
    fn record(self) -> Option<([u8; 32], AuditRecord)> {
        let bytes = |text: &str| {
            let mut hash = [0; 32];
            hex::decode_to_slice(text, &mut hash).ok().map(|()| hash)
        };
        let at = Timestamp(self.at_ms);
        let record = AuditRecord {
            sequence: self.sequence,
            at,
            actor: self.actor,
            action: self.action,
            subject: self.subject,
            detail: self.detail,
            hash: bytes(&self.hash)?,
        };
        // What a person reads must be what the hash is over.
        (at.to_string() == self.at).then_some((bytes(&self.previous)?, record))
    }
}

/// What a file proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Number of its first record.
    pub first: u64,
    /// Number of its last record.
    pub last: u64,
    /// Hash of its last record.
    pub hash: [u8; 32],
}

/// Why a file proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read it: {0}")]
    Read(#[from] std::io::Error),
    /// It holds no record.
    #[error("it holds no record")]
    Empty,
    /// A line is not as it was written.
    #[error("line {line} does not hold: {reason}")]
    Broken {
        /// Which, from 1.
        line: u64,
        /// Why.
        reason: &'static str,
    },
}

/// Recomputes the chain of a file.
pub fn verify(mut file: impl BufRead) -> Result<Proven, FileError> {
    let mut proven = None::<Proven>;
    let mut number = 0;
    let mut text = String::new();
    loop {
        text.clear();
        let mut part = std::io::Read::take(&mut file, LONGEST_LINE as u64);
        if part.read_line(&mut text)? == 0 {
            return proven.ok_or(FileError::Empty);
        }
        number += 1;
        let broken = |reason| FileError::Broken { line: number, reason };
        let line: Line = serde_json::from_str(&text).map_err(|_| broken("it is no record"))?;
        let Some((previous, record)) = line.record() else {
            return Err(broken("a hash or the moment cannot be"));
        };
        match proven {
            None if record.sequence == 1 && previous != [0; 32] => {
                return Err(broken("the first record follows none"));
            }
            Some(before) if record.sequence != before.last + 1 => {
                return Err(broken("a record is missing before it, or they were swapped"));
            }
            Some(before) if previous != before.hash => {
                return Err(broken("it does not follow the line before"));
            }
            _ => {}
        }
        if audit_hash(previous, &record) != record.hash {
            return Err(broken("it was changed"));
        }
        let first = proven.map_or(record.sequence, |proven| proven.first);
        proven = Some(Proven { first, last: record.sequence, hash: record.hash });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(count: u64) -> Vec<String> {
        let mut previous = [0; 32];
        (1..=count)
            .map(|sequence| {
                let mut record = AuditRecord {
                    sequence,
                    at: Timestamp(1_780_000_000_000 + i64::try_from(sequence).unwrap()),
                    actor: "els".to_owned(),
                    action: "owner.set".to_owned(),
                    subject: format!("asset-{sequence}"),
                    detail: r#"{"unit":"é"}"#.to_owned(),
                    hash: [0; 32],
                };
                record.hash = audit_hash(previous, &record);
                let line = serde_json::to_string(&Line::of(previous, &record)).unwrap();
                previous = record.hash;
                line
            })
            .collect()
    }

    fn check(lines: &[String]) -> Result<Proven, FileError> {
        verify(lines.join("\n").as_bytes())
    }

    #[test]
    fn a_file_and_a_part_of_it_prove_themselves() {
        let all = lines(5);
        let proven = check(&all).unwrap();
        assert_eq!((proven.first, proven.last), (1, 5));
        assert_eq!(check(&all[2..]).unwrap(), Proven { first: 3, ..proven });
        assert!(matches!(check(&[]), Err(FileError::Empty)));
    }

    proptest! {
        #[test]
        fn nothing_can_be_changed_removed_swapped_or_added(
            at in 1_usize..7, other in 1_usize..7, kind in 0_u8..5
        ) {
            let mut all = lines(8);
            match kind {
                0 => all[at] = all[at].replace("els", "eva"),
                1 => drop(all.remove(at)),
                2 if at != other => all.swap(at, other),
                3 => all[at] = all[at].replace(".00", ".01"),
                _ => all.insert(at, all[at].clone()),
            }
            prop_assert!(check(&all).is_err());
        }
    }
}
