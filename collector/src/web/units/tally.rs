//! How far each unit is with its assets, as far as somebody may see them.

use std::collections::BTreeMap;

use belfort_model::id::UnitId;
use belfort_store::record::UnitTally;

use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::rest::problem::Problem;

/// How far all units are.
pub(super) struct Tallies {
    units: BTreeMap<UnitId, UnitTally>,
    /// Assets in service without an owner.
    pub(super) unowned: u64,
}

impl Tallies {
    /// Counts them.
    pub(super) fn read(app: &App, actor: &Actor) -> Result<Self, Problem> {
        let mut tallies = Self { units: BTreeMap::new(), unowned: 0 };
        for tally in app.store.unit_tallies(&actor.scope(Right::Read))? {
            match tally.unit {
                Some(unit) => drop(tallies.units.insert(unit, tally)),
                None => tallies.unowned = tally.assets,
            }
        }
        Ok(tallies)
    }

    /// That of one unit.
    pub(super) fn of(&self, unit: UnitId) -> UnitTally {
        self.units.get(&unit).cloned().unwrap_or_default()
    }
}
