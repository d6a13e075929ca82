//! What the packages sections list.

use std::collections::{BTreeMap, HashMap};

use belfort_model::id::SoftwareId;
use belfort_model::software::{Approval, Decision, Installation, LicenceType, Software};

use super::insert;
use crate::Result;
use crate::driver::{Lock, Tx, placeholders};
use crate::record::{ListedPackage, PackageList};
use crate::value::{Row, Value, params};

/// Rows per statement.
const CHUNK: usize = 100;

/// Reads an installation: ecosystem, name, architecture, version, source name, source version.
pub(crate) fn read(row: &mut Row) -> Result<Installation> {
    let what = "package";
    Ok(Installation {
        ecosystem: row.next(what)?,
        name: row.next(what)?,
        architecture: row.next(what)?,
        version: row.next(what)?,
        source_name: row.next(what)?,
        source_version: row.next(what)?,
    })
}

pub(crate) fn package_list_known(tx: &mut Tx<'_>, section: [u8; 32]) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM package_list l JOIN section s ON s.id = l.section
               WHERE s.hash = $1";
    Ok(tx.count(sql, params![section])? > 0)
}

pub(crate) fn package_list_insert(tx: &mut Tx<'_>, list: &PackageList) -> Result<()> {
    let section =
        tx.one("SELECT id FROM section WHERE hash = $1", params![list.section], |row| {
            row.next::<i64>("section")
        })?;
    let Some(section) = section else { return Ok(()) };
    // Two collectors that list the same new packages wait for each other.
    tx.lock(Lock::Packages)?;
    let added = tx.execute(
        "INSERT INTO package_list (section) VALUES ($1) ON CONFLICT DO NOTHING",
        params![section],
    )?;
    if added == 0 {
        return Ok(());
    }
    let software = software_ids(tx, list)?;
    for chunk in list.packages.chunks(CHUNK) {
        let packages = package_ids(tx, chunk, &software)?;
        let places: Vec<_> =
            (2..packages.len() + 2).map(|number| format!("($1, ${number})")).collect();
        let sql = format!(
            "INSERT INTO package_list_entry (list, package) VALUES {} ON CONFLICT DO NOTHING",
            places.join(", ")
        );
        let values: Vec<Value> =
            std::iter::once(section).chain(packages).map(Value::from).collect();
        tx.execute(&sql, &values)?;
    }
    Ok(())
}

type Names = BTreeMap<(String, String), SoftwareId>;

/// The catalogue entries of a list, by ecosystem and name; new ones are added.
fn software_ids(tx: &mut Tx<'_>, list: &PackageList) -> Result<Names> {
    let mut found = Names::new();
    for chunk in list.packages.chunks(CHUNK) {
        let sql = format!(
            "SELECT id, ecosystem, name FROM software WHERE name IN ({})",
            placeholders(0, chunk.len())
        );
        let values: Vec<Value> =
            chunk.iter().map(|package| Value::from(&package.installation.name)).collect();
        let rows = tx.list(&sql, &values, |row| {
            let id = row.next::<SoftwareId>("software")?;
            Ok(((row.next("software")?, row.next("software")?), id))
        })?;
        found.extend(rows);
    }
    for package in &list.packages {
        let (ecosystem, name) = key(&package.installation);
        if found.contains_key(&(ecosystem.clone(), name.clone())) {
            continue;
        }
        let entry = Software {
            id: package.new_id,
            ecosystem: ecosystem.clone(),
            name: name.clone(),
            publisher: package.publisher.clone(),
            purpose: String::new(),
            licence_type: LicenceType::Unknown,
            responsible: None,
            accountable: None,
            approval: Approval::Unknown,
            reason: String::new(),
            eol_product: String::new(),
            first_seen: list.now,
            version: 1,
        };
        insert(tx, &entry)?;
        found.insert((ecosystem, name), package.new_id);
    }
    Ok(found)
}

/// Ecosystem and name as the database keeps them.
fn key(installation: &Installation) -> (String, String) {
    let kept = |text: &str| text.replace('\0', "\u{fffd}");
    (kept(&installation.ecosystem), kept(&installation.name))
}

type Version = (SoftwareId, String, String, String, String);

/// The numbers of packages; new ones are added.
fn package_ids(tx: &mut Tx<'_>, chunk: &[ListedPackage], software: &Names) -> Result<Vec<i64>> {
    let wanted: Vec<Version> = chunk
        .iter()
        .filter_map(|package| {
            let one = &package.installation;
            let id = *software.get(&key(one))?;
            let kept = |text: &str| text.replace('\0', "\u{fffd}");
            let (version, architecture) = (kept(&one.version), kept(&one.architecture));
            Some((id, version, architecture, kept(&one.source_name), kept(&one.source_version)))
        })
        .collect();
    // Each by its whole key: of what all machines have there are many versions.
    let columns = ["software", "version", "architecture", "source_name", "source_version"];
    let one = |number: usize| {
        let first = number * columns.len() + 1;
        let equal = |(place, column): (usize, &&str)| format!("{column} = ${}", first + place);
        let equal: Vec<_> = columns.iter().enumerate().map(equal).collect();
        format!("({})", equal.join(" AND "))
    };
    let places: Vec<_> = (0..wanted.len()).map(one).collect();
    let places = if places.is_empty() { "1 = 0".to_owned() } else { places.join(" OR ") };
    let sql = format!(
        "SELECT id, software, version, architecture, source_name, source_version FROM package
         WHERE {places}"
    );
    let values: Vec<Value> = wanted
        .iter()
        .flat_map(|(software, a, b, c, d)| {
            std::iter::once(Value::from(*software)).chain([a, b, c, d].map(Value::from))
        })
        .collect();
    let what = "package";
    let rows = tx.list(&sql, &values, |row| {
        let id = row.next::<i64>(what)?;
        let version: Version =
            (row.next(what)?, row.next(what)?, row.next(what)?, row.next(what)?, row.next(what)?);
        Ok((version, id))
    })?;
    let mut known: HashMap<Version, i64> = rows.into_iter().collect();
    let mut ids = Vec::with_capacity(wanted.len());
    for version in wanted {
        if let Some(id) = known.get(&version) {
            ids.push(*id);
            continue;
        }
        let (software, number, architecture, source_name, source_version) = &version;
        let id = tx.one(
            "INSERT INTO package (software, version, architecture, source_name, source_version)
             VALUES ($1, $2, $3, $4, $5) RETURNING id",
            params![*software, number, architecture, source_name, source_version],
            |row| row.next::<i64>(what),
        )?;
        if let Some(id) = id {
            ids.push(id);
            known.insert(version, id);
        }
    }
    Ok(ids)
}

pub(crate) fn package_decisions(tx: &mut Tx<'_>, section: [u8; 32]) -> Result<Vec<Decision>> {
    tx.list(
        "SELECT DISTINCT s.ecosystem, s.name, s.approval, s.reason FROM software s
         JOIN package p ON p.software = s.id
         JOIN package_list_entry e ON e.package = p.id
         JOIN section h ON h.id = e.list
         WHERE s.approval <> 'unknown' AND h.hash = $1
         ORDER BY s.ecosystem, s.name",
        params![section],
        |row| {
            Ok(Decision {
                ecosystem: row.next("software")?,
                name: row.next("software")?,
                approval: row.next("software")?,
                reason: row.next("software")?,
            })
        },
    )
}
