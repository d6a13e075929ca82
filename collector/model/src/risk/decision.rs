//! Decisions and advice. A data protection officer, a CISO and the system decide nothing.

use serde::{Deserialize, Serialize};

use super::action::ActionStatus;
use super::error::{Changed, TransitionError, guard, holds, long, require_state};
use super::{Risk, RiskEvent, RiskState, Treatment};
use crate::access::{Actor, Right, Role};
use crate::id::UnitId;
use crate::meeting::Meeting;
use crate::scale::{Level, review_days};
use crate::time::Timestamp;

/// Days an acceptance lasts at most.
pub const ACCEPT_DAYS: i64 = 365;

crate::text_enum! {
    /// As what somebody decided.
    DecisionRole {
        /// As head of the department that owns the risk.
        DepartmentHead = "department_head",
        /// The CI meeting; who is named entered it.
        CiMeeting = "ci_meeting",
    }
}

/// A decision on the treatment of a risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Who decided, or entered what the meeting decided.
    pub by: String,
    /// As what.
    pub role: DecisionRole,
    /// The treatment.
    pub treatment: Treatment,
    /// Reference of the meeting.
    pub meeting: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// What a decision is made from.
#[derive(Clone, Debug)]
pub struct NewDecision {
    /// The treatment.
    pub treatment: Treatment,
    /// Why.
    pub reason: String,
    /// The meeting it was taken in.
    pub meeting: Option<Meeting>,
    /// Until when the risk is accepted; for an acceptance alone.
    pub accept_until: Option<Timestamp>,
}

crate::text_enum! {
    /// As what somebody advises.
    AdviceRole {
        /// Data protection officer.
        Dpo = "dpo",
        /// CISO.
        Ciso = "ciso",
    }
}

/// Advice on a risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// As what.
    pub role: AdviceRole,
    /// Who advised.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The advice.
    pub text: String,
}

/// One of the two who have to agree that a risk is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosingRequest {
    /// Who agreed.
    pub by: String,
    /// As risk owner, or else as security officer.
    pub as_owner: bool,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

impl Risk {
    /// The unit whose head decides: that of the risk owner, or else the one of the risk.
    pub fn deciding_unit(&self, unit: Option<UnitId>) -> Option<UnitId> {
        self.owner.as_ref().map(|owner| owner.unit).or(unit)
    }

    /// Decides on the treatment: the head of the department, or a meeting as it was entered.
    pub fn decide(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        new: &NewDecision,
        now: Timestamp,
    ) -> Changed {
        let role = self.deciding_role(actor, unit, new.meeting.as_ref())?;
        require_state(self, "decide on", &[RiskState::Evaluated])?;
        let meeting = self.meeting_of(new, now)?;
        let reason = long("reason", &new.reason)?;
        match new.treatment {
            Treatment::Open => {
                let reason = "treatment: a decision is to mitigate, avoid, transfer or accept";
                return Err(TransitionError::Input(reason.to_owned()));
            }
            Treatment::Mitigate if self.actions.is_empty() => {
                return guard(format!(
                    "to mitigate risk {} takes an action with an owner and a date: add one first",
                    self.reference
                ));
            }
            _ => {}
        }
        let accept_until = accepted_until(new, now)?;
        let mut next = self.clone();
        next.state = RiskState::Decided;
        next.treatment = new.treatment;
        next.accept_until = accept_until;
        next.closing = None;
        let review = now.plus_days(review_days(self.severity()));
        next.next_review = accept_until.map_or(review, |end| review.min(end));
        next.decision = Some(Decision {
            by: actor.name.clone(),
            role,
            treatment: new.treatment,
            meeting,
            at: now,
            reason: reason.clone(),
        });
        let said = format!("{}: {reason}", new.treatment);
        Ok(next.changed(&actor.name, RiskEvent::Decided, said, now))
    }

    /// As what the actor may decide on this risk.
    fn deciding_role(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        meeting: Option<&Meeting>,
    ) -> Result<DecisionRole, TransitionError> {
        // The right comes first: it is what refuses a data protection officer, whatever else is asked.
        let by_head = actor.require_for(Right::Decide, self.deciding_unit(unit));
        let by_meeting = meeting.is_some() && actor.require_for(Right::RecordMeeting, unit).is_ok();
        match by_head {
            Err(denied) if !by_meeting => Err(denied.into()),
            _ if actor.holds(Role::Ciso) => Err(TransitionError::Ciso { name: actor.name.clone() }),
            Ok(()) => Ok(DecisionRole::DepartmentHead),
            Err(_) => Ok(DecisionRole::CiMeeting),
        }
    }

