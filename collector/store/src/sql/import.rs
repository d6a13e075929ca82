//! Imports: assets from a list, and inventories of devices without an agent.

use belfort_model::agent::AgentStatus;

use crate::driver::{Lock, Tx};
use crate::record::{ImportedAsset, ReportCommit, ReportOutcome};
use crate::sql::{agent, asset, asset_edit, audit, class, evidence, link, owner, report};
use crate::value::params;
use crate::{Result, StoreError};

pub(crate) fn asset_import(tx: &mut Tx<'_>, assets: &[ImportedAsset]) -> Result<()> {
    // What one import did not find another must not add meanwhile.
    tx.lock(Lock::Enrolment)?;
    for one in assets {
        write(tx, one)?;
    }
    assets.iter().try_for_each(|one| audit::append(tx, &one.audit))
}

fn write(tx: &mut Tx<'_>, one: &ImportedAsset) -> Result<()> {
    let id = one.asset.id;
    if let Some(expected) = one.expected {
        asset::hold_version(tx, id, Some(expected))?;
        asset_edit::write(tx, &one.asset)?;
    } else {
        asset::insert(tx, &one.asset)?;
        if let Some(data_set) = &one.data_set {
            link::data_set_row(tx, data_set)?;
        }
    }
    for piece in &one.evidence {
        evidence::insert(tx, id, piece)?;
    }
    for target in &one.by_hand {
        asset_edit::by_hand(tx, id, target)?;
    }
    if let Some(ownership) = &one.owner {
        owner::set(tx, ownership)?;
    }
    if let Some(classification) = &one.classification {
        class::set(tx, classification)?;
    }
    report::changes_insert(tx, id, &one.changes)?;
    asset::due(tx, id)
}

pub(crate) fn inventory_import(
    tx: &mut Tx<'_>,
    one: &ImportedAsset,
    report: &ReportCommit,
) -> Result<()> {
    tx.lock(Lock::Enrolment)?;
    let id = one.asset.id;
    let agents = agent::of_asset(tx, id)?;
    if agents.iter().any(|agent| agent.status == AgentStatus::Active) {
        let message =
            format!("asset `{id}` is reported by an agent: its inventory is not imported");
        return Err(StoreError::Refused(message));
    }
    write(tx, one)?;
    let root =
        tx.one("SELECT root FROM asset WHERE id = $1", params![id], |row| row.next("asset"))?;
    if root.flatten() != report.previous_root {
        return Err(StoreError::Conflict { what: "asset", id: id.to_string() });
    }
    match report::take(tx, report)? {
        ReportOutcome::Committed => audit::append(tx, &one.audit),
        // Every section comes with the import.
        other => Err(StoreError::Refused(format!("the inventory was not taken: {other:?}"))),
    }
}
