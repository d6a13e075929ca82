//! What people do with findings and risks: assessments, decisions, actions, advice, exceptions, meetings,
//! incidents.

use std::collections::BTreeMap;

use belfort_model::exception::{Exception, ExceptionScope};
use belfort_model::incident::Incident;
use belfort_model::meeting::Meeting;
use belfort_model::risk::{
    Action, Advice, Assessment, ClosingRequest, Decision, Facets, Reassess, Rejection, Risk,
};
use belfort_store::record::{ActionSummary, ExceptionSummary};
use serde::Serialize;
use utoipa::ToSchema;

use super::risk::Rating;
use super::{Biv, text};

/// Facets by name.
pub(super) fn facets(facets: Facets) -> BTreeMap<String, u8> {
    BTreeMap::from([
        ("operations".to_owned(), facets.operations.get()),
        ("citizens".to_owned(), facets.citizens.get()),
        ("legal".to_owned(), facets.legal.get()),
        ("reputation".to_owned(), facets.reputation.get()),
    ])
}

/// Values a person assessed.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssessmentView {
    /// Without controls.
    pub inherent: Rating,
    /// With the controls in place.
    pub current: Rating,
    /// What the treatment is to lead to.
    pub target: Option<Rating>,
    /// Impact per dimension.
    pub biv: Biv,
    /// Impact on operations, citizens, law and reputation.
    pub facets: BTreeMap<String, u8>,
    /// Degree of control, 1 to 5.
    pub control: u8,
    /// Strength of knowledge: `weak`, `moderate` or `strong`.
    pub knowledge: String,
    /// Why.
    pub reason: String,
    /// Version of the matrix.
    pub matrix: String,
    /// Who assessed.
    pub by: String,
    /// When.
    pub at: String,
}

impl From<Assessment> for AssessmentView {
    fn from(assessed: Assessment) -> Self {
        Self {
            inherent: assessed.inherent.into(),
            current: assessed.current.into(),
            target: assessed.target.map(Into::into),
            biv: assessed.biv.into(),
            facets: facets(assessed.facets),
            control: assessed.control.get(),
            knowledge: assessed.knowledge.to_string(),
            reason: assessed.reason,
            matrix: assessed.matrix,
            by: assessed.by,
            at: text(assessed.at),
        }
    }
}

/// A decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionView {
    /// Who decided, or entered what the meeting decided.
    pub by: String,
    /// `department_head` or `ci_meeting`.
    pub role: String,
    /// The treatment.
    pub treatment: String,
    /// Reference of the meeting.
    pub meeting: Option<String>,
    /// When.
    pub at: String,
    /// Why.
    pub reason: String,
}

impl From<Decision> for DecisionView {
    fn from(decision: Decision) -> Self {
        Self {
            by: decision.by,
            role: decision.role.to_string(),
            treatment: decision.treatment.to_string(),
            meeting: decision.meeting,
            at: text(decision.at),
            reason: decision.reason,
        }
    }
}

/// Something somebody said of a risk, with who and when.
#[derive(Debug, Serialize, ToSchema)]
pub struct SaidView {
    /// As what, where that matters: `dpo`, `ciso`, `department_head`, `security_officer`.
    pub role: Option<String>,
    /// Who.
    pub by: String,
    /// When.
    pub at: String,
    /// What.
    pub text: String,
}

impl From<Advice> for SaidView {
    fn from(advice: Advice) -> Self {
        let role = Some(advice.role.to_string());
        Self { role, by: advice.by, at: text(advice.at), text: advice.text }
    }
}

impl From<Rejection> for SaidView {
    fn from(rejection: Rejection) -> Self {
        let Rejection { by, at, reason, .. } = rejection;
        Self { role: None, by, at: text(at), text: reason }
    }
}

impl From<ClosingRequest> for SaidView {
    fn from(closing: ClosingRequest) -> Self {
        let role = if closing.as_owner { "department_head" } else { "security_officer" };
        let ClosingRequest { by, at, reason, .. } = closing;
        Self { role: Some(role.to_owned()), by, at: text(at), text: reason }
    }
}

/// Why a risk has to be looked at again.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReassessView {
    /// `review_due`, `acceptance_expired`, `suggestion_rose`, `class_changed`, `known_exploited` or
    /// `incident_linked`.
    pub cause: String,
    /// When.
    pub at: String,
    /// More about it, for example the reference of an incident.
    pub note: String,
}

impl From<Reassess> for ReassessView {
    fn from(one: Reassess) -> Self {
        Self { cause: one.cause.to_string(), at: text(one.at), note: one.note }
    }
}

/// One version of a risk.
#[derive(Debug, Serialize, ToSchema)]
pub struct RiskVersionView {
    /// Version.
    pub version: u64,
    /// When it came to be.
    pub at: String,
    /// Who made it: a user, or `system`.
    pub by: String,
    /// What made it, for example `decided`.
    pub event: String,
    /// More about it, for example a reason.
    pub note: String,
    /// State.
    pub state: String,
    /// Treatment.
    pub treatment: String,
    /// Suggested: with the controls in place.
    pub suggested: Rating,
    /// Assessed: with the controls in place.
    pub assessed: Option<Rating>,
    /// Priority that counts.
    pub priority: String,
}

impl From<Risk> for RiskVersionView {
    fn from(risk: Risk) -> Self {
        let priority = risk.priority().to_string();
        let (by, event, note) = match risk.last_change {
            Some(last) => (last.by, last.event.to_string(), last.note),
            None => Default::default(),
        };
        Self {
            version: risk.version,
            at: text(risk.updated_at),
            by,
            event,
            note,
            state: risk.state.to_string(),
            treatment: risk.treatment.to_string(),
            suggested: risk.suggestion.current.into(),
            assessed: risk.assessed.map(|assessed| assessed.current.into()),
            priority,
        }
    }
}

