//! Units from a table: parents by code, in any order.

use std::collections::BTreeMap;

use belfort_model::id::UnitId;
use belfort_model::time::Timestamp;
use belfort_model::unit::{self, OrgUnit, UnitKind};
use belfort_store::record::Audit;
use serde_json::json;
use uuid::Uuid;

use super::columns::{Columns, UNIT};
use super::table::Table;
use super::{ImportLine, Planned, RowAction};
use crate::app::access::{Actor, Right};
use crate::app::work::Progress;
use crate::app::{App, Result, audit};

/// A unit as it will be, with the record for the audit log.
pub(super) type Write = (OrgUnit, Audit);

/// A row that was read.
struct Row {
    number: u64,
    code: String,
    unit: OrgUnit,
    parent: Option<String>,
    before: Option<OrgUnit>,
}

impl App {
    pub(super) fn units_plan(
        &self,
        actor: &Actor,
        table: &Table,
        progress: &Progress,
        now: Timestamp,
    ) -> Result<Planned<Write>> {
        let (columns, ignored) = Columns::of(table, UNIT)?;
        columns.require(&["code", "name"], UNIT)?;
        let mut plan = Planned::new(ignored);
        let mut units: BTreeMap<String, OrgUnit> = self
            .store
            .unit_list()?
            .into_iter()
            .map(|unit| (unit.code.to_lowercase(), unit))
            .collect();
        let mut rows: Vec<Row> = Vec::new();
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        progress.begin(table.rows.len());
        for (number, cells) in &table.rows {
            progress.step();
            match read(*number, cells, &columns, &units, now) {
                Ok(row) => match seen.insert(row.code.to_lowercase(), *number) {
                    Some(first) => {
                        plan.error(*number, format!("code `{}` stands in row {first}", row.code));
                    }
                    None => rows.push(row),
                },
                Err(reason) => plan.error(*number, reason),
            }
        }
        // Everything has its id before anything is part of something.
        for row in &rows {
            units.insert(row.code.to_lowercase(), row.unit.clone());
        }
        let rows = parents(rows, &mut units, &columns, &mut plan);
        let codes: BTreeMap<UnitId, String> =
            units.values().map(|unit| (unit.id, unit.code.clone())).collect();
        for row in rows {
            let Some(unit) = units.get(&row.code.to_lowercase()).cloned() else { continue };
            let changes = changes(row.before.as_ref(), &unit, &codes);
            let action = match &row.before {
                None => RowAction::New,
                Some(before) if *before == unit => RowAction::Same,
                Some(_) => RowAction::Changed,
            };
            if action != RowAction::Same {
                let detail = json!({ "code": unit.code, "before": row.before, "after": unit });
                let record = audit(actor, Right::Manage, "unit.import", &unit.id, &detail, now)?;
                plan.writes.push((unit, record));
            }
            plan.lines.push(ImportLine { row: row.number, action, key: row.code, changes });
        }
        Ok(plan)
    }
}

fn read(
    number: u64,
    cells: &[String],
    columns: &Columns,
    units: &BTreeMap<String, OrgUnit>,
    now: Timestamp,
) -> std::result::Result<Row, String> {
    let code = columns.get(cells, "code").ok_or("code: is empty")?.to_owned();
    let before = units.get(&code.to_lowercase()).cloned();
    let name = match (columns.get(cells, "name"), &before) {
        (Some(name), _) => name.to_owned(),
        (None, Some(before)) => before.name.clone(),
        (None, None) => return Err("name: is empty".to_owned()),
    };
    unit::check(&code, &name).map_err(|error| error.to_string())?;
    let kind = columns.value::<UnitKind>(cells, "kind")?;
    let unit = match &before {
        Some(before) => OrgUnit { name, kind: kind.unwrap_or(before.kind), ..before.clone() },
        None => OrgUnit {
            id: UnitId(Uuid::now_v7()),
            code: code.clone(),
            name,
            kind: kind.unwrap_or(UnitKind::Service),
            parent: None,
            active_from: now,
            active_to: None,
        },
    };
    let parent = columns.get(cells, "parent").map(str::to_owned);
    Ok(Row { number, code, unit, parent, before })
}

/// Puts the parents in; a row whose parent is nowhere, or that would be part of itself, falls out, and then
/// what is part of it looks again.
fn parents(
    mut rows: Vec<Row>,
    units: &mut BTreeMap<String, OrgUnit>,
    columns: &Columns,
    plan: &mut Planned<Write>,
) -> Vec<Row> {
    if !columns.has("parent") {
        return rows;
    }
    loop {
        for row in &rows {
            let parent = row.parent.as_ref().and_then(|code| units.get(&code.to_lowercase()));
            // An empty cell leaves the parent as it is.
            let parent = match (&row.parent, &row.before) {
                (None, Some(before)) => before.parent,
                _ => parent.map(|parent| parent.id),
            };
            if let Some(unit) = units.get_mut(&row.code.to_lowercase()) {
                unit.parent = parent;
            }
        }
        let by_id: BTreeMap<UnitId, Option<UnitId>> =
            units.values().map(|unit| (unit.id, unit.parent)).collect();
        let errors = plan.errors.len();
        rows.retain(|row| {
            let key = row.code.to_lowercase();
            let parent = row.parent.as_deref();
            let missing = parent.filter(|code| !units.contains_key(&code.to_lowercase()));
            if let Some(code) = missing {
                plan.error(row.number, format!("parent: there is no unit `{code}`"));
            } else if circles(row.unit.id, &by_id) {
                let reason = "parent: the unit would be part of itself";
                plan.error(row.number, reason);
            } else {
                return true;
            }
            match &row.before {
                Some(before) => drop(units.insert(key, before.clone())),
                None => drop(units.remove(&key)),
            }
            false
        });
        if plan.errors.len() == errors {
            return rows;
        }
    }
}

/// Whether the way up from a unit comes back to it.
fn circles(unit: UnitId, parents: &BTreeMap<UnitId, Option<UnitId>>) -> bool {
    let mut at = unit;
    for _ in 0..=parents.len() {
        match parents.get(&at).copied().flatten() {
            None => return false,
            Some(parent) if parent == unit => return true,
            Some(parent) => at = parent,
        }
    }
    // The circle is above it.
    false
}

fn changes(
    before: Option<&OrgUnit>,
    after: &OrgUnit,
    codes: &BTreeMap<UnitId, String>,
) -> Vec<(String, String, String)> {
    let fields = |unit: &OrgUnit| {
        let parent = unit.parent.and_then(|parent| codes.get(&parent).cloned());
        [
            ("name", unit.name.clone()),
            ("kind", unit.kind.to_string()),
            ("parent", parent.unwrap_or_default()),
        ]
    };
    let was = before.map(fields);
    let mut changes = Vec::new();
    for (index, (field, now)) in fields(after).into_iter().enumerate() {
        let was = was.as_ref().and_then(|was| was.get(index)).map(|(_, was)| was.clone());
        let was = was.unwrap_or_default();
        if was != now {
            changes.push((field.to_owned(), was, now));
        }
    }
    changes
}
