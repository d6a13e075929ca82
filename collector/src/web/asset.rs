//! One asset: what stands around each of its pages. Every tab and every change is a page of its own.

mod change;
mod class;
mod compare;
mod facts;
mod history;
mod lifecycle;
mod overview;
mod owner;
mod sections;
mod software;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use belfort_model::id::AssetId;
use belfort_store::record::AssetDetail;

pub(super) use change::said;

use super::frame::Frame;
use super::sent::{Fields, Sent};
use crate::app::access::{Actor, Right};
use crate::rest::Api;
use crate::rest::assets::{asset_id, on_version};
use crate::rest::auth::blocking;
use crate::rest::precondition::IfMatch;
use crate::rest::problem::Problem;
use crate::view::Asset;

/// The pages of an asset.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .merge(overview::routes())
        .merge(software::routes())
        .merge(history::routes())
        .merge(compare::routes())
        .merge(sections::routes())
        .merge(owner::routes())
        .merge(class::routes())
        .merge(change::routes())
        .merge(lifecycle::routes())
}

/// A part of an asset that has an address.
struct Tab {
    href: String,
    text: String,
    current: bool,
}

/// The parts: what follows the address of the asset, and the key of their text.
const TABS: [(&str, &str); 4] = [
    ("", "asset-tab-overview"),
    ("/software", "asset-tab-software"),
    ("/geschiedenis", "asset-tab-history"),
    ("/gegevens", "asset-tab-sections"),
];

/// What stands above every page of an asset.
struct Head {
    asset: Asset,
    /// The address of the asset.
    path: String,
    tabs: Vec<Tab>,
    /// Whether the reader may change it.
    may_manage: bool,
    /// Whether the reader may confirm its owner and class.
    may_confirm: bool,
}

impl Head {
    /// The head with the tab whose address ends so; none is current on the page of a change.
    fn of(frame: &Frame, actor: &Actor, detail: &AssetDetail, tab: Option<&str>) -> Self {
        let unit = detail.summary.owner_unit.as_ref().map(|unit| unit.id);
        let asset = Asset::from(detail.summary.clone());
        let path = format!("/assets/{}", asset.id);
        let tabs = TABS.map(|(end, key)| Tab {
            href: format!("{path}{end}"),
            text: frame.t(key),
            current: tab == Some(end),
        });
        Self {
            may_manage: actor.require_for(Right::Manage, unit).is_ok(),
            may_confirm: actor.require_for(Right::Confirm, unit).is_ok(),
            asset,
            path,
            tabs: tabs.into(),
        }
    }

    /// One line that says what it is.
    fn lead(&self, frame: &Frame) -> String {
        let asset = &self.asset;
        let mut parts = Vec::new();
        if asset.kind != "device" {
            parts.push(frame.code("kind", &asset.kind));
        }
        if asset.kind == "device" || asset.subtype != "other" {
            parts.push(frame.code("subtype", &asset.subtype));
        }
        if !asset.operating_system.is_empty() {
            parts.push(asset.operating_system.clone());
        }
        parts.push(frame.code("lifecycle", &asset.lifecycle));
        parts.push(frame.tv("asset-seen", "at", &frame.moment(&asset.last_seen)));
        parts.join(", ")
    }
}

/// An asset with what the reader may see of it, for the page of a change.
fn found(
    api: &Api,
    actor: &Actor,
    frame: &Frame,
    id: AssetId,
) -> Result<(AssetDetail, Head), Problem> {
    let detail = api.app.visible(actor, id)?;
    let head = Head::of(frame, actor, &detail, None);
    Ok((detail, head))
}

/// The version a form was made on.
fn version(api: &Api, actor: &Actor, id: AssetId, fields: &Fields) -> Result<Option<u64>, Problem> {
    on_version(api, actor, id, IfMatch(Some(fields.need_parsed("versie")?)))
}

/// Does what a form asks on the version it was made on, and leads back to the asset.
async fn change(
    api: Api,
    sent: Sent,
    id: &str,
    done: &str,
    work: impl FnOnce(&Api, &Actor, AssetId, &Fields, Option<u64>) -> Result<(), Problem>
    + Send
    + 'static,
) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let (id, actor) = (asset_id(id)?, visitor.actor);
    blocking(move || {
        let expected = version(&api, &actor, id, &fields)?;
        work(&api, &actor, id, &fields, expected)?;
        // Findings and risks follow from it.
        api.wake.notify_one();
        Ok(())
    })
    .await?;
    Ok(Redirect::to(&format!("/assets/{id}?melding={done}")).into_response())
}
