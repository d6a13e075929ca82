//! Assets from a table: matched by id, serial number or name.

use std::collections::BTreeMap;

use belfort_model::asset::{Asset, AssetKind, Authorised, Lifecycle, Source};
use belfort_model::classification::{Classification, ClassificationStatus, REVIEW_DAYS};
use belfort_model::data_set::{DataSet, PersonalData};
use belfort_model::evidence::{Evidence, EvidenceKind};
use belfort_model::id::AssetId;
use belfort_model::ownership::{Method, Ownership, OwnershipRole};
use belfort_model::scale::Biv;
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;
use belfort_store::record::{AssetDetail, ChangeRecord, ImportedAsset};
use serde_json::json;
use uuid::Uuid;

use super::columns::{ASSET, Columns};
use super::table::Table;
use super::{ImportLine, Planned, RowAction};
use crate::app::access::{Actor, Right};
use crate::app::assets::{AssetEdit, changes, told};
use crate::app::work::Progress;
use crate::app::{App, Result, audit};

/// An asset as it will be.
pub(super) type Write = ImportedAsset;

/// Why a row cannot be imported, or why nothing can.
type Row<T> = std::result::Result<T, String>;

/// What every row is read with.
struct Reader<'a> {
    app: &'a App,
    actor: &'a Actor,
    columns: Columns,
    units: BTreeMap<String, OrgUnit>,
    now: Timestamp,
}

impl App {
    pub(super) fn assets_plan(
        &self,
        actor: &Actor,
        table: &Table,
        progress: &Progress,
        now: Timestamp,
    ) -> Result<Planned<Write>> {
        let (columns, mut ignored) = Columns::of(table, ASSET)?;
        if columns.has("assumed") {
            // An export says which class counts, which is not the asset's own.
            ignored.push("b, i, v (of an export: the classes that count)".to_owned());
        }
        let units = self.store.unit_list()?;
        let units = units.into_iter().map(|unit| (unit.code.to_lowercase(), unit)).collect();
        let reader = Reader { app: self, actor, columns, units, now };
        let mut plan = Planned::new(ignored);
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        progress.begin(table.rows.len());
        for (number, cells) in &table.rows {
            progress.step();
            match reader.row(cells) {
                Ok((keys, line, write)) => {
                    let twice = keys.iter().find_map(|key| seen.get(key).map(|row| (key, *row)));
                    if let Some((key, first)) = twice {
                        plan.error(*number, format!("{key} stands in row {first} already"));
                        continue;
                    }
                    seen.extend(keys.into_iter().map(|key| (key, *number)));
                    plan.lines.push(ImportLine { row: *number, ..line });
                    plan.writes.extend(write);
                }
                Err(reason) => plan.error(*number, reason),
            }
        }
        Ok(plan)
    }
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Reader<'_> {
    /// Reads a row: what it is known by, what it does, and what is written.
    fn row(&self, cells: &[String]) -> Row<(Vec<String>, ImportLine, Option<Write>)> {
        let get = |field| self.columns.get(cells, field);
        let kind: Option<AssetKind> = self.columns.value(cells, "kind")?;
        let serial = match get("serial") {
            Some(text) => {
                Some(Evidence::new(EvidenceKind::SystemSerial, text).ok_or_else(|| {
                    format!("serial: `{text}` is a placeholder, no serial number")
                })?)
            }
            None => None,
        };
        let known = self.known(cells, kind, serial.as_ref())?;
        let before = known.as_ref().map(|detail| detail.summary.asset.clone());
        let mut asset = if let Some(asset) = &before {
            asset.clone()
        } else {
            let name = get("name").ok_or("name: is empty")?;
            let id = AssetId(Uuid::now_v7());
            let kind = kind.unwrap_or(AssetKind::Device);
            let new = Asset::new(id, kind, name, Source::Import, self.now);
            Asset { authorised: Authorised::Yes, ..new }
        };
        self.lifecycle(cells, before.is_some(), &mut asset)?;
        let edit = self.edit(cells)?;
        let (_, by_hand) = edit.apply(self.app, &mut asset, self.now).map_err(said)?;
        let owner = self.owner(cells, &asset, known.as_ref())?;
        let classification = self.class(cells, &asset, known.as_ref())?;
        let data_set = self.data_set(cells, &asset, known.as_ref())?;
        let has_serial = known.as_ref().is_some_and(|detail| {
            serial.as_ref().is_some_and(|serial| detail.evidence.contains(serial))
        });
        let evidence: Vec<_> = serial.clone().filter(|_| !has_serial).into_iter().collect();

        let mut changed = match &before {
            Some(before) => changes(before, &asset, self.now),
            None => Vec::new(),
        };
        for piece in &evidence {
            changed.push(self.change("serial", None, piece.value.clone()));
        }
        let mut shown = shown(&changed);
        if let Some((_, before, after)) = &owner {
            shown.push(("owner".to_owned(), before.clone(), after.clone()));
        }
        if let Some((class, before)) = &classification {
            let after = format!("{} (proposed)", class.biv);
            shown.push(("class".to_owned(), before.clone(), after));
        }
        let key = get("serial").unwrap_or(&asset.name).to_owned();
        let mut keys = vec![format!("asset `{}`", asset.id)];
        keys.extend(serial.map(|serial| format!("serial number `{}`", serial.value)));
        if keys.len() == 1 && before.is_none() {
            keys.push(format!("{} `{}`", asset.kind, asset.name.to_lowercase()));
        }
        let action = match &before {
            None => RowAction::New,
            Some(_) if shown.is_empty() => RowAction::Same,
            Some(_) => RowAction::Changed,
        };
        if action == RowAction::New {
            shown.splice(
                0..0,
                [
                    ("name".to_owned(), String::new(), asset.name.clone()),
                    ("kind".to_owned(), String::new(), asset.kind.to_string()),
                ],
            );
        }
        let line = ImportLine { row: 0, action, key, changes: shown };
        if action == RowAction::Same {
            return Ok((keys, line, None));
        }
        let detail = json!({
            "method": "import", "new": before.is_none(), "name": asset.name,
            "changes": told(&changed),
            "owner": owner.as_ref().map(|(owner, ..)| owner),
            "class": classification.as_ref().map(|(class, _)| class.biv),
        });
        let record = audit(self.actor, Right::Manage, "asset.import", &asset.id, &detail, self.now);
        let write = ImportedAsset {
            expected: known.as_ref().map(|detail| detail.summary.version),
            data_set,
            evidence,
            owner: owner.map(|(owner, ..)| owner),
            classification: classification.map(|(class, _)| class),
            by_hand,
            changes: changed,
            audit: record.map_err(said)?,
            asset,
        };
        Ok((keys, line, Some(write)))
    }