    fn meeting_of(
        &self,
        new: &NewDecision,
        now: Timestamp,
    ) -> Result<Option<String>, TransitionError> {
        match &new.meeting {
            Some(meeting) if !meeting.took_place(now) => {
                guard(format!("meeting {} has not taken place yet", meeting.reference))
            }
            Some(meeting) => Ok(Some(meeting.reference.clone())),
            None if self.worst_severity() >= Level::FOUR => guard(format!(
                "risk {} has severity {}: from 4 up a decision names the meeting it was taken in",
                self.reference,
                self.worst_severity()
            )),
            None => Ok(None),
        }
    }

    /// The higher of the assessed and the suggested severity: no assessment gets around a guard.
    pub fn worst_severity(&self) -> Level {
        self.severity().max(self.suggestion.current.severity)
    }

    /// Gives advice: data protection officer or CISO.
    pub fn advise(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        text: &str,
        now: Timestamp,
    ) -> Changed {
        actor.require_for(Right::Advise, unit)?;
        let is_dpo = actor.holds(Role::Dpo);
        let role = if is_dpo { AdviceRole::Dpo } else { AdviceRole::Ciso };
        let text = long("text", text)?;
        let mut next = self.clone();
        next.advice.push(Advice { role, by: actor.name.clone(), at: now, text });
        Ok(next.changed(&actor.name, RiskEvent::Advised, role.as_str(), now))
    }

    /// Agrees that the risk is closed. Risk owner and security officer both have to, and they are two
    /// persons; the second one closes it.
    pub fn close(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        reason: &str,
        now: Timestamp,
    ) -> Changed {
        let owning = self.deciding_unit(unit);
        let may = |role, unit| {
            actor.require_for(Right::Close, unit).is_ok() && holds(actor, &[role], unit)
        };
        let as_owner = may(Role::DepartmentHead, owning);
        let as_officer = may(Role::SecurityOfficer, unit);
        if !as_owner && !as_officer {
            actor.require_for(Right::Close, owning)?;
            return Err(TransitionError::Role {
                name: actor.name.clone(),
                what: Right::Close.description(),
                roles: "department_head or security_officer".to_owned(),
            });
        }
        require_state(self, "close", &[RiskState::Monitored])?;
        if let Some(reason) = self.why_not_closed() {
            return guard(reason);
        }
        let reason = long("reason", reason)?;
        let mut next = self.clone();
        let Some(first) = &self.closing else {
            let by = actor.name.clone();
            next.closing = Some(ClosingRequest { by, as_owner, at: now, reason: reason.clone() });
            return Ok(next.changed(&actor.name, RiskEvent::ClosingRequested, reason, now));
        };
        if first.by == actor.name {
            return guard(format!(
                "{} agreed already: risk owner and security officer close a risk together, so another \
                 person has to agree",
                first.by
            ));
        }
        // The second one has to be what the first one was not.
        if if first.as_owner { !as_officer } else { !as_owner } {
            let missing = if first.as_owner { "security officer" } else { "risk owner" };
            return guard(format!("{} agreed already: now the {missing} has to agree", first.by));
        }
        next.state = RiskState::Closed;
        next.closure_proposed_at = None;
        next.reassess.clear();
        Ok(next.changed(&actor.name, RiskEvent::Closed, reason, now))
    }

    /// What stands in the way of closing it.
    pub(super) fn why_not_closed(&self) -> Option<String> {
        let is_verified = |status| status == ActionStatus::Verified;
        let open = self.actions.iter().filter(|action| !is_verified(action.status)).count();
        if open > 0 {
            return Some(format!("{open} actions of risk {} are not verified", self.reference));
        }
        let findings = self.suggestion.findings.len() + self.left_over.len();
        if findings > 0 || self.unsupported_since.is_none() {
            return Some(format!(
                "{findings} findings of risk {} are not resolved",
                self.reference
            ));
        }
        None
    }
}

/// Until when a risk is accepted: within a year.
fn accepted_until(new: &NewDecision, now: Timestamp) -> Result<Option<Timestamp>, TransitionError> {
    match (new.treatment, new.accept_until) {
        (Treatment::Accept, Some(end)) if end > now && end <= now.plus_days(ACCEPT_DAYS) => {
            Ok(Some(end))
        }
        (Treatment::Accept, _) => guard(format!(
            "accept_until: a risk is accepted until a date within {ACCEPT_DAYS} days, by {}",
            now.plus_days(ACCEPT_DAYS).day()
        )),
        (_, Some(_)) => {
            let reason = "accept_until: only an acceptance has an end";
            Err(TransitionError::Input(reason.to_owned()))
        }
        (_, None) => Ok(None),
    }
}
