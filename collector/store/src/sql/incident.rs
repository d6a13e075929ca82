//! Incidents.

use std::collections::BTreeSet;

use belfort_model::access::Scope;
use belfort_model::id::AssetId;
use belfort_model::incident::Incident;
use belfort_model::risk::Risk;

use crate::driver::{Conditions, Tx};
use crate::record::{Audit, Page, Paged};
use crate::sql::{asset, audit, risk};
use crate::value::{document, params};
use crate::{Result, StoreError};

pub(crate) fn incident_put(
    tx: &mut Tx<'_>,
    incident: &Incident,
    before: Option<&Incident>,
    risks: &[Risk],
    audit: &Audit,
) -> Result<()> {
    let reference = incident.reference.to_lowercase();
    let text = document("incident", incident)?;
    // Two people register one incident at the same moment: the second is told, and loses nothing.
    let written = match before {
        None => tx.execute(
            "INSERT INTO incident (id, reference_folded, occurred_at, document)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            params![incident.id, reference, incident.occurred_at, text],
        )?,
        Some(before) => tx.execute(
            "UPDATE incident SET occurred_at = $3, document = $4
             WHERE id = $1 AND reference_folded = $2 AND document = $5",
            params![
                incident.id,
                reference,
                incident.occurred_at,
                text,
                document("incident", before)?,
            ],
        )?,
    };
    if written == 0 {
        let (what, id) = ("incident", incident.reference.clone());
        return Err(StoreError::Conflict { what, id });
    }
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
    tx.execute("DELETE FROM incident_risk WHERE incident = $1", params![incident.id])?;
    for reference in &incident.risks {
        let linked = tx.execute(
            "INSERT INTO incident_risk (incident, risk)
             SELECT $1, id FROM risk WHERE reference_folded = $2 ON CONFLICT DO NOTHING",
            params![incident.id, reference.to_lowercase()],
        )?;
        if linked == 0 {
            let (what, id) = ("risk", reference.clone());
            return Err(StoreError::NotFound { what, id });
        }
    }
    for one in risks {
        risk::update(tx, one)?;
    }
    audit::append(tx, audit)
}

/// The assets of incidents, and whose these are.
const ASSETS: (&str, &str) =
    ("incident_asset l JOIN asset a ON a.id = l.asset", "a.owner_unit IN (?)");
/// The risks of incidents, and whose these are.
const RISKS: (&str, &str) = (
    "incident_risk l JOIN risk r ON r.id = l.risk LEFT JOIN asset a ON a.id = r.asset",
    risk::SEEN,
);

pub(crate) fn incident_list(tx: &mut Tx<'_>, scope: &Scope, page: Page) -> Result<Paged<Incident>> {
    let concerns = |(from, owned): (&str, &str)| {
        format!("EXISTS (SELECT 1 FROM {from} WHERE l.incident = i.id AND {owned})")
    };
    let mut conditions = Conditions::default();
    conditions.within(&format!("({} OR {})", concerns(ASSETS), concerns(RISKS)), scope);
    let count = format!("SELECT COUNT(*) FROM incident i{}", conditions.clause());
    let total = tx.count(&count, &conditions.params)?;
    let part = conditions.page(page);
    let sql = format!(
        "SELECT i.document FROM incident i{}
         ORDER BY i.occurred_at DESC, i.reference_folded{part}",
        conditions.clause(),
    );
    let mut items = tx.list(&sql, &conditions.params, |row| row.document("incident"))?;
    for one in &mut items {
        trim(tx, one, scope)?;
    }
    Ok(Paged { items, total })
}

/// Takes out of an incident what lies beyond somebody's units.
fn trim(tx: &mut Tx<'_>, incident: &mut Incident, scope: &Scope) -> Result<()> {
    if *scope == Scope::All {
        return Ok(());
    }
    let within = |column: &str, (from, owned): (&str, &str)| {
        let mut conditions = Conditions::default();
        conditions.add("l.incident = ?", incident.id.into());
        conditions.within(owned, scope);
        (format!("SELECT {column} FROM {from}{}", conditions.clause()), conditions.params)
    };
    let (sql, params) = within("l.asset", ASSETS);
    let assets: BTreeSet<AssetId> =
        tx.list(&sql, &params, |row| row.next("asset"))?.into_iter().collect();
    let (sql, params) = within("r.reference_folded", RISKS);
    let risks: BTreeSet<String> =
        tx.list(&sql, &params, |row| row.next("risk"))?.into_iter().collect();
    incident.assets.retain(|id| assets.contains(id));
    incident.risks.retain(|reference| risks.contains(&reference.to_lowercase()));
    Ok(())
}

pub(crate) fn incident_get(
    tx: &mut Tx<'_>,
    reference: &str,
    scope: &Scope,
) -> Result<Option<Incident>> {
    let folded = params![reference.trim().to_lowercase()];
    let sql = "SELECT document FROM incident WHERE reference_folded = $1";
    let mut found = tx.one(sql, folded, |row| row.document("incident"))?;
    if let Some(incident) = &mut found {
        trim(tx, incident, scope)?;
    }
    Ok(found)
}
