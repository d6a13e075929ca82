//! What an asset is, who answers for it, how much it matters and what is wrong with it.

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use belfort_model::id::AssetId;
use belfort_store::record::{AssetDetail, Page, RiskFilter};
use http::StatusCode;

use super::Head;
use super::facts::{self, Group};
use crate::app::access::{Actor, Right};
use crate::clock;
use crate::rest::Api;
use crate::rest::assets::asset_id;
use crate::rest::auth::{Path, blocking};
use crate::rest::problem::Problem;
use crate::view::{AgentView, AssetFull, FindingView, GivenClass, RiskView};
use crate::web::frame::{Frame, Visitor};
use crate::web::list::Asked;
use crate::web::render;

/// Findings and risks that are named here; the lists have all.
const SHOWN: u32 = 10;

/// States of a finding that somebody has to look at.
const OPEN: [&str; 3] = ["open", "confirmed", "reopened"];

#[derive(Template)]
#[template(path = "asset/overview.html")]
struct Overview {
    frame: Frame,
    head: Head,
    done: Option<String>,
    /// What somebody has to do about it.
    notices: Vec<Notice>,
    groups: Vec<Group>,
    full: AssetFull,
    /// Who answers for it in another role than owner: role, unit, function.
    others: Vec<(String, String, String)>,
    /// Each dimension with its level and where that comes from.
    class: Vec<(String, u8, String)>,
    findings: Vec<FindingView>,
    risks: Vec<RiskView>,
    risk_total: u64,
}

/// Something to do, and where.
struct Notice {
    text: String,
    /// What does it, for who may.
    act: Option<(String, String)>,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/assets/{id}", get(page))
}

async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let id = asset_id(&id)?;
    let asked = Asked::of(&format!("/assets/{id}"), query.as_deref(), &[])?;
    let page = blocking(move || {
        let detail = api.app.asset_shown(&actor, id, clock::now())?;
        overview(&api, &actor, frame, &asked, id, detail)
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

fn overview(
    api: &Api,
    actor: &Actor,
    frame: Frame,
    asked: &Asked,
    id: AssetId,
    detail: AssetDetail,
) -> Result<Overview, Problem> {
    let head = Head::of(&frame, actor, &detail, Some(""));
    let personal = detail.findings.iter().any(|one| api.app.catalogue.personal.contains(&one.code));
    // What was decided still counts while a newer proposal waits.
    let newest = api.app.class_history(actor, id)?.into_iter().next().map(GivenClass::from);
    let filter = RiskFilter { asset: Some(id), open: true, ..RiskFilter::default() };
    let risks = api.app.risk_list(actor, &filter, None, Page { limit: SHOWN, offset: 0 })?;
    let units = api.app.store.unit_list()?;
    let mut full = AssetFull::of(detail, &api.app.catalogue);
    let findings = std::mem::take(&mut full.findings).into_iter();
    let findings = findings.filter(|one| OPEN.contains(&one.status.as_str())).collect();
    let others = full.ownerships.iter().filter(|one| one.role != "owner").map(|one| {
        let unit = units.iter().find(|unit| unit.id.to_string() == one.unit_id);
        let unit = unit.map(|unit| unit.name.clone()).unwrap_or_default();
        (frame.code("ownership-role", &one.role), unit, one.function.clone())
    });
    let counts = &full.asset.class;
    let dimension = |key: &str, level: u8, from: &str| {
        let from = match from {
            "own" => frame.t("asset-class-own"),
            "assumed" => frame.t("asset-class-assumed"),
            name => frame.tv("asset-class-from", "name", name),
        };
        (frame.t(key), level, from)
    };
    let class = vec![
        dimension("asset-b", counts.biv.b, &counts.b_from),
        dimension("asset-i", counts.biv.i, &counts.i_from),
        dimension("asset-v", counts.biv.v, &counts.v_from),
    ];
    Ok(Overview {
        done: asked.done(&frame),
        notices: notices(&frame, &head, &full, newest.as_ref(), personal),
        groups: facts::groups(&frame, &full.asset, full.facts.as_ref()),
        others: others.collect(),
        class,
        risk_total: risks.total,
        risks: risks.items.into_iter().map(|risk| RiskView::of(risk, &api.app.catalogue)).collect(),
        findings,
        full,
        frame,
        head,
    })
}

impl Overview {
    /// The agent that reports it now.
    fn agent(&self) -> Option<&AgentView> {
        self.full.agents.first()
    }
}

/// What the reader has to know or to do: about people, the owner, the class and the verification.
fn notices(
    frame: &Frame,
    head: &Head,
    full: &AssetFull,
    newest: Option<&GivenClass>,
    personal: bool,
) -> Vec<Notice> {
    let mut all = Vec::new();
    if personal {
        all.push(Notice { text: frame.t("asset-findings-recorded"), act: None });
    }
    let act = |may: bool, end: &str, key: &str| {
        may.then(|| (format!("{}/{end}", head.path), frame.t(key)))
    };
    if full.asset.owner.as_ref().is_some_and(|owner| owner.confirmed_at.is_none()) {
        all.push(Notice {
            text: frame.t("asset-notice-unconfirmed"),
            act: act(head.may_confirm, "eigenaar/bevestigen", "asset-act-confirm-owner"),
        });
    }
    if let Some(given) = newest {
        let key = match given.status.as_str() {
            "proposed" => Some("asset-notice-proposed"),
            "expired" => Some("asset-notice-expired"),
            _ => None,
        };
        all.extend(key.map(|key| Notice {
            text: frame.tv(key, "due", &frame.day(&given.review_due)),
            act: act(head.may_confirm, "classificatie/bevestigen", "asset-act-confirm-class"),
        }));
    }
    let now = clock::now().to_string();
    if full.asset.verify_due.as_ref().is_some_and(|due| *due < now) {
        all.push(Notice {
            text: frame.t("asset-notice-verify"),
            act: act(head.may_confirm || head.may_manage, "nazicht", "asset-act-verify"),
        });
    }
    all
}
