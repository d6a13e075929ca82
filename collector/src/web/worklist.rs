//! The worklist: what the register still needs, kind by kind, with what is proposed.

mod act;
mod duties;
mod kind;
mod proposal;
mod rows;
#[cfg(test)]
mod tests;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use belfort_model::scheme::Scheme;
use http::StatusCode;

use super::frame::{Frame, Visitor};
use super::list::{Asked, Pager};
use super::render;
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
pub(super) use duties::Duties;
pub(super) use kind::Kind;
use kind::What;
use rows::{Rows, Work};

/// Filters of the kinds that list assets.
const KEYS: &[&str] = &["q", "dienst"];

/// Bytes of a form at most: the longest page, each row with what was proposed for it.
const FORM: usize = 512 << 10;

/// A kind of work and how much of it there is.
struct Tab {
    code: &'static str,
    title: String,
    about: String,
    count: u64,
    current: bool,
}

#[derive(Template)]
#[template(path = "worklist.html")]
struct OverviewPage {
    frame: Frame,
    tabs: Vec<Tab>,
    total: u64,
    checked: String,
}

#[derive(Template)]
#[template(path = "worklist_kind.html")]
struct KindPage {
    frame: Frame,
    asked: Asked,
    done: Option<String>,
    tabs: Vec<Tab>,
    kind: Kind,
    title: String,
    about: String,
    rows: Rows,
    proposals: usize,
    units: Vec<(String, String)>,
    scheme: Scheme,
    pager: Pager,
    checked: String,
    may_manage: bool,
    may_confirm: bool,
    may_export: bool,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/werklijst", get(overview))
        .route("/werklijst/{kind}", get(page).post(act::act))
        .layer(DefaultBodyLimit::max(FORM))
}

/// All kinds with their counts.
fn tabs(
    app: &App,
    actor: &Actor,
    frame: &Frame,
    current: Option<Kind>,
) -> Result<Vec<Tab>, Problem> {
    let now = clock::now();
    let (duties, _) = Duties::read(app, actor, now)?;
    let tab = |kind: &Kind| {
        Ok(Tab {
            code: kind.code(),
            title: frame.t(&format!("work-{}", kind.code())),
            about: frame.t(&format!("work-about-{}", kind.code())),
            count: match duties.work(*kind) {
                Some(count) => count,
                None => rows::count(app, actor, *kind, now)?,
            },
            current: current == Some(*kind),
        })
    };
    Kind::ALL.iter().map(tab).collect()
}

/// What work there is.
async fn overview(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    Asked::of("/werklijst", query.as_deref(), &[])?;
    let page = blocking(move || {
        let tabs = tabs(&api.app, &actor, &frame, None)?;
        Ok(OverviewPage {
            total: tabs.iter().map(|tab| tab.count).sum(),
            checked: clock::now().to_string(),
            tabs,
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// One kind of work.
async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    Path(text): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let (name, file) = match text.split_once('.') {
        Some((name, file)) => (name, Some(file.parse()?)),
        None => (text.as_str(), None),
    };
    let kind: Kind = name.parse()?;
    let keys = if kind.what() == What::Assets { KEYS } else { &[] };
    let asked = Asked::of(&format!("/werklijst/{}", kind.code()), query.as_deref(), keys)?;
    asked.sort(&[], "naam")?;
    if let Some(file) = file {
        actor.require(Right::Export)?;
        return rows::send(api, actor, frame, kind, asked, file).await;
    }
    let page = blocking(move || {
        let rows = Rows::read(&api.app, &actor, kind, &asked, asked.page()?)?;
        let units = api.app.store.unit_list()?.into_iter();
        let now = clock::now();
        Ok(KindPage {
            tabs: tabs(&api.app, &actor, &frame, Some(kind))?,
            title: frame.t(&format!("work-{}", kind.code())),
            about: frame.t(&format!("work-about-{}", kind.code())),
            proposals: rows.proposals(),
            units: units
                .filter(|unit| unit.is_active(now))
                .map(|unit| (unit.code, unit.name))
                .collect(),
            scheme: api.app.registry.scheme("")?,
            pager: asked.pager(rows.total, rows.len()),
            done: asked.done(&frame),
            checked: now.to_string(),
            may_manage: actor.may(Right::Manage),
            may_confirm: actor.may(Right::Confirm),
            may_export: actor.may(Right::Export),
            frame,
            asked,
            kind,
            rows,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}
