//! Monthly reports.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use belfort_model::id::ReportId;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::agents::invalid;
use super::auth::{By, Json, Path, Query, blocking};
use super::problem::{Problem, Reads, Writes};
use super::{Api, Paging};
use crate::app::access::Right;
use crate::app::reports::{Asked, Frozen};
use crate::clock;
use crate::i18n::Language;
use crate::report::document::Kind;
use crate::report::html as page;
use crate::report::render::{Form, RenderError, render};
use crate::view::{List, ReportView, VerifiedView};

impl From<RenderError> for Problem {
    fn from(error: RenderError) -> Self {
        tracing::error!(%error, "a report cannot be written");
        Self::internal()
    }
}

/// Frozen reports, newest first.
#[utoipa::path(get, path = "/api/v1/reports", tag = "reports", params(Paging), responses(
    (status = 200, body = List<ReportView>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<ReportView>>, Problem> {
    actor.require_for(Right::Export, None)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    let reports = blocking(move || Ok(api.app.report_list(&actor, page)?)).await?;
    Ok(axum::Json(List::of(reports, ReportView::from)))
}

/// A report to freeze.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReport {
    /// The month it is about, for example `2026-11`; that of the cut-off when left out.
    #[schema(max_length = 7)]
    pub month: Option<String>,
    /// The day at whose end the state is shown, for example `2026-11-23`; the last day of the month, or
    /// today when that has not come yet, when left out.
    #[schema(max_length = 10)]
    pub cut_off: Option<String>,
    /// Language it is presented in: `nl` (when left out) or `en`.
    #[schema(max_length = 2)]
    pub language: Option<String>,
}

fn asked(month: Option<&str>, cut_off: Option<&str>) -> Result<Asked, Problem> {
    let month = month.map(|text| text.parse().map_err(invalid("month"))).transpose()?;
    let cut_off = cut_off.map(|text| text.parse().map_err(invalid("cut_off"))).transpose()?;
    Ok(Asked::new(month, cut_off, clock::now())?)
}

fn language(text: Option<&str>) -> Result<Option<Language>, Problem> {
    text.map(|text| text.parse().map_err(invalid("language"))).transpose()
}

fn kind(text: Option<&str>) -> Result<Kind, Problem> {
    let kind = text.map(|text| text.parse().map_err(invalid("kind"))).transpose()?;
    Ok(kind.unwrap_or_default())
}

/// Makes the report of a month and freezes it.
#[utoipa::path(post, path = "/api/v1/reports", tag = "reports", request_body = NewReport, responses(
    (status = 201, body = ReportView),
    Writes,
))]
pub async fn create(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewReport>,
) -> Result<(StatusCode, axum::Json<ReportView>), Problem> {
    actor.require_for(Right::Manage, None)?;
    let asked = asked(new.month.as_deref(), new.cut_off.as_deref())?;
    let language = language(new.language.as_deref())?.unwrap_or(Language::Nl);
    let frozen =
        blocking(move || Ok(api.app.report_freeze(&actor, asked, language, clock::now())?)).await?;
    Ok((StatusCode::CREATED, axum::Json(frozen.record.into())))
}

/// What to preview.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PreviewQuery {
    /// The month it is about, for example `2026-11`.
    #[param(max_length = 7)]
    month: Option<String>,
    /// The day at whose end the state is shown, for example `2026-11-23`.
    #[param(max_length = 10)]
    cut_off: Option<String>,
    /// `nl` (when left out) or `en`.
    #[param(max_length = 2)]
    language: Option<String>,
    /// `html` (when left out), `pdf`, `csv` or `json`.
    #[param(max_length = 4)]
    format: Option<String>,
    /// `monthly` (when left out) or `cyfun`, the evidence for an assessment by CyFun 2025.
    #[param(max_length = 7)]
    kind: Option<String>,
}

/// The report of a month as it would be frozen now, in one of its forms.
#[utoipa::path(get, path = "/api/v1/reports/preview", tag = "reports", params(PreviewQuery), responses(
    (status = 200, content(
        (String = "text/html"),
        (String = "application/pdf"),
        (String = "text/csv"),
        (Object = "application/json"),
    )),
    Reads,
))]
pub async fn preview(
    State(api): State<Api>,
    By(actor): By,
    Query(query): Query<PreviewQuery>,
) -> Result<Response, Problem> {
    actor.require_for(Right::Export, None)?;
    let asked = asked(query.month.as_deref(), query.cut_off.as_deref())?;
    let language = language(query.language.as_deref())?.unwrap_or(Language::Nl);
    let form = query.format.map(|text| text.parse().map_err(invalid("format"))).transpose()?;
    let form = form.unwrap_or(Form::Html);
    let kind = kind(query.kind.as_deref())?;
    let (month, bytes) = blocking(move || {
        let made = api.app.report_preview(&actor, asked)?;
        let bytes = render(&made, kind, form, language)?;
        Ok((kind.file(&made.report.month), bytes))
    })
    .await?;
    Ok(file(form, &month, bytes))
}

