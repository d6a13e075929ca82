//! Installed packages of an asset, from its packages section: for conditions that name them.

use std::collections::HashMap;
use std::sync::Arc;

use belfort_model::id::AssetId;
use belfort_model::software::Installation;
use belfort_proto::inventory::v1::{PackageState, SectionKind};
use belfort_proto::section::Section;
use belfort_store::{Store, StoreError};

/// The packages of a section, sorted; nothing for another section.
pub fn of_section(section: &Section) -> Option<Vec<Installation>> {
    let Section::Packages(section) = section else { return None };
    let or = |text: &String, other: &String| if text.is_empty() { other } else { text }.clone();
    let installed = section.packages.iter().filter(|p| p.state() == PackageState::Installed);
    let mut all: Vec<_> = installed
        .map(|package| Installation {
            ecosystem: package.ecosystem.clone(),
            name: package.name.clone(),
            architecture: package.architecture.clone(),
            version: package.version.clone(),
            source_name: or(&package.source_name, &package.name),
            source_version: or(&package.source_version, &package.version),
        })
        .collect();
    all.sort();
    Some(all)
}

/// Lists of packages already read: machines from one image share theirs.
#[derive(Debug, Default)]
pub struct Installed {
    by_hash: HashMap<[u8; 32], Option<Arc<Vec<Installation>>>>,
}

/// Lists kept at a time: memory stays bounded whatever the fleet.
const KEPT: usize = 256;

impl Installed {
    /// The packages of an asset; nothing when they are not known.
    pub fn of(
        &mut self,
        store: &dyn Store,
        asset: AssetId,
    ) -> Result<Option<Arc<Vec<Installation>>>, StoreError> {
        let sections = store.asset_sections(asset)?;
        let packages = SectionKind::Packages as i32;
        let Some(held) = sections.iter().find(|section| section.key.kind == packages) else {
            return Ok(None);
        };
        if let Some(known) = self.by_hash.get(&held.key.hash) {
            return Ok(known.clone());
        }
        let blob = store.section_get(&[held.key.hash])?.pop();
        let section = blob.and_then(|blob| super::decode(&blob));
        let installed = section.as_ref().and_then(of_section).map(Arc::new);
        if self.by_hash.len() >= KEPT {
            self.by_hash.clear();
        }
        self.by_hash.insert(held.key.hash, installed.clone());
        Ok(installed)
    }
}
