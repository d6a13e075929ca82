//! From findings to risks: likelihood, impact, control, priority and aggregation.
//!
//! Source: `domain.md`, "From findings to a risk".

use std::collections::{BTreeMap, BTreeSet};

use belfort_model::classification::EffectiveClass;
use belfort_model::data_set::PersonalData;
use belfort_model::finding::{CheckResult, Unresolved};
use belfort_model::id::{AssetId, UnitId};
use belfort_model::risk::{Facets, KNOWN_EXPLOITED, Rating, RiskKey, Suggestion};
use belfort_model::scale::{
    Biv, Dimension, Dimensions, Level, Priority, current_likelihood, degree_of_control,
};

use crate::catalogue::{Catalogue, Scenario};

/// An asset as the aggregation sees it.
#[derive(Clone, Copy, Debug)]
pub struct Scoped<'a> {
    /// Its id.
    pub id: AssetId,
    /// The class that counts.
    pub class: &'a EffectiveClass,
    /// What each check said, by code.
    pub results: &'a BTreeMap<String, CheckResult>,
    /// Its findings that are not resolved; those under an exception count for nothing.
    pub findings: &'a [Unresolved],
}

/// What one scenario does to one asset.
struct HitAsset<'a> {
    asset: Scoped<'a>,
    findings: Vec<&'a Unresolved>,
    dimensions: Dimensions,
    likelihood: Level,
}

/// Over this share of a unit's assets in per cent, the likelihood rises by one.
const WIDESPREAD_PERCENT: usize = 25;

/// Works out what the findings in one unit suggest for the register, by key.
pub fn suggestions(
    catalogue: &Catalogue,
    unit: Option<UnitId>,
    assets: &[Scoped<'_>],
) -> Vec<(RiskKey, Suggestion)> {
    let mut all = Vec::new();
    for scenario in catalogue.scenarios.values() {
        let view = View::new(catalogue, scenario, assets);
        let hit: Vec<HitAsset<'_>> = assets.iter().filter_map(|asset| view.hit(*asset)).collect();
        if hit.is_empty() {
            continue;
        }
        let key = |unit, asset| RiskKey { scenario: scenario.code.clone(), unit, asset };
        let (apart, together): (Vec<_>, Vec<_>) =
            hit.iter().partition(|one| view.stands_apart(one));
        for one in apart {
            let suggestion = view.suggestion(&[one], one.likelihood);
            all.push((key(None, Some(one.asset.id)), suggestion));
        }
        let Some(highest) = together.iter().map(|one| one.likelihood).max() else {
            continue;
        };
        // An entry of its own for one asset does not make the threat to the unit less widespread.
        let widespread = hit.len() * 100 > assets.len() * WIDESPREAD_PERCENT;
        let likelihood = highest.shifted(i64::from(widespread));
        all.push((key(unit, None), view.suggestion(&together, likelihood)));
    }
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all
}

/// One scenario over one unit.
struct View<'a> {
    catalogue: &'a Catalogue,
    scenario: &'a Scenario,
    linked: BTreeSet<&'a str>,
    in_scope: usize,
    compliant: usize,
}

