//! Advisory data and suppressions.

use belfort_model::advisory::{Affected, CveId, Event, Exploited, Suppression, SuppressionScope};
use belfort_model::time::Timestamp;
use belfort_store::record::{CveReport, StoredSource};
use serde::Serialize;
use utoipa::ToSchema;

use super::text;
use crate::app::advisories::{Imported, Outcome};

/// A source of advisory data.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdvisorySourceView {
    /// Name, for example `kev` or `osv/debian`.
    pub name: String,
    /// Form of the feed.
    pub kind: String,
    /// Version its publisher gives, or the day of the data.
    pub version: String,
    /// The moment the data is of.
    pub as_of: String,
    /// When the file was fetched.
    pub retrieved_at: String,
    /// When it was imported.
    pub imported_at: String,
    /// Whether it is recent enough to rely on.
    pub fresh: bool,
    /// Records taken.
    pub records: u64,
    /// Records that could not be used.
    pub skipped: u64,
    /// Terms of use.
    pub licence: String,
    /// SHA-256 of the file.
    pub sha256: String,
}

impl AdvisorySourceView {
    /// Shows a source as it is at a moment.
    pub fn of(stored: StoredSource, now: Timestamp) -> Self {
        let source = stored.source;
        Self {
            fresh: now.days_since(source.as_of) <= source.kind.fresh_days(),
            name: source.name,
            kind: source.kind.to_string(),
            version: source.version,
            as_of: text(source.as_of),
            retrieved_at: text(source.retrieved_at),
            imported_at: text(source.imported_at),
            records: source.records,
            skipped: source.skipped,
            licence: source.licence,
            sha256: hex::encode(source.sha256),
        }
    }
}

/// What became of one source.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedView {
    /// Name.
    pub name: String,
    /// `imported`, `unchanged` or `readable` (nothing was to be changed).
    pub outcome: String,
    /// Version.
    pub version: String,
    /// The moment the data is of.
    pub as_of: String,
    /// Records taken.
    pub records: u64,
    /// Records that are not for us.
    pub ignored: u64,
    /// Records that could not be used.
    pub skipped: u64,
    /// The first of these, and why.
    pub named: Vec<String>,
}

impl From<Imported> for ImportedView {
    fn from(imported: Imported) -> Self {
        let outcome = match imported.outcome {
            Outcome::Imported => "imported",
            Outcome::Unchanged => "unchanged",
            Outcome::Readable => "readable",
        };
        let named = imported.named.iter().map(|one| format!("{}: {}", one.record, one.reason));
        Self {
            outcome: outcome.to_owned(),
            version: imported.source.version,
            as_of: text(imported.source.as_of),
            records: imported.source.records,
            ignored: imported.ignored,
            skipped: imported.source.skipped,
            named: named.collect(),
            name: imported.source.name,
        }
    }
}

/// That a vulnerability is exploited.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExploitedView {
    /// Which list, and from which import.
    pub source: String,
    /// Day it was listed.
    pub listed: String,
    /// Its name there.
    pub name: String,
    /// Whether ransomware is known to use it.
    pub ransomware: bool,
    /// Day by which agencies of the United States must act: for reference.
    pub due: Option<String>,
}

/// A package of an advisory.
#[derive(Debug, Serialize, ToSchema)]
pub struct AffectedView {
    /// Where it comes from.
    pub source: String,
    /// The advisory.
    pub advisory: String,
    /// Ecosystem with its release.
    pub ecosystem: String,
    /// Source package.
    pub package: String,
    /// Affected versions: ranges, and versions one by one.
    pub affected: Vec<String>,
    /// Whether the publisher says that it is of no practical importance.
    pub informational: bool,
    /// The vendor's severity.
    pub severity: Option<String>,
    /// CVSS vector of the advisory.
    pub cvss: Option<String>,
}

