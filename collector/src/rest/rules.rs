//! Assignment rules.

use axum::extract::State;
use belfort_model::id::BatchId;
use belfort_model::rule::Rule;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::assets::asset_id;
use super::auth::{By, Json, Path, Query, blocking};
use super::precondition::{IfMatch, Versioned};
use super::problem::{Problem, Reads, Writes};
use super::{Api, Paging};
use crate::app::access::Right;
use crate::app::rules::{self, NewAssigns, RuleEdit};
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{AppliedView, AssignedView, BatchView, List, PreviewView, RuleView, UndoneView};

/// What a rule assigns.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Assigns {
    /// Code of the unit that owns the asset.
    #[schema(max_length = 32)]
    pub owner: Option<String>,
    /// Function of the owner.
    #[schema(max_length = 200)]
    pub function: String,
    /// Availability, integrity and confidentiality that are proposed, as the scheme says them.
    #[schema(min_items = 3, max_items = 3)]
    pub class: Option<Vec<String>>,
    /// Scheme of the class; the configured one when empty.
    #[schema(max_length = 50)]
    pub scheme: String,
    /// Id or name of the data set or application it is linked to.
    #[schema(max_length = 200)]
    pub data_set: Option<String>,
    /// What it does with it; `stores` when left out.
    pub relation: Option<String>,
    /// Labels that are added.
    #[schema(max_items = 32)]
    pub labels: Vec<String>,
    /// Site code.
    #[schema(max_length = 50)]
    pub site: Option<String>,
}

impl Assigns {
    fn read(self) -> Result<NewAssigns, Problem> {
        let class =
            match self.class {
                None => None,
                Some(class) => Some(class.try_into().map_err(|_| {
                    Problem::bad_request("class: give three values, for b, i and v")
                })?),
            };
        let relation = self.relation.map(|text| text.parse().map_err(invalid("relation")));
        Ok(NewAssigns {
            owner: self.owner,
            function: self.function,
            class,
            scheme: self.scheme,
            data_set: self.data_set,
            relation: relation.transpose()?,
            labels: self.labels,
            site: self.site,
        })
    }
}

/// A new rule.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRule {
    /// Short name, unique.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub description: String,
    /// Condition over the asset, in CEL; for example `device.hostname.startsWith("FIN-")`.
    #[schema(min_length = 1, max_length = 2000)]
    pub condition: String,
    /// What it assigns.
    pub assigns: Assigns,
}

fn shown(api: &Api, rule: Rule) -> Result<Versioned<RuleView>, Problem> {
    let units = api.app.store.unit_list()?;
    Ok(Versioned(rule.version, RuleView::of(rule, &units)))
}

/// All rules, in their order.
#[utoipa::path(get, path = "/api/v1/rules", tag = "rules", responses(
    (status = 200, body = List<RuleView>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
) -> Result<axum::Json<List<RuleView>>, Problem> {
    actor.require(Right::Read)?;
    let list = blocking(move || {
        let (rules, units) = (api.app.rule_list(&actor)?, api.app.store.unit_list()?);
        Ok(List::all(rules, |rule| RuleView::of(rule, &units)))
    })
    .await?;
    Ok(axum::Json(list))
}

/// Adds a rule as a draft, last in the order.
#[utoipa::path(post, path = "/api/v1/rules", tag = "rules", request_body = NewRule, responses(
    (status = 201, body = RuleView),
    Writes,
))]
pub async fn create(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewRule>,
) -> Result<(StatusCode, Versioned<RuleView>), Problem> {
    actor.require_for(Right::Manage, None)?;
    let new = rules::NewRule {
        name: new.name,
        description: new.description,
        condition: new.condition,
        assigns: new.assigns.read()?,
    };
    let rule = blocking(move || {
        let rule = api.app.rule_add(&actor, &new, clock::now())?;
        shown(&api, rule)
    })
    .await?;
    Ok((StatusCode::CREATED, rule))
}

