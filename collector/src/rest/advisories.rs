//! Advisory data, and vulnerabilities that are passed over. Importing is left to the command line and to
//! the configured folder: the files are far larger than a request may be.

use axum::extract::State;
use belfort_model::id::SuppressionId;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::auth::{By, Json, Path, Query, blocking};
use super::problem::{Problem, Reads, Writes};
use crate::app::access::Right;
use crate::app::advisories::{NewSuppression, Where};
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{AdvisorySourceView, List, SuppressionView, VulnerabilityView};

/// Sources of advisory data, with their provenance and freshness.
#[utoipa::path(get, path = "/api/v1/advisories", tag = "advisories", responses(
    (status = 200, body = List<AdvisorySourceView>),
    Reads,
))]
pub async fn sources(
    State(api): State<Api>,
    By(actor): By,
) -> Result<axum::Json<List<AdvisorySourceView>>, Problem> {
    actor.require(Right::Read)?;
    let sources = blocking(move || Ok(api.app.advisory_sources(&actor)?)).await?;
    let now = clock::now();
    Ok(axum::Json(List::all(sources, |source| AdvisorySourceView::of(source, now))))
}

/// Everything known about a vulnerability.
#[utoipa::path(get, path = "/api/v1/vulnerabilities/{code}", tag = "advisories",
    params(("code" = String, Path, description = "For example CVE-2024-3094")), responses(
    (status = 200, body = VulnerabilityView),
    Reads,
))]
pub async fn vulnerability(
    State(api): State<Api>,
    By(actor): By,
    Path(code): Path<String>,
) -> Result<axum::Json<VulnerabilityView>, Problem> {
    actor.require(Right::Read)?;
    let (cve, report) = blocking(move || Ok(api.app.advisory_of_cve(&actor, &code)?)).await?;
    if report.facts.is_empty() && report.affected.is_empty() {
        return Err(Problem::not_found(format!("no imported advisory data names {cve}")));
    }
    Ok(axum::Json(VulnerabilityView::of(cve, report)))
}

/// Which suppressions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SuppressionQuery {
    /// Only those that hold now.
    #[serde(default)]
    active: bool,
    /// How many at most, 1 to 1000.
    #[serde(default = "super::default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: u32,
    /// How many to pass over.
    #[serde(default)]
    offset: u64,
}

/// Vulnerabilities that are passed over, newest first.
#[utoipa::path(get, path = "/api/v1/suppressions", tag = "advisories", params(SuppressionQuery), responses(
    (status = 200, body = List<SuppressionView>),
    Reads,
))]
pub async fn suppressions(
    State(api): State<Api>,
    By(actor): By,
    Query(query): Query<SuppressionQuery>,
) -> Result<axum::Json<List<SuppressionView>>, Problem> {
    actor.require(Right::Read)?;
    let page = super::Paging::page(query.limit, query.offset)?;
    let now = clock::now();
    let all = blocking(move || Ok(api.app.suppressions(&actor, query.active, now)?)).await?;
    let total = all.len() as u64;
    let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let items = all.into_iter().skip(offset).take(limit).map(SuppressionView::from).collect();
    Ok(axum::Json(List { items, total }))
}

/// A vulnerability to pass over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSuppressionBody {
    /// The vulnerability.
    #[schema(max_length = 32)]
    pub cve: String,
    /// Only in this source package.
    #[schema(max_length = 256)]
    pub package: Option<String>,
    /// Only on the assets of the unit with this code and of those below it.
    #[schema(max_length = 32)]
    pub unit: Option<String>,
    /// Only on this asset, by id.
    #[schema(max_length = 36)]
    pub asset: Option<String>,
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
    /// For how many days.
    #[schema(minimum = 1, maximum = 365)]
    pub days: i64,
}

/// Passes over a vulnerability, for a reason and for a time.
#[utoipa::path(post, path = "/api/v1/suppressions", tag = "advisories",
    request_body = NewSuppressionBody, responses(
    (status = 201, body = SuppressionView),
    Writes,
))]
pub async fn suppress(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewSuppressionBody>,
) -> Result<(StatusCode, axum::Json<SuppressionView>), Problem> {
    actor.require(Right::Triage)?;
    actor.require(Right::Manage)?;
    let holds = match (new.unit, new.asset) {
        (None, None) => Where::Everywhere,
        (Some(unit), None) => Where::Unit(unit),
        (None, Some(asset)) => Where::Asset(asset.parse().map_err(invalid("asset"))?),
        (Some(_), Some(_)) => {
            return Err(Problem::bad_request("give `unit` or `asset`, not both"));
        }
    };
    let NewSuppressionBody { cve, package, reason, days, .. } = new;
    let new = NewSuppression { cve, package, holds, reason, days };
    let wake = api.wake.clone();
    let made = blocking(move || Ok(api.app.suppress(&actor, &new, clock::now())?)).await?;
    wake.notify_one();
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}

/// Ends a suppression before its time.
#[utoipa::path(delete, path = "/api/v1/suppressions/{id}", tag = "advisories",
    params(("id" = String, Path, description = "Id of the suppression")), responses(
    (status = 204),
    Writes,
))]
pub async fn unsuppress(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    actor.require(Right::Triage)?;
    actor.require(Right::Manage)?;
    let id: SuppressionId = id.parse().map_err(invalid("id"))?;
    let wake = api.wake.clone();
    blocking(move || Ok(api.app.unsuppress(&actor, id, clock::now())?)).await?;
    wake.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
