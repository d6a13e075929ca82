//! One asset with all that belongs to it.

use belfort_model::facts::DeviceFacts;
use belfort_model::id::AssetId;

use crate::Result;
use crate::driver::Tx;
use crate::record::{AssetDetail, ChangeRecord, Page, Paged};
use crate::sql::{agent, asset, class, evidence, finding, link, owner, section};
use crate::value::params;

pub(super) fn asset_get(tx: &mut Tx<'_>, id: AssetId) -> Result<Option<AssetDetail>> {
    let Some(summary) = asset::summary(tx, id)? else {
        return Ok(None);
    };
    Ok(Some(AssetDetail {
        summary,
        facts: facts(tx, id)?,
        classification: class::standing(tx, id)?,
        ownerships: owner::active(tx, id)?,
        data_set: link::data_set(tx, id)?,
        links: link::from(tx, id)?,
        linked_from: link::to(tx, id)?,
        agents: agent::of_asset(tx, id)?,
        sections: section::asset_sections(tx, id)?,
        findings: finding::of_asset(tx, id)?,
        evidence: evidence::of_asset(tx, id)?,
    }))
}

/// Facts of the last report.
pub(super) fn facts(tx: &mut Tx<'_>, id: AssetId) -> Result<Option<DeviceFacts>> {
    tx.one("SELECT document FROM device_facts WHERE asset = $1", params![id], |row| {
        row.document("facts")
    })
}

pub(super) fn asset_history(
    tx: &mut Tx<'_>,
    id: AssetId,
    page: Page,
) -> Result<Paged<ChangeRecord>> {
    let what = "change";
    Ok(Paged {
        total: tx.count("SELECT COUNT(*) FROM change WHERE asset = $1", params![id])?,
        items: tx.list(
            "SELECT at, section, subject, before, after FROM change WHERE asset = $1
             ORDER BY at DESC, id DESC LIMIT $2 OFFSET $3",
            params![id, page.limit, page.offset],
            |row| {
                Ok(ChangeRecord {
                    at: row.next(what)?,
                    section: row.next(what)?,
                    subject: row.next(what)?,
                    before: row.next(what)?,
                    after: row.next(what)?,
                })
            },
        )?,
    })
}
