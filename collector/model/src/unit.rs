//! Organisational units: who assets and risks belong to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::access::Scope;
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
    /// It would be part of itself.
    #[error("unit `{unit}` cannot be part of `{parent}`, which is part of `{unit}` itself")]
    Circle {
        /// Code of the unit.
        unit: String,
        /// Code of the unit it was to be part of.
        parent: String,
    },
}

impl OrgUnit {
    /// Whether it exists at a moment.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.active_from <= now && self.active_to.is_none_or(|end| now < end)
    }
}

/// Refuses a parent that is the unit itself or lies below it.
pub fn check_parent(unit: &OrgUnit, parent: UnitId, units: &[OrgUnit]) -> Result<(), UnitError> {
    if Scope::below(unit.id, units).contains(Some(parent)) {
        let code = units.iter().find(|one| one.id == parent).map_or("", |one| one.code.as_str());
        return Err(UnitError::Circle { unit: unit.code.clone(), parent: code.to_owned() });
    }
    Ok(())
}

/// Units as a tree: each with its depth, below the unit it is part of, by code. What is part of nothing
/// known stands at the top, so that nothing is left out.
pub fn tree(units: &[OrgUnit]) -> Vec<(usize, &OrgUnit)> {
    let mut children: BTreeMap<Option<UnitId>, Vec<&OrgUnit>> = BTreeMap::new();
    let known: BTreeSet<_> = units.iter().map(|unit| unit.id).collect();
    for unit in units {
        children.entry(unit.parent.filter(|parent| known.contains(parent))).or_default().push(unit);
    }
    for list in children.values_mut() {
        list.sort_by_key(|unit| std::cmp::Reverse((unit.code.to_lowercase(), unit.id)));
    }
    let mut open: Vec<(usize, &OrgUnit)> =
        children.remove(&None).unwrap_or_default().into_iter().map(|unit| (0, unit)).collect();
    let mut tree = Vec::with_capacity(units.len());
    while let Some((depth, unit)) = open.pop() {
        tree.push((depth, unit));
        let below = children.remove(&Some(unit.id)).unwrap_or_default();
        open.extend(below.into_iter().map(|unit| (depth + 1, unit)));
    }
    // A circle an older version let in has no top.
    tree.extend(children.into_values().flatten().map(|unit| (0, unit)));
    tree
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn unit(number: u128, code: &str, parent: Option<u128>) -> OrgUnit {
        OrgUnit {
            id: UnitId(Uuid::from_u128(number)),
            code: code.to_owned(),
            name: format!("Dienst {code}"),
            kind: UnitKind::Service,
            parent: parent.map(|parent| UnitId(Uuid::from_u128(parent))),
            active_from: Timestamp(0),
            active_to: None,
        }
    }

    #[test]
    fn a_tree_shows_each_unit_once_whatever_the_parents() {
        let units = [
            unit(1, "BZ", Some(2)),
            unit(2, "DMT", None),
            unit(3, "AZ", Some(2)),
            unit(4, "X", Some(5)),
            unit(5, "Y", Some(4)),
            unit(6, "FIN", Some(99)),
        ];
        let shown: Vec<_> =
            tree(&units).iter().map(|(depth, unit)| format!("{depth}{}", unit.code)).collect();
        assert_eq!(shown, ["0DMT", "1AZ", "1BZ", "0FIN", "0Y", "0X"]);
    }

    #[test]
    fn no_unit_is_part_of_itself() {
        let units = [unit(1, "A", None), unit(2, "B", Some(1)), unit(3, "C", Some(2))];
        assert!(check_parent(&units[0], units[2].id, &units).is_err());
        assert!(check_parent(&units[0], units[0].id, &units).is_err());
        assert_eq!(check_parent(&units[2], units[0].id, &units), Ok(()));
        let error = check_parent(&units[0], units[2].id, &units).unwrap_err().to_string();
        assert_eq!(error, "unit `A` cannot be part of `C`, which is part of `A` itself");
    }

    #[test]
    fn a_unit_ends() {
        let ended = OrgUnit { active_to: Some(Timestamp(5)), ..unit(1, "A", None) };
        assert!(ended.is_active(Timestamp(4)) && !ended.is_active(Timestamp(5)));
    }
}
