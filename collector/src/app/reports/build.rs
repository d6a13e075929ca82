//! From the store to the content of a report.

mod assets;
mod risks;

use std::collections::BTreeMap;

use belfort_assess::kpi::{Figure, Known, Measurement, Share, Value, figures};
use belfort_model::classification::DEFAULT_SCHEME;
use belfort_model::id::UnitId;
use belfort_model::time::Timestamp;

use super::super::access::{Actor, Right};
use super::super::kpis::read;
use super::{App, Asked, Result};
use crate::calendar::{Day, Month};
use crate::report::{FORMAT, Report, TrendPoint, UnitRef, Versions};

/// Months of the trend, the month of the report included.
const TREND_MONTHS: i64 = 12;

/// Units by id.
type Units = BTreeMap<UnitId, UnitRef>;

impl App {
    pub(super) fn report_build(&self, asked: Asked) -> Result<Report> {
        let at = asked.cut_off.end();
        // A cut-off early in the month after is still about this month.
        let period_from = asked.month.start();
        let units: Units = self
            .store
            .unit_list()?
            .into_iter()
            .map(|unit| (unit.id, UnitRef { code: unit.code, name: unit.name }))
            .collect();
        let register = self.register_at(at)?;
        let before = self.register_at(Timestamp(period_from.0 - 1))?;
        let measurement = self.measurement_at(at)?;
        let counts = self.kpi_counts(at, &measurement, &register)?;
        let figures = figures(&measurement, &counts);
        let findings = self.store.finding_counts_at(at)?;
        Ok(Report {
            format: FORMAT,
            month: asked.month.to_string(),
            period_from,
            cut_off: at,
            trend: self.trend(asked, &figures)?,
            matrix: risks::matrix(&register),
            risks: risks::changed(&self.catalogue, &before, &register, period_from),
            decisions: risks::decisions(&self.catalogue, &register),
            actions_late: Known::Known(risks::late_actions(at, &register, &units)),
            known_exploited: self.known_exploited(at, &counts, &units)?,
            overdue: self.overdue(at, &measurement, &units)?,
            services: of(&measurement, |measured| assets::services(&measured.services, &units)),
            end_of_life: self.end_of_life(at, &measurement, &units)?,
            exceptions: self.expiring_exceptions(at, &units)?,
            coverage: of(&measurement, |measured| {
                assets::coverage(&self.catalogue, &measured.checks)
            }),
            sources: counts.sources,
            advice: Known::Known(risks::advice(period_from, at, &register)),
            controls: of(&measurement, |measured| assets::controls(&measured.controls, &findings)),
            versions: Versions {
                matrix: self.catalogue.matrix.version.clone(),
                scheme: DEFAULT_SCHEME.to_owned(),
                catalogue: self.catalogue.version.clone(),
                end_of_life: self.catalogue.end_of_life.source.clone(),
                program: env!("CARGO_PKG_VERSION").to_owned(),
            },
            figures,
        })
    }

    /// The shares of the last twelve months, from the figures that are kept daily; the month of this moment
    /// comes last.
    pub fn kpi_trend(&self, actor: &Actor, now: Timestamp) -> Result<Vec<TrendPoint>> {
        actor.require(Right::Read)?;
        let today = Day::of(now);
        self.kept_months(today.month(), today, 0)
    }

    /// The shares of each month: of its last day that figures were kept of, and of the cut-off itself.
    fn trend(&self, asked: Asked, now: &[Figure]) -> Result<Vec<TrendPoint>> {
        let last = asked.month.months_before(1).last_day();
        let mut points = self.kept_months(asked.month, last, 1)?;
        points.push(TrendPoint {
            month: asked.month.to_string(),
            day: Some(asked.cut_off.to_string()),
            shares: shares(now),
        });
        Ok(points)
    }

    /// The months before one, oldest first, as far as `until` months before it, with what was kept by a day.
    fn kept_months(&self, month: Month, last: Day, until: i64) -> Result<Vec<TrendPoint>> {
        let first = Day::of(month.months_before(TREND_MONTHS - 1).start());
        let kept = self.store.kpi_days(&first.to_string(), &last.to_string())?;
        let mut points = Vec::new();
        for ago in (until..TREND_MONTHS).rev() {
            let month = month.months_before(ago).to_string();
            let newest = kept.iter().rev().find(|kept| kept.day.starts_with(&month));
            points.push(TrendPoint {
                day: newest.map(|kept| kept.day.clone()),
                shares: match newest {
                    Some(kept) => shares(&read(kept)?.figures),
                    None => BTreeMap::new(),
                },
                month,
            });
        }
        Ok(points)
    }
}

fn shares(figures: &[Figure]) -> BTreeMap<String, Share> {
    let share = |figure: &Figure| match &figure.value {
        Known::Known(Value::Share(share)) => Some((figure.id.clone(), *share)),
        _ => None,
    };
    figures.iter().filter_map(share).collect()
}

/// What is made of the state of the assets, or why it is unknown.
fn of<T>(measurement: &Known<Measurement>, make: impl FnOnce(&Measurement) -> T) -> Known<T> {
    match measurement {
        Known::Known(measurement) => Known::Known(make(measurement)),
        Known::Unknown(reason) => Known::Unknown(*reason),
    }
}