impl AffectedView {
    fn of(source: String, affected: Affected) -> Self {
        let detail = affected.detail;
        let range = |events: &Vec<Event>| {
            let event = |event: &Event| match event {
                Event::Introduced(version) => format!("from {version}"),
                Event::Fixed(version) => format!("before {version}"),
                Event::LastAffected(version) => format!("up to {version}"),
                Event::Limit(version) => format!("only below {version}"),
            };
            events.iter().map(event).collect::<Vec<_>>().join(", ")
        };
        let mut versions: Vec<String> = detail.ranges.iter().map(range).collect();
        versions.extend(detail.versions);
        Self {
            source,
            advisory: affected.advisory,
            ecosystem: affected.ecosystem,
            package: affected.package,
            affected: versions,
            informational: detail.informational,
            severity: detail.severity.map(|severity| severity.to_string()),
            cvss: detail.vector,
        }
    }
}

/// Everything known about a vulnerability.
#[derive(Debug, Serialize, ToSchema)]
pub struct VulnerabilityView {
    /// The vulnerability.
    pub cve: String,
    /// Lists of known exploited vulnerabilities it is on.
    pub exploited: Vec<ExploitedView>,
    /// Probability of exploitation within 30 days, 0 to 1; nothing when it is not known.
    pub epss: Option<f64>,
    /// CVSS vector.
    pub cvss: Option<String>,
    /// Decision points: exploitation, automatable, technical impact.
    pub ssvc: Vec<String>,
    /// Sources that say something about it.
    pub sources: Vec<String>,
    /// Packages of advisories about it, at most a thousand.
    pub affected: Vec<AffectedView>,
}

impl VulnerabilityView {
    /// Shows what is known.
    pub fn of(cve: CveId, report: CveReport) -> Self {
        let mut view = Self {
            cve: cve.to_string(),
            exploited: vec![],
            epss: None,
            cvss: None,
            ssvc: vec![],
            sources: vec![],
            affected: vec![],
        };
        for (source, fact) in report.facts {
            let exploited = |one: Exploited| ExploitedView {
                source: source.clone(),
                listed: one.listed,
                name: one.name,
                ransomware: one.ransomware,
                due: one.due,
            };
            view.exploited.extend(fact.detail.kev.map(exploited));
            view.exploited.extend(fact.detail.eu_kev.map(exploited));
            view.epss = view.epss.or(fact.epss.map(|epss| f64::from(epss.score) / 1e6));
            view.cvss = view.cvss.or(fact.detail.cvss.map(|cvss| cvss.vector));
            if let Some(ssvc) = fact.detail.ssvc {
                view.ssvc = vec![ssvc.exploitation, ssvc.automatable, ssvc.technical_impact];
            }
            view.sources.push(source);
        }
        for (source, affected) in report.affected {
            if !view.sources.contains(&source) {
                view.sources.push(source.clone());
            }
            view.affected.push(AffectedView::of(source, affected));
        }
        view
    }
}

/// A vulnerability that is passed over.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuppressionView {
    /// Id.
    pub id: String,
    /// The vulnerability.
    pub cve: String,
    /// Only in this source package.
    pub package: Option<String>,
    /// `all`, `unit` or `asset`.
    pub scope: String,
    /// Id of the unit or asset.
    pub scope_id: Option<String>,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub author: String,
    /// When.
    pub created_at: String,
    /// When it ends.
    pub expires_at: String,
    /// When somebody ended it before its time.
    pub ended_at: Option<String>,
}

impl From<Suppression> for SuppressionView {
    fn from(one: Suppression) -> Self {
        let (scope, scope_id) = match one.scope {
            SuppressionScope::All => ("all", None),
            SuppressionScope::Unit(unit) => ("unit", Some(unit.to_string())),
            SuppressionScope::Asset(asset) => ("asset", Some(asset.to_string())),
        };
        Self {
            id: one.id.to_string(),
            cve: one.cve.to_string(),
            package: Some(one.package).filter(|package| !package.is_empty()),
            scope: scope.to_owned(),
            scope_id,
            reason: one.reason,
            author: one.author,
            created_at: text(one.created_at),
            expires_at: text(one.expires_at),
            ended_at: one.ended_at.map(text),
        }
    }
}
