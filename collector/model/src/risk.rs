//! Risks: what findings mean for the organisation, and what people made of them.
//!
//! What the system suggests and what people assessed or decided are kept apart: an evaluation only
//! ever writes [`Suggestion`] and the links to evidence.

use serde::{Deserialize, Serialize};

use crate::id::{AssetId, FindingId, RiskId, UnitId};
use crate::scale::{Biv, Level, Priority};
use crate::time::Timestamp;

crate::text_enum! {
    /// Where a risk stands. The transitions people make come with their guards in `domain.md`.
    RiskState {
        /// The system proposes it.
        Proposed = "proposed",
        /// Not a risk; stays so until the evidence changes.
        Rejected = "rejected",
        /// Being analysed.
        Analysing = "analysing",
        /// Likelihood, impact and control are confirmed.
        Evaluated = "evaluated",
        /// A treatment was decided.
        Decided = "decided",
        /// The treatment is followed up.
        Monitored = "monitored",
        /// Has to be looked at again.
        Reassess = "reassess",
        /// Closed.
        Closed = "closed",
        /// Open again after it was closed.
        Reopened = "reopened",
    }
}

impl RiskState {
    /// Whether the risk is on the agenda.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Rejected | Self::Closed)
    }
}

crate::text_enum! {
    /// What is done about a risk.
    Treatment {
        /// Not decided.
        Open = "open",
        /// Reduce it (*verminderen*).
        Mitigate = "mitigate",
        /// Stop what causes it (*vermijden*).
        Avoid = "avoid",
        /// Let somebody else bear it (*overdragen*).
        Transfer = "transfer",
        /// Live with it (*aanvaarden*), until a date.
        Accept = "accept",
    }
}

/// What a risk is about: one scenario in one unit, or on one asset that needs an entry of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RiskKey {
    /// Scenario in the catalogue.
    pub scenario: String,
    /// Unit; nothing for assets without an owner, and for an entry of one asset.
    pub unit: Option<UnitId>,
    /// The asset, for an entry of its own. It names no unit, so that it stays the same entry when the
    /// asset changes hands.
    pub asset: Option<AssetId>,
}

impl RiskKey {
    /// The stable text form: `scenario/unit/<id>`, with `-` for no unit, or `scenario/asset/<id>`.
    pub fn text(&self) -> String {
        match (self.asset, self.unit) {
            (Some(asset), _) => format!("{}/asset/{asset}", self.scenario),
            (None, Some(unit)) => format!("{}/unit/{unit}", self.scenario),
            (None, None) => format!("{}/unit/-", self.scenario),
        }
    }
}

/// Likelihood, impact and the severity they give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// Likelihood.
    pub likelihood: Level,
    /// Impact.
    pub impact: Level,
    /// Severity by the matrix.
    pub severity: Level,
}

/// Impact beyond availability, integrity and confidentiality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facets {
    /// On operations.
    pub operations: Level,
    /// On citizens.
    pub citizens: Level,
    /// In law.
    pub legal: Level,
    /// On reputation.
    pub reputation: Level,
}

impl Facets {
    /// The highest of the four.
    pub fn highest(self) -> Level {
        self.operations.max(self.citizens).max(self.legal).max(self.reputation)
    }
}

/// What the system suggests. Written anew by every evaluation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Without the controls that are in place.
    pub inherent: Rating,
    /// With them.
    pub current: Rating,
    /// Class that counts, over the dimensions hit; 1 where none was hit.
    pub biv: Biv,
    /// The further facets.
    pub facets: Facets,
    /// Degree of control.
    pub control: Level,
    /// Assets that comply with every check of the scenario.
    pub compliant: u32,
    /// Assets the scenario concerns.
    pub in_scope: u32,
    /// What to do first.
    pub priority: Priority,
    /// Version of the matrix.
    pub matrix: String,
    /// Assets hit, sorted.
    pub assets: Vec<AssetId>,
    /// Open findings it rests on, sorted.
    pub findings: Vec<FindingId>,
    /// Their codes, sorted, each once.
    pub codes: Vec<String>,
}

/// One entry of the register.
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
    /// When it was first proposed.
    pub created_at: Timestamp,
    /// When the entry last changed.
    pub updated_at: Timestamp,
    /// When it is to be looked at again.
    pub next_review: Timestamp,
    /// Since when no open finding supports it.
    pub unsupported_since: Option<Timestamp>,
    /// Rises with every change: optimistic locking.
    pub version: u64,
}

/// Days after which an untouched proposal without findings closes itself.
pub const PROPOSAL_DAYS: i64 = 30;

impl Risk {
    /// Whether somebody has to look at it: it is open, and not a mere proposal whose evidence is gone.
    pub fn is_on_agenda(&self) -> bool {
        let withdrawn = self.state == RiskState::Proposed && self.unsupported_since.is_some();
        self.state.is_open() && !withdrawn
    }

    /// The entry after an evaluation that suggests this, or nothing when nothing changes.
    ///
    /// A rejected risk stays rejected until its evidence changes; a closed one reopens; a decided one
    /// is put up for reassessment when the suggestion rises.
    pub fn evaluated(&self, suggestion: &Suggestion, now: Timestamp) -> Option<Self> {
        if *suggestion == self.suggestion && self.unsupported_since.is_none() {
            return None;
        }
        let mut next = self.clone();
        let rose = suggestion.current.severity > self.suggestion.current.severity;
        let codes_changed = suggestion.codes != self.suggestion.codes;
        next.state = match self.state {
            RiskState::Rejected if rose || codes_changed => RiskState::Proposed,
            // It closed by itself and nobody ever dealt with it: a proposal again.
            RiskState::Closed if self.treatment == Treatment::Open => RiskState::Proposed,
            RiskState::Closed => RiskState::Reopened,
            RiskState::Evaluated | RiskState::Decided | RiskState::Monitored if rose => {
                RiskState::Reassess
            }
            state => state,
        };
        if self.state == RiskState::Proposed
            && suggestion.current.severity != self.suggestion.current.severity
        {
            let days = crate::scale::review_days(suggestion.current.severity);
            next.next_review = now.plus_days(days).min(self.next_review);
        }
        next.suggestion = suggestion.clone();
        next.unsupported_since = None;
        Some(next.changed(now))
    }

