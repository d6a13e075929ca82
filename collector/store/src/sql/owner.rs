//! Ownerships: who answers for an asset.

use belfort_model::id::{AssetId, UnitId};
use belfort_model::ownership::{Ownership, OwnershipRole};

use crate::driver::Tx;
use crate::record::Audit;
use crate::sql::{asset, audit, risk, unit};
use crate::value::{Row, params};
use crate::{Result, StoreError};

/// An ownership's columns, of a table named `o`.
pub(super) const COLUMNS: &str = "o.asset, o.unit, o.role, o.function, o.valid_from, o.valid_to,
    o.confirmed_at, o.method";

pub(super) fn read(row: &mut Row) -> Result<Ownership> {
    let what = "ownership";
    Ok(Ownership {
        asset: row.next(what)?,
        unit: row.next(what)?,
        role: row.next(what)?,
        function: row.next(what)?,
        valid_from: row.next(what)?,
        valid_to: row.next(what)?,
        confirmed_at: row.next(what)?,
        method: row.next(what)?,
    })
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
    if ownership.valid_to.is_some() {
        let message = "an ownership that has ended cannot be set".to_owned();
        return Err(StoreError::Refused(message));
    }
    unit::require(tx, ownership.unit)?;
    asset::hold(tx, ownership.asset)?;
    // It may have begun after the new one does: it never ends before its beginning.
    tx.execute(
        "UPDATE ownership SET valid_to = CASE WHEN valid_from > $3 THEN valid_from ELSE $3 END
         WHERE asset = $1 AND role = $2 AND valid_to IS NULL",
        params![ownership.asset, ownership.role, ownership.valid_from],
    )?;
    tx.execute(
        "INSERT INTO ownership
         (asset, unit, role, function, valid_from, valid_to, confirmed_at, method, seq)
         SELECT $1, $2, $3, $4, $5, NULL, $6, $7, COALESCE(MAX(seq), 0) + 1
         FROM ownership WHERE asset = $1 AND role = $3",
        params![
            ownership.asset,
            ownership.unit,
            ownership.role,
            &ownership.function,
            ownership.valid_from,
            ownership.confirmed_at,
            ownership.method,
        ],
    )?;
    if ownership.role == OwnershipRole::Owner {
        let before = unit_of(tx, ownership.asset)?;
        tx.execute(
            "UPDATE asset SET owner_unit = $2 WHERE id = $1",
            params![ownership.asset, ownership.unit],
        )?;
        if before != Some(ownership.unit) {
            risk::due(tx, before)?;
        }
        risk::due(tx, Some(ownership.unit))?;
    }
    asset::due(tx, ownership.asset)?;
    audit::append(tx, audit)
}
