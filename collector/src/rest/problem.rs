//! Errors as problem details (RFC 9457): what happened and what to do, never what is behind it.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use belfort_model::access::Denied;
use belfort_store::StoreError;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::openapi::{
    ContentBuilder, Ref, RefOr, Response as ResponseDescription, ResponseBuilder,
};
use utoipa::{IntoResponses, ToSchema};

use crate::app::AppError;

/// An error.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// What kind of error it is.
    pub title: String,
    /// What happened and what to do.
    pub detail: String,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        Self { status: status.as_u16(), title, detail: detail.into() }
    }

    /// A value is wrong.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// What was asked for is not there.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// It is not the version the change was made on.
    pub fn precondition_failed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, detail)
    }

    /// It is not as the caller thinks it is.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// A rule does not allow it.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// The body is larger than what is read.
    pub fn too_large(most_bytes: u64) -> Self {
        let most = most_bytes >> 20;
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {most} MiB"))
    }

    /// Somebody who may not do this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// Nobody, or nobody we know.
    pub fn unauthorized() -> Self {
        let detail = "send a valid API token as `Authorization: Bearer …` (`belfort-collector \
            api-token create` makes one), or log in at /aanmelden";
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    /// Something failed that the caller cannot mend; the log says what.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the collector failed on this request; its log says why",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&self)).into_response();
        let problem = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, problem);
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Invalid(reason) => Self::bad_request(reason),
            AppError::Forbidden(reason) => Self::new(StatusCode::FORBIDDEN, reason),
            AppError::Store(error) => error.into(),
            AppError::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
            AppError::Random(_) | AppError::Login(_) => {
                tracing::error!(%error, "request failed");
                Self::internal()
            }
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Self::new(StatusCode::FORBIDDEN, denied.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::NotFound { .. } => StatusCode::NOT_FOUND,
            StoreError::Exists { .. } | StoreError::Conflict { .. } => StatusCode::CONFLICT,
            StoreError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            StoreError::Unavailable(_) | StoreError::NotWritable(_) => {
                tracing::error!(%error, "store failed");
                let detail = "the database is not available now, try again later";
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, detail);
            }
            StoreError::Newer { .. } | StoreError::Corrupt { .. } | StoreError::Database { .. } => {
                tracing::error!(%error, "store failed");
                return Self::internal();
            }
        };
        Self::new(status, error.to_string())
    }
}

/// What every call that only reads can answer beside its own: for the description of the API.
pub struct Reads;

/// What every call that changes something can answer beside its own: for the description of the API.
pub struct Writes;

impl IntoResponses for Reads {
    fn responses() -> BTreeMap<String, RefOr<ResponseDescription>> {
        problems(&[
            (400, "A parameter is wrong"),
            (401, "No valid API token or session"),
            (403, "The role does not allow it, or not for this unit"),
            (404, "It does not exist"),
            (503, "The database is not available now"),
        ])
    }
}

impl IntoResponses for Writes {
    fn responses() -> BTreeMap<String, RefOr<ResponseDescription>> {
        let mut all = Reads::responses();
        all.extend(problems(&[
            (409, "It exists already, or was changed meanwhile"),
            (412, "It is not the version that `If-Match` names"),
            (413, "The body is too large"),
            (415, "The body is not JSON"),
            (422, "A rule of the register does not allow it"),
        ]));
        all
    }
}

fn problems(all: &[(u16, &str)]) -> BTreeMap<String, RefOr<ResponseDescription>> {
    let schema = Ref::from_schema_name("Problem");
    all.iter()
        .map(|(status, description)| {
            let content = ContentBuilder::new().schema(Some(schema.clone())).build();
            let response = ResponseBuilder::new()
                .description(*description)
                .content("application/problem+json", content)
                .build();
            (status.to_string(), RefOr::T(response))
        })
        .collect()
}

/// A path that exists, with another method.
pub async fn method_not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this address does not take this method")
}

/// A path that does not exist.
pub async fn no_such_path() -> Problem {
    Problem::not_found("there is nothing at this address; /api/v1/openapi.json lists what there is")
}
