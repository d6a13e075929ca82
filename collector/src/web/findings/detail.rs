//! One finding: what was seen, what it means, what to do about it, and what became of it.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use belfort_model::access::Actor;
use belfort_model::exception::ExceptionScope;
use belfort_model::finding::{Finding, TriageChange};
use belfort_model::id::{FindingId, UnitId};
use belfort_model::time::Timestamp;
use belfort_store::record::{ExceptionFilter, ExceptionSummary, Page, RiskFilter};
use http::StatusCode;

use super::super::frame::{Frame, Visitor};
use super::super::list::Asked;
use super::super::render;
use crate::app::App;
use crate::app::access::Right;
use crate::calendar::Day;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{ExceptionView, FindingView, RiskView};
use crate::web::choice;

/// Exceptions of an asset that are looked through.
const EXCEPTIONS: Page = Page { limit: 100, offset: 0 };

#[derive(Template)]
#[template(path = "finding.html")]
struct FindingPage {
    frame: Frame,
    done: Option<String>,
    finding: FindingView,
    title: String,
    remedy: String,
    unit_name: String,
    assigned: String,
    assigned_code: String,
    history: Vec<Moment>,
    exceptions: Vec<ExceptionView>,
    risks: Vec<RiskView>,
    offer: Offer,
    units: Vec<(String, String)>,
    today: String,
    latest: String,
    standard_end: String,
}

/// Something that became of it.
struct Moment {
    at: Timestamp,
    text: String,
    by: String,
    note: String,
}

impl Moment {
    fn when(&self) -> String {
        self.at.to_string()
    }
}

/// What the visitor may do with it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a form of its own, and any can go with any"
)]
struct Offer {
    confirm: bool,
    false_positive: bool,
    reopen: bool,
    assign: bool,
    except: bool,
    /// Vulnerabilities that can be passed over.
    suppress: Vec<String>,
}

impl Offer {
    fn of(finding: &Finding, actor: &Actor, unit: Option<UnitId>, now: Timestamp) -> Self {
        let reason = || "…".to_owned();
        let goes = |change: TriageChange| finding.triaged(actor, unit, &change, now).is_ok();
        let may_suppress = [Right::Triage, Right::Manage]
            .iter()
            .all(|right| actor.require_for(*right, unit).is_ok());
        Self {
            confirm: goes(TriageChange::Confirm { reason: String::new() }),
            false_positive: goes(TriageChange::FalsePositive { reason: reason() }),
            reopen: goes(TriageChange::Reopen { reason: reason() }),
            assign: finding.status.is_open() && goes(TriageChange::Assign { unit: None }),
            except: finding.status.is_open() && actor.require_for(Right::Triage, unit).is_ok(),
            suppress: if may_suppress { vulnerabilities(finding) } else { vec![] },
        }
    }

    fn is_empty(&self) -> bool {
        let judge = self.confirm || self.false_positive || self.reopen;
        !(judge || self.assign || self.except || !self.suppress.is_empty())
    }
}

/// The vulnerabilities it names: those of a package each stand as the name of a fact, a single one as the
/// value of one.
fn vulnerabilities(finding: &Finding) -> Vec<String> {
    let named = |text: &String| text.starts_with("CVE-").then(|| text.clone());
    let items = finding.evidence.iter();
    let mut all: Vec<_> =
        items.filter_map(|item| named(&item.name).or_else(|| named(&item.value))).collect();
    all.sort();
    all.dedup();
    all
}

