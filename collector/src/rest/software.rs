//! Software: the catalogue, who has what, and what the organisation says of it.

use axum::extract::State;
use belfort_model::id::SoftwareId;
use belfort_model::software::{Approval, LicenceType};
use belfort_store::record::{Page, SoftwareFilter};
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::auth::{By, Json, Path, Query, blocking};
use super::precondition::{IfMatch, Versioned};
use super::problem::{Problem, Reads, Writes};
use super::risks::meant;
use super::{Api, Paging, default_limit};
use crate::app::access::{Actor, Right};
use crate::app::software::{SoftwareChange, VersionFilter};
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{List, SoftwareFull, SoftwareView};

/// Which software.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SoftwareQuery {
    /// Whose name or publisher contains this.
    #[param(max_length = 256)]
    text: Option<String>,
    /// With this approval: `approved`, `tolerated`, `denied` or `unknown`.
    approval: Option<String>,
    /// Of this ecosystem, for example `deb`.
    #[param(max_length = 32)]
    ecosystem: Option<String>,
    /// How many at most, 1 to 1000.
    #[serde(default = "default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: u32,
    /// How many to pass over.
    #[serde(default)]
    offset: u64,
}

/// Software that matches, by name.
#[utoipa::path(get, path = "/api/v1/software", tag = "software", params(SoftwareQuery), responses(
    (status = 200, body = List<SoftwareView>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    Query(query): Query<SoftwareQuery>,
) -> Result<axum::Json<List<SoftwareView>>, Problem> {
    actor.require(Right::Read)?;
    let page = Paging::page(query.limit, query.offset)?;
    let approval = query.approval.map(|text| text.parse().map_err(invalid("approval")));
    let approval = approval.transpose()?;
    let (text, ecosystem) = (query.text, query.ecosystem);
    let filter = SoftwareFilter { text, approval, ecosystem, ..SoftwareFilter::default() };
    let (found, units) = blocking(move || {
        Ok((api.app.software_list(&actor, filter, page)?, api.app.store.unit_list()?))
    })
    .await?;
    Ok(axum::Json(List::of(found, |one| SoftwareView::of(one, &units))))
}

/// Software that no device has yet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSoftware {
    /// Ecosystem, for example `deb`.
    #[schema(min_length = 1, max_length = 32, pattern = "^[a-z0-9]+$")]
    pub ecosystem: String,
    /// Name in the ecosystem.
    #[schema(min_length = 1, max_length = 256)]
    pub name: String,
}

/// Enters software that no device has yet, for example to deny it beforehand.
#[utoipa::path(post, path = "/api/v1/software", tag = "software", request_body = NewSoftware, responses(
    (status = 201, body = SoftwareFull),
    Writes,
))]
pub async fn create(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewSoftware>,
) -> Result<(StatusCode, axum::Json<SoftwareFull>), Problem> {
    actor.require(Right::Manage)?;
    let made = blocking(move || {
        let made = api.app.software_create(&actor, &new.ecosystem, &new.name, clock::now())?;
        full(&api, &actor, made.id, FIRST)
    })
    .await?;
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Which assets that have it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct HoldersQuery {
    /// Only with these versions: `<3.0.15`, `<=`, `>=`, `>` or one version exactly, in the order of the
    /// ecosystem.
    #[param(max_length = 200)]
    software_version: Option<String>,
    /// How many at most, 1 to 1000.
    #[serde(default = "default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: u32,
    /// How many to pass over.
    #[serde(default)]
    offset: u64,
}

/// One entry, with the assets that have it; its version is the `ETag`.
#[utoipa::path(get, path = "/api/v1/software/{id}", tag = "software",
    params(("id" = String, Path, format = Uuid), HoldersQuery), responses(
    (status = 200, body = SoftwareFull),
    Reads,
))]
pub async fn show(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    Query(query): Query<HoldersQuery>,
) -> Result<Versioned<SoftwareFull>, Problem> {
    actor.require(Right::Read)?;
    let id: SoftwareId = id.parse().map_err(invalid("id"))?;
    let page = Paging::page(query.limit, query.offset)?;
    let wanted = query.software_version.map(|text| text.parse::<VersionFilter>());
    let wanted = wanted.transpose().map_err(invalid("software_version"))?;
    let full = blocking(move || holders(&api, &actor, id, wanted.as_ref(), page));
    Ok(versioned(full.await?))
}

