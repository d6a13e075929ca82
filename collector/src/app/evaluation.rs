//! Keeps findings and risks current: evaluates what is due, asset by asset, then unit by unit.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use belfort_assess::evaluate::{self, Granted, Records, Subject, evaluate};
use belfort_assess::risk::{Scoped, suggestions};
use belfort_model::asset::{Asset, Lifecycle};
use belfort_model::classification::EffectiveClass;
use belfort_model::exception;
use belfort_model::finding::{Circumstances, reconcile, settle, settle_new};
use belfort_model::id::{AssetId, RiskId, UnitId};
use belfort_model::risk::Risk;
use belfort_model::scale::{Dimensions, Level, review_days};
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{EvaluationCommit, EvaluationInput, NewRisk, RiskScope};

use super::advisories::Round;
use super::rules::RulesRun;
use super::{App, AppError, Result};

/// How much was evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evaluated {
    /// Assets.
    pub assets: usize,
    /// Units whose risks were worked out.
    pub units: usize,
    /// Assets and units that could not be evaluated; the log says why. They stay due.
    pub failed: usize,
}

/// Assets or units taken up at a time.
const BATCH: u32 = 200;
/// Rounds after which a call ends although more is due: somebody keeps changing what it evaluates, or
/// there is more than one call should do.
const ROUNDS: usize = 1000;

impl App {
    /// Evaluates everything that is due. Repeating it without a change changes nothing.
    pub fn evaluate_due(&self, now: Timestamp) -> Result<Evaluated> {
        self.evaluate_rounds(now, ROUNDS)
    }

    /// Evaluates what is due after a change somebody made, as far as it is little: the server goes on
    /// with the rest. The change itself stands whatever comes of it.
    pub fn evaluate_soon(&self, now: Timestamp) {
        if let Err(error) = self.evaluate_rounds(now, 1) {
            tracing::warn!(%error, "evaluation failed, tried again later");
        }
    }

    fn evaluate_rounds(&self, now: Timestamp, rounds: usize) -> Result<Evaluated> {
        let mut round = Round::new(self.advisories.current(&*self.store)?);
        let rules = RefCell::new(None);
        let due = |most| {
            // People switch rules on and off while this goes on.
            if let Some(run) = rules.take() {
                rules.replace(Some(self.rules_now()?.after(run)));
            }
            Ok(self.store.evaluation_due(now, most)?)
        };
        let evaluate = |asset| {
            self.apply_rules(&mut rules.borrow_mut(), asset, now)?;
            self.evaluate_asset(asset, now, &mut round)
        };
        let (assets, failed) = each_due(rounds, due, evaluate)?;
        let due = |most| Ok(self.store.risk_due(most)?);
        let (units, failed_units) = each_due(rounds, due, |unit| self.evaluate_unit(unit, now))?;
        Ok(Evaluated { assets, units, failed: failed + failed_units })
    }

    /// Lets the assignment rules that are on fill what is empty, before anything follows from it. Rules
    /// that cannot be run keep nobody from being evaluated.
    fn apply_rules(
        &self,
        rules: &mut Option<RulesRun>,
        asset: AssetId,
        now: Timestamp,
    ) -> Result<()> {
        let run = match rules {
            Some(run) => run,
            None => rules.insert(self.rules_now()?),
        };
        self.rules_on(run, asset, now).map(drop)
    }

    /// The rules that are on.
    fn rules_now(&self) -> Result<RulesRun> {
        match self.rules_ready(None) {
            Err(AppError::Store(StoreError::Refused(reason))) => {
                tracing::error!(%reason, "assignment rules are not applied");
                Ok(RulesRun::none())
            }
            ready => ready,
        }
    }

