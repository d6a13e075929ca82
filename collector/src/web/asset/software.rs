//! What is installed on an asset.

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use belfort_model::id::AssetId;
use http::StatusCode;

use super::Head;
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::rest::Api;
use crate::rest::assets::asset_id;
use crate::rest::auth::{Path, blocking};
use crate::rest::problem::Problem;
use crate::web::export::{self, Head as Column};
use crate::web::frame::{Frame, Visitor};
use crate::web::list::{self, Asked, Pager};
use crate::web::render;

const KEYS: &[&str] = &["q"];
const SORTED_BY: &[&str] = &["naam", "herkomst"];

/// One package.
struct Row {
    name: String,
    version: String,
    ecosystem: String,
    architecture: String,
    publisher: String,
    /// What the organisation says of it: a code.
    approval: String,
}

#[derive(Template)]
#[template(path = "asset/software.html")]
struct SoftwarePage {
    frame: Frame,
    head: Head,
    asked: Asked,
    done: Option<String>,
    rows: Vec<Row>,
    columns: Vec<list::Column>,
    pager: Pager,
    /// Whether a report said what is installed.
    known: bool,
    complete: bool,
    may_export: bool,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/assets/{id}/software", get(page))
        .route("/assets/{id}/software.{kind}", get(file))
}

/// The packages a query asks for, in its order: whether the list is whole, or nothing when no report told.
fn rows(
    app: &App,
    actor: &Actor,
    id: AssetId,
    asked: &Asked,
) -> Result<Option<(Vec<Row>, bool)>, Problem> {
    let (column, descending) = asked.sort(SORTED_BY, "naam")?;
    let Some(shown) = app.asset_software(actor, id)? else { return Ok(None) };
    let wanted = asked.text("q").to_lowercase();
    let approval = |ecosystem: &str, name: &str| {
        let said = shown.decisions.iter();
        let mut said = said.filter(|one| one.ecosystem == ecosystem && one.name == name);
        said.next().map(|one| one.approval.to_string()).unwrap_or_default()
    };
    let mut rows: Vec<Row> = shown
        .packages
        .iter()
        .filter(|(one, publisher)| {
            one.name.to_lowercase().contains(&wanted) || publisher.to_lowercase().contains(&wanted)
        })
        .map(|(one, publisher)| Row {
            approval: approval(&one.ecosystem, &one.name),
            name: one.name.clone(),
            version: one.version.clone(),
            ecosystem: one.ecosystem.clone(),
            architecture: one.architecture.clone(),
            publisher: publisher.clone(),
        })
        .collect();
    if column == "herkomst" {
        rows.sort_by(|one, other| one.ecosystem.cmp(&other.ecosystem));
    }
    if descending {
        rows.reverse();
    }
    Ok(Some((rows, shown.complete)))
}

async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let id = asset_id(&id)?;
    let asked = Asked::of(&format!("/assets/{id}/software"), query.as_deref(), KEYS)?;
    let page = blocking(move || {
        let detail = api.app.visible(&actor, id)?;
        let head = Head::of(&frame, &actor, &detail, Some("/software"));
        let found = rows(&api.app, &actor, id, &asked)?;
        let known = found.is_some();
        let (all, complete) = found.unwrap_or_default();
        let sorted = asked.sort(SORTED_BY, "naam")?;
        let columns = [
            ("col-name", "naam"),
            ("col-version", ""),
            ("asset-col-publisher", ""),
            ("asset-col-ecosystem", "herkomst"),
            ("asset-fact-architecture", ""),
            ("asset-col-approval", ""),
        ];
        let columns = columns.map(|(text, key)| asked.column(frame.t(text), key, sorted));
        let (page, total) = (asked.page()?, all.len() as u64);
        let skip = usize::try_from(page.offset).unwrap_or(usize::MAX);
        let rows: Vec<_> = all.into_iter().skip(skip).take(page.limit as usize).collect();
        Ok(SoftwarePage {
            pager: asked.pager(total, rows.len()),
            columns: columns.into(),
            done: asked.done(&frame),
            rows,
            known,
            complete,
            may_export: actor.may(Right::Export),
            head,
            frame,
            asked,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

async fn file(
    State(api): State<Api>,
    visitor: Visitor,
    Path((id, kind)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Export)?;
    let (id, kind) = (asset_id(&id)?, kind.parse()?);
    let asked = Asked::of(&format!("/assets/{id}/software"), query.as_deref(), KEYS)?;
    let app = api.app.clone();
    // What is wrong with the query is said before the file begins.
    let rows = blocking(move || rows(&app, &actor, id, &asked)).await?.unwrap_or_default().0;
    let heads: Vec<Column> = vec![
        ("name", frame.t("col-name")),
        ("version", frame.t("col-version")),
        ("publisher", frame.t("asset-col-publisher")),
        ("ecosystem", frame.t("asset-col-ecosystem")),
        ("architecture", frame.t("asset-fact-architecture")),
        ("approval", frame.t("asset-col-approval")),
    ];
    Ok(export::send("software", kind, heads, move |page| {
        let skip = usize::try_from(page.offset).unwrap_or(usize::MAX);
        let rows = rows.iter().skip(skip).take(page.limit as usize).map(|row| {
            [
                &row.name,
                &row.version,
                &row.publisher,
                &row.ecosystem,
                &row.architecture,
                &row.approval,
            ]
            .map(Clone::clone)
            .into()
        });
        Ok(rows.collect())
    }))
}
