//! Key figures, now or as of a moment, and the figures kept day by day.

mod exceptions;

use std::collections::BTreeMap;

use belfort_assess::kpi::{
    Count, Counts, Figure, Known, Measured, Measurement, Reason, SMALLEST_GROUP, ServiceCount,
    Source, Tally, figures,
};
use belfort_model::access::Role;
use belfort_model::advisory::{AdvisorySource, FeedKind};
use belfort_model::finding::FindingStatus;
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{KpiDay, Page, RiskFilter, RiskSummary};
use serde::{Deserialize, Serialize};

use super::access::{Actor, Right};
use super::{App, AppError, Result};
use crate::calendar::Day;

/// Key figures of a moment.
#[derive(Clone, Debug)]
pub struct Kpis {
    /// The moment.
    pub at: Timestamp,
    /// The figures, K1 to K16.
    pub figures: Vec<Figure>,
    /// K5 per service, as far as the actor may compare them.
    pub services: Known<Vec<ServiceCount>>,
}

/// What is kept of a day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) measurement: Measurement,
    pub(super) figures: Vec<Figure>,
}

/// Days for which figures are kept: twelve months of trend and the month before.
const KEPT_DAYS: i64 = 400;
/// Days back that K12 looks.
const RESOLVED_DAYS: i64 = 365;
/// Assets read at a time.
const CHUNK: u32 = 500;

impl App {
    /// The key figures as of a moment.
    pub fn kpis(&self, actor: &Actor, at: Timestamp) -> Result<Kpis> {
        actor.require(Right::Read)?;
        let measurement = self.measurement_at(at)?;
        let figures =
            figures(&measurement, &self.kpi_counts(at, &measurement, &self.register_at(at)?)?);
        let scope = actor.scope(Right::Read);
        let in_office = [Role::SecurityOfficer, Role::Ciso, Role::Admin];
        let in_office = in_office.into_iter().any(|role| actor.holds(role));
        let services = measurement.and_then(|measurement| {
            let shown = |service: &ServiceCount| {
                service.reporting.of > 0
                    && scope.contains(service.unit)
                    && (in_office || service.devices >= SMALLEST_GROUP)
            };
            Known::Known(measurement.services.into_iter().filter(shown).collect())
        });
        Ok(Kpis { at, figures, services })
    }

    /// Keeps the figures of the day of this moment, in the place of those kept earlier that day.
    pub fn kpi_day_keep(&self, now: Timestamp) -> Result<()> {
        let known = Known::Known(self.measure(now)?);
        let counts = self.kpi_counts(now, &known, &self.register_at(now)?)?;
        let figures = figures(&known, &counts);
        let Known::Known(measurement) = known else { return Ok(()) };
        let document = serde_json::to_string(&Kept { measurement, figures })
            .map_err(|error| unreadable(&error))?;
        let day = Day::of(now);
        let kept = KpiDay { day: day.to_string(), at: now, document };
        Ok(self.store.kpi_day_keep(&kept, &day.days_before(KEPT_DAYS).to_string())?)
    }

    /// What the assets were like at a moment: as they are, when nothing was seen or changed since; as it
    /// was kept that day otherwise.
    pub(super) fn measurement_at(&self, at: Timestamp) -> Result<Known<Measurement>> {
        if self.store.kpi_state_moment()?.is_none_or(|last| last <= at) {
            return Ok(Known::Known(self.measure(at)?));
        }
        let day = Day::of(at).to_string();
        let kept = self.store.kpi_days(&day, &day)?.into_iter().find(|kept| kept.at <= at);
        Ok(match kept {
            Some(kept) => Known::Known(read(&kept)?.measurement),
            None => Known::Unknown(Reason::NotKept),
        })
    }

    /// Counts the assets as they are.
    fn measure(&self, at: Timestamp) -> Result<Measurement> {
        let mut tally = Tally::new(&self.catalogue, at);
        let mut after = None;
        loop {
            let assets = self.store.kpi_assets(after, CHUNK)?;
            let Some(last) = assets.last() else { return Ok(tally.finish()) };
            after = Some(last.asset.id);
            for one in &assets {
                tally.add(&Measured {
                    kind: one.asset.kind,
                    subtype: one.asset.subtype,
                    lifecycle: one.asset.lifecycle,
                    owner: one.owner,
                    proposed: one.asset.proposed_unit,
                    confirmed_at: one.confirmed_at,
                    class: &one.class,
                    last_seen: one.asset.last_seen,
                    has_inventory: one.has_inventory,
                    agent_seen: one.agent_seen,
                    has_agent: one.has_agent,
                    results: &one.results,
                });
            }
        }
    }

