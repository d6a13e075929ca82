//! The forms of a risk. Each was made on a version, and is refused when somebody changed it meanwhile; who
//! may not do it at all is refused before anything else is said.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use belfort_model::access::Actor;
use belfort_model::id::ActionId;
use belfort_model::risk::{
    ActionUpdate, Description, NewAssessment, RiskChange, RiskOwner, may_decide,
};
use belfort_model::scale::Level;

use super::super::frame::Visitor;
use super::super::sent::{Fields, Sent};
use crate::app::AppError;
use crate::app::access::Right;
use crate::app::risks::{Decide, Plan, Write};
use crate::app::triage::NewIncident;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;

type Answer = Result<Response, Problem>;

/// Back to the risk, saying what was done.
fn back(reference: &str, done: &str) -> Response {
    Redirect::to(&format!("/risicos/{reference}?melding={done}")).into_response()
}

/// The version a form was made on. A form without one is refused: it could overwrite anything.
fn version(fields: &Fields) -> Result<u64, Problem> {
    fields.need_parsed("versie")
}

fn write(fields: &Fields) -> Result<Write, Problem> {
    Ok(Write { version: Some(version(fields)?), dry_run: false })
}

/// A day or a moment that ends something.
fn until(fields: &Fields, key: &str) -> Result<Option<belfort_model::time::Timestamp>, Problem> {
    let wrong = |error| Problem::bad_request(format!("{key}: {error}"));
    fields.get(key).map(|text| clock::until(text).map_err(wrong)).transpose()
}

/// Makes a change and goes back.
async fn change(
    api: Api,
    actor: Actor,
    reference: String,
    change: RiskChange,
    write: Write,
    done: &'static str,
) -> Answer {
    let to = reference.clone();
    blocking(move || Ok(api.app.risk_change(&actor, &reference, &change, write, clock::now())?))
        .await?;
    Ok(back(&to, done))
}

/// Refuses who could never make this change.
fn may_try(actor: &Actor, change: &RiskChange) -> Result<(), Problem> {
    Ok(change.may_try(actor).map_err(AppError::from)?)
}

/// Takes it up.
pub(super) async fn analyse(
    State(api): State<Api>,
    Path(reference): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    may_try(&actor, &RiskChange::Analyse)?;
    change(api, actor, reference, RiskChange::Analyse, write(&fields)?, "risico-in-analyse").await
}

/// Assesses its values.
pub(super) async fn assess(
    State(api): State<Api>,
    Path(reference): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    actor.require(Right::Analyse)?;
    let new = RiskChange::Assess(Box::new(assessment(&fields)?));
    change(api, actor, reference, new, write(&fields)?, "risico-beoordeeld").await
}

fn assessment(fields: &Fields) -> Result<NewAssessment, Problem> {
    let level = |key: &str| {
        let number = fields.parse::<i64>(key)?;
        let wrong = |error| Problem::bad_request(format!("{key}: {error}"));
        number.map(|number| Level::try_from(number).map_err(wrong)).transpose()
    };
    Ok(NewAssessment {
        likelihood: level("kans_bruto")?,
        current_likelihood: level("kans")?,
        target_likelihood: level("doel_kans")?,
        target_impact: level("doel_impact")?,
        b: level("b")?,
        i: level("i")?,
        v: level("v")?,
        operations: level("werking")?,
        citizens: level("burgers")?,
        legal: level("juridisch")?,
        reputation: level("reputatie")?,
        control: level("beheersing")?,
        knowledge: fields.parse("kennis")?,
        reason: fields.need("reden")?.to_owned(),
    })
}

/// Puts words to it. The form shows every field as it stands, so that an emptied one takes a text away.
pub(super) async fn describe(
    State(api): State<Api>,
    Path(reference): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    actor.require(Right::Analyse)?;
    let write = write(&fields)?;
    let text = |key: &str| Some(fields.get(key).unwrap_or_default().to_owned());
    let lines = |key: &str| {
        let lines = fields.get(key).unwrap_or_default().lines().map(str::trim);
        Some(lines.filter(|line| !line.is_empty()).map(str::to_owned).collect())
    };
    let owner = match (fields.get("eigenaar"), fields.get("functie")) {
        (None, None) => None,
        (Some(code), Some(function)) => {
            let (app, code) = (api.app.clone(), code.to_owned());
            let unit = blocking(move || Ok(app.unit(&code)?.id)).await?;
            Some(RiskOwner { unit, function: function.to_owned() })
        }
        _ => return Err(Problem::bad_request("eigenaar, functie: fill both in, or none")),
    };
    let new = Description {
        title: text("titel"),
        description: text("omschrijving"),
        owner,
        existing_controls: lines("maatregelen"),
        legal: lines("wetgeving"),
    };
    change(api, actor, reference, RiskChange::Describe(new), write, "risico-beschreven").await
}

