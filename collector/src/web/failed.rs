//! Errors as pages: whoever reads pages is told in words, with the way back, what a program is told as a
//! problem.

use askama::Template;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};

use super::plain::Plain;
use super::render;

/// Bytes of a problem at most.
const PROBLEM_BYTES: usize = 64 << 10;

#[derive(Template)]
#[template(path = "failed.html")]
struct Failed {
    page: Plain,
    title: String,
    advice: String,
    /// What happened, in the words of the API.
    detail: String,
}

/// Turns the problem of a page into a page.
pub(super) async fn pages(request: Request, next: Next) -> Response {
    let wants_page = !request.uri().path().starts_with("/api/") && accepts_html(request.headers());
    let plain = Plain::at(request.headers(), request.uri());
    let response = next.run(request).await;
    let problem = "application/problem+json";
    if !wants_page || response.headers().get(header::CONTENT_TYPE).is_none_or(|it| it != problem) {
        return response;
    }
    let status = response.status();
    let body = to_bytes(response.into_body(), PROBLEM_BYTES).await.unwrap_or_default();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let detail = problem.get("detail").and_then(|detail| detail.as_str());
    let detail = detail.unwrap_or_default().to_owned();
    let key = match status {
        StatusCode::BAD_REQUEST => "bad-request",
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => "forbidden",
        StatusCode::NOT_FOUND => "not-found",
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => "conflict",
        StatusCode::UNPROCESSABLE_ENTITY => "refused",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        _ => "other",
    };
    let page = Failed {
        title: plain.t(&format!("failed-{key}")),
        advice: plain.t(&format!("failed-{key}-advice")),
        page: plain,
        detail,
    };
    render(status, &page)
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}
