//! What is not kept for ever.

use belfort_model::id::AssetId;
use belfort_model::incident::Incident;
use belfort_model::time::Timestamp;
use serde_json::json;

use crate::Result;
use crate::driver::{Lock, Tx, placeholders};
use crate::record::Audit;
use crate::retention::{Bounds, Erased};
use crate::sql::{audit, software};
use crate::value::{Value, document, params};

/// Rows of one kind per transaction.
const ROWS: u32 = 5_000;
/// Assets, and contents of sections, per transaction.
const FEW: u32 = 50;
/// Packages per statement.
const PACKAGES: usize = 500;

/// What belongs to an asset and goes with it: table and column. Exceptions are decisions and stay, without
/// it; so do incidents. While something is wrong with an asset, or an entry of the register is about it
/// alone or rests on it, that asset stays.
pub(crate) const OF_ASSET: &[(&str, &str)] = &[
    ("check_results", "asset"),
    ("device_facts", "asset"),
    ("agent", "asset"),
    ("evidence", "asset"),
    ("asset_section", "asset"),
    ("asset_section_past", "asset"),
    ("change", "asset"),
    ("ownership", "asset"),
    ("classification", "subject"),
    ("data_link", "asset"),
    ("data_link", "data_set"),
    ("data_set", "asset"),
    ("finding", "asset"),
    ("risk_asset", "asset"),
    ("suppression", "asset"),
    ("lifecycle_step", "asset"),
    ("asset_by_hand", "asset"),
    ("rule_assignment", "asset"),
    ("package_counted", "asset"),
];

pub(crate) fn retention_erase(tx: &mut Tx<'_>, bounds: &Bounds, audit: &Audit) -> Result<Erased> {
    // Nobody lists the packages of a section meanwhile.
    tx.lock(Lock::Packages)?;
    let erased = Erased {
        sections: old(tx, "asset_section_past", "until < $1", bounds.sections)?,
        changes: old(tx, "change", "at < $1", bounds.changes)?,
        findings: old(tx, "finding", "status = 'resolved' AND resolved_at < $1", bounds.findings)?,
        assets: assets(tx, bounds.assets)?,
        contents: contents(tx)?,
    };
    if erased != Erased::default() {
        let Erased { sections, contents, changes, findings, assets } = erased;
        let detail = json!({
            "sections": sections, "contents": contents, "changes": changes,
            "findings": findings, "assets": assets,
        });
        audit::append(tx, &Audit { detail: detail.to_string(), ..audit.clone() })?;
    }
    Ok(erased)
}

fn old(tx: &mut Tx<'_>, table: &str, condition: &str, before: Timestamp) -> Result<u64> {
    let sql = format!(
        "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {condition} LIMIT $2)"
    );
    tx.execute(&sql, params![before, ROWS])
}

fn assets(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    let found: Vec<AssetId> = tx.list(
        "SELECT a.id FROM asset a
         WHERE a.lifecycle = 'archived'
             AND (SELECT MAX(s.at) FROM lifecycle_step s WHERE s.asset = a.id) < $1
             AND a.open_findings = 0
             AND NOT EXISTS (SELECT 1 FROM risk r WHERE r.asset = a.id)
             AND NOT EXISTS (SELECT 1 FROM risk_asset r WHERE r.asset = a.id)
         ORDER BY a.id LIMIT $2",
        params![before, FEW],
        |row| row.next("asset"),
    )?;
    for id in &found {
        software::forget(tx, *id)?;
        for (table, column) in OF_ASSET {
            tx.execute(&format!("DELETE FROM {table} WHERE {column} = $1"), params![*id])?;
        }
        forget_in_incidents(tx, *id)?;
        tx.execute("UPDATE finding_exception SET asset = NULL WHERE asset = $1", params![*id])?;
        tx.execute("DELETE FROM asset WHERE id = $1", params![*id])?;
    }
    Ok(found.len() as u64)
}

/// Takes an asset out of the incidents that name it, so that these can be added to later.
fn forget_in_incidents(tx: &mut Tx<'_>, id: AssetId) -> Result<()> {
    let named: Vec<Incident> = tx.list(
        "SELECT i.document FROM incident i JOIN incident_asset l ON l.incident = i.id
         WHERE l.asset = $1",
        params![id],
        |row| row.document("incident"),
    )?;
    tx.execute("DELETE FROM incident_asset WHERE asset = $1", params![id])?;
    for mut incident in named {
        incident.assets.retain(|asset| *asset != id);
        tx.execute(
            "UPDATE incident SET document = $2 WHERE id = $1",
            params![incident.id, document("incident", &incident)?],
        )?;
    }
    Ok(())
}

/// Erases contents that no asset holds or held any more, and the packages they list.
fn contents(tx: &mut Tx<'_>) -> Result<u64> {
    let found: Vec<i64> = tx.list(
        "SELECT id FROM section
         WHERE id NOT IN (SELECT section FROM asset_section)
             AND id NOT IN (SELECT section FROM asset_section_past)
             AND id NOT IN (SELECT list FROM package_counted)
         ORDER BY id LIMIT $1",
        params![FEW],
        |row| row.next("section"),
    )?;
    if found.is_empty() {
        return Ok(0);
    }
    let places = placeholders(0, found.len());
    let ids: Vec<Value> = found.iter().map(|id| Value::from(*id)).collect();
    // The catalogue stays: people said what they think of it.
    let listed: Vec<i64> = tx.list(
        &format!("SELECT DISTINCT package FROM package_list_entry WHERE list IN ({places})"),
        &ids,
        |row| row.next("package"),
    )?;
    tx.execute(&format!("DELETE FROM package_list_entry WHERE list IN ({places})"), &ids)?;
    tx.execute(&format!("DELETE FROM package_list WHERE section IN ({places})"), &ids)?;
    tx.execute(&format!("DELETE FROM section WHERE id IN ({places})"), &ids)?;
    for chunk in listed.chunks(PACKAGES) {
        let ids: Vec<Value> = chunk.iter().map(|id| Value::from(*id)).collect();
        for (table, column) in [("package_count", "package"), ("package", "id")] {
            let sql = format!(
                "DELETE FROM {table} WHERE {column} IN ({})
                 AND NOT EXISTS
                     (SELECT 1 FROM package_list_entry e WHERE e.package = {table}.{column})",
                placeholders(0, chunk.len())
            );
            tx.execute(&sql, &ids)?;
        }
    }
    Ok(found.len() as u64)
}
