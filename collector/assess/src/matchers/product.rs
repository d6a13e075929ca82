//! Software past the end of its maker's support.

use std::collections::BTreeMap;

use crate::advisory::Support;
use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict, item, volatile};
use crate::products::makers_version;

/// A product whose release gets no updates any more.
pub(super) fn end_of_life(
    subject: &Subject<'_>,
    _: &FindingKind,
    catalogue: &Catalogue,
) -> Verdict {
    if let Err(verdict) = subject.device_facts() {
        return verdict;
    }
    let Some(advised) = subject.advised.filter(|advised| !advised.index.products().is_empty())
    else {
        return Verdict::Unknown;
    };
    let Some(packages) = advised.packages else { return Verdict::Unknown };
    let today = subject.now.day();
    let mut unknown = false;
    let mut observations = BTreeMap::new();
    for package in packages {
        let Some(product) = catalogue.products.product(package) else { continue };
        let version = makers_version(&package.version);
        let Some(release) = advised.index.products().release(product, version, &today, false)
        else {
            unknown = true;
            continue;
        };
        let Support::Ended(day) = release.support else { continue };
        let key = format!("{product} {}", release.cycle);
        let seen = format!("{} {}", package.name, package.version);
        let observed = observations.entry(key.clone()).or_insert_with(|| Observation {
            key,
            evidence: vec![
                item("product", format!("{product} {}", release.cycle)),
                item("support_ended", day.unwrap_or_else(|| "on an unknown day".to_owned())),
                volatile("source", release.source.to_string()),
            ],
            ..Observation::default()
        });
        observed.evidence.push(item("package", seen));
    }
    // A product nobody gave the dates of may be past its end.
    Verdict::of(observations.into_values().collect(), unknown)
}
