//! The risk register, and which units have to be looked at.

mod action;
mod history;
mod register;
mod scope;

use belfort_model::id::UnitId;
use belfort_model::risk::Risk;
use uuid::Uuid;

use crate::Result;
use crate::driver::{Conditions, Tx};
use crate::record::{Page, Paged, RiskFilter, RiskSummary};
use crate::sql::unit;
use crate::value::{Row, params};

pub(crate) use action::{action_get, action_list};
pub(crate) use history::{
    risk_get_as_of, risk_history, risk_list_as_of, versions_until, versions_within,
};
pub(crate) use register::risk_change;
pub(super) use register::{risk_commit, update};
pub(super) use scope::risk_scope;

/// Stands for assets without an owner, where the database wants an id.
const NONE: UnitId = UnitId(Uuid::nil());

/// Makes the risks of a unit due.
pub(super) fn due(tx: &mut Tx<'_>, unit: Option<UnitId>) -> Result<()> {
    // The row stays when nothing is due any more, so that no generation comes twice.
    tx.execute(
        "INSERT INTO risk_due (unit, generation, due) VALUES ($1, 1, 1)
         ON CONFLICT (unit) DO UPDATE SET generation = risk_due.generation + 1, due = 1",
        params![unit.unwrap_or(NONE)],
    )?;
    Ok(())
}

pub(super) fn risk_request_all(tx: &mut Tx<'_>) -> Result<()> {
    tx.execute("UPDATE risk_due SET generation = generation + 1, due = 1", &[])?;
    Ok(())
}

pub(super) fn risk_due(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<Option<UnitId>>> {
    tx.list(
        "SELECT unit FROM risk_due WHERE due = 1 ORDER BY unit LIMIT $1",
        params![limit],
        |row| {
            let unit: UnitId = row.next("risk")?;
            Ok(Some(unit).filter(|unit| *unit != NONE))
        },
    )
}

/// What a line of the register is read from.
const FROM: &str = "FROM risk r
    LEFT JOIN asset a ON a.id = r.asset
    LEFT JOIN unit u ON u.id = COALESCE(r.unit, a.owner_unit)";

/// Who sees an entry `r` on the asset `a`: its unit, and the one of its risk owner, which decides.
pub(super) const SEEN: &str = "(COALESCE(r.unit, a.owner_unit) IN (?) OR r.owner_unit IN (?))";

fn read(row: &mut Row) -> Result<Risk> {
    row.document("risk")
}

fn read_summary(row: &mut Row) -> Result<RiskSummary> {
    Ok(RiskSummary {
        risk: read(row)?,
        asset_name: row.next("asset")?,
        unit: unit::read_joined(row)?,
    })
}

fn conditions(filter: &RiskFilter) -> Conditions {
    let mut conditions = Conditions::default();
    if let Some(state) = filter.state {
        conditions.add("r.state = ?", state.into());
    }
    if let Some(unit) = filter.unit {
        conditions.add("(r.unit = ? OR a.owner_unit = ?)", unit.into());
    }
    if let Some(asset) = filter.asset {
        conditions.add(
            "(r.asset = ? OR r.id IN (SELECT risk FROM risk_asset WHERE asset = ?))",
            asset.into(),
        );
    }
    if filter.open {
        conditions.add_plain("r.is_open = 1");
    }
    conditions.within(SEEN, &filter.scope);
    conditions
}

pub(super) fn risk_list(
    tx: &mut Tx<'_>,
    filter: &RiskFilter,
    page: Page,
) -> Result<Paged<RiskSummary>> {
    let mut conditions = conditions(filter);
    let count = format!("SELECT COUNT(*) {FROM}{}", conditions.clause());
    let total = tx.count(&count, &conditions.params)?;
    if page.limit == 0 {
        return Ok(Paged { items: Vec::new(), total });
    }
    let part = conditions.page(page);
    let sql = format!(
        "SELECT r.document, a.name, {} {FROM}{} ORDER BY r.severity DESC, r.year, r.number{part}",
        unit::COLUMNS,
        conditions.clause(),
    );
    let items = tx.list(&sql, &conditions.params, read_summary)?;
    Ok(Paged { items, total })
}

pub(super) fn risk_get(tx: &mut Tx<'_>, reference: &str) -> Result<Option<RiskSummary>> {
    let sql = format!(
        "SELECT r.document, a.name, {} {FROM} WHERE r.reference_folded = $1",
        unit::COLUMNS
    );
    tx.one(&sql, params![reference.trim().to_lowercase()], read_summary)
}