    /// The asset a row is about, when it is known: by its id, else its serial number, else its name.
    fn known(
        &self,
        cells: &[String],
        kind: Option<AssetKind>,
        serial: Option<&Evidence>,
    ) -> Row<Option<AssetDetail>> {
        let store = &self.app.store;
        let get = |id| store.asset_get(id).map_err(said);
        if let Some(text) = self.columns.get(cells, "id") {
            let id = text.parse().map_err(|_| format!("id: `{text}` is no id"))?;
            return get(id)?.map(Some).ok_or_else(|| format!("id: there is no asset `{text}`"));
        }
        if let Some(serial) = serial {
            match store.evidence_carriers(serial).map_err(said)?.as_slice() {
                [] => {}
                [one] => return get(*one),
                several => {
                    let reason = format!(
                        "serial: {} assets carry `{}`: say which by id",
                        several.len(),
                        serial.value
                    );
                    return Err(reason);
                }
            }
        }
        let Some(name) = self.columns.get(cells, "name") else { return Ok(None) };
        let wanted = kind.unwrap_or(AssetKind::Device);
        let mut found = store.asset_find(name).map_err(said)?;
        found.retain(|one| {
            one.asset.kind == wanted && one.asset.name.to_lowercase() == name.to_lowercase()
        });
        match found.as_slice() {
            [] => Ok(None),
            [one] => {
                let detail = get(one.asset.id)?;
                // Of the same name with another serial number: another machine.
                let differs = serial.is_some()
                    && detail.as_ref().is_some_and(|detail| {
                        detail.evidence.iter().any(|one| one.kind == EvidenceKind::SystemSerial)
                    });
                Ok(detail.filter(|_| !differs))
            }
            several => Err(format!(
                "name: {} assets are called `{name}`: say which by id or serial number",
                several.len()
            )),
        }
    }

