//! Findings: what is not as it should be with an asset, kept current by re-evaluation.

mod triage;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::id::{AssetId, FindingId};
use crate::scale::{Dimensions, Level};
use crate::time::Timestamp;

pub use triage::{
    Circumstances, FindingError, Judgement, Triage, TriageChange, due_days, settle, settle_new,
};

crate::text_enum! {
    /// Where a finding stands.
    FindingStatus {
        /// Observed.
        Open = "open",
        /// Observed, and a person agreed.
        Confirmed = "confirmed",
        /// Observed, under an exception.
        Excepted = "excepted",
        /// No longer observed.
        Resolved = "resolved",
        /// Observed again after it was resolved.
        Reopened = "reopened",
        /// A person said it is none.
        FalsePositive = "false_positive",
    }
}

impl FindingStatus {
    /// Whether it counts for a risk.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Confirmed | Self::Reopened)
    }
}

/// One fact a finding rests on, for people and for the proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceItem {
    /// What it is about, for example `volume`.
    pub name: String,
    /// What was seen, for example `/ on vda1 is not encrypted`.
    pub value: String,
    /// Whether it changes by itself, as a score of the day and the version of a source do: what people
    /// judged does not rest on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub volatile: bool,
}

/// Whether two observations rest on the same, whatever changes by itself.
fn rest_on_the_same(one: &[EvidenceItem], other: &[EvidenceItem]) -> bool {
    fn lasting(items: &[EvidenceItem]) -> impl Iterator<Item = (&str, &str)> {
        let lasting = items.iter().filter(|item| !item.volatile);
        lasting.map(|item| (item.name.as_str(), item.value.as_str()))
    }
    lasting(one).eq(lasting(other))
}

/// What a check observed about an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Code of the finding.
    pub code: String,
    /// Tells findings of one code on one asset apart; empty when there can be only one.
    pub key: String,
    /// Suggested likelihood.
    pub likelihood: Level,
    /// Dimensions it touches.
    pub dimensions: Dimensions,
    /// What it rests on.
    pub evidence: Vec<EvidenceItem>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its id.
    pub id: FindingId,
    /// Code in the catalogue, for example `disk.unencrypted`.
    pub code: String,
    /// The asset.
    pub asset: AssetId,
    /// Tells findings of one code on one asset apart.
    pub key: String,
    /// Where it stands.
    pub status: FindingStatus,
    /// When it was first observed.
    pub first_observed: Timestamp,
    /// When it was last observed.
    pub last_observed: Timestamp,
    /// When it was last resolved.
    pub resolved_at: Option<Timestamp>,
    /// Suggested likelihood.
    pub likelihood: Level,
    /// Dimensions it touches.
    pub dimensions: Dimensions,
    /// What it rests on.
    pub evidence: Vec<EvidenceItem>,
    /// What people made of it, and by when it is to be gone.
    #[serde(default)]
    pub triage: Triage,
}

/// What a risk needs to know of a finding that is not resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// Its id.
    pub id: FindingId,
    /// Code in the catalogue.
    pub code: String,
    /// Suggested likelihood.
    pub likelihood: Level,
    /// Dimensions it touches.
    pub dimensions: Dimensions,
    /// Whether it stands under an exception: then it counts for no risk, and is there nevertheless.
    pub excepted: bool,
}

impl Finding {
    /// The finding as a risk sees it, unless it is resolved or none.
    pub fn unresolved(&self) -> Option<Unresolved> {
        let excepted = self.status == FindingStatus::Excepted;
        (self.status.is_open() || excepted).then(|| Unresolved {
            id: self.id,
            code: self.code.clone(),
            likelihood: self.likelihood,
            dimensions: self.dimensions,
            excepted,
        })
    }
}

crate::text_enum! {
    /// What a check said about an asset.
    CheckResult {
        /// As it should be.
        Pass = "pass",
        /// Not as it should be.
        Hit = "hit",
        /// Could not be told: missing coverage, neither pass nor hit.
        Unknown = "unknown",
        /// The check does not concern this asset.
        NotApplicable = "not_applicable",
    }
}

/// What to do with an asset's findings after an evaluation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingChanges {
    /// Hits that are not known yet.
    pub new: Vec<Hit>,
    /// Known findings, changed.
    pub updated: Vec<Finding>,
}

