//! What people make of a risk: its words, and its values apart from the suggested ones.

use serde::{Deserialize, Serialize};

use super::error::{
    Changed, TransitionError, guard, list, long, require_role, require_state, short,
};
use super::{Facets, Rating, Risk, RiskEvent, RiskState};
use crate::access::{Actor, Right, Role};
use crate::id::{AssetId, UnitId};
use crate::scale::{Biv, Level, Matrix, review_days};
use crate::time::Timestamp;

crate::text_enum! {
    /// How much is known about what an assessment rests on.
    Knowledge {
        /// Little: guesses.
        Weak = "weak",
        /// Some: the facts are known in part.
        Moderate = "moderate",
        /// Much: the facts are known.
        Strong = "strong",
    }
}

/// Who answers for a risk (*risico-eigenaar*), apart from who owns the assets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskOwner {
    /// The department.
    pub unit: UnitId,
    /// Function, for example `departementshoofd Dienstverlening`.
    pub function: String,
}

/// Values that a person assessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// Without the controls that are in place.
    pub inherent: Rating,
    /// With them.
    pub current: Rating,
    /// What the treatment is to lead to (*restrisico*).
    #[serde(default)]
    pub target: Option<Rating>,
    /// Impact per dimension.
    pub biv: Biv,
    /// Impact beyond.
    pub facets: Facets,
    /// Degree of control.
    pub control: Level,
    /// How much is known.
    pub knowledge: Knowledge,
    /// Why.
    pub reason: String,
    /// Version of the matrix.
    pub matrix: String,
    /// Who assessed.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What an assessment is made from. What is not given stays as it was assessed, or suggested.
#[derive(Clone, Debug, Default)]
pub struct NewAssessment {
    /// Likelihood without controls.
    pub likelihood: Option<Level>,
    /// Likelihood with the controls in place.
    pub current_likelihood: Option<Level>,
    /// Likelihood after the treatment.
    pub target_likelihood: Option<Level>,
    /// Impact after the treatment.
    pub target_impact: Option<Level>,
    /// Impact on availability.
    pub b: Option<Level>,
    /// Impact on integrity.
    pub i: Option<Level>,
    /// Impact on confidentiality.
    pub v: Option<Level>,
    /// Impact on operations.
    pub operations: Option<Level>,
    /// Impact on citizens.
    pub citizens: Option<Level>,
    /// Impact in law.
    pub legal: Option<Level>,
    /// Impact on reputation.
    pub reputation: Option<Level>,
    /// Degree of control.
    pub control: Option<Level>,
    /// How much is known.
    pub knowledge: Option<Knowledge>,
    /// Why.
    pub reason: String,
}

/// Words that people put to a risk. What is not given stays; an empty text takes an override away.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// Title instead of the scenario's.
    pub title: Option<String>,
    /// Description instead of the scenario's.
    pub description: Option<String>,
    /// Who answers for it.
    pub owner: Option<RiskOwner>,
    /// Controls in place.
    pub existing_controls: Option<Vec<String>>,
    /// Laws and articles it touches.
    pub legal: Option<Vec<String>>,
}

/// Who may analyse: take up, assess.
const ANALYSTS: &[Role] = &[Role::SecurityOfficer, Role::Ciso];

impl Risk {
    /// Takes the risk up: security officer or CISO.
    pub fn analyse(&self, actor: &Actor, unit: Option<UnitId>, now: Timestamp) -> Changed {
        require_role(actor, Right::Analyse, ANALYSTS, unit)?;
        let from = [RiskState::Proposed, RiskState::Reassess, RiskState::Reopened];
        require_state(self, "take up", &from)?;
        let mut next = self.clone();
        next.state = RiskState::Analysing;
        next.analysing_since = Some(now);
        next.reassess.clear();
        next.next_review = now.plus_days(review_days(self.severity()));
        Ok(next.changed(&actor.name, RiskEvent::Analysing, "", now))
    }

    /// Writes title, description, owner, controls and legal references.
    pub fn describe(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        new: &Description,
        now: Timestamp,
    ) -> Changed {
        actor.require_for(Right::Analyse, unit)?;
        let mut next = self.clone();
        if let Some(title) = &new.title {
            next.title = optional(title, |title| short("title", title))?;
        }
        if let Some(description) = &new.description {
            next.description = optional(description, |text| long("description", text))?;
        }
        if let Some(owner) = &new.owner {
            let function = short("function", &owner.function)?;
            next.owner = Some(RiskOwner { unit: owner.unit, function });
        }
        if let Some(controls) = &new.existing_controls {
            next.existing_controls = list("existing_controls", controls)?;
        }
        if let Some(legal) = &new.legal {
            next.legal = list("legal", legal)?;
        }
        Ok(next.changed(&actor.name, RiskEvent::Described, "", now))
    }

