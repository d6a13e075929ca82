//! Assets, units, owners, classes and data sets.

use belfort_model::asset::{
    Asset, AssetKind, Authorised, Environment, Exposure, Lifecycle, Source, Subtype,
};
use belfort_model::classification::{
    Classification, ClassificationStatus, DEFAULT_SCHEME, REVIEW_DAYS,
};
use belfort_model::data_set::{DataLink, DataSet, PersonalData, Relation};
use belfort_model::id::{AssetId, UnitId};
use belfort_model::ownership::{Method, Ownership, OwnershipRole};
use belfort_model::scale::Biv;
use belfort_model::time::Timestamp;
use belfort_model::unit::{self, OrgUnit, UnitKind};
use belfort_store::record::AssetDetail;
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

/// What a classification is made from.
#[derive(Clone, Debug)]
pub struct NewClass {
    /// The levels.
    pub biv: Biv,
    /// Why.
    pub basis: String,
    /// Function of who decided; the actor's name when empty.
    pub decided_by: String,
}

impl App {
    /// Adds an organisational unit.
    pub fn unit_create(&self, actor: &Actor, new: &NewUnit, now: Timestamp) -> Result<OrgUnit> {
        unit::check(&new.code, &new.name).map_err(|e| AppError::Invalid(e.to_string()))?;
        let parent = new.parent.as_deref().map(|code| self.unit(code)).transpose()?;
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

    /// The one asset a text names: its id, the beginning of its id, or its name.
    pub fn asset(&self, text: &str) -> Result<AssetDetail> {
        let id = match text.parse::<AssetId>() {
            Ok(id) => id,
            Err(_) => match self.store.asset_find(text)?.as_slice() {
                [one] => one.asset.id,
                [] => return Err(no_asset(text)),
                several => {
                    let lines: Vec<_> = several
                        .iter()
                        .map(|one| format!("  {}  {}", one.asset.id, one.asset.name))
                        .collect();
                    let lines = lines.join("\n");
                    let reason = format!("`{text}` names several assets, use an id:\n{lines}");
                    return Err(AppError::Invalid(reason));
                }
            },
        };
        self.store.asset_get(id)?.ok_or_else(|| no_asset(text))
    }

    /// Makes a unit the owner of an asset.
    pub fn owner_set(
        &self,
        actor: &Actor,
        asset: AssetId,
        unit: &str,
        function: &str,
        now: Timestamp,
    ) -> Result<()> {
        let unit = self.unit(unit)?;
        let function =
            if function.is_empty() { String::new() } else { text("function", function, 200)? };
        let detail = json!({ "unit": unit.code, "function": function });
        let record = audit(actor, Right::Manage, "owner.set", &asset, &detail, now)?;
        let ownership = Ownership {
            asset,
            unit: unit.id,
            role: OwnershipRole::Owner,
            function,
            valid_from: now,
            valid_to: None,
            confirmed_at: Some(now),
            method: Method::Manual,
        };
        Ok(self.store.owner_set(&ownership, &record)?)
    }

    /// Classifies an asset or data set. What a person enters is confirmed.
    pub fn classify(
        &self,
        actor: &Actor,
        subject: AssetId,
        new: &NewClass,
        now: Timestamp,
    ) -> Result<Classification> {
        let decided_by = if new.decided_by.is_empty() {
            actor.name.clone()
        } else {
            text("decided_by", &new.decided_by, 200)?
        };
        let classification = Classification {
            subject,
            scheme: DEFAULT_SCHEME.to_owned(),
            biv: new.biv,
            basis: text("basis", &new.basis, 2000)?,
            decided_by,
            decided_at: now,
            review_due: now.plus_days(REVIEW_DAYS),
            status: ClassificationStatus::Confirmed,
        };
        let detail = json!({
            "biv": new.biv, "scheme": DEFAULT_SCHEME, "decided_by": classification.decided_by,
        });
        let record = audit(actor, Right::Manage, "classification.set", &subject, &detail, now)?;
        self.store.classification_set(&classification, &record)?;
        Ok(classification)
    }

    /// Adds a data set.
    pub fn data_set_create(
        &self,
        actor: &Actor,
        name: &str,
        personal_data: PersonalData,
        now: Timestamp,
    ) -> Result<Asset> {
        let name = text("name", name, 200)?;
        let asset = Asset {
            id: AssetId(Uuid::now_v7()),
            kind: AssetKind::DataSet,
            subtype: Subtype::Other,
            name,
            legal_entity: String::new(),
            lifecycle: Lifecycle::InUse,
            source: Source::Manual,
            authorised: Authorised::Yes,
            environment: Environment::Production,
            exposure: Exposure::Unknown,
            site: String::new(),
            labels: vec![],
            proposed_unit: None,
            first_seen: now,
            last_seen: now,
        };
        let detail = json!({ "name": asset.name, "personal_data": personal_data.as_str() });
        let record = audit(actor, Right::Manage, "data_set.create", &asset.id, &detail, now)?;
        let data_set = DataSet { asset: asset.id, personal_data };
        self.store.data_set_insert(&asset, &data_set, &record)?;
        Ok(asset)
    }

    /// Links an asset to a data set (or an application).
    pub fn data_link(
        &self,
        actor: &Actor,
        asset: AssetId,
        relation: Relation,
        data_set: AssetId,
        now: Timestamp,
    ) -> Result<()> {
        let detail = json!({ "relation": relation.as_str(), "data_set": data_set });
        let record = audit(actor, Right::Manage, "data_link.add", &asset, &detail, now)?;
        Ok(self.store.data_link_insert(&DataLink { asset, relation, data_set }, &record)?)
    }
}

fn no_asset(text: &str) -> AppError {
    let id = text.to_owned();
    AppError::Store(belfort_store::StoreError::NotFound { what: "asset", id })
}
