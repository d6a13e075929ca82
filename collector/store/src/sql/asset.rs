//! Assets: a line of the list, the search and new ones.

mod extra;
mod filter;
mod list;

pub(crate) use extra::asset_extras;
pub(crate) use list::{asset_ids, asset_list, asset_rows, packages_from};

use belfort_model::asset::Asset;
use belfort_model::classification::EffectiveClass;
use belfort_model::id::AssetId;

use crate::driver::Tx;
use crate::record::{AssetSummary, Audit};
use crate::sql::{audit, owner, unit};
use crate::value::{Row, Value, document, params};
use crate::{Result, StoreError};

/// An asset's columns, of a table named `a`.
pub(super) const COLUMNS: &str = "a.id, a.kind, a.subtype, a.name, a.legal_entity, a.lifecycle,
    a.source, a.authorised, a.environment, a.exposure, a.site, a.labels, a.proposed_unit,
    a.first_seen, a.last_seen, a.verified_at, a.verify_due, a.disposal";

pub(super) fn read(row: &mut Row) -> Result<Asset> {
    let what = "asset";
    Ok(Asset {
        id: row.next(what)?,
        kind: row.next(what)?,
        subtype: row.next(what)?,
        name: row.next(what)?,
        legal_entity: row.next(what)?,
        lifecycle: row.next(what)?,
        source: row.next(what)?,
        authorised: row.next(what)?,
        environment: row.next(what)?,
        exposure: row.next(what)?,
        site: row.next(what)?,
        labels: row.document(what)?,
        proposed_unit: row.next(what)?,
        first_seen: row.next(what)?,
        last_seen: row.next(what)?,
        verified_at: row.next(what)?,
        verify_due: row.next(what)?,
        disposal: row.optional_document(what)?,
    })
}

/// The error for an id that no asset has.
pub(super) fn unknown(id: AssetId) -> StoreError {
    StoreError::NotFound { what: "asset", id: id.to_string() }
}

/// Refuses an id that no asset has; otherwise nobody else changes the asset until the end.
pub(super) fn hold(tx: &mut Tx<'_>, id: AssetId) -> Result<()> {
    let sql = format!("SELECT id FROM asset WHERE id = $1{}", tx.for_update());
    let found = tx.one(&sql, params![id], |row| row.next::<AssetId>("asset"))?;
    found.map(drop).ok_or_else(|| unknown(id))
}

/// As [`hold`], and refuses when the asset is not at the version the caller saw; counts the next one.
pub(super) fn hold_version(tx: &mut Tx<'_>, id: AssetId, expected: Option<u64>) -> Result<u64> {
    let sql = format!("SELECT version FROM asset WHERE id = $1{}", tx.for_update());
    let found = tx.one(&sql, params![id], |row| row.next::<u64>("asset"))?;
    let version = found.ok_or_else(|| unknown(id))?;
    if expected.is_some_and(|expected| expected != version) {
        return Err(StoreError::Conflict { what: "asset", id: id.to_string() });
    }
    tx.execute("UPDATE asset SET version = version + 1 WHERE id = $1", params![id])?;
    Ok(version + 1)
}

/// Makes an asset due for evaluation.
pub(super) fn due(tx: &mut Tx<'_>, id: AssetId) -> Result<()> {
    tx.execute(
        "UPDATE asset SET generation = generation + 1, evaluate_at = 0 WHERE id = $1",
        params![id],
    )?;
    Ok(())
}

pub(super) fn insert(tx: &mut Tx<'_>, asset: &Asset) -> Result<()> {
    let class = EffectiveClass::of(None, &[]);
    let added = tx.execute(
        "INSERT INTO asset
         (id, kind, subtype, name, name_folded, legal_entity, lifecycle, in_service, source,
          authorised, environment, exposure, site, labels, proposed_unit, first_seen, last_seen,
          root, reported_at, os_name, owner_unit, class, class_assumed, open_findings,
          generation, evaluate_at, verified_at, verify_due, disposal)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                 NULL, NULL, '', NULL, $18, $19, 0, 1, 0, $20, $21, $22)
         ON CONFLICT DO NOTHING",
        params![
            asset.id,
            asset.kind,
            asset.subtype,
            &asset.name,
            asset.name.to_lowercase(),
            &asset.legal_entity,
            asset.lifecycle,
            asset.lifecycle.is_in_service(),
            asset.source,
            asset.authorised,
            asset.environment,
            asset.exposure,
            &asset.site,
            document("labels", &asset.labels)?,
            asset.proposed_unit,
            asset.first_seen,
            asset.last_seen,
            document("class", &class)?,
            class.is_assumed(),
            asset.verified_at,
            asset.verify_due,
            asset.disposal.as_ref().map(|disposal| document("disposal", disposal)).transpose()?,
        ],
    )?;
    if added == 0 {
        return Err(StoreError::Exists { what: "asset", id: asset.id.to_string() });
    }
    Ok(())
}

