//! Data sets are added, and what is said of them is changed.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use belfort_model::data_set::{PersonalData, RecordsBand};
use belfort_model::id::AssetId;
use http::StatusCode;

use super::one::id_of;
use super::{PERSONAL, RECORDS};
use crate::app::access::Right;
use crate::app::data_sets::DataSetEdit;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::web::frame::{Frame, Visitor};
use crate::web::render;
use crate::web::sent::{Fields, Sent};

#[derive(Template)]
#[template(path = "data_set_form.html")]
struct FormPage {
    frame: Frame,
    /// The data set that is changed; nothing for a new one.
    id: Option<AssetId>,
    version: u64,
    name: String,
    personal_data: &'static str,
    records: &'static str,
    register_ids: String,
    retention: String,
    personal: &'static [PersonalData],
    bands: &'static [RecordsBand],
}

/// What the form says. An empty field is one that was emptied; identifiers stand one on a line.
fn edited(fields: &Fields) -> Result<DataSetEdit, Problem> {
    let ids = fields.get("verwerkingen").unwrap_or_default().split(['\n', ',', ';']);
    let ids = ids.map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned);
    Ok(DataSetEdit {
        personal_data: Some(fields.need_parsed("persoonsgegevens")?),
        records: Some(fields.need_parsed("omvang")?),
        register_ids: Some(ids.collect()),
        retention: Some(fields.get("bewaring").unwrap_or_default().to_owned()),
    })
}

/// The form for a new data set.
pub(super) async fn new(visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    actor.require_for(Right::Manage, None)?;
    let page = FormPage {
        frame,
        id: None,
        version: 0,
        name: String::new(),
        personal_data: PersonalData::None.as_str(),
        records: RecordsBand::Unknown.as_str(),
        register_ids: String::new(),
        retention: String::new(),
        personal: PERSONAL,
        bands: RECORDS,
    };
    Ok(render(StatusCode::OK, &page))
}

/// Adds a data set.
pub(super) async fn add(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let actor = visitor.may(Right::Manage)?.actor;
    let edit = edited(&fields)?;
    let asset = blocking(move || {
        let asset = api.app.data_set_add(&actor, fields.need("naam")?, &edit, clock::now())?;
        api.wake.notify_one();
        Ok(asset)
    })
    .await?;
    let id = asset.id;
    Ok(Redirect::to(&format!("/gegevens/{id}?melding=gegevens-toegevoegd")).into_response())
}

/// The form to change what is said of it.
pub(super) async fn form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    let id = id_of(&text)?;
    let page = blocking(move || {
        let detail = api.app.visible(&actor, id)?;
        let unit = detail.summary.owner_unit.as_ref().map(|unit| unit.id);
        actor.require_for(Right::Manage, unit)?;
        let none = || Problem::not_found(format!("there is no data set `{id}`"));
        let set = detail.data_set.ok_or_else(none)?;
        Ok(FormPage {
            frame,
            id: Some(id),
            version: detail.summary.version,
            name: detail.summary.asset.name,
            personal_data: set.personal_data.as_str(),
            records: set.records.as_str(),
            register_ids: set.register_ids.join("\n"),
            retention: set.retention,
            personal: PERSONAL,
            bands: RECORDS,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// Changes what is said of it.
pub(super) async fn edit(
    State(api): State<Api>,
    Path(text): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let actor = visitor.may(Right::Manage)?.actor;
    let (id, edit) = (id_of(&text)?, edited(&fields)?);
    let expected = Some(fields.need_parsed("versie")?);
    blocking(move || {
        api.app.data_set_edit(&actor, id, &edit, expected, clock::now())?;
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    Ok(Redirect::to(&format!("/gegevens/{id}?melding=gegevens-gewijzigd")).into_response())
}
