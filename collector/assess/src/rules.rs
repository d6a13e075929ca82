//! Assignment rules over assets: which rule assigns what, and what that changes.
//!
//! Rules are tried in their order. For each target (owner, class, site, each label, each link) the first
//! rule whose condition holds wins. A condition that is unknown assigns nothing, and what a person decided
//! is never touched: rules only fill what is empty and replace what rules assigned before. What a rule
//! assigned stays when it holds no longer, until another rule, a person or an undoing changes it.

use std::collections::BTreeSet;

use belfort_model::asset::LABELS;
use belfort_model::classification::{Classification, ClassificationStatus};
use belfort_model::data_set::DataLink;
use belfort_model::rule::{
    AssignClass, AssignOwner, Assignment, Rule, RuleState, SITE_TARGET, label_target, link_target,
};

use crate::condition::{Condition, ConditionError, Context};
use crate::evaluate::Subject;

/// A rule whose condition was read.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The rule.
    pub rule: Rule,
    condition: Condition,
}

impl Compiled {
    /// Reads the condition of a rule.
    pub fn new(rule: Rule) -> Result<Self, ConditionError> {
        let condition = Condition::compile(&rule.condition)?;
        Ok(Self { rule, condition })
    }

    /// Whether the condition asks for installed packages, which are read apart.
    pub fn asks_for_packages(&self) -> bool {
        self.condition.text().contains("packages")
    }
}

/// A rule that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule `{name}` cannot be read")]
pub struct RuleError {
    /// Its name.
    pub name: String,
    /// Why.
    pub source: ConditionError,
}

/// Rules in their order, ready to be run.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    rules: Vec<Compiled>,
}

impl RuleSet {
    /// The rules that are switched on, and these beside, in their order.
    pub fn new(rules: Vec<Rule>, beside: impl Fn(&Rule) -> bool) -> Result<Self, RuleError> {
        let mut wanted: Vec<_> = rules
            .into_iter()
            .filter(|rule| rule.state == RuleState::Enabled || beside(rule))
            .collect();
        wanted.sort_by_key(|rule| (rule.position, rule.id));
        let compile = |rule: Rule| {
            let name = rule.name.clone();
            Compiled::new(rule).map_err(|source| RuleError { name, source })
        };
        Ok(Self { rules: wanted.into_iter().map(compile).collect::<Result<_, _>>()? })
    }

    /// The rules, in their order.
    pub fn rules(&self) -> &[Compiled] {
        &self.rules
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a condition asks for installed packages.
    pub fn asks_for_packages(&self) -> bool {
        self.rules.iter().any(Compiled::asks_for_packages)
    }

    /// What the rules assign to one asset.
    pub fn plan(&self, target: &Target<'_>) -> Plan {
        let context = Context::of(&target.subject);
        let mut plan = Plan::default();
        let mut taken = BTreeSet::new();
        for (index, compiled) in self.rules.iter().enumerate() {
            match compiled.condition.holds_in(&context) {
                Some(true) => {
                    plan.holds.push(index);
                    propose(index, &compiled.rule, target, &mut taken, &mut plan);
                }
                Some(false) => {}
                None => plan.unknown.push(index),
            }
        }
        plan
    }
}

/// One asset, with what decides whether a value may be assigned.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The asset as conditions see it.
    pub subject: Subject<'a>,
    /// The newest proposal of a class, when it came after everything that was decided.
    pub proposal: Option<&'a Classification>,
    /// Its links.
    pub links: &'a [DataLink],
    /// Values a person decided.
    pub by_hand: &'a BTreeSet<String>,
}

/// What rules say about one asset. Rules are named by their place in the set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Rules whose condition holds.
    pub holds: Vec<usize>,
    /// Rules whose condition could not be told.
    pub unknown: Vec<usize>,
    /// What changes, by rule.
    pub changes: Vec<(usize, Assignment)>,
    /// Targets a rule would assign another value to, but a person decided them.
    pub kept: Vec<(usize, String)>,
}

/// Adds what one rule assigns, as far as no rule before it took the target.
fn propose(
    index: usize,
    rule: &Rule,
    target: &Target<'_>,
    taken: &mut BTreeSet<String>,
    plan: &mut Plan,
) {
    let mut decide = |key: String, verdict: Verdict| {
        if taken.insert(key.clone()) {
            match verdict {
                Verdict::Same => {}
                Verdict::Kept => plan.kept.push((index, key)),
                Verdict::Change(assignment) => plan.changes.push((index, assignment)),
            }
        }
    };
    if let Some(after) = &rule.assigns.owner {
        decide("owner".to_owned(), owner(target, after));
    }
    if let Some(after) = &rule.assigns.class {
        decide("class".to_owned(), class(target, after));
    }
    if let Some(after) = rule.assigns.link {
        let key = link_target(after.relation, after.data_set);
        let linked = target
            .links
            .iter()
            .any(|link| link.data_set == after.data_set && link.relation == after.relation);
        // Nothing is linked to itself.
        let itself = after.data_set == target.subject.asset.id;
        let verdict = if linked || itself {
            Verdict::Same
        } else if target.by_hand.contains(&key) {
            Verdict::Kept
        } else {
            Verdict::Change(Assignment::Link { after })
        };
        decide(key, verdict);
    }
    let mut room = LABELS.saturating_sub(target.subject.asset.labels.len());
    for label in &rule.assigns.labels {
        let key = label_target(label);
        let verdict = if target.subject.asset.labels.contains(label) {
            Verdict::Same
        } else if target.by_hand.contains(&key) || room == 0 {
            Verdict::Kept
        } else {
            room -= 1;
            Verdict::Change(Assignment::Label { after: label.clone() })
        };
        decide(key, verdict);
    }
    if let Some(after) = &rule.assigns.site {
        let before = target.subject.asset.site.clone();
        let verdict = if before == *after {
            Verdict::Same
        } else if target.by_hand.contains(SITE_TARGET) {
            Verdict::Kept
        } else {
            Verdict::Change(Assignment::Site { before, after: after.clone() })
        };
        decide(SITE_TARGET.to_owned(), verdict);
    }
}

enum Verdict {
    Same,
    Kept,
    Change(Assignment),
}

fn owner(target: &Target<'_>, after: &AssignOwner) -> Verdict {
    let Some(owner) = target.subject.owner else {
        return Verdict::Change(Assignment::Owner { before: None, after: after.clone() });
    };
    let before = AssignOwner { unit: owner.unit, function: owner.function.clone() };
    if before == *after {
        Verdict::Same
    } else if owner.yields_to_rule() {
        Verdict::Change(Assignment::Owner { before: Some(before), after: after.clone() })
    } else {
        Verdict::Kept
    }
}

fn class(target: &Target<'_>, after: &AssignClass) -> Verdict {
    let of = |class: &Classification| AssignClass { scheme: class.scheme.clone(), biv: class.biv };
    let decided = target
        .subject
        .classification
        .filter(|class| class.status != ClassificationStatus::Proposed);
    match (decided, target.proposal) {
        (Some(class), _) if of(class) == *after => Verdict::Same,
        (Some(_), _) => Verdict::Kept,
        (None, Some(proposal)) if of(proposal) == *after => Verdict::Same,
        (None, Some(proposal)) if !proposal.yields_to_rule() => Verdict::Kept,
        (None, proposal) => {
            Verdict::Change(Assignment::Class { before: proposal.map(of), after: after.clone() })
        }
    }
}

#[cfg(test)]
mod tests;
