//! What people make of a finding: confirmed, a false positive, under an exception, somebody's to solve —
//! and by when it is to be gone.

use serde::{Deserialize, Serialize};

use super::{EvidenceItem, Finding, FindingChanges, FindingStatus, Hit};
use crate::access::{Actor, Denied, Right};
use crate::exception::{Exception, holding};
use crate::id::{AssetId, ExceptionId, FindingId, UnitId};
use crate::scale::{Dimensions, Level};
use crate::text::{LONG, checked};
use crate::time::Timestamp;

/// What somebody said of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Confirmed, false positive, or open again.
    pub status: FindingStatus,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// On what evidence.
    pub evidence: Vec<EvidenceItem>,
}

/// What people made of a finding, and by when it is to be gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Triage {
    /// The last judgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judgement>,
    /// The unit that is to solve it, where that is not the owner of the asset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned: Option<UnitId>,
    /// The exception it stands, or last stood, under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<ExceptionId>,
    /// When it was opened again; nothing while it was opened once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// By when it is to be gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Rises with every change but the mere moment of observation: optimistic locking.
    pub version: u64,
}

impl Default for Triage {
    fn default() -> Self {
        Self {
            judged: None,
            assigned: None,
            exception: None,
            opened_at: None,
            due: None,
            version: 1,
        }
    }
}

/// What somebody does with a finding.
#[derive(Clone, Debug)]
pub enum TriageChange {
    /// Agrees.
    Confirm {
        /// Why; may be empty.
        reason: String,
    },
    /// Says it is none, until its evidence changes.
    FalsePositive {
        /// Why.
        reason: String,
    },
    /// Takes a judgement back.
    Reopen {
        /// Why.
        reason: String,
    },
    /// Gives it to a unit to solve; to the owner of the asset when nothing.
    Assign {
        /// Which.
        unit: Option<UnitId>,
    },
}

impl TriageChange {
    /// Its name in the audit log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Confirm { .. } => "finding.confirm",
            Self::FalsePositive { .. } => "finding.false_positive",
            Self::Reopen { .. } => "finding.reopen",
            Self::Assign { .. } => "finding.assign",
        }
    }
}

/// Why a finding does not change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindingError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It stands elsewhere.
    #[error("the finding is {status}: {reason}")]
    Status {
        /// Where it stands.
        status: FindingStatus,
        /// Why that does not go.
        reason: &'static str,
    },
    /// A value is wrong.
    #[error("{0}")]
    Input(String),
}

impl Finding {
    /// The finding after a person's change. `unit` owns its asset.
    pub fn triaged(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        change: &TriageChange,
        now: Timestamp,
    ) -> Result<Self, FindingError> {
        use FindingStatus::{Confirmed, Excepted, FalsePositive, Open, Reopened, Resolved};
        actor.require_for(Right::Triage, unit)?;
        let mut next = self.clone();
        next.triage.version += 1;
        let refuse = |reason| Err(FindingError::Status { status: self.status, reason });
        let (status, reason) = match change {
            TriageChange::Assign { unit } => {
                next.triage.assigned = *unit;
                return Ok(next);
            }
            TriageChange::Confirm { reason } => match self.status {
                Open | Reopened => (Confirmed, optional(reason)?),
                Confirmed | Excepted | Resolved | FalsePositive => {
                    return refuse("only an open one can be confirmed");
                }
            },
            TriageChange::FalsePositive { reason } => match self.status {
                Open | Reopened | Confirmed | Excepted => (FalsePositive, required(reason)?),
                Resolved | FalsePositive => {
                    return refuse("only one that is observed can be a false positive");
                }
            },
            TriageChange::Reopen { reason } => match self.status {
                Confirmed | FalsePositive => (Open, required(reason)?),
                Open | Reopened | Excepted | Resolved => {
                    return refuse("there is no judgement to take back");
                }
            },
        };
        let (by, at) = (actor.name.clone(), now);
        next.status = status;
        next.triage.judged =
            Some(Judgement { status, by, at, reason, evidence: self.evidence.clone() });
        Ok(next)
    }
}

fn required(reason: &str) -> Result<String, FindingError> {
    checked("reason", reason, LONG).map_err(FindingError::Input)
}

fn optional(reason: &str) -> Result<String, FindingError> {
    if reason.trim().is_empty() { Ok(String::new()) } else { required(reason) }
}

/// Days within which a finding of this severity is to be gone. The policy sets none; these are defaults of
/// this product.
pub fn due_days(severity: Level) -> i64 {
    match severity.get() {
        5 => 7,
        4 => 30,
        3 => 90,
        _ => 180,
    }
}

/// What a finding's standing follows from beside the observation.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// Exceptions that may concern the asset.
    pub exceptions: &'a [Exception],
    /// The unit that owns the asset, and those above it.
    pub owners: &'a [UnitId],
    /// The severity of a likelihood on dimensions of this asset.
    pub severity: &'a dyn Fn(Level, Dimensions) -> Level,
    /// The present moment.
    pub now: Timestamp,
}

impl Circumstances<'_> {
    fn settle(&self, finding: &mut Finding) {
        let Finding { id, asset, .. } = *finding;
        if matches!(finding.status, FindingStatus::Resolved | FindingStatus::FalsePositive) {
            return;
        }
        let exception = holding(self.exceptions, id, asset, &finding.code, self.owners, self.now);
        match exception {
            Some(exception) => {
                finding.status = FindingStatus::Excepted;
                finding.triage.exception = Some(exception.id);
            }
            // Its exception ended or was taken back: it counts again.
            None if finding.status == FindingStatus::Excepted => {
                finding.status = FindingStatus::Reopened;
                finding.triage.opened_at = Some(self.now);
            }
            None => {}
        }
        let severity = (self.severity)(finding.likelihood, finding.dimensions);
        let since = finding.triage.opened_at.unwrap_or(finding.first_observed);
        finding.triage.due = Some(since.plus_days(due_days(severity)));
    }
}

/// Lets exceptions and due dates follow what was observed.
pub fn settle(known: &[Finding], changes: &mut FindingChanges, around: &Circumstances<'_>) {
    for finding in known {
        if let Some(updated) = changes.updated.iter_mut().find(|one| one.id == finding.id) {
            around.settle(updated);
            continue;
        }
        let mut next = finding.clone();
        around.settle(&mut next);
        if next != *finding {
            next.triage.version += 1;
            changes.updated.push(next);
        }
    }
}

/// Where a finding that is observed for the first time stands.
pub fn settle_new(asset: AssetId, hit: &Hit, around: &Circumstances<'_>) -> Finding {
    let mut finding = Finding {
        id: FindingId::of(asset, &hit.code, &hit.key),
        code: hit.code.clone(),
        asset,
        key: hit.key.clone(),
        status: FindingStatus::Open,
        first_observed: around.now,
        last_observed: around.now,
        resolved_at: None,
        likelihood: hit.likelihood,
        dimensions: hit.dimensions,
        evidence: hit.evidence.clone(),
        triage: Triage::default(),
    };
    around.settle(&mut finding);
    finding
}

#[cfg(test)]
mod tests;
