//! A program that speaks to the collector over REST, as its documentation says one should: a key with
//! every `POST`, and the version that was read with every change.

use std::net::SocketAddr;
use std::time::Duration;

use http::{HeaderMap, Method, Request, header};
use serde_json::Value;

use crate::wait;

/// Somebody with an API token.
pub struct Client {
    agent: ureq::Agent,
    base: String,
    token: String,
}

/// A call that was not sent yet.
#[must_use = "send it"]
pub struct Call<'a> {
    client: &'a Client,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Which call it answers, for messages.
    asked: String,
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Client {
    /// Somebody with this token.
    pub fn new(address: SocketAddr, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_mins(1)))
            .http_status_as_error(false)
            .max_redirects(0)
            // A collector that was started anew knows nothing of old connections.
            .max_idle_connections(0)
            .build();
        let base = format!("http://{address}");
        Self { agent: config.new_agent(), base, token: token.to_owned() }
    }

    /// Reads; it must be there.
    pub fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path).gives(200)
    }

    /// A `POST`, with a key of its own.
    pub fn post(&self, path: &str) -> Call<'_> {
        self.call(Method::POST, path).key(&wait::unique())
    }

    /// A `PUT`.
    pub fn put(&self, path: &str) -> Call<'_> {
        self.call(Method::PUT, path)
    }

    /// A `PATCH`.
    pub fn patch(&self, path: &str) -> Call<'_> {
        self.call(Method::PATCH, path)
    }

    /// Any call.
    pub fn call(&self, method: Method, path: &str) -> Call<'_> {
        let (path, headers) = (path.to_owned(), HeaderMap::new());
        Call { client: self, method, path, headers, body: Vec::new() }
    }
}

impl Call<'_> {
    /// With this JSON.
    pub fn json(self, body: &Value) -> Self {
        let call = self.with(header::CONTENT_TYPE, "application/json");
        Self { body: body.to_string().into_bytes(), ..call }
    }

    /// With this file.
    pub fn file(self, bytes: impl Into<Vec<u8>>) -> Self {
        let call = self.with(header::CONTENT_TYPE, "application/octet-stream");
        Self { body: bytes.into(), ..call }
    }

    /// Only on this version, as an `ETag` named it.
    pub fn on(self, version: &str) -> Self {
        self.with(header::IF_MATCH, version)
    }

    /// With this `Idempotency-Key`.
    pub fn key(self, key: &str) -> Self {
        self.with(header::HeaderName::from_static("idempotency-key"), key)
    }

    fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    /// Sends it.
    pub fn answer(self) -> Answer {
        self.try_answer().unwrap()
    }

    /// Sends it, perhaps to nobody.
    pub fn try_answer(self) -> Result<Answer, ureq::Error> {
        let Self { client, method, path, headers, body } = self;
        let asked = format!("{method} {path}");
        let mut request = Request::builder().method(&method).uri(format!("{}{path}", client.base));
        request.headers_mut().unwrap().extend(headers);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {}", client.token));
        // A body without bytes is a body too; these have none.
        let answer = if method == Method::GET || method == Method::DELETE {
            client.agent.run(request.body(()).unwrap())?
        } else {
            client.agent.run(request.body(body).unwrap())?
        };
        let (parts, mut body) = answer.into_parts();
        let body = body.read_to_vec()?;
        Ok(Answer { asked, status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// Sends it; it must be answered with this status. Gives the JSON that came back, if any.
    pub fn gives(self, status: u16) -> Value {
        self.answer().must(status).json()
    }

    /// Sends it; it must be refused with this status. Gives why.
    pub fn refused(self, status: u16) -> String {
        let answer = self.answer().must(status);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
        answer.json()["detail"].as_str().unwrap().to_owned()
    }
}

impl Answer {
    /// Checks the status.
    #[must_use]
    pub fn must(self, status: u16) -> Self {
        let said = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{}: {said}", self.asked);
        self
    }

    /// Its JSON; nothing when there is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The version of what is shown.
    pub fn version(&self) -> String {
        let version = self.header("etag");
        assert!(!version.is_empty(), "{} has no version", self.asked);
        version.to_owned()
    }
}
