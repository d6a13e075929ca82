//! Assignment rules: written, looked at on the real assets, switched on, undone.

mod propose;
mod run;

use belfort_assess::rules::Compiled;
use belfort_model::asset;
use belfort_model::data_set::Relation;
use belfort_model::id::{AssetId, BatchId, RuleId};
use belfort_model::rule::{AssignClass, AssignLink, AssignOwner, Assigns, Batch, Rule, RuleState};
use belfort_model::scale::Biv;
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{AssignedRecord, Page, Paged, Undone};
use serde_json::json;
use uuid::Uuid;

use super::access::{Actor, Right};
use super::{App, AppError, Result, audit, text};

pub use propose::{Proposal, Proposed};
pub use run::{Applied, Preview, PreviewLine, RulesRun};

/// What a rule assigns, in the words people use.
#[derive(Clone, Debug, Default)]
pub struct NewAssigns {
    /// Code of the unit that owns it.
    pub owner: Option<String>,
    /// Function of the owner.
    pub function: String,
    /// Classes of availability, integrity and confidentiality, as the scheme says them.
    pub class: Option<[String; 3]>,
    /// Scheme of the classes; the configured one when empty.
    pub scheme: String,
    /// Id or name of the data set or application it is linked to.
    pub data_set: Option<String>,
    /// What it does with it.
    pub relation: Option<Relation>,
    /// Labels to add.
    pub labels: Vec<String>,
    /// Site code.
    pub site: Option<String>,
}

/// What a rule is made from.
#[derive(Clone, Debug, Default)]
pub struct NewRule {
    /// Short name.
    pub name: String,
    /// What it is for; can be empty.
    pub description: String,
    /// Condition, in CEL.
    pub condition: String,
    /// What it assigns.
    pub assigns: NewAssigns,
}

/// What changes on a rule; nothing stays as it is.
#[derive(Clone, Debug, Default)]
pub struct RuleEdit {
    /// Short name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Condition, in CEL.
    pub condition: Option<String>,
    /// All it assigns.
    pub assigns: Option<NewAssigns>,
}

impl App {
    /// Rules act on every asset: only who may change the whole register writes them.
    fn may_rule(actor: &Actor) -> Result<()> {
        Ok(actor.require_for(Right::Manage, None)?)
    }

    /// All rules, in their order.
    pub fn rule_list(&self, actor: &Actor) -> Result<Vec<Rule>> {
        actor.require(Right::Read)?;
        Ok(self.store.rule_list()?)
    }

    /// The rule with this name or id.
    pub fn rule(&self, actor: &Actor, text: &str) -> Result<Rule> {
        let wanted = text.trim().to_lowercase();
        let is = |rule: &Rule| rule.name.to_lowercase() == wanted || rule.id.to_string() == wanted;
        let found = self.rule_list(actor)?.into_iter().find(is);
        found.ok_or_else(|| StoreError::NotFound { what: "rule", id: text.to_owned() }.into())
    }

    /// Adds a rule as a draft, last in the order.
    pub fn rule_add(&self, actor: &Actor, new: &NewRule, now: Timestamp) -> Result<Rule> {
        Self::may_rule(actor)?;
        let rule = Rule {
            id: RuleId(Uuid::now_v7()),
            name: name(&new.name)?,
            description: optional("description", &new.description, 1000)?,
            position: 0,
            state: RuleState::Draft,
            condition: new.condition.trim().to_owned(),
            assigns: self.assigns(actor, &new.assigns)?,
            version: 1,
            previewed: None,
            changed_by: actor.name.clone(),
            changed_at: now,
        };
        check(&rule)?;
        let record = audit(actor, Right::Manage, "rule.add", &rule.id, &json!(rule), now)?;
        self.store.rule_insert(&rule, &record)?;
        self.rule(actor, &rule.id.to_string())
    }

