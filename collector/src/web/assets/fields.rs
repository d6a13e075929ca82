//! Columns of the list of assets, on the page and in files. The name always stands first.

use belfort_store::record::AssetExtra;

use crate::view::Asset;
use crate::web::export::Head;
use crate::web::frame::Frame;

/// A column that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    System,
    Owner,
    Class,
    Findings,
    LastSeen,
    Source,
    Kind,
    Type,
    Lifecycle,
    Site,
    Labels,
    Environment,
    Exposure,
    Authorised,
    LegalEntity,
    FirstSeen,
    Verified,
    VerifyDue,
    Risk,
    Serial,
    Vendor,
    Model,
    IpAddresses,
    MacAddresses,
}

impl Field {
    /// The column that is always there, in the query.
    pub(super) const NAME: &str = "naam";
    /// All of them, in their order.
    pub(super) const ALL: &[Self] = &[
        Self::System,
        Self::Owner,
        Self::Class,
        Self::Findings,
        Self::LastSeen,
        Self::Source,
        Self::Kind,
        Self::Type,
        Self::Lifecycle,
        Self::Site,
        Self::Labels,
        Self::Environment,
        Self::Exposure,
        Self::Authorised,
        Self::LegalEntity,
        Self::FirstSeen,
        Self::Verified,
        Self::VerifyDue,
        Self::Risk,
        Self::Serial,
        Self::Vendor,
        Self::Model,
        Self::IpAddresses,
        Self::MacAddresses,
    ];

    /// Whether it is there when nobody chose.
    pub(super) fn is_usual(self) -> bool {
        use Field::{Class, Findings, LastSeen, Owner, Source, System};
        matches!(self, System | Owner | Class | Findings | LastSeen | Source)
    }

    /// Whether what it says does not stand in the line of an asset.
    pub(super) fn is_extra(self) -> bool {
        use Field::{IpAddresses, MacAddresses, Model, Risk, Serial, Vendor};
        matches!(self, Risk | Serial | Vendor | Model | IpAddresses | MacAddresses)
    }

