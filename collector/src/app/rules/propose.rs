//! What rules that are still drafts would assign to some assets: proposals for people, one by one. Nothing is
//! written, and no preview is noted: whoever sees a proposal has not looked at the rule.

use belfort_model::id::AssetId;
use belfort_model::rule::{Assignment, RuleState};
use belfort_model::scale::Biv;
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;

use crate::app::access::{Actor, Right};
use crate::app::{App, Result};

/// What is proposed.
#[derive(Clone, Debug)]
pub enum Proposed {
    /// An owner.
    Owner {
        /// The unit.
        unit: OrgUnit,
        /// Function of the holder; can be empty.
        function: String,
    },
    /// A class.
    Class {
        /// The levels.
        biv: Biv,
        /// The scheme they are worded in.
        scheme: String,
    },
}

/// What a rule would assign to an asset.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The asset.
    pub asset: AssetId,
    /// Name of the rule.
    pub rule: String,
    /// What the rule is for, or else its condition: what the proposal rests on.
    pub reason: String,
    /// What.
    pub what: Proposed,
}

impl App {
    /// Owners and classes that rules would assign to these assets, drafts among them. Assets the actor may
    /// not see are passed over.
    pub fn rules_propose(
        &self,
        actor: &Actor,
        assets: &[AssetId],
        now: Timestamp,
    ) -> Result<Vec<Proposal>> {
        actor.require(Right::Read)?;
        let scope = actor.scope(Right::Read);
        let mut run = self.rules_with(|rule| rule.state == RuleState::Draft)?;
        let mut proposals = Vec::new();
        for asset in assets {
            let Some(input) = self.store.rule_input(*asset)? else { continue };
            if !scope.contains(input.owner.as_ref().map(|owner| owner.unit)) {
                continue;
            }
            for (place, assignment) in run.plan(self, &input, now)?.changes {
                if !run.stands(self, *asset, &assignment, now)? {
                    continue;
                }
                let what = match assignment {
                    Assignment::Owner { after, .. } => run.unit(after.unit).map(|unit| {
                        Proposed::Owner { unit: unit.clone(), function: after.function }
                    }),
                    Assignment::Class { after, .. } => {
                        Some(Proposed::Class { biv: after.biv, scheme: after.scheme })
                    }
                    _ => None,
                };
                let (Some(what), Some(rule)) = (what, run.rule(place)) else { continue };
                let reason = match rule.description.as_str() {
                    "" => rule.condition.clone(),
                    description => description.to_owned(),
                };
                proposals.push(Proposal { asset: *asset, rule: rule.name.clone(), reason, what });
            }
        }
        Ok(proposals)
    }
}
