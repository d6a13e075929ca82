//! The configured folder of advisory data.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use belfort_model::access::Role;
use belfort_model::time::Timestamp;

use super::files;
use super::import::{Import, Outcome};
use crate::app::App;
use crate::app::access::Actor;

/// What is in a folder: when it is the same, there is nothing to import.
pub(crate) type FolderState = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// What is in the folder now; nothing when it cannot be read.
pub(crate) fn folder_state(folder: &Path) -> Option<FolderState> {
    let mut found = Vec::new();
    if let Err(error) = files::walk(folder, 0, &mut found) {
        tracing::debug!(%error, "the folder of advisory data cannot be read");
        return None;
    }
    found.sort();
    let state = |path: PathBuf| {
        let metadata = path.metadata().ok()?;
        Some((path, metadata.len(), metadata.modified().ok()))
    };
    found.into_iter().map(state).collect()
}

impl App {
    /// Imports what is new in the folder, each file on its own; answers whether anything was.
    pub(crate) fn advisories_import_folder(&self, folder: &Path, now: Timestamp) -> bool {
        let system = Actor::with_roles("system", &[Role::Admin]);
        let (bundles, unknown) = match files::bundles(&[folder.to_owned()], None) {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "the folder of advisory data cannot be imported");
                return false;
            }
        };
        for path in unknown {
            tracing::warn!(path = %path.display(), "none of the feeds, passed over");
        }
        let mut changed = false;
        for bundle in &bundles {
            let imported = self.import_bundle(&system, bundle, Import::default(), &|_, _| {}, now);
            match imported {
                Ok(done) if done.outcome == Outcome::Imported => {
                    changed = true;
                    let (source, version) = (done.source.name, done.source.version);
                    tracing::info!(source, version, records = done.source.records, "imported");
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "advisory data was not imported"),
            }
        }
        changed
    }
}
