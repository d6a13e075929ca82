//! Rules over the real assets: what they would do, and doing it.

use std::collections::BTreeMap;
use std::sync::Arc;

use belfort_assess::evaluate::{Records, Subject};
use belfort_assess::rules::{Plan, RuleSet, Target};
use belfort_model::id::{AssetId, BatchId, UnitId};
use belfort_model::rule::{Assignment, Rule};
use belfort_model::software::Installation;
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;
use belfort_store::StoreError;
use belfort_store::record::{Assigned, Audit, Page, RuleInput};
use serde_json::json;
use uuid::Uuid;

use crate::app::access::{Actor, Right};
use crate::app::{App, AppError, Result};
use crate::ingest::installed::Installed;

/// Assets read and written at a time.
const CHUNK: u32 = 500;

/// One value a rule would assign.
#[derive(Clone, Debug)]
pub struct PreviewLine {
    /// The asset.
    pub asset: AssetId,
    /// Its name.
    pub name: String,
    /// What: `owner`, `class`, `site`, `label` or `link`.
    pub target: &'static str,
    /// The value it has; empty when it has none.
    pub from: String,
    /// The value it would have.
    pub to: String,
}

/// What a rule would do on the real assets.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The rule.
    pub rule: Rule,
    /// Assets looked at.
    pub assets: u64,
    /// Assets for which the condition holds.
    pub holds: u64,
    /// Assets for which it could not be told.
    pub unknown: u64,
    /// Assets that would change.
    pub changed: u64,
    /// Values that would change.
    pub values: u64,
    /// Values that stay because a person decided them.
    pub kept: u64,
    /// A page of the values that would change.
    pub lines: Vec<PreviewLine>,
}

/// What a run of rules did.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The run, when it assigned anything: what undoes it.
    pub batch: Option<BatchId>,
    /// Assets that changed.
    pub assets: u64,
}

/// The rules that are on, ready to be applied while assets are evaluated: one run.
#[derive(Debug)]
pub struct RulesRun {
    rules: RuleSet,
    units: BTreeMap<UnitId, OrgUnit>,
    installed: Installed,
    batch: BatchId,
}

impl App {
    /// What a rule would do now, in its place among the rules that are on. The preview is noted: the rule
    /// can then be switched on as it is.
    pub fn rule_preview(
        &self,
        actor: &Actor,
        id: &str,
        page: Page,
        now: Timestamp,
    ) -> Result<Preview> {
        Self::may_rule(actor)?;
        let rule = self.rule(actor, id)?;
        let mut run = self.rules_ready(Some(&rule))?;
        let index = run.rules.rules().iter().position(|one| one.rule.id == rule.id);
        let names = Names::read(self, &rule, run.units.values().cloned().collect())?;
        let mut preview = Preview {
            rule,
            assets: 0,
            holds: 0,
            unknown: 0,
            changed: 0,
            values: 0,
            kept: 0,
            lines: Vec::new(),
        };
        let first = page.offset;
        let last = page.offset.saturating_add(page.limit.into());
        self.each_input(|app, input| {
            let plan = run.plan(app, input, now)?;
            let ours = |place: &usize| Some(*place) == index;
            preview.assets += 1;
            preview.holds += u64::from(plan.holds.iter().any(ours));
            preview.unknown += u64::from(plan.unknown.iter().any(ours));
            preview.kept += plan.kept.iter().filter(|(place, _)| ours(place)).count() as u64;
            let before = preview.values;
            for (_, assignment) in plan.changes.iter().filter(|(place, _)| ours(place)) {
                if (first..last).contains(&preview.values) {
                    preview.lines.push(names.line(input, assignment));
                }
                preview.values += 1;
            }
            preview.changed += u64::from(preview.values > before);
            Ok(())
        })?;
        self.store.rule_previewed(preview.rule.id, preview.rule.version)?;
        preview.rule.previewed = Some(preview.rule.version);
        Ok(preview)
    }

