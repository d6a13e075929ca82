//! The way to the collector: TCP, TLS 1.3 and HTTP/2, each with its time-out.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls::client::danger::ServerCertVerifier;
use rustls::{AlertDescription, ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tonic::transport::Channel;

use crate::state::{Identity, IdentityError};

mod clock;
mod told;

/// Longest wait for a TCP connection, and again for the TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for the answer to a call.
const CALL_TIMEOUT: Duration = Duration::from_mins(1);
/// Largest answer: settings and certificates are small.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Where a collector listens: `https://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

/// Why a text is no address of a collector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address such as https://collector.example:8443")]
pub struct AddressError(pub String);

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || AddressError(text.to_owned());
        let uri: http::Uri = text.parse().map_err(|_| wrong())?;
        let path_is_empty = uri.path_and_query().is_none_or(|path| path.as_str() == "/");
        if uri.scheme() != Some(&http::uri::Scheme::HTTPS) || !path_is_empty {
            return Err(wrong());
        }
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let host = authority.map(http::uri::Authority::host).ok_or_else(wrong)?;
        // An IPv6 address stands in brackets.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        ServerName::try_from(host).map_err(|_| wrong())?;
        Ok(Self { host: host.to_owned(), port: uri.port_u16().unwrap_or(443) })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "https://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "https://{}:{}", self.host, self.port)
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The stored identity cannot be used.
    #[error("cannot use the stored identity")]
    Identity(#[from] IdentityError),
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
    /// The collector does not answer.
    #[error("cannot connect to {address}")]
    Connect {
        /// Where to.
        address: Address,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The collector does not answer in time.
    #[error("{address} did not answer within {} seconds", CONNECT_TIMEOUT.as_secs())]
    Timeout {
        /// Where to.
        address: Address,
    },
    /// The TLS handshake failed: most often the collector's certificate is not trusted.
    #[error("no trusted connection to {address}")]
    Handshake {
        /// Where to.
        address: Address,
        /// What went wrong.
        source: std::io::Error,
    },
    /// HTTP/2 cannot be started.
    #[error("cannot start HTTP/2 with {address}")]
    Http {
        /// Where to.
        address: Address,
        /// What went wrong.
        source: tonic::transport::Error,
    },
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])
}

fn finish(mut config: ClientConfig) -> Arc<ClientConfig> {
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

/// TLS for an enrolled device: its certificate, and the authorities it was told to trust. A wrong clock
/// on the device is tolerated.
pub fn enrolled(identity: &Identity) -> Result<Arc<ClientConfig>, TransportError> {
    let config = builder()?
        .dangerous()
        .with_custom_certificate_verifier(verifier(identity)?)
        .with_client_auth_cert(identity.certificate_chain()?, identity.private_key()?)?;
    Ok(finish(config))
}

/// TLS for a device whose certificate has expired: the same trust without the certificate.
pub fn expired(identity: &Identity) -> Result<Arc<ClientConfig>, TransportError> {
    unenrolled(verifier(identity)?)
}

/// TLS for a device without identity: a verifier of its own, no certificate.
pub fn unenrolled(
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<Arc<ClientConfig>, TransportError> {
    let config =
        builder()?.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    Ok(finish(config))
}

fn verifier(identity: &Identity) -> Result<Arc<clock::PatientVerifier>, TransportError> {
    let mut roots = RootCertStore::empty();
    for certificate in identity.trust_bundle()? {
        roots.add(certificate)?;
    }
    Ok(Arc::new(clock::PatientVerifier::new(roots)?))
}

/// Opens one connection. It is not opened again when it breaks: the caller begins anew.
pub async fn connect(address: &Address, tls: Arc<ClientConfig>) -> Result<Channel, TransportError> {
    let name = ServerName::try_from(address.host.clone()).map_err(|error| {
        TransportError::Connect { address: address.clone(), source: std::io::Error::other(error) }
    })?;
    let late = |_| TransportError::Timeout { address: address.clone() };
    let tcp = timeout(CONNECT_TIMEOUT, TcpStream::connect((address.host.as_str(), address.port)))
        .await
        .map_err(late)?
        .map_err(|source| TransportError::Connect { address: address.clone(), source })?;
    // Calls are single messages: waiting to fill a segment only costs time.
    let _ = tcp.set_nodelay(true);
    let stream = timeout(CONNECT_TIMEOUT, TlsConnector::from(tls).connect(name, tcp))
        .await
        .map_err(late)?
        .map_err(|source| TransportError::Handshake { address: address.clone(), source })?;
    let reason = told::Reason::default();
    let mut stream = Some(TokioIo::new(told::ToldStream::new(stream, reason.clone())));
    let connector = tower::service_fn(move |_: http::Uri| {
        let stream = stream.take().ok_or_else(|| reason.closed());
        std::future::ready(stream)
    });
    let http = |source| TransportError::Http { address: address.clone(), source };
    let endpoint = tonic::transport::Endpoint::from_shared(address.to_string()).map_err(http)?;
    endpoint.timeout(CALL_TIMEOUT).connect_with_connector(connector).await.map_err(http)
}

/// How the other side ended TLS, in words: in TLS 1.3 a refused certificate shows only on the first
/// call. Nothing when TLS did not end so.
pub fn alert(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = error.downcast_ref::<rustls::Error>();
        let tls = tls.or_else(|| inner.and_then(|inner| inner.downcast_ref()));
        // HTTP/2 passes the cause on as text alone.
        let text = error.to_string();
        if matches!(tls, Some(rustls::Error::AlertReceived(_))) || text.contains("fatal alert") {
            return Some(tls.map_or(text, ToString::to_string));
        }
        next = error.source();
    }
    None
}

/// Whether the collector refused this device's certificate because it has expired.
pub fn says_expired(error: &(dyn std::error::Error + 'static)) -> bool {
    alert(error).is_some_and(|alert| {
        alert.contains(
            &rustls::Error::AlertReceived(AlertDescription::CertificateExpired).to_string(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, shown) in [
            ("https://collector.example:8443", "https://collector.example:8443"),
            ("https://10.0.0.1:1/", "https://10.0.0.1:1"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
            ("https://collector.example", "https://collector.example:443"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), shown);
        }
        for text in
            ["collector:8443", "http://a:1", "https://a:1/path", "https://u@a:1", "https://"]
        {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
