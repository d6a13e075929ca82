//! Versions of what is shown, so that nobody overwrites what somebody else changed meanwhile: `ETag` on
//! answers and `If-Match` on changes (RFC 9110, 8.8.3 and 13.1.1).

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, header};
use serde::Serialize;

use super::Api;
use super::problem::Problem;

/// An answer with its version as `ETag`.
pub struct Versioned<T>(pub u64, pub T);

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self.1).into_response();
        if let Ok(value) = HeaderValue::from_str(&format!("\"{}\"", self.0)) {
            response.headers_mut().insert(header::ETAG, value);
        }
        response
    }
}

/// The version a change was made on, from `If-Match`: nothing when the caller does not say (or says
/// `*`), which means whatever the newest version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Option<u64>);

impl IfMatch {
    /// Refuses with 412 unless this is the version that was meant.
    pub fn check(self, version: u64) -> Result<(), Problem> {
        match self.0 {
            Some(meant) if meant != version => Err(Problem::precondition_failed(format!(
                "it is at version {version}, the change was made on version {meant}: read it again \
                 and repeat"
            ))),
            _ => Ok(()),
        }
    }
}

impl FromRequestParts<Api> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        let quoted = text.strip_prefix("W/").unwrap_or(text);
        let version = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match version.and_then(|version| version.parse().ok()) {
            Some(version) => Ok(Self(Some(version))),
            // An ETag we never gave matches nothing.
            None => Err(Problem::precondition_failed(format!(
                "If-Match: `{text}` is no version this collector gave"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_version_that_was_read_may_be_changed() {
        assert!(IfMatch(None).check(7).is_ok());
        assert!(IfMatch(Some(7)).check(7).is_ok());
        assert_eq!(IfMatch(Some(6)).check(7).unwrap_err().status, 412);
    }

    #[test]
    fn an_answer_names_its_version() {
        let response = Versioned(3, "x").into_response();
        assert_eq!(response.headers()[header::ETAG], "\"3\"");
    }
}
