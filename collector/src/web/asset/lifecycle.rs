//! The life cycle of an asset: a move is asked on one page, and what cannot be undone on a second one.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use belfort_model::asset::Lifecycle;
use belfort_model::lifecycle::DisposalMethod;
use belfort_store::record::AssetDetail;
use http::StatusCode;

use super::{Head, change, found, history, version};
use crate::app::access::Right;
use crate::app::lifecycle::NewMove;
use crate::rest::Api;
use crate::rest::assets::asset_id;
use crate::rest::auth::{Path, blocking};
use crate::rest::problem::Problem;
use crate::view::{Section, StepView};
use crate::web::frame::{Frame, Visitor};
use crate::web::render;
use crate::web::sent::{Fields, Sent};
use crate::{calendar, clock, ingest};

#[derive(Template)]
#[template(path = "asset/lifecycle.html")]
struct LifecyclePage {
    frame: Frame,
    head: Head,
    done: Option<String>,
    next: &'static [Lifecycle],
    methods: &'static [DisposalMethod],
    steps: Vec<StepView>,
    /// The present moment, as forms write it: the latest a move can have been.
    latest: String,
}

#[derive(Template)]
#[template(path = "asset/lifecycle_confirm.html")]
struct ConfirmPage {
    frame: Frame,
    head: Head,
    done: Option<String>,
    fields: Fields,
    to: Lifecycle,
    /// What is erased for good, in words.
    erased: Vec<String>,
}

impl ConfirmPage {
    /// What was asked, to ask it again.
    fn asked(&self) -> Vec<(&'static str, &str)> {
        let keys = ["versie", "naar", "sinds", "reden", "methode", "attest"];
        keys.into_iter().filter_map(|key| Some((key, self.fields.get(key)?))).collect()
    }
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/assets/{id}/levensloop", get(form).post(make))
}

async fn form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let id = asset_id(&id)?;
    let page = blocking(move || {
        let (detail, head) = found(&api, &actor, &frame, id)?;
        let steps = api.app.lifecycle_history(&actor, id)?;
        Ok(LifecyclePage {
            next: detail.summary.asset.lifecycle.next(),
            methods: DisposalMethod::ALL,
            steps: steps.into_iter().map(StepView::from).collect(),
            latest: calendar::local_text(clock::now()),
            done: None,
            head,
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// What the form asks.
fn asked(fields: &Fields) -> Result<NewMove, Problem> {
    let method: Option<DisposalMethod> = fields.parse("methode")?;
    let certificate = fields.get("attest").unwrap_or_default().to_owned();
    if method.is_none() && !certificate.is_empty() {
        return Err(Problem::bad_request("attest: say the method it proves"));
    }
    let wrong = |error| Problem::bad_request(format!("sinds: {error}"));
    Ok(NewMove {
        to: fields.need_parsed("naar")?,
        at: fields.get("sinds").map(calendar::local).transpose().map_err(wrong)?,
        reason: fields.get("reden").unwrap_or_default().to_owned(),
        disposal: method.map(|method| (method, certificate)),
    })
}

async fn make(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let sent = sent.may(Right::Manage)?;
    let new = asked(&sent.fields)?;
    // What goes out of service loses what tells of people, for good.
    if new.to.is_over() && sent.fields.get("zeker").is_none() {
        return ask_again(api, sent, &id, new.to).await;
    }
    change(api, sent, &id, "asset-moved", move |api, actor, id, _, expected| {
        api.app.asset_move(actor, id, &new, expected, clock::now())?;
        Ok(())
    })
    .await
}

/// The page that says what cannot be undone.
async fn ask_again(api: Api, sent: Sent, id: &str, to: Lifecycle) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    let id = asset_id(id)?;
    let page = blocking(move || {
        version(&api, &actor, id, &fields)?;
        let (detail, head) = found(&api, &actor, &frame, id)?;
        let erased = erased(&frame, &detail, &api.app.catalogue.personal);
        Ok(ConfirmPage { erased, done: None, to, fields, head, frame })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// What is erased: sections about people, and what findings took from them.
fn erased(
    frame: &Frame,
    detail: &AssetDetail,
    codes: &std::collections::BTreeSet<String>,
) -> Vec<String> {
    let sections = detail.sections.iter().copied().map(Section::from);
    let mut erased: Vec<String> = sections
        .filter(|section| ingest::is_personal(&section.name))
        .map(|section| {
            frame.tv("asset-erase-section", "name", &history::title(frame, &section.name))
        })
        .collect();
    erased.push(frame.t("asset-erase-history"));
    let findings = detail.findings.iter().filter(|finding| codes.contains(finding.code.as_str()));
    let findings = findings.count();
    if findings > 0 {
        erased.push(frame.tv("asset-erase-findings", "n", &frame.n(findings)));
    }
    erased
}
