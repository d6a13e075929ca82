//! Search over everything: what a text names, by kind.

#[cfg(test)]
mod tests;

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use belfort_model::advisory::CveId;
use http::StatusCode;

use super::frame::{Frame, Visitor};
use super::list::Asked;
use super::render;
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::app::search::{self, Found};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{FindingView, RiskView, VulnerabilityView};

/// Something that was found.
struct Hit {
    href: String,
    name: String,
    /// What it is, or why it was found.
    about: String,
}

/// Hits of one kind.
struct Group {
    /// Its id on the page.
    id: &'static str,
    heading: String,
    hits: Vec<Hit>,
    /// How many there are, and where all of them are, when not all are here.
    all: Option<(u64, String)>,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    q: String,
    /// The vulnerability that was asked for.
    vulnerability: Option<VulnerabilityView>,
    groups: Vec<Group>,
}

impl SearchPage {
    /// How many there are, also of what is not shown.
    fn count(&self) -> u64 {
        let of = |group: &Group| match &group.all {
            Some((total, _)) => *total,
            None => group.hits.len() as u64,
        };
        self.groups.iter().map(of).sum()
    }
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/zoeken", get(page))
}

/// A value in a query.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn groups(app: &App, actor: &Actor, frame: &Frame, q: &str) -> Result<Vec<Group>, Problem> {
    let Found { assets, carried, software, findings, risks, units } =
        app.search(actor, q, clock::now())?;
    let shown = u64::from(search::MOST);
    let more = |total: u64, href: String| (total > shown).then_some((total, href));
    let mut groups = Vec::new();
    let mut add = |id, hits: Vec<Hit>, all| {
        if !hits.is_empty() {
            groups.push(Group { id, heading: frame.t(&format!("search-{id}")), hits, all });
        }
    };
    let hits = assets.items.into_iter().map(|one| Hit {
        href: format!("/assets/{}", one.asset.id),
        name: one.asset.name,
        about: [
            frame.code("subtype", one.asset.subtype.as_str()),
            one.os_name,
            one.owner_unit.map(|unit| unit.name).unwrap_or_default(),
        ]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(" · "),
    });
    add("assets", hits.collect(), more(assets.total, format!("/assets?q={}", encoded(q))));
    let hits = carried.into_iter().map(|one| {
        let what = one.kind.map_or("ip-address", belfort_model::evidence::EvidenceKind::as_str);
        Hit {
            href: format!("/assets/{}", one.asset),
            name: one.asset_name,
            about: format!("{}: {}", frame.code("search-by", what), one.value),
        }
    });
    add("carried", hits.collect(), None);
    let hits = software.items.into_iter().map(|one| Hit {
        href: format!("/software/{}", one.software.id),
        name: one.software.name,
        about: format!("{} · {}", one.software.ecosystem, frame.count("assets", one.assets)),
    });
    add("software", hits.collect(), more(software.total, format!("/software?q={}", encoded(q))));
    let hits = findings.into_iter().map(|one| {
        let view = FindingView::of(one, &app.catalogue);
        Hit {
            href: format!("/bevindingen/{}", view.id),
            name: frame.pick(&view.title_nl, &view.title_en).to_owned(),
            about: view.asset_name,
        }
    });
    add("findings", hits.collect(), None);
    let hits = risks.into_iter().map(|one| {
        let view = RiskView::of(one, &app.catalogue);
        Hit {
            href: format!("/risicos/{}", view.reference),
            about: frame.pick(&view.title_nl, &view.title_en).to_owned(),
            name: view.reference,
        }
    });
    add("risks", hits.collect(), None);
    let hits = units.into_iter().map(|unit| Hit {
        href: format!("/eigenaars/{}", encoded(&unit.code)),
        name: unit.name,
        about: unit.code,
    });
    add("units", hits.collect(), None);
    Ok(groups)
}

/// The page.
async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of("/zoeken", query.as_deref(), &["q"])?;
    let q = asked.text("q").to_owned();
    let page = blocking(move || {
        let app = &api.app;
        let vulnerability = match q.parse::<CveId>() {
            Ok(_) => {
                let (cve, report) = app.advisory_of_cve(&actor, &q)?;
                Some(VulnerabilityView::of(cve, report))
            }
            Err(_) => None,
        };
        let groups = groups(app, &actor, &frame, &q)?;
        Ok(SearchPage { frame, q, vulnerability, groups })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}
