//! Findings.

use belfort_model::finding::{Finding, FindingStatus, Hit};
use belfort_model::id::{AssetId, FindingId};
use belfort_model::time::Timestamp;

use crate::Result;
use crate::driver::{Conditions, Tx};
use crate::record::{FindingFilter, FindingSummary, Page, Paged};
use crate::sql::unit;
use crate::value::{Row, document, params};

/// A finding's columns, of a table named `f`.
pub(super) const COLUMNS: &str = "f.id, f.code, f.asset, f.key, f.status, f.first_observed,
    f.last_observed, f.resolved_at, f.likelihood, f.dimensions, f.evidence";

/// Open ones first, then newest first.
const ORDER: &str = "ORDER BY f.is_open DESC, f.first_observed DESC, f.id DESC";

pub(super) fn read(row: &mut Row) -> Result<Finding> {
    let what = "finding";
    Ok(Finding {
        id: row.next(what)?,
        code: row.next(what)?,
        asset: row.next(what)?,
        key: row.next(what)?,
        status: row.next(what)?,
        first_observed: row.next(what)?,
        last_observed: row.next(what)?,
        resolved_at: row.next(what)?,
        likelihood: row.next(what)?,
        dimensions: row.next(what)?,
        evidence: row.document(what)?,
    })
}

pub(super) fn of_asset(tx: &mut Tx<'_>, asset: AssetId) -> Result<Vec<Finding>> {
    let sql = format!("SELECT {COLUMNS} FROM finding f WHERE f.asset = $1 {ORDER}");
    tx.list(&sql, params![asset], read)
}

/// Adds what was observed for the first time; answers whether nobody had added it before.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    id: FindingId,
    asset: AssetId,
    hit: &Hit,
    now: Timestamp,
) -> Result<bool> {
    let status = FindingStatus::Open;
    let added = tx.execute(
        "INSERT INTO finding
         (id, asset, code, key, status, is_open, first_observed, last_observed, resolved_at,
          likelihood, dimensions, evidence)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, NULL, $8, $9, $10) ON CONFLICT DO NOTHING",
        params![
            id,
            asset,
            &hit.code,
            &hit.key,
            status,
            status.is_open(),
            now,
            hit.likelihood,
            hit.dimensions,
            document("finding", &hit.evidence)?,
        ],
    )?;
    Ok(added > 0)
}

pub(super) fn update(tx: &mut Tx<'_>, finding: &Finding) -> Result<()> {
    tx.execute(
        "UPDATE finding SET status = $3, is_open = $4, last_observed = $5, resolved_at = $6,
             likelihood = $7, dimensions = $8, evidence = $9
         WHERE id = $1 AND asset = $2",
        params![
            finding.id,
            finding.asset,
            finding.status,
            finding.status.is_open(),
            finding.last_observed,
            finding.resolved_at,
            finding.likelihood,
            finding.dimensions,
            document("finding", &finding.evidence)?,
        ],
    )?;
    Ok(())
}

fn conditions(filter: &FindingFilter) -> Conditions {
    let mut conditions = Conditions::default();
    if let Some(asset) = filter.asset {
        conditions.add("f.asset = ?", asset.into());
    }
    if let Some(code) = &filter.code {
        conditions.add("f.code = ?", code.into());
    }
    if let Some(status) = filter.status {
        conditions.add("f.status = ?", status.into());
    }
    if filter.open {
        conditions.add_plain("f.is_open = 1");
    }
    let owned = "f.asset IN (SELECT id FROM asset WHERE owner_unit IN (?))";
    conditions.within(owned, &filter.scope);
    conditions
}

pub(super) fn finding_list(
    tx: &mut Tx<'_>,
    filter: &FindingFilter,
    page: Page,
) -> Result<Paged<FindingSummary>> {
    let mut conditions = conditions(filter);
    let count = format!("SELECT COUNT(*) FROM finding f{}", conditions.clause());
    let total = tx.count(&count, &conditions.params)?;
    let part = conditions.page(page);
    let sql = format!(
        "SELECT {COLUMNS}, a.name, {} FROM
             (SELECT f.id FROM finding f{} {ORDER}{part}) AS part
         JOIN finding f ON f.id = part.id
         JOIN asset a ON a.id = f.asset
         LEFT JOIN unit u ON u.id = a.owner_unit
         {ORDER}",
        unit::COLUMNS,
        conditions.clause(),
    );
    let items = tx.list(&sql, &conditions.params, |row| {
        Ok(FindingSummary {
            finding: read(row)?,
            asset_name: row.next("asset")?,
            unit: unit::read_joined(row)?,
        })
    })?;
    Ok(Paged { items, total })
}
