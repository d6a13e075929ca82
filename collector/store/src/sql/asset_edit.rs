//! What people change on an asset: its record, and where it is in its life cycle.

use belfort_model::asset::{Asset, Lifecycle};
use belfort_model::facts::DeviceFacts;
use belfort_model::id::{AssetId, UnitId};
use belfort_model::lifecycle::Step;

use crate::driver::Tx;
use crate::record::{Audit, ChangeRecord, Erasure};
use crate::sql::{asset, audit, detail, finding, owner, report, risk};
use crate::value::{document, params};
use crate::{Result, StoreError};

pub(crate) fn asset_update(
    tx: &mut Tx<'_>,
    asset: &Asset,
    expected: Option<u64>,
    changes: &[ChangeRecord],
    by_hand: &[String],
    audit: &Audit,
) -> Result<u64> {
    let version = asset::hold_version(tx, asset.id, expected)?;
    write(tx, asset)?;
    report::changes_insert(tx, asset.id, changes)?;
    for target in by_hand {
        self::by_hand(tx, asset.id, target)?;
    }
    asset::due(tx, asset.id)?;
    audit::append(tx, audit)?;
    Ok(version)
}

/// Writes what people say of an asset. It is held.
pub(super) fn write(tx: &mut Tx<'_>, asset: &Asset) -> Result<()> {
    tx.execute(
        "UPDATE asset SET subtype = $2, name = $3, name_folded = $4, legal_entity = $5,
             authorised = $6, environment = $7, exposure = $8, site = $9, labels = $10,
             verified_at = $11, verify_due = $12,
             last_seen = CASE WHEN last_seen < $13 THEN $13 ELSE last_seen END
         WHERE id = $1",
        params![
            asset.id,
            asset.subtype,
            &asset.name,
            asset.name.to_lowercase(),
            &asset.legal_entity,
            asset.authorised,
            asset.environment,
            asset.exposure,
            &asset.site,
            document("labels", &asset.labels)?,
            asset.verified_at,
            asset.verify_due,
            asset.last_seen,
        ],
    )?;
    Ok(())
}

/// Notes that a person decided a value: rules and reports leave it alone.
pub(super) fn by_hand(tx: &mut Tx<'_>, asset: AssetId, target: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO asset_by_hand (asset, target) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        params![asset, target],
    )?;
    Ok(())
}

/// Whether a person decided a value.
pub(super) fn is_by_hand(tx: &mut Tx<'_>, asset: AssetId, target: &str) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM asset_by_hand WHERE asset = $1 AND target = $2";
    Ok(tx.count(sql, params![asset, target])? > 0)
}

pub(crate) fn asset_move(
    tx: &mut Tx<'_>,
    id: AssetId,
    step: &Step,
    erase: Option<&Erasure>,
    expected: Option<u64>,
    audit: &Audit,
) -> Result<u64> {
    let version = asset::hold_version(tx, id, expected)?;
    let state = tx.one("SELECT lifecycle FROM asset WHERE id = $1", params![id], |row| {
        row.next::<Lifecycle>("asset")
    })?;
    if state != Some(step.from) {
        return Err(StoreError::Conflict { what: "asset", id: id.to_string() });
    }
    let disposal =
        step.disposal.as_ref().map(|disposal| document("disposal", disposal)).transpose()?;
    tx.execute(
        "INSERT INTO lifecycle_step
         (asset, from_state, to_state, at, entered_by, reason, disposal, seq)
         SELECT $1, $2, $3, $4, $5, $6, $7, COALESCE(MAX(seq), 0) + 1
         FROM lifecycle_step WHERE asset = $1",
        params![id, step.from, step.to, step.at, &step.by, &step.reason, disposal.clone()],
    )?;
    // Evidence stays from decommissioning to the archive, and goes when the asset comes back.
    tx.execute(
        "UPDATE asset SET lifecycle = $2, in_service = $3,
             disposal = CASE WHEN $4 = 1 THEN COALESCE($5, disposal) ELSE NULL END
         WHERE id = $1",
        params![id, step.to, step.to.is_in_service(), step.to.is_over(), disposal],
    )?;
    let change = ChangeRecord {
        at: audit.at,
        section: "asset".to_owned(),
        subject: "lifecycle".to_owned(),
        before: Some(step.from.to_string()),
        after: Some(step.to.to_string()),
    };
    report::changes_insert(tx, id, &[change])?;
    if let Some(erasure) = erase {
        self::erase(tx, id, erasure)?;
    }
    asset::due(tx, id)?;
    let unit: Option<UnitId> = owner::unit_of(tx, id)?;
    risk::due(tx, unit)?;
    audit::append(tx, audit)?;
    Ok(version)
}

/// Erases sections of an asset, now and past, what was noted of their changes, and what facts and findings
/// took from them. Contents that no machine holds any more go too.
fn erase(tx: &mut Tx<'_>, id: AssetId, erasure: &Erasure) -> Result<()> {
    let root =
        tx.one("SELECT root FROM asset WHERE id = $1", params![id], |row| row.next("asset"))?;
    if root.flatten() != erasure.root_before {
        return Err(StoreError::Conflict { what: "asset", id: id.to_string() });
    }
    for kind in &erasure.kinds {
        for table in ["asset_section", "asset_section_past"] {
            let sql = format!("DELETE FROM {table} WHERE asset = $1 AND kind = $2");
            tx.execute(&sql, params![id, *kind])?;
        }
        tx.execute(
            "DELETE FROM section WHERE kind = $1
             AND NOT EXISTS (SELECT 1 FROM asset_section h WHERE h.section = section.id)
             AND NOT EXISTS (SELECT 1 FROM asset_section_past p WHERE p.section = section.id)",
            params![*kind],
        )?;
    }
    for name in &erasure.names {
        tx.execute("DELETE FROM change WHERE asset = $1 AND section = $2", params![id, name])?;
    }
    tx.execute("UPDATE asset SET root = $2 WHERE id = $1", params![id, erasure.root_after])?;
    let told = |facts: &DeviceFacts| facts.accounts.is_some() || facts.neighbours.is_some();
    if let Some(facts) = detail::facts(tx, id)?.filter(told) {
        let facts = DeviceFacts { accounts: None, neighbours: None, ..facts };
        tx.execute(
            "UPDATE device_facts SET document = $2 WHERE asset = $1",
            params![id, document("facts", &facts)?],
        )?;
    }
    erasure.codes.iter().try_for_each(|code| finding::erase(tx, id, code))
}

pub(crate) fn lifecycle_list(tx: &mut Tx<'_>, asset: AssetId) -> Result<Vec<Step>> {
    let what = "life cycle";
    tx.list(
        "SELECT from_state, to_state, at, entered_by, reason, disposal FROM lifecycle_step
         WHERE asset = $1 ORDER BY seq DESC",
        params![asset],
        |row| {
            Ok(Step {
                from: row.next(what)?,
                to: row.next(what)?,
                at: row.next(what)?,
                by: row.next(what)?,
                reason: row.next(what)?,
                disposal: row.optional_document(what)?,
            })
        },
    )
}
