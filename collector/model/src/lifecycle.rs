//! The life cycle of an asset: which moves there are, what each asks for, and the steps it has taken.
//!
//! Source: `domain.md`, "Asset"; the moves are a default of this product, the states are the policy's.

use serde::{Deserialize, Serialize};

use crate::asset::{AssetKind, Lifecycle};
use crate::time::Timestamp;

use Lifecycle::{
    Archived, Decommissioned, Disposed, InRepair, InStock, InUse, Missing, Ordered, Requested,
};

/// From each state, the states that can follow it.
const MOVES: &[(Lifecycle, &[Lifecycle])] = &[
    (Requested, &[Ordered, InStock, InUse, Archived]),
    (Ordered, &[InStock, InUse, Archived]),
    (InStock, &[InUse, InRepair, Missing, Decommissioned]),
    (InUse, &[InStock, InRepair, Missing, Decommissioned]),
    (InRepair, &[InUse, InStock, Missing, Decommissioned]),
    (Missing, &[InUse, InStock, InRepair, Decommissioned]),
    // Taken out of service by mistake, it goes back into stock and from there into use.
    (Decommissioned, &[InStock, Disposed, Archived]),
    (Disposed, &[Archived]),
    (Archived, &[]),
];

impl Lifecycle {
    /// The states that can follow this one.
    pub fn next(self) -> &'static [Self] {
        MOVES.iter().find(|(from, _)| *from == self).map_or(&[], |(_, to)| *to)
    }

    /// Whether the thing is gone for the organisation: its personal fields are erased.
    pub fn is_over(self) -> bool {
        matches!(self, Decommissioned | Disposed | Archived)
    }
}

/// How data carriers were disposed of, and the proof of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposal {
    /// What was done.
    pub method: DisposalMethod,
    /// Reference of the certificate or report that proves it; empty when there is none.
    pub certificate: String,
}

impl Disposal {
    /// Whether the wiping is proven: there is a reference, or there was nothing to wipe.
    pub fn is_proven(&self) -> bool {
        self.method == DisposalMethod::NoDataCarrier || !self.certificate.is_empty()
    }
}

crate::text_enum! {
    /// How data carriers were disposed of.
    DisposalMethod {
        /// Overwritten or erased by the drive itself (NIST SP 800-88 clear or purge).
        Wiped = "wiped",
        /// The key of an encrypted carrier was destroyed.
        KeyDestroyed = "key_destroyed",
        /// Physically destroyed.
        Destroyed = "destroyed",
        /// Given back to the lessor or the supplier, who wipes it.
        Returned = "returned",
        /// It held no data carrier.
        NoDataCarrier = "no_data_carrier",
    }
}

/// One move that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The state before.
    pub from: Lifecycle,
    /// The state after.
    pub to: Lifecycle,
    /// Since when it holds: what the person said, not later than when it was entered.
    pub at: Timestamp,
    /// Who entered it.
    pub by: String,
    /// Why; can be empty.
    pub reason: String,
    /// How data carriers were disposed of.
    pub disposal: Option<Disposal>,
}

/// Why a move cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveError {
    /// The state does not follow.
    #[error("an asset that is {from} cannot become {to}; it can become {}", list(*from))]
    NotNext {
        /// The state it has.
        from: Lifecycle,
        /// The state that was asked.
        to: Lifecycle,
    },
    /// A device is disposed of with its evidence.
    #[error(
        "a device becomes {0} only with how its data carriers were disposed of: method (wiped, \
         key_destroyed, destroyed, returned, no_data_carrier) and the reference of the certificate"
    )]
    NoDisposal(Lifecycle),
    /// Evidence where nothing is disposed of.
    #[error("disposal evidence belongs to decommissioned or disposed, not to {0}")]
    NotDisposed(Lifecycle),
    /// It lies in the future, or before the step before it.
    #[error("the date of the move lies {0}")]
    Date(&'static str),
}

fn list(from: Lifecycle) -> String {
    let next: Vec<_> = from.next().iter().map(|state| state.as_str()).collect();
    if next.is_empty() { "nothing else".to_owned() } else { next.join(", ") }
}

/// A move somebody asks for.
#[derive(Clone, Debug)]
pub struct Move<'a> {
    /// The state it shall have.
    pub to: Lifecycle,
    /// Since when.
    pub at: Timestamp,
    /// Evidence of disposal.
    pub disposal: Option<&'a Disposal>,
}

