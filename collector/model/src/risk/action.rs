//! Actions: what is done about a risk, by whom and by when.

use serde::{Deserialize, Serialize};

use super::error::{Changed, TransitionError, guard, long, require_state, short};
use super::{Risk, RiskEvent, RiskState};
use crate::access::{Actor, Denied, Right};
use crate::id::{ActionId, UnitId};
use crate::time::Timestamp;

crate::text_enum! {
    /// Where an action stands.
    ActionStatus {
        /// Not begun.
        Planned = "planned",
        /// Being done.
        Running = "running",
        /// Cannot go on.
        Blocked = "blocked",
        /// Done, and not looked at by somebody else yet.
        Done = "done",
        /// Somebody else saw that it was done and works.
        Verified = "verified",
    }
}

/// An action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Its id.
    pub id: ActionId,
    /// What is to be done.
    pub title: String,
    /// The unit that does it.
    pub unit: UnitId,
    /// Function of who does it.
    pub function: String,
    /// When it is to be done.
    pub due: Timestamp,
    /// Where it stands.
    pub status: ActionStatus,
    /// What was last said about it.
    #[serde(default)]
    pub note: String,
    /// Who added it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Who said it was done.
    #[serde(default)]
    pub done_by: Option<String>,
    /// When.
    #[serde(default)]
    pub done_at: Option<Timestamp>,
    /// Who saw that it was.
    #[serde(default)]
    pub verified_by: Option<String>,
    /// When.
    #[serde(default)]
    pub verified_at: Option<Timestamp>,
    /// Rises with every change: optimistic locking.
    pub version: u64,
}

impl Action {
    /// Whether it should have been done by now.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.due < now && !matches!(self.status, ActionStatus::Done | ActionStatus::Verified)
    }
}

/// What an action is made from.
#[derive(Clone, Debug)]
pub struct NewAction {
    /// Its id.
    pub id: ActionId,
    /// What is to be done.
    pub title: String,
    /// The unit that does it.
    pub unit: UnitId,
    /// Function of who does it.
    pub function: String,
    /// When it is to be done.
    pub due: Timestamp,
}

/// What changes about an action.
#[derive(Clone, Debug, Default)]
pub struct ActionUpdate {
    /// Where it stands now.
    pub status: Option<ActionStatus>,
    /// When it is to be done.
    pub due: Option<Timestamp>,
    /// The unit that does it.
    pub unit: Option<UnitId>,
    /// Function of who does it.
    pub function: Option<String>,
    /// What there is to say.
    pub note: Option<String>,
}

/// Most actions of one risk.
const MOST: usize = 200;

impl Risk {
    /// Adds an action.
    pub fn add_action(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        new: &NewAction,
        now: Timestamp,
    ) -> Changed {
        require_act(actor, unit, new.unit)?;
        let open: Vec<_> = RiskState::ALL.iter().copied().filter(|state| state.is_open()).collect();
        require_state(self, "plan actions for", &open)?;
        if self.actions.len() >= MOST {
            return guard(format!("a risk has at most {MOST} actions"));
        }
        let mut next = self.clone();
        next.actions.push(Action {
            id: new.id,
            title: short("title", &new.title)?,
            unit: new.unit,
            function: short("function", &new.function)?,
            due: new.due,
            status: ActionStatus::Planned,
            note: String::new(),
            created_by: actor.name.clone(),
            created_at: now,
            done_by: None,
            done_at: None,
            verified_by: None,
            verified_at: None,
            version: 1,
        });
        // What was asked or proposed before does not hold for what is open now.
        next.closing = None;
        next.closure_proposed_at = None;
        let title = new.title.trim().to_owned();
        Ok(next.changed(&actor.name, RiskEvent::ActionAdded, title, now))
    }

    /// Changes an action. Whoever did it does not verify it.
    pub fn set_action(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        id: ActionId,
        update: &ActionUpdate,
        now: Timestamp,
    ) -> Changed {
        let mut next = self.clone();
        let no_action = || TransitionError::NoAction { reference: self.reference.clone() };
        let action =
            next.actions.iter_mut().find(|action| action.id == id).ok_or_else(no_action)?;
        require_act(actor, unit, action.unit)?;
        if let Some(unit) = update.unit {
            action.unit = unit;
        }
        if let Some(function) = &update.function {
            action.function = short("function", function)?;
        }
        if let Some(due) = update.due {
            action.due = due;
        }
        if let Some(note) = &update.note {
            action.note = long("note", note)?;
        }
        if let Some(status) = update.status.filter(|status| *status != action.status) {
            action.lead_to(status, actor, now)?;
        }
        action.version += 1;
        let said = format!("{}: {}", action.title, action.status);
        if next.actions.iter().any(|action| action.status != ActionStatus::Verified) {
            next.closing = None;
            next.closure_proposed_at = None;
        }
        Ok(next.changed(&actor.name, RiskEvent::ActionChanged, said, now))
    }
}

impl Action {
    fn lead_to(
        &mut self,
        status: ActionStatus,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), TransitionError> {
        match status {
            ActionStatus::Verified => {
                if self.status != ActionStatus::Done {
                    return guard("an action is verified after it was done: set it to done first");
                }
                if self.done_by.as_deref() == Some(actor.name.as_str()) {
                    let name = &actor.name;
                    return guard(format!(
                        "{name} did this action: somebody else has to verify it"
                    ));
                }
                self.verified_by = Some(actor.name.clone());
                self.verified_at = Some(now);
            }
            ActionStatus::Done => {
                // Saying it was done after all takes a verification back, whoever gave it.
                self.verified_by = None;
                self.verified_at = None;
                self.done_by = Some(actor.name.clone());
                self.done_at = Some(now);
            }
            ActionStatus::Planned | ActionStatus::Running | ActionStatus::Blocked => {
                self.verified_by = None;
                self.verified_at = None;
                self.done_by = None;
                self.done_at = None;
            }
        }
        self.status = status;
        Ok(())
    }
}

/// Refuses who may act neither for the unit of the risk nor for the one that does the action.
fn require_act(actor: &Actor, risk: Option<UnitId>, action: UnitId) -> Result<(), Denied> {
    actor.require_for(Right::Act, risk).or_else(|_| actor.require_for(Right::Act, Some(action)))
}
