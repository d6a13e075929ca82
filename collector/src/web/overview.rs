//! The overview: how the registry stands, what waits, what changed, what is at risk.

mod parts;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use belfort_model::access::Scope;
use belfort_store::record::{DeviceFigures, FindingFilter, Page, RiskFilter};
use http::StatusCode;

use self::parts::{Change, Coverage, Trend, Waiting};
use super::frame::{Frame, Visitor};
use super::list::Asked;
use super::worklist::Duties;
use super::{matrix, render};
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::RiskView;

/// Lines shown of each list.
const LINES: usize = 8;
/// The severity from which a risk is high.
const HIGH: u8 = 4;
/// Only how many there are.
const COUNT: Page = Page { limit: 0, offset: 0 };

/// A key figure that leads to its list.
struct Tile {
    href: &'static str,
    name: String,
    value: String,
    detail: String,
    /// How far the bar goes, in percent, and how it looks.
    bar: Option<(String, &'static str)>,
    /// The judgement in words, and how it looks.
    judgement: Option<(String, &'static str)>,
}

impl Tile {
    fn number(
        href: &'static str,
        name: String,
        number: u64,
        detail: String,
        frame: &Frame,
    ) -> Self {
        Self { href, name, value: frame.n(number), detail, bar: None, judgement: None }
    }

    /// A share, judged as the key figures are: on the mark from 99%, amber from 95%.
    fn share(
        href: &'static str,
        name: &str,
        (part, whole): (u64, u64),
        missing: &str,
        frame: &Frame,
    ) -> Self {
        let per_mille = part.saturating_mul(1000).checked_div(whole);
        let (judgement, bar, class) = match per_mille {
            None => ("colour-unknown", "", ""),
            Some(990..) => ("colour-green", "", "good"),
            Some(950..) => ("colour-amber", "warn", "warn"),
            Some(_) => ("colour-red", "bad", "bad"),
        };
        let width = |per_mille: u64| format!("{}.{}", per_mille / 10, per_mille % 10);
        Self {
            href,
            name: frame.t(name),
            value: frame.share(part, whole),
            detail: frame.tv(missing, "n", &frame.n(whole.saturating_sub(part))),
            bar: per_mille.map(|per_mille| (width(per_mille), bar)),
            judgement: Some((frame.t(judgement), class)),
        }
    }
}

/// A step of getting started.
struct Step {
    done: bool,
    title: String,
    text: String,
    href: &'static str,
    button: String,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    done: Option<String>,
    last_report: Option<String>,
    tiles: Vec<Tile>,
    /// What is left to do to get started; nothing once all of it is done.
    steps: Vec<Step>,
    /// Whether there is nothing to show yet.
    empty: bool,
    /// The risk matrix, drawn.
    matrix: String,
    waiting: Vec<Waiting>,
    coverage: Vec<Coverage>,
    trend: Trend,
    /// What changed last; nothing for who may not read the audit log.
    changes: Option<Vec<Change>>,
    risks: Vec<RiskView>,
    may_manage: bool,
    may_export: bool,
}

fn tiles(frame: &Frame, duties: Duties, findings: u64, (risks, high): (u64, u64)) -> Vec<Tile> {
    let Duties { assets, owned, classified, .. } = duties;
    let DeviceFigures { devices, seen_7d, .. } = duties.devices;
    let detail = frame.tv("overview-devices", "n", &frame.n(devices));
    vec![
        Tile::number("/assets?indienst=ja", frame.t("overview-assets"), assets, detail, frame),
        Tile::share(
            "/assets?eigenaar=geen&indienst=ja",
            "overview-owned",
            (owned, assets),
            "overview-unowned",
            frame,
        ),
        Tile::share(
            "/assets?biv=geen&indienst=ja",
            "overview-classified",
            (classified, assets),
            "overview-unclassified",
            frame,
        ),
        Tile::share(
            "/assets?soort=device&gezien=7&indienst=ja",
            "overview-seen",
            (seen_7d, devices),
            "overview-unseen",
            frame,
        ),
        Tile::number(
            "/bevindingen",
            frame.t("overview-findings"),
            findings,
            frame.t("overview-findings-detail"),
            frame,
        ),
        Tile::number(
            "/risicos",
            frame.t("overview-risks"),
            risks,
            frame.tv("overview-risks-high", "n", &frame.n(high)),
            frame,
        ),
    ]
}

/// What is left of getting started, for whoever sees everything.
fn steps(app: &App, actor: &Actor, frame: &Frame, duties: Duties) -> Result<Vec<Step>, Problem> {
    if actor.scope(Right::Read) != Scope::All {
        return Ok(vec![]);
    }
    let has_units = !app.store.unit_list()?.is_empty();
    let step = |done, key: &str, href| Step {
        done,
        title: frame.t(&format!("start-{key}")),
        text: frame.t(&format!("start-{key}-text")),
        href,
        button: frame.t(&format!("start-{key}-button")),
    };
    let steps = vec![
        step(duties.assets > 0, "device", "/assets/toevoegen"),
        step(has_units && duties.owned > 0, "owners", "/eigenaars/importeren"),
        step(duties.classified > 0, "classify", "/assets?biv=geen&indienst=ja"),
    ];
    Ok(if steps.iter().all(|step| step.done) { vec![] } else { steps })
}

/// The page.
pub(super) async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of("/", query.as_deref(), &[])?;
    let page = blocking(move || {
        let (app, now) = (&api.app, clock::now());
        let scope = actor.scope(Right::Read);
        let (duties, tallies) = Duties::read(app, &actor, now)?;
        let findings = FindingFilter { open: true, ..FindingFilter::default() };
        let findings = app.finding_list(&actor, findings, COUNT, now)?.total;
        let risks = RiskFilter { open: true, scope, ..RiskFilter::default() };
        let risks = app.store.risk_list(&risks, Page::ALL)?.items;
        let waiting = parts::waiting(&frame, duties, &risks);
        let high = risks.iter().filter(|one| one.risk.severity().get() >= HIGH).count();
        let counted = (risks.len() as u64, high as u64);
        let reads_audit = actor.require_for(Right::ReadAudit, None).is_ok();
        let changes = reads_audit.then(|| parts::changes(app, &actor, &frame)).transpose()?;
        let ratings = risks.iter().map(|one| one.risk.rating());
        let counts =
            matrix::counted(ratings.map(|rating| (rating.likelihood.get(), rating.impact.get())));
        let cell = |likelihood, impact| format!("/risicos?kans={likelihood}&impact={impact}");
        let mut risks: Vec<_> =
            risks.into_iter().map(|risk| RiskView::of(risk, &app.catalogue)).collect();
        risks.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.reference.cmp(&b.reference)));
        risks.truncate(LINES);
        Ok(OverviewPage {
            done: asked.done(&frame),
            last_report: duties.devices.last_report.map(|at| at.to_string()),
            tiles: tiles(&frame, duties, findings, counted),
            steps: steps(app, &actor, &frame, duties)?,
            empty: duties.assets == 0,
            matrix: matrix::whole(&frame, &app.catalogue.matrix, &counts, cell),
            waiting,
            coverage: parts::coverage(app, &actor, &tallies)?,
            trend: Trend::of(&frame, &app.kpi_trend(&actor, now)?),
            changes,
            risks,
            may_manage: actor.may(Right::Manage),
            may_export: actor.require_for(Right::Export, None).is_ok(),
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

#[cfg(test)]
mod tests;
