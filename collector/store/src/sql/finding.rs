//! Findings.

use belfort_model::finding::Finding;
use belfort_model::id::{AssetId, FindingId, UnitId};

use crate::driver::{Conditions, Tx};
use crate::record::{Audit, FindingFilter, FindingSort, FindingSummary, Page, Paged};
use crate::sql::{audit, risk, unit};
use crate::value::{Row, document, params};
use crate::{Result, StoreError};

/// A finding's columns, of a table named `f`.
pub(super) const COLUMNS: &str = "f.id, f.code, f.asset, f.key, f.status, f.first_observed,
    f.last_observed, f.resolved_at, f.likelihood, f.dimensions, f.evidence, f.triage";

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
        triage: row.document(what)?,
    })
}

pub(super) fn of_asset(tx: &mut Tx<'_>, asset: AssetId) -> Result<Vec<Finding>> {
    let sql = format!("SELECT {COLUMNS} FROM finding f WHERE f.asset = $1 {ORDER}");
    tx.list(&sql, params![asset], read)
}

/// Adds what was observed for the first time; answers whether nobody had added it before.
pub(super) fn insert(tx: &mut Tx<'_>, finding: &Finding) -> Result<bool> {
    let added = tx.execute(
        "INSERT INTO finding
         (id, asset, code, key, status, is_open, first_observed, last_observed, resolved_at,
          likelihood, dimensions, evidence, triage, assigned, due)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT DO NOTHING",
        params![
            finding.id,
            finding.asset,
            &finding.code,
            &finding.key,
            finding.status,
            finding.status.is_open(),
            finding.first_observed,
            finding.last_observed,
            finding.resolved_at,
            finding.likelihood,
            finding.dimensions,
            document("finding", &finding.evidence)?,
            document("finding", &finding.triage)?,
            finding.triage.assigned,
            finding.triage.due,
        ],
    )?;
    Ok(added > 0 || restore(tx, finding)?)
}

/// The key of a finding that was erased: it tells the finding apart and says nothing.
fn erased_key(id: FindingId) -> String {
    format!("erased/{id}")
}

/// Erases what the findings of a code say: their key, and what they rest on, now and when they were judged.
pub(super) fn erase(tx: &mut Tx<'_>, asset: AssetId, code: &str) -> Result<()> {
    let sql = format!("SELECT {COLUMNS} FROM finding f WHERE f.asset = $1 AND f.code = $2");
    for mut finding in tx.list(&sql, params![asset, code], read)? {
        finding.evidence.clear();
        if let Some(judged) = &mut finding.triage.judged {
            judged.evidence.clear();
        }
        finding.triage.version = finding.triage.version.saturating_add(1);
        rename(tx, finding.id, &erased_key(finding.id))?;
        update(tx, &finding)?;
    }
    Ok(())
}

/// Gives a finding that was erased and is observed again its key back: its id follows from that. Answers
/// whether there is one.
fn restore(tx: &mut Tx<'_>, finding: &Finding) -> Result<bool> {
    let sql = format!("SELECT {COLUMNS} FROM finding f WHERE f.id = $1");
    let erased = tx.one(&sql, params![finding.id], read)?;
    let Some(erased) = erased.filter(|known| known.key == erased_key(known.id)) else {
        return Ok(false);
    };
    let mut finding = finding.clone();
    finding.triage.version = erased.triage.version.saturating_add(1);
    rename(tx, finding.id, &finding.key)?;
    update(tx, &finding)?;
    Ok(true)
}

fn rename(tx: &mut Tx<'_>, id: FindingId, key: &str) -> Result<()> {
    tx.execute("UPDATE finding SET key = $2 WHERE id = $1", params![id, key])?;
    Ok(())
}

pub(super) fn update(tx: &mut Tx<'_>, finding: &Finding) -> Result<()> {
    tx.execute(
        "UPDATE finding SET status = $3, is_open = $4, last_observed = $5, resolved_at = $6,
             likelihood = $7, dimensions = $8, evidence = $9, triage = $10, assigned = $11, due = $12
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
            document("finding", &finding.triage)?,
            finding.triage.assigned,
            finding.triage.due,
        ],
    )?;
    Ok(())
}

