//! The rows of a kind of work, and how many there are.

use axum::response::Response;
use belfort_model::finding::FindingStatus;
use belfort_model::risk::RiskState;
use belfort_model::time::Timestamp;
use belfort_store::record::{FindingFilter, Page, RiskFilter};

use super::kind::{Kind, What};
use super::proposal::{Proposal, proposals};
use crate::app::App;
use crate::app::access::Actor;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{Asset, FindingView, RiskView};
use crate::web::export::{self, Head};
use crate::web::frame::Frame;
use crate::web::list::Asked;

/// Code of the finding that two assets carry the same hardware identity.
const DUPLICATE: &str = "identity.duplicate";

/// No rows, only how many there are.
const NOTHING: Page = Page { limit: 0, offset: 0 };

/// An asset that needs something.
pub(super) struct Line {
    pub(super) asset: Asset,
    pub(super) proposal: Option<Proposal>,
}

/// What is listed.
pub(super) enum Work {
    Assets(Vec<Line>),
    Findings(Vec<FindingView>),
    Risks(Vec<RiskView>),
}

/// A page of a kind of work.
pub(super) struct Rows {
    pub(super) work: Work,
    pub(super) total: u64,
}

fn findings(kind: Kind) -> FindingFilter {
    match kind {
        Kind::Duplicates => FindingFilter {
            code: Some(DUPLICATE.to_owned()),
            open: true,
            ..FindingFilter::default()
        },
        _ => FindingFilter { status: Some(FindingStatus::Open), ..FindingFilter::default() },
    }
}

/// States of a risk that waits for a decision.
const WAITING: [RiskState; 2] = [RiskState::Evaluated, RiskState::Reassess];

fn risks(state: RiskState) -> RiskFilter {
    RiskFilter { state: Some(state), ..RiskFilter::default() }
}

/// How much there is of a kind.
pub(super) fn count(app: &App, actor: &Actor, kind: Kind, now: Timestamp) -> Result<u64, Problem> {
    Ok(match kind.what() {
        What::Assets => app.store.asset_list(&kind.assets(actor, now), NOTHING)?.total,
        What::Findings => app.finding_list(actor, findings(kind), NOTHING, now)?.total,
        What::Risks => {
            let mut total = 0;
            for state in WAITING {
                total += app.risk_list(actor, &risks(state), None, NOTHING)?.total;
            }
            total
        }
    })
}

impl Rows {
    /// Reads a page.
    pub(super) fn read(
        app: &App,
        actor: &Actor,
        kind: Kind,
        asked: &Asked,
        page: Page,
    ) -> Result<Self, Problem> {
        let now = clock::now();
        match kind.what() {
            What::Assets => {
                let part = app.store.asset_list(&kind.asked(app, actor, asked, now)?, page)?;
                let ids: Vec<_> = part.items.iter().map(|one| one.asset.id).collect();
                let mut proposed = proposals(app, actor, kind, &ids)?;
                let line = |one: belfort_store::record::AssetSummary| Line {
                    proposal: proposed.remove(&one.asset.id),
                    asset: one.into(),
                };
                let lines = part.items.into_iter().map(line).collect();
                Ok(Self { work: Work::Assets(lines), total: part.total })
            }
            What::Findings => {
                let part = app.finding_list(actor, findings(kind), page, now)?;
                let show = |finding| FindingView::of(finding, &app.catalogue);
                let rows = part.items.into_iter().map(show).collect();
                Ok(Self { work: Work::Findings(rows), total: part.total })
            }
            What::Risks => {
                let mut all = Vec::new();
                for state in WAITING {
                    all.extend(app.risk_list(actor, &risks(state), None, Page::ALL)?.items);
                }
                let show = |risk| RiskView::of(risk, &app.catalogue);
                let part = crate::view::List::page(all, page, show);
                Ok(Self { work: Work::Risks(part.items), total: part.total })
            }
        }
    }

    /// How many rows the page has.
    pub(super) fn len(&self) -> usize {
        match &self.work {
            Work::Assets(rows) => rows.len(),
            Work::Findings(rows) => rows.len(),
            Work::Risks(rows) => rows.len(),
        }
    }

    /// How many of them have a proposal.
    pub(super) fn proposals(&self) -> usize {
        match &self.work {
            Work::Assets(rows) => rows.iter().filter(|row| row.proposal.is_some()).count(),
            _ => 0,
        }
    }
}

/// All rows as a file.
pub(super) async fn send(
    api: Api,
    actor: Actor,
    frame: Frame,
    kind: Kind,
    asked: Asked,
    file: export::Kind,
) -> Result<Response, Problem> {
    let heads: Vec<Head> = match kind.what() {
        What::Assets => vec![
            ("id", "Id".to_owned()),
            ("name", frame.t("col-name")),
            ("unit", frame.t("col-unit")),
            ("function", frame.t("col-owner")),
            ("last_seen", frame.t("col-last-seen")),
            ("proposal", frame.t("work-proposal")),
            ("reason", frame.t("work-rests-on")),
        ],
        What::Findings => vec![
            ("id", "Id".to_owned()),
            ("finding", frame.t("col-finding")),
            ("asset", frame.t("col-asset")),
            ("unit", frame.t("col-unit")),
            ("status", frame.t("col-status")),
            ("since", frame.t("col-since")),
            ("due", frame.t("col-due")),
        ],
        What::Risks => vec![
            ("reference", frame.t("col-reference")),
            ("risk", frame.t("col-risk")),
            ("unit", frame.t("col-unit")),
            ("severity", frame.t("col-severity")),
            ("state", frame.t("col-status")),
        ],
    };
    // What is wrong with the query is said before the file begins.
    let (app, who, query) = (api.app.clone(), actor.clone(), asked.clone());
    blocking(move || kind.asked(&app, &who, &query, clock::now())).await?;
    Ok(export::send(&format!("werklijst-{}", kind.code()), file, heads, move |page| {
        let rows = Rows::read(&api.app, &actor, kind, &asked, page)?;
        Ok(match rows.work {
            Work::Assets(rows) => rows.into_iter().map(asset_row).collect(),
            Work::Findings(rows) => rows.into_iter().map(|one| finding_row(&frame, one)).collect(),
            Work::Risks(rows) => rows.into_iter().map(|one| risk_row(&frame, one)).collect(),
        })
    }))
}

fn asset_row(line: Line) -> Vec<String> {
    let Line { asset, proposal } = line;
    let (unit, function) =
        asset.owner.map_or_else(Default::default, |owner| (owner.unit_name, owner.function));
    let mark = proposal.as_ref().map(Proposal::mark).unwrap_or_default();
    let reason = proposal.map(|proposal| proposal.reason).unwrap_or_default();
    vec![asset.id, asset.name, unit, function, asset.last_seen, mark, reason]
}

fn finding_row(frame: &Frame, one: FindingView) -> Vec<String> {
    let title = frame.pick(&one.title_nl, &one.title_en).to_owned();
    let (unit, due) = (one.unit.unwrap_or_default(), one.due.unwrap_or_default());
    vec![one.id, title, one.asset_name, unit, one.status, one.first_observed, due]
}

fn risk_row(frame: &Frame, one: RiskView) -> Vec<String> {
    let title = frame.pick(&one.title_nl, &one.title_en).to_owned();
    let unit = one.unit.unwrap_or_default();
    vec![one.reference, title, unit, one.severity.to_string(), one.state]
}
