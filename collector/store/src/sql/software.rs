//! The software catalogue.

mod count;
mod installed;
mod package;

use belfort_model::access::Scope;
use belfort_model::id::{SoftwareId, UnitId};
use belfort_model::software::{Approval, Software};

pub(crate) use count::{follow, forget, software_versions};
pub(crate) use installed::software_installed;
pub(crate) use package::{
    package_decisions, package_list_insert, package_list_known, read as read_installation,
};

use crate::driver::{Conditions, Tx, contains_pattern};
use crate::record::{Audit, Page, Paged, SoftwareFilter, SoftwareSort, SoftwareSummary};
use crate::sql::{audit, unit};
use crate::value::{Row, params};
use crate::{Result, StoreError};

/// An entry's columns, of a table named `s`.
const COLUMNS: &str = "s.id, s.ecosystem, s.name, s.publisher, s.purpose, s.licence_type,
    s.responsible, s.accountable, s.approval, s.reason, s.eol_product, s.first_seen, s.version";

const ORDER: &str = "ORDER BY s.name_folded, s.ecosystem, s.id";

/// The order of a list; the id is the tie-break, so that pages never overlap.
fn order(sort: SoftwareSort) -> &'static str {
    match sort {
        SoftwareSort::Name => ORDER,
        SoftwareSort::NameDescending => "ORDER BY s.name_folded DESC, s.ecosystem DESC, s.id DESC",
        SoftwareSort::Publisher => "ORDER BY s.publisher_folded, s.name_folded, s.id",
        SoftwareSort::PublisherDescending => {
            "ORDER BY s.publisher_folded DESC, s.name_folded, s.id"
        }
        SoftwareSort::FirstSeen => "ORDER BY s.first_seen, s.id",
        SoftwareSort::FirstSeenDescending => "ORDER BY s.first_seen DESC, s.id DESC",
    }
}

fn read(row: &mut Row) -> Result<Software> {
    let what = "software";
    Ok(Software {
        id: row.next(what)?,
        ecosystem: row.next(what)?,
        name: row.next(what)?,
        publisher: row.next(what)?,
        purpose: row.next(what)?,
        licence_type: row.next(what)?,
        responsible: row.next(what)?,
        accountable: row.next(what)?,
        approval: row.next(what)?,
        reason: row.next(what)?,
        eol_product: row.next(what)?,
        first_seen: row.next(what)?,
        version: row.next(what)?,
    })
}

/// What leads from an entry to the assets in service that have it.
const HOLDERS: &str = "package p
    JOIN package_list_entry e ON e.package = p.id
    JOIN asset_section h ON h.section = e.list
    JOIN asset a ON a.id = h.asset AND a.in_service = 1";

/// How many assets have an entry, as last counted, and how many versions it has.
fn counted(tx: &mut Tx<'_>, software: Software, scope: &Scope) -> Result<SoftwareSummary> {
    let versions = "SELECT COUNT(DISTINCT version) FROM package WHERE software = $1";
    let versions = tx.count(versions, params![software.id])?;
    let assets = count::assets(tx, software.id, scope)?;
    Ok(SoftwareSummary { software, assets, versions })
}

pub(crate) fn software_list(
    tx: &mut Tx<'_>,
    filter: &SoftwareFilter,
    page: Page,
) -> Result<Paged<SoftwareSummary>> {
    let mut conditions = Conditions::default();
    if let Some(text) = &filter.text {
        let pattern = contains_pattern(&text.to_lowercase())?;
        let condition =
            "(s.name_folded LIKE ? ESCAPE '\\' OR s.publisher_folded LIKE ? ESCAPE '\\')";
        conditions.add(condition, pattern.into());
    }
    if let Some(approval) = filter.approval {
        conditions.add("s.approval = ?", approval.into());
    }
    if let Some(ecosystem) = &filter.ecosystem {
        conditions.add("s.ecosystem = ?", ecosystem.into());
    }
    let count = format!("SELECT COUNT(*) FROM software s{}", conditions.clause());
    let total = tx.count(&count, &conditions.params)?;
    let part = conditions.page(page);
    let order = order(filter.sort);
    let sql = format!("SELECT {COLUMNS} FROM software s{} {order}{part}", conditions.clause());
    let found = tx.list(&sql, &conditions.params, read)?;
    let items = found.into_iter().map(|one| counted(tx, one, &filter.scope));
    Ok(Paged { items: items.collect::<Result<_>>()?, total })
}