/// An action.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionView {
    /// Id.
    pub id: String,
    /// Reference of the risk.
    pub risk: String,
    /// What is to be done.
    pub title: String,
    /// Id of the unit that does it.
    pub unit_id: String,
    /// Code of that unit; not within a risk.
    pub unit: Option<String>,
    /// Function of who does it.
    pub function: String,
    /// When it is to be done.
    pub due: String,
    /// `planned`, `running`, `blocked`, `done` or `verified`.
    pub status: String,
    /// What was last said about it.
    pub note: String,
    /// Who added it.
    pub created_by: String,
    /// When.
    pub created_at: String,
    /// Who said it was done.
    pub done_by: Option<String>,
    /// When.
    pub done_at: Option<String>,
    /// Who saw that it was.
    pub verified_by: Option<String>,
    /// When.
    pub verified_at: Option<String>,
    /// Version, for optimistic locking.
    pub version: u64,
}

impl ActionView {
    pub(super) fn new(action: Action, risk: String, unit: Option<String>) -> Self {
        Self {
            id: action.id.to_string(),
            risk,
            title: action.title,
            unit_id: action.unit.to_string(),
            unit,
            function: action.function,
            due: text(action.due),
            status: action.status.to_string(),
            note: action.note,
            created_by: action.created_by,
            created_at: text(action.created_at),
            done_by: action.done_by,
            done_at: action.done_at.map(text),
            verified_by: action.verified_by,
            verified_at: action.verified_at.map(text),
            version: action.version,
        }
    }
}

impl From<ActionSummary> for ActionView {
    fn from(summary: ActionSummary) -> Self {
        Self::new(summary.action, summary.risk, summary.unit.map(|unit| unit.code))
    }
}

/// An exception.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExceptionView {
    /// Id.
    pub id: String,
    /// `finding`, `asset` or `unit`.
    pub scope: String,
    /// Id of the finding.
    pub finding: Option<String>,
    /// Id of the asset.
    pub asset: Option<String>,
    /// Name of the asset.
    pub asset_name: Option<String>,
    /// Code of the findings; all of the asset when nothing.
    pub code: Option<String>,
    /// Code of its unit, or of the one that owns its asset.
    pub unit: Option<String>,
    /// Why.
    pub reason: String,
    /// What is done instead.
    pub compensating: String,
    /// `requested`, `approved`, `rejected`, `expired` or `closed`.
    pub status: String,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    pub requested_at: String,
    /// Who approved, rejected or ended it.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<String>,
    /// Why it was rejected or ended.
    pub decision_reason: Option<String>,
    /// Reference of the meeting that approved it.
    pub meeting: Option<String>,
    /// When it ends.
    pub expires_at: String,
    /// Version, for optimistic locking.
    pub version: u64,
}

impl From<ExceptionSummary> for ExceptionView {
    fn from(summary: ExceptionSummary) -> Self {
        let ExceptionSummary { exception, asset_name, unit } = summary;
        let asset = exception.scope.asset().map(|asset| asset.to_string());
        let (scope, finding, code) = match &exception.scope {
            ExceptionScope::Finding { finding, .. } => ("finding", Some(finding.to_string()), None),
            ExceptionScope::Asset { code, .. } => ("asset", None, code.clone()),
            ExceptionScope::Unit { code, .. } => ("unit", None, Some(code.clone())),
        };
        let Exception { id, reason, compensating, requested_by, requested_at, .. } = exception;
        Self {
            id: id.to_string(),
            scope: scope.to_owned(),
            finding,
            asset,
            asset_name,
            code,
            unit: unit.map(|unit| unit.code),
            reason,
            compensating,
            status: exception.status.to_string(),
            requested_by,
            requested_at: text(requested_at),
            decided_by: exception.decided_by,
            decided_at: exception.decided_at.map(text),
            decision_reason: exception.decision_reason,
            meeting: exception.meeting,
            expires_at: text(exception.expires_at),
            version: exception.version,
        }
    }
}

/// A meeting.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeetingView {
    /// Reference.
    pub reference: String,
    /// What it is called.
    pub title: String,
    /// When it takes, or took, place.
    pub held_at: String,
    /// Functions that took part.
    pub attended: Vec<String>,
    /// Where the minutes are, or what they say.
    pub minutes: String,
    /// Who entered it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: String,
}

impl From<Meeting> for MeetingView {
    fn from(meeting: Meeting) -> Self {
        Self {
            reference: meeting.reference,
            title: meeting.title,
            held_at: text(meeting.held_at),
            attended: meeting.attended,
            minutes: meeting.minutes,
            recorded_by: meeting.recorded_by,
            recorded_at: text(meeting.recorded_at),
        }
    }
}

/// An incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentView {
    /// Reference.
    pub reference: String,
    /// What happened.
    pub title: String,
    /// When.
    pub occurred_at: String,
    /// Ids of the assets it concerns.
    pub assets: Vec<String>,
    /// References of the risks it concerns.
    pub risks: Vec<String>,
    /// Who entered it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: String,
}

impl From<Incident> for IncidentView {
    fn from(incident: Incident) -> Self {
        Self {
            reference: incident.reference,
            title: incident.title,
            occurred_at: text(incident.occurred_at),
            assets: incident.assets.iter().map(ToString::to_string).collect(),
            risks: incident.risks,
            recorded_by: incident.recorded_by,
            recorded_at: text(incident.recorded_at),
        }
    }
}
