//! What is taken from a feed and what is passed over.

use std::collections::BTreeSet;

use belfort_model::advisory::Record;
use belfort_model::time::Timestamp;

use crate::FeedError;
use crate::json::Bad;

/// What the taker of records can fail with.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Records passed over that are named.
const NAMED: usize = 20;

/// A record that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its name or place.
    pub record: String,
    /// Why.
    pub reason: String,
}

/// Takes records, and counts.
pub struct Intake<'a> {
    emit: &'a mut dyn FnMut(Record) -> Result<(), SinkError>,
    summary: Summary,
    common: Option<BTreeSet<String>>,
}

/// What a feed held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Version its publisher gives.
    pub version: Option<String>,
    /// The newest moment it speaks of as its own.
    pub as_of: Option<Timestamp>,
    /// What it is about, where a kind of feed has many: a product or an ecosystem.
    pub subject: Option<String>,
    /// Records taken.
    pub records: u64,
    /// Records that are not for us: withdrawn, or about a release that is never installed.
    pub ignored: u64,
    /// Records passed over because they are broken.
    pub skipped: u64,
    /// The first of these.
    pub named: Vec<Skipped>,
}

impl<'a> Intake<'a> {
    /// An intake that gives each record to `emit`.
    pub fn new(emit: &'a mut dyn FnMut(Record) -> Result<(), SinkError>) -> Self {
        Self { emit, summary: Summary::default(), common: None }
    }

    /// Ends the intake. A feed without a usable record, or with more broken ones than usable, is none.
    pub fn finish(self) -> Result<Summary, FeedError> {
        let Summary { records, skipped, named, .. } = &self.summary;
        if *records == 0 || skipped > records {
            let first = named.first();
            let first = first.map(|one| format!("; the first: {}: {}", one.record, one.reason));
            let detail = match skipped {
                0 => String::new(),
                _ => format!(
                    " enough: {records} of {}{}",
                    records + skipped,
                    first.unwrap_or_default()
                ),
            };
            return Err(FeedError::Empty(detail));
        }
        let ecosystem = self.ecosystem();
        Ok(Summary { subject: self.summary.subject.or(ecosystem), ..self.summary })
    }

    pub(crate) fn take(&mut self, record: Record) -> Result<(), FeedError> {
        (self.emit)(record).map_err(FeedError::Sink)?;
        self.summary.records += 1;
        Ok(())
    }

    pub(crate) fn ignore(&mut self) {
        self.summary.ignored += 1;
    }

    /// Takes what a record gave, or passes it over.
    pub(crate) fn take_or_skip(
        &mut self,
        name: impl FnOnce() -> String,
        record: Result<Option<Record>, Bad>,
    ) -> Result<(), FeedError> {
        match record {
            Ok(Some(record)) => self.take(record)?,
            Ok(None) => self.ignore(),
            Err(bad) => self.skip(&name(), bad),
        }
        Ok(())
    }

    pub(crate) fn skip(&mut self, record: &str, bad: Bad) {
        self.summary.skipped += 1;
        if self.summary.named.len() < NAMED {
            let record = record.chars().filter(|c| !c.is_control()).take(80).collect();
            self.summary.named.push(Skipped { record, reason: bad.0 });
        }
    }

    /// How many records were taken.
    pub fn records(&self) -> u64 {
        self.summary.records
    }

    pub(crate) fn set_version(&mut self, version: &str) {
        self.summary.version =
            Some(version.chars().filter(|c| !c.is_control()).take(100).collect());
    }

    /// Notes a moment the feed speaks of; the newest counts.
    pub(crate) fn note_moment(&mut self, text: &str) {
        let text = text.replace('/', "-");
        let moment = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse::<Timestamp>());
        if let Ok(moment) = moment {
            self.summary.as_of = self.summary.as_of.max(Some(moment));
        }
    }

    pub(crate) fn set_subject(&mut self, subject: &str) {
        self.summary.subject = Some(subject.to_owned());
    }

    /// Notes which ecosystems an advisory names, with and without their release. An archive of one
    /// ecosystem holds whole advisories, which name others too: what all of them name is what it is about.
    pub(crate) fn note_ecosystems(&mut self, named: BTreeSet<String>) {
        match &mut self.common {
            Some(common) => common.retain(|one| named.contains(one)),
            None => self.common = Some(named),
        }
    }

    /// The one release that all advisories name, or else their ecosystems; nothing when they have nothing
    /// in common.
    fn ecosystem(&self) -> Option<String> {
        let common = self.common.as_ref()?;
        let (releases, ecosystems): (Vec<_>, Vec<_>) =
            common.iter().map(String::as_str).partition(|one| one.contains(':'));
        match (releases.as_slice(), ecosystems.as_slice()) {
            ([one], _) => Some((*one).to_owned()),
            (_, []) => None,
            _ => Some(ecosystems.join("+")),
        }
    }
}
