//! Advisory data, and vulnerabilities that are passed over.

use axum::extract::{Request, State};
use belfort_model::id::SuppressionId;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::auth::{By, Json, Path, Query, blocking};
use super::problem::{Problem, Reads, Writes};
use super::spool;
use crate::app::AppError;
use crate::app::access::Right;
use crate::app::advisories::{Import, NewSuppression, Where};
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{AdvisorySourceView, ImportedView, List, SuppressionView, VulnerabilityView};

/// Largest file of advisory data that is taken over REST, bytes: ample for the lists of exploited
/// vulnerabilities, for EPSS and for the archive of a distribution. Larger ones come by the command line or
/// the configured folder.
pub(super) const FILE: u64 = 64 << 20;
/// Longest name of a file.
const NAME: usize = 128;

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

/// What is sent.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// Name of the file, as its publisher calls it, for example `DSA-5649-1.json`: some feeds say only
    /// there what they are about. It is needed.
    #[param(max_length = 128, pattern = "^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
    name: Option<String>,
    /// Which feed it is, where that does not show: `kev`, `eu_kev`, `epss`, `endoflife`, `osv`, `debian`,
    /// `msrc` or `vulnrichment`.
    kind: Option<String>,
    /// Take data that is older than what is there, or the same.
    #[serde(default)]
    force: bool,
    /// Read everything and change nothing.
    #[serde(default)]
    dry_run: bool,
}

/// A name of a file: never a way to another folder.
fn file_name(name: Option<String>) -> Result<String, Problem> {
    let fits = |name: &String| {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
        let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        begins && name.len() <= NAME && name.bytes().all(safe)
    };
    name.filter(fits).ok_or_else(|| {
        Problem::bad_request(format!(
            "name: give the name of the file as its publisher calls it, at most {NAME} of the \
             characters A-Z a-z 0-9 . _ + -, for example known_exploited_vulnerabilities.json"
        ))
    })
}

/// Imports one file of advisory data. The body is the file as its publisher ships it, packed by gzip or
/// zip or not, at most 64 MiB; which feed it is shows from its content. Importing the same file again
/// changes nothing, so this call takes no `Idempotency-Key`.
#[utoipa::path(post, path = "/api/v1/advisories/import", tag = "advisories", params(ImportQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 200, body = List<ImportedView>),
    Writes,
))]
pub async fn import(
    State(api): State<Api>,
    By(actor): By,
    Query(query): Query<ImportQuery>,
    request: Request,
) -> Result<axum::Json<List<ImportedView>>, Problem> {
    actor.require(Right::Administer)?;
    let name = file_name(query.name)?;
    let kind = query.kind.map(|kind| kind.parse().map_err(invalid("kind"))).transpose()?;
    let import = Import { kind, force: query.force, dry_run: query.dry_run };
    let file = spool::to_file(request.into_body(), &api.spool, FILE).await?;
    let imported = blocking(move || {
        let done = api.app.advisories_import_file(&actor, &file, &name, import, clock::now());
        let done = done.map_err(|error| match error {
            // The call was right; what is in the file is not.
            AppError::Invalid(reason) => Problem::unprocessable(reason),
            error => error.into(),
        })?;
        api.wake.notify_one();
        Ok(done)
    })
    .await?;
    Ok(axum::Json(List::all(vec![imported], ImportedView::from)))
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
