//! Stylesheet, script and fonts: embedded, the same for everybody.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::rest::problem::Problem;

/// Name, type and content of each.
const FILES: &[(&str, &str, &[u8])] = &[
    ("app.css", "text/css; charset=utf-8", include_bytes!("../../assets/app.css")),
    ("app.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/app.js")),
    ("fira-sans-400.woff2", "font/woff2", include_bytes!("../../assets/fonts/fira-sans-400.woff2")),
    ("fira-sans-600.woff2", "font/woff2", include_bytes!("../../assets/fonts/fira-sans-600.woff2")),
];

/// One of them.
pub(super) async fn file(Path(name): Path<String>) -> Result<Response, Problem> {
    let found = FILES.iter().find(|(known, ..)| *known == name);
    let (_, kind, content) =
        found.ok_or_else(|| Problem::not_found(format!("there is no file `{name}`")))?;
    let headers = [(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "max-age=3600")];
    Ok((headers, *content).into_response())
}
