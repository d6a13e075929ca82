//! Ownerships: who answers for an asset.

use belfort_model::id::{AssetId, UnitId};
use belfort_model::ownership::{Ownership, OwnershipRole};
use belfort_model::time::Timestamp;

use crate::driver::Tx;
use crate::record::Audit;
use crate::sql::{asset, audit, risk, unit};
use crate::value::{Row, params};
use crate::{Result, StoreError};

/// An ownership's columns, of a table named `o`.
pub(super) const COLUMNS: &str = "o.asset, o.unit, o.role, o.function, o.valid_from, o.valid_to,
    o.confirmed_at, o.confirmed_by, o.method";

/// How many they are.
const COUNT: usize = 9;

pub(super) fn read(row: &mut Row) -> Result<Ownership> {
    let asset = row.next("ownership")?;
    read_rest(row, asset)
}

fn read_rest(row: &mut Row, asset: AssetId) -> Result<Ownership> {
    let what = "ownership";
    Ok(Ownership {
        asset,
        unit: row.next(what)?,
        role: row.next(what)?,
        function: row.next(what)?,
        valid_from: row.next(what)?,
        valid_to: row.next(what)?,
        confirmed_at: row.next(what)?,
        confirmed_by: row.next(what)?,
        method: row.next(what)?,
    })
}

/// An ownership that was joined and may be absent.
pub(super) fn read_joined(row: &mut Row) -> Result<Option<Ownership>> {
    let what = "ownership";
    let Some(asset) = row.next(what)? else {
        row.skip(COUNT - 1);
        return Ok(None);
    };
    read_rest(row, asset).map(Some)
}

/// Active ownerships of an asset, by role.
pub(super) fn active(tx: &mut Tx<'_>, asset: AssetId) -> Result<Vec<Ownership>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM ownership o WHERE o.asset = $1 AND o.valid_to IS NULL
         ORDER BY o.role"
    );
    let mut ownerships = tx.list(&sql, params![asset], read)?;
    ownerships.sort_by_key(|ownership| ownership.role);
    Ok(ownerships)
}

/// The unit of the active owner.
pub(super) fn unit_of(tx: &mut Tx<'_>, asset: AssetId) -> Result<Option<UnitId>> {
    let sql = "SELECT owner_unit FROM asset WHERE id = $1";
    let unit = tx.one(sql, params![asset], |row| row.next("asset"))?;
    Ok(unit.flatten())
}

pub(super) fn owner_set(tx: &mut Tx<'_>, ownership: &Ownership, audit: &Audit) -> Result<()> {
    owner_change(tx, ownership, None, audit)
}

/// As [`owner_set`], for an asset at the version the caller saw.
pub(crate) fn owner_change(
    tx: &mut Tx<'_>,
    ownership: &Ownership,
    expected: Option<u64>,
    audit: &Audit,
) -> Result<()> {
    asset::hold_version(tx, ownership.asset, expected)?;
    set(tx, ownership)?;
    audit::append(tx, audit)
}

/// Makes this the active ownership in its role. The asset is held.
pub(super) fn set(tx: &mut Tx<'_>, ownership: &Ownership) -> Result<()> {
    if ownership.valid_to.is_some() {
        let message = "an ownership that has ended cannot be set".to_owned();
        return Err(StoreError::Refused(message));
    }
    unit::require(tx, ownership.unit)?;
    end(tx, ownership.asset, ownership.role, ownership.valid_from)?;
    tx.execute(
        "INSERT INTO ownership
         (asset, unit, role, function, valid_from, valid_to, confirmed_at, confirmed_by, method, seq)
         SELECT $1, $2, $3, $4, $5, NULL, $6, $7, $8, COALESCE(MAX(seq), 0) + 1
         FROM ownership WHERE asset = $1 AND role = $3",
        params![
            ownership.asset,
            ownership.unit,
            ownership.role,
            &ownership.function,
            ownership.valid_from,
            ownership.confirmed_at,
            &ownership.confirmed_by,
            ownership.method,
        ],
    )?;
    let confirmed = ownership.confirmed_at.is_some();
    moved(tx, ownership.asset, ownership.role, Some(ownership.unit), confirmed)
}

/// Ends the active ownership in a role; answers whether there was one.
fn end(tx: &mut Tx<'_>, asset: AssetId, role: OwnershipRole, at: Timestamp) -> Result<bool> {
    // It may have begun after the new one does: it never ends before its beginning.
    let ended = tx.execute(
        "UPDATE ownership SET valid_to = CASE WHEN valid_from > $3 THEN valid_from ELSE $3 END
         WHERE asset = $1 AND role = $2 AND valid_to IS NULL",
        params![asset, role, at],
    )?;
    Ok(ended > 0)
}

/// Notes who owns the asset now, and makes due what follows from it.
fn moved(
    tx: &mut Tx<'_>,
    asset: AssetId,
    role: OwnershipRole,
    unit: Option<UnitId>,
    confirmed: bool,
) -> Result<()> {
    if role == OwnershipRole::Owner {
        let before = unit_of(tx, asset)?;
        tx.execute(
            "UPDATE asset SET owner_unit = $2, owner_confirmed = $3 WHERE id = $1",
            params![asset, unit, confirmed],
        )?;
        if before != unit {
            risk::due(tx, before)?;
        }
        risk::due(tx, unit)?;
    }
    asset::due(tx, asset)
}

/// Ends the active ownership in a role without another. The asset is held.
pub(super) fn clear(
    tx: &mut Tx<'_>,
    asset: AssetId,
    role: OwnershipRole,
    at: Timestamp,
) -> Result<()> {
    if !end(tx, asset, role, at)? {
        return Err(StoreError::NotFound { what: "ownership", id: format!("{asset} {role}") });
    }
    moved(tx, asset, role, None, false)
}

pub(crate) fn owner_end(
    tx: &mut Tx<'_>,
    asset: AssetId,
    role: OwnershipRole,
    expected: Option<u64>,
    audit: &Audit,
) -> Result<()> {
    asset::hold_version(tx, asset, expected)?;
    clear(tx, asset, role, audit.at)?;
    audit::append(tx, audit)
}

pub(crate) fn owner_confirm(
    tx: &mut Tx<'_>,
    seen: &Ownership,
    expected: Option<u64>,
    audit: &Audit,
) -> Result<()> {
    asset::hold_version(tx, seen.asset, expected)?;
    let confirmed = tx.execute(
        "UPDATE ownership SET confirmed_at = $4, confirmed_by = $5
         WHERE asset = $1 AND role = $2 AND unit = $3 AND valid_to IS NULL",
        params![seen.asset, seen.role, seen.unit, audit.at, &audit.actor],
    )?;
    if confirmed == 0 {
        let id = seen.asset.to_string();
        return Err(StoreError::Conflict { what: "owner of asset", id });
    }
    if seen.role == OwnershipRole::Owner {
        let sql = "UPDATE asset SET owner_confirmed = 1 WHERE id = $1";
        tx.execute(sql, params![seen.asset])?;
    }
    asset::due(tx, seen.asset)?;
    audit::append(tx, audit)
}

pub(crate) fn ownership_history(tx: &mut Tx<'_>, asset: AssetId) -> Result<Vec<Ownership>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM ownership o WHERE o.asset = $1
         ORDER BY o.valid_from DESC, o.role, o.seq DESC"
    );
    tx.list(&sql, params![asset], read)
}
