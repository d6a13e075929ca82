//! What the settings switch off and a device sent all the same: it is not kept, and it is said.

use std::collections::BTreeMap;

use belfort_proto::fields::{self, FieldPath};
use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::{Entry, Manifest, Section, section_hash};
use belfort_store::record::SectionBlob;

use super::{ByKind, IngestError, key_of, section_name};

/// What agents that have the settings do not send.
#[derive(Clone, Debug, Default)]
pub struct Off {
    /// Whole sections.
    pub sections: Vec<SectionKind>,
    /// Fields of other sections.
    pub fields: Vec<FieldPath>,
}

/// A report without what is switched off.
#[derive(Debug)]
pub(super) struct Kept {
    /// What is held of the device.
    pub(super) manifest: Manifest,
    /// Sections that were cut, as they are stored.
    pub(super) cut: Vec<SectionBlob>,
    /// What was left out: number of fields by section, 0 for a whole section.
    pub(super) left_out: BTreeMap<String, u32>,
}

impl Off {
    /// Whether nothing is switched off.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty() && self.fields.is_empty()
    }

    /// A manifest without the sections that are switched off.
    pub fn manifest(&self, manifest: &Manifest) -> Manifest {
        let entries = manifest.entries().iter().filter(|one| !self.sections.contains(&one.kind));
        // What is left of an ascending list ascends.
        Manifest::new(entries.copied().collect()).unwrap_or_default()
    }

    /// Leaves out what is switched off. A section that is cut is held under the hash of what is left, as if
    /// the agent had cut it: so the content of a hash is always the same, for every device. Until the
    /// agent does so itself its root is another than the one held, and each check-in is looked at anew.
    pub(super) fn keep(
        &self,
        claimed: &Manifest,
        sections: &mut ByKind,
    ) -> Result<Kept, IngestError> {
        let mut left_out = BTreeMap::new();
        for kind in &self.sections {
            if claimed.get(*kind).is_some() {
                sections.remove(&(*kind as i32));
                left_out.insert(section_name(*kind), 0);
            }
        }
        let mut cut = Vec::new();
        let mut entries = self.manifest(claimed).entries().to_vec();
        for entry in &mut entries {
            let off = self.fields.iter().filter(|path| path.kind() == entry.kind);
            let Some(section) = sections.get_mut(&(entry.kind as i32)) else { continue };
            let Some((left, removed)) = without(section, off) else { continue };
            *section = left;
            let bytes = section.encode_to_vec();
            entry.hash = section_hash(entry.kind, entry.schema_version, &bytes);
            cut.push(blob(*entry, &bytes)?);
            left_out.insert(section_name(entry.kind), removed);
        }
        let manifest = Manifest::new(entries).map_err(IngestError::Manifest)?;
        Ok(Kept { manifest, cut, left_out })
    }
}

/// A section without some fields, and how many were there; nothing when there were none.
fn without<'a>(
    section: &Section,
    off: impl Iterator<Item = &'a FieldPath> + Clone,
) -> Option<(Section, u32)> {
    off.clone().next()?;
    let kind = section.kind();
    let stripped = fields::strip(kind, &section.encode_to_vec(), off.clone())?;
    if stripped.removed == 0 {
        return None;
    }
    let mut left = Section::decode(kind, &stripped.bytes).ok()?;
    fields::note(&mut left, off);
    Some((left, u32::try_from(stripped.removed).unwrap_or(u32::MAX)))
}

fn blob(entry: Entry, bytes: &[u8]) -> Result<SectionBlob, IngestError> {
    let kind = entry.kind;
    let failed = || IngestError::Section(super::unpack::UnpackError::Compress(kind));
    Ok(SectionBlob {
        key: key_of(entry),
        schema_version: entry.schema_version,
        size: u32::try_from(bytes.len()).map_err(|_| failed())?,
        zstd: zstd::bulk::compress(bytes, 3).map_err(|_| failed())?,
    })
}

#[cfg(test)]
mod tests {
    use belfort_proto::inventory::v1::{AccountsSection, MemorySection, SystemSection};
    use belfort_proto::section::SCHEMA_VERSION;

    use super::*;

    fn report(sections: Vec<Section>) -> (Manifest, ByKind) {
        let entry = |section: &Section| Entry {
            kind: section.kind(),
            schema_version: SCHEMA_VERSION,
            hash: section_hash(section.kind(), SCHEMA_VERSION, &section.encode_to_vec()),
        };
        let manifest = Manifest::new(sections.iter().map(entry).collect()).unwrap();
        let by_kind = sections.into_iter().map(|section| (section.kind() as i32, section));
        (manifest, by_kind.collect())
    }

    fn system(serial: &str) -> Section {
        let (serial, model) = (serial.to_owned(), "PC".to_owned());
        Section::System(SystemSection { serial, model, ..SystemSection::default() })
    }

    fn off() -> Off {
        let fields = vec!["system.serial".parse().unwrap(), "memory.modules".parse().unwrap()];
        Off { sections: vec![SectionKind::Accounts], fields }
    }

    #[test]
    fn what_is_off_is_not_kept() {
        let accounts = Section::Accounts(AccountsSection { count: 3, ..Default::default() });
        let memory = Section::Memory(MemorySection::default());
        let (claimed, mut sections) = report(vec![system("S1"), memory, accounts]);
        let kept = off().keep(&claimed, &mut sections).unwrap();
        let left_out: Vec<_> = kept.left_out.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        assert_eq!(left_out, [("accounts", 0), ("system", 1)]);
        assert_eq!(sections.len(), 2);
        // The same as from an agent that keeps the settings.
        let mut own = system("");
        fields::note(&mut own, &off().fields);
        let (honest, mut same) = report(vec![own, Section::Memory(MemorySection::default())]);
        assert_eq!(kept.manifest, honest);
        assert_eq!(sections, same);
        assert_eq!(super::super::decode(&kept.cut[0]).as_ref(), same.get(&1));
        let again = off().keep(&honest, &mut same).unwrap();
        assert!(again.left_out.is_empty() && again.cut.is_empty());
        assert_eq!(again.manifest, honest);
    }

    #[test]
    fn nothing_off_is_nothing_changed() {
        let (claimed, mut sections) = report(vec![system("S1")]);
        let before = sections.clone();
        let kept = Off::default().keep(&claimed, &mut sections).unwrap();
        assert_eq!((kept.manifest, sections), (claimed, before));
    }
}
