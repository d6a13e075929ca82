//! Encryption of the connection to a server.
//!
//! Stricter than PostgreSQL's own client: whoever asks for encryption gets a server whose name and
//! certificate were checked, whatever the mode is called.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Result, StoreError};

/// Where systems keep the authorities they trust.
const SYSTEM: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

/// What an address says about encryption.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsSettings {
    /// Whether the connection is encrypted.
    pub(crate) on: bool,
    /// Authorities to trust; the system's otherwise.
    pub(crate) roots: Option<PathBuf>,
}

/// Takes `sslmode` and `sslrootcert` out of an address, which the driver does not know.
pub(crate) fn take_settings(url: &str) -> Result<(String, TlsSettings)> {
    let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
    let mut settings = TlsSettings::default();
    let mut others = Vec::new();
    for parameter in parameters.split('&').filter(|part| !part.is_empty()) {
        match parameter.split_once('=') {
            Some(("sslmode", "disable" | "allow" | "prefer")) => settings.on = false,
            Some(("sslmode", "require" | "verify-ca" | "verify-full")) => settings.on = true,
            Some(("sslmode", other)) => {
                let message = format!("sslmode `{other}` is none of disable, prefer, verify-full");
                return Err(StoreError::Refused(message));
            }
            Some(("sslrootcert", "system")) => settings.roots = None,
            Some(("sslrootcert", path)) => settings.roots = Some(PathBuf::from(path)),
            _ => others.push(parameter),
        }
    }
    others.insert(0, if settings.on { "sslmode=require" } else { "sslmode=disable" });
    Ok((format!("{address}?{}", others.join("&")), settings))
}

/// What makes encrypted connections.
pub(super) fn connector(roots: Option<&Path>) -> Result<MakeRustlsConnect> {
    let path = match roots {
        Some(path) => path,
        None => system_roots()?,
    };
    let unreadable = |reason: String| {
        let path = path.display();
        StoreError::Unavailable(format!("authorities in {path} cannot be read: {reason}"))
    };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|e| unreadable(e.to_string()))? {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        let added = store.add(certificate);
        // A system's list may hold some that no program reads; one that was named has to be right.
        if let (Err(error), Some(_)) = (added, roots) {
            return Err(unreadable(error.to_string()));
        }
    }
    if store.is_empty() {
        return Err(unreadable("it holds no certificate".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| StoreError::Unavailable(error.to_string()))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn system_roots() -> Result<&'static Path> {
    let found = SYSTEM.iter().map(Path::new).find(|path| path.is_file());
    found.ok_or_else(|| {
        StoreError::Unavailable(
            "the system keeps no list of authorities: name one with sslrootcert=".to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_taken_out_of_the_address() {
        let taken = |url: &str| {
            let (url, settings) = take_settings(url).unwrap();
            (url, settings.on, settings.roots)
        };
        assert_eq!(
            taken("postgres://db/x"),
            ("postgres://db/x?sslmode=disable".to_owned(), false, None)
        );
        assert_eq!(
            taken("postgres://db/x?user=a&sslmode=verify-full&sslrootcert=/ca.pem"),
            (
                "postgres://db/x?sslmode=require&user=a".to_owned(),
                true,
                Some(PathBuf::from("/ca.pem"))
            )
        );
        assert!(take_settings("postgres://db/x?sslmode=sometimes").is_err());
    }

    #[test]
    fn authorities_have_to_be_there() {
        for path in ["/nowhere.pem", "/etc/hostname"] {
            let error = connector(Some(Path::new(path))).err().unwrap();
            assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        }
    }
}
