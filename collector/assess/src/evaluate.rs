//! Runs every check of the catalogue over one asset.

use std::collections::{BTreeMap, BTreeSet};

use belfort_model::agent::Agent;
use belfort_model::asset::{Asset, Source};
use belfort_model::classification::{Classification, EffectiveClass, Inherited};
use belfort_model::facts::DeviceFacts;
use belfort_model::finding::{CheckResult, EvidenceItem, Hit};
use belfort_model::id::AssetId;
use belfort_model::ownership::Ownership;
use belfort_model::scale::{Dimensions, Level};
use belfort_model::software::{Decision, Installation};
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;

use crate::advisory::Advised;
use crate::catalogue::{Catalogue, FindingKind};
use crate::condition::{Condition, Context};
use crate::matchers;

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
    /// The unit of that owner.
    pub unit: Option<&'a OrgUnit>,
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
    /// Packages of the last report, sorted; nothing when they are not known.
    pub software: Option<&'a [Installation]>,
    /// What the organisation says of those packages; what is not named is undecided.
    pub decisions: &'a [Decision],
    /// What else the registry knows.
    pub records: Records<'a>,
    /// What advisories say about it; nothing without any advisory data.
    pub advised: Option<Advised<'a>>,
    /// The present moment.
    pub now: Timestamp,
}

/// What the registry knows of an asset beside its parts. Nothing means: not known, not: none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Records<'a> {
    /// When it was taken out of service.
    pub decommissioned_at: Option<Timestamp>,
    /// Whether there is evidence that its data was wiped.
    pub disposal_proven: Option<bool>,
    /// When a person last verified that it is there and is what the registry says.
    pub verified_at: Option<Timestamp>,
    /// Exceptions that were granted for it.
    pub exceptions: Option<&'a [Granted]>,
}

/// An exception, as the checks see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// What tells it apart, for people.
    pub reference: String,
    /// Code of the finding it excepts.
    pub code: String,
    /// Dimensions of that finding.
    pub dimensions: Dimensions,
    /// When it ends.
    pub expires_at: Timestamp,
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
    EvidenceItem { name: name.to_owned(), value: value.into(), volatile: false }
}

/// A fact that changes by itself, as a score of the day does.
pub fn volatile(name: &str, value: impl Into<String>) -> EvidenceItem {
    EvidenceItem { volatile: true, ..item(name, value) }
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
    /// Not as it should be, and of something else it could not be told.
    Partly(Vec<Observation>),
}

impl Verdict {
    /// `Pass` without observations, `Hit` with.
    pub fn from_observations(observations: Vec<Observation>) -> Self {
        Self::of(observations, false)
    }

    /// As [`Self::from_observations`]; `uncertain` when of something it could not be told.
    pub fn of(observations: Vec<Observation>, uncertain: bool) -> Self {
        match (observations.is_empty(), uncertain) {
            (true, true) => Self::Unknown,
            (true, false) => Self::Pass,
            (false, true) => Self::Partly(observations),
            (false, false) => Self::Hit(observations),
        }
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
    /// Codes of the checks that hit and could not tell all: what they did not observe may be there.
    pub partly: BTreeSet<String>,
}

impl Evaluation {
    /// What a check says about a finding of its own that it did not observe.
    pub fn of_unobserved(&self, code: &str) -> Option<CheckResult> {
        if self.partly.contains(code) {
            return Some(CheckResult::Unknown);
        }
        self.results.get(code).copied()
    }
}

/// Evaluates one asset. The `class` of the subject is ignored and worked out anew.
pub fn evaluate(catalogue: &Catalogue, subject: &Subject<'_>) -> Evaluation {
    let class = EffectiveClass::of(subject.classification, subject.links);
    let subject = Subject { class: &class, ..*subject };
    let mut hits = Vec::new();
    let mut results = BTreeMap::new();
    let mut partly = BTreeSet::new();
    let context = Context::of(&subject);
    for kind in catalogue.findings.values() {
        let verdict = observe(kind, &subject, &context, catalogue);
        if matches!(verdict, Verdict::Partly(_)) {
            partly.insert(kind.code.clone());
        }
        let result = match verdict {
            Verdict::NotApplicable => CheckResult::NotApplicable,
            Verdict::Unknown => CheckResult::Unknown,
            Verdict::Pass => CheckResult::Pass,
            Verdict::Hit(observations) | Verdict::Partly(observations) => {
                hits.extend(observations.into_iter().map(|observed| hit(kind, observed)));
                CheckResult::Hit
            }
        };
        results.insert(kind.code.clone(), result);
    }
    // It looks at the class, which moves into the answer.
    drop(context);
    hits.sort_by(|a, b| (&a.code, &a.key).cmp(&(&b.code, &b.key)));
    hits.dedup_by(|a, b| a.code == b.code && a.key == b.key);
    Evaluation { class, hits, results, partly }
}

/// What one check says.
fn observe(
    kind: &FindingKind,
    subject: &Subject<'_>,
    context: &Context<'_>,
    catalogue: &Catalogue,
) -> Verdict {
    if subject.asset.lifecycle.is_in_service() == kind.outside_service {
        return Verdict::NotApplicable;
    }
    match kind.applies.as_ref().map(|applies| applies.holds_in(context)) {
        Some(Some(false)) => return Verdict::NotApplicable,
        Some(None) => return unknown(kind.applies.as_ref(), subject),
        Some(Some(true)) | None => {}
    }
    if let Some(matcher) = kind.matcher.as_deref().and_then(matchers::by_name) {
        return matcher(subject, kind, catalogue);
    }
    let Some(condition) = &kind.condition else { return Verdict::Unknown };
    match condition.holds_in(context) {
        Some(true) => Verdict::Hit(vec![Observation {
            evidence: condition.evidence(subject),
            ..Observation::default()
        }]),
        Some(false) => Verdict::Pass,
        None => unknown(Some(condition), subject),
    }
}

/// A condition that cannot be told. One about a device does not concern what reports nothing.
fn unknown(condition: Option<&Condition>, subject: &Subject<'_>) -> Verdict {
    let names = condition.map(Condition::names).unwrap_or_default();
    if names.iter().any(|(record, _)| *record == "device") {
        return subject.device_facts().err().unwrap_or(Verdict::Unknown);
    }
    Verdict::Unknown
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

#[cfg(test)]
mod tests;
