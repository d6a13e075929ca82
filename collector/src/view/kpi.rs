//! Key figures.

use std::collections::BTreeMap;

use belfort_assess::kpi::{Colour, Figure, Known, ServiceCount, Source, Value};
use belfort_model::unit::OrgUnit;
use serde::Serialize;
use utoipa::ToSchema;

use super::text;
use crate::app::kpis::Kpis;

/// The key figures of a moment.
#[derive(Debug, Serialize, ToSchema)]
pub struct KpisView {
    /// The moment.
    pub as_of: String,
    /// K1 to K16.
    pub figures: Vec<FigureView>,
    /// K5 per service, as far as the reader may compare them; empty when it is unknown.
    pub services: Vec<ServiceView>,
}

/// One key figure. What is unknown has a reason and no value.
#[derive(Debug, Serialize, ToSchema)]
pub struct FigureView {
    /// `K1` to `K16`.
    pub id: String,
    /// `green`, `amber`, `red`, or `unknown` where no judgement is made.
    pub colour: String,
    /// Why it is unknown: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// A share in per mille, rounded down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_mille: Option<u64>,
    /// How many: the assets of a share that comply (for K6: that are past their end), or a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Of how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// How many could not be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_told: Option<u64>,
    /// Since when the oldest has been there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest: Option<String>,
    /// Median days, by priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<BTreeMap<String, MedianView>>,
    /// Sources of advisory data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<SourceView>>,
}

/// A median.
#[derive(Debug, Serialize, ToSchema)]
pub struct MedianView {
    /// Days.
    pub days: i64,
    /// Of how many findings.
    pub of: u64,
}

/// A source of advisory data.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceView {
    /// Name.
    pub name: String,
    /// Version, as its publisher states it.
    pub version: String,
    /// Day of the data.
    pub as_of: String,
    /// Days since.
    pub age_days: i64,
    /// Days after which they are old.
    pub most_days: i64,
}

/// Agents of one service.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceView {
    /// Code of the unit; nothing for devices without an owner.
    pub unit: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Computers where an agent is expected.
    pub expected: u64,
    /// Of these, with an agent that reported within 7 days.
    pub reporting: u64,
}

impl KpisView {
    /// Shows the figures, with the names of units.
    pub fn of(kpis: Kpis, units: &[OrgUnit]) -> Self {
        let service = |count: ServiceCount| {
            let unit = units.iter().find(|unit| Some(unit.id) == count.unit);
            ServiceView {
                unit: unit.map(|unit| unit.code.clone()),
                name: unit.map(|unit| unit.name.clone()),
                expected: count.reporting.of,
                reporting: count.reporting.good,
            }
        };
        let services = match kpis.services {
            Known::Known(services) => services.into_iter().map(service).collect(),
            Known::Unknown(_) => Vec::new(),
        };
        let figures = kpis.figures.into_iter().map(FigureView::from).collect();
        Self { as_of: text(kpis.at), figures, services }
    }
}

impl From<Figure> for FigureView {
    fn from(figure: Figure) -> Self {
        let mut view = Self {
            id: figure.id,
            colour: name_of(figure.colour),
            unknown: None,
            per_mille: None,
            count: None,
            of: None,
            not_told: None,
            oldest: None,
            days: None,
            sources: None,
        };
        match figure.value {
            Known::Unknown(reason) => view.unknown = Some(reason.code().to_owned()),
            Known::Known(Value::Share(share)) => {
                view.per_mille = share.per_mille();
                view.count = Some(share.good);
                view.of = Some(share.of);
                view.not_told = Some(share.unknown);
            }
            Known::Known(Value::Count(count)) => {
                view.count = Some(count.count);
                view.of = count.of;
                view.oldest = count.oldest.map(text);
            }
            Known::Known(Value::Days(days)) => {
                let days = days.into_iter().map(|(priority, median)| {
                    let view = MedianView { days: median.days, of: median.of };
                    (priority.to_string(), view)
                });
                view.days = Some(days.collect());
            }
            Known::Known(Value::Sources(sources)) => {
                view.sources = Some(sources.into_iter().map(SourceView::from).collect());
            }
        }
        view
    }
}

impl From<Source> for SourceView {
    fn from(source: Source) -> Self {
        let Source { name, version, as_of, most_days, age_days } = source;
        Self { name, version, as_of: text(as_of), age_days, most_days }
    }
}

fn name_of(colour: Colour) -> String {
    match colour {
        Colour::Green => "green",
        Colour::Amber => "amber",
        Colour::Red => "red",
        Colour::Unknown => "unknown",
    }
    .to_owned()
}
