//! One entry of the catalogue: who has it, when its support ends, and what the organisation says of it.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use belfort_model::advisory::{Ends, ReleaseCycle};
use belfort_model::id::SoftwareId;
use belfort_model::software::{Approval, LicenceType};
use belfort_store::record::VersionCount;
use http::StatusCode;

use super::{APPROVALS, LICENCES, may_change};
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::app::software::{SoftwareChange, VersionFilter};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{InstalledView, List, SoftwareView};
use crate::web::choice;
use crate::web::export::{self, Head};
use crate::web::frame::{Frame, Visitor};
use crate::web::list::{Asked, Pager};
use crate::web::render;
use crate::web::sent::{Fields, Sent};

/// Filters of who has it.
const KEYS: &[&str] = &["versie"];

/// A release and the end of its support, in words.
struct Support {
    cycle: String,
    latest: String,
    /// A day, `ja`, `nee` or nothing when the feed does not say.
    ends: String,
    extended: String,
}

#[derive(Template)]
#[template(path = "software_one.html")]
struct OnePage {
    frame: Frame,
    asked: Asked,
    done: Option<String>,
    software: SoftwareView,
    versions: Vec<VersionCount>,
    is_ordered: bool,
    installed: List<InstalledView>,
    support: Vec<Support>,
    approvals: &'static [Approval],
    pager: Pager,
    may_change: bool,
    may_export: bool,
}

#[derive(Template)]
#[template(path = "software_form.html")]
struct FormPage {
    frame: Frame,
    software: SoftwareView,
    licences: &'static [LicenceType],
    units: Vec<(String, String)>,
}

/// What an address says after the entry's id: the kind of file, when it asks for one.
fn named(text: &str) -> Result<(SoftwareId, Option<export::Kind>), Problem> {
    let (id, kind) = match text.split_once('.') {
        Some((id, kind)) => (id, Some(kind.parse()?)),
        None => (text, None),
    };
    let none = |_| Problem::not_found(format!("there is no software `{text}`"));
    Ok((id.parse().map_err(none)?, kind))
}

fn id_of(text: &str) -> Result<SoftwareId, Problem> {
    match named(text)? {
        (id, None) => Ok(id),
        (_, Some(_)) => Err(Problem::not_found(format!("there is no software `{text}`"))),
    }
}

