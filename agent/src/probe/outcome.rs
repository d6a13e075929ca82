//! Reading with a record: every source that was not simply read leaves an outcome.

use std::collections::BTreeMap;

use belfort_agent_sys::files::{Entry, EntryKind, ReadError, Root};
use belfort_proto::inventory::v1::{Outcome, OutcomeStatus};

use super::text;

/// Outcomes of one section, one per source.
#[derive(Clone, Debug, Default)]
pub struct Outcomes(BTreeMap<String, (OutcomeStatus, String)>);

impl Outcomes {
    /// The source does not exist on this machine.
    pub fn absent(&mut self, source: &str) {
        self.add(source, OutcomeStatus::Absent, "");
    }

    /// The agent has no right to read the source.
    pub fn denied(&mut self, source: &str) {
        self.add(source, OutcomeStatus::Denied, "");
    }

    /// The source could not be read or understood.
    pub fn failed(&mut self, source: &str, reason: &str) {
        self.add(source, OutcomeStatus::Failed, reason);
    }

    /// Records why a file was not read.
    pub fn unread(&mut self, source: &str, error: ReadError) {
        match error {
            ReadError::Absent => self.absent(source),
            ReadError::Denied => self.denied(source),
            other => self.failed(source, &other.to_string()),
        }
    }

    fn add(&mut self, source: &str, status: OutcomeStatus, reason: &str) {
        // Configuration can name any place, also in somebody's home.
        let source = text::impersonal_path(source.as_bytes());
        self.0.entry(source).or_insert((status, reason.to_owned()));
    }

    /// Takes over the outcomes of what was read for several sections.
    pub fn extend(&mut self, other: &Self) {
        for (source, outcome) in &other.0 {
            self.0.entry(source.clone()).or_insert_with(|| outcome.clone());
        }
    }

    /// Whether everything was simply read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The outcomes as they are reported, sorted by source.
    pub fn into_vec(self) -> Vec<Outcome> {
        let outcomes = self.0.into_iter();
        outcomes
            .map(|(source, (status, reason))| Outcome { source, status: status.into(), reason })
            .collect()
    }
}

/// Files of a root, with a record of what went wrong.
#[derive(Debug)]
pub struct Sources<'a> {
    /// Where files are read.
    pub root: &'a Root,
    /// What went wrong so far.
    pub outcomes: Outcomes,
}

/// Largest small file: an attribute of sysfs, a line of configuration.
pub const SMALL_BYTES: usize = 64 << 10;

impl<'a> Sources<'a> {
    /// Reads below a root.
    pub fn new(root: &'a Root) -> Self {
        Self { root, outcomes: Outcomes::default() }
    }

    /// Reads a file that should be there: its absence is an outcome.
    pub fn needed(&mut self, path: &str, cap: usize) -> Option<Vec<u8>> {
        self.root.read(path, cap).map_err(|error| self.outcomes.unread(path, error)).ok()
    }

    /// Reads a file that many machines do not have: only denial and failure are outcomes.
    pub fn optional(&mut self, path: &str, cap: usize) -> Option<Vec<u8>> {
        match self.root.read(path, cap) {
            Ok(content) => Some(content),
            Err(ReadError::Absent) => None,
            Err(error) => {
                self.outcomes.unread(path, error);
                None
            }
        }
    }

    /// One attribute of sysfs as clean text; empty when it cannot be read. Attributes that exist but
    /// give an error of input or argument have no value at the moment, which is ordinary.
    pub fn attribute(&mut self, path: &str) -> String {
        match self.root.read(path, SMALL_BYTES) {
            Ok(content) => text::clean(&content),
            Err(ReadError::Absent | ReadError::Os(_)) => String::new(),
            Err(error) => {
                self.outcomes.unread(path, error);
                String::new()
            }
        }
    }

    /// Entries of a directory that many machines do not have.
    pub fn list(&mut self, path: &str) -> Vec<Entry> {
        match self.root.list(path) {
            Ok(entries) => entries,
            Err(ReadError::Absent) => Vec::new(),
            Err(error) => {
                self.outcomes.unread(path, error);
                Vec::new()
            }
        }
    }

    /// Folders in a directory that many machines do not have. Links are not followed: what they lead to
    /// lies elsewhere, or is found under its own name.
    pub fn folders(&mut self, path: &str) -> impl Iterator<Item = Entry> + use<> {
        let entries = self.list(path).into_iter();
        entries.filter(|entry| matches!(entry.kind, EntryKind::Directory | EntryKind::Other))
    }

    /// Reads one file among many alike. One that is not there is none; other trouble is an outcome of the
    /// pattern that all of them share, so that ten thousand bad ones are one.
    pub fn one_of_many(&mut self, pattern: &str, path: &str, cap: usize) -> Option<Vec<u8>> {
        match self.root.read(path, cap) {
            Ok(content) => Some(content),
            Err(ReadError::Absent) => None,
            Err(error) => {
                self.outcomes.unread(pattern, error);
                None
            }
        }
    }

    /// Target of a link; nothing when it is none.
    pub fn link(&mut self, path: &str) -> Option<String> {
        self.root.link(path).ok().map(|target| String::from_utf8_lossy(&target).into_owned())
    }

    /// Whether a path exists; trouble is an outcome.
    pub fn exists(&mut self, path: &str) -> bool {
        self.root.exists(path).unwrap_or_else(|error| {
            self.outcomes.unread(path, error);
            false
        })
    }
}
