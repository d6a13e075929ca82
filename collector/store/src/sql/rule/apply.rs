//! Writes what rules assign.

use belfort_model::asset::LABELS;
use belfort_model::classification::{Classification, ClassificationStatus, REVIEW_DAYS};
use belfort_model::data_set::DataLink;
use belfort_model::id::{AssetId, BatchId, RuleId};
use belfort_model::ownership::{Method, Ownership, OwnershipRole};
use belfort_model::rule::{AssignOwner, Assignment, RuleState};
use belfort_model::time::Timestamp;

use crate::Result;
use crate::driver::{Lock, Tx};
use crate::record::{Assigned, ChangeRecord};
use crate::sql::{asset, audit, class, link, owner, report};
use crate::value::{document, params};

pub(crate) fn rules_apply(
    tx: &mut Tx<'_>,
    batch: BatchId,
    at: Timestamp,
    actor: &str,
    assigned: &[Assigned],
) -> Result<u64> {
    // Taken before any asset, as everything does that adds links.
    tx.lock(Lock::Links)?;
    let mut assigned: Vec<_> = assigned.iter().collect();
    assigned.sort_by_key(|one| one.asset);
    let sql = "SELECT id, version FROM assignment_rule WHERE state = $1";
    let on = tx.list(sql, params![RuleState::Enabled], |row| {
        Ok((row.next::<RuleId>("rule")?, row.next::<u64>("rule")?))
    })?;
    let mut written = Vec::with_capacity(assigned.len());
    for one in assigned {
        // Somebody switched a rule off, or changed it, since it looked: those that are on look again.
        if !one.values.iter().all(|(rule, _, version, _)| on.contains(&(*rule, *version))) {
            asset::due(tx, one.asset)?;
            continue;
        }
        let sql = format!("SELECT version FROM asset WHERE id = $1{}", tx.for_update());
        let version = tx.one(&sql, params![one.asset], |row| row.next::<u64>("asset"))?;
        // Somebody changed it since the rules looked: they look again.
        if version == Some(one.version) && !one.values.is_empty() {
            written.push(one);
        }
    }
    if written.is_empty() {
        return Ok(0);
    }
    tx.execute(
        "INSERT INTO rule_batch (id, at, actor, undone_at) VALUES ($1, $2, $3, NULL)
         ON CONFLICT DO NOTHING",
        params![batch, at, actor],
    )?;
    let sql = "SELECT COALESCE(MAX(seq), 0) FROM rule_assignment WHERE batch = $1";
    let mut seq = tx.one(sql, params![batch], |row| row.next::<u64>("seq"))?.unwrap_or(0);
    for one in &written {
        asset::hold_version(tx, one.asset, None)?;
        for (rule, name, version, assignment) in &one.values {
            assign(tx, one.asset, name, assignment, at)?;
            seq += 1;
            tx.execute(
                "INSERT INTO rule_assignment
                 (batch, seq, asset, rule, rule_name, rule_version, target, document)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                params![
                    batch,
                    seq,
                    one.asset,
                    *rule,
                    name,
                    *version,
                    assignment.target(),
                    document("assignment", assignment)?,
                ],
            )?;
        }
        asset::due(tx, one.asset)?;
    }
    for one in &written {
        audit::append(tx, &one.audit)?;
    }
    Ok(written.len() as u64)
}

fn assign(
    tx: &mut Tx<'_>,
    asset: AssetId,
    rule: &str,
    assignment: &Assignment,
    at: Timestamp,
) -> Result<()> {
    match assignment {
        Assignment::Owner { after, .. } => owner::set(tx, &ownership(asset, after, at)),
        Assignment::Class { after, .. } => {
            let proposal = Classification {
                subject: asset,
                scheme: after.scheme.clone(),
                biv: after.biv,
                basis: format!("rule {rule}"),
                decided_by: format!("rule {rule}"),
                decided_at: at,
                review_due: at.plus_days(REVIEW_DAYS),
                status: ClassificationStatus::Proposed,
                method: Method::Rule,
            };
            class::set(tx, &proposal)
        }
        Assignment::Link { after } => {
            let link = DataLink { asset, relation: after.relation, data_set: after.data_set };
            link::insert(tx, &link, Method::Rule).map(drop)
        }
        Assignment::Label { after } => {
            let mut labels = labels(tx, asset)?;
            if labels.len() < LABELS && !labels.contains(after) {
                labels.push(after.clone());
                labels.sort();
            }
            labels_set(tx, asset, &labels)
        }
        Assignment::Site { before, after } => {
            site_set(tx, asset, after)?;
            let change = ChangeRecord {
                at,
                section: "asset".to_owned(),
                subject: "site".to_owned(),
                before: Some(before.clone()).filter(|site| !site.is_empty()),
                after: Some(after.clone()),
            };
            report::changes_insert(tx, asset, &[change])
        }
    }
}

/// An ownership as rules make it.
pub(super) fn ownership(asset: AssetId, owner: &AssignOwner, at: Timestamp) -> Ownership {
    Ownership {
        asset,
        unit: owner.unit,
        role: OwnershipRole::Owner,
        function: owner.function.clone(),
        valid_from: at,
        valid_to: None,
        confirmed_at: None,
        confirmed_by: String::new(),
        method: Method::Rule,
    }
}

pub(super) fn labels(tx: &mut Tx<'_>, asset: AssetId) -> Result<Vec<String>> {
    let found = tx.one("SELECT labels FROM asset WHERE id = $1", params![asset], |row| {
        row.document::<Vec<String>>("labels")
    })?;
    Ok(found.unwrap_or_default())
}

pub(super) fn labels_set(tx: &mut Tx<'_>, asset: AssetId, labels: &[String]) -> Result<()> {
    let labels = document("labels", &labels)?;
    tx.execute("UPDATE asset SET labels = $2 WHERE id = $1", params![asset, labels])?;
    Ok(())
}

pub(super) fn site_set(tx: &mut Tx<'_>, asset: AssetId, site: &str) -> Result<()> {
    tx.execute("UPDATE asset SET site = $2 WHERE id = $1", params![asset, site])?;
    Ok(())
}
