//! Runs every check of the catalogue over one asset.

use std::collections::BTreeMap;

use belfort_model::agent::Agent;
use belfort_model::asset::{Asset, Source};
use belfort_model::classification::{Classification, EffectiveClass, Inherited};
use belfort_model::facts::DeviceFacts;
use belfort_model::finding::{CheckResult, EvidenceItem, Hit};
use belfort_model::id::AssetId;
use belfort_model::ownership::Ownership;
use belfort_model::scale::{Dimensions, Level};
use belfort_model::time::Timestamp;

use crate::advisory::Advised;
use crate::catalogue::{Catalogue, FindingKind};

/// Hours until an asset is evaluated again when nothing happens: enough for checks that count days.
pub const REPEAT_HOURS: i64 = 6;

/// One asset, as the checks see it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The asset.
    pub asset: &'a Asset,
    /// Facts of the last report.
    pub facts: Option<&'a DeviceFacts>,
    /// Active owner.
    pub owner: Option<&'a Ownership>,
    /// Own newest classification.
    pub classification: Option<&'a Classification>,
    /// Data sets it is linked to.
    pub links: &'a [Inherited],
    /// The class that counts.
    pub class: &'a EffectiveClass,
    /// The active agent.
    pub agent: Option<&'a Agent>,
    /// Assets with the same hardware evidence.
    pub shares_evidence_with: &'a [AssetId],
    /// What advisories say about it; nothing without any advisory data.
    pub advised: Option<Advised<'a>>,
    /// The present moment.
    pub now: Timestamp,
}

impl<'a> Subject<'a> {
    /// Facts of the last report. A device that should report and has not is unknown; what has no agent
    /// is not concerned.
    pub(crate) fn device_facts(&self) -> Result<&'a DeviceFacts, Verdict> {
        self.facts.ok_or(match self.asset.source {
            Source::Agent => Verdict::Unknown,
            _ => Verdict::NotApplicable,
        })
    }
}

/// What a matcher observed. The catalogue's likelihood and dimensions hold unless it says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// Tells observations of one check on one asset apart.
    pub key: String,
    /// Likelihood, where it differs from the catalogue's.
    pub likelihood: Option<Level>,
    /// Dimensions, where they differ from the catalogue's; none at all means: for information, no risk.
    pub dimensions: Option<Dimensions>,
    /// What it rests on.
    pub evidence: Vec<EvidenceItem>,
}

impl Observation {
    /// An observation that rests on one fact.
    pub fn of(name: &str, value: impl Into<String>) -> Self {
        Self { evidence: vec![item(name, value)], ..Self::default() }
    }
}

/// One fact.
pub fn item(name: &str, value: impl Into<String>) -> EvidenceItem {
    EvidenceItem { name: name.to_owned(), value: value.into() }
}

/// What a matcher says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The check does not concern this asset.
    NotApplicable,
    /// Could not be told.
    Unknown,
    /// As it should be.
    Pass,
    /// Not as it should be.
    Hit(Vec<Observation>),
}

impl Verdict {
    /// `Pass` without observations, `Hit` with.
    pub fn from_observations(observations: Vec<Observation>) -> Self {
        if observations.is_empty() { Self::Pass } else { Self::Hit(observations) }
    }
}

/// What all checks say about one asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The class that counts.
    pub class: EffectiveClass,
    /// What was observed, by code and key.
    pub hits: Vec<Hit>,
    /// What each check said, by code.
    pub results: BTreeMap<String, CheckResult>,
}

/// Evaluates one asset. The `class` of the subject is ignored and worked out anew.
pub fn evaluate(catalogue: &Catalogue, subject: &Subject<'_>) -> Evaluation {
    let class = EffectiveClass::of(subject.classification, subject.links);
    let subject = Subject { class: &class, ..*subject };
    let mut hits = Vec::new();
    let mut results = BTreeMap::new();
    for (kind, matcher) in catalogue.checks() {
        let verdict = if subject.asset.lifecycle.is_in_service() {
            matcher(&subject, kind, catalogue)
        } else {
            Verdict::NotApplicable
        };
        let result = match verdict {
            Verdict::NotApplicable => CheckResult::NotApplicable,
            Verdict::Unknown => CheckResult::Unknown,
            Verdict::Pass => CheckResult::Pass,
            Verdict::Hit(observations) => {
                hits.extend(observations.into_iter().map(|observed| hit(kind, observed)));
                CheckResult::Hit
            }
        };
        results.insert(kind.code.clone(), result);
    }
    hits.sort_by(|a, b| (&a.code, &a.key).cmp(&(&b.code, &b.key)));
    hits.dedup_by(|a, b| a.code == b.code && a.key == b.key);
    Evaluation { class, hits, results }
}

fn hit(kind: &FindingKind, observed: Observation) -> Hit {
    Hit {
        code: kind.code.clone(),
        key: observed.key,
        likelihood: observed.likelihood.unwrap_or(kind.likelihood),
        dimensions: observed.dimensions.unwrap_or(kind.dimensions),
        evidence: observed.evidence,
    }
}
