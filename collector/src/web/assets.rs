//! The list of assets.

mod extras;
mod fields;
pub(super) mod query;
#[cfg(test)]
pub(super) mod tests;
pub(super) mod words;

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use belfort_store::record::AssetExtra;
use http::StatusCode;

use super::export;
use super::frame::{Frame, Visitor};
use super::list::{Asked, Chip, Column, Pager};
use super::render;
use crate::app::access::Right;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{Asset, List};

use extras::Extras;
use fields::Field;
use words::{Menu, Units};

/// Days of the filter *not seen* that can be chosen.
const DAYS: [&str; 4] = ["7", "30", "90", "180"];
/// Filters that are typed, with their longest value.
const TEXTS: [(&str, u8); 6] = [
    ("software", 200),
    ("versie", 100),
    ("cve", 20),
    ("locatie", 50),
    ("label", 50),
    ("entiteit", 20),
];
/// Filters with one field, of which the address may say more: the form keeps those.
const FIELDS: [&str; 8] =
    ["departement", "dienst", "software", "versie", "cve", "locatie", "label", "entiteit"];

#[derive(Template)]
#[template(path = "assets.html")]
struct AssetsPage {
    frame: Frame,
    asked: Asked,
    done: Option<String>,
    assets: List<Asset>,
    extras: Extras,
    units: Units,
    front: Vec<Menu>,
    more: Vec<Menu>,
    has_more: bool,
    fields: Vec<Field>,
    columns: Vec<Column>,
    chips: Vec<Chip>,
    pager: Pager,
    may_manage: bool,
    may_export: bool,
}

impl AssetsPage {
    /// Days that somebody asked for and that are no choice.
    fn own_days(&self) -> Option<&str> {
        self.asked.get("gezien").filter(|days| !DAYS.contains(days))
    }

    /// Further values of filters with one field.
    fn others(&self) -> Vec<(&'static str, &str)> {
        let of = |key: &'static str| self.asked.all(key).skip(1).map(move |value| (key, value));
        FIELDS.into_iter().flat_map(of).collect()
    }

    /// What stands beside the line of an asset.
    fn extra(&self, asset: &Asset) -> &AssetExtra {
        self.extras.of(&asset.id)
    }
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/assets", get(page)).route("/assets.{kind}", get(file))
}

/// The page.
async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(asked): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = query::asked(asked.as_deref())?;
    let page = blocking(move || {
        let filter = query::filter(&api.app, &actor, &asked)?;
        let found = api.app.store.asset_list(&filter, asked.page()?)?;
        let fields = query::fields(&asked)?;
        let extras = Extras::read(&api.app, &found.items, &fields)?;
        let assets = List::of(found, Asset::from);
        let (front, more) = words::menus(&frame, &asked);
        let sorted = query::sorted(&asked)?;
        let name = asked.column(frame.t("col-asset"), Field::NAME, sorted);
        let others = fields.iter().map(|field| {
            let column = asked.column(frame.t(field.heading()), field.sort_key(), sorted);
            if *field == Field::Findings { column.number() } else { column }
        });
        let chips = words::chips(&api.app, &actor, &frame, &asked)?;
        Ok(AssetsPage {
            units: words::units(&api.app, &asked)?,
            front,
            more,
            has_more: query::has_more(&asked),
            columns: std::iter::once(name).chain(others).collect(),
            chips,
            extras,
            pager: asked.pager(assets.total, assets.items.len()),
            done: asked.done(&frame),
            may_manage: actor.may(Right::Manage),
            may_export: actor.may(Right::Export),
            fields,
            frame,
            asked,
            assets,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// The same list as a file.
async fn file(
    State(api): State<Api>,
    visitor: Visitor,
    Path(kind): Path<String>,
    RawQuery(asked): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Export)?;
    let kind = kind.parse()?;
    let asked = query::asked(asked.as_deref())?;
    let fields = query::fields(&asked)?;
    let app = api.app.clone();
    // What is wrong with the query is said before the file begins. Which assets it holds is asked once:
    // sixteen bytes each, and no part of the file looks for the parts before it again.
    let ids =
        blocking(move || Ok(app.store.asset_ids(&query::filter(&app, &actor, &asked)?)?)).await?;
    let heads = fields::heads(&frame, &fields);
    Ok(export::send("assets", kind, heads, move |page| {
        let begin = usize::try_from(page.offset).unwrap_or(usize::MAX).min(ids.len());
        let end = begin.saturating_add(page.limit as usize).min(ids.len());
        let part = ids.get(begin..end).unwrap_or_default();
        let mut rows = api.app.store.asset_rows(part)?;
        let extras = Extras::read(&api.app, &rows, &fields)?;
        let mut lines = Vec::with_capacity(part.len());
        for summary in rows.drain(..) {
            let asset = summary.into();
            lines.push(fields::row(&asset, extras.of(&asset.id), &fields));
        }
        Ok(lines)
    }))
}
