//! Enrolment: a token admits a device, and evidence tells which machine it is.

use std::collections::{BTreeMap, BTreeSet};

use belfort_model::agent::{Agent, TokenStatus};
use belfort_model::evidence::{Evidence, Resolution, resolve};
use belfort_model::id::{AssetId, UnitId};

use crate::Result;
use crate::driver::{Lock, Tx};
use crate::record::{Audit, Enrolled, Enrolment, TokenRefusal};
use crate::sql::{agent, asset, audit, evidence, token};
use crate::value::params;

pub(super) fn enrol(tx: &mut Tx<'_>, enrolment: &Enrolment) -> Result<Enrolled> {
    // Two machines that resemble each other are decided one after the other.
    tx.lock(Lock::Enrolment)?;
    let Some(token) = token::by_secret(tx, enrolment.token_sha256)? else {
        return Ok(Enrolled::Refused(TokenRefusal::Unknown));
    };
    let status = token.status(enrolment.now);
    // Whoever did not get our answer asks again, perhaps after the last use or just past the end.
    if status != TokenStatus::Revoked
        && let Some((agent, recognised)) =
            agent::admitted(tx, token.id, &enrolment.agent.key_sha256)?
    {
        return Ok(Enrolled::Admitted { agent: Box::new(agent), recognised, doubtful: Vec::new() });
    }
    match status {
        TokenStatus::Valid => {}
        TokenStatus::Expired => return Ok(Enrolled::Refused(TokenRefusal::Expired)),
        TokenStatus::UsedUp => return Ok(Enrolled::Refused(TokenRefusal::UsedUp)),
        TokenStatus::Revoked => return Ok(Enrolled::Refused(TokenRefusal::Revoked)),
    }
    token::use_once(tx, token.id, enrolment.now)?;
    let (known, doubtful) = match resolution(tx, &enrolment.evidence)? {
        Resolution::Same { asset, .. } => (Some(asset), Vec::new()),
        Resolution::New => (None, Vec::new()),
        Resolution::Doubtful(assets) => (None, assets),
    };
    let recognised = known.is_some();
    let id = match known {
        Some(id) => id,
        None => new_asset(tx, enrolment, token.unit)?,
    };
    let admitted = Agent { asset: id, ..enrolment.agent.clone() };
    agent::insert(tx, &admitted, token.id, recognised)?;
    if recognised {
        seen_again(tx, id, enrolment, token.unit)?;
    }
    let record = Audit {
        at: enrolment.now,
        actor: format!("token:{}", token.id),
        action: "agent.enrol",
        subject: admitted.id.to_string(),
        detail: detail(id, recognised, &doubtful),
    };
    audit::append(tx, &record)?;
    Ok(Enrolled::Admitted { agent: Box::new(admitted), recognised, doubtful })
}

pub(crate) fn evidence_resolve(tx: &mut Tx<'_>, evidence: &[Evidence]) -> Result<Resolution> {
    resolution(tx, evidence)
}

/// Which machine carries this evidence.
fn resolution(tx: &mut Tx<'_>, evidence: &[Evidence]) -> Result<Resolution> {
    let mut carriers = BTreeMap::new();
    let mut assets = BTreeSet::new();
    for piece in evidence {
        let found = evidence::carriers(tx, piece)?;
        carriers.insert(piece, found.len());
        // What many carry tells nothing: a placeholder that nobody listed yet.
        if found.len() <= COMMON {
            assets.extend(found);
        }
    }
    let mut candidates = Vec::with_capacity(assets.len());
    for asset in assets {
        candidates.push(evidence::candidate(tx, asset)?);
    }
    let common = |piece: &Evidence| carriers.get(piece).copied().unwrap_or(0);
    Ok(resolve(evidence, &candidates, common))
}

/// From so many carriers on, a piece of evidence points at none of them.
const COMMON: usize = 20;

fn new_asset(tx: &mut Tx<'_>, enrolment: &Enrolment, proposed: Option<UnitId>) -> Result<AssetId> {
    let mut new = enrolment.new_asset.clone();
    new.proposed_unit = new.proposed_unit.or(proposed);
    asset::insert(tx, &new)?;
    for piece in &enrolment.evidence {
        evidence::insert(tx, new.id, piece)?;
    }
    Ok(new.id)
}

fn seen_again(
    tx: &mut Tx<'_>,
    id: AssetId,
    enrolment: &Enrolment,
    proposed: Option<UnitId>,
) -> Result<()> {
    tx.execute(
        "UPDATE asset SET proposed_unit = COALESCE($2, proposed_unit),
             last_seen = CASE WHEN last_seen < $3 THEN $3 ELSE last_seen END
         WHERE id = $1",
        params![id, proposed, enrolment.now],
    )?;
    asset::due(tx, id)
}

fn detail(asset: AssetId, recognised: bool, doubtful: &[AssetId]) -> String {
    let doubtful: Vec<String> = doubtful.iter().map(ToString::to_string).collect();
    serde_json::json!({
        "asset": asset.to_string(),
        "recognised": recognised,
        "doubtful": doubtful,
    })
    .to_string()
}
