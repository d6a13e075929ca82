//! How many assets have what: kept, because counting it anew reads the whole register for software that
//! everybody has. An evaluation of an asset counts it; what was counted is remembered, so that the next
//! one takes away exactly that.

use std::collections::{BTreeMap, BTreeSet};

use belfort_model::access::Scope;
use belfort_model::id::{AssetId, SoftwareId, UnitId};

use crate::Result;
use crate::driver::{Conditions, Tx, placeholders};
use crate::record::VersionCount;
use crate::value::{Value, params};

/// Rows per statement.
const CHUNK: usize = 100;

/// The key of a unit in the counts; that of no unit is empty.
type UnitKey = Vec<u8>;
/// The package lists of an asset, each with the unit it counts for.
type Lists = BTreeMap<i64, UnitKey>;

/// What is to be added, by key. In their order: so two collectors never wait for each other in turn.
#[derive(Default)]
struct Changes {
    /// Installations and assets of a version.
    packages: BTreeMap<(i64, UnitKey), [i64; 2]>,
    /// Assets.
    software: BTreeMap<(SoftwareId, UnitKey), [i64; 1]>,
}

/// Counts an asset as it is now, in place of what was counted of it before.
pub(crate) fn follow(tx: &mut Tx<'_>, asset: AssetId, unit: Option<UnitId>) -> Result<()> {
    let unit = unit.map_or_else(Vec::new, |unit| unit.0.as_bytes().to_vec());
    let now: Lists = tx
        .list(
            "SELECT l.section FROM asset a
             JOIN asset_section h ON h.asset = a.id
             JOIN package_list l ON l.section = h.section
             WHERE a.id = $1 AND a.in_service = 1",
            params![asset],
            |row| Ok((row.next("package list")?, unit.clone())),
        )?
        .into_iter()
        .collect();
    let before = counted(tx, asset)?;
    if now == before {
        return Ok(());
    }
    replace(tx, asset, &before, &now)
}

/// Takes an asset that goes out of the counts.
pub(crate) fn forget(tx: &mut Tx<'_>, asset: AssetId) -> Result<()> {
    let before = counted(tx, asset)?;
    replace(tx, asset, &before, &Lists::new())
}

fn replace(tx: &mut Tx<'_>, asset: AssetId, before: &Lists, now: &Lists) -> Result<()> {
    let mut changes = Changes::default();
    for (lists, sign) in [(before, -1), (now, 1)] {
        of_lists(tx, lists, sign, &mut changes)?;
    }
    let counts = ["installations", "of_version"];
    add(tx, "package_count", "package", counts, changes.packages)?;
    add(tx, "software_count", "software", ["assets"], changes.software)?;
    tx.execute("DELETE FROM package_counted WHERE asset = $1", params![asset])?;
    for (list, unit) in now {
        tx.execute(
            "INSERT INTO package_counted (asset, list, unit) VALUES ($1, $2, $3)",
            params![asset, *list, unit.as_slice()],
        )?;
    }
    Ok(())
}

fn counted(tx: &mut Tx<'_>, asset: AssetId) -> Result<Lists> {
    let sql = "SELECT list, unit FROM package_counted WHERE asset = $1";
    let what = "package list";
    let rows = tx.list(sql, params![asset], |row| Ok((row.next(what)?, row.next(what)?)))?;
    Ok(rows.into_iter().collect())
}

/// Adds what the lists of one asset count for, or takes it away.
fn of_lists(tx: &mut Tx<'_>, lists: &Lists, sign: i64, changes: &mut Changes) -> Result<()> {
    let (mut versions, mut entries) = (BTreeSet::new(), BTreeSet::new());
    for (list, unit) in lists {
        let packages = tx.list(
            "SELECT p.id, p.software, p.version FROM package_list_entry e
             JOIN package p ON p.id = e.package WHERE e.list = $1 ORDER BY p.id",
            params![*list],
            |row| {
                let what = "package";
                let id = row.next::<i64>(what)?;
                Ok((id, row.next::<SoftwareId>(what)?, row.next::<String>(what)?))
            },
        )?;
        for (package, software, version) in packages {
            let [installations, of_version] =
                changes.packages.entry((package, unit.clone())).or_default();
            *installations += sign;
            *of_version += sign * i64::from(versions.insert((software, version)));
            let [assets] = changes.software.entry((software, unit.clone())).or_default();
            *assets += sign * i64::from(entries.insert(software));
        }
    }
    Ok(())
}

