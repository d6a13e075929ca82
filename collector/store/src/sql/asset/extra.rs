//! What a list says of assets beside their lines: hardware, addresses and the worst risk.

use std::collections::HashMap;

use belfort_model::evidence::EvidenceKind;
use belfort_model::id::AssetId;
use belfort_model::scale::Level;
use serde::Deserialize;

use crate::Result;
use crate::driver::{Conditions, Tx};
use crate::record::AssetExtra;

/// The little of the facts of a report that is told; the rest is passed over unread.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Hardware {
    manufacturer: String,
    model: String,
    serial: String,
    addresses: Vec<String>,
}

pub(crate) fn asset_extras(
    tx: &mut Tx<'_>,
    ids: &[AssetId],
) -> Result<HashMap<AssetId, AssetExtra>> {
    let mut all: HashMap<AssetId, AssetExtra> = HashMap::new();
    if ids.is_empty() {
        return Ok(all);
    }
    let mut conditions = Conditions::default();
    conditions.any_of("asset", ids.iter().copied());
    let sql = format!("SELECT asset, document FROM device_facts{}", conditions.clause());
    let facts = tx.list(&sql, &conditions.params, |row| {
        Ok((row.next::<AssetId>("facts")?, row.document::<Hardware>("facts")?))
    })?;
    for (asset, facts) in facts {
        let extra = all.entry(asset).or_default();
        extra.serial = facts.serial;
        extra.model = facts.model;
        extra.vendor = facts.manufacturer;
        extra.ip_addresses = facts.addresses;
    }
    let kinds = [EvidenceKind::MacAddress, EvidenceKind::SystemSerial];
    conditions.any_of("kind", kinds);
    let sql = format!(
        "SELECT asset, kind, value FROM evidence{} ORDER BY asset, value",
        conditions.clause()
    );
    let evidence = tx.list(&sql, &conditions.params, |row| {
        let what = "evidence";
        Ok((row.next::<AssetId>(what)?, row.next::<EvidenceKind>(what)?, row.next(what)?))
    })?;
    for (asset, kind, value) in evidence {
        let extra = all.entry(asset).or_default();
        match kind {
            EvidenceKind::MacAddress => extra.mac_addresses.push(value),
            // What was imported has no report to tell its serial number.
            _ if extra.serial.is_empty() => extra.serial = value,
            _ => {}
        }
    }
    let mut conditions = Conditions::default();
    conditions.any_of("ra.asset", ids.iter().copied());
    conditions.add_plain("r.is_open = 1");
    let sql = format!(
        "SELECT ra.asset, MAX(r.severity) FROM risk_asset ra JOIN risk r ON r.id = ra.risk{}
         GROUP BY ra.asset",
        conditions.clause()
    );
    let risks = tx.list(&sql, &conditions.params, |row| {
        Ok((row.next::<AssetId>("risk")?, row.next::<Level>("risk")?))
    })?;
    for (asset, severity) in risks {
        all.entry(asset).or_default().risk = Some(severity);
    }
    Ok(all)
}
