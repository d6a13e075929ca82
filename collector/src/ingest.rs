//! From a report to an observation in the store: unpack and check, convert to facts, compare with what
//! was there, commit.
//!
//! The only places of the collector that name protobuf types are this room, `grpc` and
//! `agent_settings`.

pub mod changes;
pub mod convert;
pub mod glpi;
pub mod installed;
pub mod off;
pub mod packages;
pub mod unpack;

use std::collections::BTreeMap;

use belfort_model::agent::{Agent, AgentStatus};
use belfort_model::facts::DeviceFacts;
use belfort_model::id::AgentId;
use belfort_model::software::Installation;
use belfort_model::time::Timestamp;
use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::report::v1::ReportRequest;
use belfort_proto::section::{Entry, Hash, Manifest, Section, SectionError};
use belfort_store::record::{
    AssetSection, ChangeRecord, ReportCommit, ReportOutcome, SectionBlob, SectionKey,
};
use belfort_store::{Store, StoreError};

use off::Off;
use unpack::UnpackError;

/// Why a report was not taken.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The agent's key is not honoured.
    #[error("agent {0} is not active")]
    NotActive(AgentId),
    /// The manifest breaks a rule.
    #[error("manifest is not acceptable")]
    Manifest(#[source] SectionError),
    /// A section breaks a rule.
    #[error("section is not acceptable")]
    Section(#[source] UnpackError),
    /// The manifest names sections that neither the report nor the store holds.
    #[error("{} sections are missing", .0.len())]
    Missing(Vec<SectionKind>),
    /// Other reports of the same asset kept coming first.
    #[error("asset kept changing while its report was taken")]
    Busy,
    /// A stored section cannot be read any more.
    #[error("stored section {0} cannot be read")]
    Stored(Hash),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a report brought.
#[derive(Debug)]
pub struct Ingested {
    /// The root that is now held.
    pub root: Hash,
    /// How many sections were new to the store.
    pub new_sections: usize,
    /// How many fields were dropped because the schema does not allow them.
    pub dropped_fields: usize,
    /// Sections of which something was left out because the settings switch it off.
    pub sent_although_off: Vec<String>,
    /// How many changes were noted.
    pub changes: usize,
}

/// How often a report is compared anew when another one came first.
const ATTEMPTS: usize = 5;

/// The agent with this id, when its key is honoured.
pub fn active_agent(store: &dyn Store, id: AgentId) -> Result<Agent, IngestError> {
    store
        .agent_get(id)?
        .filter(|agent| agent.status == AgentStatus::Active)
        .ok_or(IngestError::NotActive(id))
}

/// Takes a report but for what is `off`: after `Ok` it is durable.
pub fn report(
    store: &dyn Store,
    agent: AgentId,
    request: &ReportRequest,
    off: &Off,
    now: Timestamp,
) -> Result<Ingested, IngestError> {
    let manifest = Manifest::from_wire(&request.manifest).map_err(IngestError::Manifest)?;
    let sent = unpack::sections(&manifest, &request.sections).map_err(IngestError::Section)?;
    let dropped_fields = sent.iter().map(|section| section.dropped_fields).sum();
    for _ in 0..ATTEMPTS {
        let agent = active_agent(store, agent)?;
        let commit = prepare(store, &agent, request.sequence, &manifest, &sent, off, now)?;
        let (new_sections, changes) = (commit.new_sections.len(), commit.changes.len());
        match store.report_commit(&commit)? {
            ReportOutcome::Committed => {
                let root = manifest.root();
                let sent_although_off = commit.facts.sent_although_off.into_keys().collect();
                return Ok(Ingested {
                    root,
                    new_sections,
                    dropped_fields,
                    sent_although_off,
                    changes,
                });
            }
            ReportOutcome::Superseded => {}
            ReportOutcome::Missing(keys) => {
                return Err(IngestError::Missing(keys.into_iter().map(kind_of).collect()));
            }
            ReportOutcome::NotActive => return Err(IngestError::NotActive(agent.id)),
        }
    }
    Err(IngestError::Busy)
}

/// Which sections of a manifest nobody has sent yet.
pub fn wanted(store: &dyn Store, manifest: &Manifest) -> Result<Vec<SectionKind>, IngestError> {
    let keys: Vec<_> = manifest.entries().iter().copied().map(key_of).collect();
    Ok(store.sections_missing(&keys)?.into_iter().map(kind_of).collect())
}

/// The manifest of what an asset holds.
pub fn held(sections: &[AssetSection]) -> Option<Manifest> {
    let entries = sections.iter().map(|section| Entry {
        kind: kind_of(section.key),
        schema_version: section.schema_version,
        hash: Hash(section.key.hash),
    });
    Manifest::new(entries.collect()).ok()
}

/// Gathers everything a report changes.
fn prepare(
    store: &dyn Store,
    agent: &Agent,
    sequence: u64,
    claimed: &Manifest,
    sent: &[unpack::Unpacked],
    off: &Off,
    now: Timestamp,
) -> Result<ReportCommit, IngestError> {
    let before = store.asset_sections(agent.asset)?;
    let input = store.evaluation_input(agent.asset)?;
    // A report may be empty, when every section is switched off: that is another root than none.
    let reported = input.as_ref().is_some_and(|input| input.facts.is_some());
    let previous_root = if reported { held(&before).map(|held| held.root().0) } else { None };

    let mut after = BTreeMap::new();
    for section in sent {
        after.insert(section.entry.kind as i32, section.section.clone());
    }
    // What was not sent is read from the store: sections other machines sent, and unchanged ones.
    let stored: Vec<Entry> = off
        .manifest(claimed)
        .entries()
        .iter()
        .copied()
        .filter(|entry| !after.contains_key(&(entry.kind as i32)))
        .collect();
    let (found, missing) = read_stored(store, &stored)?;
    if !missing.is_empty() {
        return Err(IngestError::Missing(missing));
    }
    after.extend(found);
    let off::Kept { manifest, cut, left_out } = off.keep(claimed, &mut after)?;
    // What was cut is stored as it was cut.
    let whole =
        sent.iter().filter(|section| manifest.get(section.entry.kind) == Some(section.entry));
    let new_sections = whole.map(|section| section.blob.clone()).chain(cut).collect();

    let changed: Vec<Entry> = before
        .iter()
        .map(|section| Entry {
            kind: kind_of(section.key),
            schema_version: section.schema_version,
            hash: Hash(section.key.hash),
        })
        .filter(|entry| manifest.get(entry.kind) != Some(*entry))
        .collect();
    let (replaced, _) = read_stored(store, &changed)?;
    let changes = if before.is_empty() {
        // The first report is the beginning, not a change.
        Vec::new()
    } else {
        changes::between(&replaced, &after, &kinds_changed(&before, &manifest), now)
    };

    let observed = convert::observe(after.values());
    let previous_facts = input.as_ref().and_then(|input| input.facts.as_ref());
    let name = if observed.facts.host_name.is_empty() {
        input.as_ref().map(|input| input.asset.name.clone()).unwrap_or_default()
    } else {
        observed.facts.host_name.clone()
    };
    Ok(ReportCommit {
        agent: agent.id,
        asset: agent.asset,
        now,
        sequence,
        previous_root,
        root: manifest.root().0,
        manifest: manifest.entries().iter().map(|e| (key_of(*e), e.schema_version)).collect(),
        new_sections,
        facts: DeviceFacts {
            dropped_fields: dropped_fields(sent, &manifest, &before, previous_facts),
            sent_although_off: left_out,
            ..observed.facts.following(previous_facts, now)
        },
        name,
        subtype: observed.subtype,
        evidence: observed.evidence,
        changes,
    })
}

/// Fields outside the schema, by section: what was sent says so itself, what stayed as it was is as it was.
fn dropped_fields(
    sent: &[unpack::Unpacked],
    manifest: &Manifest,
    before: &[AssetSection],
    previous: Option<&DeviceFacts>,
) -> BTreeMap<String, u32> {
    let mut dropped = BTreeMap::new();
    for section in before {
        let kind = kind_of(section.key);
        let unchanged = manifest.get(kind).is_some_and(|entry| entry.hash.0 == section.key.hash);
        let name = section_name(kind);
        if let Some(fields) = previous.and_then(|facts| facts.dropped_fields.get(&name))
            && unchanged
        {
            dropped.insert(name, *fields);
        }
    }
    for section in sent {
        let name = section_name(section.entry.kind);
        match u32::try_from(section.dropped_fields).unwrap_or(u32::MAX) {
            0 => dropped.remove(&name),
            fields => dropped.insert(name, fields),
        };
    }
    dropped
}

/// Kinds whose content is another than before, or that are new or gone.
fn kinds_changed(before: &[AssetSection], manifest: &Manifest) -> Vec<SectionKind> {
    Section::KINDS
        .iter()
        .copied()
        .filter(|kind| {
            let old = before.iter().find(|section| section.key.kind == *kind as i32);
            manifest.get(*kind).map(|entry| entry.hash.0) != old.map(|section| section.key.hash)
        })
        .collect()
}

type ByKind = BTreeMap<i32, Section>;

/// Reads sections from the store; also answers which are not there.
fn read_stored(
    store: &dyn Store,
    entries: &[Entry],
) -> Result<(ByKind, Vec<SectionKind>), IngestError> {
    if entries.is_empty() {
        return Ok((ByKind::new(), Vec::new()));
    }
    let hashes: Vec<_> = entries.iter().map(|entry| entry.hash.0).collect();
    let blobs = store.section_get(&hashes)?;
    let mut found = ByKind::new();
    let mut missing = Vec::new();
    for entry in entries {
        match blobs.iter().find(|blob| blob.key == key_of(*entry)) {
            Some(blob) => {
                let section = decode(blob).ok_or(IngestError::Stored(entry.hash))?;
                found.insert(entry.kind as i32, section);
            }
            None => missing.push(entry.kind),
        }
    }
    Ok((found, missing))
}

/// Whether a section lists packages.
pub fn is_packages(key: SectionKey) -> bool {
    kind_of(key) == SectionKind::Packages
}

/// The installed packages of a stored section, each with its publisher, and whether the list is complete;
/// nothing when it is no packages section.
pub fn installed(blob: &SectionBlob) -> Option<(Vec<(Installation, String)>, bool)> {
    match decode(blob)? {
        Section::Packages(section) => Some(convert::installed(&section)),
        _ => None,
    }
}

/// Decodes a stored section.
pub fn decode(blob: &SectionBlob) -> Option<Section> {
    Section::decode(kind_of(blob.key), &content(blob)?).ok()
}

/// Sections that say something about people, be it by the addresses of telephones beside a device: their
/// views are logged, and they are erased when a device goes out of service. What findings take from them is told by the catalogue.
const PERSONAL: &[SectionKind] = &[SectionKind::Accounts, SectionKind::Neighbours];

/// Sections about people, by number and by the name their changes carry.
pub fn personal_sections() -> Vec<(i32, String)> {
    PERSONAL.iter().map(|kind| (*kind as i32, section_name(*kind))).collect()
}

/// Whether a section with this name is about people.
pub fn is_personal(name: &str) -> bool {
    PERSONAL.iter().any(|kind| section_name(*kind) == name)
}

/// The bytes of a stored section.
pub fn content(blob: &SectionBlob) -> Option<Vec<u8>> {
    let size = usize::try_from(blob.size).ok()?;
    zstd::bulk::decompress(&blob.zstd, size).ok()
}

/// The section kind of a key; unknown numbers are written by newer collectors only.
pub fn kind_of(key: SectionKey) -> SectionKind {
    SectionKind::try_from(key.kind).unwrap_or(SectionKind::Unspecified)
}

fn key_of(entry: Entry) -> SectionKey {
    SectionKey { kind: entry.kind as i32, hash: entry.hash.0 }
}

/// The name under which changes of a section are listed.
fn section_name(kind: SectionKind) -> String {
    belfort_proto::section::name(kind).to_owned()
}

/// One change.
fn change(
    at: Timestamp,
    kind: SectionKind,
    subject: &str,
    before: Option<&str>,
    after: Option<&str>,
) -> ChangeRecord {
    ChangeRecord {
        at,
        section: section_name(kind),
        subject: subject.to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    }
}
