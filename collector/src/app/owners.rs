//! Who answers for an asset, and who confirmed it.

use belfort_model::id::AssetId;
use belfort_model::ownership::{Method, Ownership, OwnershipRole};
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use serde_json::json;

use super::access::{Actor, Right};
use super::{App, AppError, Result, audit, text};

/// Who shall answer for an asset.
#[derive(Clone, Debug)]
pub struct NewOwner {
    /// Code of the unit.
    pub unit: String,
    /// In which role.
    pub role: OwnershipRole,
    /// Function of the holder; can be empty.
    pub function: String,
}

impl App {
    /// Makes a unit the owner of an asset.
    pub fn owner_set(
        &self,
        actor: &Actor,
        asset: AssetId,
        unit: &str,
        function: &str,
        now: Timestamp,
    ) -> Result<()> {
        let role = OwnershipRole::Owner;
        let new = NewOwner { unit: unit.to_owned(), role, function: function.to_owned() };
        self.owner_assign(actor, asset, &new, None, now)
    }

    /// Makes a unit answer for an asset in a role. It takes the right for the unit that owns it and for
    /// the one that shall. What a person sets is confirmed by that person.
    pub fn owner_assign(
        &self,
        actor: &Actor,
        asset: AssetId,
        new: &NewOwner,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<()> {
        let detail = self.held(actor, Right::Manage, asset)?;
        let unit = self.unit(&new.unit)?;
        actor.require_for(Right::Manage, Some(unit.id))?;
        if !unit.is_active(now) {
            let reason = format!("unit `{}` has ended: it cannot answer for an asset", unit.code);
            return Err(AppError::Invalid(reason));
        }
        let function = match new.function.as_str() {
            "" => String::new(),
            function => text("function", function, 200)?,
        };
        let before = detail.ownerships.iter().find(|one| one.role == new.role);
        let record = json!({
            "unit": unit.code, "role": new.role.as_str(), "function": function,
            "method": "manual", "before": before,
        });
        let record = audit(actor, Right::Manage, "owner.set", &asset, &record, now)?;
        let ownership = Ownership {
            asset,
            unit: unit.id,
            role: new.role,
            function,
            valid_from: now,
            valid_to: None,
            confirmed_at: Some(now),
            confirmed_by: actor.name.clone(),
            method: Method::Manual,
        };
        Ok(self.store.owner_change(&ownership, expected, &record)?)
    }

    /// Confirms that a unit answers for an asset: for its head of service, or whoever stands above.
    pub fn owner_confirm(
        &self,
        actor: &Actor,
        asset: AssetId,
        role: OwnershipRole,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<()> {
        actor.require(Right::Confirm)?;
        let detail = self.visible(actor, asset)?;
        let seen = detail.ownerships.into_iter().find(|one| one.role == role);
        let seen = seen.ok_or_else(|| nobody(asset, role))?;
        actor.require_for(Right::Confirm, Some(seen.unit))?;
        let record = json!({ "role": role.as_str(), "unit": seen.unit, "function": seen.function });
        let record = audit(actor, Right::Confirm, "owner.confirm", &asset, &record, now)?;
        Ok(self.store.owner_confirm(&seen, expected, &record)?)
    }

    /// Ends who answers for an asset in a role. An owner is replaced, never only ended: an asset that had
    /// an owner keeps one.
    pub fn owner_end(
        &self,
        actor: &Actor,
        asset: AssetId,
        role: OwnershipRole,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<()> {
        let detail = self.held(actor, Right::Manage, asset)?;
        if role == OwnershipRole::Owner {
            let reason = "an asset has exactly one owner: set another instead".to_owned();
            return Err(StoreError::Refused(reason).into());
        }
        let before = detail.ownerships.iter().find(|one| one.role == role);
        let before = before.ok_or_else(|| nobody(asset, role))?;
        let record = json!({ "role": role.as_str(), "before": before });
        let record = audit(actor, Right::Manage, "owner.end", &asset, &record, now)?;
        Ok(self.store.owner_end(asset, role, expected, &record)?)
    }

    /// All who answered for an asset, newest first.
    pub fn owner_history(&self, actor: &Actor, asset: AssetId) -> Result<Vec<Ownership>> {
        self.visible(actor, asset)?;
        Ok(self.store.ownership_history(asset)?)
    }
}

fn nobody(asset: AssetId, role: OwnershipRole) -> AppError {
    StoreError::NotFound { what: "ownership", id: format!("{asset} {role}") }.into()
}
