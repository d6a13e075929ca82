//! Vulnerabilities, services, end of life, coverage and controls.

use std::collections::{BTreeMap, BTreeSet};

use belfort_assess::catalogue::Catalogue;
use belfort_assess::kpi::{
    CheckCount, ControlCount, Counts, Known, Measurement, Reason, SMALLEST_GROUP, ServiceCount,
};
use belfort_model::finding::{Finding, FindingStatus};
use belfort_model::id::AssetId;
use belfort_model::time::Timestamp;
use belfort_store::record::{FindingAt, FindingCount};

use super::super::{App, Result};
use super::Units;
use crate::app::kpis::nothing_told;
use crate::report::{
    Both, ControlLine, CoverageLine, EndOfLifeLine, ServiceLine, UnitRef, VulnerabilityLine,
};

/// Findings that can be past their time.
const OVERDUE: [&str; 3] = ["patch.overdue", "vuln.known", "vuln.known_exploited"];
/// Findings whose day of support is shown.
const END_OF_LIFE: [&str; 4] =
    ["os.end_of_life", "os.extended_only", "os.end_of_life_soon", "software.end_of_life"];
/// Names under which evidence states that day.
const END_DAYS: [&str; 3] = ["support_ended", "extended_until", "support_ends"];

impl App {
    pub(super) fn known_exploited(
        &self,
        at: Timestamp,
        counts: &Counts,
        units: &Units,
    ) -> Result<Known<Vec<VulnerabilityLine>>> {
        if let Known::Unknown(reason) = counts.known_exploited {
            return Ok(Known::Unknown(reason));
        }
        let found = self.store.findings_at(at, &["vuln.known_exploited".to_owned()])?;
        Ok(Known::Known(vulnerabilities(&found, at, units)))
    }

    /// Updates that are overdue, and vulnerabilities past the date they were due.
    pub(super) fn overdue(
        &self,
        at: Timestamp,
        measurement: &Known<Measurement>,
        units: &Units,
    ) -> Result<Known<Vec<VulnerabilityLine>>> {
        let codes = self.known_codes(&OVERDUE);
        if codes.is_empty() {
            return Ok(Known::Unknown(Reason::NoCheck));
        }
        let mut found = self.store.findings_at(at, &codes)?;
        if let (true, Some(reason)) = (found.is_empty(), nothing_told(measurement, &OVERDUE)) {
            return Ok(Known::Unknown(reason));
        }
        // An update is overdue by what it is; a vulnerability when its date is past.
        let late = |one: &FindingAt| one.finding.triage.due.is_some_and(|due| due < at);
        found.retain(|one| one.finding.code == "patch.overdue" || late(one));
        Ok(Known::Known(vulnerabilities(&found, at, units)))
    }

    pub(super) fn end_of_life(
        &self,
        at: Timestamp,
        measurement: &Known<Measurement>,
        units: &Units,
    ) -> Result<Known<Vec<EndOfLifeLine>>> {
        let codes = self.known_codes(&END_OF_LIFE);
        if codes.is_empty() {
            return Ok(Known::Unknown(Reason::NoCheck));
        }
        let found = self.store.findings_at(at, &codes)?;
        if let (true, Some(reason)) = (found.is_empty(), nothing_told(measurement, &END_OF_LIFE)) {
            return Ok(Known::Unknown(reason));
        }
        let mut groups: BTreeMap<(String, String, String), Group> = BTreeMap::new();
        for one in open(&found) {
            let finding = &one.finding;
            let (product, day) = (product(finding), end_day(finding));
            groups.entry((day, product, finding.code.clone())).or_default().add(one, units);
        }
        let line = |((day, product, code), group): ((String, String, String), Group)| {
            let (assets, units) = (group.assets.len() as u64, group.units());
            EndOfLifeLine { product, code, day, assets, units }
        };
        Ok(Known::Known(groups.into_iter().map(line).collect()))
    }

    /// Those of these codes that the catalogue has.
    fn known_codes(&self, codes: &[&str]) -> Vec<String> {
        let known = codes.iter().filter(|code| self.catalogue.findings.contains_key(**code));
        known.map(|code| (*code).to_owned()).collect()
    }
}

/// Findings that are not under an exception.
fn open(found: &[FindingAt]) -> impl Iterator<Item = &FindingAt> {
    found.iter().filter(|one| one.finding.status != FindingStatus::Excepted)
}

/// Findings about the same thing.
#[derive(Default)]
struct Group {
    assets: BTreeSet<AssetId>,
    codes: BTreeSet<String>,
    since: Option<Timestamp>,
}

impl Group {
    fn add(&mut self, one: &FindingAt, units: &Units) {
        self.assets.insert(one.finding.asset);
        self.codes.extend(one.unit.and_then(|unit| units.get(&unit)).map(|unit| unit.code.clone()));
        let since = one.finding.first_observed;
        self.since = Some(self.since.map_or(since, |first| first.min(since)));
    }

