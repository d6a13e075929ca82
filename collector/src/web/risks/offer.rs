//! What a visitor may do with a risk as it stands. The rules of the model are asked by trying, so that no
//! page offers what they would refuse; trying writes nothing.

use belfort_model::access::Actor;
use belfort_model::id::{ActionId, UnitId};
use belfort_model::meeting::{Meeting, NewMeeting};
use belfort_model::risk::{
    ActionUpdate, Description, NewAction, NewAssessment, NewDecision, Risk, RiskChange, RiskState,
    TransitionError, Treatment, may_decide,
};
use belfort_model::scale::Matrix;
use belfort_model::time::Timestamp;
use uuid::Uuid;

/// What is offered.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a form of its own, and any can go with any"
)]
pub(super) struct Offer {
    pub(super) analyse: bool,
    pub(super) assess: bool,
    pub(super) describe: bool,
    pub(super) evaluate: bool,
    /// It is being analysed, and takes an assessment before it can be evaluated.
    pub(super) assess_first: bool,
    pub(super) reject: bool,
    pub(super) advise: bool,
    pub(super) decide: bool,
    /// A decision names the meeting it was taken in.
    pub(super) needs_meeting: bool,
    /// There is no action yet, so that it cannot be mitigated.
    pub(super) needs_action: bool,
    pub(super) act: bool,
    pub(super) close: bool,
    /// It could be closed by the visitor, were it not for open actions and findings.
    pub(super) close_later: bool,
    pub(super) link: bool,
}

impl Offer {
    /// What this visitor may do now.
    pub(super) fn of(
        risk: &Risk,
        actor: &Actor,
        unit: Option<UnitId>,
        matrix: &Matrix,
        now: Timestamp,
    ) -> Self {
        let reason = || "…".to_owned();
        let tried = |change: RiskChange| {
            change.may_try(actor)?;
            risk.apply(actor, unit, &change, matrix, now)
        };
        let goes = |change| tried(change).is_ok();
        let stopped = |change| matches!(tried(change), Err(TransitionError::Guard(_)));
        let new_action = NewAction {
            id: ActionId(Uuid::nil()),
            title: reason(),
            unit: risk.deciding_unit(unit).unwrap_or(UnitId(Uuid::nil())),
            function: reason(),
            due: now.plus_days(1),
        };
        let decided = |meeting| {
            may_decide(actor, true)?;
            let treatment = Treatment::Avoid;
            let new = NewDecision { treatment, reason: reason(), meeting, accept_until: None };
            risk.decide(actor, unit, &new, now)
        };
        let alone = decided(None).is_ok();
        let together = decided(any_meeting(now)).is_ok();
        let close = || RiskChange::Close { reason: reason() };
        Self {
            analyse: goes(RiskChange::Analyse),
            assess: goes(RiskChange::Assess(Box::new(nothing_assessed()))),
            describe: risk.state.is_open() && goes(RiskChange::Describe(Description::default())),
            evaluate: goes(RiskChange::Evaluate),
            assess_first: stopped(RiskChange::Evaluate),
            reject: goes(RiskChange::Reject { reason: reason() }),
            advise: goes(RiskChange::Advise { text: reason() }),
            decide: alone || together,
            needs_meeting: !alone && together,
            needs_action: risk.state == RiskState::Evaluated && risk.actions.is_empty(),
            act: goes(RiskChange::AddAction(new_action)),
            close: goes(close()),
            close_later: stopped(close()),
            link: goes(RiskChange::LinkIncident { reference: reason() }),
        }
    }

    /// Whether anything is.
    pub(super) fn is_empty(self) -> bool {
        let moves = self.analyse || self.assess || self.evaluate || self.reject || self.decide;
        let words = self.describe || self.advise || self.act || self.link;
        !(moves || words || self.close || self.close_later)
    }
}

/// Whether the visitor may act on an action.
pub(super) fn may_act(
    risk: &Risk,
    actor: &Actor,
    unit: Option<UnitId>,
    action: ActionId,
    now: Timestamp,
) -> bool {
    risk.set_action(actor, unit, action, &ActionUpdate::default(), now).is_ok()
}

/// A meeting that took place, to try with.
pub(in crate::web) fn any_meeting(now: Timestamp) -> Option<Meeting> {
    let recorder = Actor::with_roles("…", &[belfort_model::access::Role::SecurityOfficer]);
    let new = NewMeeting {
        reference: "…".to_owned(),
        title: String::new(),
        attended: vec![],
        minutes: String::new(),
    };
    let id = belfort_model::id::MeetingId(Uuid::nil());
    Meeting::record(id, &recorder, &new, now.plus_days(-1), now).ok()
}

/// An assessment that leaves every value as it is.
fn nothing_assessed() -> NewAssessment {
    NewAssessment { reason: "…".to_owned(), ..NewAssessment::default() }
}
