//! Vulnerabilities that are passed over.

use belfort_model::advisory::{CveId, Suppression, SuppressionScope};
use belfort_model::id::{AssetId, SuppressionId, UnitId};
use belfort_model::time::Timestamp;

use crate::driver::{Conditions, Tx};
use crate::record::{Audit, Page, Paged};
use crate::sql::{advisory, audit};
use crate::value::{Row, params};
use crate::{Result, StoreError};

const WHAT: &str = "suppression";
const COLUMNS: &str =
    "id, cve, package, asset, unit, reason, author, created_at, expires_at, ended_at";

fn read(row: &mut Row) -> Result<Suppression> {
    let corrupt = |reason: &str| StoreError::Corrupt { what: WHAT, reason: reason.to_owned() };
    let id = row.next(WHAT)?;
    let cve = CveId::from_number(row.next(WHAT)?).ok_or_else(|| corrupt("there is no CVE id"))?;
    let package = row.next(WHAT)?;
    let scope = match (row.next::<Option<AssetId>>(WHAT)?, row.next::<Option<UnitId>>(WHAT)?) {
        (None, None) => SuppressionScope::All,
        (Some(asset), None) => SuppressionScope::Asset(asset),
        (None, Some(unit)) => SuppressionScope::Unit(unit),
        (Some(_), Some(_)) => return Err(corrupt("it has an asset and a unit")),
    };
    Ok(Suppression {
        id,
        cve,
        package,
        scope,
        reason: row.next(WHAT)?,
        author: row.next(WHAT)?,
        created_at: row.next(WHAT)?,
        expires_at: row.next(WHAT)?,
        ended_at: row.next(WHAT)?,
    })
}

pub(crate) fn suppression_insert(
    tx: &mut Tx<'_>,
    suppression: &Suppression,
    audit: &Audit,
) -> Result<()> {
    let (asset, unit) = match suppression.scope {
        SuppressionScope::All => (None, None),
        SuppressionScope::Asset(asset) => (Some(asset), None),
        SuppressionScope::Unit(unit) => (None, Some(unit)),
    };
    let missing = |what, id: String| Err(StoreError::NotFound { what, id });
    if let Some(asset) = asset
        && tx.count("SELECT COUNT(*) FROM asset WHERE id = $1", params![asset])? == 0
    {
        return missing("asset", asset.to_string());
    }
    if let Some(unit) = unit
        && tx.count("SELECT COUNT(*) FROM unit WHERE id = $1", params![unit])? == 0
    {
        return missing("unit", unit.to_string());
    }
    let added = tx.execute(
        &format!(
            "INSERT INTO suppression ({COLUMNS})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"
        ),
        params![
            suppression.id,
            suppression.cve.number(),
            &suppression.package,
            asset,
            unit,
            &suppression.reason,
            &suppression.author,
            suppression.created_at,
            suppression.expires_at,
            suppression.ended_at,
        ],
    )?;
    if added == 0 {
        return Err(StoreError::Exists { what: WHAT, id: suppression.id.to_string() });
    }
    advisory::changed(tx)?;
    audit::append(tx, audit)
}

pub(crate) fn suppression_list(
    tx: &mut Tx<'_>,
    active: Option<Timestamp>,
    page: Page,
) -> Result<Paged<Suppression>> {
    let mut conditions = Conditions::default();
    if let Some(now) = active {
        conditions.add_plain("ended_at IS NULL");
        conditions.add("expires_at > ?", now.into());
    }
    let count = format!("SELECT COUNT(*) FROM suppression{}", conditions.clause());
    let total = tx.count(&count, &conditions.params)?;
    let part = conditions.page(page);
    let clause = conditions.clause();
    let sql = format!(
        "SELECT {COLUMNS} FROM suppression{clause} ORDER BY created_at DESC, id DESC{part}"
    );
    let items = tx.list(&sql, &conditions.params, read)?;
    Ok(Paged { items, total })
}

pub(crate) fn suppression_get(tx: &mut Tx<'_>, id: SuppressionId) -> Result<Option<Suppression>> {
    let sql = format!("SELECT {COLUMNS} FROM suppression WHERE id = $1");
    tx.one(&sql, params![id], read)
}

pub(crate) fn suppression_end(tx: &mut Tx<'_>, id: SuppressionId, audit: &Audit) -> Result<()> {
    let exists = "SELECT COUNT(*) FROM suppression WHERE id = $1";
    if tx.count(exists, params![id])? == 0 {
        return Err(StoreError::NotFound { what: WHAT, id: id.to_string() });
    }
    let ended = tx.execute(
        "UPDATE suppression SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL",
        params![id, audit.at],
    )?;
    if ended > 0 {
        advisory::changed(tx)?;
        audit::append(tx, audit)?;
    }
    Ok(())
}