/// Checks a move of an asset of this kind in this state, whose last move was at `since`.
///
/// A device that is disposed of, or archived without having been, says how its data carriers were
/// disposed of, now or when it was decommissioned (`known`). A certificate may follow later: without one
/// the finding `life.disposal_unproven` stands.
pub fn check(
    kind: AssetKind,
    from: Lifecycle,
    since: Timestamp,
    known: Option<&Disposal>,
    asked: &Move<'_>,
    now: Timestamp,
) -> Result<(), MoveError> {
    if !from.next().contains(&asked.to) {
        return Err(MoveError::NotNext { from, to: asked.to });
    }
    let takes_evidence = matches!(asked.to, Decommissioned | Disposed);
    if asked.disposal.is_some() && !takes_evidence {
        return Err(MoveError::NotDisposed(asked.to));
    }
    let needs_evidence = asked.to == Disposed || (from, asked.to) == (Decommissioned, Archived);
    if kind == AssetKind::Device && needs_evidence && asked.disposal.or(known).is_none() {
        return Err(MoveError::NoDisposal(asked.to));
    }
    if asked.at > now {
        return Err(MoveError::Date("in the future"));
    }
    if asked.at < since {
        return Err(MoveError::Date("before the move before it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    static WIPED: Disposal =
        Disposal { method: DisposalMethod::Destroyed, certificate: String::new() };

    #[test]
    fn every_state_has_its_line_and_archived_is_the_end() {
        assert_eq!(MOVES.len(), Lifecycle::ALL.len());
        for state in Lifecycle::ALL {
            assert!(!state.next().contains(state), "{state}");
            assert_eq!(state.next().is_empty(), *state == Archived, "{state}");
        }
    }

    #[test]
    fn errors_say_what_can_be_done() {
        let asked = Move { to: InUse, at: Timestamp(0), disposal: None };
        let wrong = check(AssetKind::Device, Archived, Timestamp(0), None, &asked, Timestamp(0));
        let text = wrong.unwrap_err().to_string();
        assert_eq!(
            text,
            "an asset that is archived cannot become in_use; it can become nothing else"
        );
        let asked = Move { to: Disposed, ..asked };
        let wrong =
            check(AssetKind::Device, Decommissioned, Timestamp(0), None, &asked, Timestamp(0));
        assert_eq!(wrong, Err(MoveError::NoDisposal(Disposed)));
        let app = AssetKind::Application;
        assert_eq!(check(app, Decommissioned, Timestamp(0), None, &asked, Timestamp(0)), Ok(()));
    }

    #[test]
    fn a_certificate_proves() {
        assert!(!WIPED.is_proven());
        assert!(Disposal { certificate: "C-1".to_owned(), ..WIPED.clone() }.is_proven());
        assert!(Disposal { method: DisposalMethod::NoDataCarrier, ..WIPED.clone() }.is_proven());
    }

    proptest! {
        /// Whatever is asked in whatever order: nothing leaves the archive, no device is disposed of or
        /// archived after service without evidence, and dates never run backwards.
        #[test]
        fn no_sequence_goes_round_the_guards(
            asked in prop::collection::vec((0usize..9, 0i64..100, any::<bool>()), 0..60),
        ) {
            let (mut state, mut since, mut known) = (Requested, Timestamp(0), None);
            for (to, at, with) in asked {
                let to = Lifecycle::ALL[to];
                let disposal = with.then_some(&WIPED);
                let step = Move { to, at: Timestamp(at), disposal };
                let now = Timestamp(50);
                match check(AssetKind::Device, state, since, known, &step, now) {
                    Ok(()) => {
                        prop_assert!(state != Archived);
                        prop_assert!(state.next().contains(&to));
                        prop_assert!(step.at >= since && step.at <= now);
                        known = disposal.or(known).filter(|_| to.is_over());
                        if to == Disposed || (state == Decommissioned && to == Archived) {
                            prop_assert!(known.is_some());
                        }
                        prop_assert!(!(state.is_over() && to.is_in_service()));
                        (state, since) = (to, step.at);
                    }
                    Err(_) => prop_assert!(
                        !state.next().contains(&to)
                            || step.at > now
                            || step.at < since
                            || (with && !matches!(to, Decommissioned | Disposed))
                            || known.is_none()
                    ),
                }
            }
        }
    }
}