    /// Assesses the values, while the risk is analysed. Impact is the maximum of BIV and facets, severity
    /// follows from the matrix.
    pub fn assess(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        new: &NewAssessment,
        matrix: &Matrix,
        now: Timestamp,
    ) -> Changed {
        actor.require_for(Right::Analyse, unit)?;
        require_state(self, "assess", &[RiskState::Analysing])?;
        let rating = |likelihood, impact| Rating {
            likelihood,
            impact,
            severity: matrix.severity(likelihood, impact),
        };
        let (suggested, before) = (&self.suggestion, self.assessed.as_ref());
        let biv = before.map_or(suggested.biv, |before| before.biv);
        let biv = Biv::new(new.b.unwrap_or(biv.b), new.i.unwrap_or(biv.i), new.v.unwrap_or(biv.v));
        let facets = before.map_or(suggested.facets, |before| before.facets);
        let facets = Facets {
            operations: new.operations.unwrap_or(facets.operations),
            citizens: new.citizens.unwrap_or(facets.citizens),
            legal: new.legal.unwrap_or(facets.legal),
            reputation: new.reputation.unwrap_or(facets.reputation),
        };
        let impact = biv.highest().max(facets.highest());
        let (inherent, current) =
            before.map_or((suggested.inherent, suggested.current), |b| (b.inherent, b.current));
        // A new likelihood is reduced by the controls in place as far as the one before was.
        let by_controls =
            i64::from(inherent.likelihood.get()) - i64::from(current.likelihood.get());
        let likelihood = new.likelihood.unwrap_or(inherent.likelihood);
        let now_likelihood = match (new.current_likelihood, new.likelihood) {
            (Some(level), _) => level,
            (None, Some(level)) => level.shifted(-by_controls),
            (None, None) => current.likelihood,
        };
        if now_likelihood > likelihood {
            let reason =
                "current_likelihood: controls make nothing likelier; it is above the likelihood";
            return Err(TransitionError::Input(reason.to_owned()));
        }
        let target = before.and_then(|before| before.target);
        let target = match (new.target_likelihood, new.target_impact, target) {
            (None, None, target) => target,
            (to, on, before) => Some(rating(
                to.or(before.map(|b| b.likelihood)).unwrap_or(now_likelihood),
                on.or(before.map(|b| b.impact)).unwrap_or(impact),
            )),
        };
        let assessment = Assessment {
            inherent: rating(likelihood, impact),
            current: rating(now_likelihood, impact),
            target,
            biv,
            facets,
            control: new.control.unwrap_or(before.map_or(suggested.control, |b| b.control)),
            knowledge: new
                .knowledge
                .unwrap_or(before.map_or(Knowledge::Moderate, |before| before.knowledge)),
            reason: long("reason", &new.reason)?,
            matrix: matrix.version.clone(),
            by: actor.name.clone(),
            at: now,
        };
        let mut next = self.clone();
        let reason = assessment.reason.clone();
        next.assessed = Some(assessment);
        Ok(next.changed(&actor.name, RiskEvent::Assessed, reason, now))
    }

    /// Confirms what was assessed: security officer or risk owner.
    pub fn evaluate(&self, actor: &Actor, unit: Option<UnitId>, now: Timestamp) -> Changed {
        let roles = [Role::SecurityOfficer, Role::DepartmentHead];
        require_role(actor, Right::Analyse, &roles, unit)?;
        require_state(self, "evaluate", &[RiskState::Analysing])?;
        let since = self.analysing_since.unwrap_or(self.created_at);
        if self.assessed.as_ref().is_none_or(|assessed| assessed.at < since) {
            return guard(format!(
                "risk {} has no likelihood, impact, severity and control that a person confirmed since \
                 it was taken up: assess it first",
                self.reference
            ));
        }
        let mut next = self.clone();
        next.state = RiskState::Evaluated;
        next.next_review = now.plus_days(review_days(self.severity()));
        Ok(next.changed(&actor.name, RiskEvent::Evaluated, "", now))
    }

    /// Rejects a proposal: security officer. It stays rejected until its evidence changes.
    pub fn reject(
        &self,
        actor: &Actor,
        unit: Option<UnitId>,
        reason: &str,
        now: Timestamp,
    ) -> Changed {
        require_role(actor, Right::Analyse, &[Role::SecurityOfficer], unit)?;
        require_state(self, "reject", &[RiskState::Proposed])?;
        let reason = long("reason", reason)?;
        let mut next = self.clone();
        next.state = RiskState::Rejected;
        next.rejection = Some(Rejection {
            by: actor.name.clone(),
            at: now,
            reason: reason.clone(),
            severity: self.suggestion.current.severity,
            codes: self.suggestion.codes.clone(),
            assets: Some(self.suggestion.assets.clone()),
        });
        Ok(next.changed(&actor.name, RiskEvent::Rejected, reason, now))
    }
}

/// Why a proposal is no risk, and on what evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Who rejected it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// Severity suggested then.
    pub severity: Level,
    /// Codes of the findings then.
    pub codes: Vec<String>,
    /// Assets hit then, sorted; nothing where that was not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assets: Option<Vec<AssetId>>,
}

/// A text, or nothing when it is empty.
fn optional(
    value: &str,
    check: impl FnOnce(&str) -> Result<String, TransitionError>,
) -> Result<Option<String>, TransitionError> {
    if value.trim().is_empty() { Ok(None) } else { check(value).map(Some) }
}