    /// Its name in the query; the key it is sorted by where it can be.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::System => "os",
            Self::Owner => "eigenaar",
            Self::Class => "biv",
            Self::Findings => "bevindingen",
            Self::LastSeen => "gezien",
            Self::Source => "bron",
            Self::Kind => "soort",
            Self::Type => "vorm",
            Self::Lifecycle => "status",
            Self::Site => "locatie",
            Self::Labels => "label",
            Self::Environment => "omgeving",
            Self::Exposure => "blootstelling",
            Self::Authorised => "toegelaten",
            Self::LegalEntity => "entiteit",
            Self::FirstSeen => "eerst",
            Self::Verified => "nagekeken",
            Self::VerifyDue => "nazicht",
            Self::Risk => "risico",
            Self::Serial => "serienummer",
            Self::Vendor => "fabrikant",
            Self::Model => "model",
            Self::IpAddresses => "ip",
            Self::MacAddresses => "mac",
        }
    }

    /// The key it is sorted by; empty when it cannot be.
    pub(super) fn sort_key(self) -> &'static str {
        match self {
            Self::System
            | Self::Class
            | Self::Findings
            | Self::LastSeen
            | Self::FirstSeen
            | Self::Site => self.code(),
            _ => "",
        }
    }

    /// The key of its heading.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::System => "col-os",
            Self::Owner => "col-owner",
            Self::Class => "col-classification",
            Self::Findings => "col-findings",
            Self::LastSeen => "col-last-seen",
            Self::Source => "col-source",
            Self::Kind => "assets-filter-soort",
            Self::Type => "col-type",
            Self::Lifecycle => "col-status",
            Self::Site => "col-site",
            Self::Labels => "col-labels",
            Self::Environment => "assets-filter-omgeving",
            Self::Exposure => "assets-filter-blootstelling",
            Self::Authorised => "assets-filter-toegelaten",
            Self::LegalEntity => "assets-filter-entiteit",
            Self::FirstSeen => "col-first-seen",
            Self::Verified => "assets-col-verified",
            Self::VerifyDue => "assets-col-verify-due",
            Self::Risk => "col-risk",
            Self::Serial => "assets-col-serial",
            Self::Vendor => "assets-col-vendor",
            Self::Model => "assets-col-model",
            Self::IpAddresses => "assets-col-ip",
            Self::MacAddresses => "assets-col-mac",
        }
    }

    /// Its columns in a file.
    fn heads(self, frame: &Frame) -> Vec<Head> {
        let one = |name| vec![(name, frame.t(self.heading()))];
        match self {
            Self::System => one("operating_system"),
            Self::Owner => {
                vec![("unit", frame.t("col-unit")), ("function", frame.t("col-owner"))]
            }
            Self::Class => vec![
                ("b", frame.t("biv-b")),
                ("i", "I".to_owned()),
                ("v", frame.t("biv-v")),
                ("class_assumed", frame.t("assets-col-assumed")),
            ],
            Self::Findings => one("open_findings"),
            Self::LastSeen => one("last_seen"),
            Self::Source => one("source"),
            Self::Kind => one("kind"),
            Self::Type => one("subtype"),
            Self::Lifecycle => one("lifecycle"),
            Self::Site => one("site"),
            Self::Labels => one("labels"),
            Self::Environment => one("environment"),
            Self::Exposure => one("exposure"),
            Self::Authorised => one("authorised"),
            Self::LegalEntity => one("legal_entity"),
            Self::FirstSeen => one("first_seen"),
            Self::Verified => one("verified_at"),
            Self::VerifyDue => one("verify_due"),
            Self::Risk => one("risk_severity"),
            Self::Serial => one("serial_number"),
            Self::Vendor => one("vendor"),
            Self::Model => one("model"),
            Self::IpAddresses => one("ip_addresses"),
            Self::MacAddresses => one("mac_addresses"),
        }
    }

    /// Its cells in a file.
    fn cells(self, asset: &Asset, extra: &AssetExtra) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::System => one(&asset.operating_system),
            Self::Owner => match &asset.owner {
                Some(owner) => vec![owner.unit_name.clone(), owner.function.clone()],
                None => vec![String::new(), String::new()],
            },
            Self::Class => vec![
                asset.class.biv.b.to_string(),
                asset.class.biv.i.to_string(),
                asset.class.biv.v.to_string(),
                asset.class.assumed.to_string(),
            ],
            Self::Findings => vec![asset.open_findings.to_string()],
            Self::LastSeen => one(&asset.last_seen),
            Self::Source => one(&asset.source),
            Self::Kind => one(&asset.kind),
            Self::Type => one(&asset.subtype),
            Self::Lifecycle => one(&asset.lifecycle),
            Self::Site => one(&asset.site),
            Self::Labels => vec![asset.labels.join(", ")],
            Self::Environment => one(&asset.environment),
            Self::Exposure => one(&asset.exposure),
            Self::Authorised => one(&asset.authorised),
            Self::LegalEntity => one(&asset.legal_entity),
            Self::FirstSeen => one(&asset.first_seen),
            Self::Verified => one(asset.verified_at.as_deref().unwrap_or_default()),
            Self::VerifyDue => one(asset.verify_due.as_deref().unwrap_or_default()),
            Self::Risk => vec![extra.risk.map(|level| level.to_string()).unwrap_or_default()],
            Self::Serial => one(&extra.serial),
            Self::Vendor => one(&extra.vendor),
            Self::Model => one(&extra.model),
            Self::IpAddresses => vec![extra.ip_addresses.join(", ")],
            Self::MacAddresses => vec![extra.mac_addresses.join(", ")],
        }
    }
}

/// The head of a file with these columns.
pub(super) fn heads(frame: &Frame, fields: &[Field]) -> Vec<Head> {
    let always = [("id", "Id".to_owned()), ("name", frame.t("col-name"))];
    always.into_iter().chain(fields.iter().flat_map(|field| field.heads(frame))).collect()
}

/// The row of an asset in such a file.
pub(super) fn row(asset: &Asset, extra: &AssetExtra, fields: &[Field]) -> Vec<String> {
    let always = [asset.id.clone(), asset.name.clone()];
    always.into_iter().chain(fields.iter().flat_map(|field| field.cells(asset, extra))).collect()
}
