//! `Idempotency-Key`: a call that is repeated after a broken connection is carried out once.
//!
//! After the IETF draft "The Idempotency-Key HTTP Header Field": the caller chooses a key, sends it with a
//! `POST` and repeats the same call with the same key until it has an answer. The first answer is kept for
//! a day; the same key with another call is refused. Calls that are repeatable by themselves take no key and
//! pass. An answer that holds a secret (it says `Cache-Control: no-store`) or is large is not kept: its
//! repetition is told that it was done.
//!
//! A call that began is carried out to its end, also when its connection breaks meanwhile, and says all
//! that time that it is under way. One whose collector was killed says so no more, and can be repeated.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use belfort_store::idempotency::{IdempotencyState, IdempotentCall, KeptAnswer};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use sha2::{Digest as _, Sha256};

use super::auth::{By, blocking};
use super::problem::Problem;
use super::{Api, body_bound};
use crate::{clock, secret};

/// The header.
const KEY: &str = "idempotency-key";
/// Tells that an answer is a repetition.
const REPLAYED: &str = "idempotency-replayed";
/// Largest answer that is kept, bytes.
const ANSWER: u64 = 4 << 20;
/// A call that did not say for so long that it is under way was interrupted.
const STALE_SECONDS: i64 = 120;
/// How often a call says that it is under way.
const RENEW: Duration = Duration::from_secs(20);
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
    let most = body_bound(parts.uri.path());
    let body = to_bytes(body, most).await.map_err(|_| Problem::too_large(most as u64))?;
    let call = IdempotentCall {
        caller: caller(&parts.headers),
        key,
        request: request_hash(&parts, &body),
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
    // A task of its own: whoever hangs up drops only the answer, and asks for it again with the key.
    let task = tokio::spawn(async move {
        let run = next.run(Request::from_parts(parts, Body::from(body)));
        let store = api.app.store.clone();
        let response = saying(run, RENEW, || {
            let (store, call) = (store.clone(), call.clone());
            blocking(move || Ok(store.idempotent_renew(&call, clock::now())?))
        });
        let response = response.await;
        keep(&api, call, response).await
    });
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request ended unexpectedly");
        Err(Problem::internal())
    })
}

/// Runs to the end, and says every now and then that it is under way.
async fn saying<T, S: Future<Output = Result<(), Problem>>>(
    run: impl Future<Output = T>,
    every: Duration,
    say: impl Fn() -> S,
) -> T {
    let mut run = pin!(run);
    loop {
        tokio::select! {
            done = &mut run => return done,
            () = tokio::time::sleep(every) => {
                if let Err(problem) = say().await {
                    tracing::warn!(reason = %problem.detail, "a call could not say that it is under way");
                }
            }
        }
    }
}

/// A hash over method, address and body.
fn request_hash(parts: &Parts, body: &[u8]) -> [u8; 32] {
    let body = hex(&Sha256::digest(body));
    secret::sha256(&format!("{} {}\n{body}", parts.method, parts.uri))
}

/// Whether a call does the same however often it is made. A file of advisory data is known by its hash, and
/// too large to be held in memory for a key.
pub(super) fn is_repeatable(path: &str) -> bool {
    path == "/api/v1/advisories/import"
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
            "this call was carried out already, and nothing was done again; its answer is not kept: it \
             held a secret, which is shown only once, or was large",
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
    let text = |name| parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let secret = text(header::CACHE_CONTROL).is_some_and(|value| value.contains("no-store"));
    let is_small = body.size_hint().upper().is_some_and(|size| size <= ANSWER);
    let (body, kept) = if is_small && !secret {
        let read = to_bytes(body, usize::MAX).await;
        let bytes = read.map_err(|error| {
            tracing::error!(%error, "an answer could not be read");
            Problem::internal()
        })?;
        (Body::from(bytes.clone()), Some(bytes.to_vec()))
    } else {
        (body, None)
    };
    let answer = KeptAnswer {
        status: parts.status.as_u16(),
        content_type: text(header::CONTENT_TYPE).map(str::to_owned),
        body: kept,
    };
    if let Err(problem) = blocking(move || Ok(store.idempotent_end(&call, &answer)?)).await {
        // It was carried out: whoever has the answer does not repeat the call.
        tracing::error!(reason = %problem.detail, "an answer could not be kept");
    }
    Ok(Response::from_parts(parts, body))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_slow_call_says_that_it_is_under_way() {
        let said = AtomicUsize::new(0);
        let say = || async {
            // What cannot be said does not stop the call.
            match said.fetch_add(1, Ordering::Relaxed) {
                0 => Err(Problem::internal()),
                _ => Ok(()),
            }
        };
        let slow = tokio::time::sleep(Duration::from_millis(200));
        saying(slow, Duration::from_millis(10), say).await;
        assert!(said.load(Ordering::Relaxed) >= 2);
        assert!(i64::try_from(RENEW.as_secs()).unwrap() * 3 < STALE_SECONDS);
    }
}
