//! Units to choose from in a form.

use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;

use crate::app::App;
use crate::clock;
use crate::rest::problem::Problem;

/// Code and name of the units that exist today, and of those that `kept` names by code: what somebody edits
/// may have a unit that has ended, and saving something else of it does not change that.
pub(super) fn units(app: &App, kept: &[&str]) -> Result<Vec<(String, String)>, Problem> {
    let units = app.store.unit_list()?;
    Ok(among(units, kept, clock::now()))
}

/// The same, of units that were read already.
pub(super) fn among(
    units: impl IntoIterator<Item = OrgUnit>,
    kept: &[&str],
    now: Timestamp,
) -> Vec<(String, String)> {
    let is_offered = |unit: &OrgUnit| unit.is_active(now) || kept.contains(&unit.code.as_str());
    units.into_iter().filter(is_offered).map(|unit| (unit.code, unit.name)).collect()
}
