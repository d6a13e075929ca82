//! Assets: what the organisation has to look after.

use serde::{Deserialize, Serialize};

use crate::id::{AssetId, UnitId};
use crate::lifecycle::Disposal;
use crate::scale::Biv;
use crate::time::Timestamp;

crate::text_enum! {
    /// What kind of thing an asset is.
    AssetKind {
        /// A device.
        Device = "device",
        /// A software product.
        Software = "software",
        /// An application: software with data and users.
        Application = "application",
        /// A data set (*gegevensverzameling*).
        DataSet = "data_set",
        /// A service somebody else runs.
        ExternalService = "external_service",
    }
}

crate::text_enum! {
    /// Form of a device or service.
    Subtype {
        /// A portable computer.
        Laptop = "laptop",
        /// A desktop computer.
        Desktop = "desktop",
        /// A server.
        Server = "server",
        /// A virtual machine.
        Vm = "vm",
        /// A container that was given an agent of its own.
        Container = "container",
        /// A phone or tablet.
        Mobile = "mobile",
        /// A network device.
        Network = "network",
        /// A printer.
        Printer = "printer",
        /// An embedded device.
        Iot = "iot",
        /// Software as a service.
        Saas = "saas",
        /// Not known, or not applicable.
        Other = "other",
    }
}

impl Subtype {
    /// The form of a device from its SMBIOS chassis type (specification, table 17) and from whether it
    /// is a virtual machine.
    pub fn of_device(chassis_type: u32, virtualization: &str) -> Self {
        match virtualization {
            "" | "none" => {}
            "docker" | "podman" | "lxc" | "container" => return Self::Container,
            _ => return Self::Vm,
        }
        match chassis_type {
            8..=10 | 14 | 31 | 32 => Self::Laptop,
            11 | 30 => Self::Mobile,
            3..=7 | 13 | 15 | 16 | 24 | 35 | 36 => Self::Desktop,
            17 | 23 | 25 | 28 | 29 => Self::Server,
            33 | 34 => Self::Iot,
            _ => Self::Other,
        }
    }

    /// Whether the device leaves the building with its user.
    pub fn is_mobile(self) -> bool {
        matches!(self, Self::Laptop | Self::Mobile)
    }
}

crate::text_enum! {
    /// Where an asset is in its life cycle.
    Lifecycle {
        /// Asked for.
        Requested = "requested",
        /// Ordered.
        Ordered = "ordered",
        /// In stock.
        InStock = "in_stock",
        /// In use.
        InUse = "in_use",
        /// Being repaired.
        InRepair = "in_repair",
        /// Lost or stolen.
        Missing = "missing",
        /// Out of service (*uit dienst*).
        Decommissioned = "decommissioned",
        /// Disposed of.
        Disposed = "disposed",
        /// Only its record is kept.
        Archived = "archived",
    }
}

impl Lifecycle {
    /// Whether findings are derived for an asset in this state.
    pub fn is_in_service(self) -> bool {
        matches!(self, Self::InUse | Self::InRepair | Self::Missing)
    }
}

crate::text_enum! {
    /// How an asset came into the registry.
    Source {
        /// An agent reports it.
        Agent = "agent",
        /// It was imported.
        Import = "import",
        /// Somebody entered it.
        Manual = "manual",
        /// An agent saw it on its network segment.
        Neighbour = "neighbour",
    }
}

crate::text_enum! {
    /// Whether the asset may be there.
    Authorised {
        /// Yes.
        Yes = "yes",
        /// No.
        No = "no",
        /// Nobody has said.
        Unknown = "unknown",
        /// Under an exception.
        Exception = "exception",
    }
}

crate::text_enum! {
    /// What an asset is used for.
    Environment {
        /// Daily work.
        Production = "production",
        /// Testing.
        Test = "test",
        /// Development.
        Development = "development",
    }
}

crate::text_enum! {
    /// From where an asset can be reached.
    Exposure {
        /// From inside only.
        Internal = "internal",
        /// From a demilitarised zone.
        Dmz = "dmz",
        /// From the internet.
        Internet = "internet",
        /// Nobody has said.
        Unknown = "unknown",
    }
}

/// One asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Its id, never reused.
    pub id: AssetId,
    /// What kind of thing it is.
    pub kind: AssetKind,
    /// Its form.
    pub subtype: Subtype,
    /// Name: the host name of a device, the title of a data set.
    pub name: String,
    /// Legal entity it belongs to, for example `STAD`; empty when nobody has said.
    pub legal_entity: String,
    /// Where it is in its life cycle.
    pub lifecycle: Lifecycle,
    /// How it came into the registry.
    pub source: Source,
    /// Whether it may be there.
    pub authorised: Authorised,
    /// What it is used for.
    pub environment: Environment,
    /// From where it can be reached.
    pub exposure: Exposure,
    /// Site code; empty when unknown.
    pub site: String,
    /// Labels, sorted.
    pub labels: Vec<String>,
    /// Unit it was enrolled for: a proposal for the owner, never the owner by itself.
    pub proposed_unit: Option<UnitId>,
    /// When it came into the registry.
    pub first_seen: Timestamp,
    /// When an agent last reported it, or somebody last confirmed it.
    pub last_seen: Timestamp,
    /// When somebody last verified that the record is right.
    #[serde(default)]
    pub verified_at: Option<Timestamp>,
    /// When it is to be verified again.
    #[serde(default)]
    pub verify_due: Option<Timestamp>,
    /// How its data carriers were disposed of.
    #[serde(default)]
    pub disposal: Option<Disposal>,
}