/// The entry, or who has it as a file.
pub(super) async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    Path(text): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let (id, kind) = named(&text)?;
    let asked = Asked::of(&format!("/software/{id}"), query.as_deref(), KEYS)?;
    asked.sort(&[], "naam")?;
    let wanted: Option<VersionFilter> = asked.parse("versie")?;
    if let Some(kind) = kind {
        actor.require(Right::Export)?;
        return file(api, actor, &frame, id, kind, wanted).await;
    }
    let page = blocking(move || {
        let shown = api.app.software(&actor, id, wanted.as_ref(), asked.page()?)?;
        let units = api.app.store.unit_list()?;
        let software = SoftwareView::of(shown.summary, &units);
        let installed = List::of(shown.installed, InstalledView::from);
        Ok(OnePage {
            support: support(&api.app, &actor, &frame, &software.eol_product)?,
            pager: asked.pager(installed.total, installed.items.len()),
            done: asked.done(&frame),
            approvals: APPROVALS,
            may_change: may_change(&actor),
            may_export: actor.may(Right::Export),
            frame,
            asked,
            software,
            versions: shown.versions,
            is_ordered: shown.is_ordered,
            installed,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// Releases of the product in end-of-life data, newest first; none when no feed knows it.
fn support(
    app: &App,
    actor: &Actor,
    frame: &Frame,
    product: &str,
) -> Result<Vec<Support>, Problem> {
    let mut found: Vec<ReleaseCycle> = Vec::new();
    if product.is_empty() {
        return Ok(Vec::new());
    }
    for source in app.advisory_sources(actor)? {
        if source.source.kind.as_str() == "endoflife" {
            found.extend(app.store.advisory_cycles(source.load)?);
        }
    }
    found.retain(|cycle| cycle.product == product);
    found.sort_by_key(|cycle| cycle.position);
    let words = |ends: Option<&Ends>| match ends {
        Some(Ends::On(day)) => frame.day(day),
        Some(Ends::Known(true)) => frame.t("software-support-over"),
        Some(Ends::Known(false)) => frame.t("software-support-holds"),
        None => frame.t("unknown"),
    };
    let shown = |cycle: ReleaseCycle| Support {
        ends: words(cycle.ends.as_ref()),
        extended: cycle.extended_ends.as_ref().map_or_else(String::new, |ends| words(Some(ends))),
        cycle: cycle.cycle,
        latest: cycle.latest,
    };
    Ok(found.into_iter().map(shown).collect())
}

async fn file(
    api: Api,
    actor: Actor,
    frame: &Frame,
    id: SoftwareId,
    kind: export::Kind,
    wanted: Option<VersionFilter>,
) -> Result<Response, Problem> {
    let heads: Vec<Head> = vec![
        ("asset", "Id".to_owned()),
        ("asset_name", frame.t("col-asset")),
        ("unit", frame.t("col-unit")),
        ("version", frame.t("col-version")),
        ("architecture", frame.t("software-architecture")),
        ("source_name", frame.t("software-source-package")),
        ("source_version", frame.t("software-source-version")),
    ];
    // What cannot be answered is refused before a file begins.
    let (app, first) = (api.app.clone(), belfort_store::record::Page { limit: 1, offset: 0 });
    let (by, filter) = (actor.clone(), wanted.clone());
    blocking(move || Ok(app.software(&by, id, filter.as_ref(), first).map(drop)?)).await?;
    Ok(export::send("software-installed", kind, heads, move |page| {
        let shown = api.app.software(&actor, id, wanted.as_ref(), page)?;
        Ok(shown.installed.items.into_iter().map(InstalledView::from).map(row).collect())
    }))
}

fn row(one: InstalledView) -> Vec<String> {
    vec![
        one.asset,
        one.asset_name,
        one.unit.unwrap_or_default(),
        one.version,
        one.architecture,
        one.source_name,
        one.source_version,
    ]
}

/// Says whether it may be used.
pub(super) async fn approve(
    State(api): State<Api>,
    Path(text): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let actor = visitor.may(Right::Manage)?.actor;
    let id = id_of(&text)?;
    let approval: Approval = fields.need_parsed("goedkeuring")?;
    let version = fields.need_parsed("versie")?;
    let wake = api.wake.clone();
    blocking(move || {
        let reason = fields.get("reden").unwrap_or_default();
        let now = clock::now();
        Ok(api.app.software_approve(&actor, id, approval, reason, Some(version), now)?)
    })
    .await?;
    // Assets that have it are evaluated anew.
    wake.notify_one();
    Ok(Redirect::to(&format!("/software/{id}?melding=software-beoordeeld")).into_response())
}

/// The form to change what people say of it.
pub(super) async fn form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    actor.require_for(Right::Manage, None)?;
    let id = id_of(&text)?;
    let page = blocking(move || {
        let one = belfort_store::record::Page { limit: 1, offset: 0 };
        let summary = api.app.software(&actor, id, None, one)?.summary;
        let units = api.app.store.unit_list()?;
        let software = SoftwareView::of(summary, &units);
        let kept = [software.responsible.as_deref(), software.accountable.as_deref()];
        let kept: Vec<_> = kept.into_iter().flatten().collect();
        Ok(FormPage {
            units: choice::among(units, &kept, clock::now()),
            software,
            licences: LICENCES,
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// What the form says. An empty field is one that was emptied.
fn changed(fields: &Fields) -> Result<SoftwareChange, Problem> {
    let text = |key: &str| Some(fields.get(key).unwrap_or_default().to_owned());
    Ok(SoftwareChange {
        version: Some(fields.need_parsed("versie")?),
        publisher: text("uitgever"),
        purpose: text("doel"),
        licence_type: fields.parse("licentie")?,
        responsible: text("beheerder"),
        accountable: text("verantwoordelijke"),
        eol_product: text("eol"),
    })
}

/// Changes what people say of it.
pub(super) async fn change(
    State(api): State<Api>,
    Path(text): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let actor = visitor.may(Right::Manage)?.actor;
    let id = id_of(&text)?;
    let change = changed(&fields)?;
    blocking(move || Ok(api.app.software_change(&actor, id, &change, clock::now())?)).await?;
    Ok(Redirect::to(&format!("/software/{id}?melding=software-gewijzigd")).into_response())
}