    fn units(self) -> Vec<String> {
        self.codes.into_iter().collect()
    }
}

/// One line per vulnerability: the oldest first.
fn vulnerabilities(found: &[FindingAt], at: Timestamp, units: &Units) -> Vec<VulnerabilityLine> {
    let mut groups: BTreeMap<(String, String), Group> = BTreeMap::new();
    for one in open(found) {
        let key = (subject(&one.finding), one.finding.code.clone());
        groups.entry(key).or_default().add(one, units);
    }
    let mut lines: Vec<_> = groups
        .into_iter()
        .map(|((name, code), group)| {
            let since = group.since.unwrap_or(at);
            let (assets, days) = (group.assets.len() as u64, at.days_since(since));
            VulnerabilityLine { name, code, assets, since, days, units: group.units() }
        })
        .collect();
    lines.sort_by(|a, b| (a.since, &a.name).cmp(&(b.since, &b.name)));
    lines
}

fn evidence<'a>(finding: &'a Finding, names: &[&str]) -> Option<&'a str> {
    let named = finding.evidence.iter().find(|item| names.contains(&item.name.as_str()));
    named.map(|item| item.value.as_str())
}

/// The CVE of a finding, or what tells it apart.
fn subject(finding: &Finding) -> String {
    let named = evidence(finding, &["vulnerability", "update", "package"]);
    let text = named.unwrap_or(&finding.key);
    if text.is_empty() { finding.code.clone() } else { text.to_owned() }
}

fn product(finding: &Finding) -> String {
    let named = evidence(finding, &["operating_system", "product", "package"]);
    named.map_or_else(|| subject(finding), str::to_owned)
}

fn end_day(finding: &Finding) -> String {
    evidence(finding, &END_DAYS).unwrap_or_default().to_owned()
}

/// What a service lacks; those too small to be compared are put together, and left out when even
/// together they are too small.
pub(super) fn services(counted: &[ServiceCount], units: &Units) -> Vec<ServiceLine> {
    let mut lines = Vec::new();
    let mut small: Option<(u64, ServiceLine)> = None;
    for service in counted {
        let Some(unit) = service.unit else {
            let mut line = service_line(None, service);
            line.without_owner = service.assets;
            lines.push(line);
            continue;
        };
        let name = units.get(&unit).cloned();
        let line = service_line(name, service);
        if service.devices >= SMALLEST_GROUP {
            lines.push(line);
            continue;
        }
        let (devices, together) = small.get_or_insert_with(|| (0, ServiceLine::default()));
        *devices += service.devices;
        together.together = true;
        together.assets += line.assets;
        together.without_owner += line.without_owner;
        together.without_class += line.without_class;
        together.reporting.good += line.reporting.good;
        together.reporting.of += line.reporting.of;
    }
    let code = |line: &ServiceLine| line.unit.as_ref().map(|unit| unit.code.clone());
    lines.sort_by_key(|line| (line.unit.is_none(), code(line)));
    lines.extend(small.filter(|(devices, _)| *devices >= SMALLEST_GROUP).map(|(_, line)| line));
    lines
}

fn service_line(unit: Option<UnitRef>, service: &ServiceCount) -> ServiceLine {
    ServiceLine {
        unit,
        together: false,
        assets: service.assets,
        without_owner: service.waiting_for_owner,
        without_class: service.without_class,
        reporting: service.reporting,
    }
}

pub(super) fn coverage(
    catalogue: &Catalogue,
    checks: &BTreeMap<String, CheckCount>,
) -> Vec<CoverageLine> {
    let line = |(code, count): (&String, &CheckCount)| {
        let kind = catalogue.findings.get(code);
        let title = kind.map_or_else(
            || Both { nl: code.clone(), en: code.clone() },
            |kind| Both { nl: kind.title.nl.clone(), en: kind.title.en.clone() },
        );
        let CheckCount { pass, hit, unknown } = *count;
        CoverageLine { code: code.clone(), title, pass, hit, unknown }
    };
    checks.iter().map(line).collect()
}

pub(super) fn controls(
    counted: &BTreeMap<String, ControlCount>,
    findings: &[FindingCount],
) -> Vec<ControlLine> {
    let count = |checks: &BTreeSet<String>, excepted: bool| {
        let of = findings.iter().filter(|one| checks.contains(&one.code));
        let of = of.filter(|one| (one.status == FindingStatus::Excepted) == excepted);
        of.map(|one| one.count).sum()
    };
    let line = |(control, counted): (&String, &ControlCount)| ControlLine {
        control: control.clone(),
        checks: counted.checks.iter().cloned().collect(),
        in_scope: counted.in_scope,
        compliant: counted.compliant,
        unknown: counted.unknown,
        open_findings: count(&counted.checks, false),
        excepted: count(&counted.checks, true),
    };
    counted.iter().map(line).collect()
}