/// What people say of software; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedSoftware {
    /// The version it was read at: refused when it was changed meanwhile.
    pub version: Option<i64>,
    /// Who makes it.
    #[schema(max_length = 200)]
    pub publisher: Option<String>,
    /// What it is used for.
    #[schema(max_length = 1000)]
    pub purpose: Option<String>,
    /// `open_source`, `freeware`, `commercial`, `subscription`, `in_house` or `unknown`.
    pub licence_type: Option<String>,
    /// Code of the unit that looks after it; empty for none.
    #[schema(max_length = 32)]
    pub responsible: Option<String>,
    /// Code of the unit that answers for it; empty for none.
    #[schema(max_length = 32)]
    pub accountable: Option<String>,
    /// Its product in end-of-life data; empty for none.
    #[schema(max_length = 100)]
    pub eol_product: Option<String>,
}

/// Changes what people say of software.
#[utoipa::path(put, path = "/api/v1/software/{id}", tag = "software",
    params(("id" = String, Path, format = Uuid)), request_body = ChangedSoftware, responses(
    (status = 200, body = SoftwareFull),
    Writes,
))]
pub async fn change(
    State(api): State<Api>,
    By(actor): By,
    if_match: IfMatch,
    Path(id): Path<String>,
    Json(body): Json<ChangedSoftware>,
) -> Result<Versioned<SoftwareFull>, Problem> {
    actor.require(Right::Manage)?;
    let id: SoftwareId = id.parse().map_err(invalid("id"))?;
    let licence_type = body.licence_type.map(|text| text.parse::<LicenceType>());
    let licence_type = licence_type.transpose().map_err(invalid("licence_type"))?;
    let change = SoftwareChange {
        version: named(if_match, body.version)?,
        publisher: body.publisher,
        purpose: body.purpose,
        licence_type,
        responsible: body.responsible,
        accountable: body.accountable,
        eol_product: body.eol_product,
    };
    let changed = blocking(move || {
        let done = api.app.software_change(&actor, id, &change, clock::now());
        done.map_err(meant(if_match))?;
        full(&api, &actor, id, FIRST)
    });
    Ok(versioned(changed.await?))
}

/// Whether software may be used.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenApproval {
    /// `approved`, `tolerated`, `denied` or `unknown`.
    pub approval: String,
    /// Why; needed for a denial.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub reason: String,
    /// The version it was read at: refused when it was changed meanwhile.
    pub version: Option<i64>,
}

/// Says whether software may be used. Assets that have it are evaluated anew.
#[utoipa::path(put, path = "/api/v1/software/{id}/approval", tag = "software",
    params(("id" = String, Path, format = Uuid)), request_body = GivenApproval, responses(
    (status = 200, body = SoftwareFull),
    Writes,
))]
pub async fn approve(
    State(api): State<Api>,
    By(actor): By,
    if_match: IfMatch,
    Path(id): Path<String>,
    Json(given): Json<GivenApproval>,
) -> Result<Versioned<SoftwareFull>, Problem> {
    actor.require(Right::Manage)?;
    let id: SoftwareId = id.parse().map_err(invalid("id"))?;
    let approval: Approval = given.approval.parse().map_err(invalid("approval"))?;
    let wake = api.wake.clone();
    let approved = blocking(move || {
        let (reason, version) = (&given.reason, named(if_match, given.version)?);
        let done = api.app.software_approve(&actor, id, approval, reason, version, clock::now());
        done.map_err(meant(if_match))?;
        full(&api, &actor, id, FIRST)
    })
    .await?;
    wake.notify_one();
    Ok(versioned(approved))
}

/// The part of who has it that an answer to a change shows.
const FIRST: Page = Page { limit: 100, offset: 0 };

/// The version a change is made on: that of `If-Match`, or that of the body.
fn named(if_match: IfMatch, body: Option<i64>) -> Result<Option<i64>, Problem> {
    let version = if_match.0.map(i64::try_from).transpose();
    let version = version.map_err(|_| Problem::precondition_failed("there is no such version"))?;
    Ok(version.or(body))
}

fn versioned(software: SoftwareFull) -> Versioned<SoftwareFull> {
    Versioned(u64::try_from(software.software.version).unwrap_or(0), software)
}

fn full(api: &Api, actor: &Actor, id: SoftwareId, page: Page) -> Result<SoftwareFull, Problem> {
    holders(api, actor, id, None, page)
}

fn holders(
    api: &Api,
    actor: &Actor,
    id: SoftwareId,
    wanted: Option<&VersionFilter>,
    page: Page,
) -> Result<SoftwareFull, Problem> {
    let shown = api.app.software(actor, id, wanted, page)?;
    Ok(SoftwareFull::of(shown, &api.app.store.unit_list()?))
}
