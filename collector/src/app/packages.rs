//! What is installed on an asset: read from its packages section, and listed in the store once for all
//! machines that hold the same section, so that it can be asked who has what.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use belfort_model::id::{AssetId, SoftwareId};
use belfort_model::software::{Decision, Installation};
use belfort_model::time::Timestamp;
use belfort_store::record::{ListedPackage, PackageList};
use uuid::Uuid;

use super::access::Actor;
use super::{App, Result};
use crate::ingest;

/// Lists kept in memory: machines of one image are evaluated after each other.
const KEPT: usize = 64;

type Hash = [u8; 32];

/// Package lists that were read lately, by the hash of their section.
#[derive(Debug, Default)]
pub(super) struct Lists(Mutex<BTreeMap<Hash, Arc<Packages>>>);

/// The packages of one section.
#[derive(Debug)]
struct Packages {
    listed: Vec<(Installation, String)>,
    /// Nothing when the section says that they could not be read.
    installed: Option<Vec<Installation>>,
}

/// What an evaluation of an asset sees of its software.
#[derive(Debug, Default)]
pub(super) struct AssetPackages {
    packages: Option<Arc<Packages>>,
    /// What the organisation says of it.
    pub(super) decisions: Vec<Decision>,
}

impl AssetPackages {
    /// What is installed, sorted; nothing when that is not known.
    pub(super) fn installed(&self) -> Option<&[Installation]> {
        self.packages.as_ref()?.installed.as_deref()
    }
}

/// What is installed on an asset, to be shown.
#[derive(Debug, Default)]
pub struct InstalledShown {
    /// Each package with its publisher, sorted by name.
    pub packages: Vec<(Installation, String)>,
    /// Whether the list is known to be whole.
    pub complete: bool,
    /// What the organisation says of it.
    pub decisions: Vec<Decision>,
}

impl App {
    /// What is installed on an asset that the actor may see; nothing when no report said so.
    pub fn asset_software(&self, actor: &Actor, asset: AssetId) -> Result<Option<InstalledShown>> {
        self.visible(actor, asset)?;
        let sections = self.store.asset_sections(asset)?;
        let section = sections.iter().find(|section| ingest::is_packages(section.key));
        let Some(hash) = section.map(|section| section.key.hash) else { return Ok(None) };
        let Some(known) = self.packages_of(hash)? else { return Ok(None) };
        let mut packages = known.listed.clone();
        packages.sort_by(|(one, _), (other, _)| {
            (one.name.to_lowercase(), one).cmp(&(other.name.to_lowercase(), other))
        });
        let decisions = self.store.package_decisions(hash)?;
        Ok(Some(InstalledShown { packages, complete: known.installed.is_some(), decisions }))
    }

    /// What is installed on an asset, and what the organisation says of it.
    pub(super) fn asset_packages(&self, asset: AssetId, now: Timestamp) -> Result<AssetPackages> {
        let sections = self.store.asset_sections(asset)?;
        let section = sections.iter().find(|section| ingest::is_packages(section.key));
        let Some(hash) = section.map(|section| section.key.hash) else {
            return Ok(AssetPackages::default());
        };
        let Some(packages) = self.packages_of(hash)? else {
            return Ok(AssetPackages::default());
        };
        if !self.store.package_list_known(hash)? {
            let packages = packages.listed.iter().map(|(installation, publisher)| ListedPackage {
                installation: installation.clone(),
                publisher: publisher.clone(),
                new_id: SoftwareId(Uuid::now_v7()),
            });
            let packages = packages.collect();
            self.store.package_list_insert(&PackageList { section: hash, now, packages })?;
        }
        let decisions = self.store.package_decisions(hash)?;
        Ok(AssetPackages { packages: Some(packages), decisions })
    }

    fn packages_of(&self, hash: Hash) -> Result<Option<Arc<Packages>>> {
        let lists = || self.packages.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(packages) = lists().get(&hash) {
            return Ok(Some(Arc::clone(packages)));
        }
        let blobs = self.store.section_get(&[hash])?;
        let Some((listed, complete)) = blobs.first().and_then(ingest::installed) else {
            return Ok(None);
        };
        let installed = complete.then(|| listed.iter().map(|(one, _)| one.clone()).collect());
        let packages = Arc::new(Packages { listed, installed });
        let mut lists = lists();
        if lists.len() >= KEPT {
            lists.clear();
        }
        lists.insert(hash, Arc::clone(&packages));
        Ok(Some(packages))
    }
}
