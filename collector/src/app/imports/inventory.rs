//! Inventories of GLPI agents: devices where no agent of ours runs yet.

use std::collections::BTreeMap;

use belfort_model::agent::AgentStatus;
use belfort_model::asset::{Asset, AssetKind, Source};
use belfort_model::evidence::Resolution;
use belfort_model::id::{AgentId, AssetId};
use belfort_model::time::Timestamp;
use belfort_store::record::{AssetDetail, ImportedAsset, ReportCommit};
use serde_json::json;
use uuid::Uuid;

use super::{ImportLine, Planned, ROWS, RowAction};
use crate::app::access::{Actor, Right};
use crate::app::work::Progress;
use crate::app::{App, AppError, Result, audit};
use crate::ingest::glpi::{self, Inventory};

/// A device as it will be, and what it holds.
pub(super) type Write = (ImportedAsset, ReportCommit);

impl App {
    pub(super) fn inventories_plan(
        &self,
        actor: &Actor,
        bytes: &[u8],
        progress: &Progress,
        now: Timestamp,
    ) -> Result<Planned<Write>> {
        let read = glpi::read(bytes).map_err(AppError::Invalid)?;
        if read.len() > ROWS {
            return Err(AppError::Invalid(format!("more than {ROWS} inventories: split the file")));
        }
        let mut plan = Planned::new(Vec::new());
        let mut seen: BTreeMap<AssetId, u64> = BTreeMap::new();
        progress.begin(read.len());
        for (number, inventory) in (1_u64..).zip(read) {
            progress.step();
            let planned = inventory.and_then(|inventory| {
                self.inventory_plan(actor, inventory, now).map_err(|error| error.to_string())
            });
            match planned {
                Ok((line, write)) => {
                    if let Some(first) =
                        write.as_ref().and_then(|(one, _)| seen.insert(one.asset.id, number))
                    {
                        plan.error(number, format!("the same device stands in inventory {first}"));
                        continue;
                    }
                    plan.lines.push(ImportLine { row: number, ..line });
                    plan.writes.extend(write);
                }
                Err(reason) => plan.error(number, reason),
            }
        }
        Ok(plan)
    }

    fn inventory_plan(
        &self,
        actor: &Actor,
        inventory: Inventory,
        now: Timestamp,
    ) -> Result<(ImportLine, Option<Write>)> {
        let known = self.machine(&inventory)?;
        if let Some(detail) = &known
            && detail.agents.iter().any(|agent| agent.status == AgentStatus::Active)
        {
            let name = &detail.summary.asset.name;
            let reason =
                format!("an agent reports `{name}` already: its inventory is not imported");
            return Err(AppError::Invalid(reason));
        }
        let held = known.as_ref().map(|detail| detail.sections.as_slice()).unwrap_or_default();
        let has_facts = known.as_ref().is_some_and(|detail| detail.facts.is_some());
        let previous_root = match crate::ingest::held(held) {
            Some(held) if has_facts => Some(held.root().0),
            _ => None,
        };
        let asset = if let Some(detail) = &known {
            Asset { last_seen: now, ..detail.summary.asset.clone() }
        } else {
            let (id, name) = (AssetId(Uuid::now_v7()), inventory.name.clone());
            Asset::new(id, AssetKind::Device, name, Source::Import, now)
        };
        let same = previous_root == Some(inventory.root);
        let action = match (&known, same) {
            (None, _) => RowAction::New,
            (Some(_), true) => RowAction::Same,
            (Some(_), false) => RowAction::Changed,
        };
        let facts = &inventory.facts;
        let before = known.as_ref().and_then(|detail| detail.facts.clone()).unwrap_or_default();
        let fields = [
            ("name", before.host_name, facts.host_name.clone()),
            ("model", before.model, facts.model.clone()),
            ("serial", before.serial, facts.serial.clone()),
            ("system", before.os.name, facts.os.name.clone()),
            ("packages", before.package_count.to_string(), facts.package_count.to_string()),
        ];
        let changes = fields
            .into_iter()
            .filter(|(_, before, after)| before != after)
            .map(|(field, before, after)| (field.to_owned(), before, after))
            .collect();
        let line = ImportLine { row: 0, action, key: inventory.name.clone(), changes };
        if same {
            return Ok((line, None));
        }
        let detail = json!({
            "method": "import", "format": "glpi", "new": known.is_none(), "name": inventory.name,
            "client": inventory.client,
        });
        let record = audit(actor, Right::Manage, "asset.import", &asset.id, &detail, now)?;
        let previous = known.as_ref().and_then(|detail| detail.facts.as_ref());
        let report = ReportCommit {
            // Nobody's: the store checks that no agent reports the asset.
            agent: AgentId(Uuid::nil()),
            asset: asset.id,
            now,
            sequence: 0,
            previous_root,
            root: inventory.root,
            manifest: inventory.manifest,
            new_sections: inventory.sections,
            facts: inventory.facts.clone().following(previous, now),
            name: inventory.name,
            subtype: inventory.subtype,
            evidence: inventory.evidence,
            changes: Vec::new(),
        };
        let import = ImportedAsset {
            expected: known.as_ref().map(|detail| detail.summary.version),
            asset,
            data_set: None,
            evidence: Vec::new(),
            owner: None,
            classification: None,
            by_hand: Vec::new(),
            changes: Vec::new(),
            audit: record,
        };
        Ok((line, Some((import, report))))
    }

    /// The asset a machine is, by the same rules as enrolment: doubt never merges.
    fn machine(&self, inventory: &Inventory) -> Result<Option<AssetDetail>> {
        match self.store.evidence_resolve(&inventory.evidence)? {
            Resolution::Same { asset, .. } => Ok(self.store.asset_get(asset)?),
            Resolution::New => Ok(None),
            Resolution::Doubtful(assets) => {
                // An asset that came from a list is known by its serial number alone.
                let [only] = assets.as_slice() else { return Ok(None) };
                let detail = self.store.asset_get(*only)?;
                Ok(detail.filter(|detail| {
                    let listed = detail.facts.is_none() && detail.agents.is_empty();
                    let known = &detail.evidence;
                    listed
                        && !known.is_empty()
                        && known.iter().all(|one| inventory.evidence.contains(one))
                }))
            }
        }
    }
}
