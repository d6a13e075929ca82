//! The overview: how the registry stands, what was found, what is at risk.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use belfort_store::record::{FindingFilter, Overview, Page, RiskFilter};
use http::StatusCode;

use super::frame::{Frame, Visitor};
use super::render;
use crate::app::access::Right;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{FindingView, List, RiskView};

/// Lines shown of each list.
const LINES: Page = Page { limit: 10, offset: 0 };

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    overview: Overview,
    last_report: Option<String>,
    risks_open: u64,
    findings: List<FindingView>,
    risks: List<RiskView>,
}

/// The page.
pub(super) async fn page(State(api): State<Api>, visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let page = blocking(move || {
        let (store, catalogue) = (&api.app.store, &api.app.catalogue);
        let scope = actor.scope(Right::Read);
        let overview = store.overview(&scope, clock::now())?;
        let findings = FindingFilter { open: true, ..FindingFilter::default() };
        let findings = api.app.finding_list(&actor, findings, LINES, clock::now())?;
        let risks = RiskFilter { open: true, scope, ..RiskFilter::default() };
        let risks = store.risk_list(&risks, LINES)?;
        Ok(OverviewPage {
            last_report: overview.last_report.map(|at| at.to_string()),
            risks_open: overview.risks.iter().sum(),
            overview,
            findings: List::of(findings, |finding| FindingView::of(finding, catalogue)),
            risks: List::of(risks, |risk| RiskView::of(risk, catalogue)),
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}
