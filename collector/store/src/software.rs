//! Software: the catalogue, and which asset has what.

use belfort_model::access::Scope;
use belfort_model::id::SoftwareId;
use belfort_model::software::{Decision, Software};

use crate::Result;
use crate::driver::Driver;
use crate::record::{
    Audit, InstalledFilter, InstalledOn, PackageList, Page, Paged, SoftwareFilter, SoftwareSummary,
    VersionCount,
};
use crate::sql::{SqlStore, methods, software};

/// Software in the store. What holds for every method stands at [`crate::Store`].
pub trait SoftwareStore {
    /// Whether the packages of a section were listed.
    fn package_list_known(&self, section: [u8; 32]) -> Result<bool>;
    /// Lists the packages of a section: once for all machines that hold it. Listing it again changes
    /// nothing; a section that is not stored is passed over. New names become catalogue entries.
    fn package_list_insert(&self, list: &PackageList) -> Result<()>;
    /// What the organisation says of the packages of a section, sorted; what is undecided is left out.
    fn package_decisions(&self, section: [u8; 32]) -> Result<Vec<Decision>>;
    /// Catalogue entries that match, by name.
    fn software_list(&self, filter: &SoftwareFilter, page: Page) -> Result<Paged<SoftwareSummary>>;
    /// One catalogue entry; assets outside the scope are not counted.
    fn software_get(&self, id: SoftwareId, scope: &Scope) -> Result<Option<SoftwareSummary>>;
    /// Catalogue entries with exactly this name, by ecosystem.
    fn software_named(&self, name: &str) -> Result<Vec<Software>>;
    /// The versions of an entry that are installed on assets in service within the scope, in the order of
    /// text.
    fn software_versions(&self, id: SoftwareId, scope: &Scope) -> Result<Vec<VersionCount>>;
    /// Assets in service that have an entry, by name, with the version each has. Where there are thousands,
    /// their number is that of the last evaluation of each.
    fn software_installed(
        &self,
        id: SoftwareId,
        filter: &InstalledFilter,
        page: Page,
    ) -> Result<Paged<InstalledOn>>;
    /// Adds an entry that no machine has yet. `Exists` when the ecosystem has the name.
    fn software_insert(&self, software: &Software, audit: &Audit) -> Result<()>;
    /// Writes what people say of an entry, on the version it carries: `Conflict` when it was changed
    /// meanwhile. Assets that have it become due when the approval changed.
    fn software_update(&self, software: &Software, audit: &Audit) -> Result<()>;
}

impl<D: Driver> SoftwareStore for SqlStore<D> {
    methods! {
        read software::package_list_known(section: [u8; 32]) -> bool;
        write software::package_list_insert(list: &PackageList) -> ();
        read software::package_decisions(section: [u8; 32]) -> Vec<Decision>;
        read software::software_list(filter: &SoftwareFilter, page: Page) -> Paged<SoftwareSummary>;
        read software::software_get(id: SoftwareId, scope: &Scope) -> Option<SoftwareSummary>;
        read software::software_named(name: &str) -> Vec<Software>;
        read software::software_versions(id: SoftwareId, scope: &Scope) -> Vec<VersionCount>;
        read software::software_installed(id: SoftwareId, filter: &InstalledFilter, page: Page) -> Paged<InstalledOn>;
        write software::software_insert(software: &Software, audit: &Audit) -> ();
        write software::software_update(software: &Software, audit: &Audit) -> ();
    }
}
