//! Risks: what findings mean for the organisation, and what people made of them.
//!
//! What the system suggests and what people assessed or decided are kept apart: an evaluation only
//! ever writes [`Suggestion`] and the links to evidence.
//!
//! The rooms: `state` is where a risk can stand, `suggestion` what the system says of it; `assessment`,
//! `decision` and `action` are what people do, each change with its guards, and `change` lists them all;
//! `system` is what evidence and time do.

mod action;
mod assessment;
mod change;
mod decision;
mod error;
mod state;
mod suggestion;
mod system;

use serde::{Deserialize, Serialize};

use crate::id::{FindingId, RiskId};
use crate::scale::{Level, Priority};
use crate::time::Timestamp;

pub use action::{Action, ActionStatus, ActionUpdate, NewAction};
pub use assessment::{Assessment, Description, Knowledge, NewAssessment, Rejection, RiskOwner};
pub use change::{RiskChange, may_decide};
pub use decision::{
    ACCEPT_DAYS, Advice, AdviceRole, ClosingRequest, Decision, DecisionRole, NewDecision,
};
pub use error::{Changed, TransitionError};
pub use state::{ReassessCause, RiskEvent, RiskState, Treatment};
pub use suggestion::{Facets, Rating, RiskKey, Suggestion};
pub use system::{IncidentLink, KNOWN_EXPLOITED, PROPOSAL_DAYS, Reassess, SYSTEM};

/// What made a version different from the one before, and who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastChange {
    /// Who: a user's name, or `system`.
    pub by: String,
    /// What.
    pub event: RiskEvent,
    /// More about it, for example the reason that was given.
    #[serde(default)]
    pub note: String,
}

/// One entry of the register. Old documents lack the newer fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// Its id.
    pub id: RiskId,
    /// Reference for people, for example `R-2026-0001`.
    pub reference: String,
    /// What it is about.
    pub key: RiskKey,
    /// Where it stands.
    pub state: RiskState,
    /// What is done about it.
    pub treatment: Treatment,
    /// What the system suggests.
    pub suggestion: Suggestion,
    /// Title a person gave it, instead of the scenario's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Description a person gave it, instead of the scenario's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who answers for it, where that is not the head of its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<RiskOwner>,
    /// What people assessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessed: Option<Assessment>,
    /// Controls in place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub existing_controls: Vec<String>,
    /// The decision that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The last rejection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<Rejection>,
    /// What is done about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// Until when it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_until: Option<Timestamp>,
    /// Advice, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<Advice>,
    /// Incidents that concern it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<IncidentLink>,
    /// Laws and articles it touches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legal: Vec<String>,
    /// Why it has to be looked at again, until somebody takes it up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reassess: Vec<Reassess>,
    /// When it was last taken up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysing_since: Option<Timestamp>,
    /// Who agreed first that it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<ClosingRequest>,
    /// Since when the system proposes to close it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closure_proposed_at: Option<Timestamp>,
    /// What made this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_change: Option<LastChange>,
    /// When it was first proposed.
    pub created_at: Timestamp,
    /// When the entry last changed.
    pub updated_at: Timestamp,
    /// When it is to be looked at again.
    pub next_review: Timestamp,
    /// Findings it rested on that no longer count for it and are there nevertheless, sorted: they stand
    /// under an exception, or count for another entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_over: Vec<FindingId>,
    /// Since when no open finding supports it.
    pub unsupported_since: Option<Timestamp>,
    /// Rises with every change: optimistic locking.
    pub version: u64,
}

impl Risk {
    /// A new entry, as the system proposes it.
    pub fn proposed(
        id: RiskId,
        reference: String,
        key: RiskKey,
        suggestion: Suggestion,
        next_review: Timestamp,
        now: Timestamp,
    ) -> Self {
        let by = SYSTEM.to_owned();
        Self {
            id,
            reference,
            key,
            state: RiskState::Proposed,
            treatment: Treatment::Open,
            suggestion,
            title: None,
            description: None,
            owner: None,
            assessed: None,
            existing_controls: Vec::new(),
            decision: None,
            rejection: None,
            actions: Vec::new(),
            accept_until: None,
            advice: Vec::new(),
            incidents: Vec::new(),
            legal: Vec::new(),
            reassess: Vec::new(),
            analysing_since: None,
            closing: None,
            closure_proposed_at: None,
            last_change: Some(LastChange { by, event: RiskEvent::Proposed, note: String::new() }),
            created_at: now,
            updated_at: now,
            next_review,
            left_over: vec![],
            unsupported_since: None,
            version: 1,
        }
    }

    /// Whether somebody has to look at it: it is open, and not a mere proposal whose evidence is gone.
    pub fn is_on_agenda(&self) -> bool {
        let withdrawn = self.unsupported_since.is_some()
            && (self.state == RiskState::Proposed || self.is_proposal());
        self.state.is_open() && !withdrawn
    }

    /// Likelihood, impact and severity that count now: the assessed ones, or else the suggested ones.
    pub fn rating(&self) -> Rating {
        self.assessed.as_ref().map_or(self.suggestion.current, |assessed| assessed.current)
    }

    /// The severity that counts now.
    pub fn severity(&self) -> Level {
        self.rating().severity
    }

    /// The degree of control that counts now.
    pub fn control(&self) -> Level {
        self.assessed.as_ref().map_or(self.suggestion.control, |assessed| assessed.control)
    }

    /// The priority that counts now.
    pub fn priority(&self) -> Priority {
        Priority::of(self.severity(), self.control())
    }

    fn changed(
        mut self,
        by: &str,
        event: RiskEvent,
        note: impl Into<String>,
        now: Timestamp,
    ) -> Self {
        self.last_change = Some(LastChange { by: by.to_owned(), event, note: note.into() });
        self.updated_at = now;
        self.version += 1;
        self
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