    /// What has a history of its own, as of a moment.
    pub(super) fn kpi_counts(
        &self,
        at: Timestamp,
        measurement: &Known<Measurement>,
        register: &[RiskSummary],
    ) -> Result<Counts> {
        let sources = self.sources(at)?;
        // Without a list of what is exploited nothing is known to be.
        let listed = [FeedKind::Kev, FeedKind::EuKev].map(FeedKind::as_str);
        let has_list =
            sources.iter().any(|source| listed.iter().any(|kind| source.name.starts_with(kind)));
        let known_exploited = if has_list {
            self.open_findings("vuln.known_exploited", at, measurement)?
        } else {
            Known::Unknown(Reason::NoAdvisories)
        };
        let open = register.iter().map(|one| &one.risk).filter(|risk| risk.is_on_agenda());
        let (mut on_agenda, mut late) = (0, Count::default());
        for risk in open {
            on_agenda += 1;
            if risk.next_review < at {
                late.count += 1;
                let oldest = late.oldest.get_or_insert(risk.next_review);
                *oldest = risk.next_review.min(*oldest);
            }
        }
        late.of = Some(on_agenda);
        let from = at.plus_days(-RESOLVED_DAYS);
        let priorities = self.store.finding_priorities(from, at)?;
        let resolved = self.store.findings_resolved(from, at)?;
        let resolved = resolved.iter().filter_map(|finding| {
            let days = finding.resolved_at.days_since(finding.opened_at);
            Some((*priorities.get(&finding.id)?, days))
        });
        Ok(Counts {
            at,
            known_exploited,
            unauthorised_software: self.open_findings("software.unauthorised", at, measurement)?,
            resolved: resolved.collect(),
            reviews_late: late,
            actions_late: Known::Known(late_actions(at, register)),
            exceptions_expired: self.expired_exception_count(at)?,
            sources,
        })
    }

    /// How many findings of a code were open at a moment. None is only said when the check was told for
    /// some asset.
    fn open_findings(
        &self,
        code: &str,
        at: Timestamp,
        measurement: &Known<Measurement>,
    ) -> Result<Known<Count>> {
        if !self.catalogue.findings.contains_key(code) {
            return Ok(Known::Unknown(Reason::NoCheck));
        }
        let found = self.store.findings_at(at, &[code.to_owned()])?;
        if let (true, Some(reason)) = (found.is_empty(), nothing_told(measurement, &[code])) {
            return Ok(Known::Unknown(reason));
        }
        let open = found.iter().filter(|one| one.finding.status != FindingStatus::Excepted);
        let mut count = Count::default();
        for one in open {
            count.count += 1;
            let since = one.finding.first_observed;
            count.oldest = Some(count.oldest.map_or(since, |oldest: Timestamp| oldest.min(since)));
        }
        Ok(Known::Known(count))
    }

    /// Sources of advisory data that were imported by a moment, one line per form: the oldest data of it
    /// count. Data that took the place of older data since is passed over: what was there before is not
    /// kept.
    fn sources(&self, at: Timestamp) -> Result<Vec<Source>> {
        let mut kinds: BTreeMap<FeedKind, Vec<AdvisorySource>> = BTreeMap::new();
        for stored in self.store.advisory_sources()? {
            if stored.source.imported_at <= at {
                kinds.entry(stored.source.kind).or_default().push(stored.source);
            }
        }
        let line = |(kind, sources): (FeedKind, Vec<AdvisorySource>)| {
            let count = sources.len();
            let oldest = sources.into_iter().min_by_key(|source| source.as_of)?;
            let name = match count {
                1 => kind.to_string(),
                count => format!("{kind} ({count})"),
            };
            Some(Source {
                name,
                version: oldest.version,
                as_of: oldest.as_of,
                most_days: kind.fresh_days(),
                age_days: at.days_since(oldest.as_of),
            })
        };
        Ok(kinds.into_iter().filter_map(line).collect())
    }

    /// The whole register as it was at a moment: highest severity first, then by reference.
    pub(super) fn register_at(&self, at: Timestamp) -> Result<Vec<RiskSummary>> {
        Ok(self.store.risk_list_as_of(&RiskFilter::default(), at, Page::ALL)?.items)
    }
}

/// Why no finding of these codes does not mean that there is none: no check could be told for any asset.
pub(super) fn nothing_told(measurement: &Known<Measurement>, codes: &[&str]) -> Option<Reason> {
    let measurement = measurement.known()?;
    let checks = codes.iter().filter_map(|code| measurement.checks.get(*code));
    let (told, unknown) = checks.fold((0, 0), |(told, unknown), check| {
        (told + check.pass + check.hit, unknown + check.unknown)
    });
    match (told, unknown) {
        (0, 0) => Some(Reason::NothingInScope),
        (0, _) => Some(Reason::NotChecked),
        _ => None,
    }
}

/// Actions of risks on the agenda that are past their date and not done.
fn late_actions(at: Timestamp, register: &[RiskSummary]) -> Count {
    let mut count = Count::default();
    let on_agenda = register.iter().map(|one| &one.risk).filter(|risk| risk.is_on_agenda());
    for action in on_agenda.flat_map(|risk| &risk.actions).filter(|action| action.is_late(at)) {
        count.count += 1;
        count.oldest = Some(count.oldest.map_or(action.due, |oldest| oldest.min(action.due)));
    }
    count
}

/// What was kept of a day.
pub(super) fn read(kept: &KpiDay) -> Result<Kept> {
    serde_json::from_str(&kept.document).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> AppError {
    AppError::Store(StoreError::Corrupt { what: "key figures", reason: error.to_string() })
}

#[cfg(test)]
mod tests;
