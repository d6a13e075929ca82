//! `Idempotency-Key`: a call that is repeated after a broken connection is carried out once.
//!
//! After the IETF draft "The Idempotency-Key HTTP Header Field": the caller chooses a key, sends it with a
//! `POST` and repeats the same call with the same key until it has an answer. The first answer is kept for
//! a day; the same key with another call is refused. Calls that are repeatable by themselves take no key and
//! pass. An answer that holds a secret (it says
//! `Cache-Control: no-store`) is not kept: its repetition is told that it was done.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use belfort_store::idempotency::{IdempotencyState, IdempotentCall, KeptAnswer};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::auth::{By, blocking};
use super::problem::Problem;
use super::{Api, BODY};
use crate::app::imports;
use crate::{clock, secret};

/// The header.
const KEY: &str = "idempotency-key";
/// Tells that an answer is a repetition.
const REPLAYED: &str = "idempotency-replayed";
/// Largest answer that is kept, bytes.
const ANSWER: usize = 4 << 20;
/// A call without an answer for so long was interrupted.
const STALE_SECONDS: i64 = 120;
/// Longest key.
const KEY_LENGTH: usize = 255;

/// Carries out a call with a key once.
pub(super) async fn once(State(api): State<Api>, request: Request, next: Next) -> Response {
    match carried_out(api, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn carried_out(api: Api, request: Request, next: Next) -> Result<Response, Problem> {
    let Some(key) = request.headers().get(KEY) else { return Ok(next.run(request).await) };
    // Every other method can be repeated anyway.
    if request.method() != Method::POST || is_repeatable(request.uri().path()) {
        return Ok(next.run(request).await);
    }
    let key = key.to_str().ok().filter(|key| (1..=KEY_LENGTH).contains(&key.len()));
    let key = key.map(str::to_owned).ok_or_else(|| {
        Problem::bad_request("Idempotency-Key: use 1 to 255 visible ASCII characters")
    })?;
    let (mut parts, body) = request.into_parts();
    // Whoever is not let in any more gets no kept answer either.
    By::from_request_parts(&mut parts, &api).await?;
    let most = most(parts.uri.path());
    let body = to_bytes(body, most).await.map_err(|_| Problem::too_large(most as u64))?;
    let call = IdempotentCall {
        caller: caller(&parts.headers),
        key,
        request: secret::sha256(&format!("{} {}\n{}", parts.method, parts.uri, hex(&body))),
        at: clock::now(),
    };
    let (store, begun) = (api.app.store.clone(), call.clone());
    let stale = call.at.plus_seconds(-STALE_SECONDS);
    match blocking(move || Ok(store.idempotent_begin(&begun, stale)?)).await? {
        IdempotencyState::New => {}
        IdempotencyState::Done(answer) => return replay(answer),
        IdempotencyState::Running => {
            return Err(Problem::conflict(
                "the call with this Idempotency-Key is still under way: repeat it in a moment",
            ));
        }
        IdempotencyState::Different => {
            return Err(Problem::unprocessable(
                "this Idempotency-Key was used for another call: choose a new key for every call",
            ));
        }
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    keep(&api, call, response).await
}

/// Whether a call does the same however often it is made. A file of advisory data is known by its hash, and
/// too large to be held in memory for a key.
pub(super) fn is_repeatable(path: &str) -> bool {
    path == "/api/v1/advisories/import"
}

/// Largest body of a call with a key, bytes: what the call itself takes.
fn most(path: &str) -> usize {
    if path.starts_with("/api/v1/imports/") { imports::BYTES } else { BODY }
}

/// Whoever identifies itself alike is the same caller.
fn caller(headers: &HeaderMap) -> [u8; 32] {
    let value = |name| headers.get(name).map(http::HeaderValue::as_bytes).unwrap_or_default();
    secret::sha256(&format!(
        "{}\n{}",
        hex(value(header::AUTHORIZATION)),
        hex(value(header::COOKIE))
    ))
}

fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

fn replay(answer: KeptAnswer) -> Result<Response, Problem> {
    let Some(body) = answer.body else {
        return Err(Problem::conflict(
            "this call was carried out already; its answer held a secret, which is shown only once",
        ));
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, Bytes::from(body)).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    if let Some(kind) = answer.content_type.and_then(|kind| HeaderValue::from_str(&kind).ok()) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// Keeps an answer. What failed, or was refused for lack of rights or form, can be repeated with the key.
async fn keep(api: &Api, call: IdempotentCall, response: Response) -> Result<Response, Problem> {
    let store = api.app.store.clone();
    if !response.status().is_success() {
        blocking(move || Ok(store.idempotent_forget(&call)?)).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, ANSWER).await else {
        tracing::error!("an answer was too large to be kept for its Idempotency-Key");
        return Err(Problem::internal());
    };
    let text = |name| parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let secret = text(header::CACHE_CONTROL).is_some_and(|value| value.contains("no-store"));
    let answer = KeptAnswer {
        status: parts.status.as_u16(),
        content_type: text(header::CONTENT_TYPE).map(str::to_owned),
        body: (!secret).then(|| body.to_vec()),
    };
    blocking(move || Ok(store.idempotent_end(&call, &answer)?)).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}
