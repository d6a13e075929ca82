//! Reads what apt fetched: each file once, and again only when it is another one.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashSet};
use std::io::Read as _;

use belfort_agent_sys::files::{Entry, ReadError, Root, Stamp};

use crate::probe::Host;
use crate::probe::decompress::{self, Compression, Decoder};
use crate::probe::outcome::Sources;
use crate::probe::text;
use crate::probe::updates::apt::archive::{Files, NewFiles};
use crate::probe::updates::apt::installed::names;
use crate::probe::updates::apt::policy::List;
use crate::probe::updates::apt::release::Release;
use crate::probe::updates::apt::scan::{Offer, ScanError, scan};
use crate::probe::updates::apt::sources::Source;

/// Where apt keeps what it fetched.
pub(super) const LISTS: &str = "/var/lib/apt/lists";
/// Largest list as it lies there, and as it is decoded. Debian's has 60 MB.
const LIST_BYTES_MAX: u64 = 128 << 20;
const DECODED_BYTES_MAX: u64 = 256 << 20;
/// Largest Release file. Ubuntu's has 300 kB, most of it sums.
const RELEASE_BYTES_MAX: u64 = 8 << 20;
/// Most files that are read.
const FILES_MAX: usize = 2000;
/// Name under which what was read is kept.
const KEPT: &str = "apt";
/// Begins what is kept of a file that cannot be read.
const FAILED: char = '!';

/// What the archives have.
#[derive(Debug, Default)]
pub(super) struct Archives {
    /// Their lists, in the order of the sources.
    pub(super) lists: Vec<List>,
    /// What each list has of installed packages.
    pub(super) contents: Vec<String>,
    /// When the archive that was asked longest ago was asked, seconds since 1970-01-01 UTC.
    pub(super) checked_seconds: Option<i64>,
}

/// Reads the lists of the configured sources; nothing when none was fetched.
pub(super) fn read(
    host: &Host,
    sources: &mut Sources<'_>,
    configured: &[Source],
    machine: &[String],
    installed: &[Offer<'_>],
) -> Option<Archives> {
    let entries = sources.list(LISTS);
    let (names, hash) = names(installed);
    let kept = host.kept.get(KEPT).unwrap_or_default();
    let mut reader = Reader {
        root: sources.root,
        names,
        wanted: OnceCell::new(),
        files: Files::from_text(&kept, &hash),
        new: NewFiles::new(&hash),
        seen: BTreeSet::new(),
    };
    let mut all = Archives::default();
    for source in configured {
        let release = release(sources, &mut reader, source, &entries, &mut all);
        for (component, architecture, file) in lists(source, machine, &entries) {
            if reader.seen.len() >= FILES_MAX {
                sources.outcomes.failed(LISTS, "more files than are read");
                break;
            }
            let path = format!("{LISTS}/{file}");
            if !reader.seen.insert(file.to_owned()) {
                continue;
            }
            match reader.list(&path, file) {
                Ok(content) => {
                    all.contents.push(content);
                    all.lists.push(List {
                        site: source.site.clone(),
                        suite: source.suite.clone(),
                        component: component.to_owned(),
                        architecture: architecture.to_owned(),
                        release: release.clone(),
                    });
                }
                Err(trouble) => trouble.record(&path, sources),
            }
        }
    }
    if reader.seen.is_empty() {
        sources.outcomes.absent(LISTS);
        return None;
    }
    host.kept.put(KEPT, reader.new.into_text());
    Some(all)
}

/// Lists of a source that are there: component, architecture, file.
fn lists<'a>(
    source: &'a Source,
    machine: &[String],
    entries: &'a [Entry],
) -> Vec<(&'a str, &'a str, &'a str)> {
    let mut found: Vec<(&str, &str, &str)> = Vec::new();
    if let Some(flat) = source.flat() {
        let after = below(entries, &flat).map(|(file, rest)| (file, Compression::of_name(rest)));
        let list = after.filter(|(_, (_, rest))| rest.is_empty()).map(|(file, _)| ("", "", file));
        found.extend(list.take(1));
    }
    for (component, prefix) in source.packages() {
        for (file, rest) in below(entries, &prefix) {
            let (_, rest) = Compression::of_name(rest);
            let Some(architecture) = rest.strip_suffix("_Packages") else { continue };
            // Names are sorted: of several forms of a list the one that is not compressed comes first.
            let again = |list: &(&str, &str, &str)| (list.0, list.1) == (component, architecture);
            if source.takes(architecture, machine) && !found.iter().any(again) {
                found.push((component, architecture, file));
            }
        }
    }
    found
}

