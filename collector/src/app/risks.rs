//! The register: what people read in it and do with its entries.

use belfort_model::access::Denied;
use belfort_model::id::{ActionId, UnitId};
use belfort_model::meeting::{Meeting, MeetingError, NewMeeting};
use belfort_model::risk::{
    ActionUpdate, NewAction, NewDecision, Risk, RiskChange, RiskEvent, TransitionError, Treatment,
    may_decide,
};
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{ActionSummary, Audit, Page, Paged, RiskFilter, RiskSummary};
use serde_json::json;
use uuid::Uuid;

use super::access::{Actor, Right};
use super::evaluation::settled;
use super::{App, AppError, Result};

/// How a change is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Write {
    /// The version it was made on; whatever is newest when nothing.
    pub version: Option<u64>,
    /// Says what would come of it, and writes nothing.
    pub dry_run: bool,
}

/// What a decision is made from.
#[derive(Clone, Debug)]
pub struct Decide {
    /// The treatment.
    pub treatment: Treatment,
    /// Why.
    pub reason: String,
    /// Reference of the meeting it was taken in.
    pub meeting: Option<String>,
    /// Until when the risk is accepted.
    pub accept_until: Option<Timestamp>,
}

/// What an action is made from.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is to be done.
    pub title: String,
    /// Code of the unit that does it.
    pub unit: String,
    /// Function of who does it.
    pub function: String,
    /// When it is to be done.
    pub due: Timestamp,
}

impl From<TransitionError> for AppError {
    fn from(error: TransitionError) -> Self {
        let text = error.to_string();
        match error {
            TransitionError::Denied(denied) => denied.into(),
            TransitionError::Role { .. } | TransitionError::Ciso { .. } => Self::Forbidden(text),
            TransitionError::State { .. } | TransitionError::Guard(_) => refused(text),
            TransitionError::NoAction { reference } => not_found("action of risk", &reference),
            TransitionError::Input(_) => Self::Invalid(text),
        }
    }
}

impl From<MeetingError> for AppError {
    fn from(error: MeetingError) -> Self {
        match error {
            MeetingError::Denied(denied) => denied.into(),
            MeetingError::Input(reason) => Self::Invalid(reason),
        }
    }
}

/// A rule of the register does not allow it.
pub(super) fn refused(reason: impl Into<String>) -> AppError {
    AppError::Store(StoreError::Refused(reason.into()))
}

pub(super) fn not_found(what: &'static str, id: &str) -> AppError {
    AppError::Store(StoreError::NotFound { what, id: id.to_owned() })
}

/// Refuses who has none of these rights anywhere; the first one names what is refused.
pub(super) fn require_any(actor: &Actor, rights: &[Right]) -> std::result::Result<(), Denied> {
    let mut first = Ok(());
    for (number, right) in rights.iter().enumerate() {
        match actor.require(*right) {
            Ok(()) => return Ok(()),
            Err(denied) if number == 0 => first = Err(denied),
            Err(_) => {}
        }
    }
    first
}

pub(super) fn unit_of(summary: &RiskSummary) -> Option<UnitId> {
    summary.unit.as_ref().map(|unit| unit.id)
}

/// An entry is read in its unit, and in the one of its risk owner, which decides.
fn may_read(actor: &Actor, found: &RiskSummary) -> Result<()> {
    let owner = found.risk.owner.as_ref().map(|owner| owner.unit);
    match owner.map(|unit| actor.require_for(Right::Read, Some(unit))) {
        Some(Ok(())) => Ok(()),
        _ => Ok(actor.require_for(Right::Read, unit_of(found))?),
    }
}

impl App {
    /// The register as the actor may see it: now, or as of a moment.
    pub fn risk_list(
        &self,
        actor: &Actor,
        filter: &RiskFilter,
        as_of: Option<Timestamp>,
        page: Page,
    ) -> Result<Paged<RiskSummary>> {
        actor.require(Right::Read)?;
        let filter = RiskFilter { scope: actor.scope(Right::Read), ..filter.clone() };
        Ok(match as_of {
            Some(at) => self.store.risk_list_as_of(&filter, at, page)?,
            None => self.store.risk_list(&filter, page)?,
        })
    }