/// Compares what was observed with what is known.
///
/// A finding whose check could not run stays as it is. What people decided stays while it is observed:
/// confirmation and exception, and a false positive as long as the evidence is what it was judged on.
pub fn reconcile(
    known: &[Finding],
    hits: Vec<Hit>,
    result_of: impl Fn(&str) -> Option<CheckResult>,
    now: Timestamp,
) -> FindingChanges {
    let mut changes = FindingChanges::default();
    // An asset far behind on its updates has hundreds of each.
    let observed: HashMap<_, _> =
        hits.iter().map(|hit| ((hit.code.as_str(), hit.key.as_str()), hit)).collect();
    for finding in known {
        let next = match observed.get(&(finding.code.as_str(), finding.key.as_str())) {
            Some(hit) => observed_again(finding, hit, now),
            None => match result_of(&finding.code) {
                // Unknown, or a check this build does not have: nothing is concluded.
                Some(CheckResult::Unknown) | None => continue,
                Some(_) => no_longer_observed(finding, now),
            },
        };
        if let Some(next) = next {
            changes.updated.push(next);
        }
    }
    let known: HashSet<_> =
        known.iter().map(|finding| (finding.code.as_str(), finding.key.as_str())).collect();
    changes.new = hits
        .into_iter()
        .filter(|hit| !known.contains(&(hit.code.as_str(), hit.key.as_str())))
        .collect();
    changes
}

fn observed_again(finding: &Finding, hit: &Hit, now: Timestamp) -> Option<Finding> {
    let mut next = finding.clone();
    if finding.status == FindingStatus::Resolved {
        next.status = FindingStatus::Reopened;
        next.resolved_at = None;
        next.triage.opened_at = Some(now);
    }
    if finding.status == FindingStatus::FalsePositive
        && finding
            .triage
            .judged
            .as_ref()
            .is_some_and(|judged| !rest_on_the_same(&judged.evidence, &hit.evidence))
    {
        next.status = FindingStatus::Reopened;
        next.triage.opened_at = Some(now);
    }
    next.likelihood = hit.likelihood;
    next.dimensions = hit.dimensions;
    // What changes by itself is no change to who judges it meanwhile.
    let changed = next != *finding || !rest_on_the_same(&finding.evidence, &hit.evidence);
    next.triage.version += u64::from(changed);
    next.evidence.clone_from(&hit.evidence);
    let differs = next != *finding;
    next.last_observed = now;
    // The moment of observation alone is written once a day: a register of ten thousand machines is
    // not rewritten every quarter of an hour to say that nothing changed.
    (differs || now.days_since(finding.last_observed) >= 1).then_some(next)
}

fn no_longer_observed(finding: &Finding, now: Timestamp) -> Option<Finding> {
    if matches!(finding.status, FindingStatus::Resolved | FindingStatus::FalsePositive) {
        return None;
    }
    let mut next = finding.clone();
    next.status = FindingStatus::Resolved;
    next.resolved_at = Some(now);
    next.triage.version += 1;
    Some(next)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn hit() -> Hit {
        Hit {
            code: "disk.unencrypted".to_owned(),
            key: String::new(),
            likelihood: Level::TWO,
            dimensions: Dimensions::try_from("V".to_owned()).unwrap(),
            evidence: vec![],
        }
    }

    fn finding(status: FindingStatus) -> Finding {
        Finding {
            id: FindingId(Uuid::nil()),
            code: hit().code,
            asset: AssetId(Uuid::nil()),
            key: String::new(),
            status,
            first_observed: Timestamp(0),
            last_observed: Timestamp(0),
            resolved_at: None,
            likelihood: Level::TWO,
            dimensions: hit().dimensions,
            evidence: vec![],
            triage: Triage::default(),
        }
    }

    fn after(status: FindingStatus, hits: Vec<Hit>, result: CheckResult) -> Option<FindingStatus> {
        let changes = reconcile(&[finding(status)], hits, |_| Some(result), Timestamp(5));
        assert!(changes.new.is_empty());
        changes.updated.first().map(|finding| finding.status)
    }

    #[test]
    fn resolves_and_reopens() {
        use FindingStatus::{Excepted, FalsePositive, Open, Reopened, Resolved};
        assert_eq!(after(Open, vec![], CheckResult::Pass), Some(Resolved));
        assert_eq!(after(Excepted, vec![], CheckResult::NotApplicable), Some(Resolved));
        assert_eq!(after(Resolved, vec![hit()], CheckResult::Hit), Some(Reopened));
        assert_eq!(after(FalsePositive, vec![hit()], CheckResult::Hit), None);
        assert_eq!(after(FalsePositive, vec![], CheckResult::Pass), None);
        assert_eq!(after(Open, vec![hit()], CheckResult::Hit), None);
    }

    #[test]
    fn unknown_is_neither_pass_nor_hit() {
        assert_eq!(after(FindingStatus::Open, vec![], CheckResult::Unknown), None);
        assert_eq!(after(FindingStatus::Resolved, vec![], CheckResult::Unknown), None);
    }

    #[test]
    fn a_second_evaluation_changes_nothing() {
        let known = finding(FindingStatus::Open);
        let result = |_: &str| Some(CheckResult::Hit);
        let changes = reconcile(&[known], vec![hit()], result, Timestamp(5));
        assert_eq!(changes, FindingChanges::default());
        assert_eq!(reconcile(&[], vec![hit()], result, Timestamp(5)).new.len(), 1);
    }
}