/// One rule, by name or id.
#[utoipa::path(get, path = "/api/v1/rules/{name}", tag = "rules",
    params(("name" = String, Path, description = "Name or id")), responses(
    (status = 200, body = RuleView),
    Reads,
))]
pub async fn show(
    State(api): State<Api>,
    By(actor): By,
    Path(name): Path<String>,
) -> Result<Versioned<RuleView>, Problem> {
    actor.require(Right::Read)?;
    blocking(move || {
        let rule = api.app.rule(&actor, &name)?;
        shown(&api, rule)
    })
    .await
}

/// What changes on a rule. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditRule {
    /// Short name, unique.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// What it is for.
    #[schema(max_length = 1000)]
    pub description: Option<String>,
    /// Condition over the asset, in CEL.
    #[schema(min_length = 1, max_length = 2000)]
    pub condition: Option<String>,
    /// All it assigns.
    #[serde(default)]
    pub assigns: Option<Assigns>,
}

/// Changes a rule. Another condition or assignment switches it off until its preview was looked at.
#[utoipa::path(patch, path = "/api/v1/rules/{name}", tag = "rules", request_body = EditRule,
    params(("name" = String, Path, description = "Name or id")), responses(
    (status = 200, body = RuleView),
    Writes,
))]
pub async fn edit(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path(name): Path<String>,
    Json(edit): Json<EditRule>,
) -> Result<Versioned<RuleView>, Problem> {
    actor.require_for(Right::Manage, None)?;
    let edit = RuleEdit {
        name: edit.name,
        description: edit.description,
        condition: edit.condition,
        assigns: edit.assigns.map(Assigns::read).transpose()?,
    };
    blocking(move || {
        version.check(api.app.rule(&actor, &name)?.version)?;
        let rule = api.app.rule_edit(&actor, &name, &edit, version.0, clock::now())?;
        shown(&api, rule)
    })
    .await
}

/// Removes a rule; what it assigned stays.
#[utoipa::path(delete, path = "/api/v1/rules/{name}", tag = "rules",
    params(("name" = String, Path, description = "Name or id")), responses(
    (status = 204),
    Writes,
))]
pub async fn remove(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    actor.require_for(Right::Manage, None)?;
    blocking(move || {
        version.check(api.app.rule(&actor, &name)?.version)?;
        Ok(api.app.rule_remove(&actor, &name, clock::now())?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a rule would do on the real assets: who changes, from what to what. The rule can then be switched
/// on as it is.
#[utoipa::path(post, path = "/api/v1/rules/{name}/preview", tag = "rules",
    params(("name" = String, Path, description = "Name or id"), Paging), responses(
    (status = 200, body = PreviewView),
    Writes,
))]
pub async fn preview(
    State(api): State<Api>,
    By(actor): By,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<PreviewView>, Problem> {
    actor.require_for(Right::Manage, None)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    let preview =
        blocking(move || Ok(api.app.rule_preview(&actor, &name, page, clock::now())?)).await?;
    Ok(axum::Json(preview.into()))
}

/// How a rule is switched on.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Enable {
    /// Switch it on although nobody has looked at the preview of this version.
    pub unseen: bool,
}

/// Switches a rule on and applies it to every asset.
#[utoipa::path(post, path = "/api/v1/rules/{name}/enable", tag = "rules", request_body = Enable,
    params(("name" = String, Path, description = "Name or id")), responses(
    (status = 200, body = AppliedView),
    Writes,
))]
pub async fn enable(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path(name): Path<String>,
    Json(how): Json<Enable>,
) -> Result<axum::Json<AppliedView>, Problem> {
    actor.require_for(Right::Manage, None)?;
    let applied = blocking(move || {
        version.check(api.app.rule(&actor, &name)?.version)?;
        let applied = api.app.rule_enable(&actor, &name, how.unseen, clock::now())?;
        api.wake.notify_one();
        Ok(applied)
    })
    .await?;
    Ok(axum::Json(applied.into()))
}

