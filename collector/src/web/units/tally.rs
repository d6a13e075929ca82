//! How far each unit is with its assets, as far as somebody may see them.

use std::collections::BTreeMap;

use belfort_model::id::UnitId;
use belfort_store::record;

use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::rest::problem::Problem;

/// How far a unit is, and who answers for most of what it owns.
#[derive(Clone, Debug, Default)]
pub(super) struct UnitTally {
    /// The function; empty when none is named.
    pub(super) contact: String,
    /// Assets in service.
    pub(super) assets: u64,
    /// Of these, with a class that is not assumed.
    pub(super) classified: u64,
    /// Of these, with an owner nobody has confirmed.
    pub(super) to_confirm: u64,
    /// Open findings on them.
    pub(super) findings: u64,
}

impl UnitTally {
    fn of(tally: &record::UnitTally, contact: String) -> Self {
        let record::UnitTally { assets, classified, to_confirm, findings, .. } = *tally;
        Self { contact, assets, classified, to_confirm, findings }
    }
}

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
        let scope = actor.scope(Right::Read);
        let mut contacts = app.store.unit_contacts(&scope)?;
        for tally in app.store.unit_tallies(&scope)? {
            let Some(unit) = tally.unit else {
                tallies.unowned = tally.assets;
                continue;
            };
            let contact = contacts.remove(&unit).unwrap_or_default();
            tallies.units.insert(unit, UnitTally::of(&tally, contact));
        }
        Ok(tallies)
    }

    /// That of one unit.
    pub(super) fn of(&self, unit: UnitId) -> UnitTally {
        self.units.get(&unit).cloned().unwrap_or_default()
    }
}
