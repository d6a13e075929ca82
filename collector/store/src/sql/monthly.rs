//! What the monthly report is made from, as of a moment, and the reports that were kept.

mod frozen;

use std::collections::BTreeMap;

use belfort_model::finding::{FindingStatus, Triage};
use belfort_model::id::FindingId;
use belfort_model::scale::Priority;
use belfort_model::time::Timestamp;

use crate::Result;
use crate::driver::{Tx, placeholders};
use crate::record::{FindingAt, FindingCount, ResolvedFinding};
use crate::sql::{finding, risk};
use crate::value::{Value, params};

pub(crate) use frozen::{
    frozen_report_audited, frozen_report_get, frozen_report_insert, frozen_report_list,
};

/// Whether a finding `f` was there at `$1`. One that was resolved and came back later counts as having
/// been there throughout: only its last end is kept.
const THERE: &str = "f.first_observed <= $1 AND (f.resolved_at IS NULL OR f.resolved_at > $1)";

/// A finding as it stood at a moment at which it was there; nothing when somebody had said by then that it
/// is none. What is said of one later changes no earlier day.
fn stood(status: FindingStatus, triage: &Triage, at: Timestamp) -> Option<FindingStatus> {
    match status {
        FindingStatus::Resolved => Some(FindingStatus::Open),
        FindingStatus::FalsePositive => {
            let judged = triage.judged.as_ref()?;
            (judged.at > at).then_some(FindingStatus::Open)
        }
        status => Some(status),
    }
}

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
    let mut found = tx.list(&sql, &params, |row| {
        Ok(FindingAt {
            finding: finding::read(row)?,
            asset_name: row.next("asset")?,
            unit: row.next("unit")?,
        })
    })?;
    found.retain_mut(|one| {
        let status = stood(one.finding.status, &one.finding.triage, at);
        one.finding.status = status.unwrap_or(one.finding.status);
        status.is_some()
    });
    Ok(found)
}

pub(crate) fn finding_counts_at(tx: &mut Tx<'_>, at: Timestamp) -> Result<Vec<FindingCount>> {
    let what = "finding";
    let sql = format!(
        "SELECT f.code, f.status, COUNT(*) FROM finding f
         WHERE {THERE} AND f.status <> 'false_positive'
         GROUP BY f.code, f.status ORDER BY f.code, f.status"
    );
    let mut counts = tx.list(&sql, params![at], |row| {
        let (code, status, count) = (row.next(what)?, row.next(what)?, row.next(what)?);
        let status = stood(status, &Triage::default(), at).unwrap_or(status);
        Ok(FindingCount { code, status, count })
    })?;
    let sql = format!(
        "SELECT f.code, f.triage FROM finding f
         WHERE {THERE} AND f.status = 'false_positive' ORDER BY f.code"
    );
    let judged = tx.list(&sql, params![at], |row| {
        Ok((row.next::<String>(what)?, row.document::<Triage>(what)?))
    })?;
    for (code, triage) in judged {
        counts.extend(
            stood(FindingStatus::FalsePositive, &triage, at).map(|status| FindingCount {
                code,
                status,
                count: 1,
            }),
        );
    }
    Ok(counts)
}

pub(crate) fn findings_resolved(
    tx: &mut Tx<'_>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<ResolvedFinding>> {
    tx.list(
        "SELECT id, asset, first_observed, triage, resolved_at FROM finding
         WHERE status = 'resolved' AND resolved_at > $1 AND resolved_at <= $2 ORDER BY id",
        params![from, to],
        |row| {
            let what = "finding";
            let (id, asset, first) = (row.next(what)?, row.next(what)?, row.next(what)?);
            let triage: Triage = row.document(what)?;
            let opened_at = triage.opened_at.unwrap_or(first);
            Ok(ResolvedFinding { id, asset, opened_at, resolved_at: row.next(what)? })
        },
    )
}

pub(crate) fn finding_priorities(
    tx: &mut Tx<'_>,
    from: Timestamp,
    to: Timestamp,
) -> Result<BTreeMap<FindingId, Priority>> {
    let mut newest: BTreeMap<FindingId, (Timestamp, Priority)> = BTreeMap::new();
    for risk in risk::versions_within(tx, from, to)? {
        for version in risk::versions_until(tx, risk, to)? {
            let (at, priority) = (version.updated_at, version.suggestion.priority);
            for finding in version.suggestion.findings.iter().filter(|_| at > from) {
                let place = newest.entry(*finding).or_insert((at, priority));
                if at >= place.0 {
                    *place = (at, priority);
                }
            }
        }
    }
    Ok(newest.into_iter().map(|(finding, (_, priority))| (finding, priority)).collect())
}
