//! Data sets and applications, and which asset holds what.

use belfort_model::asset::{Asset, AssetKind, Authorised, Source};
use belfort_model::data_set::{DataLink, DataSet, PersonalData, RecordsBand, Relation};
use belfort_model::id::AssetId;
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use serde_json::json;
use uuid::Uuid;

use super::access::{Actor, Right};
use super::{App, AppError, Result, audit, text};

/// What is said of a data set; nothing stays as it is.
#[derive(Clone, Debug, Default)]
pub struct DataSetEdit {
    /// What personal data it holds.
    pub personal_data: Option<PersonalData>,
    /// How many records.
    pub records: Option<RecordsBand>,
    /// Identifiers in the register of processing activities.
    pub register_ids: Option<Vec<String>>,
    /// How long it is kept.
    pub retention: Option<String>,
}

/// Most identifiers of processing activities on one data set.
const REGISTER_IDS: usize = 50;

impl DataSetEdit {
    fn apply(&self, set: &mut DataSet) -> Result<()> {
        if let Some(personal_data) = self.personal_data {
            set.personal_data = personal_data;
        }
        if let Some(records) = self.records {
            set.records = records;
        }
        if let Some(ids) = &self.register_ids {
            let mut ids =
                ids.iter().map(|id| text("register_ids", id, 100)).collect::<Result<Vec<_>>>()?;
            ids.sort();
            ids.dedup();
            if ids.len() > REGISTER_IDS {
                let reason = format!("register_ids: at most {REGISTER_IDS}");
                return Err(AppError::Invalid(reason));
            }
            set.register_ids = ids;
        }
        if let Some(retention) = &self.retention {
            set.retention = match retention.trim() {
                "" => String::new(),
                retention => text("retention", retention, 500)?,
            };
        }
        Ok(())
    }
}

impl App {
    /// Adds a data set of which only the personal data are known.
    pub fn data_set_create(
        &self,
        actor: &Actor,
        name: &str,
        personal_data: PersonalData,
        now: Timestamp,
    ) -> Result<Asset> {
        let edit = DataSetEdit { personal_data: Some(personal_data), ..DataSetEdit::default() };
        self.data_set_add(actor, name, &edit, now)
    }

    /// Adds a data set.
    pub fn data_set_add(
        &self,
        actor: &Actor,
        name: &str,
        edit: &DataSetEdit,
        now: Timestamp,
    ) -> Result<Asset> {
        // It belongs to nobody yet: only who may change the whole register adds it.
        actor.require_for(Right::Manage, None)?;
        let (id, name) = (AssetId(Uuid::now_v7()), text("name", name, 200)?);
        let new = Asset::new(id, AssetKind::DataSet, name, Source::Manual, now);
        let asset = Asset { authorised: Authorised::Yes, ..new };
        let mut set = DataSet::new(id, PersonalData::None);
        edit.apply(&mut set)?;
        let detail = json!({ "name": asset.name, "data_set": set });
        let record = audit(actor, Right::Manage, "data_set.create", &id, &detail, now)?;
        self.store.data_set_insert(&asset, &set, &record)?;
        Ok(asset)
    }

    /// Changes what is said of a data set.
    pub fn data_set_edit(
        &self,
        actor: &Actor,
        id: AssetId,
        edit: &DataSetEdit,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<()> {
        let detail = self.held(actor, Right::Manage, id)?;
        // What was read is written: on another version nothing is.
        let expected = expected.or(Some(detail.summary.version));
        let before = detail.data_set.ok_or_else(|| {
            StoreError::Refused(format!("asset `{}` is no data set", detail.summary.asset.name))
        })?;
        let mut after = before.clone();
        edit.apply(&mut after)?;
        if after == before {
            return Ok(());
        }
        let record = json!({ "before": before, "after": after });
        let record = audit(actor, Right::Manage, "data_set.edit", &id, &record, now)?;
        Ok(self.store.data_set_update(&after, expected, &record)?)
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
        self.held(actor, Right::Manage, asset)?;
        self.visible(actor, data_set)?;
        let detail = json!({ "relation": relation.as_str(), "data_set": data_set });
        let record = audit(actor, Right::Manage, "data_link.add", &asset, &detail, now)?;
        Ok(self.store.data_link_insert(&DataLink { asset, relation, data_set }, &record)?)
    }

    /// Removes a link; no rule adds it again.
    pub fn data_unlink(
        &self,
        actor: &Actor,
        asset: AssetId,
        relation: Relation,
        data_set: AssetId,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<()> {
        self.held(actor, Right::Manage, asset)?;
        let detail = json!({ "relation": relation.as_str(), "data_set": data_set });
        let record = audit(actor, Right::Manage, "data_link.remove", &asset, &detail, now)?;
        let link = DataLink { asset, relation, data_set };
        Ok(self.store.data_link_remove(&link, expected, &record)?)
    }
}
