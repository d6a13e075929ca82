//! Which assets a list holds, and in which order.

use belfort_model::access::Scope;
use belfort_model::asset::{
    AssetKind, Authorised, Environment, Exposure, Lifecycle, Source, Subtype,
};
use belfort_model::id::{SoftwareId, UnitId};
use belfort_model::scale::Level;
use belfort_model::time::Timestamp;

/// Which assets. Of a list of values one has to hold; an empty list asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetFilter {
    /// Of one of these kinds.
    pub kind: Vec<AssetKind>,
    /// In one of these states of life.
    pub lifecycle: Vec<Lifecycle>,
    /// Of one of these forms.
    pub subtype: Vec<Subtype>,
    /// That came into the registry in one of these ways.
    pub source: Vec<Source>,
    /// With one of these answers to whether they may be there.
    pub authorised: Vec<Authorised>,
    /// Used for one of these.
    pub environment: Vec<Environment>,
    /// Reachable from one of these.
    pub exposure: Vec<Exposure>,
    /// At one of these sites, exactly.
    pub site: Vec<String>,
    /// With one of these labels, in their one form.
    pub label: Vec<String>,
    /// Of one of these legal entities.
    pub legal_entity: Vec<String>,
    /// Last seen before this moment.
    pub seen_before: Option<Timestamp>,
    /// With at least this class on one dimension.
    pub class_min: Option<Level>,
    /// Whose owner is a unit that has ended at this moment.
    pub owner_ended_at: Option<Timestamp>,
    /// Whose owner nobody has confirmed.
    pub owner_unconfirmed: bool,
    /// Whose verification is past at this moment.
    pub verify_overdue_at: Option<Timestamp>,
    /// Only those in service: what has gone needs nothing any more.
    pub in_service: bool,
    /// Owned by one of these units.
    pub unit: Vec<UnitId>,
    /// Owned within one of these departments: all their units, as the caller took them together.
    pub department: Vec<UnitId>,
    /// With an active owner, or without.
    pub owned: Option<bool>,
    /// With a confirmed class that counts for them (their own or inherited), or without.
    pub classified: Option<bool>,
    /// Of which one of these is true of the owner.
    pub owner: Vec<OwnerIs>,
    /// Of which one of these is true of the class.
    pub class: Vec<ClassIs>,
    /// Of which one of these is true of the open risks.
    pub risk: Vec<RiskIs>,
    /// With this software.
    pub software: Option<SoftwareWanted>,
    /// With one of these vulnerabilities.
    pub cve: Vec<VulnerableBy>,
    /// Whose name contains this, whatever its case.
    pub text: Option<String>,
    /// Only what the reader may see: by the unit of the active owner.
    pub scope: Scope,
    /// In this order.
    pub sort: AssetSort,
}

/// What can be asked of an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerIs {
    /// There is one.
    Known,
    /// There is none.
    Missing,
    /// Nobody has confirmed it.
    Unconfirmed,
    /// It is a unit that has ended at this moment.
    EndedAt(Timestamp),
}

/// What can be asked of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassIs {
    /// Somebody decided it, for the asset or for data it holds.
    Decided,
    /// The default counts.
    Assumed,
    /// At least this on one dimension.
    AtLeast(Level),
}

/// What can be asked of open risks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RiskIs {
    /// One rests on the asset.
    Open,
    /// None does.
    Absent,
    /// One of at least this severity does.
    AtLeast(Level),
}

/// Software that assets are looked for by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoftwareWanted {
    /// One of these entries of the catalogue, each in one of its versions or in any; with none, no asset
    /// has it.
    pub entries: Vec<(SoftwareId, Option<Vec<String>>)>,
}

/// What makes assets vulnerable to one vulnerability.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VulnerableBy {
    /// Its id: the key of a finding about it alone.
    pub cve: String,
    /// Codes of the findings about one vulnerability, and of those about a package with several.
    pub codes: (Vec<String>, Vec<String>),
    /// Installed packages it affects, with the key of the finding about each.
    pub packages: Vec<(PackageRef, String)>,
    /// Keys of findings about an operating system it affects, which count when they name it.
    pub systems: Vec<String>,
}

/// A package in one version, as the catalogue of installed software numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackageRef(pub(crate) i64);

/// What a list can say of an asset beside its line: read only for the assets that are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetExtra {
    /// Serial number; empty when unknown.
    pub serial: String,
    /// Model; empty when unknown.
    pub model: String,
    /// Maker; empty when unknown.
    pub vendor: String,
    /// IP addresses of the last report.
    pub ip_addresses: Vec<String>,
    /// Burnt-in addresses of its interfaces, sorted.
    pub mac_addresses: Vec<String>,
    /// The highest severity among open risks that rest on it; nothing without any.
    pub risk: Option<Level>,
}

/// The order of a list of assets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssetSort {
    /// By name.
    #[default]
    Name,
    /// By name, last first.
    NameDescending,
    /// Longest unseen first.
    LastSeen,
    /// Last seen first.
    LastSeenDescending,
    /// Oldest first.
    FirstSeen,
    /// Newest first.
    FirstSeenDescending,
    /// Fewest open findings first.
    Findings,
    /// Most open findings first.
    FindingsDescending,
    /// Lowest class first.
    Class,
    /// Highest class first.
    ClassDescending,
    /// By operating system.
    System,
    /// By operating system, last first.
    SystemDescending,
    /// By site; without one first.
    Site,
    /// By site, last first.
    SiteDescending,
}

impl std::str::FromStr for AssetSort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "name" => Self::Name,
            "-name" => Self::NameDescending,
            "last_seen" => Self::LastSeen,
            "-last_seen" => Self::LastSeenDescending,
            "first_seen" => Self::FirstSeen,
            "-first_seen" => Self::FirstSeenDescending,
            "findings" => Self::Findings,
            "-findings" => Self::FindingsDescending,
            "class" => Self::Class,
            "-class" => Self::ClassDescending,
            "system" => Self::System,
            "-system" => Self::SystemDescending,
            "site" => Self::Site,
            "-site" => Self::SiteDescending,
            _ => {
                return Err(format!(
                    "`{text}` is not one of name, last_seen, first_seen, findings, class, system, \
                     site, with - before it for descending"
                ));
            }
        })
    }
}
