//! Exceptions.

use belfort_model::exception::{Exception, ExceptionStatus};
use belfort_model::id::{AssetId, ExceptionId, UnitId};

use crate::driver::{Conditions, Tx, placeholders};
use crate::record::{Audit, ExceptionFilter, ExceptionSummary, Page, Paged};
use crate::sql::{asset, audit, unit};
use crate::value::{Row, Value, document, params};
use crate::{Result, StoreError};

pub(crate) fn exception_insert(
    tx: &mut Tx<'_>,
    exception: &Exception,
    audit: &Audit,
) -> Result<()> {
    if let Some(id) = exception.scope.unit() {
        unit::require(tx, id)?;
    }
    if let Some(id) = exception.scope.asset()
        && tx.count("SELECT COUNT(*) FROM asset WHERE id = $1", params![id])? == 0
    {
        return Err(asset::unknown(id));
    }
    tx.execute(
        "INSERT INTO finding_exception (id, status, asset, unit, expires_at, version, document)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            exception.id,
            exception.status,
            exception.scope.asset(),
            exception.scope.unit(),
            exception.expires_at,
            exception.version,
            document("exception", exception)?,
        ],
    )?;
    audit::append(tx, audit)
}

pub(crate) fn exception_update(
    tx: &mut Tx<'_>,
    exception: &Exception,
    audit: &Audit,
) -> Result<()> {
    let changed = tx.execute(
        "UPDATE finding_exception SET status = $3, expires_at = $4, version = $5, document = $6
         WHERE id = $1 AND version = $2",
        params![
            exception.id,
            exception.version.saturating_sub(1),
            exception.status,
            exception.expires_at,
            exception.version,
            document("exception", exception)?,
        ],
    )?;
    if changed == 0 {
        let count = "SELECT COUNT(*) FROM finding_exception WHERE id = $1";
        let (what, id) = ("exception", exception.id.to_string());
        return Err(match tx.count(count, params![exception.id])? {
            0 => StoreError::NotFound { what, id },
            _ => StoreError::Conflict { what, id },
        });
    }
    if let Some(id) = exception.scope.asset() {
        let sql = "UPDATE asset SET generation = generation + 1, evaluate_at = 0 WHERE id = $1";
        tx.execute(sql, params![id])?;
    }
    if let Some(top) = exception.scope.unit() {
        unit::due_below(tx, top)?;
    }
    audit::append(tx, audit)
}

/// A unit and all above it.
pub(super) fn above(tx: &mut Tx<'_>, bottom: Option<UnitId>) -> Result<Vec<UnitId>> {
    let Some(bottom) = bottom else { return Ok(Vec::new()) };
    tx.list(
        "WITH RECURSIVE reached (id, parent) AS (
             SELECT id, parent FROM unit WHERE id = $1
             UNION SELECT u.id, u.parent FROM unit u JOIN reached r ON u.id = r.parent
         ) SELECT id FROM reached ORDER BY id",
        params![bottom],
        |row| row.next("unit"),
    )
}

/// Exceptions that were approved and may concern an asset of these units, ended or not.
pub(super) fn concerning(
    tx: &mut Tx<'_>,
    asset: AssetId,
    owners: &[UnitId],
) -> Result<Vec<Exception>> {
    let mut all: Vec<Value> =
        vec![ExceptionStatus::Approved.into(), ExceptionStatus::Expired.into(), asset.into()];
    let units = match owners.len() {
        0 => String::new(),
        count => format!(" OR unit IN ({})", placeholders(all.len(), count)),
    };
    all.extend(owners.iter().map(|unit| Value::from(*unit)));
    let sql = format!(
        "SELECT document FROM finding_exception
         WHERE status IN ($1, $2) AND (asset = $3{units}) ORDER BY expires_at, id"
    );
    tx.list(&sql, &all, |row| row.document("exception"))
}

const FROM: &str = "FROM finding_exception e
    LEFT JOIN asset a ON a.id = e.asset
    LEFT JOIN unit u ON u.id = COALESCE(e.unit, a.owner_unit)";

fn read(row: &mut Row) -> Result<ExceptionSummary> {
    Ok(ExceptionSummary {
        exception: row.document("exception")?,
        asset_name: row.next("asset")?,
        unit: unit::read_joined(row)?,
    })
}

pub(crate) fn exception_get(tx: &mut Tx<'_>, id: ExceptionId) -> Result<Option<ExceptionSummary>> {
    let sql = format!("SELECT e.document, a.name, {} {FROM} WHERE e.id = $1", unit::COLUMNS);
    tx.one(&sql, params![id], read)
}

pub(crate) fn exception_list(
    tx: &mut Tx<'_>,
    filter: &ExceptionFilter,
    page: Page,
) -> Result<Paged<ExceptionSummary>> {
    let mut conditions = Conditions::default();
    if let Some(status) = filter.status {
        conditions.add("e.status = ?", status.into());
    }
    if let Some(asset) = filter.asset {
        conditions.add("e.asset = ?", asset.into());
    }
    if let Some(moment) = filter.ends_before {
        conditions.add("e.expires_at <= ?", moment.into());
    }
    conditions.within("COALESCE(e.unit, a.owner_unit) IN (?)", &filter.scope);
    let count = format!("SELECT COUNT(*) {FROM}{}", conditions.clause());
    let total = tx.count(&count, &conditions.params)?;
    let part = conditions.page(page);
    let sql = format!(
        "SELECT e.document, a.name, {} {FROM}{} ORDER BY e.expires_at, e.id{part}",
        unit::COLUMNS,
        conditions.clause(),
    );
    Ok(Paged { items: tx.list(&sql, &conditions.params, read)?, total })
}