/// Confirms what was assessed.
pub(super) async fn evaluate(
    State(api): State<Api>,
    Path(reference): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    may_try(&actor, &RiskChange::Evaluate)?;
    change(api, actor, reference, RiskChange::Evaluate, write(&fields)?, "risico-geevalueerd").await
}

/// Says it is none.
pub(super) async fn reject(
    State(api): State<Api>,
    Path(reference): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    may_try(&actor, &RiskChange::Reject { reason: String::new() })?;
    let new = RiskChange::Reject { reason: fields.need("reden")?.to_owned() };
    change(api, actor, reference, new, write(&fields)?, "risico-verworpen").await
}

/// Gives advice.
pub(super) async fn advise(
    State(api): State<Api>,
    Path(reference): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    actor.require(Right::Advise)?;
    let new = RiskChange::Advise { text: fields.need("advies")?.to_owned() };
    change(api, actor, reference, new, write(&fields)?, "risico-advies").await
}

/// Decides on its treatment.
pub(super) async fn decide(
    State(api): State<Api>,
    Path(reference): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    let meeting = fields.get("vergadering").map(str::to_owned);
    // Who may not decide learns nothing about values first.
    may_decide(&actor, meeting.is_some()).map_err(AppError::from)?;
    let decision = Decide {
        treatment: fields.need_parsed("behandeling")?,
        reason: fields.need("reden")?.to_owned(),
        meeting,
        accept_until: until(&fields, "aanvaard_tot")?,
    };
    let (write, to) = (write(&fields)?, reference.clone());
    blocking(move || Ok(api.app.risk_decide(&actor, &reference, decision, write, clock::now())?))
        .await?;
    Ok(back(&to, "risico-beslist"))
}

/// Agrees that it is closed.
pub(super) async fn close(
    State(api): State<Api>,
    Path(reference): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    actor.require(Right::Close)?;
    // A closed risk leaves the agenda: one click too many must not do that.
    fields.need("bevestigd")?;
    let new = RiskChange::Close { reason: fields.need("reden")?.to_owned() };
    change(api, actor, reference, new, write(&fields)?, "risico-afsluiten").await
}

/// Adds an action.
pub(super) async fn action_add(
    State(api): State<Api>,
    Path(reference): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    actor.require(Right::Act)?;
    fields.need("uiterlijk")?;
    let due = until(&fields, "uiterlijk")?.unwrap_or_else(clock::now);
    let plan = Plan {
        title: fields.need("titel")?.to_owned(),
        unit: fields.need("dienst")?.to_owned(),
        function: fields.need("functie")?.to_owned(),
        due,
    };
    let (write, to) = (write(&fields)?, reference.clone());
    blocking(move || Ok(api.app.action_add(&actor, &reference, &plan, write, clock::now())?))
        .await?;
    Ok(back(&to, "actie-toegevoegd"))
}

/// Changes an action; the version is the action's own.
pub(super) async fn action_set(
    State(api): State<Api>,
    Path((reference, id)): Path<(String, String)>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    actor.require(Right::Act)?;
    let wrong = |error| Problem::bad_request(format!("id: {error}"));
    let id: ActionId = id.parse().map_err(wrong)?;
    let update = ActionUpdate {
        status: fields.parse("status")?,
        due: until(&fields, "uiterlijk")?,
        note: fields.get("nota").map(str::to_owned),
        ..ActionUpdate::default()
    };
    let version = Some(version(&fields)?);
    blocking(move || Ok(api.app.action_set(&actor, id, update, version, clock::now())?)).await?;
    Ok(back(&reference, "actie-gewijzigd"))
}

/// Links an incident; one that is not registered yet is registered.
pub(super) async fn incident(
    State(api): State<Api>,
    Path(reference): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    actor.require(Right::Analyse)?;
    let wrong = |error| Problem::bad_request(format!("gebeurd_op: {error}"));
    let at = fields.get("gebeurd_op").map(|text| clock::since(text).map_err(wrong)).transpose()?;
    let new = NewIncident {
        reference: fields.need("incident")?.to_owned(),
        title: fields.get("titel").unwrap_or_default().to_owned(),
        assets: vec![],
        risks: vec![reference.clone()],
    };
    blocking(move || Ok(api.app.incident_add(&actor, &new, at, clock::now())?)).await?;
    Ok(back(&reference, "incident-gekoppeld"))
}
