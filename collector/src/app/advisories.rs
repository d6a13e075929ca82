//! Advisory data: imported from files, kept in memory for evaluations, and passed over for a reason.

mod files;
mod folder;
mod import;
mod loader;
mod suppress;

pub(crate) use folder::folder_state;
pub use import::{Import, Imported, Outcome};
pub use loader::{Loader, Round};
pub use suppress::{NewSuppression, Where};

use belfort_model::advisory::CveId;
use belfort_store::record::{CveReport, StoredSource};

use super::access::{Actor, Right};
use super::{App, AppError, Result};

impl App {
    /// Sources with their provenance, by name.
    pub fn advisory_sources(&self, actor: &Actor) -> Result<Vec<StoredSource>> {
        actor.require(Right::Read)?;
        Ok(self.store.advisory_sources()?)
    }

    /// Everything known about a vulnerability.
    pub fn advisory_of_cve(&self, actor: &Actor, cve: &str) -> Result<(CveId, CveReport)> {
        actor.require(Right::Read)?;
        let cve = cve_id(cve)?;
        Ok((cve, self.store.advisory_of_cve(cve)?))
    }
}

fn cve_id(text: &str) -> Result<CveId> {
    text.trim()
        .parse()
        .map_err(|error: belfort_model::advisory::NotACve| AppError::Invalid(error.to_string()))
}

#[cfg(test)]
mod tests;
