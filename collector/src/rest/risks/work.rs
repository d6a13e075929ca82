//! What people do with an entry of the register. Each call answers the entry as it is then; with `dry_run`
//! as it would be, and nothing is written.

use axum::extract::State;
use belfort_model::access::Actor;
use belfort_model::risk::{Description, NewAssessment, RiskChange, RiskOwner, may_decide};
use belfort_model::scale::Level;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::meant;
use crate::app::AppError;
use crate::app::access::Right;
use crate::app::risks::{Decide, Write};
use crate::clock;
use crate::rest::Api;
use crate::rest::agents::invalid;
use crate::rest::auth::{By, Json, Path, Query, blocking};
use crate::rest::precondition::{IfMatch, Versioned};
use crate::rest::problem::{Problem, Writes};
use crate::view::RiskView;

/// Whether to try only.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DryRun {
    /// Answers what would come of it and writes nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why.
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
}

async fn change(
    api: Api,
    actor: Actor,
    reference: String,
    change: RiskChange,
    if_match: IfMatch,
    dry_run: bool,
) -> Result<Versioned<RiskView>, Problem> {
    let catalogue = api.app.catalogue.clone();
    let write = Write { version: if_match.0, dry_run };
    let work = move || {
        let done = api.app.risk_change(&actor, &reference, &change, write, clock::now());
        done.map_err(meant(if_match))
    };
    let risk = blocking(work).await?;
    Ok(Versioned(risk.risk.version, RiskView::of(risk, &catalogue)))
}

/// Takes a risk up: security officer or CISO.
#[utoipa::path(post, path = "/api/v1/risks/{reference}/analyse", tag = "risks",
    params(("reference" = String, Path)), responses((status = 200, body = RiskView), Writes))]
pub async fn analyse(
    State(api): State<Api>,
    By(actor): By,
    Path(reference): Path<String>,
    if_match: IfMatch,
) -> Result<Versioned<RiskView>, Problem> {
    change(api, actor, reference, RiskChange::Analyse, if_match, false).await
}

/// Words put to a risk. What is left out stays; an empty text takes an override away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Describe {
    /// Title instead of the scenario's.
    #[schema(max_length = 200)]
    pub title: Option<String>,
    /// Description instead of the scenario's.
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    /// Code of the department that answers for it; together with `owner_function`.
    #[schema(max_length = 64)]
    pub owner_unit: Option<String>,
    /// Function of who answers for it.
    #[schema(max_length = 200)]
    pub owner_function: Option<String>,
    /// Controls in place.
    #[schema(max_items = 50)]
    pub existing_controls: Option<Vec<String>>,
    /// Laws and articles it touches.
    #[schema(max_items = 50)]
    pub legal: Option<Vec<String>>,
}

/// Writes title, description, risk owner, existing controls and legal references.
#[utoipa::path(patch, path = "/api/v1/risks/{reference}", tag = "risks", request_body = Describe,
    params(("reference" = String, Path)), responses((status = 200, body = RiskView), Writes))]
pub async fn describe(
    State(api): State<Api>,
    By(actor): By,
    Path(reference): Path<String>,
    if_match: IfMatch,
    Json(new): Json<Describe>,
) -> Result<Versioned<RiskView>, Problem> {
    actor.require(Right::Analyse)?;
    let app = api.app.clone();
    let owner = match (new.owner_unit, new.owner_function) {
        (None, None) => None,
        (Some(code), Some(function)) => {
            let unit = blocking(move || Ok(app.unit(&code)?.id)).await?;
            Some(RiskOwner { unit, function })
        }
        _ => return Err(Problem::bad_request("give owner_unit and owner_function together")),
    };
    let Describe { title, description, existing_controls, legal, .. } = new;
    let new = Description { title, description, owner, existing_controls, legal };
    change(api, actor, reference, RiskChange::Describe(new), if_match, false).await
}

