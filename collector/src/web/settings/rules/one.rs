//! One rule: editing it, looking at what it would do, switching it on and off, removing it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use belfort_store::record::Page;
use http::StatusCode;

use super::super::super::frame::{Frame, Visitor};
use super::super::super::list::Asked;
use super::super::super::render;
use super::super::super::sent::Sent;
use super::super::super::sure::Sure;
use super::RuleForm;
use crate::app::access::Right;
use crate::app::rules::RuleEdit;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{PreviewView, RuleView};

/// Lines of a preview that are shown.
const LINES: Page = Page { limit: 250, offset: 0 };

#[derive(Template)]
#[template(path = "settings_rule.html")]
struct RulePage {
    frame: Frame,
    done: Option<String>,
    rule: RuleView,
    form: RuleForm,
    may_rule: bool,
}

#[derive(Template)]
#[template(path = "settings_rule_preview.html")]
struct PreviewPage {
    frame: Frame,
    rule: RuleView,
    preview: PreviewView,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/instellingen/regels/{id}", get(page).post(edit))
        .route("/instellingen/regels/{id}/proef", post(preview))
        .route("/instellingen/regels/{id}/aan", post(enable))
        .route("/instellingen/regels/{id}/uit", post(disable))
        .route("/instellingen/regels/{id}/verwijderen", get(remove_form).post(remove))
}

fn view(api: &Api, actor: &crate::app::access::Actor, id: &str) -> Result<RuleView, Problem> {
    let units = api.app.store.unit_list()?;
    Ok(RuleView::of(api.app.rule(actor, id)?, &units))
}

async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of("/instellingen/regels", query.as_deref(), &[])?;
    let page = blocking(move || {
        let rule = view(&api, &actor, &id)?;
        Ok(RulePage {
            done: asked.done(&frame),
            form: RuleForm::of(&api.app, Some(&rule))?,
            may_rule: actor.require_for(Right::Manage, None).is_ok(),
            rule,
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

fn address(id: &str, done: &str) -> Response {
    Redirect::to(&format!("/instellingen/regels/{id}?melding={done}")).into_response()
}

/// Changes a rule. Another condition or assignment switches it off until its preview was looked at.
async fn edit(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let Sent { visitor: Visitor { actor, .. }, fields } = sent;
    actor.require_for(Right::Manage, None)?;
    let edit = RuleEdit {
        name: Some(fields.need("naam")?.to_owned()),
        description: Some(fields.get("uitleg").unwrap_or_default().to_owned()),
        condition: Some(fields.need("voorwaarde")?.to_owned()),
        assigns: Some(RuleForm::assigns(&fields)?),
    };
    let version = fields.parse("versie")?;
    let rule =
        blocking(move || Ok(api.app.rule_edit(&actor, &id, &edit, version, clock::now())?)).await?;
    Ok(address(&rule.id.to_string(), "regel-gewijzigd"))
}

/// What a rule would do on the real assets. It can then be switched on as it is.
async fn preview(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = sent.visitor;
    actor.require_for(Right::Manage, None)?;
    let page = blocking(move || {
        let preview = api.app.rule_preview(&actor, &id, LINES, clock::now())?;
        Ok(PreviewPage { frame, rule: view(&api, &actor, &id)?, preview: preview.into() })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// Refuses a rule that was changed since the page was made.
fn same(api: &Api, sent: &Sent, id: &str) -> Result<(), Problem> {
    let seen: u64 = sent.fields.need_parsed("versie")?;
    let rule = api.app.rule(&sent.visitor.actor, id)?;
    if rule.version == seen {
        return Ok(());
    }
    Err(Problem::conflict(format!("rule `{}` was changed: look at it again", rule.name)))
}

/// Switches a rule on and applies it to every asset.
async fn enable(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    sent.visitor.actor.require_for(Right::Manage, None)?;
    let applied = blocking(move || {
        same(&api, &sent, &id)?;
        let applied = api.app.rule_enable(&sent.visitor.actor, &id, false, clock::now())?;
        api.wake.notify_one();
        Ok(applied)
    })
    .await?;
    let to = match applied.batch {
        Some(batch) => format!("/instellingen/regels/toegepast/{batch}?melding=regel-aan"),
        None => "/instellingen/regels?melding=regel-aan".to_owned(),
    };
    Ok(Redirect::to(&to).into_response())
}

/// Switches a rule off; what it assigned stays.
async fn disable(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    sent.visitor.actor.require_for(Right::Manage, None)?;
    let rule = blocking(move || {
        same(&api, &sent, &id)?;
        Ok(api.app.rule_disable(&sent.visitor.actor, &id, clock::now())?)
    })
    .await?;
    Ok(address(&rule.id.to_string(), "regel-uit"))
}

/// Whether one is sure.
async fn remove_form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    actor.require_for(Right::Manage, None)?;
    let rule = blocking(move || view(&api, &actor, &id)).await?;
    let sure = Sure {
        title: frame.t("rule-remove"),
        text: frame.t("rule-remove-text"),
        facts: vec![(frame.t("col-name"), rule.name)],
        action: format!("/instellingen/regels/{}/verwijderen", rule.id),
        fields: vec![("versie", rule.version.to_string())],
        back: format!("/instellingen/regels/{}", rule.id),
        button: frame.t("rule-remove"),
        frame,
    };
    Ok(sure.show())
}

/// Removes a rule; what it assigned stays.
async fn remove(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    sent.visitor.actor.require_for(Right::Manage, None)?;
    blocking(move || {
        same(&api, &sent, &id)?;
        Ok(api.app.rule_remove(&sent.visitor.actor, &id, clock::now())?)
    })
    .await?;
    Ok(Redirect::to("/instellingen/regels?melding=regel-verwijderd").into_response())
}
