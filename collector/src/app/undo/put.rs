//! What one change of a batch is put back with.

use belfort_model::asset::{Authorised, Lifecycle};
use belfort_model::classification::{Classification, ClassificationStatus};
use belfort_model::lifecycle::{self, Move};
use belfort_model::ownership::{Method, Ownership, OwnershipRole};
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{AssetDetail, AuditFilter, AuditRecord, Page};
use serde_json::{Value, json};

use super::{Outcome, UndoLine};
use crate::app::access::{Actor, Right};
use crate::app::assets::AssetEdit;
use crate::app::lifecycle::NewMove;
use crate::app::{App, AppError, Result, audit};

/// What puts a value back.
pub(super) enum Put {
    /// The owner before, or nobody.
    Owner(OwnershipRole, Option<Ownership>),
    /// The decision that is taken back, and the right it takes.
    Class(Classification, Right),
    /// What people said before.
    Edit(AssetEdit),
    /// Moves back to the state before.
    Moves(Vec<Lifecycle>),
}

/// A change as it is now: what it is about, and what undoes it unless somebody changed it since.
type Known = (&'static str, Option<String>, Option<String>, Option<Put>);

impl Put {
    /// Refuses what cannot be put back, or not by this person.
    pub(super) fn check(
        &self,
        app: &App,
        actor: &Actor,
        detail: &AssetDetail,
        now: Timestamp,
    ) -> Result<()> {
        let unit = detail.summary.owner_unit.as_ref().map(|unit| unit.id);
        let right = if let Self::Class(_, right) = self { *right } else { Right::Manage };
        actor.require_for(right, unit)?;
        match self {
            Self::Owner(role, before) => {
                let goes_to = before.as_ref().map(|before| before.unit);
                // Another role leaves the owner as it is.
                if *role == OwnershipRole::Owner || goes_to.is_some() {
                    actor.require_for(Right::Manage, goes_to)?;
                }
                let Some(before) = before else { return Ok(()) };
                let units = app.store.unit_list()?;
                match units.iter().find(|unit| unit.id == before.unit) {
                    Some(unit) if unit.is_active(now) => Ok(()),
                    Some(unit) => Err(AppError::Invalid(format!(
                        "unit `{}` has ended: it cannot answer for an asset",
                        unit.code
                    ))),
                    None => Err(AppError::Invalid("the unit is no longer there".to_owned())),
                }
            }
            Self::Moves(states) => {
                let asset = &detail.summary.asset;
                let (mut from, mut since) = (asset.lifecycle, now);
                if let Some(step) = app.store.lifecycle_list(asset.id)?.first() {
                    since = step.at;
                }
                for to in states {
                    let asked = Move { to: *to, at: now, disposal: None };
                    let known = asset.disposal.as_ref();
                    lifecycle::check(asset.kind, from, since, known, &asked, now)
                        .map_err(|error| StoreError::Refused(error.to_string()))?;
                    (from, since) = (*to, now);
                }
                Ok(())
            }
            Self::Class(..) | Self::Edit(_) => Ok(()),
        }
    }

    /// Puts it back on the asset as it was read.
    pub(super) fn make(
        self,
        app: &App,
        actor: &Actor,
        detail: &AssetDetail,
        now: Timestamp,
    ) -> Result<()> {
        let id = detail.summary.asset.id;
        let expected = Some(detail.summary.version);
        match self {
            Self::Owner(role, Some(before)) => {
                let was = detail.ownerships.iter().find(|one| one.role == role);
                let record = json!({ "role": role.as_str(), "before": was, "after": before });
                let record = audit(actor, Right::Manage, "owner.set", &id, &record, now)?;
                let ownership = Ownership { valid_from: now, valid_to: None, ..before };
                app.store.owner_change(&ownership, expected, &record)?;
            }
            Self::Owner(role, None) => {
                let was = detail.ownerships.iter().find(|one| one.role == role);
                let record = json!({ "role": role.as_str(), "before": was });
                let record = audit(actor, Right::Manage, "owner.end", &id, &record, now)?;
                app.store.owner_end(id, role, expected, &record)?;
            }
            Self::Class(class, right) => {
                let record = json!({ "withdrawn": class });
                let record = audit(actor, right, "classification.withdraw", &id, &record, now)?;
                app.store.classification_withdraw(&class, expected, &record)?;
            }
            Self::Edit(edit) => {
                app.asset_edit(actor, id, &edit, expected, now)?;
            }
            Self::Moves(states) => {
                // The store makes a move only from the state it begins with.
                let mut expected = expected;
                for to in states {
                    let new = NewMove { to, at: Some(now), reason: String::new(), disposal: None };
                    app.asset_move(actor, id, &new, expected.take(), now)?;
                }
            }
        }
        Ok(())
    }
}

impl App {
    /// A change of a batch, with what puts it back. Nothing for a record that is about something else.
    pub(super) fn undo_line(
        &self,
        record: &AuditRecord,
        detail: &AssetDetail,
    ) -> Result<Option<(UndoLine, Option<Put>)>> {
        let told: Value = serde_json::from_str(&record.detail).unwrap_or_default();
        let known = match record.action.as_str() {
            "owner.set" => Self::owner_now(record, &told, detail, &self.store.unit_list()?),
            "classification.set" | "classification.confirm" => {
                self.class_now(record, &told, detail)?
            }
            "asset.edit" => self.edit_now(record, &told, detail)?,
            "asset.move" => self.move_now(record, &told, detail)?,
            _ => None,
        };
        Ok(known.map(|(value, from, to, put)| {
            let asset = &detail.summary.asset;
            let (asset, name) = (asset.id, asset.name.clone());
            (UndoLine { asset, name, value, from, to, outcome: Outcome::ChangedSince }, put)
        }))
    }

    fn owner_now(
        record: &AuditRecord,
        told: &Value,
        detail: &AssetDetail,
        units: &[belfort_model::unit::OrgUnit],
    ) -> Option<Known> {
        let role: OwnershipRole = member(told, "role")?;
        let before: Option<Ownership> = member(told, "before")?;
        let code = told.get("unit")?.as_str()?;
        let given = units.iter().find(|unit| unit.code == code);
        let was = |before: &Ownership| units.iter().find(|unit| unit.id == before.unit);
        let names = (
            given.map_or_else(|| code.to_owned(), |unit| unit.name.clone()),
            before.as_ref().and_then(was).map(|unit| unit.name.clone()),
        );
        // One that was confirmed since is somebody's decision.
        let stands = detail.ownerships.iter().any(|now| {
            now.role == role
                && (now.valid_from, now.confirmed_at) == (record.at, Some(record.at))
                && now.method == Method::Manual
        });
        let put = stands.then_some(Put::Owner(role, before));
        Some(("owner", Some(names.0), names.1, put))
    }

    fn class_now(
        &self,
        record: &AuditRecord,
        told: &Value,
        detail: &AssetDetail,
    ) -> Result<Option<Known>> {
        let history = self.store.classification_history(detail.summary.asset.id)?;
        let Some(biv) = member::<belfort_model::scale::Biv>(told, "biv") else { return Ok(None) };
        let is_it = |class: &&Classification| {
            class.decided_at == record.at && class.biv == biv && class.method == Method::Manual
        };
        let Some(place) = history.iter().position(|class| is_it(&class)) else {
            return Ok(Some(("class", Some(biv.to_string()), None, None)));
        };
        // A proposal does not stand as long as something was decided.
        let mut before = history.iter().skip(place + 1);
        let before = before.find(|class| class.status != ClassificationStatus::Proposed);
        let right = match record.action.as_str() {
            "classification.confirm" => Right::Confirm,
            _ => Right::Manage,
        };
        let newest = history.first().filter(|_| place == 0).cloned();
        let put = newest.map(|class| Put::Class(class, right));
        let to = before.map(|class| class.biv.to_string());
        Ok(Some(("class", Some(biv.to_string()), to, put)))
    }

    fn edit_now(
        &self,
        record: &AuditRecord,
        told: &Value,
        detail: &AssetDetail,
    ) -> Result<Option<Known>> {
        let asset = &detail.summary.asset;
        let changed = ["labels", "authorised"].into_iter().find(|name| told.get(name).is_some());
        let Some(value) = changed else { return Ok(None) };
        let text = |which: &str| told.get(value)?.get(which)?.as_str().map(str::to_owned);
        let (before, after) = (text("before"), text("after"));
        let (now, edit) = if value == "labels" {
            let labels = before.as_deref().unwrap_or_default().split(", ");
            let labels = labels.filter(|label| !label.is_empty()).map(str::to_owned).collect();
            let edit = AssetEdit { labels: Some(labels), ..AssetEdit::default() };
            (asset.labels.join(", "), Some(edit))
        } else {
            let authorised = before.as_deref().and_then(|text| text.parse::<Authorised>().ok());
            let edit = |one| AssetEdit { authorised: Some(one), ..AssetEdit::default() };
            (asset.authorised.to_string(), authorised.map(edit))
        };
        // Changed and changed back is a decision, too.
        let filter = AuditFilter {
            subject: Some(record.subject.clone()),
            action: Some("asset.edit".to_owned()),
            from: Some(record.at),
            ..AuditFilter::default()
        };
        let names = |other: &AuditRecord| {
            let told: Value = serde_json::from_str(&other.detail).unwrap_or_default();
            other.sequence > record.sequence && told.get(value).is_some()
        };
        let later = self.store.audit_search(&filter, Page::ALL)?.items;
        let stands = now == after.as_deref().unwrap_or_default() && !later.iter().any(names);
        Ok(Some((value, after, before, edit.filter(|_| stands).map(Put::Edit))))
    }

    fn move_now(
        &self,
        record: &AuditRecord,
        told: &Value,
        detail: &AssetDetail,
    ) -> Result<Option<Known>> {
        let states = (member::<Lifecycle>(told, "from"), member::<Lifecycle>(told, "to"));
        let (Some(from), Some(to)) = states else { return Ok(None) };
        let since: Option<Timestamp> = member(told, "since");
        let steps = self.store.lifecycle_list(detail.summary.asset.id)?;
        let stands = steps.first().is_some_and(|step| {
            (step.from, step.to, Some(step.at)) == (from, to, since) && step.by == record.actor
        });
        // Where there is no move straight back there may be one on the way.
        let direct = to.next().contains(&from);
        let way =
            to.next().iter().find(|way| !direct && !way.is_over() && way.next().contains(&from));
        let states = way.copied().into_iter().chain([from]).collect();
        let put = stands.then_some(Put::Moves(states));
        Ok(Some(("lifecycle", Some(to.to_string()), Some(from.to_string()), put)))
    }
}

/// A value that a record says.
fn member<T: serde::de::DeserializeOwned>(told: &Value, name: &str) -> Option<T> {
    serde_json::from_value(told.get(name)?.clone()).ok()
}