pub(crate) fn finding_triage(tx: &mut Tx<'_>, finding: &Finding, audit: &Audit) -> Result<()> {
    // The asset first, as an evaluation does it: the two never wait for each other.
    let sql = format!("SELECT owner_unit FROM asset WHERE id = $1{}", tx.for_update());
    let unit = tx.one(&sql, params![finding.asset], |row| row.next::<Option<UnitId>>("asset"))?;
    let sql = format!("SELECT {COLUMNS} FROM finding f WHERE f.id = $1");
    let (what, id) = ("finding", finding.id.to_string());
    let Some((unit, known)) = unit.zip(tx.one(&sql, params![finding.id], read)?) else {
        return Err(StoreError::NotFound { what, id });
    };
    if known.triage.version.saturating_add(1) != finding.triage.version {
        return Err(StoreError::Conflict { what, id });
    }
    if let Some(unit) = finding.triage.assigned {
        unit::require(tx, unit)?;
    }
    update(tx, finding)?;
    // An evaluation that read it before must not write over what a person said.
    tx.execute(
        "UPDATE asset SET generation = generation + 1, evaluate_at = 0,
             open_findings = (SELECT COUNT(*) FROM finding WHERE asset = $1 AND is_open = 1)
         WHERE id = $1",
        params![finding.asset],
    )?;
    risk::due(tx, unit)?;
    audit::append(tx, audit)
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
    if let Some(unit) = filter.unit {
        conditions.add("f.asset IN (SELECT id FROM asset WHERE owner_unit = ?)", unit.into());
    }
    if let Some(unit) = filter.assigned {
        conditions.add("f.assigned = ?", unit.into());
    }
    if let Some(level) = filter.likelihood_min {
        conditions.add("f.likelihood >= ?", level.into());
    }
    let owned = "f.asset IN (SELECT id FROM asset WHERE owner_unit IN (?))";
    conditions.within(owned, &filter.scope);
    conditions
}

/// The order of a list; the newest first where all else is equal.
fn order(filter: &FindingFilter) -> String {
    let way = if filter.descending { " DESC" } else { "" };
    match filter.sort {
        FindingSort::OpenFirst => ORDER.to_owned(),
        FindingSort::FirstObserved => format!("ORDER BY f.first_observed{way}, f.id{way}"),
        FindingSort::Likelihood => {
            format!("ORDER BY f.likelihood{way}, f.first_observed DESC, f.id DESC")
        }
        FindingSort::Due => format!(
            "ORDER BY CASE WHEN f.due IS NULL THEN 1 ELSE 0 END, f.due{way}, f.first_observed DESC, \
             f.id DESC"
        ),
        FindingSort::Code => format!("ORDER BY f.code{way}, f.first_observed DESC, f.id DESC"),
    }
}

pub(super) fn finding_list(
    tx: &mut Tx<'_>,
    filter: &FindingFilter,
    page: Page,
) -> Result<Paged<FindingSummary>> {
    let mut conditions = conditions(filter);
    let order = order(filter);
    let count = format!("SELECT COUNT(*) FROM finding f{}", conditions.clause());
    let total = tx.count(&count, &conditions.params)?;
    if page.limit == 0 {
        return Ok(Paged { items: Vec::new(), total });
    }
    let part = conditions.page(page);
    let sql = format!(
        "SELECT {COLUMNS}, a.name, {} FROM
             (SELECT f.id FROM finding f{} {order}{part}) AS part
         JOIN finding f ON f.id = part.id
         JOIN asset a ON a.id = f.asset
         LEFT JOIN unit u ON u.id = a.owner_unit
         {order}",
        unit::COLUMNS,
        conditions.clause(),
    );
    Ok(Paged { items: tx.list(&sql, &conditions.params, read_summary)?, total })
}

pub(super) fn read_summary(row: &mut Row) -> Result<FindingSummary> {
    Ok(FindingSummary {
        finding: read(row)?,
        asset_name: row.next("asset")?,
        unit: unit::read_joined(row)?,
    })
}

pub(crate) fn finding_get(tx: &mut Tx<'_>, id: FindingId) -> Result<Option<FindingSummary>> {
    let sql = format!(
        "SELECT {COLUMNS}, a.name, {} FROM finding f JOIN asset a ON a.id = f.asset
         LEFT JOIN unit u ON u.id = a.owner_unit WHERE f.id = $1",
        unit::COLUMNS
    );
    tx.one(&sql, params![id], read_summary)
}
