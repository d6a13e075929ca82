//! What people say of an asset: edited, and verified.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use belfort_model::asset::{Authorised, Environment, Exposure, Subtype};
use http::StatusCode;

use super::{Head, change, found};
use crate::app::access::{Actor, Right};
use crate::app::assets::AssetEdit;
use crate::clock;
use crate::rest::Api;
use crate::rest::assets::asset_id;
use crate::rest::auth::{Path, blocking};
use crate::rest::problem::Problem;
use crate::web::frame::{Frame, Visitor};
use crate::web::render;
use crate::web::sent::{Fields, Sent};

/// Labels are typed with a comma or a line between them.
pub(crate) fn labels(text: &str) -> Vec<String> {
    let labels = text.split([',', '\n']).map(str::trim).filter(|label| !label.is_empty());
    labels.map(str::to_owned).collect()
}

#[derive(Template)]
#[template(path = "asset/change.html")]
struct ChangePage {
    frame: Frame,
    head: Head,
    done: Option<String>,
    entities: Vec<String>,
    subtypes: &'static [Subtype],
    environments: &'static [Environment],
    exposures: &'static [Exposure],
    authorised: &'static [Authorised],
}

#[derive(Template)]
#[template(path = "asset/verify.html")]
struct VerifyPage {
    frame: Frame,
    head: Head,
    done: Option<String>,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/assets/{id}/wijzigen", get(form).post(edit))
        .route("/assets/{id}/nazicht", get(verify_form).post(verify))
}

async fn form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    let id = asset_id(&id)?;
    let page = blocking(move || {
        let (_, head) = found(&api, &actor, &frame, id)?;
        Ok(ChangePage {
            entities: api.app.registry.legal_entities.clone(),
            subtypes: Subtype::ALL,
            environments: Environment::ALL,
            exposures: Exposure::ALL,
            authorised: Authorised::ALL,
            done: None,
            head,
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// What the form says. An empty field means that it is not known.
pub(crate) fn said(fields: &Fields) -> Result<AssetEdit, Problem> {
    let text = |key| Some(fields.get(key).unwrap_or_default().to_owned());
    Ok(AssetEdit {
        name: Some(fields.need("naam")?.to_owned()),
        subtype: fields.parse("vorm")?,
        legal_entity: text("rechtspersoon"),
        site: text("locatie"),
        environment: fields.parse("omgeving")?,
        exposure: fields.parse("blootstelling")?,
        authorised: fields.parse("toegelaten")?,
        labels: Some(labels(fields.get("labels").unwrap_or_default())),
        ..AssetEdit::default()
    })
}

async fn edit(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let sent = sent.may(Right::Manage)?;
    change(api, sent, &id, "asset-changed", |api, actor, id, fields, expected| {
        let asset = api.app.visible(actor, id)?.summary.asset;
        let mut edit = said(fields)?;
        // What stays as it is is not decided by hand: rules and reports still fill it in.
        edit.name = edit.name.filter(|name| *name != asset.name);
        edit.site = edit.site.filter(|site| *site != asset.site);
        edit.subtype = edit.subtype.filter(|subtype| *subtype != asset.subtype);
        api.app.asset_edit(actor, id, &edit, expected, clock::now())?;
        Ok(())
    })
    .await
}

/// Refuses who may neither confirm nor change assets.
fn may_verify(actor: &Actor) -> Result<(), Problem> {
    if !actor.may(Right::Confirm) {
        actor.require(Right::Manage)?;
    }
    Ok(())
}

async fn verify_form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    may_verify(&actor)?;
    let id = asset_id(&id)?;
    let page = blocking(move || {
        let (_, head) = found(&api, &actor, &frame, id)?;
        Ok(VerifyPage { done: None, head, frame })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

async fn verify(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    may_verify(&sent.visitor.actor)?;
    change(api, sent, &id, "asset-verified", |api, actor, id, _, expected| {
        api.app.asset_verify(actor, id, expected, clock::now())?;
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_typed_in_lines_or_with_commas() {
        assert_eq!(labels(" balie, kassa\n\n wit ,"), ["balie", "kassa", "wit"]);
        assert!(labels(" ").is_empty());
    }
}
