//! Organisational units.

use belfort_model::id::UnitId;
use belfort_model::unit::OrgUnit;

use crate::driver::{Lock, Tx};
use crate::record::Audit;
use crate::sql::{advisory, audit};
use crate::value::{Row, params};
use crate::{Result, StoreError};

/// A unit's columns, of a table named `u`.
pub(super) const COLUMNS: &str =
    "u.id, u.code, u.name, u.kind, u.parent, u.active_from, u.active_to";

/// How many they are.
const COUNT: usize = 7;

pub(super) fn read(row: &mut Row) -> Result<OrgUnit> {
    let id = row.next("unit")?;
    read_rest(row, id)
}

/// A unit that was joined and may be absent.
pub(super) fn read_joined(row: &mut Row) -> Result<Option<OrgUnit>> {
    if let Some(id) = row.next("unit")? {
        return read_rest(row, id).map(Some);
    }
    row.skip(COUNT - 1);
    Ok(None)
}

fn read_rest(row: &mut Row, id: UnitId) -> Result<OrgUnit> {
    let what = "unit";
    Ok(OrgUnit {
        id,
        code: row.next(what)?,
        name: row.next(what)?,
        kind: row.next(what)?,
        parent: row.next(what)?,
        active_from: row.next(what)?,
        active_to: row.next(what)?,
    })
}

/// Refuses an id that no unit has.
pub(super) fn require(tx: &mut Tx<'_>, id: UnitId) -> Result<()> {
    match tx.count("SELECT COUNT(*) FROM unit WHERE id = $1", params![id])? {
        0 => Err(StoreError::NotFound { what: "unit", id: id.to_string() }),
        _ => Ok(()),
    }
}

/// The unit with this id.
pub(super) fn by_id(tx: &mut Tx<'_>, id: UnitId) -> Result<Option<OrgUnit>> {
    let sql = format!("SELECT {COLUMNS} FROM unit u WHERE u.id = $1");
    tx.one(&sql, params![id], read)
}

pub(super) fn unit_insert(tx: &mut Tx<'_>, unit: &OrgUnit, audit: &Audit) -> Result<()> {
    insert(tx, unit)?;
    if unit.parent.is_some() {
        advisory::units_changed(tx)?;
    }
    audit::append(tx, audit)
}

fn insert(tx: &mut Tx<'_>, unit: &OrgUnit) -> Result<()> {
    if let Some(parent) = unit.parent {
        require(tx, parent)?;
    }
    let added = tx.execute(
        "INSERT INTO unit (id, code, code_folded, name, kind, parent, active_from, active_to)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        params![
            unit.id,
            &unit.code,
            unit.code.to_lowercase(),
            &unit.name,
            unit.kind,
            unit.parent,
            unit.active_from,
            unit.active_to,
        ],
    )?;
    if added == 0 {
        return Err(StoreError::Exists { what: "unit", id: unit.code.clone() });
    }
    Ok(())
}

pub(super) fn unit_list(tx: &mut Tx<'_>) -> Result<Vec<OrgUnit>> {
    let sql = format!("SELECT {COLUMNS} FROM unit u ORDER BY u.code_folded");
    tx.list(&sql, &[], read)
}

pub(super) fn unit_by_code(tx: &mut Tx<'_>, code: &str) -> Result<Option<OrgUnit>> {
    let sql = format!("SELECT {COLUMNS} FROM unit u WHERE u.code_folded = $1");
    tx.one(&sql, params![code.to_lowercase()], read)
}

pub(crate) fn unit_update(
    tx: &mut Tx<'_>,
    unit: &OrgUnit,
    seen: &OrgUnit,
    audit: &Audit,
) -> Result<()> {
    // Two moves at once could close a circle that neither sees, and two changes undo each other.
    tx.lock(Lock::Links)?;
    let (what, id) = ("unit", unit.code.clone());
    match by_id(tx, unit.id)? {
        None => return Err(StoreError::NotFound { what, id }),
        Some(known) if known != *seen => return Err(StoreError::Conflict { what, id }),
        Some(_) => {}
    }
    update(tx, unit)?;
    follow(tx, unit, seen.parent)?;
    audit::append(tx, audit)
}

