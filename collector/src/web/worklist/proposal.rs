//! What is proposed for an asset, and taking a proposal over.

use std::collections::BTreeMap;

use belfort_model::classification::ClassificationStatus;
use belfort_model::id::AssetId;
use belfort_model::ownership::OwnershipRole;

use super::kind::Kind;
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::app::classes::WordedClass;
use crate::app::owners::NewOwner;
use crate::app::rules::Proposed;
use crate::clock;
use crate::rest::problem::Problem;
use crate::view::Biv;

/// What a proposal says.
#[derive(Clone, Debug)]
pub(super) enum Idea {
    /// An owner: code and name of the unit, and a function.
    Owner { unit: String, name: String, function: String },
    /// A class that a rule would assign.
    Class { biv: Biv, scheme: String },
    /// A class that waits for somebody to confirm it.
    Waiting { biv: Biv },
}

/// A proposal for an asset.
#[derive(Clone, Debug)]
pub(super) struct Proposal {
    pub(super) idea: Idea,
    /// Name of the rule; empty when it is no rule.
    pub(super) rule: String,
    /// What it rests on.
    pub(super) reason: String,
}

impl Proposal {
    /// What the form sends back, so that only what was seen is taken over.
    pub(super) fn mark(&self) -> String {
        let biv = |biv: &Biv| format!("{}{}{}", biv.b, biv.i, biv.v);
        match &self.idea {
            Idea::Owner { unit, function, .. } => format!("{unit}/{function}"),
            Idea::Class { biv: class, scheme } => format!("{scheme}/{}", biv(class)),
            Idea::Waiting { biv: class } => biv(class),
        }
    }

    /// The owner it proposes, if it does.
    pub(super) fn owner(&self) -> Option<(&str, &str)> {
        match &self.idea {
            Idea::Owner { name, function, .. } => Some((name, function)),
            _ => None,
        }
    }

    /// The class it proposes, if it does.
    pub(super) fn class(&self) -> Option<Biv> {
        match &self.idea {
            Idea::Owner { .. } => None,
            Idea::Class { biv, .. } | Idea::Waiting { biv } => Some(*biv),
        }
    }

    /// Takes it over for an asset that is still as it was seen.
    pub(super) fn accept(
        &self,
        app: &App,
        actor: &Actor,
        asset: AssetId,
        version: u64,
    ) -> Result<(), Problem> {
        let (expected, now) = (Some(version), clock::now());
        match &self.idea {
            Idea::Owner { unit, function, .. } => {
                let (unit, function) = (unit.clone(), function.clone());
                let new = NewOwner { unit, role: OwnershipRole::Owner, function };
                app.owner_assign(actor, asset, &new, expected, now)?;
            }
            Idea::Class { biv, scheme } => {
                let new = WordedClass {
                    scheme: scheme.clone(),
                    b: biv.b.to_string(),
                    i: biv.i.to_string(),
                    v: biv.v.to_string(),
                    basis: format!("{}: {}", self.rule, self.reason),
                    decided_by: String::new(),
                    proposed: false,
                };
                app.class_set(actor, asset, &new, expected, now)?;
            }
            Idea::Waiting { .. } => {
                app.class_confirm(actor, asset, "", expected, now)?;
            }
        }
        Ok(())
    }
}

/// Proposals for these assets: classes that wait for confirmation, and what draft rules would assign. One
/// for each asset at most; what waits comes before what a rule only would do.
pub(super) fn proposals(
    app: &App,
    actor: &Actor,
    kind: Kind,
    assets: &[AssetId],
) -> Result<BTreeMap<AssetId, Proposal>, Problem> {
    let mut found = BTreeMap::new();
    if kind == Kind::Unclassified {
        for asset in assets {
            let class = app.visible(actor, *asset)?.classification;
            let waits = |status| status == ClassificationStatus::Proposed;
            if let Some(class) = class.filter(|class| waits(class.status)) {
                let idea = Idea::Waiting { biv: class.biv.into() };
                let proposal = Proposal { idea, rule: String::new(), reason: class.basis };
                found.insert(*asset, proposal);
            }
        }
    }
    if !kind.takes_proposal() || !actor.may(Right::Manage) {
        return Ok(found);
    }
    for one in app.rules_propose(actor, assets, clock::now())? {
        let idea = match one.what {
            Proposed::Owner { unit, function } if kind.takes_owner() => {
                Idea::Owner { unit: unit.code, name: unit.name, function }
            }
            Proposed::Class { biv, scheme } if kind == Kind::Unclassified => {
                Idea::Class { biv: biv.into(), scheme }
            }
            _ => continue,
        };
        let proposal = Proposal { idea, rule: one.rule, reason: one.reason };
        found.entry(one.asset).or_insert(proposal);
    }
    Ok(found)
}
