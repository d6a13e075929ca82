//! Takes back what one run of rules assigned, as far as nobody decided on it since.

use belfort_model::data_set::DataLink;
use belfort_model::id::{AssetId, BatchId, RuleId};
use belfort_model::ownership::{Method, OwnershipRole};
use belfort_model::rule::{Assignment, SITE_TARGET, label_target};
use belfort_model::time::Timestamp;

use super::apply::{labels, labels_set, ownership, site_set};
use crate::driver::{Lock, Tx};
use crate::record::{Audit, Undone};
use crate::sql::{asset, asset_edit, audit, class, link, owner};
use crate::value::params;
use crate::{Result, StoreError};

pub(crate) fn batch_undo(tx: &mut Tx<'_>, batch: BatchId, audit: &Audit) -> Result<Undone> {
    tx.lock(Lock::Links)?;
    let sql = format!("SELECT undone_at FROM rule_batch WHERE id = $1{}", tx.for_update());
    let undone_at = tx
        .one(&sql, params![batch], |row| row.next::<Option<Timestamp>>("rule batch"))?
        .ok_or_else(|| StoreError::NotFound { what: "rule batch", id: batch.to_string() })?;
    if undone_at.is_some() {
        return Err(StoreError::Refused(format!("rule batch `{batch}` was undone already")));
    }
    tx.execute("UPDATE rule_batch SET undone_at = $2 WHERE id = $1", params![batch, audit.at])?;
    let what = "rule assignment";
    let assigned = tx.list(
        "SELECT asset, rule, rule_name, document FROM rule_assignment WHERE batch = $1
         ORDER BY asset, seq DESC",
        params![batch],
        |row| {
            Ok((
                row.next::<AssetId>(what)?,
                row.next::<RuleId>(what)?,
                row.next::<String>(what)?,
                row.document::<Assignment>(what)?,
            ))
        },
    )?;
    let mut undone = Undone::default();
    let mut touched: Vec<AssetId> = Vec::new();
    let mut rules: Vec<(RuleId, String)> = Vec::new();
    for (id, rule, name, assignment) in assigned {
        if !rules.iter().any(|(known, _)| *known == rule) {
            rules.push((rule, name));
        }
        if touched.last() != Some(&id) {
            asset::hold_version(tx, id, None)?;
            touched.push(id);
        }
        if revert(tx, id, &assignment, audit.at)? {
            undone.reverted += 1;
        } else {
            undone.kept += 1;
        }
    }
    for (rule, name) in rules {
        if super::disable(tx, rule, audit)? {
            undone.disabled.push(name);
        }
    }
    undone.disabled.sort();
    for id in touched {
        asset::due(tx, id)?;
        let record = Audit { action: "rule.unassign", subject: id.to_string(), ..audit.clone() };
        audit::append(tx, &record)?;
    }
    audit::append(tx, audit)?;
    Ok(undone)
}

/// Puts back what was before; answers false when the value is another one by now, or somebody's.
fn revert(tx: &mut Tx<'_>, id: AssetId, assignment: &Assignment, at: Timestamp) -> Result<bool> {
    match assignment {
        Assignment::Owner { before, after } => {
            let owner = owner::active(tx, id)?
                .into_iter()
                .find(|ownership| ownership.role == OwnershipRole::Owner);
            let is_ours = owner.is_some_and(|now| {
                now.yields_to_rule() && now.unit == after.unit && now.function == after.function
            });
            if is_ours {
                match before {
                    Some(before) => owner::set(tx, &ownership(id, before, at))?,
                    None => owner::clear(tx, id, OwnershipRole::Owner, at)?,
                }
            }
            Ok(is_ours)
        }
        Assignment::Class { after, .. } => {
            let proposal = class::proposal(tx, id)?;
            let is_ours = proposal.is_some_and(|now| {
                now.yields_to_rule() && now.biv == after.biv && now.scheme == after.scheme
            });
            // The proposal before, if any, is the newest again.
            Ok(is_ours && class::withdraw(tx, id)?)
        }
        Assignment::Link { after } => {
            let method = tx.one(
                "SELECT method FROM data_link
                 WHERE asset = $1 AND relation = $2 AND data_set = $3",
                params![id, after.relation, after.data_set],
                |row| row.next::<Method>("data link"),
            )?;
            let link = DataLink { asset: id, relation: after.relation, data_set: after.data_set };
            Ok(method == Some(Method::Rule) && link::remove(tx, &link)?)
        }
        Assignment::Label { after } => {
            let mut labels = labels(tx, id)?;
            let is_ours =
                labels.contains(after) && !asset_edit::is_by_hand(tx, id, &label_target(after))?;
            if is_ours {
                labels.retain(|label| label != after);
                labels_set(tx, id, &labels)?;
            }
            Ok(is_ours)
        }
        Assignment::Site { before, after } => {
            let site = tx.one("SELECT site FROM asset WHERE id = $1", params![id], |row| {
                row.next::<String>("asset")
            })?;
            let is_ours =
                site.as_ref() == Some(after) && !asset_edit::is_by_hand(tx, id, SITE_TARGET)?;
            if is_ours {
                site_set(tx, id, before)?;
            }
            Ok(is_ours)
        }
    }
}
