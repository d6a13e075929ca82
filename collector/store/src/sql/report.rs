//! Reports: what an asset holds is replaced in one step.

use belfort_model::asset::Subtype;
use belfort_model::id::AssetId;
use belfort_model::rule::SUBTYPE_TARGET;

use crate::Result;
use crate::driver::Tx;
use crate::record::{ChangeRecord, CheckIn, ReportCommit, ReportOutcome, SectionKey};
use crate::sql::{agent, asset, asset_edit, evidence, section};
use crate::value::{document, params};

pub(super) fn report_commit(tx: &mut Tx<'_>, report: &ReportCommit) -> Result<ReportOutcome> {
    let sender = agent::agent_get(tx, report.agent)?;
    if sender.is_none_or(|agent| agent.asset != report.asset) {
        return Ok(ReportOutcome::NotActive);
    }
    let seen = CheckIn {
        now: report.now,
        version: String::new(),
        sequence: report.sequence,
        clock_offset_ms: None,
    };
    if agent::seen(tx, report.agent, &seen)?.is_none() {
        return Ok(ReportOutcome::NotActive);
    }
    // From here to the end nobody else reports this asset.
    let sql = format!("SELECT root FROM asset WHERE id = $1{}", tx.for_update());
    let root = tx.one(&sql, params![report.asset], |row| row.next("asset"))?;
    if root.flatten() != report.previous_root {
        return Ok(ReportOutcome::Superseded);
    }
    take(tx, report)
}

/// Replaces what the asset holds by a report. It is held.
pub(super) fn take(tx: &mut Tx<'_>, report: &ReportCommit) -> Result<ReportOutcome> {
    let missing = missing(tx, report)?;
    if !missing.is_empty() {
        return Ok(ReportOutcome::Missing(missing));
    }
    section::insert(tx, &report.new_sections)?;
    section::replace(tx, report.asset, &report.manifest, report.now)?;
    let other_facts = facts_set(tx, report)?;
    evidence::replace(tx, report.asset, &report.evidence)?;
    changes_insert(tx, report.asset, &report.changes)?;
    if other_facts || report.previous_root != Some(report.root) {
        asset::due(tx, report.asset)?;
    }
    Ok(ReportOutcome::Committed)
}

/// What the manifest names and neither the report nor the store has.
fn missing(tx: &mut Tx<'_>, report: &ReportCommit) -> Result<Vec<SectionKey>> {
    let sent = |key: &SectionKey| report.new_sections.iter().any(|new| new.key == *key);
    let named = report.manifest.iter().map(|(key, _)| *key);
    let not_sent: Vec<SectionKey> = named.filter(|key| !sent(key)).collect();
    section::sections_missing(tx, &not_sent)
}

/// Keeps the facts; answers whether they are other than before.
fn facts_set(tx: &mut Tx<'_>, report: &ReportCommit) -> Result<bool> {
    let changed = tx.execute(
        "INSERT INTO device_facts (asset, document) VALUES ($1, $2)
         ON CONFLICT (asset) DO UPDATE SET document = $2 WHERE device_facts.document <> $2",
        params![report.asset, document("facts", &report.facts)?],
    )?;
    // A report without a name or a form takes away neither, and none takes away a form that a person gave.
    let name = match report.name.as_str() {
        "" => None,
        name => Some(name),
    };
    let subtype = match report.subtype {
        Subtype::Other => None,
        _ if asset_edit::is_by_hand(tx, report.asset, SUBTYPE_TARGET)? => None,
        subtype => Some(subtype),
    };
    tx.execute(
        "UPDATE asset SET root = $2, reported_at = $3,
             last_seen = CASE WHEN last_seen < $3 THEN $3 ELSE last_seen END,
             name = COALESCE($4, name), name_folded = COALESCE($5, name_folded),
             subtype = COALESCE($6, subtype), os_name = $7
         WHERE id = $1",
        params![
            report.asset,
            report.root,
            report.now,
            name,
            name.map(str::to_lowercase),
            subtype,
            &report.facts.os.name,
        ],
    )?;
    Ok(changed > 0)
}

pub(super) fn changes_insert(
    tx: &mut Tx<'_>,
    asset: AssetId,
    changes: &[ChangeRecord],
) -> Result<()> {
    for change in changes {
        tx.execute(
            "INSERT INTO change (asset, at, section, subject, before, after)
             VALUES ($1, $2, $3, $4, $5, $6)",
            params![
                asset,
                change.at,
                &change.section,
                &change.subject,
                change.before.as_ref(),
                change.after.as_ref(),
            ],
        )?;
    }
    Ok(())
}
