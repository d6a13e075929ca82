//! Exceptions: findings that are let be, for a reason and until a date.
//!
//! Source: `domain.md`, "Entities". Whoever asked for an exception never approves it, and a data
//! protection officer approves none.

use serde::{Deserialize, Serialize};

use crate::access::{Actor, Denied, Right};
use crate::finding::{Finding, FindingStatus};
use crate::id::{AssetId, ExceptionId, FindingId, UnitId};
use crate::meeting::Meeting;
use crate::text::{LONG, checked};
use crate::time::Timestamp;

/// Days an exception lasts at most.
pub const MAX_DAYS: i64 = 365;

/// Days an exception lasts when nobody says otherwise.
pub const DEFAULT_DAYS: i64 = 90;

crate::text_enum! {
    /// Where an exception stands.
    ExceptionStatus {
        /// Waits for approval.
        Requested = "requested",
        /// Holds until its end.
        Approved = "approved",
        /// Was not approved.
        Rejected = "rejected",
        /// Is past its end.
        Expired = "expired",
        /// Was taken back, or is past its end and concerns nothing any more.
        Closed = "closed",
    }
}

/// What an exception is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExceptionScope {
    /// One finding.
    Finding {
        /// Which.
        finding: FindingId,
        /// Its asset.
        asset: AssetId,
    },
    /// An asset: every finding with a code, or every finding.
    Asset {
        /// Which.
        asset: AssetId,
        /// Code of the findings.
        code: Option<String>,
    },
    /// Every finding with a code on what a unit, or one below it, owns.
    Unit {
        /// Which.
        unit: UnitId,
        /// Code of the findings.
        code: String,
    },
}

impl ExceptionScope {
    /// The asset it names.
    pub fn asset(&self) -> Option<AssetId> {
        match self {
            Self::Finding { asset, .. } | Self::Asset { asset, .. } => Some(*asset),
            Self::Unit { .. } => None,
        }
    }

    /// The unit it names.
    pub fn unit(&self) -> Option<UnitId> {
        match self {
            Self::Unit { unit, .. } => Some(*unit),
            _ => None,
        }
    }
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Its id.
    pub id: ExceptionId,
    /// What it is for.
    pub scope: ExceptionScope,
    /// Why.
    pub reason: String,
    /// What is done instead (*compenserende maatregelen*).
    pub compensating: String,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    pub requested_at: Timestamp,
    /// Where it stands.
    pub status: ExceptionStatus,
    /// Who approved or rejected it, or took it back.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// When it was approved, also after it was taken back; nothing on one taken back before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<Timestamp>,
    /// Why it was rejected or taken back.
    pub decision_reason: Option<String>,
    /// Reference of the meeting that approved it.
    pub meeting: Option<String>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Rises with every change: optimistic locking.
    pub version: u64,
}

/// What an exception is asked for with.
#[derive(Clone, Debug)]
pub struct NewException {
    /// What it is for.
    pub scope: ExceptionScope,
    /// Why.
    pub reason: String,
    /// What is done instead.
    pub compensating: String,
    /// When it ends; [`DEFAULT_DAYS`] from now when nothing.
    pub expires_at: Option<Timestamp>,
}

/// Why an exception does not change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExceptionError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Whoever asked for it does not approve it.
    #[error("{0} asked for this exception: somebody else has to approve or reject it")]
    OwnRequest(String),
    /// It stands elsewhere.
    #[error("the exception is {0}: that cannot be done any more")]
    Status(ExceptionStatus),
    /// A rule does not allow it.
    #[error("{0}")]
    Guard(String),
    /// A value is wrong.
    #[error("{0}")]
    Input(String),
}

/// An exception after a change.
pub type Judged = std::result::Result<Exception, ExceptionError>;

fn end(expires_at: Timestamp, now: Timestamp) -> std::result::Result<Timestamp, ExceptionError> {
    if expires_at <= now || expires_at > now.plus_days(MAX_DAYS) {
        let reason = format!(
            "expires_at: an exception ends after now and within {MAX_DAYS} days, by {}",
            now.plus_days(MAX_DAYS).day()
        );
        return Err(ExceptionError::Input(reason));
    }
    Ok(expires_at)
}

impl Exception {
    /// Asks for an exception. `unit` is the unit of the scope, or of the owner of its asset.
    pub fn request(
        id: ExceptionId,
        actor: &Actor,
        unit: Option<UnitId>,
        new: NewException,
        now: Timestamp,
    ) -> Judged {
        actor.require_for(Right::Triage, unit)?;
        let compensating = match new.compensating.trim() {
            "" => String::new(),
            text => checked("compensating", text, LONG).map_err(ExceptionError::Input)?,
        };
        Ok(Self {
            id,
            scope: new.scope,
            reason: checked("reason", &new.reason, LONG).map_err(ExceptionError::Input)?,
            compensating,
            requested_by: actor.name.clone(),
            requested_at: now,
            status: ExceptionStatus::Requested,
            decided_by: None,
            decided_at: None,
            approved_at: None,
            decision_reason: None,
            meeting: None,
            expires_at: end(new.expires_at.unwrap_or(now.plus_days(DEFAULT_DAYS)), now)?,
            version: 1,
        })
    }

    /// Approves it: a department head for what belongs to the own units, or a meeting that took place, as
    /// the security officer enters it.
    pub fn approve(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        meeting: Option<&Meeting>,
        now: Timestamp,
    ) -> Judged {
        self.may_judge(actor, unit, meeting)?;
        if let Some(meeting) = meeting.filter(|meeting| !meeting.took_place(now)) {
            let reason = format!("meeting {} has not taken place yet", meeting.reference);
            return Err(ExceptionError::Guard(reason));
        }
        end(self.expires_at, now)?;
        let mut next = self.decided(actor, ExceptionStatus::Approved, now);
        next.approved_at = Some(now);
        next.meeting = meeting.map(|meeting| meeting.reference.clone());
        Ok(next)
    }

