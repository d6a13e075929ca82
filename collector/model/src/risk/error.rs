//! Why a risk does not change, and the questions that guards ask.

use super::{Risk, RiskState};
use crate::access::{Actor, Denied, Right, Role};
use crate::id::UnitId;
use crate::text;

/// Why a risk does not change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// The actor has not got the right.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The actor has the right through another role, and this takes a certain one.
    #[error("{name} may not {what}: that takes the role {roles} for this unit")]
    Role {
        /// Who asked.
        name: String,
        /// For what.
        what: &'static str,
        /// Which roles may.
        roles: String,
    },
    /// The actor holds the role of CISO.
    #[error(
        "{name} may not decide on risks: the ciso role advises and never decides, whatever other role \
         the person holds"
    )]
    Ciso {
        /// Who asked.
        name: String,
    },
    /// It stands elsewhere.
    #[error("risk {reference} is {state}: one can {what} only a risk that is {expected}")]
    State {
        /// Which risk.
        reference: String,
        /// Where it stands.
        state: RiskState,
        /// What was asked for.
        what: &'static str,
        /// Where it would have to stand.
        expected: String,
    },
    /// A guard does not let it pass.
    #[error("{0}")]
    Guard(String),
    /// There is no such action.
    #[error("risk {reference} has no such action")]
    NoAction {
        /// Which risk.
        reference: String,
    },
    /// A value is wrong.
    #[error("{0}")]
    Input(String),
}

/// A risk after a change.
pub type Changed = Result<Risk, TransitionError>;

/// Refuses unless the actor has the right for the unit, and through one of these roles.
pub(super) fn require_role(
    actor: &Actor,
    right: Right,
    roles: &[Role],
    unit: Option<UnitId>,
) -> Result<(), TransitionError> {
    actor.require_for(right, unit)?;
    if holds(actor, roles, unit) {
        return Ok(());
    }
    let roles: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
    let (name, what) = (actor.name.clone(), right.description());
    Err(TransitionError::Role { name, what, roles: roles.join(" or ") })
}

/// Whether the actor holds one of these roles for the unit.
pub(super) fn holds(actor: &Actor, roles: &[Role], unit: Option<UnitId>) -> bool {
    actor.grants.iter().any(|grant| roles.contains(&grant.role) && grant.scope.contains(unit))
}

/// Refuses unless the risk stands in one of these states.
pub(super) fn require_state(
    risk: &Risk,
    what: &'static str,
    expected: &[RiskState],
) -> Result<(), TransitionError> {
    if expected.contains(&risk.state) {
        return Ok(());
    }
    let expected: Vec<_> = expected.iter().map(|state| state.as_str()).collect();
    Err(TransitionError::State {
        reference: risk.reference.clone(),
        state: risk.state,
        what,
        expected: expected.join(" or "),
    })
}

/// A guard that does not let it pass.
pub(super) fn guard<T>(reason: impl Into<String>) -> Result<T, TransitionError> {
    Err(TransitionError::Guard(reason.into()))
}

/// A text of some length.
pub(super) fn long(what: &str, value: &str) -> Result<String, TransitionError> {
    text::checked(what, value, text::LONG).map_err(TransitionError::Input)
}

/// A text of one line.
pub(super) fn short(what: &str, value: &str) -> Result<String, TransitionError> {
    text::checked(what, value, text::SHORT).map_err(TransitionError::Input)
}

/// Most entries of a list that people write.
const MANY: usize = 50;

/// A list of short texts.
pub(super) fn list(what: &str, values: &[String]) -> Result<Vec<String>, TransitionError> {
    if values.len() > MANY {
        return Err(TransitionError::Input(format!("{what} has more than {MANY} entries")));
    }
    values.iter().map(|value| short(what, value)).collect()
}
