//! Assets: found within what somebody may see, entered and edited by hand.

use belfort_model::asset::{
    self, Asset, AssetKind, Authorised, Environment, Exposure, Lifecycle, Source, Subtype,
};
use belfort_model::id::AssetId;
use belfort_model::rule::{SITE_TARGET, SUBTYPE_TARGET, label_target};
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{AssetDetail, ChangeRecord};
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::{Actor, Right};
use super::{App, AppError, Result, audit, text};

pub use super::classes::NewClass;
pub use super::units::NewUnit;

/// What is said of an asset; nothing stays as it is.
#[derive(Clone, Debug, Default)]
pub struct AssetEdit {
    /// Name. That of a device comes back with its next report.
    pub name: Option<String>,
    /// Form. Reports leave it alone from now on.
    pub subtype: Option<Subtype>,
    /// Legal entity; empty for unknown.
    pub legal_entity: Option<String>,
    /// Site code; empty for unknown.
    pub site: Option<String>,
    /// What it is used for.
    pub environment: Option<Environment>,
    /// From where it can be reached.
    pub exposure: Option<Exposure>,
    /// Whether it may be there.
    pub authorised: Option<Authorised>,
    /// All its labels.
    pub labels: Option<Vec<String>>,
    /// Labels to add.
    pub add_labels: Vec<String>,
    /// Labels to take away.
    pub remove_labels: Vec<String>,
}

/// An asset that no agent reports.
#[derive(Clone, Debug)]
pub struct NewAsset {
    /// What kind of thing it is; a data set is added as one.
    pub kind: AssetKind,
    /// Where it is in its life cycle.
    pub lifecycle: Lifecycle,
    /// What is said of it; its name is needed.
    pub edit: AssetEdit,
}

impl AssetEdit {
    /// Puts the values in; answers what changes and which values rules and reports leave alone from now
    /// on.
    pub(super) fn apply(
        &self,
        app: &App,
        asset: &mut Asset,
        now: Timestamp,
    ) -> Result<(Vec<ChangeRecord>, Vec<String>)> {
        let before = asset.clone();
        let invalid = |error: asset::TagError| AppError::Invalid(error.to_string());
        let mut by_hand = Vec::new();
        if let Some(name) = &self.name {
            asset.name = text("name", name, 200)?;
        }
        if let Some(code) = &self.legal_entity {
            asset.legal_entity = app.registry.legal_entity(code)?;
        }
        if let Some(site) = &self.site {
            asset.site = asset::site(site).map_err(invalid)?;
            by_hand.push(SITE_TARGET.to_owned());
        }
        if let Some(subtype) = self.subtype {
            asset.subtype = subtype;
            by_hand.push(SUBTYPE_TARGET.to_owned());
        }
        asset.environment = self.environment.unwrap_or(asset.environment);
        asset.exposure = self.exposure.unwrap_or(asset.exposure);
        asset.authorised = self.authorised.unwrap_or(asset.authorised);
        if let Some(labels) = &self.labels {
            asset.labels = asset::labels(labels).map_err(invalid)?;
        }
        if !self.add_labels.is_empty() || !self.remove_labels.is_empty() {
            let remove = asset::labels(&self.remove_labels).map_err(invalid)?;
            let mut labels: Vec<_> =
                asset.labels.iter().filter(|label| !remove.contains(label)).cloned().collect();
            labels.extend(self.add_labels.iter().cloned());
            asset.labels = asset::labels(&labels).map_err(invalid)?;
        }
        let removed = before.labels.iter().filter(|label| !asset.labels.contains(label));
        let added = asset.labels.iter().filter(|label| !before.labels.contains(label));
        by_hand.extend(removed.chain(added).map(|label| label_target(label)));
        Ok((changes(&before, asset, now), by_hand))
    }
}

/// What people change on an asset, field by field, for its history.
pub(super) fn changes(before: &Asset, after: &Asset, now: Timestamp) -> Vec<ChangeRecord> {
    let fields = |asset: &Asset| {
        [
            ("name", asset.name.clone()),
            ("subtype", asset.subtype.to_string()),
            ("legal_entity", asset.legal_entity.clone()),
            ("site", asset.site.clone()),
            ("environment", asset.environment.to_string()),
            ("exposure", asset.exposure.to_string()),
            ("authorised", asset.authorised.to_string()),
            ("labels", asset.labels.join(", ")),
        ]
    };
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    fields(before)
        .into_iter()
        .zip(fields(after))
        .filter(|((_, before), (_, after))| before != after)
        .map(|((subject, before), (_, after))| ChangeRecord {
            at: now,
            section: "asset".to_owned(),
            subject: subject.to_owned(),
            before: some(before),
            after: some(after),
        })
        .collect()
}

