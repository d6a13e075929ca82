//! Who asks: the holder of the API token in the `Authorization` header, or of the session in the cookie.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use http::header;
use http::request::Parts;

use super::problem::Problem;
use super::{Api, session};
use crate::app::access::Actor;
use crate::app::callers::Caller;
use crate::clock;

/// The actor of a request. A handler that takes it cannot be called by nobody, nor by somebody who has
/// yet to set up a second factor.
pub struct By(pub Actor);

impl FromRequestParts<Api> for By {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Me(caller, _) = Me::from_request_parts(parts, api).await?;
        if caller.second_factor_due {
            let detail = "this role needs a second factor: set one up first, at /tweede-factor";
            return Err(Problem::forbidden(detail));
        }
        Ok(Self(caller.actor))
    }
}

/// The caller with its own account, and where it calls from.
pub struct Me(pub Caller, pub Option<SessionSecret>);

/// The secret of the caller's session.
pub struct SessionSecret(pub String);

impl FromRequestParts<Api> for Me {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let app = api.app.clone();
        let now = clock::now();
        if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
            let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
            let token = token.ok_or_else(Problem::unauthorized)?.trim().to_owned();
            let caller = blocking(move || Ok(app.caller_by_api_token(&token, now)?)).await?;
            return caller.map(|caller| Self(caller, None)).ok_or_else(Problem::unauthorized);
        }
        let secret =
            session::cookie(&parts.headers, session::COOKIE).ok_or_else(Problem::unauthorized)?;
        if !parts.method.is_safe() {
            let token = parts.headers.get(session::CSRF_HEADER);
            let token = token.and_then(|value| value.to_str().ok()).unwrap_or_default();
            let own = session::is_same_origin(&parts.headers, app.login.url.as_deref());
            if !own || !session::is_csrf_token(&secret, token) {
                let detail = "a request with a session that changes something needs the header \
                    `X-CSRF-Token` with the token of /api/v1/me, and comes from our own pages";
                return Err(Problem::forbidden(detail));
            }
        }
        let asked = secret.clone();
        let caller = blocking(move || Ok(app.caller_by_session(&asked, now)?)).await?;
        let caller = caller.ok_or_else(Problem::unauthorized)?;
        Ok(Self(caller, Some(SessionSecret(secret))))
    }
}

/// Runs blocking work of a request on a thread of its own.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request ended unexpectedly");
        Err(Problem::internal())
    })
}

/// A JSON body; what is wrong with it is said as a problem.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub struct Json<T>(pub T);

/// A query; what is wrong with it is said as a problem.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub struct Query<T>(pub T);

/// Parts of the path; what is wrong with them is said as a problem.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Path<T>(pub T);

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self { status: rejection.status().as_u16(), ..Self::bad_request(rejection.body_text()) }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}
