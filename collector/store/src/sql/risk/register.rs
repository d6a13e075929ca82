//! What an evaluation of one unit's risks writes.

use belfort_model::id::UnitId;
use belfort_model::risk::{Risk, RiskState, Treatment};

use super::NONE;
use crate::driver::Tx;
use crate::record::NewRisk;
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
    Ok(())
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
    let risk = Risk {
        id: new.id,
        reference: format!("R-{year}-{number:04}"),
        key: new.key.clone(),
        state: RiskState::Proposed,
        treatment: Treatment::Open,
        suggestion: new.suggestion.clone(),
        created_at: new.now,
        updated_at: new.now,
        next_review: new.next_review,
        unsupported_since: None,
        version: 1,
    };
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
            risk.suggestion.current.severity,
            risk.version,
            document("risk", &risk)?,
        ],
    )?;
    if added == 0 {
        // Another collector was first: read again.
        return Err(conflict(risk.key.text()));
    }
    remember(tx, &risk)
}

fn update(tx: &mut Tx<'_>, risk: &Risk) -> Result<()> {
    let changed = tx.execute(
        "UPDATE risk SET state = $3, is_open = $4, severity = $5, version = $6, document = $7
         WHERE id = $1 AND version = $2",
        params![
            risk.id,
            risk.version.saturating_sub(1),
            risk.state,
            risk.is_on_agenda(),
            risk.suggestion.current.severity,
            risk.version,
            document("risk", risk)?,
        ],
    )?;
    if changed > 0 {
        return remember(tx, risk);
    }
    let found = tx.count("SELECT COUNT(*) FROM risk WHERE id = $1", params![risk.id])?;
    Err(match found {
        0 => StoreError::NotFound { what: "risk", id: risk.reference.clone() },
        _ => conflict(risk.reference.clone()),
    })
}

/// Keeps this version for the history, and what it rests on for the search.
fn remember(tx: &mut Tx<'_>, risk: &Risk) -> Result<()> {
    tx.execute(
        "INSERT INTO risk_history (risk, version, at, document) VALUES ($1, $2, $3, $4)",
        params![risk.id, risk.version, risk.updated_at, document("risk", risk)?],
    )?;
    tx.execute("DELETE FROM risk_asset WHERE risk = $1", params![risk.id])?;
    for asset in &risk.suggestion.assets {
        tx.execute(
            "INSERT INTO risk_asset (risk, asset) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            params![risk.id, *asset],
        )?;
    }
    Ok(())
}
