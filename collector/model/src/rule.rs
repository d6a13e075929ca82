//! Assignment rules: what gives assets their owner, class, data, labels and site without a person.
//!
//! This is what a rule is; how it is run over assets is in `belfort-assess`.

use serde::{Deserialize, Serialize};

use crate::data_set::Relation;
use crate::id::{AssetId, BatchId, RuleId, UnitId};
use crate::scale::Biv;
use crate::time::Timestamp;

crate::text_enum! {
    /// Whether a rule assigns anything.
    RuleState {
        /// Not yet: it is being written.
        Draft = "draft",
        /// It does.
        Enabled = "enabled",
        /// Not any more.
        Disabled = "disabled",
    }
}

/// The owner a rule assigns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignOwner {
    /// The unit.
    pub unit: UnitId,
    /// Function of the holder; can be empty.
    #[serde(default)]
    pub function: String,
}

/// The class a rule proposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignClass {
    /// Scheme and version.
    pub scheme: String,
    /// The levels.
    pub biv: Biv,
}

/// The link a rule adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignLink {
    /// What the asset does.
    pub relation: Relation,
    /// The data set or application.
    pub data_set: AssetId,
}

/// What a rule assigns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Assigns {
    /// Owner.
    pub owner: Option<AssignOwner>,
    /// Class: a proposal that the owner confirms.
    pub class: Option<AssignClass>,
    /// Data set or application the asset is linked to.
    pub link: Option<AssignLink>,
    /// Labels that are added, sorted.
    pub labels: Vec<String>,
    /// Site code.
    pub site: Option<String>,
}

impl Assigns {
    /// Whether it assigns nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// Short name, unique whatever its case.
    pub name: String,
    /// What it is for; can be empty.
    pub description: String,
    /// Place in the order, from 1: the first that holds wins.
    pub position: u32,
    /// Whether it assigns anything.
    pub state: RuleState,
    /// Condition over the asset, in CEL.
    pub condition: String,
    /// What it assigns where the condition holds.
    pub assigns: Assigns,
    /// Rises with every change of condition or assignments.
    pub version: u64,
    /// The version somebody last looked at on the real assets.
    pub previewed: Option<u64>,
    /// Who changed it last.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

impl Rule {
    /// Whether somebody has seen what this version does, in this order.
    pub fn is_previewed(&self) -> bool {
        self.previewed == Some(self.version)
    }
}

/// One value a rule assigns to one asset, with what was there before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "target", rename_all = "snake_case")]
pub enum Assignment {
    /// An owner.
    Owner {
        /// The one before; nothing when there was none.
        before: Option<AssignOwner>,
        /// The one now.
        after: AssignOwner,
    },
    /// A proposed class.
    Class {
        /// The proposal before; nothing when there was none.
        before: Option<AssignClass>,
        /// The one now.
        after: AssignClass,
    },
    /// A link that was added.
    Link {
        /// The link.
        after: AssignLink,
    },
    /// A label that was added.
    Label {
        /// The label.
        after: String,
    },
    /// A site.
    Site {
        /// The one before; empty when there was none.
        before: String,
        /// The one now.
        after: String,
    },
}

impl Assignment {
    /// What is assigned, as a key: one asset has one value per key.
    pub fn target(&self) -> String {
        match self {
            Self::Owner { .. } => "owner".to_owned(),
            Self::Class { .. } => "class".to_owned(),
            Self::Link { after } => link_target(after.relation, after.data_set),
            Self::Label { after } => label_target(after),
            Self::Site { .. } => SITE_TARGET.to_owned(),
        }
    }
}

/// Key of the site of an asset.
pub const SITE_TARGET: &str = "site";

/// Key of the form of an asset. No rule assigns it; reports leave alone what a person gave.
pub const SUBTYPE_TARGET: &str = "subtype";

/// Key of one label of an asset.
pub fn label_target(label: &str) -> String {
    format!("label:{label}")
}

/// Key of one link of an asset.
pub fn link_target(relation: Relation, data_set: AssetId) -> String {
    format!("link:{relation}:{data_set}")
}

/// One run of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// When.
    pub at: Timestamp,
    /// Who: a user for a rule that was switched on, `system` for an evaluation.
    pub by: String,
    /// Names of the rules that assigned something.
    pub rules: Vec<String>,
    /// How many assets.
    pub assets: u64,
    /// How many values.
    pub values: u64,
    /// When it was undone.
    pub undone_at: Option<Timestamp>,
}