    /// Changes a rule. Another condition or assignment is another version: it is switched off until
    /// somebody has looked at it.
    pub fn rule_edit(
        &self,
        actor: &Actor,
        id: &str,
        edit: &RuleEdit,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<Rule> {
        Self::may_rule(actor)?;
        let seen = self.rule(actor, id)?;
        let conflict = || StoreError::Conflict { what: "rule", id: seen.name.clone() };
        if expected.is_some_and(|expected| expected != seen.version) {
            return Err(conflict().into());
        }
        let mut rule = seen.clone();
        if let Some(new) = &edit.name {
            rule.name = name(new)?;
        }
        if let Some(description) = &edit.description {
            rule.description = optional("description", description, 1000)?;
        }
        if let Some(condition) = &edit.condition {
            condition.trim().clone_into(&mut rule.condition);
        }
        if let Some(assigns) = &edit.assigns {
            rule.assigns = self.assigns(actor, assigns)?;
        }
        check(&rule)?;
        if rule == seen {
            return Ok(seen);
        }
        if (&rule.condition, &rule.assigns) != (&seen.condition, &seen.assigns) {
            rule.previewed = None;
            if rule.state == RuleState::Enabled {
                rule.state = RuleState::Draft;
            }
        }
        rule.version += 1;
        if rule.previewed.is_some() {
            rule.previewed = Some(rule.version);
        }
        rule.changed_by.clone_from(&actor.name);
        rule.changed_at = now;
        let detail = json!({ "before": seen, "after": rule });
        let record = audit(actor, Right::Manage, "rule.edit", &rule.id, &detail, now)?;
        self.store.rule_update(&rule, &seen, &record)?;
        Ok(rule)
    }

    /// Switches a rule on and applies it to every asset. Refused unless its preview was taken on this
    /// version in this order, or the caller says that it need not be.
    pub fn rule_enable(
        &self,
        actor: &Actor,
        id: &str,
        unseen: bool,
        now: Timestamp,
    ) -> Result<Applied> {
        Self::may_rule(actor)?;
        let seen = self.rule(actor, id)?;
        if seen.state == RuleState::Enabled {
            return Err(StoreError::Refused(format!("rule `{}` is on already", seen.name)).into());
        }
        if !seen.is_previewed() && !unseen {
            let reason = format!(
                "rule `{}` was changed since its last preview, or never had one: look at what it \
                 would do first",
                seen.name
            );
            return Err(StoreError::Refused(reason).into());
        }
        self.rule_state(actor, &seen, RuleState::Enabled, now)?;
        self.rules_run(actor, now)
    }

    /// Switches a rule off. What it assigned stays.
    pub fn rule_disable(&self, actor: &Actor, id: &str, now: Timestamp) -> Result<Rule> {
        Self::may_rule(actor)?;
        let seen = self.rule(actor, id)?;
        if seen.state != RuleState::Enabled {
            return Err(StoreError::Refused(format!("rule `{}` is not on", seen.name)).into());
        }
        self.rule_state(actor, &seen, RuleState::Disabled, now)
    }

    fn rule_state(
        &self,
        actor: &Actor,
        seen: &Rule,
        state: RuleState,
        now: Timestamp,
    ) -> Result<Rule> {
        let mut rule =
            Rule { state, changed_by: actor.name.clone(), changed_at: now, ..seen.clone() };
        let action = match state {
            RuleState::Enabled => "rule.enable",
            RuleState::Draft | RuleState::Disabled => {
                rule.previewed = None;
                "rule.disable"
            }
        };
        let detail =
            json!({ "name": rule.name, "version": rule.version, "previewed": seen.previewed });
        let record = audit(actor, Right::Manage, action, &rule.id, &detail, now)?;
        self.store.rule_update(&rule, seen, &record)?;
        Ok(rule)
    }

    /// Removes a rule. What it assigned stays.
    pub fn rule_remove(&self, actor: &Actor, id: &str, now: Timestamp) -> Result<Rule> {
        Self::may_rule(actor)?;
        let rule = self.rule(actor, id)?;
        let record = audit(actor, Right::Manage, "rule.remove", &rule.id, &json!(rule), now)?;
        self.store.rule_remove(rule.id, &record)?;
        Ok(rule)
    }

    /// Puts rules in an order, by name or id: those that are not named follow in the order they had.
    pub fn rule_order(&self, actor: &Actor, first: &[String], now: Timestamp) -> Result<Vec<Rule>> {
        Self::may_rule(actor)?;
        let mut order = Vec::with_capacity(first.len());
        for text in first {
            let id = self.rule(actor, text)?.id;
            if order.contains(&id) {
                return Err(AppError::Invalid(format!("rule `{text}` is named twice")));
            }
            order.push(id);
        }
        let all = self.store.rule_list()?;
        let rest: Vec<_> =
            all.iter().map(|rule| rule.id).filter(|id| !order.contains(id)).collect();
        order.extend(rest);
        let record =
            audit(actor, Right::Manage, "rule.order", &"rules", &json!({ "order": order }), now)?;
        self.store.rule_order(&order, &record)?;
        Ok(self.store.rule_list()?)
    }

    /// Runs of rules that assigned something, newest first.
    pub fn rule_batches(&self, actor: &Actor, page: Page) -> Result<Paged<Batch>> {
        actor.require_for(Right::Read, None)?;
        Ok(self.store.batch_list(page)?)
    }

    /// What one run assigned.
    pub fn rule_batch(
        &self,
        actor: &Actor,
        batch: BatchId,
        page: Page,
    ) -> Result<Paged<AssignedRecord>> {
        actor.require_for(Right::Read, None)?;
        Ok(self.store.batch_assignments(batch, page)?)
    }

    /// What rules assigned to one asset, newest first.
    pub fn rule_assignments(&self, actor: &Actor, asset: AssetId) -> Result<Vec<AssignedRecord>> {
        self.visible(actor, asset)?;
        Ok(self.store.assignments_of(asset)?)
    }

    /// Puts back what a run assigned, as far as nobody decided on it since, and switches its rules off.
    pub fn rule_undo(&self, actor: &Actor, batch: BatchId, now: Timestamp) -> Result<Undone> {
        Self::may_rule(actor)?;
        let detail = json!({ "batch": batch });
        let record = audit(actor, Right::Manage, "rule.undo", &batch, &detail, now)?;
        Ok(self.store.batch_undo(batch, &record)?)
    }

    /// What a rule assigns, checked and named by ids.
    fn assigns(&self, actor: &Actor, new: &NewAssigns) -> Result<Assigns> {
        let invalid = |error: asset::TagError| AppError::Invalid(error.to_string());
        let owner = match &new.owner {
            Some(code) => {
                let function = optional("function", &new.function, 200)?;
                Some(AssignOwner { unit: self.unit(code)?.id, function })
            }
            None if new.function.is_empty() => None,
            None => return Err(AppError::Invalid("function: say of which owner".to_owned())),
        };
        let class = match &new.class {
            Some([b, i, v]) => {
                let scheme = self.registry.scheme(&new.scheme)?;
                let level = |value: &str| {
                    scheme.level(value).map_err(|error| AppError::Invalid(error.to_string()))
                };
                let biv = Biv::new(level(b)?, level(i)?, level(v)?);
                Some(AssignClass { scheme: scheme.name.clone(), biv })
            }
            None => None,
        };
        let link = match &new.data_set {
            Some(text) => {
                let target = self.asset_in_sight(actor, text)?.summary.asset;
                if !matches!(target.kind, asset::AssetKind::DataSet | asset::AssetKind::Application)
                {
                    let reason = format!("data_set: `{}` is a {}", target.name, target.kind);
                    return Err(AppError::Invalid(reason));
                }
                let relation = new.relation.unwrap_or(Relation::Stores);
                Some(AssignLink { relation, data_set: target.id })
            }
            None => None,
        };
        let site = match new.site.as_deref().map(asset::site).transpose().map_err(invalid)? {
            Some(site) if site.is_empty() => {
                return Err(AppError::Invalid("site: a rule assigns a site code".to_owned()));
            }
            site => site,
        };
        let labels = asset::labels(&new.labels).map_err(invalid)?;
        Ok(Assigns { owner, class, link, labels, site })
    }
}

fn name(text: &str) -> Result<String> {
    let name = super::text("name", text, 100)?;
    // A name must not look like an id, or it could stand for another rule.
    if name.parse::<RuleId>().is_ok() {
        return Err(AppError::Invalid("name: a rule's name is no id".to_owned()));
    }
    Ok(name)
}

fn optional(what: &str, value: &str, most: usize) -> Result<String> {
    if value.trim().is_empty() { Ok(String::new()) } else { text(what, value, most) }
}

/// Checks that a rule can be run.
fn check(rule: &Rule) -> Result<()> {
    if rule.assigns.is_empty() {
        let reason = "a rule assigns something: owner, class, data set, labels or site";
        return Err(AppError::Invalid(reason.to_owned()));
    }
    Compiled::new(rule.clone()).map_err(|error| AppError::Invalid(error.to_string()))?;
    Ok(())
}
