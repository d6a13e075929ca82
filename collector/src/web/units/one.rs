//! One unit: where it belongs, what it answers for, and what is wrong with that.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use belfort_model::unit::OrgUnit;
use belfort_store::record::{AssetFilter, AssetSort, Page, RiskFilter};
use http::StatusCode;

use super::last_day;
use super::tally::{Tallies, UnitTally};
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{Asset, List, RiskView};
use crate::web::frame::{Frame, Visitor};
use crate::web::list::Asked;
use crate::web::render;

/// Lines shown of each list.
const LINES: Page = Page { limit: 10, offset: 0 };

/// A unit nearby: code and name.
type Near = (String, String);

#[derive(Template)]
#[template(path = "unit.html")]
struct UnitPage {
    frame: Frame,
    done: Option<String>,
    unit: OrgUnit,
    end: Option<String>,
    has_ended: bool,
    /// From the top to the unit it is part of.
    above: Vec<Near>,
    below: Vec<Near>,
    tally: UnitTally,
    assets: List<Asset>,
    risks: List<RiskView>,
    may_edit: bool,
}

/// The unit with this code; 404 when there is none.
pub(super) fn found(app: &App, code: &str) -> Result<OrgUnit, Problem> {
    let unit = app.store.unit_by_code(code)?;
    unit.ok_or_else(|| Problem::not_found(format!("there is no unit with code `{code}`")))
}

fn near(unit: &OrgUnit) -> Near {
    (unit.code.clone(), unit.name.clone())
}

/// The units above, the highest first. A circle an older version let in ends the walk.
fn above(unit: &OrgUnit, units: &[OrgUnit]) -> Vec<Near> {
    let mut way: Vec<&OrgUnit> = Vec::new();
    let mut next = unit.parent;
    while let Some(parent) = units.iter().find(|one| Some(one.id) == next) {
        if way.iter().any(|one| one.id == parent.id) {
            break;
        }
        way.push(parent);
        next = parent.parent;
    }
    way.into_iter().rev().map(near).collect()
}

/// Whether somebody may change this unit.
pub(super) fn may_edit(actor: &Actor, unit: &OrgUnit) -> bool {
    actor.require_for(Right::Manage, Some(unit.id)).is_ok()
}

/// The page.
pub(super) async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    Path(code): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of(&format!("/eigenaars/{code}"), query.as_deref(), &[])?;
    let page = blocking(move || {
        let unit = found(&api.app, &code)?;
        let units = api.app.store.unit_list()?;
        let worst = AssetFilter {
            unit: vec![unit.id],
            in_service: true,
            scope: actor.scope(Right::Read),
            sort: AssetSort::FindingsDescending,
            ..AssetFilter::default()
        };
        let risks = RiskFilter { unit: Some(unit.id), open: true, ..RiskFilter::default() };
        let risks = api.app.risk_list(&actor, &risks, None, LINES)?;
        Ok(UnitPage {
            above: above(&unit, &units),
            below: units.iter().filter(|one| one.parent == Some(unit.id)).map(near).collect(),
            tally: Tallies::read(&api.app, &actor)?.of(unit.id),
            assets: List::of(api.app.store.asset_list(&worst, LINES)?, Asset::from),
            risks: List::of(risks, |risk| RiskView::of(risk, &api.app.catalogue)),
            end: last_day(&unit),
            has_ended: !unit.is_active(clock::now()),
            may_edit: may_edit(&actor, &unit),
            done: asked.done(&frame),
            frame,
            unit,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}
