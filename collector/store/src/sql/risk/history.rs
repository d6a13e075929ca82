//! Every version an entry has had, kept small, and the register as of any moment.
//!
//! A version is kept as the difference from the one before: compressed with that one as the dictionary
//! (Zstandard, RFC 8878, section 5). Every [`WHOLE_EVERY`]th is kept whole, so that reading one never
//! takes more steps than that.

use std::collections::HashMap;

use belfort_model::id::{AssetId, RiskId, UnitId};
use belfort_model::risk::Risk;
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;

use crate::driver::Tx;
use crate::record::{Page, Paged, RiskFilter, RiskSummary};
use crate::sql::unit;
use crate::value::{Row, params};
use crate::{Result, StoreError};

/// Versions after which one is kept whole.
const WHOLE_EVERY: u64 = 16;

/// Level of compression: the default of Zstandard.
const LEVEL: i32 = 3;

/// Largest document that is believed to be one, bytes.
const LARGEST: usize = 64 << 20;

fn corrupt(reason: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt { what: "history of risks", reason: format!("{reason}") }
}

/// Keeps a version; `before` is the document of the version before it.
pub(super) fn remember(
    tx: &mut Tx<'_>,
    risk: &Risk,
    document: &str,
    before: Option<&str>,
) -> Result<()> {
    let before = before.filter(|_| risk.version % WHOLE_EVERY != 1);
    let base = before.map_or(0, |_| risk.version.saturating_sub(1));
    let packed = match before {
        Some(before) => zstd::bulk::Compressor::with_dictionary(LEVEL, before.as_bytes()),
        None => zstd::bulk::Compressor::new(LEVEL),
    };
    let packed = packed.and_then(|mut packer| packer.compress(document.as_bytes()));
    let packed = packed.map_err(corrupt)?;
    let size = i64::try_from(document.len()).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO risk_history (risk, version, at, base, size, content)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![risk.id, risk.version, risk.updated_at, base, size, &packed[..]],
    )?;
    Ok(())
}

/// A version as it is kept.
struct Kept {
    risk: RiskId,
    version: u64,
    base: u64,
    size: u64,
    content: Vec<u8>,
}

const COLUMNS: &str = "h.risk, h.version, h.base, h.size, h.content";

fn read(row: &mut Row) -> Result<Kept> {
    let what = "history of risks";
    Ok(Kept {
        risk: row.next(what)?,
        version: row.next(what)?,
        base: row.next(what)?,
        size: row.next(what)?,
        content: row.next(what)?,
    })
}

/// The document of a version.
fn unpack(kept: Kept, before: Option<&(u64, Vec<u8>)>) -> Result<Vec<u8>> {
    if kept.size == 0 {
        return Ok(kept.content);
    }
    let size = usize::try_from(kept.size).ok().filter(|size| *size <= LARGEST);
    let size = size.ok_or_else(|| corrupt("a document is too large"))?;
    let unpacker = match (kept.base, before) {
        (0, _) => zstd::bulk::Decompressor::new(),
        (base, Some((version, document))) if base == *version => {
            zstd::bulk::Decompressor::with_dictionary(document)
        }
        (base, _) => return Err(corrupt(format!("version {base} is missing"))),
    };
    unpacker.and_then(|mut unpacker| unpacker.decompress(&kept.content, size)).map_err(corrupt)
}

/// The documents of versions of one risk after another, each in order; those that nothing earlier is
/// there for are passed over.
fn unpack_all(kept: Vec<Kept>) -> Result<Vec<(RiskId, u64, Vec<u8>)>> {
    let mut all = Vec::with_capacity(kept.len());
    let mut current = None;
    let mut before: Option<(u64, Vec<u8>)> = None;
    for one in kept {
        let (risk, version) = (one.risk, one.version);
        if current.replace(risk) != Some(risk) {
            before = None;
        }
        // The window begins between two whole ones: up to the first whole one nobody asked for any.
        if before.is_none() && one.base != 0 {
            continue;
        }
        let document = unpack(one, before.as_ref())?;
        all.push((risk, version, document.clone()));
        before = Some((version, document));
    }
    Ok(all)
}

