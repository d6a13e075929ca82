//! The life cycle of assets: moves with their date and evidence, and verification of the record.

use belfort_assess::catalogue::Catalogue;
use belfort_model::asset::{Lifecycle, verify_days};
use belfort_model::id::AssetId;
use belfort_model::lifecycle::{self, Disposal, DisposalMethod, Move, Step};
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{AssetDetail, ChangeRecord, Erasure};
use serde_json::json;

use super::access::{Actor, Right};
use super::{App, AppError, Result, audit, text};
use crate::ingest;

/// A move somebody asks for.
#[derive(Clone, Debug)]
pub struct NewMove {
    /// The state it shall have.
    pub to: Lifecycle,
    /// Since when; now when nothing.
    pub at: Option<Timestamp>,
    /// Why; can be empty.
    pub reason: String,
    /// How its data carriers were disposed of.
    pub disposal: Option<(DisposalMethod, String)>,
}

impl App {
    /// Moves an asset in its life cycle. What goes out of service loses its personal fields.
    pub fn asset_move(
        &self,
        actor: &Actor,
        id: AssetId,
        new: &NewMove,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<Step> {
        let detail = self.held(actor, Right::Manage, id)?;
        let asset = &detail.summary.asset;
        let disposal = match &new.disposal {
            Some((method, certificate)) => Some(Disposal {
                method: *method,
                certificate: match certificate.trim() {
                    "" => String::new(),
                    certificate => text("certificate", certificate, 200)?,
                },
            }),
            None => None,
        };
        let steps = self.store.lifecycle_list(id)?;
        let since = steps.first().map_or(asset.first_seen, |step| step.at);
        let asked = Move { to: new.to, at: new.at.unwrap_or(now), disposal: disposal.as_ref() };
        let known = asset.disposal.as_ref();
        lifecycle::check(asset.kind, asset.lifecycle, since, known, &asked, now)
            .map_err(|error| StoreError::Refused(error.to_string()))?;
        let step = Step {
            from: asset.lifecycle,
            to: new.to,
            at: asked.at,
            by: actor.name.clone(),
            reason: match new.reason.trim() {
                "" => String::new(),
                reason => text("reason", reason, 1000)?,
            },
            disposal,
        };
        let erase = new.to.is_over().then(|| erasure(&detail, &self.catalogue)).transpose()?;
        let record = json!({
            "from": step.from.as_str(), "to": step.to.as_str(), "since": step.at,
            "reason": step.reason, "disposal": step.disposal,
        });
        let record = audit(actor, Right::Manage, "asset.move", &id, &record, now)?;
        self.store.asset_move(id, &step, erase.as_ref(), expected, &record)?;
        Ok(step)
    }

    /// The moves an asset has made, newest first.
    pub fn lifecycle_history(&self, actor: &Actor, id: AssetId) -> Result<Vec<Step>> {
        self.visible(actor, id)?;
        Ok(self.store.lifecycle_list(id)?)
    }

    /// Notes that somebody looked and the record of an asset is right; it is looked at again after a year,
    /// half a year at class 4, a quarter at class 5. For the unit that owns it, or who may change it.
    pub fn asset_verify(
        &self,
        actor: &Actor,
        id: AssetId,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<Timestamp> {
        let right = if actor.may(Right::Confirm) { Right::Confirm } else { Right::Manage };
        let detail = self.held(actor, right, id)?;
        let mut asset = detail.summary.asset;
        let due = now.plus_days(verify_days(detail.summary.class.biv));
        let change = ChangeRecord {
            at: now,
            section: "asset".to_owned(),
            subject: "verified".to_owned(),
            before: asset.verified_at.map(Timestamp::day),
            after: Some(now.day()),
        };
        asset.verified_at = Some(now);
        asset.verify_due = Some(due);
        let record = json!({ "verify_due": due });
        let record = audit(actor, right, "asset.verify", &id, &record, now)?;
        let expected = expected.or(Some(detail.summary.version));
        self.store.asset_update(&asset, expected, &[change], &[], &record)?;
        Ok(due)
    }
}

/// What is erased of an asset that goes out of service: the sections about people, and what findings took
/// from them.
fn erasure(detail: &AssetDetail, catalogue: &Catalogue) -> Result<Erasure> {
    let personal = ingest::personal_sections();
    let kept: Vec<_> = detail
        .sections
        .iter()
        .filter(|section| !personal.iter().any(|(kind, _)| *kind == section.key.kind))
        .copied()
        .collect();
    let root = |sections: &[_]| -> Result<Option<[u8; 32]>> {
        let held = ingest::held(sections).ok_or_else(|| {
            AppError::Invalid("the sections of the asset cannot be read".to_owned())
        })?;
        // Of what was never reported there is no root.
        Ok(detail.facts.is_some().then(|| held.root().0))
    };
    Ok(Erasure {
        kinds: personal.iter().map(|(kind, _)| *kind).collect(),
        names: personal.iter().map(|(_, name)| name.clone()).collect(),
        codes: catalogue.personal.iter().cloned().collect(),
        root_before: root(&detail.sections)?,
        root_after: root(&kept)?,
    })
}