/// Adds to the counts of a table.
fn add<K: Copy + Into<Value>, const N: usize>(
    tx: &mut Tx<'_>,
    table: &str,
    key: &str,
    counts: [&str; N],
    changes: BTreeMap<(K, UnitKey), [i64; N]>,
) -> Result<()> {
    let changes: Vec<_> = changes.into_iter().filter(|(_, counts)| *counts != [0; N]).collect();
    let sums = counts.map(|count| format!("{count} = {table}.{count} + excluded.{count}"));
    for chunk in changes.chunks(CHUNK) {
        let place = |row: usize| format!("({})", placeholders(row * (N + 2), N + 2));
        let places: Vec<_> = (0..chunk.len()).map(place).collect();
        let sql = format!(
            "INSERT INTO {table} ({key}, unit, {}) VALUES {}
             ON CONFLICT ({key}, unit) DO UPDATE SET {}",
            counts.join(", "),
            places.join(", "),
            sums.join(", ")
        );
        let mut values: Vec<Value> = Vec::with_capacity(chunk.len() * (N + 2));
        for ((key, unit), counts) in chunk {
            values.extend([(*key).into(), Value::from(unit.as_slice())]);
            values.extend(counts.map(Value::from));
        }
        tx.execute(&sql, &values)?;
    }
    Ok(())
}

/// How many assets within the scope have an entry.
pub(super) fn assets(tx: &mut Tx<'_>, software: SoftwareId, scope: &Scope) -> Result<u64> {
    let mut conditions = Conditions::default();
    conditions.add("c.software = ?", software.into());
    conditions.within("c.unit IN (?)", scope);
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(c.assets), 0) AS BIGINT) FROM software_count c{}",
        conditions.clause()
    );
    tx.count(&sql, &conditions.params)
}

/// The versions of an entry that are installed on assets in service within the scope.
pub(crate) fn software_versions(
    tx: &mut Tx<'_>,
    id: SoftwareId,
    scope: &Scope,
) -> Result<Vec<VersionCount>> {
    let mut conditions = Conditions::default();
    conditions.add("p.software = ?", id.into());
    conditions.within("c.unit IN (?)", scope);
    let sql = format!(
        "SELECT p.version, CAST(SUM(c.of_version) AS BIGINT) FROM package p
         JOIN package_count c ON c.package = p.id{}
         GROUP BY p.version HAVING SUM(c.installations) > 0 ORDER BY p.version",
        conditions.clause()
    );
    tx.list(&sql, &conditions.params, |row| {
        Ok(VersionCount { version: row.next("package")?, assets: row.next("package")? })
    })
}

/// Limits a query to these packages.
pub(super) fn among(column: &str, packages: &[i64]) -> Conditions {
    let mut conditions = Conditions::default();
    conditions.params.extend(packages.iter().map(|id| Value::from(*id)));
    conditions.add_plain(&format!("{column} IN ({})", placeholders(0, packages.len())));
    conditions
}

/// How often these packages are installed within the scope.
pub(super) fn installations(tx: &mut Tx<'_>, packages: &[i64], scope: &Scope) -> Result<u64> {
    let mut conditions = among("c.package", packages);
    conditions.within("c.unit IN (?)", scope);
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(c.installations), 0) AS BIGINT) FROM package_count c{}",
        conditions.clause()
    );
    tx.count(&sql, &conditions.params)
}