    /// Applies the rules that are on to every asset. Each assignment is written with its rule as method.
    pub fn rules_run(&self, actor: &Actor, now: Timestamp) -> Result<Applied> {
        actor.require_for(Right::Manage, None)?;
        let mut run = self.rules_ready(None)?;
        let mut assets = 0;
        let mut waiting: Vec<Assigned> = Vec::new();
        self.each_input(|app, input| {
            waiting.extend(run.assigned(app, input, &actor.name, now)?);
            if waiting.len() >= CHUNK as usize {
                assets += app.store.rules_apply(run.batch, now, &actor.name, &waiting)?;
                waiting.clear();
            }
            Ok(())
        })?;
        assets += self.store.rules_apply(run.batch, now, &actor.name, &waiting)?;
        Ok(Applied { batch: (assets > 0).then_some(run.batch), assets })
    }

    /// The rules that are on, and this one beside.
    pub(in crate::app) fn rules_ready(&self, beside: Option<&Rule>) -> Result<RulesRun> {
        self.rules_with(|rule| beside.is_some_and(|beside| beside.id == rule.id))
    }

    /// The rules that are on, and these beside.
    pub(super) fn rules_with(&self, beside: impl Fn(&Rule) -> bool) -> Result<RulesRun> {
        let rules = self.store.rule_list()?;
        let rules = RuleSet::new(rules, beside).map_err(|error| {
            let reason = format!("{error} any more: {}", error.source);
            AppError::Store(StoreError::Refused(reason))
        })?;
        let units = if rules.is_empty() { Vec::new() } else { self.store.unit_list()? };
        Ok(RulesRun {
            rules,
            units: units.into_iter().map(|unit| (unit.id, unit)).collect(),
            installed: Installed::default(),
            batch: BatchId(Uuid::now_v7()),
        })
    }

    /// Applies the rules that are on to one asset, as part of its evaluation; answers whether anything
    /// changed.
    pub(in crate::app) fn rules_on(
        &self,
        run: &mut RulesRun,
        asset: AssetId,
        now: Timestamp,
    ) -> Result<bool> {
        if run.rules.is_empty() {
            return Ok(false);
        }
        let Some(input) = self.store.rule_input(asset)? else { return Ok(false) };
        if !input.asset.lifecycle.is_in_service() {
            return Ok(false);
        }
        let Some(assigned) = run.assigned(self, &input, "system", now)? else { return Ok(false) };
        Ok(self.store.rules_apply(run.batch, now, "system", &[assigned])? > 0)
    }

    /// Reads every asset in service, page by page.
    fn each_input(&self, mut each: impl FnMut(&Self, &RuleInput) -> Result<()>) -> Result<()> {
        let mut after = None;
        loop {
            let inputs = self.store.rule_inputs(after, CHUNK)?;
            let Some(last) = inputs.last() else { return Ok(()) };
            after = Some(last.asset.id);
            for input in &inputs {
                each(self, input)?;
            }
        }
    }
}

impl RulesRun {
    /// A run without rules.
    pub(in crate::app) fn none() -> Self {
        Self {
            rules: RuleSet::default(),
            units: BTreeMap::new(),
            installed: Installed::default(),
            batch: BatchId(Uuid::now_v7()),
        }
    }

    /// What undoes it.
    #[cfg(test)]
    pub(in crate::app) fn batch(&self) -> BatchId {
        self.batch
    }

    /// The same run as before as long as the rules are the same; with other rules it is another one, because
    /// what undid the one before may have been why.
    pub(in crate::app) fn after(self, before: Self) -> Self {
        let rules = |run: &Self| -> Vec<_> {
            run.rules.rules().iter().map(|one| (one.rule.id, one.rule.version)).collect()
        };
        if rules(&self) == rules(&before) { before } else { self }
    }

    pub(super) fn plan(&mut self, app: &App, input: &RuleInput, now: Timestamp) -> Result<Plan> {
        let software: Option<Arc<Vec<Installation>>> = if self.rules.asks_for_packages() {
            self.installed.of(&*app.store, input.asset.id)?
        } else {
            None
        };
        let owner = input.owner.as_ref();
        let subject = Subject {
            asset: &input.asset,
            facts: input.facts.as_ref(),
            owner,
            unit: owner.and_then(|owner| self.units.get(&owner.unit)),
            classification: input.classification.as_ref(),
            links: &[],
            class: &input.class,
            agent: input.agent.as_ref(),
            shares_evidence_with: &[],
            software: software.as_deref().map(Vec::as_slice),
            decisions: &[],
            records: Records::default(),
            advised: None,
            now,
        };
        let target = Target {
            subject,
            proposal: input.proposal.as_ref(),
            links: &input.links,
            by_hand: &input.by_hand,
        };
        Ok(self.rules.plan(&target))
    }

