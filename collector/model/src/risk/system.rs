//! What the system does with an entry by itself: new evidence, and the passing of time. It touches
//! nothing that people assessed or decided.

use serde::{Deserialize, Serialize};

use super::error::{Changed, require_state, short};
use super::{ReassessCause, Risk, RiskEvent, RiskState, Suggestion, Treatment};
use crate::access::{Actor, Right};
use crate::id::UnitId;
use crate::scale::review_days;
use crate::time::Timestamp;

/// Days after which an untouched proposal without findings closes itself.
pub const PROPOSAL_DAYS: i64 = 30;

/// Who changes what nobody changed.
pub const SYSTEM: &str = "system";

/// Code of the finding that a vulnerability known to be exploited gives.
const KNOWN_EXPLOITED: &str = "vuln.known_exploited";

/// Why an entry has to be looked at again, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reassess {
    /// Why.
    pub cause: ReassessCause,
    /// When.
    pub at: Timestamp,
    /// More about it, for example the reference of an incident.
    #[serde(default)]
    pub note: String,
}

/// An incident that concerns a risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentLink {
    /// Reference of the incident.
    pub reference: String,
    /// Who linked it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Risk {
    /// The entry after an evaluation that suggests this, or nothing when nothing changes.
    ///
    /// A rejected risk stays rejected until its evidence changes; a closed one reopens; one that people
    /// have looked at is put up for reassessment when the suggestion rises, the class changes or a known
    /// exploited vulnerability hits.
    pub fn evaluated(&self, suggestion: &Suggestion, now: Timestamp) -> Option<Self> {
        if *suggestion == self.suggestion && self.unsupported_since.is_none() {
            return None;
        }
        let mut next = self.clone();
        let mut event = RiskEvent::Suggested;
        next.suggestion = suggestion.clone();
        next.unsupported_since = None;
        next.closing = None;
        next.closure_proposed_at = None;
        match self.state {
            RiskState::Rejected if self.has_other_evidence(suggestion) => {
                next.state = RiskState::Proposed;
                event = RiskEvent::Proposed;
            }
            // It closed by itself and nobody ever dealt with it: a proposal again.
            RiskState::Closed if self.treatment == Treatment::Open => {
                next.state = RiskState::Proposed;
                event = RiskEvent::Proposed;
            }
            RiskState::Closed => {
                next.state = RiskState::Reopened;
                next.next_review = now.plus_days(review_days(next.worst_severity()));
                event = RiskEvent::Reopened;
            }
            _ => {
                for cause in self.causes(suggestion) {
                    if next.put_up(cause, "", now) {
                        event = RiskEvent::Reassess;
                    }
                }
            }
        }
        if next.state == RiskState::Proposed
            && (self.state != RiskState::Proposed
                || suggestion.current.severity != self.suggestion.current.severity)
        {
            let review = now.plus_days(review_days(suggestion.current.severity));
            let is_new = self.state != RiskState::Proposed;
            next.next_review = if is_new { review } else { review.min(self.next_review) };
        }
        Some(next.changed(SYSTEM, event, "", now))
    }

    /// Whether this is other evidence than the entry was rejected on.
    fn has_other_evidence(&self, suggestion: &Suggestion) -> bool {
        let severity = suggestion.current.severity;
        let Some(rejection) = &self.rejection else {
            return severity > self.suggestion.current.severity
                || suggestion.codes != self.suggestion.codes;
        };
        severity > rejection.severity || suggestion.codes != rejection.codes
    }

    /// Why new evidence asks for another look.
    fn causes(&self, new: &Suggestion) -> Vec<ReassessCause> {
        let old = &self.suggestion;
        let has = |codes: &[String]| codes.iter().any(|code| code == KNOWN_EXPLOITED);
        let same_evidence = old.codes == new.codes && old.assets == new.assets;
        // The codes of the last evidence stay with an entry that nothing supports any more: what is back hits anew.
        let had_exploited = self.unsupported_since.is_none() && has(&old.codes);
        let all = [
            (new.current.severity > old.current.severity, ReassessCause::SuggestionRose),
            (
                same_evidence && (old.biv != new.biv || old.facets != new.facets),
                ReassessCause::ClassChanged,
            ),
            (has(&new.codes) && !had_exploited, ReassessCause::KnownExploited),
        ];
        all.into_iter().filter(|(holds, _)| *holds).map(|(_, cause)| cause).collect()
    }

    /// Puts the entry up for reassessment and keeps why; answers whether that is new. What nobody has
    /// taken up yet is not put up by evidence alone: whoever takes it up sees the evidence.
    fn put_up(&mut self, cause: ReassessCause, note: &str, now: Timestamp) -> bool {
        let waits = matches!(self.state, RiskState::Proposed | RiskState::Reopened);
        if !self.state.is_open() || (waits && cause.is_evidence()) {
            return false;
        }
        // Each cause once, until somebody takes the entry up.
        if self.reassess.iter().any(|one| one.cause == cause && one.note == note) {
            return false;
        }
        self.reassess.push(Reassess { cause, at: now, note: note.to_owned() });
        self.state = RiskState::Reassess;
        self.closing = None;
        self.closure_proposed_at = None;
        true
    }

    /// The entry after an evaluation that found nothing for it, or nothing when nothing changes.
    pub fn unsupported(&self, now: Timestamp) -> Option<Self> {
        if self.unsupported_since.is_some() {
            return self.passed(now);
        }
        let mut next = self.clone();
        next.unsupported_since = Some(now);
        next.suggestion.assets.clear();
        next.suggestion.findings.clear();
        Some(next.changed(SYSTEM, RiskEvent::Unsupported, "", now))
    }

    /// The entry as time alone changes it, one step; nothing when it changes nothing (any more).
    ///
    /// A decision is followed up; an acceptance ends; a review falls due; an untouched proposal without
    /// findings closes after 30 days; closing is proposed — and never done — where findings are gone and
    /// actions verified.
    pub fn passed(&self, now: Timestamp) -> Option<Self> {
        let mut next = self.clone();
        if self.state == RiskState::Decided {
            next.state = RiskState::Monitored;
            return Some(next.changed(SYSTEM, RiskEvent::Monitored, "", now));
        }
        if let Some(since) = self.unsupported_since
            && self.is_proposal()
            && now.days_since(since) >= PROPOSAL_DAYS
        {
            next.state = RiskState::Closed;
            return Some(next.changed(SYSTEM, RiskEvent::Closed, "", now));
        }
        let is_accepted = self.treatment == Treatment::Accept
            && matches!(self.state, RiskState::Monitored | RiskState::Reassess);
        let is_over = is_accepted && self.accept_until.is_some_and(|end| end <= now);
        if is_over && next.put_up(ReassessCause::AcceptanceExpired, "", now) {
            return Some(next.changed(SYSTEM, RiskEvent::Reassess, "acceptance expired", now));
        }
        let is_due = self.next_review <= now && self.is_on_agenda();
        if is_due && next.put_up(ReassessCause::ReviewDue, "", now) {
            return Some(next.changed(SYSTEM, RiskEvent::Reassess, "review due", now));
        }
        let is_done = self.state == RiskState::Monitored && self.why_not_closed().is_none();
        if is_done && self.closure_proposed_at.is_none() {
            next.closure_proposed_at = Some(now);
            return Some(next.changed(SYSTEM, RiskEvent::ClosureProposed, "", now));
        }
        None
    }

    /// Whether it is a mere proposal: nobody has done anything with it, though its review may be due.
    pub fn is_proposal(&self) -> bool {
        matches!(self.state, RiskState::Proposed | RiskState::Reassess) && self.is_untouched()
    }

    /// Whether no person has done anything with it.
    pub fn is_untouched(&self) -> bool {
        self.assessed.is_none()
            && self.decision.is_none()
            && self.rejection.is_none()
            && self.title.is_none()
            && self.description.is_none()
            && self.owner.is_none()
            && self.actions.is_empty()
            && self.advice.is_empty()
            && self.incidents.is_empty()
            && self.existing_controls.is_empty()
            && self.legal.is_empty()
            && self.analysing_since.is_none()
    }

    /// Links an incident: the risk has to be looked at again.
    pub fn link_incident(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        reference: &str,
        now: Timestamp,
    ) -> Changed {
        actor.require_for(Right::Analyse, unit)?;
        let all: Vec<_> =
            RiskState::ALL.iter().copied().filter(|state| *state != RiskState::Rejected).collect();
        require_state(self, "link an incident to", &all)?;
        let reference = short("reference", reference)?;
        if self.incidents.iter().any(|one| one.reference == reference) {
            return super::error::guard(format!("incident {reference} is linked already"));
        }
        let mut next = self.clone();
        let by = actor.name.clone();
        next.incidents.push(IncidentLink { reference: reference.clone(), by, at: now });
        next.put_up(ReassessCause::IncidentLinked, &reference, now);
        Ok(next.changed(&actor.name, RiskEvent::IncidentLinked, reference, now))
    }
}