    fn evaluate_asset(&self, asset: AssetId, now: Timestamp, round: &mut Round) -> Result<()> {
        let Some(input) = self.store.evaluation_input(asset)? else { return Ok(()) };
        // An import makes every asset due. After the input was read: then either the data is that of the
        // import, or the commit sees that the asset became due meanwhile.
        round.follow(self.advisories.current(&*self.store)?);
        let packages = self.asset_packages(asset, now)?;
        let found = round.found(&*self.store, asset, input.facts.as_ref())?;
        let class = EffectiveClass::of(input.classification.as_ref(), &input.links);
        let granted = granted(&input, now);
        let mut evaluation = evaluate(
            &self.catalogue,
            &Subject {
                asset: &input.asset,
                facts: input.facts.as_ref(),
                owner: input.owner.as_ref(),
                unit: input.unit.as_ref(),
                classification: input.classification.as_ref(),
                links: &input.links,
                class: &class,
                agent: input.agent.as_ref(),
                shares_evidence_with: &input.shares_evidence_with,
                software: packages.installed(),
                decisions: &packages.decisions,
                records: Records {
                    decommissioned_at: self.decommissioned_at(&input.asset)?,
                    disposal_proven: Some(input.asset.disposal.is_some()),
                    verified_at: input.asset.verified_at,
                    exceptions: Some(&granted),
                },
                advised: round.advised(found.as_deref()),
                now,
            },
        );
        let hits = std::mem::take(&mut evaluation.hits);
        let unobserved = |code: &str| evaluation.of_unobserved(code);
        let mut changes = reconcile(&input.findings, hits, unobserved, now);
        let matrix = &self.catalogue.matrix;
        let around = Circumstances {
            exceptions: &input.exceptions,
            owners: &input.owners,
            severity: &|likelihood, dimensions| {
                let levels = dimensions.iter().map(|dimension| evaluation.class.biv.get(dimension));
                matrix.severity(likelihood, levels.max().unwrap_or(Level::ONE))
            },
            now,
        };
        settle(&input.findings, &mut changes, &around);
        let new = changes.new.iter().map(|hit| settle_new(asset, hit, &around)).collect();
        let commit = EvaluationCommit {
            asset,
            generation: input.generation,
            now,
            next: now.plus_seconds(evaluate::REPEAT_HOURS * 3600),
            class: evaluation.class,
            results: evaluation.results,
            new,
        };
        Ok(self.store.evaluation_commit(&commit, &changes)?)
    }

    /// When an asset was taken out of service; nothing while it is in service.
    fn decommissioned_at(&self, asset: &Asset) -> Result<Option<Timestamp>> {
        let out = [Lifecycle::Decommissioned, Lifecycle::Disposed, Lifecycle::Archived];
        if !out.contains(&asset.lifecycle) {
            return Ok(None);
        }
        let steps = self.store.lifecycle_list(asset.id)?;
        Ok(steps.iter().filter(|step| out.contains(&step.to)).map(|step| step.at).min())
    }

    fn evaluate_unit(&self, unit: Option<UnitId>, now: Timestamp) -> Result<()> {
        let scope = self.store.risk_scope(unit)?;
        let (new, changed) = self.plan(unit, &scope, now);
        Ok(self.store.risk_commit(unit, scope.generation, &new, &changed)?)
    }

    /// What an evaluation of a unit changes in the register.
    fn plan(
        &self,
        unit: Option<UnitId>,
        scope: &RiskScope,
        now: Timestamp,
    ) -> (Vec<NewRisk>, Vec<Risk>) {
        let scoped: Vec<_> = scope
            .assets
            .iter()
            .map(|asset| Scoped {
                id: asset.id,
                class: &asset.class,
                results: &asset.results,
                findings: &asset.findings,
            })
            .collect();
        let suggested = suggestions(&self.catalogue, unit, &scoped);
        let all = scope
            .assets
            .iter()
            .flat_map(|asset| asset.findings.iter().map(move |one| (asset.id, one)));
        let unresolved: HashSet<_> = all.clone().map(|(_, one)| one.id).collect();
        let excepted: Vec<_> = all.filter(|(_, one)| one.excepted).collect();
        let follow = |risk: &Risk, evidence| {
            let linked = self.catalogue.linked_checks(&risk.key.scenario);
            let own = excepted.iter().filter(|(asset, one)| {
                risk.key.asset.is_none_or(|own| own == *asset) && linked.contains(one.code.as_str())
            });
            let own: Vec<_> = own.map(|(_, one)| one.id).collect();
            settled(risk, risk.with_left_over(evidence, &unresolved, &own, now), now)
        };
        let mut new = Vec::new();
        let mut changed: Vec<Risk> = scope
            .risks
            .iter()
            .filter(|risk| !suggested.iter().any(|(key, _)| *key == risk.key))
            .flat_map(|risk| follow(risk, risk.unsupported(now)))
            .collect();
        // In the order of their keys: so the same data give the same references.
        for (key, suggestion) in suggested {
            if let Some(risk) = scope.risks.iter().find(|risk| risk.key == key) {
                changed.extend(follow(risk, risk.evaluated(&suggestion, now)));
            } else {
                let next_review = now.plus_days(review_days(suggestion.current.severity));
                let id = RiskId::of(&key.text());
                new.push(NewRisk { id, key, suggestion, now, next_review });
            }
        }
        (new, changed)
    }
}