fn parse(document: &[u8]) -> Result<Risk> {
    serde_json::from_slice(document).map_err(corrupt)
}

pub(crate) fn risk_history(tx: &mut Tx<'_>, reference: &str, page: Page) -> Result<Paged<Risk>> {
    let id = tx.one(
        "SELECT id, version FROM risk WHERE reference_folded = $1",
        params![reference.trim().to_lowercase()],
        |row| Ok((row.next::<RiskId>("risk")?, row.next::<u64>("risk")?)),
    )?;
    let Some((id, newest)) = id else {
        return Err(StoreError::NotFound { what: "risk", id: reference.to_owned() });
    };
    let total = tx.count("SELECT COUNT(*) FROM risk_history WHERE risk = $1", params![id])?;
    let last = newest.saturating_sub(page.offset);
    let first = last.saturating_sub(page.limit.into()) + 1;
    let sql = format!(
        "SELECT {COLUMNS} FROM risk_history h
         WHERE h.risk = $1 AND h.version > $2 AND h.version <= $3 ORDER BY h.version"
    );
    let kept = tx.list(&sql, params![id, first.saturating_sub(WHOLE_EVERY), last], read)?;
    let mut items: Vec<Risk> = unpack_all(kept)?
        .into_iter()
        .filter(|(_, version, _)| (first..=last).contains(version))
        .map(|(_, _, document)| parse(&document))
        .collect::<Result<_>>()?;
    items.reverse();
    Ok(Paged { items, total })
}

/// Risks of which a version was written after `from` and up to `to`.
pub(crate) fn versions_within(
    tx: &mut Tx<'_>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<RiskId>> {
    tx.list(
        "SELECT DISTINCT risk FROM risk_history WHERE at > $1 AND at <= $2 ORDER BY risk",
        params![from, to],
        |row| row.next("risk"),
    )
}

/// The versions of one risk up to a moment, oldest first.
pub(crate) fn versions_until(tx: &mut Tx<'_>, risk: RiskId, to: Timestamp) -> Result<Vec<Risk>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM risk_history h WHERE h.risk = $1 AND h.at <= $2 ORDER BY h.version"
    );
    let kept = tx.list(&sql, params![risk, to], read)?;
    unpack_all(kept)?.into_iter().map(|(_, _, document)| parse(&document)).collect()
}

/// Every entry there was at a moment, with its year and number.
fn as_of(tx: &mut Tx<'_>, at: Timestamp, reference: Option<&str>) -> Result<Vec<(Risk, i64, i64)>> {
    let (only, mut all) = match reference {
        Some(reference) => (
            "AND r.reference_folded = $3",
            params![at, WHOLE_EVERY, reference.trim().to_lowercase()].to_vec(),
        ),
        None => ("", params![at, WHOLE_EVERY].to_vec()),
    };
    let newest = format!(
        "SELECT h.risk, MAX(h.version) AS version, r.year, r.number
         FROM risk_history h JOIN risk r ON r.id = h.risk
         WHERE h.at <= $1 {only} GROUP BY h.risk, r.year, r.number"
    );
    let sql = format!(
        "SELECT {COLUMNS} FROM risk_history h JOIN ({newest}) n ON n.risk = h.risk
         WHERE h.version <= n.version AND h.version > n.version - $2
         ORDER BY n.year, n.number, h.version"
    );
    let documents = unpack_all(tx.list(&sql, &all, read)?)?;
    let mut latest: HashMap<RiskId, Vec<u8>> = HashMap::new();
    for (risk, _, document) in documents {
        latest.insert(risk, document);
    }
    let numbers = format!("SELECT risk, year, number FROM ({newest}) n ORDER BY year, number");
    all.remove(1);
    let numbers = numbers.replace("$3", "$2");
    let what = "risk";
    let order = tx.list(&numbers, &all, |row| {
        Ok((row.next::<RiskId>(what)?, row.next::<i64>(what)?, row.next::<i64>(what)?))
    })?;
    let entry = |(id, year, number)| match latest.get(&id) {
        Some(document) => Ok((parse(document)?, year, number)),
        None => Err(corrupt(format!("no version of {id} is kept whole"))),
    };
    order.into_iter().map(entry).collect()
}

