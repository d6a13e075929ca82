//! Imports files.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use belfort_advisories::{FeedError, Intake, SinkError, Skipped, Summary};
use belfort_model::advisory::{AdvisorySource, FeedKind, Record};
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{LoadId, StoredSource};
use serde_json::json;

use super::files::{self, Bundle, unreadable};
use crate::app::access::{Actor, Right};
use crate::app::{App, AppError, Result, audit};

/// Records handed to the store at a time.
const BATCH: usize = 2_000;

/// How to import.
#[derive(Clone, Copy, Debug, Default)]
pub struct Import {
    /// Which feed the files are, where that does not show.
    pub kind: Option<FeedKind>,
    /// Take data that is older than what is there, or the same.
    pub force: bool,
    /// Read everything and change nothing.
    pub dry_run: bool,
}

/// What became of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in place.
    Imported,
    /// The very same data is there already.
    Unchanged,
    /// It could be imported.
    Readable,
}

/// One source that was imported.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The source.
    pub source: AdvisorySource,
    /// What became of it.
    pub outcome: Outcome,
    /// Records that are not for us.
    pub ignored: u64,
    /// The first records that could not be used.
    pub named: Vec<Skipped>,
}

impl App {
    /// Imports files and folders, each source on its own: what comes before a source that is refused
    /// stays imported. `progress` is told what is read and how many records there were.
    pub fn advisories_import(
        &self,
        actor: &Actor,
        paths: &[PathBuf],
        import: Import,
        progress: &dyn Fn(&str, u64),
        now: Timestamp,
    ) -> Result<(Vec<Imported>, Vec<PathBuf>)> {
        actor.require(Right::Administer)?;
        let (bundles, unknown) = files::bundles(paths, import.kind)?;
        if bundles.is_empty() {
            return Err(AppError::Invalid("there is no feed among these files".to_owned()));
        }
        let mut all = Vec::new();
        for bundle in &bundles {
            all.push(self.import_bundle(actor, bundle, import, progress, now)?);
        }
        Ok((all, unknown))
    }

    /// Imports one file that lies here under another name than it was given: `called` says which, as its
    /// publisher does, because some feeds say only there what they are about.
    pub fn advisories_import_file(
        &self,
        actor: &Actor,
        path: &Path,
        called: &str,
        import: Import,
        now: Timestamp,
    ) -> Result<Imported> {
        actor.require(Right::Administer)?;
        let bundle = files::one(path, called, import.kind)?;
        self.import_bundle(actor, &bundle, import, &|_, _| {}, now)
    }

    pub(super) fn import_bundle(
        &self,
        actor: &Actor,
        bundle: &Bundle,
        import: Import,
        progress: &dyn Fn(&str, u64),
        now: Timestamp,
    ) -> Result<Imported> {
        let (sha256, retrieved_at) = bundle.digest()?;
        let there = self.store.advisory_sources()?;
        let same =
            |one: &StoredSource| one.source.kind == bundle.kind && one.source.sha256 == sha256;
        if let Some(known) = there.into_iter().find(same).filter(|_| !import.force) {
            let (source, outcome) = (known.source, Outcome::Unchanged);
            return Ok(Imported { source, outcome, ignored: 0, named: vec![] });
        }
        let source = |summary: &Summary| AdvisorySource {
            name: name(bundle, summary),
            kind: bundle.kind,
            // A feed cannot be of tomorrow: nothing could take its place.
            as_of: summary.as_of.unwrap_or(retrieved_at).min(now),
            version: summary
                .version
                .clone()
                .unwrap_or_else(|| summary.as_of.unwrap_or(retrieved_at).day()),
            retrieved_at,
            imported_at: now,
            sha256,
            licence: bundle.kind.licence().to_owned(),
            records: summary.records,
            skipped: summary.skipped,
        };
        let done = |source, outcome, summary: Summary| Imported {
            source,
            outcome,
            ignored: summary.ignored,
            named: summary.named,
        };
        if import.dry_run {
            let summary = read(bundle, progress, &mut |_| Ok(()))?;
            return Ok(done(source(&summary), Outcome::Readable, summary));
        }
        let load = self.store.advisory_begin(now)?;
        let result = self.fill(load, bundle, progress).and_then(|summary| {
            let source = source(&summary);
            let detail = json!({
                "version": source.version, "as_of": source.as_of, "sha256": hex::encode(sha256),
                "records": source.records, "skipped": source.skipped, "forced": import.force,
            });
            let record =
                audit(actor, Right::Administer, "advisories.import", &source.name, &detail, now)?;
            self.store.advisory_finish(load, &source, import.force, &record)?;
            Ok(done(source, Outcome::Imported, summary))
        });
        if result.is_err()
            && let Err(error) = self.store.advisory_abandon(load)
        {
            // A later import clears it away.
            tracing::warn!(%error, "an import that failed could not be cleared away");
        }
        result
    }

