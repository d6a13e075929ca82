//! Software: what is installed, and what the organisation says of it.

use serde::{Deserialize, Serialize};

use crate::id::{SoftwareId, UnitId};
use crate::time::Timestamp;

crate::text_enum! {
    /// Whether software may be used.
    Approval {
        /// It may.
        Approved = "approved",
        /// It may stay where it is for now; no more of it.
        Tolerated = "tolerated",
        /// It may not.
        Denied = "denied",
        /// Nobody has said.
        Unknown = "unknown",
    }
}

crate::text_enum! {
    /// Under what kind of licence software is used.
    LicenceType {
        /// Free and open-source software.
        OpenSource = "open_source",
        /// Free of charge, closed.
        Freeware = "freeware",
        /// Bought once.
        Commercial = "commercial",
        /// Paid for as long as it is used.
        Subscription = "subscription",
        /// Made by or for the organisation.
        InHouse = "in_house",
        /// Nobody has said.
        Unknown = "unknown",
    }
}

/// One package on one device, as the packages section lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Installation {
    /// Where name and version come from: `deb`, `rpm`, `apk` …, the types of package URL.
    pub ecosystem: String,
    /// Name of the package.
    pub name: String,
    /// Architecture in the form of the ecosystem; empty when it has none.
    pub architecture: String,
    /// Version in the form of the ecosystem.
    pub version: String,
    /// Name of the source package; the package's own where they are the same.
    pub source_name: String,
    /// Version of the source package; the package's own where they are the same.
    pub source_version: String,
}

/// One entry of the software catalogue: a name in an ecosystem, whatever its versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Software {
    /// Its id.
    pub id: SoftwareId,
    /// Ecosystem, as in [`Installation`].
    pub ecosystem: String,
    /// Name, as in [`Installation`].
    pub name: String,
    /// Who makes it; empty when unknown.
    pub publisher: String,
    /// What it is used for; empty when nobody has said.
    pub purpose: String,
    /// Under what kind of licence it is used.
    pub licence_type: LicenceType,
    /// Unit that looks after it.
    pub responsible: Option<UnitId>,
    /// Unit that answers for it.
    pub accountable: Option<UnitId>,
    /// Whether it may be used.
    pub approval: Approval,
    /// Why: what was said with the approval.
    pub reason: String,
    /// Its product in end-of-life data; empty when it has none or nobody has said.
    pub eol_product: String,
    /// When it was first seen or entered.
    pub first_seen: Timestamp,
    /// Raised with every change by people: a change names the version it was made on.
    pub version: i64,
}

/// What the organisation says of one package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    /// Ecosystem, as in [`Installation`].
    pub ecosystem: String,
    /// Name, as in [`Installation`].
    pub name: String,
    /// Whether it may be used.
    pub approval: Approval,
    /// Why.
    pub reason: String,
}

/// Finds a package by name in a list that is sorted as [`Installation`] orders.
pub fn is_installed(installed: &[Installation], name: &str) -> bool {
    let mut rest = installed;
    // Sorted by name within each ecosystem; a device has one or two of them.
    while let Some(first) = rest.first() {
        let end = rest.partition_point(|one| one.ecosystem <= first.ecosystem);
        let (here, after) = rest.split_at(end);
        if here.binary_search_by(|one| one.name.as_str().cmp(name)).is_ok() {
            return true;
        }
        rest = after;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_found_in_every_ecosystem() {
        let one = |ecosystem: &str, name: &str| Installation {
            ecosystem: ecosystem.to_owned(),
            name: name.to_owned(),
            ..Installation::default()
        };
        let list = [one("deb", "curl"), one("deb", "nano"), one("npm", "ajv"), one("npm", "zod")];
        for name in ["curl", "nano", "ajv", "zod"] {
            assert!(is_installed(&list, name), "{name}");
        }
        for name in ["", "cur", "bash", "zsh"] {
            assert!(!is_installed(&list, name), "{name}");
        }
        assert!(!is_installed(&[], "curl"));
    }
}