pub(super) fn asset_insert(tx: &mut Tx<'_>, asset: &Asset, audit: &Audit) -> Result<()> {
    if let Some(id) = asset.proposed_unit {
        unit::require(tx, id)?;
    }
    insert(tx, asset)?;
    audit::append(tx, audit)
}

/// What a line of the list is read from, behind a table named `a`.
const JOINS: &str = "
    LEFT JOIN ownership o ON o.asset = a.id AND o.role = 'owner' AND o.valid_to IS NULL
    LEFT JOIN unit u ON u.id = o.unit";

fn columns() -> String {
    format!(
        "{COLUMNS}, a.version, a.class, a.os_name, a.open_findings, {}, {}",
        unit::COLUMNS,
        owner::COLUMNS
    )
}

fn read_summary(row: &mut Row) -> Result<AssetSummary> {
    let asset = read(row)?;
    let version = row.next("asset")?;
    let class = row.document("class")?;
    let os_name = row.next("asset")?;
    let open_findings = row.next("asset")?;
    let owner_unit = unit::read_joined(row)?;
    let owner = match &owner_unit {
        Some(_) => Some(owner::read(row)?),
        None => None,
    };
    Ok(AssetSummary { asset, version, owner, owner_unit, class, os_name, open_findings })
}

pub(super) fn summary(tx: &mut Tx<'_>, id: AssetId) -> Result<Option<AssetSummary>> {
    let sql = format!("SELECT {} FROM asset a {JOINS} WHERE a.id = $1", columns());
    tx.one(&sql, params![id], read_summary)
}

/// How many assets a search by name or id answers.
const FOUND: u32 = 20;

pub(super) fn asset_find(tx: &mut Tx<'_>, text: &str) -> Result<Vec<AssetSummary>> {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let by_name = format!(
        "SELECT {} FROM asset a {JOINS} WHERE a.name_folded = $1 ORDER BY a.id LIMIT $2",
        columns()
    );
    let mut found = tx.list(&by_name, params![&text, FOUND], read_summary)?;
    let Some((first, last)) = id_range(&text) else {
        return Ok(found);
    };
    let by_id = format!(
        "SELECT {} FROM asset a {JOINS} WHERE a.id BETWEEN $1 AND $2 AND a.name_folded <> $3
         ORDER BY a.id LIMIT $4",
        columns()
    );
    let left = FOUND.saturating_sub(u32::try_from(found.len()).unwrap_or(FOUND));
    let (first, last) = (Value::from(first), Value::from(last));
    let params = [first, last, Value::from(text), Value::from(left)];
    found.extend(tx.list(&by_id, &params, read_summary)?);
    Ok(found)
}

/// The first and the last id whose text form begins with this, written with or without hyphens.
fn id_range(text: &str) -> Option<([u8; 16], [u8; 16])> {
    let mut digits = String::new();
    for (index, c) in text.chars().enumerate() {
        match c {
            '-' if matches!(index, 8 | 13 | 18 | 23) => {}
            c if c.is_ascii_hexdigit() && digits.len() < 32 => digits.push(c),
            _ => return None,
        }
    }
    let filled = |with: &str| {
        let text = format!("{digits}{}", with.repeat(32 - digits.len()));
        u128::from_str_radix(&text, 16).map(u128::to_be_bytes).ok()
    };
    Some((filled("0")?, filled("f")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_an_id_is_a_range() {
        let (first, last) = id_range("0190-").unwrap_or_default();
        assert_eq!((first, last), ([0; 16], [0; 16]), "no hyphen belongs there");
        let (first, last) = id_range("01900000-a").unwrap();
        assert_eq!(first[..5], [0x01, 0x90, 0, 0, 0xa0]);
        assert_eq!(last[..6], [0x01, 0x90, 0, 0, 0xaf, 0xff]);
        assert_eq!(id_range("server"), None);
    }
}
