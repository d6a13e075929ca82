//! Forms that pages send: who sent them, that they came from our own page, and their fields.

use axum::RequestExt as _;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::response::{IntoResponse, Response};

use super::frame::Visitor;
use super::session;
use crate::app::access::Right;
use crate::rest::Api;
use crate::rest::problem::Problem;

/// Fields of a form at most; a page has at most 250 rows.
const FIELDS: usize = 1_000;

/// A form that somebody sent from one of our own pages.
pub(super) struct Sent {
    pub(super) visitor: Visitor,
    pub(super) fields: Fields,
}

impl Sent {
    /// A form of somebody who may do this somewhere; a problem otherwise. Asked before its fields are read,
    /// so that who may not is told that, and not what to fill in.
    pub(super) fn may(self, right: Right) -> Result<Self, Problem> {
        self.visitor.actor.require(right)?;
        Ok(self)
    }
}

/// The fields of a form. Text is trimmed; an empty field is one that was not filled in.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    fn of(body: &[u8]) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(body).take(FIELDS + 1);
        let pairs: Vec<(String, String)> =
            pairs.map(|(key, value)| (key.into_owned(), value.trim().to_owned())).collect();
        if pairs.len() > FIELDS {
            return Err(Problem::bad_request(format!("a form has at most {FIELDS} fields")));
        }
        Ok(Self(pairs))
    }

    /// A field that was filled in.
    pub(super) fn get<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        self.all(key).next()
    }

    /// A field that must be filled in.
    pub(super) fn need<'a>(&'a self, key: &'a str) -> Result<&'a str, Problem> {
        self.get(key).ok_or_else(|| Problem::bad_request(format!("{key}: fill this in")))
    }

    /// A field in another form.
    pub(super) fn parse<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>, Problem>
    where
        T::Err: std::fmt::Display,
    {
        let wrong = |error| Problem::bad_request(format!("{key}: {error}"));
        self.get(key).map(|text| text.parse().map_err(wrong)).transpose()
    }

    /// A field that must be filled in, in another form.
    pub(super) fn need_parsed<T: std::str::FromStr>(&self, key: &str) -> Result<T, Problem>
    where
        T::Err: std::fmt::Display,
    {
        self.need(key)?.parse().map_err(|error| Problem::bad_request(format!("{key}: {error}")))
    }

    /// All values of a field that can be there more than once.
    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let of_key = move |(name, value): &'a (String, String)| {
            (name == key && !value.is_empty()).then_some(value.as_str())
        };
        self.0.iter().filter_map(of_key)
    }
}

impl FromRequest<Api> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, api).await?;
        let headers = parts.headers.clone();
        let request = Request::from_parts(parts, body);
        let body: Bytes = request.extract().await.map_err(IntoResponse::into_response)?;
        let fields = Fields::of(&body).map_err(IntoResponse::into_response)?;
        let token = fields.get("csrf").unwrap_or_default();
        session::require_own_form(api, &headers, token).map_err(IntoResponse::into_response)?;
        Ok(Self { visitor, fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_browsers_send_them() {
        let fields = Fields::of(b"id=1&id=2&reden=+om+deze+&leeg=&kans=5").unwrap();
        assert_eq!(fields.all("id").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((fields.get("reden"), fields.get("leeg")), (Some("om deze"), None));
        assert_eq!(fields.parse::<u8>("kans").unwrap(), Some(5));
        assert_eq!(fields.parse::<u8>("impact").unwrap(), None);
        assert_eq!(fields.need("leeg").unwrap_err().status, 400);
        assert_eq!(fields.need_parsed::<u8>("reden").unwrap_err().status, 400);
        assert_eq!(Fields::of(&b"a=1&".repeat(FIELDS + 1)).unwrap_err().status, 400);
    }
}
