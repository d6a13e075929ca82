//! What people make of a finding: the forms of its page.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use belfort_model::access::Actor;
use belfort_model::finding::TriageChange;
use belfort_model::id::FindingId;

use super::super::frame::Visitor;
use super::super::sent::{Fields, Sent};
use crate::app::access::Right;
use crate::app::advisories::{NewSuppression, Where};
use crate::app::risks::Write;
use crate::app::triage::ExceptionFor;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;

type Answer = Result<Response, Problem>;

fn id(text: &str) -> Result<FindingId, Problem> {
    text.parse().map_err(|error| Problem::not_found(format!("finding `{text}`: {error}")))
}

/// Judges it, and goes back. What it counts for is evaluated anew.
async fn triage(
    api: Api,
    actor: Actor,
    id: FindingId,
    change: TriageChange,
    fields: &Fields,
    done: &'static str,
) -> Answer {
    let write = Write { version: Some(fields.need_parsed("versie")?), dry_run: false };
    blocking(move || {
        api.app.finding_triage(&actor, id, &change, write, clock::now())?;
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    Ok(Redirect::to(&format!("/bevindingen/{id}?melding={done}")).into_response())
}

/// Agrees with it.
pub(super) async fn confirm(
    State(api): State<Api>,
    Path(finding): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    actor.require(Right::Triage)?;
    let reason = fields.get("reden").unwrap_or_default().to_owned();
    let change = TriageChange::Confirm { reason };
    triage(api, actor, id(&finding)?, change, &fields, "bevinding-bevestigd").await
}

/// Says it is none.
pub(super) async fn false_positive(
    State(api): State<Api>,
    Path(finding): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    actor.require(Right::Triage)?;
    let change = TriageChange::FalsePositive { reason: fields.need("reden")?.to_owned() };
    triage(api, actor, id(&finding)?, change, &fields, "bevinding-vals-alarm").await
}

/// Takes a judgement back.
pub(super) async fn reopen(
    State(api): State<Api>,
    Path(finding): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    actor.require(Right::Triage)?;
    let change = TriageChange::Reopen { reason: fields.need("reden")?.to_owned() };
    triage(api, actor, id(&finding)?, change, &fields, "bevinding-heropend").await
}

/// Gives it to a unit to solve; to the owner of the asset when none is chosen.
pub(super) async fn assign(
    State(api): State<Api>,
    Path(finding): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    actor.require(Right::Triage)?;
    let (app, code) = (api.app.clone(), fields.get("dienst").map(str::to_owned));
    let unit = blocking(move || Ok(code.map(|code| app.unit(&code)).transpose()?)).await?;
    let change = TriageChange::Assign { unit: unit.map(|unit| unit.id) };
    triage(api, actor, id(&finding)?, change, &fields, "bevinding-toegewezen").await
}

/// Asks for an exception: for the finding, for its kind on the asset, or for its kind in the unit.
pub(super) async fn request(
    State(api): State<Api>,
    Path(finding): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    actor.require(Right::Triage)?;
    let id = id(&finding)?;
    let wrong = |error| Problem::bad_request(format!("einde: {error}"));
    let end = clock::until(fields.need("einde")?).map_err(wrong)?;
    let reason = fields.need("reden")?.to_owned();
    let instead = fields.get("maatregelen").unwrap_or_default().to_owned();
    let reach = fields.need("voor")?.to_owned();
    let made = blocking(move || {
        let found = api.app.finding(&actor, id)?;
        let code = Some(found.finding.code.clone());
        let what = match reach.as_str() {
            "bevinding" => ExceptionFor { finding: Some(id), ..ExceptionFor::default() },
            "asset" => {
                let asset = Some(found.finding.asset);
                ExceptionFor { asset, code, ..ExceptionFor::default() }
            }
            "dienst" => {
                let unit = found.unit.map(|unit| unit.code);
                ExceptionFor { unit, code, ..ExceptionFor::default() }
            }
            other => {
                let detail = format!("voor: `{other}` is not bevinding, asset or dienst");
                return Err(Problem::bad_request(detail));
            }
        };
        Ok(api.app.exception_request(&actor, &what, reason, instead, Some(end), clock::now())?)
    })
    .await?;
    let to = made.exception.id;
    let to = format!("/bevindingen/uitzonderingen/{to}?melding=uitzondering-gevraagd");
    Ok(Redirect::to(&to).into_response())
}

/// Passes over a vulnerability of the finding, on its asset or everywhere.
pub(super) async fn suppress(
    State(api): State<Api>,
    Path(finding): Path<String>,
    Sent { visitor: Visitor { actor, .. }, fields }: Sent,
) -> Answer {
    actor.require(Right::Triage)?;
    actor.require(Right::Manage)?;
    let id = id(&finding)?;
    let everywhere = match fields.need("waar")? {
        "asset" => false,
        "overal" => true,
        other => {
            let detail = format!("waar: `{other}` is not asset or overal");
            return Err(Problem::bad_request(detail));
        }
    };
    let (cve, reason) = (fields.need("cve")?.to_owned(), fields.need("reden")?.to_owned());
    let days = fields.need_parsed("dagen")?;
    blocking(move || {
        let asset = api.app.finding(&actor, id)?.finding.asset;
        let holds = if everywhere { Where::Everywhere } else { Where::Asset(asset) };
        let new = NewSuppression { cve, package: None, holds, reason, days };
        api.app.suppress(&actor, &new, clock::now())?;
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    let to = format!("/bevindingen/{id}?melding=kwetsbaarheid-overgeslagen");
    Ok(Redirect::to(&to).into_response())
}