/// Assessed values. What is left out stays as it was assessed, or suggested.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assess {
    /// Likelihood without controls.
    #[schema(minimum = 1, maximum = 5)]
    pub likelihood: Option<i64>,
    /// Likelihood with the controls in place.
    #[schema(minimum = 1, maximum = 5)]
    pub current_likelihood: Option<i64>,
    /// Likelihood after the treatment.
    #[schema(minimum = 1, maximum = 5)]
    pub target_likelihood: Option<i64>,
    /// Impact after the treatment.
    #[schema(minimum = 1, maximum = 5)]
    pub target_impact: Option<i64>,
    /// Impact on availability.
    #[schema(minimum = 1, maximum = 5)]
    pub b: Option<i64>,
    /// Impact on integrity.
    #[schema(minimum = 1, maximum = 5)]
    pub i: Option<i64>,
    /// Impact on confidentiality.
    #[schema(minimum = 1, maximum = 5)]
    pub v: Option<i64>,
    /// Impact on operations.
    #[schema(minimum = 1, maximum = 5)]
    pub operations: Option<i64>,
    /// Impact on citizens.
    #[schema(minimum = 1, maximum = 5)]
    pub citizens: Option<i64>,
    /// Impact in law.
    #[schema(minimum = 1, maximum = 5)]
    pub legal: Option<i64>,
    /// Impact on reputation.
    #[schema(minimum = 1, maximum = 5)]
    pub reputation: Option<i64>,
    /// Degree of control.
    #[schema(minimum = 1, maximum = 5)]
    pub control: Option<i64>,
    /// Strength of knowledge: `weak`, `moderate` or `strong`.
    pub knowledge: Option<String>,
    /// Why.
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
}

impl Assess {
    fn read(self) -> Result<NewAssessment, Problem> {
        let level = |field, number: Option<i64>| {
            number.map(|number| Level::try_from(number).map_err(invalid(field))).transpose()
        };
        let knowledge = self.knowledge.map(|text| text.parse().map_err(invalid("knowledge")));
        Ok(NewAssessment {
            likelihood: level("likelihood", self.likelihood)?,
            current_likelihood: level("current_likelihood", self.current_likelihood)?,
            target_likelihood: level("target_likelihood", self.target_likelihood)?,
            target_impact: level("target_impact", self.target_impact)?,
            b: level("b", self.b)?,
            i: level("i", self.i)?,
            v: level("v", self.v)?,
            operations: level("operations", self.operations)?,
            citizens: level("citizens", self.citizens)?,
            legal: level("legal", self.legal)?,
            reputation: level("reputation", self.reputation)?,
            control: level("control", self.control)?,
            knowledge: knowledge.transpose()?,
            reason: self.reason,
        })
    }
}

/// Assesses a risk that is being analysed. The suggested values stay beside it.
#[utoipa::path(post, path = "/api/v1/risks/{reference}/assess", tag = "risks", request_body = Assess,
    params(("reference" = String, Path)), responses((status = 200, body = RiskView), Writes))]
pub async fn assess(
    State(api): State<Api>,
    By(actor): By,
    Path(reference): Path<String>,
    if_match: IfMatch,
    Json(new): Json<Assess>,
) -> Result<Versioned<RiskView>, Problem> {
    actor.require(Right::Analyse)?;
    let new = RiskChange::Assess(Box::new(new.read()?));
    change(api, actor, reference, new, if_match, false).await
}

/// Confirms what was assessed: security officer or risk owner.
#[utoipa::path(post, path = "/api/v1/risks/{reference}/evaluate", tag = "risks",
    params(("reference" = String, Path)), responses((status = 200, body = RiskView), Writes))]
pub async fn evaluate(
    State(api): State<Api>,
    By(actor): By,
    Path(reference): Path<String>,
    if_match: IfMatch,
) -> Result<Versioned<RiskView>, Problem> {
    change(api, actor, reference, RiskChange::Evaluate, if_match, false).await
}

