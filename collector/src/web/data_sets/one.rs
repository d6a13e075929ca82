//! One data set: its class, its owner, and the assets that hold it.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use belfort_model::asset::AssetKind;
use belfort_model::data_set::Relation;
use belfort_model::id::{AssetId, UnitId};
use belfort_model::ownership::OwnershipRole;
use belfort_model::scheme::Scheme;
use http::StatusCode;

use super::RELATIONS;
use crate::app::access::{Actor, Right};
use crate::app::classes::WordedClass;
use crate::app::owners::NewOwner;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{AssetFull, GivenClass};
use crate::web::choice;
use crate::web::frame::{Frame, Visitor};
use crate::web::list::Asked;
use crate::web::render;
use crate::web::sent::{Fields, Sent};

#[derive(Template)]
#[template(path = "data_set.html")]
struct OnePage {
    frame: Frame,
    done: Option<String>,
    set: AssetFull,
    /// Classes it has had, newest first.
    history: Vec<GivenClass>,
    scheme: Scheme,
    relations: &'static [Relation],
    units: Vec<(String, String)>,
    may_manage: bool,
    may_confirm: bool,
    may_link: bool,
}

/// The id in an address; what is none names nothing.
pub(super) fn id_of(text: &str) -> Result<AssetId, Problem> {
    text.parse().map_err(|_| Problem::not_found(format!("there is no data set `{text}`")))
}

/// The page. What is no data set has its page among the assets.
pub(super) async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    Path(text): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of(&format!("/gegevens/{text}"), query.as_deref(), &[])?;
    let id = id_of(&text)?;
    let page = blocking(move || {
        let detail = api.app.asset_shown(&actor, id, clock::now())?;
        if detail.summary.asset.kind != AssetKind::DataSet {
            return Ok(None);
        }
        let unit: Option<UnitId> = detail.summary.owner_unit.as_ref().map(|unit| unit.id);
        let history = api.app.class_history(&actor, id)?;
        Ok(Some(OnePage {
            done: asked.done(&frame),
            history: history.into_iter().map(GivenClass::from).collect(),
            scheme: api.app.registry.scheme("")?,
            relations: RELATIONS,
            units: choice::units(&api.app, &[])?,
            may_manage: actor.require_for(Right::Manage, unit).is_ok(),
            may_confirm: actor.require_for(Right::Confirm, unit).is_ok(),
            may_link: actor.may(Right::Manage),
            set: AssetFull::of(detail, &api.app.catalogue),
            frame,
        }))
    })
    .await?;
    Ok(match page {
        Some(page) => render(StatusCode::OK, &page),
        None => Redirect::to(&format!("/assets/{id}")).into_response(),
    })
}

/// Does what a form of the page asks, and leads back to the page.
async fn done(
    api: Api,
    text: &str,
    sent: Sent,
    right: Right,
    code: &str,
    work: impl FnOnce(&Api, &Actor, AssetId, &Fields) -> Result<(), Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let actor = visitor.may(right)?.actor;
    let id = id_of(text)?;
    blocking(move || {
        work(&api, &actor, id, &fields)?;
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    Ok(Redirect::to(&format!("/gegevens/{id}?melding={code}")).into_response())
}

/// Classifies it.
pub(super) async fn classify(
    State(api): State<Api>,
    Path(text): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    done(api, &text, sent, Right::Manage, "gegevens-klasse-bewaard", |api, actor, id, fields| {
        let new = WordedClass {
            scheme: fields.get("schema").unwrap_or_default().to_owned(),
            b: fields.need("b")?.to_owned(),
            i: fields.need("i")?.to_owned(),
            v: fields.need("v")?.to_owned(),
            basis: fields.need("grond")?.to_owned(),
            decided_by: fields.get("door").unwrap_or_default().to_owned(),
            proposed: fields.get("voorstel") == Some("ja"),
        };
        let expected = Some(fields.need_parsed("versie")?);
        api.app.class_set(actor, id, &new, expected, clock::now())?;
        Ok(())
    })
    .await
}

/// Confirms that its class still holds, or the proposal.
pub(super) async fn confirm(
    State(api): State<Api>,
    Path(text): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    done(api, &text, sent, Right::Confirm, "gegevens-klasse-bevestigd", |api, actor, id, fields| {
        let expected = Some(fields.need_parsed("versie")?);
        api.app.class_confirm(actor, id, "", expected, clock::now())?;
        Ok(())
    })
    .await
}

/// Makes a unit its owner.
pub(super) async fn owner(
    State(api): State<Api>,
    Path(text): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    done(api, &text, sent, Right::Manage, "gegevens-eigenaar", |api, actor, id, fields| {
        let new = NewOwner {
            unit: fields.need("dienst")?.to_owned(),
            role: OwnershipRole::Owner,
            function: fields.get("functie").unwrap_or_default().to_owned(),
        };
        let expected = Some(fields.need_parsed("versie")?);
        Ok(api.app.owner_assign(actor, id, &new, expected, clock::now())?)
    })
    .await
}

/// Says that an asset holds it.
pub(super) async fn link(
    State(api): State<Api>,
    Path(text): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    done(api, &text, sent, Right::Manage, "gegevens-gekoppeld", |api, actor, id, fields| {
        let asset = api.app.asset_in_sight(actor, fields.need("asset")?)?.summary.asset.id;
        let relation = fields.need_parsed("relatie")?;
        Ok(api.app.data_link(actor, asset, relation, id, clock::now())?)
    })
    .await
}

/// Says that an asset does not hold it; no rule says so again.
pub(super) async fn unlink(
    State(api): State<Api>,
    Path(text): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    done(api, &text, sent, Right::Manage, "gegevens-ontkoppeld", |api, actor, id, fields| {
        let asset: AssetId = fields.need_parsed("asset")?;
        let relation = fields.need_parsed("relatie")?;
        Ok(api.app.data_unlink(actor, asset, relation, id, None, clock::now())?)
    })
    .await
}