/// One frozen report.
#[utoipa::path(get, path = "/api/v1/reports/{id}", tag = "reports",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = ReportView),
    Reads,
))]
pub async fn show(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<axum::Json<ReportView>, Problem> {
    actor.require_for(Right::Export, None)?;
    let id: ReportId = id.parse().map_err(invalid("id"))?;
    let frozen = blocking(move || Ok(api.app.report_get(&actor, id)?)).await?;
    Ok(axum::Json(frozen.record.into()))
}

/// Whether a frozen report is what it was: its hash is computed again.
#[utoipa::path(get, path = "/api/v1/reports/{id}/verification", tag = "reports",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = VerifiedView),
    Reads,
))]
pub async fn verify(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<axum::Json<VerifiedView>, Problem> {
    actor.require_for(Right::Export, None)?;
    let id: ReportId = id.parse().map_err(invalid("id"))?;
    let verified = blocking(move || Ok(api.app.report_verify(&actor, id)?)).await?;
    Ok(axum::Json(verified.into()))
}

/// In which language, and what of it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FormQuery {
    /// `nl` or `en`; the language it was presented in when left out.
    #[param(max_length = 2)]
    language: Option<String>,
    /// `monthly` (when left out) or `cyfun`: one frozen report holds the content of both.
    #[param(max_length = 7)]
    kind: Option<String>,
}

/// A frozen report as a page that can be printed.
#[utoipa::path(get, path = "/api/v1/reports/{id}/html", tag = "reports",
    params(("id" = String, Path, format = Uuid), FormQuery), responses(
    (status = 200, body = String, content_type = "text/html"),
    Reads,
))]
pub async fn html(
    api: State<Api>,
    by: By,
    id: Path<String>,
    query: Query<FormQuery>,
) -> Result<Response, Problem> {
    frozen(api, by, id, query, Form::Html).await
}

/// A frozen report as PDF.
#[utoipa::path(get, path = "/api/v1/reports/{id}/pdf", tag = "reports",
    params(("id" = String, Path, format = Uuid), FormQuery), responses(
    (status = 200, body = String, content_type = "application/pdf"),
    Reads,
))]
pub async fn pdf(
    api: State<Api>,
    by: By,
    id: Path<String>,
    query: Query<FormQuery>,
) -> Result<Response, Problem> {
    frozen(api, by, id, query, Form::Pdf).await
}

/// The tables of a frozen report as CSV.
#[utoipa::path(get, path = "/api/v1/reports/{id}/csv", tag = "reports",
    params(("id" = String, Path, format = Uuid), FormQuery), responses(
    (status = 200, body = String, content_type = "text/csv"),
    Reads,
))]
pub async fn csv(
    api: State<Api>,
    by: By,
    id: Path<String>,
    query: Query<FormQuery>,
) -> Result<Response, Problem> {
    frozen(api, by, id, query, Form::Csv).await
}

/// The content of a frozen report and its hash.
#[utoipa::path(get, path = "/api/v1/reports/{id}/json", tag = "reports",
    params(("id" = String, Path, format = Uuid), FormQuery), responses(
    (status = 200, body = Object, content_type = "application/json"),
    Reads,
))]
pub async fn json(
    api: State<Api>,
    by: By,
    id: Path<String>,
    query: Query<FormQuery>,
) -> Result<Response, Problem> {
    frozen(api, by, id, query, Form::Json).await
}

async fn frozen(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    Query(query): Query<FormQuery>,
    form: Form,
) -> Result<Response, Problem> {
    actor.require_for(Right::Export, None)?;
    let id: ReportId = id.parse().map_err(invalid("id"))?;
    let wanted = language(query.language.as_deref())?;
    let kind = kind(query.kind.as_deref())?;
    let (month, bytes) = blocking(move || {
        let Frozen { record, made } = api.app.report_get(&actor, id)?;
        let presented = record.language.parse().unwrap_or(Language::Nl);
        let bytes = render(&made, kind, form, wanted.unwrap_or(presented))?;
        Ok((kind.file(&record.month), bytes))
    })
    .await?;
    Ok(file(form, &month, bytes))
}

/// A file for the browser: shown when it is a page, kept otherwise.
pub(crate) fn file(form: Form, month: &str, bytes: Vec<u8>) -> Response {
    let shown = if form == Form::Html { "inline" } else { "attachment" };
    let name = format!("{shown}; filename=\"belfort-{month}.{}\"", form.extension());
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.media_type()));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    let policy = match form {
        Form::Html => HeaderValue::from_str(&page::POLICY).ok(),
        _ => Some(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    };
    if let Some(policy) = policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
