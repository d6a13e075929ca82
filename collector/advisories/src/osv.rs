//! OSV: one advisory per file. Source: OSV schema 1.7.

use std::collections::BTreeSet;

use belfort_model::advisory::{Affected, AffectedDetail, CveId, Event, Record, VendorSeverity};
use serde_json::Value;

use crate::json::{Bad, list, string, text};
use crate::{FeedError, Intake};

/// Bounds of one advisory.
const AFFECTED: usize = 5_000;
const EVENTS: usize = 1_000;
const VERSIONS: usize = 5_000;
const CVES: usize = 500;

/// Ecosystems whose order of versions is known: there the listed versions repeat what the ranges say.
const ORDERED: &[&str] = &[
    "Debian",
    "Ubuntu",
    "Alpine",
    "Rocky Linux",
    "AlmaLinux",
    "Red Hat",
    "SUSE",
    "openSUSE",
    "Mageia",
    "openEuler",
    "npm",
    "crates.io",
    "Go",
    "Hex",
    "NuGet",
    "SwiftURL",
    "Wolfi",
    "Chainguard",
];

/// Reads one advisory.
pub(crate) fn record(value: &Value, intake: &mut Intake<'_>) -> Result<(), FeedError> {
    let id = string(value, "id").unwrap_or("an advisory without id").to_owned();
    if let Some(modified) = string(value, "modified") {
        intake.note_moment(modified);
    }
    if value.get("withdrawn").is_some_and(|withdrawn| !withdrawn.is_null()) {
        intake.ignore();
        return Ok(());
    }
    let advisory = match head(value, &id) {
        Ok(advisory) => advisory,
        Err(bad) => {
            intake.skip(&id, bad);
            return Ok(());
        }
    };
    let affected = list(value, "affected");
    if affected.is_empty() {
        intake.ignore();
    }
    if affected.len() > AFFECTED {
        intake.skip(&id, Bad::new(format!("it names over {AFFECTED} packages")));
        return Ok(());
    }
    let mut ecosystems = BTreeSet::new();
    for one in affected {
        let record = package(one, &advisory);
        if let Ok(Some(Record::Affected(affected))) = &record {
            let release = affected.ecosystem.to_ascii_lowercase().replace(' ', "-");
            ecosystems.insert(release.split(':').next().unwrap_or_default().to_owned());
            ecosystems.insert(release);
        }
        intake.take_or_skip(|| id.clone(), record)?;
    }
    if !ecosystems.is_empty() {
        intake.note_ecosystems(ecosystems);
    }
    Ok(())
}

/// What counts for every package of an advisory.
struct Advisory {
    id: String,
    cves: Vec<CveId>,
    vector: Option<String>,
    severity: Option<VendorSeverity>,
}

fn head(value: &Value, id: &str) -> Result<Advisory, Bad> {
    let own = std::iter::once(id);
    let also = ["aliases", "upstream"].into_iter().flat_map(|key| list(value, key));
    // `UBUNTU-CVE-2024-1234` and the like are the CVE with a prefix.
    let mut cves: Vec<CveId> = own
        .chain(also.filter_map(Value::as_str))
        .filter_map(|id| id.get(id.find("CVE-")?..)?.parse().ok())
        .collect();
    cves.sort_unstable();
    cves.dedup();
    if cves.len() > CVES {
        return Err(Bad::new(format!("it is about over {CVES} vulnerabilities")));
    }
    let database = value.get("database_specific").and_then(|one| string(one, "severity"));
    let (vector, word) = severity(list(value, "severity"));
    Ok(Advisory {
        id: text("id", id, 100)?,
        cves,
        vector,
        severity: word.or_else(|| database.and_then(VendorSeverity::of)),
    })
}

/// The newest CVSS vector and the vendor's word, of a list `[{type, score}]`.
fn severity(scores: &[Value]) -> (Option<String>, Option<VendorSeverity>) {
    let of = |kind: &str| {
        let score = scores.iter().find(|one| string(one, "type") == Some(kind))?;
        string(score, "score").filter(|score| score.len() <= 256 && score.is_ascii())
    };
    let vector = of("CVSS_V4").or_else(|| of("CVSS_V3"));
    let word = scores
        .iter()
        .filter(|one| string(one, "type").is_some_and(|kind| !kind.starts_with("CVSS_")))
        .find_map(|one| VendorSeverity::of(string(one, "score")?));
    (vector.map(str::to_owned), word)
}

fn package(value: &Value, advisory: &Advisory) -> Result<Option<Record>, Bad> {
    let Some(package) = value.get("package") else {
        // Only about a repository.
        return Ok(None);
    };
    let ecosystem = text("ecosystem", string(package, "ecosystem").unwrap_or_default(), 100)?;
    let name = text("package.name", string(package, "name").unwrap_or_default(), 256)?;
    let mut ranges = Vec::new();
    for range in list(value, "ranges") {
        if matches!(string(range, "type"), Some("ECOSYSTEM" | "SEMVER")) {
            ranges.push(events(range)?);
        }
    }
    let base = ecosystem.split(':').next().unwrap_or_default();
    let listed = list(value, "versions");
    let versions = if !ranges.is_empty() && ORDERED.contains(&base) {
        Vec::new()
    } else if listed.len() > VERSIONS {
        return Err(Bad::new(format!("it lists over {VERSIONS} versions")));
    } else {
        let one = |value: &Value| text("a version", value.as_str().unwrap_or_default(), 128);
        listed.iter().map(one).collect::<Result<_, _>>()?
    };
    if ranges.is_empty() && versions.is_empty() {
        return Ok(None);
    }
    let specific = value.get("ecosystem_specific").unwrap_or(&Value::Null);
    let word = string(specific, "urgency").or_else(|| string(specific, "severity"));
    let (vector, own) = severity(list(value, "severity"));
    Ok(Some(Record::Affected(Affected {
        advisory: advisory.id.clone(),
        ecosystem: canonical(&ecosystem),
        package: name,
        detail: AffectedDetail {
            cves: advisory.cves.clone(),
            ranges,
            versions,
            informational: word == Some("unimportant"),
            severity: own.or_else(|| word.and_then(VendorSeverity::of)).or(advisory.severity),
            vector: vector.or_else(|| advisory.vector.clone()),
            updates: Vec::new(),
        },
    })))
}

fn events(range: &Value) -> Result<Vec<Event>, Bad> {
    let listed = list(range, "events");
    if listed.is_empty() || listed.len() > EVENTS {
        return Err(Bad::new(format!("a range does not have 1 to {EVENTS} events")));
    }
    let mut events = Vec::with_capacity(listed.len());
    for event in listed {
        let members = event.as_object().ok_or_else(|| Bad::new("an event is no object"))?;
        for (key, version) in members {
            let version =
                text("the version of an event", version.as_str().unwrap_or_default(), 128)?;
            events.push(match key.as_str() {
                "introduced" => Event::Introduced(version),
                "fixed" => Event::Fixed(version),
                "last_affected" => Event::LastAffected(version),
                "limit" => Event::Limit(version),
                _ => return Err(Bad::new("an event is none of the four kinds")),
            });
        }
    }
    Ok(events)
}

/// Red Hat names its ecosystems by CPE: the repositories of one release are one.
fn canonical(ecosystem: &str) -> String {
    match ecosystem.strip_prefix("Red Hat:enterprise_linux:") {
        Some(rest) => {
            format!("Red Hat:enterprise_linux:{}", rest.split(':').next().unwrap_or_default())
        }
        None => ecosystem.to_owned(),
    }
}
