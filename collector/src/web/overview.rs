//! The overview: how the registry stands, what was found, what is at risk.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use belfort_store::record::{AssetFilter, FindingFilter, Overview, Page, RiskFilter};
use http::{HeaderMap, StatusCode};

use super::{render, session};
use crate::app::access::Right;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{Asset, FindingView, List, RiskView};

/// Lines shown of each list.
const LINES: Page = Page { limit: 25, offset: 0 };

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    user: String,
    csrf: String,
    overview: Overview,
    last_report: String,
    risks_open: u64,
    assets: List<Asset>,
    findings: List<FindingView>,
    risks: List<RiskView>,
}

impl OverviewPage {
    /// A share as Dutch text, or a dash where there is nothing to share.
    fn share(part: u64, whole: u64) -> String {
        if whole == 0 {
            return "–".to_owned();
        }
        // Rounded down, so that 100% means all.
        let per_mille = part.saturating_mul(1000) / whole;
        format!("{},{}%", per_mille / 10, per_mille % 10)
    }

    /// A moment as day/month/year hour:minute.
    fn moment(text: &str) -> String {
        match (text.get(0..4), text.get(5..7), text.get(8..10), text.get(11..16)) {
            (Some(year), Some(month), Some(day), Some(time)) => {
                format!("{day}/{month}/{year} {time} UTC")
            }
            _ => text.to_owned(),
        }
    }
}

/// The page; whoever is not logged in is asked to.
pub(super) async fn page(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Problem> {
    let Some(visit) = session::current(&api, &headers).await? else {
        return Ok(Redirect::to("/aanmelden").into_response());
    };
    if visit.caller.second_factor_due {
        return Ok(Redirect::to("/tweede-factor").into_response());
    }
    let (actor, csrf) = (visit.caller.actor, visit.csrf);
    actor.require(Right::Read)?;
    let page = blocking(move || {
        let (store, catalogue) = (&api.app.store, &api.app.catalogue);
        let scope = actor.scope(Right::Read);
        let overview = store.overview(&scope, clock::now())?;
        let assets = AssetFilter { scope: scope.clone(), ..AssetFilter::default() };
        let assets = store.asset_list(&assets, LINES)?;
        let findings = FindingFilter { open: true, ..FindingFilter::default() };
        let findings = api.app.finding_list(&actor, findings, LINES, clock::now())?;
        let risks = RiskFilter { open: true, scope, ..RiskFilter::default() };
        let risks = store.risk_list(&risks, LINES)?;
        Ok(OverviewPage {
            user: actor.name,
            csrf,
            last_report: overview
                .last_report
                .map_or_else(|| "nog geen".to_owned(), |at| OverviewPage::moment(&at.to_string())),
            risks_open: overview.risks.iter().sum(),
            overview,
            assets: List::of(assets, Asset::from),
            findings: List::of(findings, |finding| FindingView::of(finding, catalogue)),
            risks: List::of(risks, |risk| RiskView::of(risk, catalogue)),
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}