/// Switches a rule off; what it assigned stays.
#[utoipa::path(post, path = "/api/v1/rules/{name}/disable", tag = "rules",
    params(("name" = String, Path, description = "Name or id")), responses(
    (status = 200, body = RuleView),
    Writes,
))]
pub async fn disable(
    State(api): State<Api>,
    By(actor): By,
    version: IfMatch,
    Path(name): Path<String>,
) -> Result<Versioned<RuleView>, Problem> {
    actor.require_for(Right::Manage, None)?;
    blocking(move || {
        version.check(api.app.rule(&actor, &name)?.version)?;
        let rule = api.app.rule_disable(&actor, &name, clock::now())?;
        shown(&api, rule)
    })
    .await
}

/// An order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Names or ids: these come first, the others follow in the order they had.
    #[schema(max_items = 1000)]
    pub first: Vec<String>,
}

/// Puts the rules in an order.
#[utoipa::path(put, path = "/api/v1/rule-order", tag = "rules", request_body = Order, responses(
    (status = 200, body = List<RuleView>),
    Writes,
))]
pub async fn order(
    State(api): State<Api>,
    By(actor): By,
    Json(order): Json<Order>,
) -> Result<axum::Json<List<RuleView>>, Problem> {
    actor.require_for(Right::Manage, None)?;
    let list = blocking(move || {
        let rules = api.app.rule_order(&actor, &order.first, clock::now())?;
        let units = api.app.store.unit_list()?;
        Ok(List::all(rules, |rule| RuleView::of(rule, &units)))
    })
    .await?;
    Ok(axum::Json(list))
}

/// Runs of rules that assigned something, newest first.
#[utoipa::path(get, path = "/api/v1/rule-batches", tag = "rules", params(Paging), responses(
    (status = 200, body = List<BatchView>),
    Reads,
))]
pub async fn batches(
    State(api): State<Api>,
    By(actor): By,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<BatchView>>, Problem> {
    actor.require_for(Right::Read, None)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    let batches = blocking(move || Ok(api.app.rule_batches(&actor, page)?)).await?;
    Ok(axum::Json(List::of(batches, BatchView::from)))
}

fn batch_id(text: &str) -> Result<BatchId, Problem> {
    text.parse().map_err(invalid("id"))
}

/// What one run assigned.
#[utoipa::path(get, path = "/api/v1/rule-batches/{id}", tag = "rules",
    params(("id" = String, Path, format = Uuid), Paging), responses(
    (status = 200, body = List<AssignedView>),
    Reads,
))]
pub async fn batch(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<AssignedView>>, Problem> {
    actor.require_for(Right::Read, None)?;
    let id = batch_id(&id)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    let assigned = blocking(move || Ok(api.app.rule_batch(&actor, id, page)?)).await?;
    Ok(axum::Json(List::of(assigned, AssignedView::from)))
}

/// Puts back what a run assigned, as far as nobody decided on it since, and switches its rules off.
#[utoipa::path(post, path = "/api/v1/rule-batches/{id}/undo", tag = "rules",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = UndoneView),
    Writes,
))]
pub async fn undo(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<axum::Json<UndoneView>, Problem> {
    actor.require_for(Right::Manage, None)?;
    let id = batch_id(&id)?;
    let undone = blocking(move || {
        let undone = api.app.rule_undo(&actor, id, clock::now())?;
        api.wake.notify_one();
        Ok(undone)
    })
    .await?;
    Ok(axum::Json(undone.into()))
}

/// What rules assigned to one asset, newest first.
#[utoipa::path(get, path = "/api/v1/assets/{id}/assignments", tag = "rules",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = List<AssignedView>),
    Reads,
))]
pub async fn of_asset(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<axum::Json<List<AssignedView>>, Problem> {
    actor.require(Right::Read)?;
    let id = asset_id(&id)?;
    let assigned = blocking(move || Ok(api.app.rule_assignments(&actor, id)?)).await?;
    Ok(axum::Json(List::all(assigned, AssignedView::from)))
}
