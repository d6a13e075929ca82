//! Where a risk stands and what is done about it.

crate::text_enum! {
    /// Where a risk stands. Who may lead it from one to the next, and when, is in `change.rs` and the files
    /// beside it.
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

crate::text_enum! {
    /// What made a version of an entry different from the one before.
    RiskEvent {
        /// It was proposed.
        Proposed = "proposed",
        /// The evidence, and so the suggestion, changed.
        Suggested = "suggested",
        /// No finding supports it any more.
        Unsupported = "unsupported",
        /// Somebody took it up.
        Analysing = "analysing",
        /// Title, description, owner, controls or legal references were written.
        Described = "described",
        /// Its values were assessed.
        Assessed = "assessed",
        /// It was rejected.
        Rejected = "rejected",
        /// Its values were confirmed.
        Evaluated = "evaluated",
        /// A treatment was decided.
        Decided = "decided",
        /// It is followed up.
        Monitored = "monitored",
        /// An action was added.
        ActionAdded = "action_added",
        /// An action was changed.
        ActionChanged = "action_changed",
        /// Advice was given.
        Advised = "advised",
        /// An incident was linked.
        IncidentLinked = "incident_linked",
        /// It has to be looked at again.
        Reassess = "reassess",
        /// The system proposes to close it.
        ClosureProposed = "closure_proposed",
        /// One of two agreed to close it.
        ClosingRequested = "closing_requested",
        /// It was closed.
        Closed = "closed",
        /// It is open again.
        Reopened = "reopened",
    }
}

crate::text_enum! {
    /// Why a risk has to be looked at again.
    ReassessCause {
        /// Its review is due.
        ReviewDue = "review_due",
        /// Its acceptance ended.
        AcceptanceExpired = "acceptance_expired",
        /// What the system suggests rose.
        SuggestionRose = "suggestion_rose",
        /// The class of what it hits changed.
        ClassChanged = "class_changed",
        /// A vulnerability that is known to be exploited hit it.
        KnownExploited = "known_exploited",
        /// An incident was linked.
        IncidentLinked = "incident_linked",
    }
}

impl ReassessCause {
    /// Whether it comes with the evidence: an entry that nobody has taken up yet shows it anyway.
    pub fn is_evidence(self) -> bool {
        matches!(self, Self::SuggestionRose | Self::ClassChanged | Self::KnownExploited)
    }
}
