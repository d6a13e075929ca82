//! Microsoft's security updates, one CSAF document per vulnerability: products with the build that mends
//! them, and the update (KB) that brings it. Only Windows itself is matched: it alone has build numbers.

use std::collections::{BTreeMap, BTreeSet};

use belfort_model::advisory::{Affected, AffectedDetail, CveId, Event, Record, VendorSeverity};
use serde_json::Value;

use crate::json::{Bad, list, string};
use crate::{FeedError, Intake};

/// Products and remediations of one document at most, and how deep the tree of products goes.
const PRODUCTS: usize = 20_000;
const DEPTH: usize = 16;

/// Reads one document.
pub(crate) fn document(value: &Value, intake: &mut Intake<'_>) -> Result<(), FeedError> {
    let tracking = value.get("document").and_then(|document| document.get("tracking"));
    let tracking = tracking.unwrap_or(&Value::Null);
    if let Some(moment) = string(tracking, "current_release_date") {
        intake.note_moment(moment);
    }
    let id = string(tracking, "id").unwrap_or("a document without id").to_owned();
    let mut products = BTreeMap::new();
    if let Some(tree) = value.get("product_tree") {
        branches(tree, 0, &mut products);
    }
    let vulnerabilities = list(value, "vulnerabilities");
    if vulnerabilities.is_empty() || products.is_empty() {
        intake.skip(&id, Bad::new("it has no products or no vulnerabilities"));
        return Ok(());
    }
    for vulnerability in vulnerabilities {
        match builds(vulnerability, &products) {
            Ok(records) if records.is_empty() => intake.ignore(),
            Ok(records) => {
                records.into_iter().try_for_each(|one| intake.take(Record::Affected(one)))?;
            }
            Err(bad) => intake.skip(&id, bad),
        }
    }
    Ok(())
}

/// Which build a product id stands for: `(true, build)` for all before it, `(false, build)` for itself.
fn branches<'a>(value: &'a Value, depth: usize, products: &mut BTreeMap<&'a str, (bool, Build)>) {
    if depth > DEPTH || products.len() > PRODUCTS {
        return;
    }
    for branch in list(value, "branches") {
        let id = branch.get("product").and_then(|product| string(product, "product_id"));
        let name = string(branch, "name").unwrap_or_default().trim();
        let version = match string(branch, "category") {
            Some("product_version_range") => name
                .strip_prefix('<')
                .filter(|rest| !rest.starts_with('='))
                .map(|rest| (true, rest)),
            Some("product_version") => Some((false, name)),
            _ => None,
        };
        if let (Some(id), Some((before, version))) = (id, version)
            && let Some(build) = Build::of(version)
        {
            products.insert(id, (before, build));
        }
        branches(branch, depth + 1, products);
    }
}

/// A build of Windows: `10.0.19045.4529` is revision 4529 of the branch `10.0.19045`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Build {
    branch: String,
    revision: u32,
}

impl Build {
    fn of(text: &str) -> Option<Self> {
        let (branch, revision) = text.trim().rsplit_once('.')?;
        let mut parts = branch.split('.');
        let major: u32 = parts.next()?.parse().ok()?;
        let minor: u32 = parts.next()?.parse().ok()?;
        let number: u32 = parts.next()?.parse().ok()?;
        // Office, browsers and tools have versions of four numbers too, but not these.
        let windows = matches!((major, minor), (10, 0) | (6, 0..=3)) && number >= 6000;
        if parts.next().is_some() || !windows {
            return None;
        }
        Some(Self { branch: format!("{major}.{minor}.{number}"), revision: revision.parse().ok()? })
    }
}

fn builds(value: &Value, products: &BTreeMap<&str, (bool, Build)>) -> Result<Vec<Affected>, Bad> {
    let cve: CveId = string(value, "cve")
        .and_then(|cve| cve.parse().ok())
        .ok_or_else(|| Bad::new("a vulnerability has no CVE id"))?;
    let status = value.get("product_status").unwrap_or(&Value::Null);
    let affected: BTreeSet<&str> =
        list(status, "known_affected").iter().filter_map(Value::as_str).collect();
    // Per branch the first build that is not affected, and the updates that bring it.
    let mut fixes: BTreeMap<&str, (u32, BTreeSet<String>)> = BTreeMap::new();
    for (before, build) in affected.iter().filter_map(|id| products.get(id)) {
        if *before {
            let fix = fixes.entry(&build.branch).or_insert((build.revision, BTreeSet::new()));
            // Updates without a restart have numbers of their own, below those of the others.
            fix.0 = fix.0.min(build.revision);
        }
    }
    for remediation in list(value, "remediations").iter().take(PRODUCTS) {
        if string(remediation, "category") != Some("vendor_fix") {
            continue;
        }
        let Some(update) = string(remediation, "url").and_then(update) else { continue };
        for id in list(remediation, "product_ids").iter().filter_map(Value::as_str) {
            if let Some((_, build)) = products.get(id)
                && let Some((_, updates)) = fixes.get_mut(build.branch.as_str())
            {
                updates.insert(update.clone());
            }
        }
    }
    let vector = list(value, "scores").iter().find_map(|score| {
        string(score.get("cvss_v3")?, "vectorString").filter(|vector| vector.len() <= 256)
    });
    let severity = list(value, "threats")
        .iter()
        .filter(|threat| string(threat, "category") == Some("impact"))
        .find_map(|threat| VendorSeverity::of(string(threat, "details")?));
    let records = fixes.into_iter().map(|(branch, (revision, updates))| Affected {
        advisory: cve.to_string(),
        ecosystem: "Windows".to_owned(),
        package: branch.to_owned(),
        detail: AffectedDetail {
            cves: vec![cve],
            ranges: vec![vec![
                Event::Introduced("0".to_owned()),
                Event::Fixed(format!("{branch}.{revision}")),
            ]],
            severity,
            vector: vector.map(str::to_owned),
            updates: updates.into_iter().take(50).collect(),
            ..AffectedDetail::default()
        },
    });
    Ok(records.collect())
}

/// `KB5039211` of `https://support.microsoft.com/help/5039211`.
fn update(url: &str) -> Option<String> {
    let number = url.trim_end_matches('/').rsplit('/').next()?;
    let number = number.trim_start_matches("KB").trim_start_matches("kb");
    let is_number = (6..=8).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| format!("KB{number}"))
}
