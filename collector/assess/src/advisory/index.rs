//! All advisory data, for looking up.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use belfort_model::advisory::{
    Affected, AffectedDetail, CveDetail, CveFact, CveId, Epss, ReleaseCycle, Suppression,
    SuppressionScope,
};
use belfort_model::id::{AssetId, UnitId};
use belfort_model::time::Timestamp;

use super::matching::Compared;
use super::product::Products;
use super::{Installed, ecosystem, range};
use crate::version::Order;

/// Where data comes from, as findings cite it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRef {
    /// Name, for example `osv/debian`.
    pub name: String,
    /// Version.
    pub version: String,
    /// The moment the data is of.
    pub as_of: Timestamp,
}

impl std::fmt::Display for SourceRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// One package of one advisory.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) advisory: Box<str>,
    pub(super) source: Arc<SourceRef>,
    pub(super) detail: AffectedDetail,
}

/// What feeds know about one vulnerability.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Probability of exploitation.
    pub epss: Option<Epss>,
    /// Known exploitation, score and decision points.
    pub detail: CveDetail,
    /// Where these come from.
    pub sources: Vec<Arc<SourceRef>>,
}

/// A vulnerability that is passed over, and the units its unit stands for.
#[derive(Clone, Debug)]
pub struct Suppressed {
    /// The suppression.
    pub suppression: Suppression,
    /// With a unit: it and all below it.
    pub units: Vec<UnitId>,
}

impl Suppressed {
    fn reaches(&self, asset: AssetId, unit: Option<UnitId>) -> bool {
        match self.suppression.scope {
            SuppressionScope::All => true,
            SuppressionScope::Asset(one) => one == asset,
            SuppressionScope::Unit(_) => unit.is_some_and(|unit| self.units.contains(&unit)),
        }
    }
}

type ByPackage = HashMap<Box<str>, Vec<Entry>>;

/// All advisory data.
#[derive(Debug, Default)]
pub struct Index {
    pub(super) affected: HashMap<Box<str>, ByPackage>,
    epss: HashMap<CveId, Epss>,
    epss_source: Option<Arc<SourceRef>>,
    facts: HashMap<CveId, (CveDetail, Vec<Arc<SourceRef>>)>,
    products: Products,
    suppressed: HashMap<CveId, Vec<Suppressed>>,
    has_facts: bool,
    has_list: bool,
    pub(super) compared: Compared,
}

impl Index {
    /// Whether there is no data at all.
    pub fn is_empty(&self) -> bool {
        self.affected.is_empty() && !self.has_facts && self.products.is_empty()
    }

    /// Whether there is a list of known exploited vulnerabilities.
    pub(crate) fn knows_exploited(&self) -> bool {
        self.has_list
    }

    /// Products and the end of their support.
    pub fn products(&self) -> &Products {
        &self.products
    }

    /// Everything known about a vulnerability.
    pub fn facts(&self, cve: CveId) -> Facts {
        let epss = self.epss.get(&cve).copied();
        let (detail, mut sources) = self.facts.get(&cve).cloned().unwrap_or_default();
        sources.extend(epss.and(self.epss_source.clone()));
        Facts { epss, detail, sources }
    }

    /// Whether there are advisories for an ecosystem.
    pub(super) fn covers(&self, ecosystem: &str) -> bool {
        self.affected.contains_key(ecosystem)
    }

    /// Whether there are advisories for the ecosystem of every package that has one of its own. Those of the
    /// operating system stand and fall with it.
    pub(crate) fn covers_all(&self, packages: &[Installed]) -> bool {
        let languages: BTreeSet<&str> = packages
            .iter()
            .filter_map(|package| ecosystem::of_language(&package.package_type))
            .collect();
        languages.into_iter().all(|language| self.covers(language))
    }

    /// Advisories about a package.
    pub(super) fn entries(&self, ecosystem: &str, package: &str) -> &[Entry] {
        self.affected
            .get(ecosystem)
            .and_then(|packages| packages.get(package))
            .map_or(&[], Vec::as_slice)
    }

