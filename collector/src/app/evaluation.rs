//! Keeps findings and risks current: evaluates what is due, asset by asset, then unit by unit.

use std::collections::BTreeSet;

use belfort_assess::evaluate::{self, Subject, evaluate};
use belfort_assess::risk::{Scoped, suggestions};
use belfort_model::classification::EffectiveClass;
use belfort_model::finding::reconcile;
use belfort_model::id::{AssetId, FindingId, RiskId, UnitId};
use belfort_model::risk::Risk;
use belfort_model::scale::review_days;
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{EvaluationCommit, NewRisk, RiskScope};
use uuid::Uuid;

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
        let due = |most| Ok(self.store.evaluation_due(now, most)?);
        let mut rules = None;
        let evaluate = |asset| {
            self.apply_rules(&mut rules, asset, now)?;
            self.evaluate_asset(asset, now)
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
            None => rules.insert(match self.rules_ready(None) {
                Ok(ready) => ready,
                Err(AppError::Store(StoreError::Refused(reason))) => {
                    tracing::error!(%reason, "assignment rules are not applied");
                    RulesRun::none()
                }
                Err(error) => return Err(error),
            }),
        };
        self.rules_on(run, asset, now).map(drop)
    }

    fn evaluate_asset(&self, asset: AssetId, now: Timestamp) -> Result<()> {
        let Some(input) = self.store.evaluation_input(asset)? else { return Ok(()) };
        let class = EffectiveClass::of(input.classification.as_ref(), &input.links);
        let evaluation = evaluate(
            &self.catalogue,
            &Subject {
                asset: &input.asset,
                facts: input.facts.as_ref(),
                owner: input.owner.as_ref(),
                unit: None,
                classification: input.classification.as_ref(),
                links: &input.links,
                class: &class,
                agent: input.agent.as_ref(),
                shares_evidence_with: &input.shares_evidence_with,
                software: None,
                now,
            },
        );
        let result_of = |code: &str| evaluation.results.get(code).copied();
        let changes = reconcile(&input.findings, evaluation.hits, result_of, now);
        let commit = EvaluationCommit {
            asset,
            generation: input.generation,
            now,
            next: now.plus_seconds(evaluate::REPEAT_HOURS * 3600),
            class: evaluation.class,
            results: evaluation.results,
            new_ids: changes.new.iter().map(|_| FindingId(Uuid::now_v7())).collect(),
        };
        Ok(self.store.evaluation_commit(&commit, &changes)?)
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
        let mut new = Vec::new();
        let mut changed: Vec<Risk> = scope
            .risks
            .iter()
            .filter(|risk| !suggested.iter().any(|(key, _)| *key == risk.key))
            .filter_map(|risk| risk.unsupported(now))
            .collect();
        for (key, suggestion) in suggested {
            if let Some(risk) = scope.risks.iter().find(|risk| risk.key == key) {
                changed.extend(risk.evaluated(&suggestion, now));
            } else {
                let next_review = now.plus_days(review_days(suggestion.current.severity));
                let id = RiskId(Uuid::now_v7());
                new.push(NewRisk { id, key, suggestion, now, next_review });
            }
        }
        (new, changed)
    }
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
