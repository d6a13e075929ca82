//! The list of assets.

use std::collections::HashMap;

use belfort_model::id::AssetId;
use belfort_model::software::Installation;

use super::filter::{Asked, Ways, add, at_risk, conditions, holders};
use super::{JOINS, columns, read_summary};
use crate::Result;
use crate::driver::{Conditions, Tx};
use crate::record::{AssetFilter, AssetSort, AssetSummary, PackageRef, Page, Paged};
use crate::sql::software;

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

/// How many assets match. What is asked about one thing alone is counted where that thing is kept.
fn total(tx: &mut Tx<'_>, filter: &AssetFilter, ways: Ways) -> Result<u64> {
    let sort = AssetSort::default();
    let is_rest = |rest: AssetFilter| rest == AssetFilter::default();
    if let Some(wanted) = &filter.software
        && is_rest(AssetFilter { software: None, sort, ..filter.clone() })
    {
        return holders(tx, wanted);
    }
    if let ([wanted], Asked::OfEach) = (&*filter.risk, ways.risk)
        && is_rest(AssetFilter { risk: Vec::new(), sort, ..filter.clone() })
    {
        return at_risk(tx, *wanted);
    }
    let conditions = conditions(filter, ways)?;
    let count = format!("SELECT COUNT(*) FROM asset a{}", conditions.clause());
    tx.count(&count, &conditions.params)
}

/// As many as are sorted sooner than found in order. Tests see both.
const FEW: u64 = if cfg!(test) { 3 } else { 5_000 };

pub(crate) fn asset_list(
    tx: &mut Tx<'_>,
    filter: &AssetFilter,
    page: Page,
) -> Result<Paged<AssetSummary>> {
    let mut ways = Ways::to_find(tx, filter)?;
    let total = total(tx, filter, ways)?;
    if page.limit == 0 || total <= page.offset {
        return Ok(Paged { items: Vec::new(), total });
    }
    let by_name = matches!(filter.sort, AssetSort::Name | AssetSort::NameDescending);
    if total >= FEW {
        if by_name {
            // Of each asset only where the walk ends with the page: any other order reads them all.
            ways.software = Asked::OfEach;
        } else if let Some(items) = among_first(tx, filter, page, total)? {
            return Ok(Paged { items, total });
        }
    }
    let mut conditions = conditions(filter, ways)?;
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

/// Assets among which a page is looked for first: where one in twenty matches there are fifty. Tests see both.
const HEAD: u64 = if cfg!(test) { 3 } else { 1_000 };

/// The page, where it lies among the first assets in its order that all else matches: what is asked about
/// software and risks is then asked of these alone. Nothing where it does not.
fn among_first(
    tx: &mut Tx<'_>,
    filter: &AssetFilter,
    page: Page,
    total: u64,
) -> Result<Option<Vec<AssetSummary>>> {
    if filter.software.is_none() && filter.risk.is_empty() {
        return Ok(None);
    }
    let each = Ways { software: Asked::OfEach, risk: Asked::OfEach };
    let rest = AssetFilter { software: None, risk: Vec::new(), ..filter.clone() };
    let mut conditions = conditions(&rest, each)?;
    let of_rest = conditions.next_clause();
    add(&mut conditions, filter, each)?;
    let part = conditions.page(page);
    let order = order(filter.sort);
    let sql = format!(
        "SELECT {} FROM
             (SELECT a.id FROM (SELECT a.id FROM asset a{of_rest} ORDER BY {order} LIMIT {HEAD}) AS head
              JOIN asset a ON a.id = head.id{} ORDER BY {order}{part}) AS part
         JOIN asset a ON a.id = part.id {JOINS}
         ORDER BY {order}",
        columns(),
        conditions.clause(),
    );
    let items = tx.list(&sql, &conditions.params, read_summary)?;
    let whole = total.saturating_sub(page.offset).min(page.limit.into());
    Ok(Some(items).filter(|items| items.len() as u64 >= whole))
}

pub(crate) fn asset_ids(tx: &mut Tx<'_>, filter: &AssetFilter) -> Result<Vec<AssetId>> {
    let ways = Ways::to_find(tx, filter)?;
    let conditions = conditions(filter, ways)?;
    let order = order(filter.sort);
    let sql = format!("SELECT a.id FROM asset a{} ORDER BY {order}", conditions.clause());
    tx.list(&sql, &conditions.params, |row| row.next("asset"))
}

pub(crate) fn asset_rows(tx: &mut Tx<'_>, ids: &[AssetId]) -> Result<Vec<AssetSummary>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut conditions = Conditions::default();
    conditions.any_of("a.id", ids.iter().copied());
    let sql = format!("SELECT {} FROM asset a {JOINS}{}", columns(), conditions.clause());
    let found = tx.list(&sql, &conditions.params, read_summary)?;
    let mut found: HashMap<_, _> = found.into_iter().map(|one| (one.asset.id, one)).collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Names that are asked for at once.
const NAMES: usize = 500;

pub(crate) fn packages_from(
    tx: &mut Tx<'_>,
    ecosystem: &str,
    names: &[String],
) -> Result<Vec<(PackageRef, Installation)>> {
    let mut found = Vec::new();
    for names in names.chunks(NAMES) {
        let mut conditions = Conditions::default();
        conditions.add("s.ecosystem = ?", ecosystem.into());
        // Its own name and that of its source: advisories use either.
        let list = conditions.values(names.iter().map(Into::into));
        conditions.add_plain(&format!("(s.name IN ({list}) OR p.source_name IN ({list}))"));
        let sql = format!(
            "SELECT p.id, s.ecosystem, s.name, p.architecture, p.version, p.source_name,
                 p.source_version
             FROM package p JOIN software s ON s.id = p.software{}",
            conditions.clause()
        );
        found.extend(tx.list(&sql, &conditions.params, |row| {
            Ok((PackageRef(row.next("package")?), software::read_installation(row)?))
        })?);
    }
    Ok(found)
}
