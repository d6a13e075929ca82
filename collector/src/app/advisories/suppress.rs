//! Vulnerabilities that are passed over for a reason and for a time.

use belfort_model::access::Denied;
use belfort_model::advisory::{MAX_DAYS, Suppression, SuppressionScope};
use belfort_model::id::{AssetId, SuppressionId, UnitId};
use belfort_model::ownership::OwnershipRole;
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::Page;
use serde_json::json;
use uuid::Uuid;

use super::cve_id;
use crate::app::access::{Actor, Right};
use crate::app::{App, AppError, Result, audit, text};

/// Where a suppression is to hold.
#[derive(Clone, Debug)]
pub enum Where {
    /// On every asset.
    Everywhere,
    /// On the assets of the unit with this code and of those below it.
    Unit(String),
    /// On this asset.
    Asset(AssetId),
}

/// What a suppression is made from.
#[derive(Clone, Debug)]
pub struct NewSuppression {
    /// The vulnerability.
    pub cve: String,
    /// Only in this source package.
    pub package: Option<String>,
    /// Where.
    pub holds: Where,
    /// Why.
    pub reason: String,
    /// For how many days, 1 to 365.
    pub days: i64,
}

impl App {
    /// Passes over a vulnerability. It takes who judges findings and keeps the register, for everything
    /// it reaches: whoever answers for an asset asks for an exception, which somebody else approves.
    pub fn suppress(
        &self,
        actor: &Actor,
        new: &NewSuppression,
        now: Timestamp,
    ) -> Result<Suppression> {
        may_suppress(|right| actor.require(right))?;
        let scope = match &new.holds {
            Where::Everywhere => SuppressionScope::All,
            Where::Unit(code) => SuppressionScope::Unit(self.unit(code)?.id),
            Where::Asset(asset) => SuppressionScope::Asset(*asset),
        };
        let unit = self.unit_of(scope)?;
        may_suppress(|right| actor.require_for(right, unit))?;
        if !(1..=MAX_DAYS).contains(&new.days) {
            return Err(AppError::Invalid(format!("days: {} is not 1 to {MAX_DAYS}", new.days)));
        }
        let package = match &new.package {
            Some(package) => text("package", package, 256)?,
            None => String::new(),
        };
        let suppression = Suppression {
            id: SuppressionId(Uuid::now_v7()),
            cve: cve_id(&new.cve)?,
            package,
            scope,
            reason: text("reason", &new.reason, 1000)?,
            author: actor.name.clone(),
            created_at: now,
            expires_at: now.plus_days(new.days),
            ended_at: None,
        };
        let detail = json!({
            "cve": suppression.cve, "package": suppression.package, "scope": scope,
            "reason": suppression.reason, "expires_at": suppression.expires_at,
        });
        let id = suppression.id;
        let record = audit(actor, Right::Triage, "suppression.create", &id, &detail, now)?;
        self.store.suppression_insert(&suppression, &record)?;
        Ok(suppression)
    }

    /// Ends a suppression before its time.
    pub fn unsuppress(&self, actor: &Actor, id: SuppressionId, now: Timestamp) -> Result<()> {
        may_suppress(|right| actor.require(right))?;
        let known = self.store.suppression_get(id)?;
        let known =
            known.ok_or(StoreError::NotFound { what: "suppression", id: id.to_string() })?;
        let unit = self.unit_of(known.scope)?;
        may_suppress(|right| actor.require_for(right, unit))?;
        let detail = json!({ "cve": known.cve });
        let record = audit(actor, Right::Triage, "suppression.end", &id, &detail, now)?;
        Ok(self.store.suppression_end(id, &record)?)
    }

    /// Suppressions that reach what the actor may see, newest first; `active` leaves out those that are
    /// over.
    pub fn suppressions(
        &self,
        actor: &Actor,
        active: bool,
        now: Timestamp,
    ) -> Result<Vec<Suppression>> {
        actor.require(Right::Read)?;
        let scope = actor.scope(Right::Read);
        let mut seen = Vec::new();
        for one in self.store.suppression_list(active.then_some(now), Page::ALL)?.items {
            if one.scope == SuppressionScope::All || scope.contains(self.unit_of(one.scope)?) {
                seen.push(one);
            }
        }
        Ok(seen)
    }

    /// The unit a scope belongs to; none for everything, and for an asset without an owner.
    fn unit_of(&self, scope: SuppressionScope) -> Result<Option<UnitId>> {
        match scope {
            SuppressionScope::All => Ok(None),
            SuppressionScope::Unit(unit) => Ok(Some(unit)),
            SuppressionScope::Asset(asset) => {
                let detail = self.store.asset_get(asset)?;
                let detail =
                    detail.ok_or(StoreError::NotFound { what: "asset", id: asset.to_string() })?;
                let owner =
                    |one: &&belfort_model::ownership::Ownership| one.role == OwnershipRole::Owner;
                Ok(detail.ownerships.iter().find(owner).map(|owner| owner.unit))
            }
        }
    }
}

/// What passing over vulnerabilities takes, at all or of a unit.
fn may_suppress(require: impl Fn(Right) -> std::result::Result<(), Denied>) -> Result<()> {
    require(Right::Triage)?;
    Ok(require(Right::Manage)?)
}
