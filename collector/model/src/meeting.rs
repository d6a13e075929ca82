//! Meetings that take decisions, above all the CI meeting (*overleg Coördinatie Informatieveiligheid*).

use serde::{Deserialize, Serialize};

use crate::access::{Actor, Denied, Right};
use crate::id::MeetingId;
use crate::text::{LONG, SHORT, checked};
use crate::time::Timestamp;

/// A meeting, as it was entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// Its id.
    pub id: MeetingId,
    /// What decisions refer to, for example `CI-2026-11`; unique.
    pub reference: String,
    /// What it is called.
    pub title: String,
    /// When it takes, or took, place.
    pub held_at: Timestamp,
    /// Functions that took part.
    pub attended: Vec<String>,
    /// Where the minutes are, or what they say.
    pub minutes: String,
    /// Who entered it.
    pub recorded_by: String,
    /// When it was entered.
    pub recorded_at: Timestamp,
}

/// What a meeting is made from.
#[derive(Clone, Debug, Default)]
pub struct NewMeeting {
    /// What decisions refer to.
    pub reference: String,
    /// What it is called; the reference when empty.
    pub title: String,
    /// Functions that took part.
    pub attended: Vec<String>,
    /// Where the minutes are, or what they say.
    pub minutes: String,
}

/// Why a meeting is not entered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeetingError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A value is wrong.
    #[error("{0}")]
    Input(String),
}

impl Meeting {
    /// A meeting that somebody enters.
    pub fn record(
        id: MeetingId,
        actor: &Actor,
        new: &NewMeeting,
        held_at: Timestamp,
        now: Timestamp,
    ) -> Result<Self, MeetingError> {
        actor.require(Right::RecordMeeting)?;
        let input = MeetingError::Input;
        let reference = checked("reference", &new.reference, 64).map_err(input)?;
        if reference.contains(|c: char| c.is_whitespace() || c == '/') {
            let reason = "reference must have no blanks and no `/`, for example CI-2026-11";
            return Err(input(reason.to_owned()));
        }
        let title = match new.title.trim() {
            "" => reference.clone(),
            title => checked("title", title, SHORT).map_err(input)?,
        };
        let attended = new.attended.iter().map(|function| checked("attended", function, SHORT));
        let attended = attended.collect::<Result<_, _>>().map_err(input)?;
        let minutes = match new.minutes.trim() {
            "" => String::new(),
            minutes => checked("minutes", minutes, LONG).map_err(input)?,
        };
        let (recorded_by, recorded_at) = (actor.name.clone(), now);
        Ok(Self { id, reference, title, held_at, attended, minutes, recorded_by, recorded_at })
    }

    /// Whether it is over, so that it can have decided something.
    pub fn took_place(&self, now: Timestamp) -> bool {
        self.held_at <= now
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::access::Role;

    #[test]
    fn meetings_are_entered_by_the_security_officer_alone() {
        let new = NewMeeting { reference: " CI-2026-11 ".to_owned(), ..NewMeeting::default() };
        let by = |role, new: &NewMeeting| {
            let actor = Actor::with_roles("els", &[role]);
            Meeting::record(MeetingId(Uuid::nil()), &actor, new, Timestamp(5), Timestamp(9))
        };
        let meeting = by(Role::SecurityOfficer, &new).unwrap();
        assert_eq!(
            (meeting.reference.as_str(), meeting.title.as_str()),
            ("CI-2026-11", "CI-2026-11")
        );
        assert!(meeting.took_place(Timestamp(5)) && !meeting.took_place(Timestamp(4)));
        for role in Role::ALL.iter().filter(|role| **role != Role::SecurityOfficer) {
            assert!(matches!(by(*role, &new), Err(MeetingError::Denied(_))), "{role}");
        }
        for wrong in ["", "CI 2026", "a/b", "a\u{7}"] {
            let new = NewMeeting { reference: wrong.to_owned(), ..NewMeeting::default() };
            let refused = by(Role::SecurityOfficer, &new);
            assert!(matches!(refused, Err(MeetingError::Input(_))), "{wrong}");
        }
    }
}
