//! What the monthly report is made from, as of a moment, and the reports that were kept.

mod frozen;

use std::collections::BTreeMap;

use belfort_model::finding::FindingStatus;
use belfort_model::id::{FindingId, RiskId};
use belfort_model::scale::Priority;
use belfort_model::time::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::Result;
use crate::driver::{Tx, placeholders};
use crate::record::{FindingAt, FindingCount, ResolvedFinding, RiskSummary};
use crate::sql::{finding, risk, unit};
use crate::value::{Value, params};

pub(crate) use frozen::{
    frozen_report_audited, frozen_report_get, frozen_report_insert, frozen_report_list,
};

/// Whether a finding `f` was there at `$1`. One that was resolved and came back later counts as having
/// been there throughout: only its last end is kept.
const THERE: &str = "f.first_observed <= $1 AND (f.resolved_at IS NULL OR f.resolved_at > $1)
    AND f.status <> 'false_positive'";

pub(crate) fn findings_at(
    tx: &mut Tx<'_>,
    at: Timestamp,
    codes: &[String],
) -> Result<Vec<FindingAt>> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {}, a.name, o.unit FROM finding f
         JOIN asset a ON a.id = f.asset
         LEFT JOIN ownership o ON o.asset = f.asset AND o.role = 'owner'
             AND o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1)
         WHERE {THERE} AND f.code IN ({})
         ORDER BY f.code, f.key, a.name, f.id",
        finding::COLUMNS,
        placeholders(1, codes.len()),
    );
    let mut params = vec![Value::from(at)];
    params.extend(codes.iter().map(Value::from));
    tx.list(&sql, &params, |row| {
        Ok(FindingAt {
            finding: finding::read(row)?,
            asset_name: row.next("asset")?,
            unit: row.next("unit")?,
        })
    })
}

pub(crate) fn finding_counts_at(tx: &mut Tx<'_>, at: Timestamp) -> Result<Vec<FindingCount>> {
    let sql = format!(
        "SELECT f.code, f.status, COUNT(*) FROM finding f WHERE {THERE}
         GROUP BY f.code, f.status ORDER BY f.code, f.status"
    );
    tx.list(&sql, params![at], |row| {
        let what = "finding";
        let (code, status, count) = (row.next(what)?, row.next(what)?, row.next(what)?);
        let status = match status {
            FindingStatus::Resolved => FindingStatus::Open,
            status => status,
        };
        Ok(FindingCount { code, status, count })
    })
}

pub(crate) fn findings_resolved(
    tx: &mut Tx<'_>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<ResolvedFinding>> {
    tx.list(
        "SELECT id, asset, first_observed, resolved_at FROM finding
         WHERE status = 'resolved' AND resolved_at > $1 AND resolved_at <= $2 ORDER BY id",
        params![from, to],
        |row| {
            let what = "finding";
            Ok(ResolvedFinding {
                id: row.next(what)?,
                asset: row.next(what)?,
                first_observed: row.next(what)?,
                resolved_at: row.next(what)?,
            })
        },
    )
}

/// Versions of the register read at a time.
const CHUNK: u32 = 500;

/// What is needed of a version.
#[derive(Deserialize)]
struct Version {
    suggestion: Supported,
}

#[derive(Deserialize)]
struct Supported {
    priority: Priority,
    findings: Vec<FindingId>,
}

pub(crate) fn finding_priorities(
    tx: &mut Tx<'_>,
    from: Timestamp,
    to: Timestamp,
) -> Result<BTreeMap<FindingId, Priority>> {
    let mut newest: BTreeMap<FindingId, (Timestamp, Priority)> = BTreeMap::new();
    let mut after = (RiskId(Uuid::nil()), 0_u64);
    loop {
        let versions = tx.list(
            "SELECT risk, version, at, document FROM risk_history
             WHERE at > $1 AND at <= $2 AND (risk > $3 OR (risk = $3 AND version > $4))
             ORDER BY risk, version LIMIT $5",
            params![from, to, after.0, after.1, CHUNK],
            |row| {
                let what = "risk";
                let key = (row.next::<RiskId>(what)?, row.next::<u64>(what)?);
                Ok((key, row.next::<Timestamp>(what)?, row.document::<Version>(what)?))
            },
        )?;
        let Some((last, ..)) = versions.last() else { break };
        after = *last;
        for (_, at, Version { suggestion }) in versions {
            for finding in suggestion.findings {
                let place = newest.entry(finding).or_insert((at, suggestion.priority));
                if at >= place.0 {
                    *place = (at, suggestion.priority);
                }
            }
        }
    }
    Ok(newest.into_iter().map(|(finding, (_, priority))| (finding, priority)).collect())
}

pub(crate) fn register_at(tx: &mut Tx<'_>, at: Timestamp) -> Result<Vec<RiskSummary>> {
    let sql = format!(
        "SELECT h.document, a.name, {} FROM risk_history h
         JOIN risk r ON r.id = h.risk
         LEFT JOIN asset a ON a.id = r.asset
         LEFT JOIN unit u ON u.id = COALESCE(r.unit, a.owner_unit)
         WHERE h.version =
             (SELECT MAX(x.version) FROM risk_history x WHERE x.risk = h.risk AND x.at <= $1)
         ORDER BY r.year, r.number",
        unit::COLUMNS
    );
    tx.list(&sql, params![at], risk::read_summary)
}
