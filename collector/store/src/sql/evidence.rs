//! Hardware evidence of assets.

use belfort_model::evidence::{Candidate, Evidence, EvidenceKind};
use belfort_model::id::AssetId;

use crate::Result;
use crate::driver::Tx;
use crate::value::params;

/// The evidence of an asset, sorted.
pub(super) fn of_asset(tx: &mut Tx<'_>, asset: AssetId) -> Result<Vec<Evidence>> {
    let mut evidence =
        tx.list("SELECT kind, value FROM evidence WHERE asset = $1", params![asset], |row| {
            Ok(Evidence { kind: row.next("evidence")?, value: row.next("evidence")? })
        })?;
    evidence.sort();
    Ok(evidence)
}

/// Assets that carry this piece, by id.
pub(super) fn carriers(tx: &mut Tx<'_>, piece: &Evidence) -> Result<Vec<AssetId>> {
    tx.list(
        "SELECT asset FROM evidence WHERE kind = $1 AND value = $2 ORDER BY asset",
        params![piece.kind, &piece.value],
        |row| row.next("evidence"),
    )
}

pub(crate) fn evidence_carriers(tx: &mut Tx<'_>, piece: &Evidence) -> Result<Vec<AssetId>> {
    carriers(tx, piece)
}

/// A known machine with all its evidence.
pub(super) fn candidate(tx: &mut Tx<'_>, asset: AssetId) -> Result<Candidate> {
    let evidence = of_asset(tx, asset)?;
    Ok(Candidate { asset, evidence })
}

/// Assets from which on a piece of evidence says nothing: it is a placeholder that nobody listed yet.
const COMMON: u64 = 10;

/// Replaces the evidence of an asset, kind by kind: a kind that was not seen this time, perhaps for lack
/// of a right, keeps what was known. Those that share what came or went are due for evaluation, for
/// whether an identity is shared is a matter of both.
pub(super) fn replace(tx: &mut Tx<'_>, asset: AssetId, evidence: &[Evidence]) -> Result<()> {
    let known = of_asset(tx, asset)?;
    let seen = |kind| evidence.iter().any(|piece| piece.kind == kind);
    let gone = known.iter().filter(|piece| seen(piece.kind) && !evidence.contains(piece));
    let new = evidence.iter().filter(|piece| !known.contains(piece));
    for piece in gone {
        tx.execute(
            "DELETE FROM evidence WHERE asset = $1 AND kind = $2 AND value = $3",
            params![asset, piece.kind, &piece.value],
        )?;
        others_due(tx, asset, piece)?;
    }
    for piece in new {
        insert(tx, asset, piece)?;
    }
    Ok(())
}

/// Adds one piece, once.
pub(super) fn insert(tx: &mut Tx<'_>, asset: AssetId, piece: &Evidence) -> Result<()> {
    let added = tx.execute(
        "INSERT INTO evidence (asset, kind, value) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        params![asset, piece.kind, &piece.value],
    )?;
    if added > 0 {
        others_due(tx, asset, piece)?;
    }
    Ok(())
}

fn others_due(tx: &mut Tx<'_>, asset: AssetId, piece: &Evidence) -> Result<()> {
    if !identifies(piece.kind) {
        return Ok(());
    }
    tx.execute(
        "UPDATE asset SET generation = generation + 1, evaluate_at = 0
         WHERE id <> $1 AND id IN (SELECT asset FROM evidence WHERE kind = $2 AND value = $3)
             AND (SELECT COUNT(*) FROM evidence WHERE kind = $2 AND value = $3) <= $4",
        params![asset, piece.kind, &piece.value, COMMON],
    )?;
    Ok(())
}

/// Whether two machines cannot both have the same value: disks and network cards move between
/// machines (a dock is seen on many), and a machine id is copied with an image.
fn identifies(kind: EvidenceKind) -> bool {
    kind.is_single() && kind.is_hardware()
}

pub(super) fn asset_sharing_evidence(
    tx: &mut Tx<'_>,
    id: AssetId,
) -> Result<Vec<(AssetId, EvidenceKind)>> {
    let mut shared = tx.list(
        "SELECT DISTINCT e.asset, e.kind FROM evidence own
         JOIN evidence e ON e.kind = own.kind AND e.value = own.value AND e.asset <> own.asset
         WHERE own.asset = $1",
        params![id],
        |row| Ok((row.next("evidence")?, row.next("evidence")?)),
    )?;
    shared.sort();
    Ok(shared)
}

/// Assets in service that claim the same hardware identity, by id.
pub(super) fn same_identity(tx: &mut Tx<'_>, id: AssetId) -> Result<Vec<AssetId>> {
    let mut assets: Vec<AssetId> = tx
        .list(
            "SELECT DISTINCT e.asset, e.kind FROM evidence own
             JOIN evidence e ON e.kind = own.kind AND e.value = own.value AND e.asset <> own.asset
             JOIN asset a ON a.id = e.asset AND a.in_service = 1
             WHERE own.asset = $1
                 AND (SELECT COUNT(*) FROM evidence c
                      WHERE c.kind = own.kind AND c.value = own.value) <= $2",
            params![id, COMMON],
            |row| Ok((row.next("evidence")?, row.next("evidence")?)),
        )?
        .into_iter()
        .filter(|(_, kind)| identifies(*kind))
        .map(|(asset, _)| asset)
        .collect();
    assets.sort();
    assets.dedup();
    Ok(assets)
}
