//! Organisational units: made, renamed, moved, ended.

use belfort_model::id::UnitId;
use belfort_model::time::Timestamp;
use belfort_model::unit::{self, OrgUnit, UnitKind};
use serde_json::json;
use uuid::Uuid;

use super::access::{Actor, Right};
use super::{App, AppError, Result, audit, text};

/// What an organisational unit is made from.
#[derive(Clone, Debug)]
pub struct NewUnit {
    /// Short code.
    pub code: String,
    /// Name.
    pub name: String,
    /// What it is.
    pub kind: UnitKind,
    /// Code of the unit it is part of.
    pub parent: Option<String>,
}

/// What changes on a unit; nothing stays as it is.
#[derive(Clone, Debug, Default)]
pub struct UnitEdit {
    /// Name.
    pub name: Option<String>,
    /// What it is.
    pub kind: Option<UnitKind>,
    /// Code of the unit it is part of; empty for none.
    pub parent: Option<String>,
    /// Until when it exists; nothing inside for without end.
    pub active_to: Option<Option<Timestamp>>,
}

impl App {
    /// Adds an organisational unit.
    pub fn unit_create(&self, actor: &Actor, new: &NewUnit, now: Timestamp) -> Result<OrgUnit> {
        actor.require(Right::Manage)?;
        unit::check(&new.code, &new.name).map_err(|e| AppError::Invalid(e.to_string()))?;
        let parent = new.parent.as_deref().map(|code| self.unit(code)).transpose()?;
        actor.require_for(Right::Manage, parent.as_ref().map(|parent| parent.id))?;
        let unit = OrgUnit {
            id: UnitId(Uuid::now_v7()),
            code: new.code.clone(),
            name: text("name", &new.name, 200)?,
            kind: new.kind,
            parent: parent.map(|parent| parent.id),
            active_from: now,
            active_to: None,
        };
        let detail = json!({
            "code": unit.code, "name": unit.name, "kind": unit.kind.as_str(), "parent": new.parent,
        });
        let record = audit(actor, Right::Manage, "unit.create", &unit.id, &detail, now)?;
        self.store.unit_insert(&unit, &record)?;
        Ok(unit)
    }

    /// The unit with this code.
    pub fn unit(&self, code: &str) -> Result<OrgUnit> {
        self.store
            .unit_by_code(code)?
            .ok_or_else(|| AppError::Invalid(format!("there is no unit with code `{code}`")))
    }

    /// Keeps that a unit was reminded of so many assets whose owner is to be confirmed. The message itself is
    /// sent by who reminds: the collector sends no mail.
    pub fn unit_remind(&self, actor: &Actor, code: &str, count: u64, now: Timestamp) -> Result<()> {
        let Some(unit) = self.store.unit_by_code(code)? else {
            let id = code.to_owned();
            return Err(belfort_store::StoreError::NotFound { what: "unit", id }.into());
        };
        actor.require_for(Right::Manage, Some(unit.id))?;
        let detail = json!({ "code": unit.code, "to_confirm": count });
        let record = audit(actor, Right::Manage, "unit.remind", &unit.id, &detail, now)?;
        Ok(self.store.audit_add(&record)?)
    }

    /// Changes a unit. Moving it takes the right for where it goes, too.
    pub fn unit_edit(
        &self,
        actor: &Actor,
        code: &str,
        edit: &UnitEdit,
        now: Timestamp,
    ) -> Result<OrgUnit> {
        actor.require(Right::Manage)?;
        let Some(mut unit) = self.store.unit_by_code(code)? else {
            let id = code.to_owned();
            return Err(belfort_store::StoreError::NotFound { what: "unit", id }.into());
        };
        actor.require_for(Right::Manage, Some(unit.id))?;
        let before = unit.clone();
        if let Some(name) = &edit.name {
            unit.name = text("name", name, 200)?;
        }
        if let Some(kind) = edit.kind {
            unit.kind = kind;
        }
        if let Some(parent) = &edit.parent {
            let parent = match parent.as_str() {
                "" => None,
                code => Some(self.unit(code)?.id),
            };
            actor.require_for(Right::Manage, parent)?;
            if let Some(parent) = parent {
                unit::check_parent(&unit, parent, &self.store.unit_list()?)
                    .map_err(|error| belfort_store::StoreError::Refused(error.to_string()))?;
            }
            unit.parent = parent;
        }
        if let Some(end) = edit.active_to {
            if end.is_some_and(|end| end < unit.active_from) {
                let reason = "active_to: a unit cannot end before it began".to_owned();
                return Err(AppError::Invalid(reason));
            }
            unit.active_to = end;
        }
        if unit == before {
            return Ok(unit);
        }
        let detail = json!({ "code": unit.code, "before": before, "after": unit });
        let record = audit(actor, Right::Manage, "unit.edit", &unit.id, &detail, now)?;
        // What was read is written: where it is otherwise by now nothing is.
        self.store.unit_update(&unit, &before, &record)?;
        Ok(unit)
    }
}
