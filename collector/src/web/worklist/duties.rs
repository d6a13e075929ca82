//! What the register still needs, counted in one go.

use belfort_model::time::Timestamp;
use belfort_store::record::{DeviceFigures, UnitTally};

use super::kind::Kind;
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::rest::problem::Problem;

/// How far the units one may see are with what is in service, and how many devices report.
#[derive(Clone, Copy)]
pub(in crate::web) struct Duties {
    pub(in crate::web) assets: u64,
    pub(in crate::web) owned: u64,
    pub(in crate::web) classified: u64,
    /// With an owner nobody has confirmed.
    to_confirm: u64,
    pub(in crate::web) devices: DeviceFigures,
}

impl Duties {
    /// Counts them; answers also what was counted of each unit.
    pub(in crate::web) fn read(
        app: &App,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(Self, Vec<UnitTally>), Problem> {
        let scope = actor.scope(Right::Read);
        let tallies = app.store.unit_tallies(&scope)?;
        let devices = app.store.device_figures(&scope, now, Kind::unseen_before(now))?;
        let sum = |part: fn(&UnitTally) -> u64| tallies.iter().map(part).sum();
        let duties = Self {
            assets: sum(|one| one.assets),
            owned: sum(|one| if one.unit.is_some() { one.assets } else { 0 }),
            classified: sum(|one| one.classified),
            to_confirm: sum(|one| one.to_confirm),
            devices,
        };
        Ok((duties, tallies))
    }

    /// How much work of a kind there is, where these figures tell: as many as its list has.
    pub(in crate::web) fn work(&self, kind: Kind) -> Option<u64> {
        match kind {
            Kind::Unowned => Some(self.assets.saturating_sub(self.owned)),
            Kind::Unclassified => Some(self.assets.saturating_sub(self.classified)),
            Kind::Unconfirmed => Some(self.to_confirm),
            Kind::Unseen => Some(self.devices.unseen),
            _ => None,
        }
    }
}
