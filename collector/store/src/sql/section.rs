//! Sections: contents stored once for all machines, and which asset holds which.

use std::collections::{BTreeSet, HashMap};

use belfort_model::id::AssetId;
use belfort_model::time::Timestamp;

use crate::driver::{Tx, placeholders};
use crate::record::{AssetSection, SectionBlob, SectionKey};
use crate::value::{Row, Value, params};
use crate::{Result, StoreError};

/// Hashes asked for in one statement.
const CHUNK: usize = 100;

/// Runs a query over `hash IN (…)`, some hashes at a time.
fn by_hash<T>(
    tx: &mut Tx<'_>,
    columns: &str,
    hashes: &[[u8; 32]],
    read: impl Fn(&mut Row) -> Result<T>,
) -> Result<Vec<T>> {
    let mut found = Vec::with_capacity(hashes.len());
    for chunk in hashes.chunks(CHUNK) {
        let places = placeholders(0, chunk.len());
        let sql = format!("SELECT {columns} FROM section WHERE hash IN ({places})");
        let values: Vec<Value> = chunk.iter().map(|hash| (*hash).into()).collect();
        found.extend(tx.list(&sql, &values, &read)?);
    }
    Ok(found)
}

fn read_key(row: &mut Row) -> Result<SectionKey> {
    Ok(SectionKey { kind: row.next("section")?, hash: row.next("section")? })
}

pub(super) fn sections_missing(tx: &mut Tx<'_>, keys: &[SectionKey]) -> Result<Vec<SectionKey>> {
    let hashes: Vec<[u8; 32]> = keys.iter().map(|key| key.hash).collect();
    let known: BTreeSet<SectionKey> =
        by_hash(tx, "kind, hash", &hashes, read_key)?.into_iter().collect();
    let missing = keys.iter().filter(|key| !known.contains(key));
    Ok(missing.copied().collect())
}

pub(super) fn section_get(tx: &mut Tx<'_>, hashes: &[[u8; 32]]) -> Result<Vec<SectionBlob>> {
    let columns = "kind, hash, schema_version, size, zstd";
    let found = by_hash(tx, columns, hashes, |row| {
        Ok(SectionBlob {
            key: read_key(row)?,
            schema_version: row.next("section")?,
            size: row.next("section")?,
            zstd: row.next("section")?,
        })
    })?;
    let by_hash: HashMap<[u8; 32], SectionBlob> =
        found.into_iter().map(|section| (section.key.hash, section)).collect();
    let in_order = hashes.iter().filter_map(|hash| by_hash.get(hash).cloned());
    Ok(in_order.collect())
}

/// Stores contents that are new.
pub(super) fn insert(tx: &mut Tx<'_>, sections: &[SectionBlob]) -> Result<()> {
    let mut sections: Vec<&SectionBlob> = sections.iter().collect();
    // Two collectors that store the same ones wait for each other in the same order.
    sections.sort_by_key(|section| section.key.hash);
    for section in sections {
        tx.execute(
            "INSERT INTO section (hash, kind, schema_version, size, zstd)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            params![
                section.key.hash,
                section.key.kind,
                section.schema_version,
                section.size,
                section.zstd.as_slice(),
            ],
        )?;
    }
    Ok(())
}

pub(super) fn asset_sections(tx: &mut Tx<'_>, asset: AssetId) -> Result<Vec<AssetSection>> {
    tx.list(
        "SELECT s.kind, s.hash, s.schema_version, h.since FROM asset_section h
         JOIN section s ON s.id = h.section
         WHERE h.asset = $1 ORDER BY h.kind",
        params![asset],
        |row| {
            Ok(AssetSection {
                key: read_key(row)?,
                schema_version: row.next("section")?,
                since: row.next("section")?,
            })
        },
    )
}

/// Makes these the sections an asset holds. What stays is not touched; what ends is kept with the
/// moment it ended.
pub(super) fn replace(
    tx: &mut Tx<'_>,
    asset: AssetId,
    manifest: &[(SectionKey, u32)],
    now: Timestamp,
) -> Result<()> {
    let wanted: BTreeSet<SectionKey> = manifest.iter().map(|(key, _)| *key).collect();
    let kinds: BTreeSet<i32> = wanted.iter().map(|key| key.kind).collect();
    if kinds.len() < manifest.len() {
        let message = "a manifest names a kind of section twice".to_owned();
        return Err(StoreError::Refused(message));
    }
    let known: BTreeSet<SectionKey> =
        asset_sections(tx, asset)?.into_iter().map(|section| section.key).collect();
    for key in known.difference(&wanted) {
        tx.execute(
            "INSERT INTO asset_section_past (asset, kind, section, since, until)
             SELECT asset, kind, section, since, $3 FROM asset_section
             WHERE asset = $1 AND kind = $2",
            params![asset, key.kind, now],
        )?;
        tx.execute(
            "DELETE FROM asset_section WHERE asset = $1 AND kind = $2",
            params![asset, key.kind],
        )?;
    }
    for key in wanted.difference(&known) {
        tx.execute(
            "INSERT INTO asset_section (asset, kind, section, since)
             SELECT $1, kind, id, $3 FROM section WHERE hash = $2",
            params![asset, key.hash, now],
        )?;
    }
    Ok(())
}