    fn lifecycle(&self, cells: &[String], is_known: bool, asset: &mut Asset) -> Row<()> {
        match self.columns.value::<Lifecycle>(cells, "lifecycle")? {
            Some(state) if is_known && state != asset.lifecycle => Err(format!(
                "lifecycle: the asset is {}, and moves in its life cycle are not imported",
                asset.lifecycle
            )),
            Some(state) if !is_known && state.is_over() => {
                Err(format!("lifecycle: a new asset is not {state}"))
            }
            Some(state) => {
                asset.lifecycle = state;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn edit(&self, cells: &[String]) -> Row<AssetEdit> {
        let text = |field| self.columns.get(cells, field).map(str::to_owned);
        let labels = text("labels").map(|labels| {
            labels
                .split([',', '|'])
                .map(str::to_owned)
                .filter(|one| !one.trim().is_empty())
                .collect()
        });
        Ok(AssetEdit {
            name: text("name"),
            subtype: self.columns.value(cells, "subtype")?,
            legal_entity: text("legal_entity"),
            site: text("site"),
            environment: self.columns.value(cells, "environment")?,
            exposure: self.columns.value(cells, "exposure")?,
            authorised: self.columns.value(cells, "authorised")?,
            labels: None,
            add_labels: labels.unwrap_or_default(),
            remove_labels: Vec::new(),
        })
    }

    /// The owner a row sets, with the one before and after in words; nothing when it is the same.
    fn owner(
        &self,
        cells: &[String],
        asset: &Asset,
        known: Option<&AssetDetail>,
    ) -> Row<Option<(Ownership, String, String)>> {
        let Some(code) = self.columns.get(cells, "owner") else { return Ok(None) };
        let unit = self.units.get(&code.to_lowercase());
        let unit = unit.ok_or_else(|| format!("owner: there is no unit `{code}`"))?;
        if !unit.is_active(self.now) {
            return Err(format!("owner: unit `{code}` has ended"));
        }
        let current = known.and_then(|detail| detail.summary.owner.as_ref());
        let function = self.columns.get(cells, "function").map(str::to_owned);
        if function.as_ref().is_some_and(|text| text.chars().count() > 200) {
            return Err("function: has more than 200 characters".to_owned());
        }
        let same_unit = current.filter(|owner| owner.unit == unit.id);
        // An empty cell leaves the function as it is.
        let function =
            function.or_else(|| same_unit.map(|owner| owner.function.clone())).unwrap_or_default();
        if same_unit.is_some_and(|owner| owner.function == function) {
            return Ok(None);
        }
        let words = |code: &str, function: &str| match function {
            "" => code.to_owned(),
            function => format!("{code} ({function})"),
        };
        let before = known.and_then(|detail| {
            let (unit, owner) =
                (detail.summary.owner_unit.as_ref()?, detail.summary.owner.as_ref()?);
            Some(words(&unit.code, &owner.function))
        });
        let after = words(&unit.code, &function);
        let owner = Ownership {
            asset: asset.id,
            unit: unit.id,
            role: OwnershipRole::Owner,
            function,
            valid_from: self.now,
            valid_to: None,
            confirmed_at: None,
            confirmed_by: String::new(),
            method: Method::Import,
        };
        Ok(Some((owner, before.unwrap_or_default(), after)))
    }

    /// The class a row proposes, with the one before; nothing when it is decided or proposed already.
    fn class(
        &self,
        cells: &[String],
        asset: &Asset,
        known: Option<&AssetDetail>,
    ) -> Row<Option<(Classification, String)>> {
        if self.columns.has("assumed") {
            return Ok(None);
        }
        let get = |field| self.columns.get(cells, field);
        let (b, i, v) = match (get("b"), get("i"), get("v")) {
            (None, None, None) => return Ok(None),
            (Some(b), Some(i), Some(v)) => (b, i, v),
            _ => return Err("class: give b, i and v, or none of them".to_owned()),
        };
        let scheme = self.app.registry.scheme(get("scheme").unwrap_or_default()).map_err(said)?;
        let level = |value| scheme.level(value).map_err(said);
        let biv = Biv::new(level(b)?, level(i)?, level(v)?);
        let current = known.and_then(|detail| detail.classification.as_ref());
        if current.is_some_and(|class| class.biv == biv && class.scheme == scheme.name) {
            return Ok(None);
        }
        let history = match known {
            Some(_) => self.app.store.classification_history(asset.id).map_err(said)?,
            None => Vec::new(),
        };
        let is_proposed = history.first().is_some_and(|newest| {
            newest.status == ClassificationStatus::Proposed
                && newest.biv == biv
                && newest.scheme == scheme.name
        });
        if is_proposed {
            return Ok(None);
        }
        let class = Classification {
            subject: asset.id,
            scheme: scheme.name.clone(),
            biv,
            basis: "import".to_owned(),
            decided_by: self.actor.name.clone(),
            decided_at: self.now,
            review_due: self.now.plus_days(REVIEW_DAYS),
            status: ClassificationStatus::Proposed,
            method: Method::Import,
        };
        let before = current.map(|class| class.biv.to_string()).unwrap_or_default();
        Ok(Some((class, before)))
    }

    fn data_set(
        &self,
        cells: &[String],
        asset: &Asset,
        known: Option<&AssetDetail>,
    ) -> Row<Option<DataSet>> {
        let personal: Option<PersonalData> = self.columns.value(cells, "personal_data")?;
        let current = known.and_then(|detail| detail.data_set.as_ref());
        match (asset.kind, personal, known) {
            (AssetKind::DataSet, personal, None) => {
                Ok(Some(DataSet::new(asset.id, personal.unwrap_or(PersonalData::None))))
            }
            (AssetKind::DataSet, Some(personal), Some(_)) => {
                if current.is_some_and(|set| set.personal_data == personal) {
                    return Ok(None);
                }
                Err("personal_data: of a known data set it is edited, not imported".to_owned())
            }
            (AssetKind::DataSet, None, Some(_)) | (_, None, _) => Ok(None),
            (kind, Some(_), _) => {
                Err(format!("personal_data: belongs to a data set, this is a {kind}"))
            }
        }
    }

    fn change(&self, subject: &str, before: Option<String>, after: String) -> ChangeRecord {
        ChangeRecord {
            at: self.now,
            section: "asset".to_owned(),
            subject: subject.to_owned(),
            before,
            after: Some(after),
        }
    }
}

fn shown(changes: &[ChangeRecord]) -> Vec<(String, String, String)> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    changes.iter().map(|one| (one.subject.clone(), text(&one.before), text(&one.after))).collect()
}