impl<'a> View<'a> {
    fn new(catalogue: &'a Catalogue, scenario: &'a Scenario, assets: &[Scoped<'_>]) -> Self {
        let linked = catalogue.linked_checks(&scenario.code);
        let concerned: Vec<_> =
            assets.iter().filter_map(|asset| complies(asset, linked.iter().copied())).collect();
        let compliant = concerned.iter().filter(|complies| **complies).count();
        Self { catalogue, scenario, linked, in_scope: concerned.len(), compliant }
    }

    /// The asset with its open findings of this scenario that are more than information.
    fn hit<'b>(&self, asset: Scoped<'b>) -> Option<HitAsset<'b>> {
        let findings: Vec<&Unresolved> = asset
            .findings
            .iter()
            .filter(|finding| !finding.excepted && self.linked.contains(finding.code.as_str()))
            .filter(|finding| finding.dimensions != Dimensions::default())
            .collect();
        let likelihood = findings.iter().map(|finding| finding.likelihood).max()?;
        let dimensions =
            findings.iter().fold(Dimensions::default(), |all, one| all.union(one.dimensions));
        Some(HitAsset { asset, findings, dimensions, likelihood })
    }

    /// Whether an asset gets an entry of its own: severity 5, or class 4 and up on a dimension hit.
    fn stands_apart(&self, one: &HitAsset<'_>) -> bool {
        let highest = one.dimensions.iter().map(|d| one.asset.class.biv.get(d)).max();
        highest >= Some(Level::FOUR)
            || self.catalogue.matrix.severity(one.likelihood, impact(&[one]).level) == Level::FIVE
    }

    fn suggestion(&self, hit: &[&HitAsset<'_>], likelihood: Level) -> Suggestion {
        let impact = impact(hit);
        let rating = |likelihood| Rating {
            likelihood,
            impact: impact.level,
            severity: self.catalogue.matrix.severity(likelihood, impact.level),
        };
        let inherent = rating(likelihood);
        let current = rating(current_likelihood(likelihood, self.mitigation(hit)));
        let control = degree_of_control(self.compliant, self.in_scope);
        let mut assets: Vec<_> = hit.iter().map(|one| one.asset.id).collect();
        assets.sort();
        let findings = hit.iter().flat_map(|one| one.findings.iter());
        let codes: BTreeSet<_> = findings.clone().map(|finding| finding.code.clone()).collect();
        let exploited = findings.clone().filter(|finding| finding.code == KNOWN_EXPLOITED);
        let mut known_exploited: Vec<_> = exploited.map(|finding| finding.id).collect();
        known_exploited.sort();
        let mut findings: Vec<_> = findings.map(|finding| finding.id).collect();
        findings.sort();
        Suggestion {
            inherent,
            current,
            biv: impact.biv,
            facets: impact.facets,
            control,
            compliant: u32::try_from(self.compliant).unwrap_or(u32::MAX),
            in_scope: u32::try_from(self.in_scope).unwrap_or(u32::MAX),
            priority: Priority::of(current.severity, control),
            matrix: self.catalogue.matrix.version.clone(),
            assets,
            findings,
            codes: codes.into_iter().collect(),
            known_exploited,
        }
    }

    /// How far other controls hold on the assets hit: the degree of control over the scenario's
    /// mitigating checks. A check that failed on any of them is not its own mitigation, and each check
    /// takes off one at most: one control that holds does not make a threat unlikely.
    fn mitigation(&self, hit: &[&HitAsset<'_>]) -> Level {
        let failed: BTreeSet<&str> = hit
            .iter()
            .flat_map(|one| one.asset.results.iter())
            .filter(|(_, result)| **result == CheckResult::Hit)
            .map(|(code, _)| code.as_str())
            .collect();
        let mitigating = || {
            self.scenario.mitigated_by.iter().map(String::as_str).filter(|c| !failed.contains(c))
        };
        let compliant =
            hit.iter().filter(|one| complies(&one.asset, mitigating()) == Some(true)).count();
        let checks = i64::try_from(mitigating().count()).unwrap_or(0);
        degree_of_control(compliant, hit.len()).min(Level::TWO.shifted(checks))
    }
}

/// Whether every check of a set that concerns the asset passes; nothing when none concerns it. What is
/// unknown does not comply: coverage is missing.
fn complies<'a>(asset: &Scoped<'_>, checks: impl Iterator<Item = &'a str>) -> Option<bool> {
    let mut concerned = false;
    for check in checks {
        match asset.results.get(check) {
            Some(CheckResult::NotApplicable) => {}
            Some(CheckResult::Pass) => concerned = true,
            Some(CheckResult::Hit | CheckResult::Unknown) | None => return Some(false),
        }
    }
    concerned.then_some(true)
}

struct Impact {
    level: Level,
    biv: Biv,
    facets: Facets,
}

/// The worst of the assets hit, per dimension and facet.
fn impact(hit: &[&HitAsset<'_>]) -> Impact {
    let one = Level::ONE;
    let mut biv = Biv::new(one, one, one);
    let mut facets = Facets { operations: one, citizens: one, legal: one, reputation: one };
    for asset in hit {
        let class = asset.asset.class;
        let level = |dimension| match asset.dimensions {
            touched if !touched.contains(dimension) => one,
            // At least 1, as a level is.
            touched if touched.is_low(dimension) => class.biv.get(dimension).shifted(-1),
            _ => class.biv.get(dimension),
        };
        let (b, i, v) = (level(Dimension::B), level(Dimension::I), level(Dimension::V));
        biv = Biv::new(biv.b.max(b), biv.i.max(i), biv.v.max(v));
        let hits_v = asset.dimensions.contains(Dimension::V);
        let special = hits_v && class.personal_data >= PersonalData::SpecialCategory;
        let personal = hits_v && class.personal_data >= PersonalData::Ordinary;
        facets.operations = facets.operations.max(b);
        facets.citizens = facets.citizens.max(v.max(i).shifted(i64::from(special)));
        facets.legal = facets.legal.max(v.shifted(i64::from(personal)));
        facets.reputation = facets.reputation.max(v.max(i));
    }
    Impact { level: biv.highest().max(facets.highest()), biv, facets }
}

#[cfg(test)]
mod tests;