/// Rejects a proposal, until its evidence changes: security officer.
#[utoipa::path(post, path = "/api/v1/risks/{reference}/reject", tag = "risks", request_body = Reason,
    params(("reference" = String, Path), DryRun),
    responses((status = 200, body = RiskView), Writes))]
pub async fn reject(
    State(api): State<Api>,
    By(actor): By,
    Path(reference): Path<String>,
    Query(DryRun { dry_run }): Query<DryRun>,
    if_match: IfMatch,
    Json(Reason { reason }): Json<Reason>,
) -> Result<Versioned<RiskView>, Problem> {
    change(api, actor, reference, RiskChange::Reject { reason }, if_match, dry_run).await
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    /// `mitigate`, `avoid`, `transfer` or `accept`.
    pub treatment: String,
    /// Why.
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
    /// Reference of the meeting it was taken in; needed from severity 4 up.
    #[schema(max_length = 64)]
    pub meeting: Option<String>,
    /// Until when the risk is accepted: a moment, or a day; within 365 days.
    #[schema(max_length = 40)]
    pub accept_until: Option<String>,
}

/// Decides on the treatment of a risk: the head of the department, or a meeting as the security officer
/// enters it. Never a data protection officer or a CISO.
#[utoipa::path(post, path = "/api/v1/risks/{reference}/decide", tag = "risks", request_body = NewDecision,
    params(("reference" = String, Path), DryRun),
    responses((status = 200, body = RiskView), Writes))]
pub async fn decide(
    State(api): State<Api>,
    By(actor): By,
    Path(reference): Path<String>,
    Query(DryRun { dry_run }): Query<DryRun>,
    if_match: IfMatch,
    Json(new): Json<NewDecision>,
) -> Result<Versioned<RiskView>, Problem> {
    // Who may not decide learns nothing about values first.
    may_decide(&actor, new.meeting.is_some()).map_err(AppError::from)?;
    let until = new.accept_until.map(|text| clock::until(&text).map_err(invalid("accept_until")));
    let decision = Decide {
        treatment: new.treatment.parse().map_err(invalid("treatment"))?,
        reason: new.reason,
        meeting: new.meeting,
        accept_until: until.transpose()?,
    };
    let catalogue = api.app.catalogue.clone();
    let write = Write { version: if_match.0, dry_run };
    let work = move || {
        let done = api.app.risk_decide(&actor, &reference, decision, write, clock::now());
        done.map_err(meant(if_match))
    };
    let risk = blocking(work).await?;
    Ok(Versioned(risk.risk.version, RiskView::of(risk, &catalogue)))
}

/// Agrees that a risk is closed. Risk owner and security officer both have to; the second one closes it.
#[utoipa::path(post, path = "/api/v1/risks/{reference}/close", tag = "risks", request_body = Reason,
    params(("reference" = String, Path), DryRun),
    responses((status = 200, body = RiskView), Writes))]
pub async fn close(
    State(api): State<Api>,
    By(actor): By,
    Path(reference): Path<String>,
    Query(DryRun { dry_run }): Query<DryRun>,
    if_match: IfMatch,
    Json(Reason { reason }): Json<Reason>,
) -> Result<Versioned<RiskView>, Problem> {
    change(api, actor, reference, RiskChange::Close { reason }, if_match, dry_run).await
}

/// Advice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAdvice {
    /// The advice.
    #[schema(min_length = 1, max_length = 4000)]
    pub text: String,
}

/// Gives advice: data protection officer or CISO.
#[utoipa::path(post, path = "/api/v1/risks/{reference}/advice", tag = "risks", request_body = NewAdvice,
    params(("reference" = String, Path)), responses((status = 200, body = RiskView), Writes))]
pub async fn advise(
    State(api): State<Api>,
    By(actor): By,
    Path(reference): Path<String>,
    if_match: IfMatch,
    Json(NewAdvice { text }): Json<NewAdvice>,
) -> Result<Versioned<RiskView>, Problem> {
    change(api, actor, reference, RiskChange::Advise { text }, if_match, false).await
}