    /// Whether a vulnerability is passed over here and now.
    pub(crate) fn is_suppressed(
        &self,
        cve: CveId,
        package: &str,
        asset: AssetId,
        unit: Option<UnitId>,
        now: Timestamp,
    ) -> bool {
        let all = self.suppressed.get(&cve).map_or(&[][..], Vec::as_slice);
        all.iter().any(|one| {
            let only = &one.suppression.package;
            one.suppression.is_active(now)
                && (only.is_empty() || only == package)
                && one.reaches(asset, unit)
        })
    }
}

/// Puts an index together. Sources are given newest first: where two say something of the same advisory
/// or product, the newer one counts.
#[derive(Debug, Default)]
pub struct Builder {
    index: Index,
    cycles: BTreeMap<String, (Arc<SourceRef>, Vec<ReleaseCycle>)>,
}

impl Builder {
    /// Adds a package of an advisory.
    pub fn affected(&mut self, source: &Arc<SourceRef>, affected: Affected) {
        let Affected { advisory, ecosystem, package, mut detail } = affected;
        if let Some(order) = Order::of_ecosystem(&ecosystem) {
            // A range with a version that is none is not understood: it says nothing.
            detail.ranges.retain_mut(|events| range::sort(events, order));
        } else {
            detail.ranges.clear();
        }
        if detail.ranges.is_empty() && detail.versions.is_empty() {
            return;
        }
        let packages = self.index.affected.entry(ecosystem.into()).or_default();
        let entries = packages.entry(package.into()).or_default();
        let (advisory, source) = (advisory.into(), Arc::clone(source));
        entries.push(Entry { advisory, source, detail });
    }

    /// Adds what a feed knows about a vulnerability.
    pub fn fact(&mut self, source: &Arc<SourceRef>, fact: CveFact) {
        self.index.has_facts = true;
        if let Some(epss) = fact.epss {
            self.index.epss.entry(fact.cve).or_insert(epss);
            self.index.epss_source.get_or_insert_with(|| Arc::clone(source));
        }
        if fact.detail == CveDetail::default() {
            return;
        }
        self.index.has_list |= fact.detail.kev.is_some() || fact.detail.eu_kev.is_some();
        let (known, sources) = self.index.facts.entry(fact.cve).or_default();
        let CveDetail { kev, eu_kev, cvss, ssvc } = fact.detail;
        known.kev = known.kev.take().or(kev);
        known.eu_kev = known.eu_kev.take().or(eu_kev);
        known.cvss = known.cvss.take().or(cvss);
        known.ssvc = known.ssvc.take().or(ssvc);
        if !sources.contains(source) {
            sources.push(Arc::clone(source));
        }
    }

    /// Adds a release of a product.
    pub fn cycle(&mut self, source: &Arc<SourceRef>, cycle: ReleaseCycle) {
        let (from, cycles) = self
            .cycles
            .entry(cycle.product.clone())
            .or_insert_with(|| (Arc::clone(source), Vec::new()));
        if from == source {
            cycles.push(cycle);
        }
    }

    /// Adds what is passed over.
    pub fn suppressed(&mut self, suppressed: Suppressed) {
        self.index.suppressed.entry(suppressed.suppression.cve).or_default().push(suppressed);
    }

    /// The index.
    pub fn build(mut self) -> Index {
        self.index.products = Products::new(self.cycles);
        for packages in self.index.affected.values_mut() {
            packages.values_mut().for_each(newest_only);
        }
        self.index
    }
}

/// Keeps of each advisory what its newest source says.
fn newest_only(entries: &mut Vec<Entry>) {
    // The order of sources stays within an advisory.
    entries.sort_by(|a, b| a.advisory.cmp(&b.advisory));
    let mut kept: Option<(Box<str>, Arc<SourceRef>)> = None;
    entries.retain(|entry| match &kept {
        Some((advisory, source)) if *advisory == entry.advisory => *source == entry.source,
        _ => {
            kept = Some((entry.advisory.clone(), Arc::clone(&entry.source)));
            true
        }
    });
    entries.shrink_to_fit();
}
