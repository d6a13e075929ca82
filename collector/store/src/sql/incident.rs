//! Incidents.

use belfort_model::incident::Incident;
use belfort_model::risk::Risk;

use crate::Result;
use crate::driver::Tx;
use crate::record::{Audit, Page, Paged};
use crate::sql::{asset, audit, risk};
use crate::value::{document, params};

pub(crate) fn incident_put(
    tx: &mut Tx<'_>,
    incident: &Incident,
    risks: &[Risk],
    audit: &Audit,
) -> Result<()> {
    tx.execute(
        "INSERT INTO incident (id, reference_folded, occurred_at, document) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET reference_folded = $2, occurred_at = $3, document = $4",
        params![
            incident.id,
            incident.reference.to_lowercase(),
            incident.occurred_at,
            document("incident", incident)?,
        ],
    )?;
    tx.execute("DELETE FROM incident_asset WHERE incident = $1", params![incident.id])?;
    for id in &incident.assets {
        if tx.count("SELECT COUNT(*) FROM asset WHERE id = $1", params![*id])? == 0 {
            return Err(asset::unknown(*id));
        }
        tx.execute(
            "INSERT INTO incident_asset (incident, asset) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            params![incident.id, *id],
        )?;
    }
    for one in risks {
        risk::update(tx, one)?;
    }
    audit::append(tx, audit)
}

pub(crate) fn incident_list(tx: &mut Tx<'_>, page: Page) -> Result<Paged<Incident>> {
    Ok(Paged {
        total: tx.count("SELECT COUNT(*) FROM incident", &[])?,
        items: tx.list(
            "SELECT document FROM incident
             ORDER BY occurred_at DESC, reference_folded LIMIT $1 OFFSET $2",
            params![page.limit, page.offset],
            |row| row.document("incident"),
        )?,
    })
}

pub(crate) fn incident_get(tx: &mut Tx<'_>, reference: &str) -> Result<Option<Incident>> {
    let folded = params![reference.trim().to_lowercase()];
    tx.one("SELECT document FROM incident WHERE reference_folded = $1", folded, |row| {
        row.document("incident")
    })
}