    fn assigned(
        &mut self,
        app: &App,
        input: &RuleInput,
        actor: &str,
        now: Timestamp,
    ) -> Result<Option<Assigned>> {
        let plan = self.plan(app, input, now)?;
        let mut values = Vec::with_capacity(plan.changes.len());
        for (place, assignment) in plan.changes {
            // Rules are looked up by the place the plan gave them.
            let Some(compiled) = self.rules.rules().get(place) else { continue };
            // What has ended owns nothing new, and a link that closes a circle is none.
            if !self.stands(app, input.asset.id, &assignment, now)? {
                continue;
            }
            let rule = &compiled.rule;
            values.push((rule.id, rule.name.clone(), rule.version, assignment));
        }
        if values.is_empty() {
            return Ok(None);
        }
        let told: Vec<_> = values
            .iter()
            .map(|(rule, name, version, assignment)| {
                json!({
                    "rule": rule, "name": name, "version": version, "assignment": assignment,
                })
            })
            .collect();
        let detail = json!({ "batch": self.batch, "method": "rule", "values": told });
        let audit = Audit {
            at: now,
            actor: actor.to_owned(),
            action: "rule.assign",
            subject: input.asset.id.to_string(),
            detail: detail.to_string(),
        };
        Ok(Some(Assigned { asset: input.asset.id, version: input.version, values, audit }))
    }

    /// The rule at a place of a plan.
    pub(super) fn rule(&self, place: usize) -> Option<&Rule> {
        self.rules.rules().get(place).map(|compiled| &compiled.rule)
    }

    /// A unit that rules name.
    pub(super) fn unit(&self, id: UnitId) -> Option<&OrgUnit> {
        self.units.get(&id)
    }

    /// Whether what a rule names still exists and may be assigned to this asset.
    pub(super) fn stands(
        &self,
        app: &App,
        asset: AssetId,
        assignment: &Assignment,
        now: Timestamp,
    ) -> Result<bool> {
        match assignment {
            Assignment::Owner { after, .. } => {
                Ok(self.units.get(&after.unit).is_some_and(|unit| unit.is_active(now)))
            }
            Assignment::Link { after } => Ok(!app.store.data_link_closes(asset, after.data_set)?),
            _ => Ok(true),
        }
    }
}

/// Names for the ids of a preview.
struct Names {
    units: BTreeMap<UnitId, String>,
    data_sets: BTreeMap<AssetId, String>,
}

impl Names {
    fn read(app: &App, rule: &Rule, units: Vec<OrgUnit>) -> Result<Self> {
        let mut data_sets = BTreeMap::new();
        if let Some(link) = rule.assigns.link {
            let found = app.store.asset_get(link.data_set)?;
            let name = found.map_or_else(String::new, |detail| detail.summary.asset.name);
            data_sets.insert(link.data_set, name);
        }
        Ok(Self { units: units.into_iter().map(|unit| (unit.id, unit.code)).collect(), data_sets })
    }

    fn line(&self, input: &RuleInput, assignment: &Assignment) -> PreviewLine {
        let owner = |owner: &belfort_model::rule::AssignOwner| {
            let code = self.units.get(&owner.unit).cloned().unwrap_or_default();
            if owner.function.is_empty() { code } else { format!("{code} ({})", owner.function) }
        };
        let (target, from, to) = match assignment {
            Assignment::Owner { before, after } => {
                ("owner", before.as_ref().map(owner).unwrap_or_default(), owner(after))
            }
            Assignment::Class { before, after } => {
                let before = before.as_ref().map(|class| class.biv.to_string());
                ("class", before.unwrap_or_default(), format!("{} (proposed)", after.biv))
            }
            Assignment::Link { after } => {
                let name = self.data_sets.get(&after.data_set).cloned().unwrap_or_default();
                ("link", String::new(), format!("{} {name}", after.relation))
            }
            Assignment::Label { after } => ("label", String::new(), after.clone()),
            Assignment::Site { before, after } => ("site", before.clone(), after.clone()),
        };
        PreviewLine { asset: input.asset.id, name: input.asset.name.clone(), target, from, to }
    }
}
