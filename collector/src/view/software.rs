//! Software: the catalogue, and who has what.

use belfort_model::software::Software;
use belfort_model::unit::OrgUnit;
use belfort_store::record::{InstalledOn, SoftwareSummary, VersionCount};
use serde::Serialize;
use utoipa::ToSchema;

use super::{List, text};
use crate::app::software::SoftwareShown;

/// One entry of the software catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub struct SoftwareView {
    /// Id.
    pub id: String,
    /// Where name and versions come from: `deb`, `rpm` …, the types of package URL.
    pub ecosystem: String,
    /// Name.
    pub name: String,
    /// Who makes it.
    pub publisher: String,
    /// What it is used for.
    pub purpose: String,
    /// Under what kind of licence it is used.
    pub licence_type: String,
    /// Code of the unit that looks after it.
    pub responsible: Option<String>,
    /// Code of the unit that answers for it.
    pub accountable: Option<String>,
    /// Whether it may be used: `approved`, `tolerated`, `denied` or `unknown`.
    pub approval: String,
    /// Why.
    pub reason: String,
    /// Its product in end-of-life data.
    pub eol_product: String,
    /// When it was first seen or entered.
    pub first_seen: String,
    /// Raised with every change by people.
    pub version: i64,
    /// How many assets in service have it, of those one may see.
    pub assets: u64,
    /// How many versions of it were seen.
    pub versions: u64,
}

impl SoftwareView {
    /// Shows an entry; `units` names the units it refers to.
    pub fn of(summary: SoftwareSummary, units: &[OrgUnit]) -> Self {
        let SoftwareSummary { software, assets, versions } = summary;
        let code = |id| units.iter().find(|unit| Some(unit.id) == id).map(|unit| unit.code.clone());
        let (responsible, accountable) = (code(software.responsible), code(software.accountable));
        let Software { ecosystem, name, publisher, purpose, reason, eol_product, .. } = software;
        Self {
            id: software.id.to_string(),
            ecosystem,
            name,
            publisher,
            purpose,
            licence_type: software.licence_type.to_string(),
            responsible,
            accountable,
            approval: software.approval.to_string(),
            reason,
            eol_product,
            first_seen: text(software.first_seen),
            version: software.version,
            assets,
            versions,
        }
    }
}

/// One installation.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstalledView {
    /// Id of the asset.
    pub asset: String,
    /// Name of the asset.
    pub asset_name: String,
    /// Code of the unit that owns the asset.
    pub unit: Option<String>,
    /// Version.
    pub version: String,
    /// Architecture.
    pub architecture: String,
    /// Source package.
    pub source_name: String,
    /// Version of the source package.
    pub source_version: String,
}

impl From<InstalledOn> for InstalledView {
    fn from(one: InstalledOn) -> Self {
        Self {
            asset: one.asset.to_string(),
            asset_name: one.asset_name,
            unit: one.unit.map(|unit| unit.code),
            version: one.installation.version,
            architecture: one.installation.architecture,
            source_name: one.installation.source_name,
            source_version: one.installation.source_version,
        }
    }
}

/// A version of an entry that is installed.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionCountView {
    /// As the ecosystem writes it.
    pub version: String,
    /// How many assets in service have it, as of the last evaluation of each.
    pub assets: u64,
}

/// One entry with who has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SoftwareFull {
    /// The entry.
    #[serde(flatten)]
    pub software: SoftwareView,
    /// Its versions on assets in service, newest first where they can be compared.
    pub installed_versions: Vec<VersionCountView>,
    /// Assets in service that have it, by name; the part asked for.
    pub installed: List<InstalledView>,
}

impl SoftwareFull {
    /// Shows an entry and a part of who has it.
    pub fn of(shown: SoftwareShown, units: &[OrgUnit]) -> Self {
        let version =
            |one: VersionCount| VersionCountView { version: one.version, assets: one.assets };
        Self {
            software: SoftwareView::of(shown.summary, units),
            installed_versions: shown.versions.into_iter().map(version).collect(),
            installed: List::of(shown.installed, InstalledView::from),
        }
    }
}
