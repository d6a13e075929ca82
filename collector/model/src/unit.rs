//! Organisational units: who assets and risks belong to.

use serde::{Deserialize, Serialize};

use crate::id::UnitId;
use crate::time::Timestamp;

crate::text_enum! {
    /// What a unit is.
    UnitKind {
        /// A department (*departement*).
        Department = "department",
        /// A service (*dienst*).
        Service = "service",
        /// A team.
        Team = "team",
        /// Somebody outside the organisation.
        External = "external",
    }
}

/// One organisational unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgUnit {
    /// Its id.
    pub id: UnitId,
    /// Short code, unique, for example `BZ`; what people type.
    pub code: String,
    /// Name, for example `Dienst Burgerzaken`.
    pub name: String,
    /// What it is.
    pub kind: UnitKind,
    /// The unit it is part of.
    pub parent: Option<UnitId>,
    /// Since when it exists.
    pub active_from: Timestamp,
    /// Until when it existed.
    pub active_to: Option<Timestamp>,
}

/// Why a unit cannot be as it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Codes are 1 to 32 letters, digits, `-`, `_` or `.`.
    #[error("unit code `{0}` is not 1 to 32 letters, digits, hyphens, underscores or dots")]
    Code(String),
    /// A unit needs a name.
    #[error("a unit needs a name of 1 to 200 characters")]
    Name,
}

/// Checks the code and the name of a unit.
pub fn check(code: &str, name: &str) -> Result<(), UnitError> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !(1..=32).contains(&code.chars().count()) || !code.chars().all(allowed) {
        return Err(UnitError::Code(code.to_owned()));
    }
    if name.trim().is_empty() || name.chars().count() > 200 {
        return Err(UnitError::Name);
    }
    Ok(())
}
