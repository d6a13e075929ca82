//! Everything a person can do with a risk, in one list.

use super::Risk;
use super::action::{ActionUpdate, NewAction};
use super::assessment::{Description, NewAssessment};
use super::decision::NewDecision;
use super::error::Changed;
use crate::access::{Actor, Right};
use crate::id::{ActionId, UnitId};
use crate::scale::Matrix;
use crate::time::Timestamp;

/// What a person does with a risk.
#[derive(Clone, Debug)]
pub enum RiskChange {
    /// Takes it up.
    Analyse,
    /// Puts words to it.
    Describe(Description),
    /// Assesses its values.
    Assess(Box<NewAssessment>),
    /// Confirms them.
    Evaluate,
    /// Says it is none.
    Reject {
        /// Why.
        reason: String,
    },
    /// Decides on its treatment.
    Decide(Box<NewDecision>),
    /// Agrees that it is closed.
    Close {
        /// Why.
        reason: String,
    },
    /// Gives advice.
    Advise {
        /// The advice.
        text: String,
    },
    /// Links an incident.
    LinkIncident {
        /// Reference of the incident.
        reference: String,
    },
    /// Adds an action.
    AddAction(NewAction),
    /// Changes an action.
    SetAction(ActionId, ActionUpdate),
}

impl RiskChange {
    /// Its name in the audit log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Analyse => "risk.analyse",
            Self::Describe(_) => "risk.describe",
            Self::Assess(_) => "risk.assess",
            Self::Evaluate => "risk.evaluate",
            Self::Reject { .. } => "risk.reject",
            Self::Decide(_) => "risk.decide",
            Self::Close { .. } => "risk.close",
            Self::Advise { .. } => "risk.advise",
            Self::LinkIncident { .. } => "risk.incident",
            Self::AddAction(_) => "action.add",
            Self::SetAction(..) => "action.set",
        }
    }

    /// The right without which nobody may even try, so that it can be refused before anything is looked
    /// up. A decision that names a meeting can also be entered by who may record meetings.
    pub fn rights(&self) -> &'static [Right] {
        match self {
            Self::Analyse
            | Self::Describe(_)
            | Self::Assess(_)
            | Self::Evaluate
            | Self::Reject { .. }
            | Self::LinkIncident { .. } => &[Right::Analyse],
            Self::Decide(new) if new.meeting.is_some() => &[Right::Decide, Right::RecordMeeting],
            Self::Decide(_) => &[Right::Decide],
            Self::Close { .. } => &[Right::Close],
            Self::Advise { .. } => &[Right::Advise],
            Self::AddAction(_) | Self::SetAction(..) => &[Right::Act],
        }
    }
}

impl Risk {
    /// The entry after a person's change. `unit` is the unit of the risk: that of its key, or the owner of
    /// its asset.
    pub fn apply(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        change: &RiskChange,
        matrix: &Matrix,
        now: Timestamp,
    ) -> Changed {
        match change {
            RiskChange::Analyse => self.analyse(actor, unit, now),
            RiskChange::Describe(new) => self.describe(actor, unit, new, now),
            RiskChange::Assess(new) => self.assess(actor, unit, new, matrix, now),
            RiskChange::Evaluate => self.evaluate(actor, unit, now),
            RiskChange::Reject { reason } => self.reject(actor, unit, reason, now),
            RiskChange::Decide(new) => self.decide(actor, unit, new, now),
            RiskChange::Close { reason } => self.close(actor, unit, reason, now),
            RiskChange::Advise { text } => self.advise(actor, unit, text, now),
            RiskChange::LinkIncident { reference } => {
                self.link_incident(actor, unit, reference, now)
            }
            RiskChange::AddAction(new) => self.add_action(actor, unit, new, now),
            RiskChange::SetAction(id, update) => self.set_action(actor, unit, *id, update, now),
        }
    }
}
