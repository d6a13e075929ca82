//! What an evaluation of one unit's risks reads.

use std::collections::HashMap;

use belfort_model::finding::{FindingStatus, Unresolved};
use belfort_model::id::{AssetId, UnitId};

use super::NONE;
use crate::Result;
use crate::driver::Tx;
use crate::record::{RiskScope, ScopedAsset};
use crate::value::{Value, params};

pub(in crate::sql) fn risk_scope(tx: &mut Tx<'_>, unit: Option<UnitId>) -> Result<RiskScope> {
    let generation = tx.one(
        "SELECT generation FROM risk_due WHERE unit = $1 AND due = 1",
        params![unit.unwrap_or(NONE)],
        |row| row.next("risk"),
    )?;
    let (owned, own, params): (&str, &str, Vec<Value>) = match unit {
        Some(unit) => ("a.owner_unit = $1", "r.unit = $1", vec![unit.into()]),
        None => ("a.owner_unit IS NULL", "r.unit IS NULL", Vec::new()),
    };
    // What is out of service counts as long as something is wrong with it: that it still reports, or that
    // nothing proves its wiping.
    let mut findings: HashMap<AssetId, Vec<Unresolved>> = HashMap::new();
    // What it rests on stays where it is: a unit has thousands, and a risk only counts them.
    let sql = format!(
        "SELECT f.asset, f.id, f.code, f.likelihood, f.dimensions, f.status
         FROM finding f JOIN asset a ON a.id = f.asset
         WHERE {owned} AND (f.is_open = 1 OR f.status = 'excepted') ORDER BY f.id"
    );
    let what = "finding";
    let open = tx.list(&sql, &params, |row| {
        let asset = row.next(what)?;
        let finding = Unresolved {
            id: row.next(what)?,
            code: row.next(what)?,
            likelihood: row.next(what)?,
            dimensions: row.next(what)?,
            excepted: row.next::<FindingStatus>(what)? == FindingStatus::Excepted,
        };
        Ok((asset, finding))
    })?;
    for (asset, finding) in open {
        findings.entry(asset).or_default().push(finding);
    }
    let sql = format!(
        "SELECT a.id, a.class, COALESCE(c.document, '{{}}') FROM asset a
         LEFT JOIN check_results c ON c.asset = a.id
         WHERE {owned} AND (a.in_service = 1 OR a.open_findings > 0) ORDER BY a.id"
    );
    let assets = tx.list(&sql, &params, |row| {
        Ok(ScopedAsset {
            id: row.next("asset")?,
            class: row.document("class")?,
            results: row.document("results")?,
            findings: Vec::new(),
        })
    })?;
    let with_findings = assets.into_iter().map(|asset| ScopedAsset {
        findings: findings.remove(&asset.id).unwrap_or_default(),
        ..asset
    });
    let assets = with_findings.collect();
    let sql = format!(
        "SELECT r.document FROM risk r LEFT JOIN asset a ON a.id = r.asset
         WHERE (r.asset IS NULL AND {own}) OR (r.asset IS NOT NULL AND {owned})
         ORDER BY r.year, r.number"
    );
    Ok(RiskScope {
        generation: generation.unwrap_or(0),
        assets,
        risks: tx.list(&sql, &params, super::read)?,
    })
}
