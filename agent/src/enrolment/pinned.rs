//! The collector's certificate during enrolment, judged by the fingerprint in the token.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest as _, Sha256};

/// Accepts a chain only if a certificate in it has the fingerprint, and only under that one as root.
#[derive(Debug)]
pub(super) struct PinnedVerifier {
    fingerprint: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl PinnedVerifier {
    pub(super) fn new(fingerprint: [u8; 32]) -> Self {
        Self { fingerprint, provider: Arc::new(rustls::crypto::ring::default_provider()) }
    }

    fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.provider.signature_verification_algorithms
    }
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // Public values on both sides: nothing is learnt from how long the comparison takes.
        let pinned = intermediates
            .iter()
            .find(|certificate| Sha256::digest(certificate).as_slice() == self.fingerprint)
            .ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        let mut roots = RootCertStore::empty();
        roots.add(pinned.clone().into_owned())?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone())
                .build()
                .map_err(|error| Error::General(error.to_string()))?;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("only TLS 1.3 is spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, self.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms().supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

    use super::*;

    /// An authority and a leaf for `collector.example` and 127.0.0.1.
    fn chain() -> (CertificateDer<'static>, CertificateDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = authority.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(authority, key);
        let names = vec!["collector.example".to_owned(), "127.0.0.1".to_owned()];
        let leaf = CertificateParams::new(names).unwrap();
        let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        (certificate, leaf.der().clone())
    }

    fn verify(
        fingerprint: [u8; 32],
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &'static str,
    ) -> Result<ServerCertVerified, Error> {
        let name = ServerName::try_from(name).unwrap();
        PinnedVerifier::new(fingerprint).verify_server_cert(leaf, rest, &name, &[], UnixTime::now())
    }

    #[test]
    fn only_the_pinned_authority_is_trusted() {
        let (authority, leaf) = chain();
        let (stranger, other_leaf) = chain();
        let pin: [u8; 32] = Sha256::digest(&authority).into();
        let with = std::slice::from_ref(&authority);
        assert!(verify(pin, &leaf, with, "collector.example").is_ok());
        assert!(verify(pin, &leaf, with, "127.0.0.1").is_ok());
        assert!(verify(pin, &leaf, with, "evil.example").is_err());
        assert!(verify(pin, &leaf, &[], "collector.example").is_err());
        // A stranger who shows the pinned certificate beside his own leaf.
        let both = [stranger.clone(), authority.clone()];
        assert!(verify(pin, &other_leaf, &both, "collector.example").is_err());
        assert!(verify([0; 32], &leaf, with, "collector.example").is_err());
        // The fingerprint of a leaf pins no authority.
        let leaf_pin: [u8; 32] = Sha256::digest(&leaf).into();
        assert!(verify(leaf_pin, &leaf, with, "collector.example").is_err());
    }
}
