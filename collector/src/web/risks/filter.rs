//! Which risks, and in what order. The register is small beside the inventory: what the database cannot
//! filter by is filtered here.

use belfort_model::risk::{RiskState, Treatment};
use belfort_model::scale::Level;
use belfort_model::time::Timestamp;
use belfort_store::record::{Page, RiskFilter, RiskSummary};

use super::super::frame::Frame;
use super::super::list::Asked;
use crate::app::App;
use crate::app::access::Actor;
use crate::clock;
use crate::rest::problem::Problem;
use crate::view::RiskView;

/// Filters of the list.
pub(super) const KEYS: &[&str] =
    &["q", "status", "dienst", "asset", "ernst", "kans", "impact", "behandeling", "stand"];

/// Columns it can be sorted by.
pub(super) const SORTED_BY: &[&str] = &[
    "referentie",
    "titel",
    "dienst",
    "ernst",
    "prioriteit",
    "behandeling",
    "status",
    "herziening",
];

/// The order when nothing is said.
pub(super) const DEFAULT: &str = "-ernst";

/// The status that means: not only what is on the agenda.
pub(super) const ALL: &str = "alle";

/// The query without a cell of the matrix, and without the page.
pub(super) fn without_cell(asked: &Asked) -> String {
    let kept = asked.kept().into_iter().filter(|(key, _)| !["kans", "impact"].contains(key));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish()
}

/// What is asked for.
#[derive(Debug)]
pub(super) struct Wanted {
    stored: RiskFilter,
    as_of: Option<Timestamp>,
    states: Vec<RiskState>,
    severities: Vec<Level>,
    likelihoods: Vec<Level>,
    impacts: Vec<Level>,
    treatments: Vec<Treatment>,
    text: Option<String>,
    sort: (String, bool),
}

/// What was found.
pub(super) struct Found {
    /// Whatever cell of the matrix they are in.
    pub(super) all: Vec<RiskSummary>,
    /// Those asked for, in order.
    pub(super) rows: Vec<RiskSummary>,
}

impl Wanted {
    /// Reads what is asked for.
    pub(super) fn of(app: &App, asked: &Asked) -> Result<Self, Problem> {
        let all = asked.is("status", ALL);
        let states = if all { vec![] } else { each(asked, "status")? };
        let unit = asked.get("dienst").map(|code| app.unit(code)).transpose()?;
        let wrong = |error| Problem::bad_request(format!("stand: {error}"));
        let as_of = asked.get("stand").map(|text| clock::until(text).map_err(wrong)).transpose()?;
        let (name, descending) = asked.sort(SORTED_BY, DEFAULT)?;
        Ok(Self {
            stored: RiskFilter {
                unit: unit.map(|unit| unit.id),
                asset: asked.parse("asset")?,
                open: !all && states.is_empty(),
                ..RiskFilter::default()
            },
            as_of,
            states,
            severities: levels(asked, "ernst")?,
            likelihoods: levels(asked, "kans")?,
            impacts: levels(asked, "impact")?,
            treatments: each(asked, "behandeling")?,
            text: asked.get("q").map(str::to_lowercase),
            sort: (name.to_owned(), descending),
        })
    }

    /// Finds it, within what somebody may see.
    pub(super) fn find(&self, app: &App, actor: &Actor, frame: &Frame) -> Result<Found, Problem> {
        let stored = app.risk_list(actor, &self.stored, self.as_of, Page::ALL)?.items;
        let title = |one: &RiskSummary| {
            let view = RiskView::of(one.clone(), &app.catalogue);
            frame.pick(&view.title_nl, &view.title_en).to_lowercase()
        };
        let mut all: Vec<_> = stored.into_iter().filter(|one| self.is_wanted(one, title)).collect();
        self.order(&mut all, title);
        let in_cell = |one: &&RiskSummary| {
            let rating = one.risk.rating();
            among(&self.likelihoods, rating.likelihood) && among(&self.impacts, rating.impact)
        };
        let rows = all.iter().filter(in_cell).cloned().collect();
        Ok(Found { all, rows })
    }

    fn is_wanted(&self, one: &RiskSummary, title: impl Fn(&RiskSummary) -> String) -> bool {
        let risk = &one.risk;
        among(&self.states, risk.state)
            && among(&self.severities, risk.severity())
            && among(&self.treatments, risk.treatment)
            && self.text.as_ref().is_none_or(|text| {
                risk.reference.to_lowercase().contains(text) || title(one).contains(text)
            })
    }

    /// Sorts; the reference decides when all else is equal.
    fn order(&self, rows: &mut [RiskSummary], title: impl Fn(&RiskSummary) -> String) {
        rows.sort_by(|a, b| {
            (a.risk.created_at, &a.risk.reference).cmp(&(b.risk.created_at, &b.risk.reference))
        });
        let unit = |one: &RiskSummary| one.unit.as_ref().map(|unit| unit.name.to_lowercase());
        match self.sort.0.as_str() {
            "titel" => rows.sort_by_cached_key(|one| title(one)),
            "dienst" => rows.sort_by_cached_key(unit),
            "ernst" => rows.sort_by_key(|one| {
                let rating = one.risk.rating();
                // Under equal severity what is likelier, then what weighs more.
                (rating.severity, rating.likelihood, rating.impact)
            }),
            "prioriteit" => rows.sort_by_key(|one| one.risk.priority()),
            "behandeling" => rows.sort_by_key(|one| one.risk.treatment.as_str()),
            "status" => rows.sort_by_key(|one| {
                RiskState::ALL.iter().position(|state| *state == one.risk.state)
            }),
            "herziening" => rows.sort_by_key(|one| one.risk.next_review),
            _ => {}
        }
        if self.sort.1 {
            rows.reverse();
        }
    }
}

/// All that a key says, read.
fn each<T: std::str::FromStr>(asked: &Asked, key: &str) -> Result<Vec<T>, Problem>
where
    T::Err: std::fmt::Display,
{
    let wrong = |error: T::Err| Problem::bad_request(format!("{key}: {error}"));
    asked.all(key).map(|text| text.parse().map_err(wrong)).collect()
}

fn levels(asked: &Asked, key: &str) -> Result<Vec<Level>, Problem> {
    let wrong = |error: String| Problem::bad_request(format!("{key}: {error}"));
    let level = |number: i64| Level::try_from(number).map_err(|error| wrong(error.to_string()));
    each(asked, key)?.into_iter().map(level).collect()
}

/// Whether it is one of these; everything is when there are none.
fn among<T: PartialEq + Copy>(these: &[T], one: T) -> bool {
    these.is_empty() || these.contains(&one)
}