    /// The entry after an evaluation that found nothing for it, or nothing when nothing changes.
    pub fn unsupported(&self, now: Timestamp) -> Option<Self> {
        let mut next = self.clone();
        match self.unsupported_since {
            None => {
                next.unsupported_since = Some(now);
                next.suggestion.assets.clear();
                next.suggestion.findings.clear();
            }
            Some(since)
                if self.state == RiskState::Proposed && now.days_since(since) >= PROPOSAL_DAYS =>
            {
                next.state = RiskState::Closed;
            }
            Some(_) => return None,
        }
        Some(next.changed(now))
    }

    fn changed(mut self, now: Timestamp) -> Self {
        self.updated_at = now;
        self.version += 1;
        self
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::scale::Matrix;

    fn suggestion(likelihood: i64, impact: i64) -> Suggestion {
        let (likelihood, impact) = (Level::clamped(likelihood), Level::clamped(impact));
        let severity = Matrix::default().severity(likelihood, impact);
        let rating = Rating { likelihood, impact, severity };
        let one = Level::ONE;
        Suggestion {
            inherent: rating,
            current: rating,
            biv: Biv::new(impact, one, one),
            facets: Facets { operations: impact, citizens: one, legal: one, reputation: one },
            control: one,
            compliant: 0,
            in_scope: 1,
            priority: Priority::of(severity, one),
            matrix: Matrix::default().version,
            assets: vec![AssetId(Uuid::from_u128(1))],
            findings: vec![FindingId(Uuid::from_u128(2))],
            codes: vec!["firewall.off".to_owned()],
        }
    }

    fn risk(state: RiskState) -> Risk {
        Risk {
            id: RiskId(Uuid::from_u128(3)),
            reference: "R-2026-0001".to_owned(),
            key: RiskKey { scenario: "network_intrusion".to_owned(), unit: None, asset: None },
            state,
            treatment: Treatment::Open,
            suggestion: suggestion(3, 3),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            next_review: Timestamp(0).plus_days(180),
            unsupported_since: None,
            version: 1,
        }
    }

    #[test]
    fn the_same_suggestion_changes_nothing() {
        for state in RiskState::ALL {
            assert_eq!(risk(*state).evaluated(&suggestion(3, 3), Timestamp(9)), None);
        }
    }

    #[test]
    fn a_rise_puts_a_decision_up_again_and_touches_no_treatment() {
        let mut decided = risk(RiskState::Monitored);
        decided.treatment = Treatment::Accept;
        let next = decided.evaluated(&suggestion(5, 5), Timestamp(9)).unwrap();
        assert_eq!((next.state, next.treatment), (RiskState::Reassess, Treatment::Accept));
        assert_eq!((next.version, next.reference), (2, decided.reference.clone()));
        let lower = decided.evaluated(&suggestion(1, 1), Timestamp(9)).unwrap();
        assert_eq!(lower.state, RiskState::Monitored);
    }

    #[test]
    fn a_rejected_risk_waits_for_other_evidence() {
        let rejected = risk(RiskState::Rejected);
        let mut more = suggestion(3, 3);
        more.assets.push(AssetId(Uuid::from_u128(8)));
        assert_eq!(rejected.evaluated(&more, Timestamp(9)).unwrap().state, RiskState::Rejected);
        more.codes.push("listener.insecure".to_owned());
        assert_eq!(rejected.evaluated(&more, Timestamp(9)).unwrap().state, RiskState::Proposed);
    }

    #[test]
    fn an_untouched_proposal_closes_after_thirty_days_and_reopens() {
        let proposed = risk(RiskState::Proposed).unsupported(Timestamp(0)).unwrap();
        assert_eq!(proposed.unsupported_since, Some(Timestamp(0)));
        assert!(!proposed.is_on_agenda() && risk(RiskState::Proposed).is_on_agenda());
        assert_eq!(proposed.unsupported(Timestamp(0).plus_days(29)), None);
        let closed = proposed.unsupported(Timestamp(0).plus_days(30)).unwrap();
        assert_eq!(closed.state, RiskState::Closed);
        let back = closed.evaluated(&suggestion(3, 3), Timestamp(9)).unwrap();
        assert_eq!((back.state, back.unsupported_since), (RiskState::Proposed, None));
        // And it leaves the agenda again when its findings do.
        assert!(!back.unsupported(Timestamp(10)).unwrap().is_on_agenda());
    }

    #[test]
    fn what_people_closed_reopens() {
        let mut closed = risk(RiskState::Closed);
        closed.treatment = Treatment::Mitigate;
        let back = closed.evaluated(&suggestion(4, 4), Timestamp(9)).unwrap();
        assert_eq!(back.state, RiskState::Reopened);
    }

    #[test]
    fn the_system_never_closes_a_decided_risk() {
        let decided = risk(RiskState::Monitored).unsupported(Timestamp(0)).unwrap();
        assert_eq!(decided.unsupported(Timestamp(0).plus_days(400)), None);
    }
}