/// The page.
pub(super) async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of(&format!("/bevindingen/{id}"), query.as_deref(), &[])?;
    let wrong = |error| Problem::not_found(format!("finding `{id}`: {error}"));
    let id: FindingId = id.parse().map_err(wrong)?;
    let page = blocking(move || {
        let done = asked.done(&frame);
        shown(&api.app, &actor, frame, id, clock::now()).map(|page| FindingPage { done, ..page })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

fn shown(
    app: &App,
    actor: &Actor,
    frame: Frame,
    id: FindingId,
    now: Timestamp,
) -> Result<FindingPage, Problem> {
    let found = app.finding_shown(actor, id, now)?;
    let unit = found.unit.clone();
    let exceptions = exceptions(app, actor, &found.finding, unit.as_ref().map(|unit| unit.id))?;
    let risks = RiskFilter { asset: Some(found.finding.asset), ..RiskFilter::default() };
    let risks = app.risk_list(actor, &risks, None, Page::ALL)?.items.into_iter();
    let risks = risks.filter(|one| one.risk.suggestion.findings.contains(&id));
    let units = app.store.unit_list()?;
    let assigned = found.finding.triage.assigned;
    let assigned = units.iter().find(|unit| Some(unit.id) == assigned);
    let finding = &found.finding;
    let assigned_code = assigned.map(|unit| unit.code.clone()).unwrap_or_default();
    Ok(FindingPage {
        done: None,
        history: history(&frame, finding, &exceptions),
        offer: Offer::of(finding, actor, unit.as_ref().map(|unit| unit.id), now),
        unit_name: unit.map(|unit| unit.name).unwrap_or_default(),
        assigned: assigned.map(|unit| unit.name.clone()).unwrap_or_default(),
        assigned_code: assigned_code.clone(),
        exceptions: exceptions.into_iter().map(ExceptionView::from).collect(),
        risks: risks.map(|risk| RiskView::of(risk, &app.catalogue)).collect(),
        units: choice::among(units, &[&assigned_code], now),
        today: Day::of(now).to_string(),
        latest: Day::of(now.plus_days(belfort_model::exception::MAX_DAYS)).to_string(),
        standard_end: Day::of(now.plus_days(belfort_model::exception::DEFAULT_DAYS)).to_string(),
        title: super::title(&frame, app, &finding.code),
        remedy: app
            .catalogue
            .findings
            .get(&finding.code)
            .map(|kind| frame.pick(&kind.remedy.nl, &kind.remedy.en).to_owned())
            .unwrap_or_default(),
        finding: FindingView::of(found, &app.catalogue),
        frame,
    })
}

/// The exceptions that are, or were asked, for it.
fn exceptions(
    app: &App,
    actor: &Actor,
    finding: &Finding,
    unit: Option<UnitId>,
) -> Result<Vec<ExceptionSummary>, Problem> {
    let filter = ExceptionFilter {
        asset: Some(finding.asset),
        scope: actor.scope(Right::Read),
        ..ExceptionFilter::default()
    };
    let mut all = app.store.exception_list(&filter, EXCEPTIONS)?.items;
    all.retain(|one| match &one.exception.scope {
        ExceptionScope::Finding { finding: meant, .. } => *meant == finding.id,
        ExceptionScope::Asset { code, .. } => {
            code.as_ref().is_none_or(|code| *code == finding.code)
        }
        ExceptionScope::Unit { unit: meant, code } => Some(*meant) == unit && *code == finding.code,
    });
    // The one it stands under can be for a whole unit, which the list of an asset does not have.
    if let Some(id) = finding.triage.exception
        && all.iter().all(|one| one.exception.id != id)
        && let Ok(one) = app.exception(actor, id)
    {
        all.push(one);
    }
    Ok(all)
}

/// What became of it, newest first.
fn history(frame: &Frame, finding: &Finding, exceptions: &[ExceptionSummary]) -> Vec<Moment> {
    let plain =
        |at, key: &str| Moment { at, text: frame.t(key), by: String::new(), note: String::new() };
    let mut all = vec![plain(finding.first_observed, "findings-first-observed")];
    if finding.last_observed != finding.first_observed {
        all.push(plain(finding.last_observed, "findings-last-observed"));
    }
    all.extend(finding.triage.opened_at.map(|at| plain(at, "findings-reopened")));
    all.extend(finding.resolved_at.map(|at| plain(at, "findings-resolved")));
    all.extend(finding.triage.judged.iter().map(|judged| Moment {
        at: judged.at,
        text: frame.tv(
            "findings-judged",
            "status",
            &frame.code("finding-status", judged.status.as_str()),
        ),
        by: judged.by.clone(),
        note: judged.reason.clone(),
    }));
    for ExceptionSummary { exception, .. } in exceptions {
        all.push(Moment {
            at: exception.requested_at,
            text: frame.t("findings-exception-requested"),
            by: exception.requested_by.clone(),
            note: exception.reason.clone(),
        });
        all.extend(exception.decided_at.map(|at| Moment {
            at,
            text: frame.tv(
                "findings-exception-now",
                "status",
                &frame.code("exception-status", exception.status.as_str()),
            ),
            by: exception.decided_by.clone().unwrap_or_default(),
            note: exception.decision_reason.clone().unwrap_or_default(),
        }));
    }
    all.sort_by_key(|moment| std::cmp::Reverse(moment.at));
    all
}
