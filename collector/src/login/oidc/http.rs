//! Asking the provider over HTTP: no redirects, an end to patience, and answers of a bounded size.

use std::time::Duration;

use http::{Request, Response, StatusCode, header};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::OidcError;
use super::claims::Claims;
use crate::grpc::tls;

/// Time for one call.
const PATIENCE: Duration = Duration::from_secs(15);
/// Largest answer, bytes.
const LARGEST: u64 = 1 << 20;

/// What asks.
pub(super) struct Client(ureq::Agent);

impl Client {
    /// Trusts the machine's authorities and, beside them, these.
    pub(super) fn new(over_tls: bool, authorities: Option<&[u8]>) -> Result<Self, OidcError> {
        let mut roots: Vec<Certificate<'static>> = Vec::new();
        if over_tls {
            let native = rustls_native_certs::load_native_certs();
            roots.extend(native.certs.iter().map(|der| Certificate::from_der(der).to_owned()));
            for der in CertificateDer::pem_slice_iter(authorities.unwrap_or_default()) {
                let der = der
                    .map_err(|error| OidcError::Setup(format!("certificate_authority: {error}")))?;
                roots.push(Certificate::from_der(&der).to_owned());
            }
            if roots.is_empty() {
                let reason = "this machine trusts no authority: install `ca-certificates`, or set \
                              `login.oidc.certificate_authority`";
                return Err(OidcError::Setup(reason.to_owned()));
            }
        }
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .unversioned_rustls_crypto_provider(tls::provider())
            .build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(PATIENCE))
            // What is asked is what was configured; following would let an answer choose.
            .max_redirects(0)
            .http_status_as_error(false)
            .build();
        Ok(Self(config.new_agent()))
    }

    /// Calls the provider.
    pub(super) fn call(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, ureq::Error> {
        let (parts, body) = request.into_parts();
        let answer = if body.is_empty() {
            self.0.run(Request::from_parts(parts, ()))?
        } else {
            self.0.run(Request::from_parts(parts, body))?
        };
        let (parts, mut body) = answer.into_parts();
        let bytes = body.with_config().limit(LARGEST).read_to_vec()?;
        Ok(Response::from_parts(parts, bytes))
    }

    /// What the provider says about the person whose access token this is.
    pub(super) fn user_info(&self, address: &str, access: &str) -> Result<Claims, OidcError> {
        let wrong = |error: String| OidcError::Provider(format!("user info: {error}"));
        let request = Request::get(address)
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {access}"))
            .body(vec![])
            .map_err(|error| wrong(error.to_string()))?;
        let answer = self.call(request).map_err(|error| wrong(error.to_string()))?;
        if answer.status() != StatusCode::OK {
            return Err(wrong(answer.status().to_string()));
        }
        serde_json::from_slice(answer.body()).map_err(|error| wrong(error.to_string()))
    }
}