/// Most steps that time alone can take with one entry at one moment; the model has fewer.
const STEPS: usize = 8;

/// The versions of an entry that follow from new evidence, when there is any, and from time.
pub(super) fn settled(risk: &Risk, evidence: Option<Risk>, now: Timestamp) -> Vec<Risk> {
    let mut versions: Vec<Risk> = evidence.into_iter().collect();
    for _ in 0..STEPS {
        match versions.last().unwrap_or(risk).passed(now) {
            Some(next) => versions.push(next),
            None => break,
        }
    }
    versions
}

/// Takes up what is due, batch by batch; answers how many were done and how many could not be.
fn each_due<T: Copy + Ord + std::fmt::Debug>(
    rounds: usize,
    due: impl Fn(u32) -> Result<Vec<T>>,
    mut evaluate: impl FnMut(T) -> Result<()>,
) -> Result<(usize, usize)> {
    let mut done = 0;
    let mut failed = BTreeSet::new();
    for _ in 0..rounds {
        let most = BATCH.saturating_add(u32::try_from(failed.len()).unwrap_or(BATCH));
        let mut batch = due(most)?;
        batch.retain(|one| !failed.contains(one));
        if batch.is_empty() {
            break;
        }
        for one in batch {
            if worked(&one, evaluate(one))? {
                done += 1;
            } else {
                failed.insert(one);
            }
        }
    }
    Ok((done, failed.len()))
}

/// Whether one evaluation was done. One that cannot be read must not keep the others from theirs; a
/// database that is away ends them all.
fn worked(what: &dyn std::fmt::Debug, result: Result<()>) -> Result<bool> {
    match result {
        // In the second case somebody changed it meanwhile: it stays due, the next round sees the change.
        Ok(()) | Err(AppError::Store(StoreError::Conflict { .. })) => Ok(true),
        Err(AppError::Store(
            error @ (StoreError::Corrupt { .. }
            | StoreError::NotFound { .. }
            | StoreError::Refused(_)
            | StoreError::Exists { .. }),
        )) => {
            tracing::error!(?what, %error, "cannot be evaluated; the others are");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;

/// The exceptions that bear on an asset's findings, as the checks see them: those that hold, and those past
/// their end whose finding is still there.
fn granted(input: &EvaluationInput, now: Timestamp) -> Vec<Granted> {
    let overdue = exception::overdue(&input.exceptions, &input.findings, &input.owners, now);
    let holding = input.exceptions.iter().filter(|one| one.holds(now));
    let mut all = Vec::new();
    for one in holding.chain(overdue) {
        let mut codes: BTreeMap<&str, Dimensions> = BTreeMap::new();
        for finding in &input.findings {
            if one.concerns(finding.id, finding.asset, &finding.code, &input.owners) {
                let touched = codes.entry(&finding.code).or_default();
                *touched = touched.union(finding.dimensions);
            }
        }
        all.extend(codes.into_iter().map(|(code, dimensions)| Granted {
            reference: one.id.to_string(),
            code: code.to_owned(),
            dimensions,
            expires_at: one.expires_at,
        }));
    }
    all
}
