//! Stylesheet, script and fonts: embedded, the same for everybody. Beside them what the organisation dresses
//! its pages with.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header;

use crate::branding::Branding;
use crate::rest::Api;
use crate::rest::problem::Problem;

/// Name, type and content of each.
const FILES: &[(&str, &str, &[u8])] = &[
    ("app.css", "text/css; charset=utf-8", include_bytes!("../../assets/app.css")),
    ("app.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/app.js")),
    ("fira-sans-400.woff2", "font/woff2", include_bytes!("../../assets/fonts/fira-sans-400.woff2")),
    ("fira-sans-600.woff2", "font/woff2", include_bytes!("../../assets/fonts/fira-sans-600.woff2")),
];

/// What a logo may do when somebody opens it by itself: nothing.
const INERT: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// A file of the organisation.
fn own(branding: &Branding, name: &str) -> Option<Response> {
    if name == "brand.css" && !branding.stylesheet.is_empty() {
        let headers = [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, "max-age=3600"),
        ];
        return Some((headers, branding.stylesheet.clone()).into_response());
    }
    let logo = branding.logos.iter().find(|logo| logo.name == name)?;
    let headers = [
        (header::CONTENT_TYPE, logo.kind.media_type()),
        (header::CACHE_CONTROL, "max-age=3600"),
        (header::CONTENT_SECURITY_POLICY, INERT),
    ];
    Some((headers, logo.content.clone()).into_response())
}

/// One of them.
pub(super) async fn file(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    if let Some(own) = own(&api.app.branding, &name) {
        return Ok(own);
    }
    let found = FILES.iter().find(|(known, ..)| *known == name);
    let (_, kind, content) =
        found.ok_or_else(|| Problem::not_found(format!("there is no file `{name}`")))?;
    let headers = [(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "max-age=3600")];
    Ok((headers, *content).into_response())
}
