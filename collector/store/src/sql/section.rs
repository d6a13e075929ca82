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
        "SELECT kind, hash, schema_version, since FROM asset_section
         WHERE asset = $1 AND until IS NULL ORDER BY kind",
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
    let kinds: BTreeSet<i32> = manifest.iter().map(|(key, _)| key.kind).collect();
    if kinds.len() < manifest.len() {
        let message = "a manifest names a kind of section twice".to_owned();
        return Err(StoreError::Refused(message));
    }
    let known = asset_sections(tx, asset)?;
    let stays = |section: &AssetSection| manifest.contains(&(section.key, section.schema_version));
    for section in known.iter().filter(|section| !stays(section)) {
        tx.execute(
            "UPDATE asset_section SET until = $3
             WHERE asset = $1 AND kind = $2 AND until IS NULL",
            params![asset, section.key.kind, now],
        )?;
    }
    for (key, schema_version) in manifest {
        let holds = known
            .iter()
            .any(|section| section.key == *key && section.schema_version == *schema_version);
        if !holds {
            tx.execute(
                "INSERT INTO asset_section (asset, kind, hash, schema_version, since, until)
                 VALUES ($1, $2, $3, $4, $5, NULL)",
                params![asset, key.kind, key.hash, *schema_version, now],
            )?;
        }
    }
    Ok(())
}
