//! Assets: the list, the search and new ones.

use belfort_model::asset::Asset;
use belfort_model::classification::EffectiveClass;
use belfort_model::id::AssetId;

use crate::driver::{Conditions, Tx, contains_pattern};
use crate::record::{AssetFilter, AssetSort, AssetSummary, Audit, Page, Paged};
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

fn conditions(filter: &AssetFilter) -> Result<Conditions> {
    let mut conditions = Conditions::default();
    let texts: [(&str, Option<Value>); 11] = [
        ("a.kind = ?", filter.kind.map(Value::from)),
        ("a.subtype = ?", filter.subtype.map(Value::from)),
        ("a.lifecycle = ?", filter.lifecycle.map(Value::from)),
        ("a.source = ?", filter.source.map(Value::from)),
        ("a.authorised = ?", filter.authorised.map(Value::from)),
        ("a.environment = ?", filter.environment.map(Value::from)),
        ("a.exposure = ?", filter.exposure.map(Value::from)),
        ("a.site = ?", filter.site.as_ref().map(Value::from)),
        ("a.legal_entity = ?", filter.legal_entity.as_ref().map(Value::from)),
        ("a.owner_unit = ?", filter.unit.map(Value::from)),
        ("a.last_seen < ?", filter.seen_before.map(Value::from)),
    ];
    for (condition, value) in texts {
        if let Some(value) = value {
            conditions.add(condition, value);
        }
    }
    if let Some(label) = &filter.label {
        // Labels are kept as a JSON array of texts in which nothing has to be escaped.
        let pattern = contains_pattern(&format!("\"{label}\""))?;
        conditions.add("a.labels LIKE ? ESCAPE '\\'", pattern.into());
    }
    if filter.in_service {
        conditions.add_plain("a.in_service = 1");
    }
    match filter.owned {
        Some(true) => conditions.add_plain("a.owner_unit IS NOT NULL"),
        Some(false) => conditions.add_plain("a.owner_unit IS NULL"),
        None => {}
    }
    if let Some(now) = filter.owner_ended_at {
        conditions.add(
            "a.owner_unit IN (SELECT id FROM unit WHERE active_to IS NOT NULL AND active_to <= ?)",
            now.into(),
        );
    }
    if filter.owner_unconfirmed {
        conditions.add_plain("a.owner_unit IS NOT NULL AND a.owner_confirmed = 0");
    }
    if let Some(now) = filter.verify_overdue_at {
        conditions.add("a.verify_due <= ?", now.into());
    }
    if let Some(classified) = filter.classified {
        conditions.add("a.class_assumed = ?", (!classified).into());
    }
    if let Some(level) = filter.class_min {
        conditions.add("(a.class_b >= ? OR a.class_i >= ? OR a.class_v >= ?)", level.into());
    }
    if let Some(text) = &filter.text {
        let pattern = contains_pattern(&text.to_lowercase())?;
        conditions.add("a.name_folded LIKE ? ESCAPE '\\'", pattern.into());
    }
    conditions.within("a.owner_unit IN (?)", &filter.scope);
    Ok(conditions)
}

/// The order of a list; the name and the id decide between equals.
fn order(sort: AssetSort) -> &'static str {
    match sort {
        AssetSort::Name => "a.name_folded, a.id",
        AssetSort::NameDescending => "a.name_folded DESC, a.id DESC",
        AssetSort::LastSeen => "a.last_seen, a.name_folded, a.id",
        AssetSort::LastSeenDescending => "a.last_seen DESC, a.name_folded, a.id",
        AssetSort::FirstSeen => "a.first_seen, a.name_folded, a.id",
        AssetSort::FirstSeenDescending => "a.first_seen DESC, a.name_folded, a.id",
        AssetSort::Findings => "a.open_findings, a.name_folded, a.id",
        AssetSort::FindingsDescending => "a.open_findings DESC, a.name_folded, a.id",
        AssetSort::Class => {
            "CASE WHEN a.class_b >= a.class_i AND a.class_b >= a.class_v THEN a.class_b
                  WHEN a.class_i >= a.class_v THEN a.class_i ELSE a.class_v END,
             a.class_b + a.class_i + a.class_v, a.name_folded, a.id"
        }
        AssetSort::ClassDescending => {
            "CASE WHEN a.class_b >= a.class_i AND a.class_b >= a.class_v THEN a.class_b
                  WHEN a.class_i >= a.class_v THEN a.class_i ELSE a.class_v END DESC,
             a.class_b + a.class_i + a.class_v DESC, a.name_folded, a.id"
        }
        AssetSort::System => "a.os_name, a.name_folded, a.id",
        AssetSort::SystemDescending => "a.os_name DESC, a.name_folded, a.id",
        AssetSort::Site => "a.site, a.name_folded, a.id",
        AssetSort::SiteDescending => "a.site DESC, a.name_folded, a.id",
    }
}

/// As many as are sorted sooner than found in order.
const FEW: u64 = 5_000;

pub(super) fn asset_list(
    tx: &mut Tx<'_>,
    filter: &AssetFilter,
    page: Page,
) -> Result<Paged<AssetSummary>> {
    let mut conditions = conditions(filter)?;
    let count = format!("SELECT COUNT(*) FROM asset a{}", conditions.clause());
    let total = tx.count(&count, &conditions.params)?;
    if total <= page.offset {
        return Ok(Paged { items: Vec::new(), total });
    }
    let part = conditions.page(page);
    let mut order = order(filter.sort).to_owned();
    if total < FEW {
        // What is little is found first and then sorted: walking over all assets in their order until
        // enough match would take longer.
        order = order.replace("a.name_folded", "(a.name_folded || '')");
    }
    // The part is chosen before anything is joined to it.
    let sql = format!(
        "SELECT {} FROM
             (SELECT a.id FROM asset a{} ORDER BY {order}{part}) AS part
         JOIN asset a ON a.id = part.id {JOINS}
         ORDER BY {order}",
        columns(),
        conditions.clause(),
    );
    let items = tx.list(&sql, &conditions.params, read_summary)?;
    Ok(Paged { items, total })
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