pub(crate) fn software_get(
    tx: &mut Tx<'_>,
    id: SoftwareId,
    scope: &Scope,
) -> Result<Option<SoftwareSummary>> {
    find(tx, id)?.map(|software| counted(tx, software, scope)).transpose()
}

fn find(tx: &mut Tx<'_>, id: SoftwareId) -> Result<Option<Software>> {
    let sql = format!("SELECT {COLUMNS} FROM software s WHERE s.id = $1");
    tx.one(&sql, params![id], read)
}

pub(crate) fn software_named(tx: &mut Tx<'_>, name: &str) -> Result<Vec<Software>> {
    let sql = format!("SELECT {COLUMNS} FROM software s WHERE s.name_folded = $1 {ORDER}");
    tx.list(&sql, params![name.to_lowercase()], read)
}

/// Refuses units that do not exist.
fn require_units(tx: &mut Tx<'_>, software: &Software) -> Result<()> {
    let units: Vec<UnitId> =
        [software.responsible, software.accountable].into_iter().flatten().collect();
    units.into_iter().try_for_each(|id| unit::require(tx, id))
}

/// Adds an entry unless the ecosystem has the name; answers whether it was added.
fn insert(tx: &mut Tx<'_>, software: &Software) -> Result<bool> {
    let added = tx.execute(
        "INSERT INTO software (id, ecosystem, name, name_folded, publisher, publisher_folded, purpose,
             licence_type, responsible, accountable, approval, reason, eol_product, first_seen, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT DO NOTHING",
        params![
            software.id,
            &software.ecosystem,
            &software.name,
            software.name.to_lowercase(),
            &software.publisher,
            software.publisher.to_lowercase(),
            &software.purpose,
            software.licence_type,
            software.responsible,
            software.accountable,
            software.approval,
            &software.reason,
            &software.eol_product,
            software.first_seen,
            software.version,
        ],
    )?;
    Ok(added > 0)
}

pub(crate) fn software_insert(tx: &mut Tx<'_>, software: &Software, audit: &Audit) -> Result<()> {
    require_units(tx, software)?;
    if !insert(tx, software)? {
        let id = format!("{}:{}", software.ecosystem, software.name);
        return Err(StoreError::Exists { what: "software", id });
    }
    audit::append(tx, audit)
}

pub(crate) fn software_update(tx: &mut Tx<'_>, software: &Software, audit: &Audit) -> Result<()> {
    require_units(tx, software)?;
    let id = software.id;
    let sql = format!("SELECT approval, version FROM software WHERE id = $1{}", tx.for_update());
    let found = tx.one(&sql, params![id], |row| {
        Ok((row.next::<Approval>("software")?, row.next::<i64>("software")?))
    })?;
    let what = "software";
    let Some((before, version)) = found else {
        return Err(StoreError::NotFound { what, id: id.to_string() });
    };
    if version != software.version {
        return Err(StoreError::Conflict { what, id: id.to_string() });
    }
    tx.execute(
        "UPDATE software SET publisher = $2, publisher_folded = $3, purpose = $4, licence_type = $5,
             responsible = $6, accountable = $7, approval = $8, reason = $9, eol_product = $10,
             version = version + 1
         WHERE id = $1",
        params![
            id,
            &software.publisher,
            software.publisher.to_lowercase(),
            &software.purpose,
            software.licence_type,
            software.responsible,
            software.accountable,
            software.approval,
            &software.reason,
            &software.eol_product,
        ],
    )?;
    if before != software.approval {
        let sql = format!(
            "UPDATE asset SET generation = generation + 1, evaluate_at = 0
             WHERE id IN (SELECT a.id FROM {HOLDERS} WHERE p.software = $1)"
        );
        tx.execute(&sql, params![id])?;
    }
    audit::append(tx, audit)
}
