//! How far each unit is with its assets, counted in one walk over those somebody may see.

use std::collections::BTreeMap;

use belfort_model::id::UnitId;
use belfort_store::record::{AssetFilter, AssetSummary, Page};

use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::rest::problem::Problem;

/// Assets read at a time.
const CHUNK: u32 = 1_000;

/// How far a unit is with the assets it owns itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// The function that answers for most of them; empty when none is named.
    pub(super) contact: String,
    /// Assets in service.
    pub(super) assets: u64,
    /// Of these, with a class that is not assumed.
    pub(super) classified: u64,
    /// Of these, with an owner nobody has confirmed.
    pub(super) to_confirm: u64,
    /// Open findings on them.
    pub(super) findings: u64,
    functions: BTreeMap<String, u64>,
}

impl Tally {
    fn add(&mut self, one: &AssetSummary) {
        self.assets += 1;
        self.classified += u64::from(!one.class.is_assumed());
        self.findings += u64::from(one.open_findings);
        if let Some(owner) = &one.owner {
            self.to_confirm += u64::from(owner.confirmed_at.is_none());
            if !owner.function.is_empty() {
                *self.functions.entry(owner.function.clone()).or_default() += 1;
            }
        }
    }

    fn with_contact(mut self) -> Self {
        let most =
            self.functions.iter().max_by_key(|(name, count)| (**count, std::cmp::Reverse(*name)));
        self.contact = most.map(|(name, _)| name.clone()).unwrap_or_default();
        self
    }
}

/// How far all units are.
pub(super) struct Tallies {
    units: BTreeMap<UnitId, Tally>,
    /// Assets in service without an owner.
    pub(super) unowned: u64,
}

impl Tallies {
    /// Counts them.
    pub(super) fn read(app: &App, actor: &Actor) -> Result<Self, Problem> {
        let filter = AssetFilter { scope: actor.scope(Right::Read), ..AssetFilter::default() };
        let mut tallies = Self { units: BTreeMap::new(), unowned: 0 };
        let mut offset = 0;
        loop {
            let part = app.store.asset_list(&filter, Page { limit: CHUNK, offset })?.items;
            for one in part.iter().filter(|one| one.asset.lifecycle.is_in_service()) {
                match &one.owner_unit {
                    Some(unit) => tallies.units.entry(unit.id).or_default().add(one),
                    None => tallies.unowned += 1,
                }
            }
            if part.len() < CHUNK as usize {
                break;
            }
            offset += u64::from(CHUNK);
        }
        let named = |(unit, tally): (UnitId, Tally)| (unit, tally.with_contact());
        tallies.units = std::mem::take(&mut tallies.units).into_iter().map(named).collect();
        Ok(tallies)
    }

    /// That of one unit.
    pub(super) fn of(&self, unit: UnitId) -> Tally {
        self.units.get(&unit).cloned().unwrap_or_default()
    }
}