    /// Hands everything a bundle holds to the store.
    fn fill(&self, load: LoadId, bundle: &Bundle, progress: &dyn Fn(&str, u64)) -> Result<Summary> {
        let mut batch: Vec<Record> = Vec::with_capacity(BATCH);
        let mut first = 0_u64;
        let mut flush = |batch: &mut Vec<Record>| -> std::result::Result<(), StoreError> {
            self.store.advisory_add(load, first, batch)?;
            first += batch.len() as u64;
            batch.clear();
            Ok(())
        };
        let summary = read(bundle, progress, &mut |record| {
            batch.push(record);
            if batch.len() >= BATCH {
                flush(&mut batch)?;
            }
            Ok(())
        })?;
        flush(&mut batch)?;
        Ok(summary)
    }
}

/// Reads a bundle and gives every record.
fn read(
    bundle: &Bundle,
    progress: &dyn Fn(&str, u64),
    emit: &mut dyn FnMut(Record) -> std::result::Result<(), SinkError>,
) -> Result<Summary> {
    let mut intake = Intake::new(emit);
    for path in &bundle.files {
        let called = bundle.called(path);
        progress(&called, intake.records());
        let file = File::open(path).map_err(|error| unreadable(&called, &error))?;
        let packed = file.metadata().map_or(0, |metadata| metadata.len());
        let input = BufReader::with_capacity(1 << 16, file);
        let result = if bundle.is_zip {
            belfort_advisories::read_zip(bundle.kind, input, packed, &mut intake)
        } else {
            belfort_advisories::read(bundle.kind, &stem(&called), input, &mut intake)
        };
        result.map_err(|error| refused(&called, error))?;
    }
    intake.finish().map_err(|error| refused(&bundle.name(), error))
}

fn refused(what: &str, error: FeedError) -> AppError {
    match error {
        FeedError::Sink(error) => match error.downcast::<StoreError>() {
            Ok(error) => AppError::Store(*error),
            Err(error) => AppError::Invalid(format!("{what}: {error}")),
        },
        error => AppError::Invalid(format!("{what} {error}; nothing of it was imported")),
    }
}

/// The name of a file without folder and extensions.
fn stem(called: &str) -> String {
    let name = Path::new(called).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

/// What a source is called.
fn name(bundle: &Bundle, summary: &Summary) -> String {
    let kind = bundle.kind.as_str();
    let subject = summary.subject.as_deref();
    let own = match bundle.files.as_slice() {
        [path, ..] if !bundle.is_whole => Some(stem(&bundle.called(path))),
        // Advisories of everything have no ecosystem in common: the file, or the folder, tells them apart.
        [path] if bundle.kind == FeedKind::Osv && subject.is_none() => {
            Some(stem(&bundle.called(path)))
        }
        [path, ..] if bundle.kind == FeedKind::Osv && subject.is_none() => {
            path.parent().map(|folder| stem(&folder.display().to_string()))
        }
        _ => None,
    };
    match own.as_deref().or(subject) {
        Some(subject) => format!("{kind}/{}", subject.chars().take(100).collect::<String>()),
        None => kind.to_owned(),
    }
}