fn update(tx: &mut Tx<'_>, unit: &OrgUnit) -> Result<()> {
    if let Some(parent) = unit.parent {
        require(tx, parent)?;
        let circle = tx.count(
            "WITH RECURSIVE above (id) AS (
                 SELECT id FROM unit WHERE id = $1
                 UNION SELECT u.parent FROM unit u JOIN above ON u.id = above.id
                     WHERE u.parent IS NOT NULL)
             SELECT COUNT(*) FROM above WHERE id = $2",
            params![parent, unit.id],
        )?;
        if circle > 0 {
            let message = format!("unit `{}` would be part of itself", unit.code);
            return Err(StoreError::Refused(message));
        }
    }
    let changed = tx.execute(
        "UPDATE unit SET name = $2, kind = $3, parent = $4, active_to = $5 WHERE id = $1",
        params![unit.id, &unit.name, unit.kind, unit.parent, unit.active_to],
    )?;
    if changed == 0 {
        return Err(StoreError::NotFound { what: "unit", id: unit.code.clone() });
    }
    Ok(())
}

/// Makes due what follows from a change of a unit that was part of `before`.
fn follow(tx: &mut Tx<'_>, unit: &OrgUnit, before: Option<UnitId>) -> Result<()> {
    if unit.parent != before {
        advisory::units_changed(tx)?;
        return due_below(tx, unit.id);
    }
    // Whether an owner has ended is a matter of its assets.
    tx.execute(
        "UPDATE asset SET generation = generation + 1, evaluate_at = 0 WHERE owner_unit = $1",
        params![unit.id],
    )?;
    Ok(())
}

/// Makes the assets of a unit and all below it due: exceptions and suppressions for a unit hold for those.
pub(super) fn due_below(tx: &mut Tx<'_>, top: UnitId) -> Result<()> {
    tx.execute(
        "UPDATE asset SET generation = generation + 1, evaluate_at = 0 WHERE owner_unit IN (
             WITH RECURSIVE reached (id) AS (
                 SELECT id FROM unit WHERE id = $1
                 UNION SELECT u.id FROM unit u JOIN reached r ON u.parent = r.id)
             SELECT id FROM reached)",
        params![top],
    )?;
    Ok(())
}

pub(crate) fn unit_assets(tx: &mut Tx<'_>) -> Result<Vec<(UnitId, u64)>> {
    tx.list(
        "SELECT owner_unit, COUNT(*) FROM asset
         WHERE in_service = 1 AND owner_unit IS NOT NULL GROUP BY owner_unit",
        &[],
        |row| Ok((row.next("unit")?, row.next("unit")?)),
    )
}

pub(crate) fn unit_import(tx: &mut Tx<'_>, units: &[(OrgUnit, Audit)]) -> Result<()> {
    tx.lock(Lock::Links)?;
    let mut parents = Vec::with_capacity(units.len());
    for (unit, _) in units {
        // Everything is there before anything is part of something: the order of moves does not matter.
        let known = by_id(tx, unit.id)?;
        if known.is_none() {
            insert(tx, &OrgUnit { parent: None, ..unit.clone() })?;
        } else {
            tx.execute("UPDATE unit SET parent = NULL WHERE id = $1", params![unit.id])?;
        }
        parents.push(known.and_then(|unit| unit.parent));
    }
    for (unit, _) in units {
        update(tx, unit)?;
    }
    // Only now everything is where it belongs.
    for ((unit, _), before) in units.iter().zip(parents) {
        follow(tx, unit, before)?;
    }
    units.iter().try_for_each(|(_, record)| audit::append(tx, record))
}
