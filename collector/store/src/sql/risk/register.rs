//! What an evaluation of one unit's risks writes.

use belfort_model::id::UnitId;
use belfort_model::risk::{Risk, RiskEvent, SYSTEM};
use serde_json::json;

use super::{NONE, action, history};
use crate::driver::Tx;
use crate::record::{Audit, NewRisk};
use crate::sql::audit;
use crate::value::{document, params};
use crate::{Result, StoreError};

pub(in crate::sql) fn risk_commit(
    tx: &mut Tx<'_>,
    unit: Option<UnitId>,
    generation: u64,
    new: &[NewRisk],
    changed: &[Risk],
) -> Result<()> {
    for risk in changed {
        update(tx, risk)?;
    }
    for risk in new {
        insert(tx, risk)?;
    }
    tx.execute(
        "UPDATE risk_due SET due = 0 WHERE unit = $1 AND generation = $2",
        params![unit.unwrap_or(NONE), generation],
    )?;
    for record in changed.iter().filter_map(followed) {
        audit::append(tx, &record)?;
    }
    Ok(())
}

/// The audit record of what the system did with an entry that people dealt with. New evidence alone is in
/// the history of the entry.
fn followed(risk: &Risk) -> Option<Audit> {
    let last = risk.last_change.as_ref()?;
    if risk.is_untouched() || matches!(last.event, RiskEvent::Suggested | RiskEvent::Unsupported) {
        return None;
    }
    let detail = json!({
        "event": last.event, "note": last.note, "state": risk.state, "version": risk.version,
    });
    Some(Audit {
        at: risk.updated_at,
        actor: SYSTEM.to_owned(),
        action: "risk.follow",
        subject: risk.reference.clone(),
        detail: detail.to_string(),
    })
}

fn conflict(id: String) -> StoreError {
    StoreError::Conflict { what: "risk", id }
}

/// The next number of a year. Numbers without gaps: a transaction that fails gives its own back.
fn next_number(tx: &mut Tx<'_>, year: i64) -> Result<i64> {
    let number = tx.one(
        "INSERT INTO risk_counter (year, last) VALUES ($1, 1)
         ON CONFLICT (year) DO UPDATE SET last = risk_counter.last + 1 RETURNING last",
        params![year],
        |row| row.next("risk counter"),
    )?;
    number.ok_or_else(|| StoreError::Corrupt {
        what: "risk counter",
        reason: "no number came back".to_owned(),
    })
}

fn insert(tx: &mut Tx<'_>, new: &NewRisk) -> Result<()> {
    let year = i64::from(new.now.year());
    let number = next_number(tx, year)?;
    let reference = format!("R-{year}-{number:04}");
    let (key, suggestion) = (new.key.clone(), new.suggestion.clone());
    let risk = Risk::proposed(new.id, reference, key, suggestion, new.next_review, new.now);
    let text = document("risk", &risk)?;
    let added = tx.execute(
        "INSERT INTO risk
         (id, key, reference_folded, year, number, unit, asset, state, is_open, severity, version,
          document)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
        params![
            risk.id,
            risk.key.text(),
            risk.reference.to_lowercase(),
            year,
            number,
            risk.key.unit,
            risk.key.asset,
            risk.state,
            risk.is_on_agenda(),
            risk.severity(),
            risk.version,
            &text,
        ],
    )?;
    if added == 0 {
        // Another collector was first: read again.
        return Err(conflict(risk.key.text()));
    }
    remember(tx, &risk, &text, None)
}

/// Writes the next version of an entry.
pub(in crate::sql) fn update(tx: &mut Tx<'_>, risk: &Risk) -> Result<()> {
    let sql = format!("SELECT version, document FROM risk WHERE id = $1{}", tx.for_update());
    let found = tx.one(&sql, params![risk.id], |row| {
        Ok((row.next::<u64>("risk")?, row.next::<String>("risk")?))
    })?;
    let Some((version, before)) = found else {
        return Err(StoreError::NotFound { what: "risk", id: risk.reference.clone() });
    };
    if version.saturating_add(1) != risk.version {
        return Err(conflict(risk.reference.clone()));
    }
    let text = document("risk", risk)?;
    tx.execute(
        "UPDATE risk SET state = $2, is_open = $3, severity = $4, version = $5, document = $6,
             owner_unit = $7
         WHERE id = $1",
        params![
            risk.id,
            risk.state,
            risk.is_on_agenda(),
            risk.severity(),
            risk.version,
            &text,
            risk.owner.as_ref().map(|owner| owner.unit),
        ],
    )?;
    remember(tx, risk, &text, Some(&before))
}

pub(crate) fn risk_change(tx: &mut Tx<'_>, versions: &[Risk], audit: &Audit) -> Result<()> {
    for risk in versions {
        update(tx, risk)?;
    }
    audit::append(tx, audit)
}

/// Keeps this version for the history, what it rests on for the search, and its actions for their list.
fn remember(tx: &mut Tx<'_>, risk: &Risk, text: &str, before: Option<&str>) -> Result<()> {
    history::remember(tx, risk, text, before)?;
    action::index(tx, risk)?;
    tx.execute("DELETE FROM risk_asset WHERE risk = $1", params![risk.id])?;
    for asset in &risk.suggestion.assets {
        tx.execute(
            "INSERT INTO risk_asset (risk, asset) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            params![risk.id, *asset],
        )?;
    }
    Ok(())
}
