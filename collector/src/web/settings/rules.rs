//! Assignment rules: their order, what they say, what they would do, and what they did.

mod one;
mod runs;

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use belfort_model::data_set::Relation;
use http::StatusCode;

use super::super::frame::{Frame, Visitor};
use super::super::list::Asked;
use super::super::render;
use super::super::sent::{Fields, Sent};
use crate::app::App;
use crate::app::access::Right;
use crate::app::rules::{NewAssigns, NewRule};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::RuleView;
use crate::web::choice;

#[derive(Template)]
#[template(path = "settings_rules.html")]
struct RulesPage {
    frame: Frame,
    done: Option<String>,
    rules: Vec<RuleView>,
    may_rule: bool,
    /// What rules did is told to who sees all assets.
    sees_runs: bool,
}

/// The fields of a rule.
struct RuleForm {
    units: Vec<(String, String)>,
    relations: Vec<&'static str>,
    name: String,
    description: String,
    condition: String,
    owner: String,
    function: String,
    class: [String; 3],
    scheme: String,
    data_set: String,
    relation: String,
    labels: String,
    site: String,
}

#[derive(Template)]
#[template(path = "settings_rule_new.html")]
struct NewPage {
    frame: Frame,
    form: RuleForm,
}

impl RuleForm {
    /// The form of a rule; an empty one when there is none.
    fn of(app: &App, rule: Option<&RuleView>) -> Result<Self, Problem> {
        let assigns = rule.map(|rule| &rule.assigns);
        let text = |value: Option<&String>| value.cloned().unwrap_or_default();
        let class = assigns.and_then(|assigns| assigns.class.as_ref());
        let level = |at: usize| class.and_then(|class| class.get(at)).map(u8::to_string);
        Ok(Self {
            units: choice::units(app, &[&text(assigns.and_then(|one| one.owner.as_ref()))])?,
            relations: Relation::ALL.iter().map(|relation| relation.as_str()).collect(),
            name: text(rule.map(|rule| &rule.name)),
            description: text(rule.map(|rule| &rule.description)),
            condition: text(rule.map(|rule| &rule.condition)),
            owner: text(assigns.and_then(|assigns| assigns.owner.as_ref())),
            function: text(assigns.map(|assigns| &assigns.function)),
            class: [0, 1, 2].map(|at| level(at).unwrap_or_default()),
            scheme: text(assigns.map(|assigns| &assigns.scheme)),
            data_set: text(assigns.and_then(|assigns| assigns.data_set.as_ref())),
            relation: text(assigns.and_then(|assigns| assigns.relation.as_ref())),
            labels: assigns.map(|assigns| assigns.labels.join(", ")).unwrap_or_default(),
            site: text(assigns.and_then(|assigns| assigns.site.as_ref())),
        })
    }

    /// What was filled in that a rule assigns.
    fn assigns(fields: &Fields) -> Result<NewAssigns, Problem> {
        let text = |key: &str| fields.get(key).map(str::to_owned);
        let class = match (text("b"), text("i"), text("v")) {
            (None, None, None) => None,
            (Some(b), Some(i), Some(v)) => Some([b, i, v]),
            _ => return Err(Problem::bad_request("b, i, v: give all three or none")),
        };
        let labels = text("labels").unwrap_or_default();
        let labels = labels.split(',').map(str::trim).filter(|label| !label.is_empty());
        Ok(NewAssigns {
            owner: text("eigenaar"),
            function: text("functie").unwrap_or_default(),
            class,
            scheme: text("schema").unwrap_or_default(),
            data_set: text("gegevens"),
            relation: fields.parse("relatie")?,
            labels: labels.map(str::to_owned).collect(),
            site: text("locatie"),
        })
    }
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/instellingen/regels", get(page))
        .route("/instellingen/regels/nieuw", get(form).post(create))
        .route("/instellingen/regels/{id}/eerder", post(earlier))
        .merge(runs::routes())
        .merge(one::routes())
}

async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of("/instellingen/regels", query.as_deref(), &[])?;
    let page = blocking(move || {
        let (rules, units) = (api.app.rule_list(&actor)?, api.app.store.unit_list()?);
        Ok(RulesPage {
            done: asked.done(&frame),
            rules: rules.into_iter().map(|rule| RuleView::of(rule, &units)).collect(),
            may_rule: actor.require_for(Right::Manage, None).is_ok(),
            sees_runs: actor.require_for(Right::Read, None).is_ok(),
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

async fn form(State(api): State<Api>, visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    actor.require_for(Right::Manage, None)?;
    let form = blocking(move || RuleForm::of(&api.app, None)).await?;
    Ok(render(StatusCode::OK, &NewPage { frame, form }))
}

/// Adds a rule as a draft, last in the order.
async fn create(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor: Visitor { actor, .. }, fields } = sent;
    actor.require_for(Right::Manage, None)?;
    let new = NewRule {
        name: fields.need("naam")?.to_owned(),
        description: fields.get("uitleg").unwrap_or_default().to_owned(),
        condition: fields.need("voorwaarde")?.to_owned(),
        assigns: RuleForm::assigns(&fields)?,
    };
    let rule = blocking(move || Ok(api.app.rule_add(&actor, &new, clock::now())?)).await?;
    let to = format!("/instellingen/regels/{}?melding=regel-toegevoegd", rule.id);
    Ok(Redirect::to(&to).into_response())
}

/// Puts a rule before the one it follows: whichever comes first decides.
async fn earlier(
    State(api): State<Api>,
    axum::extract::Path(id): axum::extract::Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let actor = sent.visitor.actor;
    actor.require_for(Right::Manage, None)?;
    blocking(move || {
        let rule = api.app.rule(&actor, &id)?.id;
        let mut order: Vec<_> = api.app.rule_list(&actor)?.iter().map(|one| one.id).collect();
        if let Some(at) = order.iter().position(|one| *one == rule).filter(|at| *at > 0) {
            order.swap(at, at - 1);
        }
        let order: Vec<_> = order.iter().map(ToString::to_string).collect();
        Ok(api.app.rule_order(&actor, &order, clock::now())?)
    })
    .await?;
    Ok(Redirect::to("/instellingen/regels?melding=regel-volgorde").into_response())
}
