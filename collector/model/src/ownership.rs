//! Ownership: which unit answers for an asset, in which role, and how that came to be.

use serde::{Deserialize, Serialize};

use crate::id::{AssetId, UnitId};
use crate::time::Timestamp;

crate::text_enum! {
    /// In which role a unit answers for an asset. Exactly one active `owner` per asset.
    OwnershipRole {
        /// Owner (*eigenaar*).
        Owner = "owner",
        /// Technical manager.
        TechnicalManager = "technical_manager",
        /// Does the work.
        Responsible = "responsible",
        /// Answers for the work.
        Accountable = "accountable",
    }
}

crate::text_enum! {
    /// How a value came to be.
    Method {
        /// A person said so.
        Manual = "manual",
        /// An assignment rule said so.
        Rule = "rule",
        /// It was imported.
        Import = "import",
    }
}

/// One ownership. It is active while `valid_to` is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// The asset.
    pub asset: AssetId,
    /// The unit.
    pub unit: UnitId,
    /// The role.
    pub role: OwnershipRole,
    /// Function of the holder, never a person's name; for example `dienstchef Burgerzaken`.
    pub function: String,
    /// Since when.
    pub valid_from: Timestamp,
    /// Until when.
    pub valid_to: Option<Timestamp>,
    /// When the unit last confirmed it.
    pub confirmed_at: Option<Timestamp>,
    /// Who confirmed it; empty when nobody did.
    #[serde(default)]
    pub confirmed_by: String,
    /// How it came to be.
    pub method: Method,
}

impl Ownership {
    /// Whether an assignment rule may put another in its place: a rule made it and nobody confirmed it.
    pub fn yields_to_rule(&self) -> bool {
        self.method == Method::Rule && self.confirmed_at.is_none()
    }
}
