//! What a risk is about and what the system suggests for it.

use serde::{Deserialize, Serialize};

use crate::id::{AssetId, FindingId, UnitId};
use crate::scale::{Biv, Level, Priority};

/// What a risk is about: one scenario in one unit, or on one asset that needs an entry of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RiskKey {
    /// Scenario in the catalogue.
    pub scenario: String,
    /// Unit; nothing for assets without an owner, and for an entry of one asset.
    pub unit: Option<UnitId>,
    /// The asset, for an entry of its own. It names no unit, so that it stays the same entry when the
    /// asset changes hands.
    pub asset: Option<AssetId>,
}

impl RiskKey {
    /// The stable text form: `scenario/unit/<id>`, with `-` for no unit, or `scenario/asset/<id>`.
    pub fn text(&self) -> String {
        match (self.asset, self.unit) {
            (Some(asset), _) => format!("{}/asset/{asset}", self.scenario),
            (None, Some(unit)) => format!("{}/unit/{unit}", self.scenario),
            (None, None) => format!("{}/unit/-", self.scenario),
        }
    }
}

/// Likelihood, impact and the severity they give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// Likelihood.
    pub likelihood: Level,
    /// Impact.
    pub impact: Level,
    /// Severity by the matrix.
    pub severity: Level,
}

/// Impact beyond availability, integrity and confidentiality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facets {
    /// On operations.
    pub operations: Level,
    /// On citizens.
    pub citizens: Level,
    /// In law.
    pub legal: Level,
    /// On reputation.
    pub reputation: Level,
}

impl Facets {
    /// The highest of the four.
    pub fn highest(self) -> Level {
        self.operations.max(self.citizens).max(self.legal).max(self.reputation)
    }
}

/// What the system suggests. Written anew by every evaluation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Without the controls that are in place.
    pub inherent: Rating,
    /// With them.
    pub current: Rating,
    /// Class that counts, over the dimensions hit; 1 where none was hit.
    pub biv: Biv,
    /// The further facets.
    pub facets: Facets,
    /// Degree of control.
    pub control: Level,
    /// Assets that comply with every check of the scenario.
    pub compliant: u32,
    /// Assets the scenario concerns.
    pub in_scope: u32,
    /// What to do first.
    pub priority: Priority,
    /// Version of the matrix.
    pub matrix: String,
    /// Assets hit, sorted.
    pub assets: Vec<AssetId>,
    /// Open findings it rests on, sorted.
    pub findings: Vec<FindingId>,
    /// Their codes, sorted, each once.
    pub codes: Vec<String>,
    /// Those of vulnerabilities that are known to be exploited, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_exploited: Vec<FindingId>,
}