/// The unit each asset with an entry of its own had at a moment, and its name now.
fn assets(tx: &mut Tx<'_>, at: Timestamp) -> Result<HashMap<AssetId, (String, Option<UnitId>)>> {
    let found = tx.list(
        "SELECT DISTINCT a.id, a.name, o.unit FROM risk r JOIN asset a ON a.id = r.asset
         LEFT JOIN ownership o ON o.asset = a.id AND o.role = 'owner' AND o.valid_from <= $1
             AND (o.valid_to IS NULL OR o.valid_to > $1)",
        params![at],
        |row| Ok((row.next("asset")?, (row.next("asset")?, row.next("asset")?))),
    )?;
    Ok(found.into_iter().collect())
}

fn summaries(
    tx: &mut Tx<'_>,
    at: Timestamp,
    reference: Option<&str>,
) -> Result<Vec<(RiskSummary, i64, i64)>> {
    let entries = as_of(tx, at, reference)?;
    let assets = assets(tx, at)?;
    let units: HashMap<UnitId, OrgUnit> =
        unit::unit_list(tx)?.into_iter().map(|unit| (unit.id, unit)).collect();
    let show = |(risk, year, number): (Risk, i64, i64)| {
        let asset = risk.key.asset.and_then(|asset| assets.get(&asset));
        let owner = asset.and_then(|(_, unit)| *unit);
        let unit = risk.key.unit.or(owner).and_then(|unit| units.get(&unit)).cloned();
        let asset_name = asset.map(|(name, _)| name.clone());
        (RiskSummary { risk, unit, asset_name }, year, number)
    };
    Ok(entries.into_iter().map(show).collect())
}

fn matches(filter: &RiskFilter, summary: &RiskSummary) -> bool {
    let risk = &summary.risk;
    let unit = summary.unit.as_ref().map(|unit| unit.id);
    let owner = risk.owner.as_ref().map(|owner| owner.unit);
    let rests_on =
        |asset: AssetId| risk.key.asset == Some(asset) || risk.suggestion.assets.contains(&asset);
    filter.state.is_none_or(|state| risk.state == state)
        && filter.unit.is_none_or(|wanted| unit == Some(wanted))
        && filter.asset.is_none_or(rests_on)
        && (!filter.open || risk.is_on_agenda())
        && (filter.scope.contains(unit)
            || owner.is_some_and(|owner| filter.scope.contains(Some(owner))))
}

pub(crate) fn risk_list_as_of(
    tx: &mut Tx<'_>,
    filter: &RiskFilter,
    at: Timestamp,
    page: Page,
) -> Result<Paged<RiskSummary>> {
    let mut all = summaries(tx, at, None)?;
    all.retain(|(summary, ..)| matches(filter, summary));
    all.sort_by_key(|(summary, year, number)| {
        (std::cmp::Reverse(summary.risk.severity()), *year, *number)
    });
    let total = all.len() as u64;
    let from = usize::try_from(page.offset).unwrap_or(usize::MAX);
    let most = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let items = all.into_iter().map(|(summary, ..)| summary).skip(from).take(most).collect();
    Ok(Paged { items, total })
}

pub(crate) fn risk_get_as_of(
    tx: &mut Tx<'_>,
    reference: &str,
    at: Timestamp,
) -> Result<Option<RiskSummary>> {
    Ok(summaries(tx, at, Some(reference))?.pop().map(|(summary, ..)| summary))
}