/// Entries whose names begin with a prefix, and what follows it.
fn below<'a>(entries: &'a [Entry], prefix: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let start = entries.partition_point(|entry| entry.name.as_str() < prefix);
    let prefix = prefix.to_owned();
    let after = entries.get(start..).unwrap_or_default().iter();
    after.map_while(move |entry| Some((entry.name.as_str(), entry.name.strip_prefix(&*prefix)?)))
}

fn release(
    sources: &mut Sources<'_>,
    reader: &mut Reader<'_>,
    source: &Source,
    entries: &[Entry],
    all: &mut Archives,
) -> Release {
    let names = source.releases();
    let is_there = |name: &&String| entries.binary_search_by(|entry| entry.name.cmp(name)).is_ok();
    let Some(file) = names.iter().find(is_there) else {
        sources.outcomes.absent(&format!("{LISTS}/{}", names[0]));
        return Release::default();
    };
    let path = format!("{LISTS}/{file}");
    match reader.release(&path, file) {
        Ok((content, stamp)) => {
            let seconds = stamp.changed_nanoseconds.div_euclid(1_000_000_000);
            all.checked_seconds =
                Some(all.checked_seconds.map_or(seconds, |known| known.min(seconds)));
            Release::from_line(content.trim_end_matches('\n')).unwrap_or_default()
        }
        Err(trouble) => {
            trouble.record(&path, sources);
            Release::default()
        }
    }
}

/// Why a file gave nothing.
enum Trouble {
    Unread(ReadError),
    Content(String),
}

impl Trouble {
    fn record(self, path: &str, sources: &mut Sources<'_>) {
        match self {
            Self::Unread(error) => sources.outcomes.unread(path, error),
            Self::Content(reason) => sources.outcomes.failed(path, &reason),
        }
    }
}

/// Reads files, or takes what is known of them.
struct Reader<'a> {
    root: &'a Root,
    names: Vec<&'a str>,
    /// The names again, for looking many up: made when the first list is read, which is seldom.
    wanted: OnceCell<HashSet<&'a [u8]>>,
    files: Files<'a>,
    new: NewFiles,
    seen: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    /// What is known of a file, when it is the same as before; it is not even opened for reading then.
    fn known(&mut self, path: &str, file: &str) -> Result<Option<(&'a str, Stamp)>, Trouble> {
        let stamp = self.root.stamp(path).map_err(Trouble::Unread)?;
        let known = self.files.get(file, stamp);
        if let Some(content) = known {
            self.new.add(file, stamp, content);
        }
        Ok(known.map(|content| (content, stamp)))
    }

    fn release(&mut self, path: &str, file: &str) -> Result<(String, Stamp), Trouble> {
        if let Some((known, stamp)) = self.known(path, file)? {
            return Ok((known.to_owned(), stamp));
        }
        let mut stream = self.root.open_stream(path, RELEASE_BYTES_MAX).map_err(Trouble::Unread)?;
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes);
        read.map_err(|error| Trouble::Content(decompress::reason(&error)))?;
        let mut release = Release::default();
        // Read to the end: no rule says that sums come last.
        let _ = text::lines(&bytes).all(|line| release.line(line));
        let content = format!("{}\n", release.to_line());
        self.new.add(file, stream.stamp(), &content);
        Ok((content, stream.stamp()))
    }

    fn list(&mut self, path: &str, file: &str) -> Result<String, Trouble> {
        if let Some((known, _)) = self.known(path, file)? {
            return known.strip_prefix(FAILED).map_or_else(
                || Ok(known.to_owned()),
                |reason| Err(Trouble::Content(reason.trim_end_matches('\n').to_owned())),
            );
        }
        let stream = self.root.open_stream(path, LIST_BYTES_MAX).map_err(Trouble::Unread)?;
        let stamp = stream.stamp();
        let (compression, _) = Compression::of_name(file);
        let names = || self.names.iter().map(|name| name.as_bytes()).collect();
        let wanted = self.wanted.get_or_init(names);
        let scanned = Decoder::new(stream, compression, DECODED_BYTES_MAX)
            .map_err(ScanError::from)
            .and_then(|mut list| scan(&mut list, |name| wanted.contains(name)));
        match scanned {
            Ok(content) => {
                self.new.add(file, stamp, &content);
                Ok(content)
            }
            Err(error) => {
                let reason = error.to_string();
                if error.is_lasting() {
                    self.new.add(file, stamp, &format!("{FAILED}{reason}\n"));
                }
                Err(Trouble::Content(reason))
            }
        }
    }
}
