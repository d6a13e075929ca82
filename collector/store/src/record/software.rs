//! Software in the store.

use belfort_model::access::Scope;
use belfort_model::id::{AssetId, SoftwareId};
use belfort_model::software::{Approval, Installation, Software};
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;

/// What one packages section lists.
#[derive(Clone, Debug)]
pub struct PackageList {
    /// Hash of the section.
    pub section: [u8; 32],
    /// When.
    pub now: Timestamp,
    /// The packages, sorted by installation.
    pub packages: Vec<ListedPackage>,
}

/// One package of a list.
#[derive(Clone, Debug)]
pub struct ListedPackage {
    /// Name and version.
    pub installation: Installation,
    /// Who makes it, where the list says so.
    pub publisher: String,
    /// Id of its catalogue entry, should it be a new one.
    pub new_id: SoftwareId,
}

/// Which catalogue entries.
#[derive(Clone, Debug, Default)]
pub struct SoftwareFilter {
    /// Whose name or publisher contains this, whatever its case.
    pub text: Option<String>,
    /// With this approval.
    pub approval: Option<Approval>,
    /// Of this ecosystem.
    pub ecosystem: Option<String>,
    /// Assets outside of it are not counted.
    pub scope: Scope,
    /// In this order.
    pub sort: SoftwareSort,
}

/// The order of a list of catalogue entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SoftwareSort {
    /// By name.
    #[default]
    Name,
    /// By name, last first.
    NameDescending,
    /// By publisher.
    Publisher,
    /// By publisher, last first.
    PublisherDescending,
    /// Oldest first.
    FirstSeen,
    /// Newest first.
    FirstSeenDescending,
}

/// Which installations of an entry.
#[derive(Clone, Debug, Default)]
pub struct InstalledFilter {
    /// On assets within this.
    pub scope: Scope,
    /// Of exactly these versions; of all when there are none.
    pub versions: Option<Vec<String>>,
}

/// A version of an entry that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionCount {
    /// As the ecosystem writes it.
    pub version: String,
    /// How many assets in service have it, as of the last evaluation of each.
    pub assets: u64,
}

/// One catalogue entry as it is listed.
#[derive(Clone, Debug)]
pub struct SoftwareSummary {
    /// The entry.
    pub software: Software,
    /// How many assets in service have it, as of the last evaluation of each.
    pub assets: u64,
    /// How many versions of it were seen.
    pub versions: u64,
}

/// One installation of an entry.
#[derive(Clone, Debug)]
pub struct InstalledOn {
    /// Id of the asset.
    pub asset: AssetId,
    /// Name of the asset.
    pub asset_name: String,
    /// The unit that owns it.
    pub unit: Option<OrgUnit>,
    /// Name and version.
    pub installation: Installation,
}
