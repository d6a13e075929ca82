//! Exceptions as they stood at a moment, and which of them are overdue.

use std::collections::{BTreeMap, BTreeSet};

use belfort_assess::kpi::{Count, Known};
use belfort_model::exception::{self, Exception, ExceptionScope, ExceptionStatus};
use belfort_model::finding::{Finding, FindingStatus};
use belfort_model::id::{AssetId, ExceptionId, UnitId};
use belfort_model::time::Timestamp;
use belfort_store::record::{ExceptionFilter, ExceptionSummary, Page};

use super::super::{App, Result};

impl App {
    /// How many exceptions were past their end at a moment while what they were for was still there.
    pub(super) fn expired_exception_count(&self, at: Timestamp) -> Result<Known<Count>> {
        let there = self.exceptions_at(at)?;
        let overdue = self.overdue_exceptions(at, &there)?;
        let ends = there.iter().map(|one| &one.exception).filter(|one| overdue.contains(&one.id));
        let ends = ends.map(|one| one.expires_at);
        Ok(Known::Known(Count {
            count: u64::try_from(overdue.len()).unwrap_or(u64::MAX),
            oldest: ends.min(),
            ..Count::default()
        }))
    }

    /// Exceptions as they stood at a moment, of those that were approved then and not taken back; what
    /// ends first comes first.
    pub(in crate::app) fn exceptions_at(&self, at: Timestamp) -> Result<Vec<ExceptionSummary>> {
        let all = self.store.exception_list(&ExceptionFilter::default(), Page::ALL)?.items;
        let stood = all.into_iter().filter_map(|one| {
            let exception = one.exception.as_of(at)?;
            Some(ExceptionSummary { exception, ..one })
        });
        let counts = [ExceptionStatus::Approved, ExceptionStatus::Expired];
        Ok(stood.filter(|one| counts.contains(&one.exception.status)).collect())
    }

    /// Which of these were past their end at a moment while what they were for was still there, under no
    /// other one.
    pub(in crate::app) fn overdue_exceptions(
        &self,
        at: Timestamp,
        there: &[ExceptionSummary],
    ) -> Result<BTreeSet<ExceptionId>> {
        let exceptions: Vec<Exception> = there.iter().map(|one| one.exception.clone()).collect();
        let codes = self.codes_of(exceptions.iter().filter(|one| one.is_expired(at)))?;
        let mut assets: BTreeMap<AssetId, (Option<UnitId>, Vec<Finding>)> = BTreeMap::new();
        for mut found in self.store.findings_at(at, &codes)? {
            // What was resolved since was there then.
            if found.finding.status == FindingStatus::Resolved {
                found.finding.status = FindingStatus::Open;
            }
            let (unit, findings) = assets.entry(found.finding.asset).or_default();
            *unit = found.unit;
            findings.push(found.finding);
        }
        let parents: BTreeMap<UnitId, Option<UnitId>> =
            self.store.unit_list()?.into_iter().map(|unit| (unit.id, unit.parent)).collect();
        let mut overdue = BTreeSet::new();
        for (unit, findings) in assets.into_values() {
            let owners = above(unit, &parents);
            let left = exception::overdue(&exceptions, &findings, &owners, at);
            overdue.extend(left.into_iter().map(|one| one.id));
        }
        Ok(overdue)
    }

    /// The codes of findings that exceptions can be for: all of them where one is for a whole asset.
    fn codes_of<'a>(&self, exceptions: impl Iterator<Item = &'a Exception>) -> Result<Vec<String>> {
        let mut codes = BTreeSet::new();
        for exception in exceptions {
            match &exception.scope {
                ExceptionScope::Unit { code, .. }
                | ExceptionScope::Asset { code: Some(code), .. } => {
                    codes.insert(code.clone());
                }
                ExceptionScope::Finding { finding, .. } => {
                    let found = self.store.finding_get(*finding)?;
                    codes.extend(found.map(|found| found.finding.code));
                }
                ExceptionScope::Asset { code: None, .. } => {
                    codes.extend(self.catalogue.findings.keys().cloned());
                }
            }
        }
        Ok(codes.into_iter().collect())
    }
}

/// A unit and all above it, as the tree is now: how it was is not kept.
fn above(unit: Option<UnitId>, parents: &BTreeMap<UnitId, Option<UnitId>>) -> Vec<UnitId> {
    let mut all = Vec::new();
    let mut next = unit;
    while let Some(unit) = next.filter(|unit| !all.contains(unit)) {
        all.push(unit);
        next = parents.get(&unit).copied().flatten();
    }
    all
}
