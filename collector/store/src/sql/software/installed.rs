//! Who has an entry of the catalogue.

use belfort_model::id::SoftwareId;

use super::{HOLDERS, count, package};
use crate::driver::{Tx, placeholders};
use crate::record::{InstalledFilter, InstalledOn, Page, Paged};
use crate::sql::unit;
use crate::value::Value;
use crate::{Result, StoreError};

/// Installations from which on a part is found by walking over the assets in the order that is asked for:
/// fewer are sorted sooner. Tests reach it with little.
const MANY: u64 = if cfg!(test) { 2 } else { 5_000 };
/// Most versions a filter names.
const VERSIONS: usize = 10_000;

/// The same as [`HOLDERS`], in the order of the assets: neither database changes the order of a cross join
/// that SQLite is to walk in, and PostgreSQL finds its own.
const WALK: &str = "asset a CROSS JOIN asset_section h CROSS JOIN package_list l
    CROSS JOIN package_list_entry e CROSS JOIN package p";
/// With a sum, no index on what is in service leads away from the order.
const WALK_JOINED: &str = "h.asset = a.id AND l.section = h.section AND e.list = l.section
    AND p.id = e.package AND a.in_service + 0 = 1";

pub(crate) fn software_installed(
    tx: &mut Tx<'_>,
    id: SoftwareId,
    filter: &InstalledFilter,
    page: Page,
) -> Result<Paged<InstalledOn>> {
    let packages = match package_ids(tx, id, filter.versions.as_deref())? {
        packages if packages.is_empty() => return Ok(Paged { items: Vec::new(), total: 0 }),
        packages => packages,
    };
    let counted = count::installations(tx, &packages, &filter.scope)?;
    let mut conditions = count::among("e.package", &packages);
    conditions.within("a.owner_unit IN (?)", &filter.scope);
    // What is little is counted as it is now; what is much, as it was at the last evaluation of each.
    let total = if counted > MANY {
        counted
    } else {
        let count = format!("SELECT COUNT(*) FROM {HOLDERS}{}", conditions.clause());
        tx.count(&count, &conditions.params)?
    };
    let from = if total > MANY {
        conditions.add_plain(WALK_JOINED);
        WALK
    } else {
        HOLDERS
    };
    let part = conditions.page(page);
    let sql = format!(
        "SELECT a.id, a.name, {}, s.ecosystem, s.name, p.architecture, p.version, p.source_name,
             p.source_version
         FROM {from} JOIN software s ON s.id = p.software
         LEFT JOIN unit u ON u.id = a.owner_unit{}
         ORDER BY a.name_folded, a.id, p.architecture, p.version, p.id{part}",
        unit::COLUMNS,
        conditions.clause(),
    );
    let items = tx.list(&sql, &conditions.params, |row| {
        Ok(InstalledOn {
            asset: row.next("asset")?,
            asset_name: row.next("asset")?,
            unit: unit::read_joined(row)?,
            installation: package::read(row)?,
        })
    })?;
    Ok(Paged { items, total })
}

/// The packages of an entry, of these versions only when some are named.
fn package_ids(tx: &mut Tx<'_>, id: SoftwareId, versions: Option<&[String]>) -> Result<Vec<i64>> {
    let mut sql = "SELECT id FROM package WHERE software = $1".to_owned();
    let mut values = vec![Value::from(id)];
    if let Some(versions) = versions {
        if versions.is_empty() {
            return Ok(Vec::new());
        }
        if versions.len() > VERSIONS {
            let reason = format!("a filter names at most {VERSIONS} versions");
            return Err(StoreError::Refused(reason));
        }
        let places = placeholders(1, versions.len());
        sql = format!("{sql} AND version IN ({places})");
        values.extend(versions.iter().map(Value::from));
    }
    tx.list(&sql, &values, |row| row.next("package"))
}