    /// Rejects it.
    pub fn reject(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        reason: &str,
        now: Timestamp,
    ) -> Judged {
        self.may_judge(actor, unit, None)?;
        let mut next = self.decided(actor, ExceptionStatus::Rejected, now);
        let reason = checked("reason", reason, LONG).map_err(ExceptionError::Input)?;
        next.decision_reason = Some(reason);
        Ok(next)
    }

    /// Takes it back before its end: what it was for counts again.
    pub fn close(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        reason: &str,
        now: Timestamp,
    ) -> Judged {
        actor.require_for(Right::Triage, unit)?;
        if matches!(self.status, ExceptionStatus::Rejected | ExceptionStatus::Closed) {
            return Err(ExceptionError::Status(self.status));
        }
        let mut next = self.decided(actor, ExceptionStatus::Closed, now);
        let reason = checked("reason", reason, LONG).map_err(ExceptionError::Input)?;
        next.decision_reason = Some(reason);
        Ok(next)
    }

    /// What it is by time alone: one that is past its end expires; nothing when nothing changes.
    #[must_use]
    pub fn passed(&self, now: Timestamp) -> Option<Self> {
        if self.status != ExceptionStatus::Approved || self.expires_at > now {
            return None;
        }
        let (status, version) = (ExceptionStatus::Expired, self.version + 1);
        Some(Self { status, version, ..self.clone() })
    }

    fn may_judge(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        meeting: Option<&Meeting>,
    ) -> std::result::Result<(), ExceptionError> {
        if let Err(denied) = actor.require_for(Right::ApproveException, unit) {
            // A data protection officer is refused here too: entering a meeting's decision is deciding.
            let by_meeting =
                meeting.is_some() && actor.require_for(Right::RecordMeeting, unit).is_ok();
            if !by_meeting {
                return Err(denied.into());
            }
        }
        if self.requested_by == actor.name {
            return Err(ExceptionError::OwnRequest(actor.name.clone()));
        }
        if self.status != ExceptionStatus::Requested {
            return Err(ExceptionError::Status(self.status));
        }
        Ok(())
    }

    /// Where it stood at a moment, by the dates it carries; nothing when nobody had asked for it yet.
    #[must_use]
    pub fn as_of(&self, at: Timestamp) -> Option<Self> {
        use ExceptionStatus::{Approved, Closed, Expired, Rejected, Requested};
        if self.requested_at > at {
            return None;
        }
        let by = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment <= at);
        let approved_at = match self.status {
            // Nothing was decided since, so this is the day of the approval.
            Approved | Expired => self.approved_at.or(self.decided_at),
            Requested | Rejected | Closed => self.approved_at,
        };
        let status = match self.status {
            Rejected | Closed if by(self.decided_at) => self.status,
            _ if !by(approved_at) => Requested,
            _ if self.expires_at <= at => Expired,
            _ => Approved,
        };
        Some(Self { status, ..self.clone() })
    }

    fn decided(&self, actor: &Actor, status: ExceptionStatus, now: Timestamp) -> Self {
        Self {
            status,
            decided_by: Some(actor.name.clone()),
            decided_at: Some(now),
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// Whether it was approved and has not ended.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.status == ExceptionStatus::Approved && self.expires_at > now
    }

    /// Whether it was approved and is past its end.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        match self.status {
            ExceptionStatus::Expired => true,
            ExceptionStatus::Approved => self.expires_at <= now,
            _ => false,
        }
    }

    /// Whether it is for this finding. `owners` are the unit that owns the asset and those above it.
    pub fn concerns(
        &self,
        finding: FindingId,
        asset: AssetId,
        code: &str,
        owners: &[UnitId],
    ) -> bool {
        match &self.scope {
            ExceptionScope::Finding { finding: one, .. } => *one == finding,
            ExceptionScope::Asset { asset: one, code: only } => {
                *one == asset && only.as_ref().is_none_or(|only| only == code)
            }
            ExceptionScope::Unit { unit, code: only } => only == code && owners.contains(unit),
        }
    }
}

/// The exception under which a finding stands now: the one that ends last.
pub fn holding<'a>(
    exceptions: &'a [Exception],
    finding: FindingId,
    asset: AssetId,
    code: &str,
    owners: &[UnitId],
    now: Timestamp,
) -> Option<&'a Exception> {
    exceptions
        .iter()
        .filter(|one| one.holds(now) && one.concerns(finding, asset, code, owners))
        .max_by_key(|one| (one.expires_at, one.id))
}

/// Exceptions past their end whose finding is still observed and under no other one: what gives the finding
/// `exception.expired`.
pub fn overdue<'a>(
    exceptions: &'a [Exception],
    findings: &[Finding],
    owners: &[UnitId],
    now: Timestamp,
) -> Vec<&'a Exception> {
    let is_left = |one: &Exception| {
        findings.iter().any(|finding| {
            let Finding { id, asset, code, status, .. } = finding;
            !matches!(status, FindingStatus::Resolved | FindingStatus::FalsePositive)
                && one.concerns(*id, *asset, code, owners)
                && holding(exceptions, *id, *asset, code, owners, now).is_none()
        })
    };
    exceptions.iter().filter(|one| one.is_expired(now) && is_left(one)).collect()
}

#[cfg(test)]
mod tests;