    /// One entry: now, or as of a moment.
    pub fn risk(
        &self,
        actor: &Actor,
        reference: &str,
        as_of: Option<Timestamp>,
    ) -> Result<RiskSummary> {
        actor.require(Right::Read)?;
        let found = match as_of {
            Some(at) => self.store.risk_get_as_of(reference, at)?,
            None => self.store.risk_get(reference)?,
        };
        let found = found.ok_or_else(|| not_found("risk", reference))?;
        may_read(actor, &found)?;
        Ok(found)
    }

    /// The versions of an entry, newest first.
    pub fn risk_history(&self, actor: &Actor, reference: &str, page: Page) -> Result<Paged<Risk>> {
        self.risk(actor, reference, None)?;
        Ok(self.store.risk_history(reference, page)?)
    }

    /// Changes an entry, as far as the rules of the model let the actor; what time alone adds to it is
    /// written with it. Answers the entry as it is then, or would be.
    pub fn risk_change(
        &self,
        actor: &Actor,
        reference: &str,
        change: &RiskChange,
        write: Write,
        now: Timestamp,
    ) -> Result<RiskSummary> {
        change.may_try(actor)?;
        on_newest(|| self.risk_change_once(actor, reference, change, write, now))
    }

    fn risk_change_once(
        &self,
        actor: &Actor,
        reference: &str,
        change: &RiskChange,
        write: Write,
        now: Timestamp,
    ) -> Result<RiskSummary> {
        let found = self.store.risk_get(reference)?.ok_or_else(|| not_found("risk", reference))?;
        let unit = unit_of(&found);
        may_read(actor, &found)?;
        let old = &found.risk;
        same_version("risk", &old.reference, write.version, old.version)?;
        let next = old.apply(actor, unit, change, &self.catalogue.matrix, now)?;
        let mut versions = vec![next.clone()];
        versions.extend(settled(&next, None, now));
        if !write.dry_run {
            let audit = Audit {
                at: now,
                actor: actor.name.clone(),
                action: change.name(),
                subject: old.reference.clone(),
                detail: detail(old, &next, change).to_string(),
            };
            self.store.risk_change(&versions, &audit)?;
        }
        let risk = versions.pop().unwrap_or(next);
        Ok(RiskSummary { risk, ..found })
    }

    /// Decides on the treatment of a risk.
    pub fn risk_decide(
        &self,
        actor: &Actor,
        reference: &str,
        new: Decide,
        write: Write,
        now: Timestamp,
    ) -> Result<RiskSummary> {
        may_decide(actor, new.meeting.is_some())?;
        let meeting = new.meeting.map(|reference| self.meeting(&reference)).transpose()?;
        let Decide { treatment, reason, accept_until, .. } = new;
        let decision = NewDecision { treatment, reason, meeting, accept_until };
        let change = RiskChange::Decide(Box::new(decision));
        self.risk_change(actor, reference, &change, write, now)
    }

    /// Adds an action to a risk.
    pub fn action_add(
        &self,
        actor: &Actor,
        reference: &str,
        plan: &Plan,
        write: Write,
        now: Timestamp,
    ) -> Result<(RiskSummary, ActionId)> {
        actor.require(Right::Act)?;
        let id = ActionId(Uuid::now_v7());
        let new = NewAction {
            id,
            title: plan.title.clone(),
            unit: self.unit(&plan.unit)?.id,
            function: plan.function.clone(),
            due: plan.due,
        };
        let change = RiskChange::AddAction(new);
        Ok((self.risk_change(actor, reference, &change, write, now)?, id))
    }

    /// One action, as the actor may see it.
    pub fn action(&self, actor: &Actor, id: ActionId) -> Result<ActionSummary> {
        actor.require(Right::Read)?;
        let found = self.store.action_get(id)?;
        let found = found.ok_or_else(|| not_found("action", &id.to_string()))?;
        if actor.require_for(Right::Read, Some(found.action.unit)).is_err() {
            self.risk(actor, &found.risk, None)?;
        }
        Ok(found)
    }

    /// Changes an action. `version` is the one of the action.
    pub fn action_set(
        &self,
        actor: &Actor,
        id: ActionId,
        update: ActionUpdate,
        version: Option<u64>,
        now: Timestamp,
    ) -> Result<ActionSummary> {
        actor.require(Right::Act)?;
        let change = RiskChange::SetAction(id, update);
        on_newest(|| self.action_set_once(actor, id, &change, version, now))
    }

