//! A form with a file, from one of our own pages.

use axum::RequestExt as _;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, FromRequestParts as _, Multipart, Request};
use axum::response::{IntoResponse, Response};

use crate::rest::Api;
use crate::rest::problem::Problem;
use crate::web::frame::Visitor;
use crate::web::session;

/// Parts of the form at most.
const PARTS: usize = 10;

/// Largest file of a page, bytes; the command line and REST take more.
pub(in crate::web) const FILE_BYTES: usize = 4 << 20;

/// A form with a file.
pub(in crate::web) struct Upload {
    pub(in crate::web) visitor: Visitor,
    /// What kind of file it is said to be.
    pub(in crate::web) kind: String,
    /// The file, or what was typed instead; empty when neither.
    pub(in crate::web) bytes: Vec<u8>,
    /// Whether it was typed.
    pub(in crate::web) is_typed: bool,
}

impl FromRequest<Api> for Upload {
    type Rejection = Response;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, api).await?;
        let headers = parts.headers.clone();
        let request = Request::from_parts(parts, body);
        let form: Multipart = request.extract().await.map_err(IntoResponse::into_response)?;
        let (token, kind, bytes, is_typed) =
            read(form).await.map_err(IntoResponse::into_response)?;
        session::require_own_form(api, &headers, &token).map_err(IntoResponse::into_response)?;
        Ok(Self { visitor, kind, bytes, is_typed })
    }
}

/// The token, the kind and the file of a form, and whether that was typed.
async fn read(mut form: Multipart) -> Result<(String, String, Vec<u8>, bool), Problem> {
    let wrong = |error: MultipartError| Problem {
        status: error.status().as_u16(),
        ..Problem::bad_request(error.body_text())
    };
    let (mut token, mut kind) = (String::new(), String::new());
    let (mut file, mut typed) = (Vec::new(), String::new());
    for _ in 0..PARTS {
        let Some(field) = form.next_field().await.map_err(wrong)? else { break };
        match field.name().unwrap_or_default() {
            "csrf" => token = field.text().await.map_err(wrong)?,
            "soort" => kind = field.text().await.map_err(wrong)?,
            "tekst" | "tabel" => typed = field.text().await.map_err(wrong)?,
            "bestand" => file = field.bytes().await.map_err(wrong)?.to_vec(),
            _ => {}
        }
    }
    let is_typed = file.is_empty();
    let bytes = if is_typed { typed.trim().as_bytes().to_vec() } else { file };
    if bytes.len() > FILE_BYTES {
        return Err(Problem::too_large(FILE_BYTES as u64));
    }
    Ok((token, kind, bytes, is_typed))
}