impl Asset {
    /// An asset in use about which nothing more is known.
    pub fn new(
        id: AssetId,
        kind: AssetKind,
        name: impl Into<String>,
        source: Source,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            kind,
            subtype: Subtype::Other,
            name: name.into(),
            legal_entity: String::new(),
            lifecycle: Lifecycle::InUse,
            source,
            authorised: Authorised::Unknown,
            environment: Environment::Production,
            exposure: Exposure::Unknown,
            site: String::new(),
            labels: Vec::new(),
            proposed_unit: None,
            first_seen: now,
            last_seen: now,
            verified_at: None,
            verify_due: None,
            disposal: None,
        }
    }
}

/// Days after which the record of an asset of this class is verified again: a year up to class 3, half a
/// year at 4, a quarter at 5.
pub fn verify_days(class: Biv) -> i64 {
    match class.highest().get() {
        5 => 91,
        4 => 182,
        _ => 365,
    }
}

/// Most labels on one asset.
pub const LABELS: usize = 32;

/// A text that cannot be a label or a site code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// A label is 1 to 50 letters, digits, `-`, `_`, `.`, `:` or `/`.
    #[error("label `{0}` is not 1 to 50 letters, digits or - _ . : /")]
    Label(String),
    /// An asset has at most [`LABELS`] labels.
    #[error("an asset has at most {LABELS} labels")]
    TooMany,
    /// A site code is at most 50 letters, digits, spaces, `-`, `_`, `.`, `:` or `/`.
    #[error("site `{0}` is not at most 50 letters, digits, spaces or - _ . : /")]
    Site(String),
}

fn is_tag(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/')
}

/// A label in its one form: lower case.
pub fn label(text: &str) -> Result<String, TagError> {
    let label = text.trim().to_lowercase();
    if !(1..=50).contains(&label.chars().count()) || !label.chars().all(is_tag) {
        return Err(TagError::Label(text.to_owned()));
    }
    Ok(label)
}

/// Labels in their one form: lower case, sorted, each once.
pub fn labels<T: AsRef<str>>(texts: &[T]) -> Result<Vec<String>, TagError> {
    let mut labels =
        texts.iter().map(|text| label(text.as_ref())).collect::<Result<Vec<_>, _>>()?;
    labels.sort();
    labels.dedup();
    if labels.len() > LABELS {
        return Err(TagError::TooMany);
    }
    Ok(labels)
}

/// A site code without blanks around it; empty when unknown.
pub fn site(text: &str) -> Result<String, TagError> {
    let site = text.trim();
    if site.chars().count() > 50 || !site.chars().all(|c| is_tag(c) || c == ' ') {
        return Err(TagError::Site(text.to_owned()));
    }
    Ok(site.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_of_a_device() {
        assert_eq!(Subtype::of_device(10, "none"), Subtype::Laptop);
        assert_eq!(Subtype::of_device(3, "none"), Subtype::Desktop);
        assert_eq!(Subtype::of_device(23, ""), Subtype::Server);
        assert_eq!(Subtype::of_device(1, "kvm"), Subtype::Vm);
        assert_eq!(Subtype::of_device(10, "vmware"), Subtype::Vm);
        assert_eq!(Subtype::of_device(0, "docker"), Subtype::Container);
        assert_eq!(Subtype::of_device(0, ""), Subtype::Other);
    }

    #[test]
    fn the_higher_the_class_the_sooner_it_is_verified() {
        let days = |level| {
            let level = crate::scale::Level::clamped(level);
            verify_days(Biv::new(crate::scale::Level::ONE, level, crate::scale::Level::TWO))
        };
        assert_eq!([days(1), days(3), days(4), days(5)], [365, 365, 182, 91]);
    }

    #[test]
    fn labels_have_one_form() {
        assert_eq!(labels(&["Balie", " balie ", "a:b"]), Ok(vec!["a:b".into(), "balie".into()]));
        for wrong in ["", "a b", "a\"b", "a\\", "a%", &"x".repeat(51)] {
            assert!(label(wrong).is_err(), "{wrong}");
        }
        let many: Vec<_> = (0..33).map(|n| format!("l{n}")).collect();
        assert_eq!(labels(&many), Err(TagError::TooMany));
        assert_eq!(site(" Gent Zuid "), Ok("Gent Zuid".to_owned()));
        assert!(site("a\nb").is_err());
    }

    #[test]
    fn texts_are_read_back() {
        for kind in AssetKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        let error = "toaster".parse::<AssetKind>().unwrap_err().to_string();
        assert!(error.starts_with("`toaster` is not one of device, software"), "{error}");
    }
}