    fn action_set_once(
        &self,
        actor: &Actor,
        id: ActionId,
        change: &RiskChange,
        version: Option<u64>,
        now: Timestamp,
    ) -> Result<ActionSummary> {
        let found = self.action(actor, id)?;
        same_version("action", &id.to_string(), version, found.action.version)?;
        // The unit that does it may act on it, though the risk be another unit's: it reads no more of it.
        let risk = self.store.risk_get(&found.risk)?;
        let risk = risk.ok_or_else(|| not_found("risk", &found.risk))?;
        let unit = unit_of(&risk);
        let next = risk.risk.apply(actor, unit, change, &self.catalogue.matrix, now)?;
        let mut versions = vec![next.clone()];
        versions.extend(settled(&next, None, now));
        let audit = Audit {
            at: now,
            actor: actor.name.clone(),
            action: change.name(),
            subject: id.to_string(),
            detail: detail(&risk.risk, &next, change).to_string(),
        };
        self.store.risk_change(&versions, &audit)?;
        self.store.action_get(id)?.ok_or_else(|| not_found("action", &id.to_string()))
    }

    /// Enters a meeting.
    pub fn meeting_add(
        &self,
        actor: &Actor,
        new: &NewMeeting,
        held_at: Timestamp,
        now: Timestamp,
    ) -> Result<Meeting> {
        let id = belfort_model::id::MeetingId(Uuid::now_v7());
        let meeting = Meeting::record(id, actor, new, held_at, now)?;
        let detail = json!({ "held_at": meeting.held_at, "title": meeting.title });
        let subject = &meeting.reference;
        let right = Right::RecordMeeting;
        let record = super::audit(actor, right, "meeting.add", subject, &detail, now)?;
        self.store.meeting_insert(&meeting, &record)?;
        Ok(meeting)
    }

    /// The meeting with this reference.
    pub fn meeting(&self, reference: &str) -> Result<Meeting> {
        let found = self.store.meeting_get(reference)?;
        found.ok_or_else(|| AppError::Invalid(format!("there is no meeting `{reference}`")))
    }
}

/// How often a change is made anew because the entry was changed while it was being made.
const ATTEMPTS: u32 = 5;

/// Makes a change on the newest version of an entry. An evaluation may write between reading and writing;
/// who changes an action, or names no version, must not be refused for that. A version that was named and
/// is no longer the newest is refused each time.
fn on_newest<T>(mut change: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..ATTEMPTS {
        match change() {
            Err(AppError::Store(StoreError::Conflict { .. })) => {}
            done => return done,
        }
    }
    change()
}

/// Refuses a change that was made on another version than the newest.
pub(super) fn same_version(
    what: &'static str,
    id: &str,
    meant: Option<u64>,
    found: u64,
) -> Result<()> {
    match meant {
        Some(meant) if meant != found => {
            Err(AppError::Store(StoreError::Conflict { what, id: id.to_owned() }))
        }
        _ => Ok(()),
    }
}

/// What the audit log says of a change.
fn detail(old: &Risk, new: &Risk, change: &RiskChange) -> serde_json::Value {
    let more = match change {
        RiskChange::Assess(_) => {
            json!({ "current": new.assessed.as_ref().map(|assessed| assessed.current) })
        }
        RiskChange::Decide(_) => json!({
            "treatment": new.treatment,
            "meeting": new.decision.as_ref().and_then(|decision| decision.meeting.as_ref()),
            "accept_until": new.accept_until,
        }),
        RiskChange::AddAction(action) => json!({ "id": action.id, "due": action.due }),
        RiskChange::SetAction(id, update) => json!({ "id": id, "status": update.status }),
        RiskChange::LinkIncident { reference } => json!({ "reference": reference }),
        RiskChange::Close { .. } => {
            let event = new.last_change.as_ref().map(|last| last.event);
            json!({ "asked": event == Some(RiskEvent::ClosingRequested) })
        }
        RiskChange::Analyse
        | RiskChange::Describe(_)
        | RiskChange::Evaluate
        | RiskChange::Reject { .. }
        | RiskChange::Advise { .. } => json!({}),
    };
    json!({ "version": new.version, "from": old.state, "to": new.state, "with": more })
}