/// Changes as the audit log keeps them.
pub(super) fn told(changes: &[ChangeRecord]) -> Value {
    let told = changes.iter().map(|change| {
        (change.subject.clone(), json!({ "before": change.before, "after": change.after }))
    });
    Value::Object(told.collect())
}

impl App {
    /// One asset, as far as the actor may see it. What lies outside is as if it were not there.
    pub fn visible(&self, actor: &Actor, id: AssetId) -> Result<AssetDetail> {
        actor.require(Right::Read)?;
        let found = self.store.asset_get(id)?;
        let scope = actor.scope(Right::Read);
        found
            .filter(|detail| scope.contains(detail.summary.owner_unit.as_ref().map(|u| u.id)))
            .ok_or_else(|| no_asset(&id.to_string()))
    }

    /// One asset the actor has this right for.
    pub(super) fn held(&self, actor: &Actor, right: Right, id: AssetId) -> Result<AssetDetail> {
        actor.require(right)?;
        let detail = self.visible(actor, id)?;
        actor.require_for(right, detail.summary.owner_unit.as_ref().map(|unit| unit.id))?;
        Ok(detail)
    }

    /// The one asset a text names, among those the actor may see: its id, the beginning of its id, or its
    /// name.
    pub fn asset_in_sight(&self, actor: &Actor, text: &str) -> Result<AssetDetail> {
        actor.require(Right::Read)?;
        let scope = actor.scope(Right::Read);
        let within = |unit: Option<belfort_model::id::UnitId>| scope.contains(unit);
        self.asset_within(text, &within)
    }

    /// The one asset a text names: its id, the beginning of its id, or its name.
    pub fn asset(&self, text: &str) -> Result<AssetDetail> {
        self.asset_within(text, &|_| true)
    }

    fn asset_within(
        &self,
        text: &str,
        within: &dyn Fn(Option<belfort_model::id::UnitId>) -> bool,
    ) -> Result<AssetDetail> {
        let id = if let Ok(id) = text.parse::<AssetId>() {
            id
        } else {
            let mut found = self.store.asset_find(text)?;
            found.retain(|one| within(one.owner_unit.as_ref().map(|unit| unit.id)));
            match found.as_slice() {
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
            }
        };
        let found = self.store.asset_get(id)?;
        found
            .filter(|one| within(one.summary.owner_unit.as_ref().map(|unit| unit.id)))
            .ok_or_else(|| no_asset(text))
    }

    /// Enters an asset that no agent reports: an application, a service, a device, software.
    pub fn asset_add(&self, actor: &Actor, new: &NewAsset, now: Timestamp) -> Result<Asset> {
        // It belongs to nobody yet: only who may change the whole register adds it.
        actor.require_for(Right::Manage, None)?;
        if new.kind == AssetKind::DataSet {
            let reason = "a data set says what personal data it holds: add it as a data set";
            return Err(AppError::Invalid(reason.to_owned()));
        }
        if new.lifecycle.is_over() {
            let reason =
                format!("lifecycle: a new asset is not {}: enter it, then move it", new.lifecycle);
            return Err(AppError::Invalid(reason));
        }
        let Some(name) = &new.edit.name else {
            return Err(AppError::Invalid("name: an asset needs a name".to_owned()));
        };
        let id = AssetId(Uuid::now_v7());
        let mut asset = Asset::new(id, new.kind, text("name", name, 200)?, Source::Manual, now);
        asset.lifecycle = new.lifecycle;
        asset.authorised = Authorised::Yes;
        let (_, by_hand) = new.edit.apply(self, &mut asset, now)?;
        let record =
            audit(actor, Right::Manage, "asset.add", &id, &json!({ "asset": asset }), now)?;
        let import = belfort_store::record::ImportedAsset {
            asset: asset.clone(),
            expected: None,
            data_set: None,
            evidence: vec![],
            owner: None,
            classification: None,
            by_hand,
            changes: vec![],
            audit: record,
        };
        self.store.asset_import(&[import])?;
        Ok(asset)
    }

    /// Changes what people say of an asset. Answers its version.
    pub fn asset_edit(
        &self,
        actor: &Actor,
        id: AssetId,
        edit: &AssetEdit,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<u64> {
        let detail = self.held(actor, Right::Manage, id)?;
        let mut asset = detail.summary.asset;
        let (changes, by_hand) = edit.apply(self, &mut asset, now)?;
        if changes.is_empty() && by_hand.is_empty() {
            return Ok(detail.summary.version);
        }
        let record = audit(actor, Right::Manage, "asset.edit", &id, &told(&changes), now)?;
        // What was read is written: on another version nothing is.
        let expected = expected.or(Some(detail.summary.version));
        Ok(self.store.asset_update(&asset, expected, &changes, &by_hand, &record)?)
    }
}

pub(super) fn no_asset(text: &str) -> AppError {
    AppError::Store(StoreError::NotFound { what: "asset", id: text.to_owned() })
}
