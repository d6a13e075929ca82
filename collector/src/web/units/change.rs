//! Units are added, renamed, moved and ended.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use belfort_model::unit::{OrgUnit, UnitKind};
use http::StatusCode;
use sha2::{Digest as _, Sha256};

use super::one::found;
use super::{KINDS, last_day};
use crate::app::access::Right;
use crate::app::units::{NewUnit, UnitEdit};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::web::choice;
use crate::web::frame::{Frame, Visitor};
use crate::web::render;
use crate::web::sent::Sent;

#[derive(Template)]
#[template(path = "unit_form.html")]
struct FormPage {
    frame: Frame,
    /// The unit that is changed; nothing for a new one.
    unit: Option<OrgUnit>,
    name: String,
    kind: &'static str,
    /// Code of the unit it is part of.
    parent: String,
    end: String,
    seen: String,
    kinds: &'static [UnitKind],
    units: Vec<(String, String)>,
}

/// What a unit was when somebody looked: units carry no version.
pub(super) fn seen(unit: &OrgUnit) -> String {
    let text = format!(
        "{}\n{}\n{}\n{:?}\n{:?}",
        unit.code, unit.name, unit.kind, unit.parent, unit.active_to
    );
    hex::encode(Sha256::digest(text))
}

/// The form for a new unit.
pub(super) async fn new(State(api): State<Api>, visitor: Visitor) -> Result<Response, Problem> {
    let frame = visitor.may(Right::Manage)?.frame;
    let units = blocking(move || choice::units(&api.app, &[])).await?;
    let page = FormPage {
        unit: None,
        name: String::new(),
        kind: UnitKind::Service.as_str(),
        parent: String::new(),
        end: String::new(),
        seen: String::new(),
        kinds: KINDS,
        units,
        frame,
    };
    Ok(render(StatusCode::OK, &page))
}

/// Adds a unit.
pub(super) async fn add(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let actor = visitor.may(Right::Manage)?.actor;
    let new = NewUnit {
        code: fields.need("code")?.to_owned(),
        name: fields.need("naam")?.to_owned(),
        kind: fields.need_parsed("soort")?,
        parent: fields.get("ouder").map(str::to_owned),
    };
    let unit = blocking(move || Ok(api.app.unit_create(&actor, &new, clock::now())?)).await?;
    Ok(led_to(&unit, "eenheid-toegevoegd"))
}

/// The form to change a unit.
pub(super) async fn form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    let page = blocking(move || {
        let unit = found(&api.app, &code)?;
        actor.require_for(Right::Manage, Some(unit.id))?;
        let units = api.app.store.unit_list()?;
        let parent = units.iter().find(|one| Some(one.id) == unit.parent);
        let parent = parent.map(|parent| parent.code.clone()).unwrap_or_default();
        Ok(FormPage {
            name: unit.name.clone(),
            kind: unit.kind.as_str(),
            end: last_day(&unit).unwrap_or_default(),
            seen: seen(&unit),
            kinds: KINDS,
            units: choice::among(
                units.into_iter().filter(|one| one.id != unit.id),
                &[&parent],
                clock::now(),
            ),
            parent,
            unit: Some(unit),
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// Renames, moves or ends a unit.
pub(super) async fn edit(
    State(api): State<Api>,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let actor = visitor.may(Right::Manage)?.actor;
    let end = fields.get("einde").map(clock::until).transpose();
    let end = end.map_err(|error| Problem::bad_request(format!("einde: {error}")))?;
    let unit = blocking(move || {
        let unit = found(&api.app, &code)?;
        if fields.need("gezien")? != seen(&unit) {
            let reason = format!("unit `{code}` was changed by somebody else meanwhile");
            return Err(Problem::conflict(reason));
        }
        // An end that was not touched stays what it is, to the moment.
        let touched = fields.get("einde") != last_day(&unit).as_deref();
        let edit = UnitEdit {
            name: Some(fields.need("naam")?.to_owned()),
            kind: Some(fields.need_parsed("soort")?),
            parent: Some(fields.get("ouder").unwrap_or_default().to_owned()),
            active_to: touched.then_some(end),
        };
        let unit = api.app.unit_edit(&actor, &code, &edit, clock::now())?;
        api.wake.notify_one();
        Ok(unit)
    })
    .await?;
    Ok(led_to(&unit, "eenheid-gewijzigd"))
}

fn led_to(unit: &OrgUnit, done: &str) -> Response {
    let code: String = form_urlencoded::byte_serialize(unit.code.as_bytes()).collect();
    Redirect::to(&format!("/eigenaars/{code}?melding={done}")).into_response()
}
