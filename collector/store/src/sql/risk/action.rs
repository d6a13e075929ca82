//! Actions, as they stand in the documents of their risks.

use belfort_model::id::ActionId;
use belfort_model::risk::{ActionStatus, Risk};

use crate::Result;
use crate::driver::{Conditions, Tx};
use crate::record::{ActionFilter, ActionSummary, Page, Paged};
use crate::sql::risk::SEEN;
use crate::sql::unit;
use crate::value::{Row, document, params};

/// Takes the actions of a risk out of its document.
pub(super) fn index(tx: &mut Tx<'_>, risk: &Risk) -> Result<()> {
    for action in &risk.actions {
        unit::require(tx, action.unit)?;
        tx.execute(
            "INSERT INTO risk_action (id, risk, unit, status, due, document)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE
             SET unit = $3, status = $4, due = $5, document = $6 WHERE risk_action.document <> $6",
            params![
                action.id,
                risk.id,
                action.unit,
                action.status,
                action.due,
                document("action", action)?,
            ],
        )?;
    }
    Ok(())
}

const FROM: &str = "FROM risk_action c JOIN risk r ON r.id = c.risk
    LEFT JOIN asset a ON a.id = r.asset
    LEFT JOIN unit u ON u.id = c.unit";

/// The reference as people write it.
fn read(row: &mut Row) -> Result<ActionSummary> {
    let action = row.document("action")?;
    let risk: String = row.next("risk")?;
    Ok(ActionSummary { action, risk: risk.to_uppercase(), unit: unit::read_joined(row)? })
}

pub(crate) fn action_get(tx: &mut Tx<'_>, id: ActionId) -> Result<Option<ActionSummary>> {
    let sql =
        format!("SELECT c.document, r.reference_folded, {} {FROM} WHERE c.id = $1", unit::COLUMNS);
    tx.one(&sql, params![id], read)
}

pub(crate) fn action_list(
    tx: &mut Tx<'_>,
    filter: &ActionFilter,
    page: Page,
) -> Result<Paged<ActionSummary>> {
    let mut conditions = Conditions::default();
    if let Some(reference) = &filter.risk {
        conditions.add("r.reference_folded = ?", reference.trim().to_lowercase().into());
    }
    if let Some(unit) = filter.unit {
        conditions.add("c.unit = ?", unit.into());
    }
    if let Some(status) = filter.status {
        conditions.add("c.status = ?", status.into());
    }
    if let Some(moment) = filter.late_at {
        conditions.add("c.due < ?", moment.into());
        conditions.add("c.status <> ?", ActionStatus::Done.into());
        conditions.add("c.status <> ?", ActionStatus::Verified.into());
    }
    conditions.within(&format!("(c.unit IN (?) OR {SEEN})"), &filter.scope);
    let count = format!("SELECT COUNT(*) {FROM}{}", conditions.clause());
    let total = tx.count(&count, &conditions.params)?;
    let part = conditions.page(page);
    let sql = format!(
        "SELECT c.document, r.reference_folded, {} {FROM}{} ORDER BY c.due, c.id{part}",
        unit::COLUMNS,
        conditions.clause(),
    );
    Ok(Paged { items: tx.list(&sql, &conditions.params, read)?, total })
}
