//! What an evaluation reads and writes.

use belfort_model::agent::AgentStatus;
use belfort_model::finding::FindingChanges;
use belfort_model::id::{AssetId, UnitId};
use belfort_model::ownership::OwnershipRole;
use belfort_model::time::Timestamp;

use crate::driver::Tx;
use crate::record::{EvaluationCommit, EvaluationInput};
use crate::sql::{
    agent, asset, class, detail, evidence, exception, finding, link, owner, risk, software, unit,
};
use crate::value::{document, params};
use crate::{Result, StoreError};

/// How long before the next evaluation the last one was: `REPEAT_HOURS` of the assessment.
const REPEAT_MS: i64 = 6 * 3600 * 1000;

/// What is out of service changes by no time alone: it is looked at while something is wrong with it, after
/// a change, and when it was seen again since the last evaluation.
const IS_DUE: &str = "evaluate_at <= $1
             AND (in_service = 1 OR open_findings > 0 OR evaluate_at = 0
                  OR last_seen > evaluate_at - $2)";

pub(super) fn evaluation_waiting(tx: &mut Tx<'_>, now: Timestamp) -> Result<(u64, u64)> {
    let due = format!("SELECT COUNT(*) FROM asset WHERE {IS_DUE}");
    let due = tx.count(&due, params![now, REPEAT_MS])?;
    Ok((due, tx.count("SELECT COUNT(*) FROM asset", &[])?))
}

pub(super) fn evaluation_due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<AssetId>> {
    let sql = format!("SELECT id FROM asset WHERE {IS_DUE} ORDER BY evaluate_at, id LIMIT $3");
    tx.list(&sql, params![now, REPEAT_MS, limit], |row| row.next("asset"))
}

pub(super) fn evaluation_input(tx: &mut Tx<'_>, id: AssetId) -> Result<Option<EvaluationInput>> {
    let sql = format!("SELECT {}, a.generation FROM asset a WHERE a.id = $1", asset::COLUMNS);
    let found = tx.one(&sql, params![id], |row| Ok((asset::read(row)?, row.next("asset")?)))?;
    let Some((asset, generation)) = found else {
        return Ok(None);
    };
    let ownerships = owner::active(tx, id)?;
    let agents = agent::of_asset(tx, id)?;
    let owner = ownerships.into_iter().find(|ownership| ownership.role == OwnershipRole::Owner);
    let owners = exception::above(tx, owner.as_ref().map(|owner| owner.unit))?;
    let unit = match &owner {
        Some(owner) => unit::by_id(tx, owner.unit)?,
        None => None,
    };
    Ok(Some(EvaluationInput {
        asset,
        generation,
        facts: detail::facts(tx, id)?,
        owner,
        unit,
        classification: class::standing(tx, id)?,
        links: link::inherited(tx, id)?,
        agent: agents.into_iter().find(|agent| agent.status == AgentStatus::Active),
        shares_evidence_with: evidence::same_identity(tx, id)?,
        findings: finding::of_asset(tx, id)?,
        exceptions: exception::concerning(tx, id, &owners)?,
        owners,
    }))
}

pub(super) fn evaluation_commit(
    tx: &mut Tx<'_>,
    commit: &EvaluationCommit,
    changes: &FindingChanges,
) -> Result<()> {
    if commit.new.len() != changes.new.len() {
        let message =
            format!("{} new hits came with {} findings", changes.new.len(), commit.new.len());
        return Err(StoreError::Refused(message));
    }
    let id = commit.asset;
    let sql = format!("SELECT generation, owner_unit FROM asset WHERE id = $1{}", tx.for_update());
    let found = tx.one(&sql, params![id], |row| {
        Ok((row.next::<u64>("asset")?, row.next::<Option<UnitId>>("asset")?))
    })?;
    let (generation, unit) = found.ok_or_else(|| asset::unknown(id))?;
    if generation != commit.generation {
        // Something changed meanwhile: what was worked out is about another state. It stays due.
        tx.execute("UPDATE asset SET evaluate_at = 0 WHERE id = $1", params![id])?;
        return Ok(());
    }
    software::follow(tx, id, unit)?;
    let mut is_current = true;
    for new in &commit.new {
        // Somebody else evaluated at the same time: the next evaluation sees their finding.
        is_current &= finding::insert(tx, new)?;
    }
    for finding in &changes.updated {
        finding::update(tx, finding)?;
    }
    let class_changed = class::store(tx, id, &commit.class)?;
    let results = document("results", &commit.results)?;
    let results_changed = tx.execute(
        "INSERT INTO check_results (asset, document) VALUES ($1, $2)
         ON CONFLICT (asset) DO UPDATE SET document = $2 WHERE check_results.document <> $2",
        params![id, results],
    )?;
    let next = if is_current { commit.next } else { Timestamp(0) };
    tx.execute(
        "UPDATE asset SET evaluate_at = $2,
             open_findings = (SELECT COUNT(*) FROM finding WHERE asset = $1 AND is_open = 1)
         WHERE id = $1",
        params![id, next],
    )?;
    let findings_changed = !changes.new.is_empty() || !changes.updated.is_empty();
    if findings_changed || class_changed || results_changed > 0 {
        risk::due(tx, unit)?;
    }
    Ok(())
}

pub(super) fn evaluation_request_all(tx: &mut Tx<'_>) -> Result<()> {
    tx.execute("UPDATE asset SET generation = generation + 1, evaluate_at = 0", &[])?;
    Ok(())
}
