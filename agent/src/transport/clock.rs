//! The collector's certificate, judged on a device whose clock may be wrong.
//!
//! A device with an empty battery wakes up years ago, and would then trust nobody: its inventory would
//! be missing just when something is wrong with it, and the collector could not tell it so. Therefore a
//! certificate that does not hold by the device's clock is judged at a time at which it does. What is
//! given up: a device no longer refuses a certificate of the collector that has expired. What is not:
//! the certificate has to be issued, for this name, by one of the few private authorities in the
//! device's trust bundle, which the collector replaces when one of them is no longer to be trusted. The
//! other side judges the device's certificate by the collector's clock.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::state::Validity;

/// Judges by the trust bundle, at a time at which the certificate holds.
#[derive(Debug)]
pub(super) struct PatientVerifier(Arc<WebPkiServerVerifier>);

impl PatientVerifier {
    pub(super) fn new(roots: RootCertStore) -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map(Self)
            .map_err(|error| Error::General(error.to_string()))
    }
}

/// The device's time when the certificate holds then; otherwise the middle of the certificate's life,
/// when its issuers hold as well.
fn judged_at(validity: Validity, now: UnixTime) -> UnixTime {
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if (validity.not_before..=validity.not_after).contains(&seconds) {
        return now;
    }
    let life = validity.not_after.saturating_sub(validity.not_before);
    let middle = validity.not_before.saturating_add(life / 2);
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(middle).unwrap_or(0)))
}

impl ServerCertVerifier for PatientVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let validity = Validity::of(end_entity)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let now = judged_at(validity, now);
        self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn the_devices_time_counts_while_the_certificate_holds() {
        let validity = Validity { not_before: 100, not_after: 300 };
        for (now, judged) in [(0, 200), (99, 200), (100, 100), (300, 300), (301, 200)] {
            assert_eq!(judged_at(validity, at(now)), at(judged), "{now}");
        }
    }

    /// An authority from 2020 to 2030, and a leaf of the year 2025 for `collector.example`.
    fn chain() -> (CertificateDer<'static>, CertificateDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.not_before = date_time_ymd(2020, 1, 1);
        authority.not_after = date_time_ymd(2030, 1, 1);
        let certificate = authority.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(authority, key);
        let mut leaf = CertificateParams::new(vec!["collector.example".to_owned()]).unwrap();
        leaf.not_before = date_time_ymd(2025, 1, 1);
        leaf.not_after = date_time_ymd(2026, 1, 1);
        let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        (certificate, leaf.der().clone())
    }

    #[test]
    fn a_wrong_clock_is_tolerated_and_a_wrong_authority_or_name_is_not() {
        const YEAR: u64 = 365 * 86_400;
        let (authority, leaf) = chain();
        let (stranger, _) = chain();
        let verifier = |authority: &CertificateDer<'static>| {
            let mut roots = RootCertStore::empty();
            roots.add(authority.clone()).unwrap();
            PatientVerifier::new(roots).unwrap()
        };
        let good = verifier(&authority);
        let name = ServerName::try_from("collector.example").unwrap();
        for now in [0, 10 * YEAR, 56 * YEAR, 80 * YEAR] {
            let verified = good.verify_server_cert(&leaf, &[], &name, &[], at(now));
            assert!(verified.is_ok(), "{now}: {verified:?}");
            let evil = ServerName::try_from("evil.example").unwrap();
            assert!(good.verify_server_cert(&leaf, &[], &evil, &[], at(now)).is_err());
            let other = verifier(&stranger);
            assert!(other.verify_server_cert(&leaf, &[], &name, &[], at(now)).is_err());
        }
        let broken = CertificateDer::from(vec![1, 2, 3]);
        assert!(good.verify_server_cert(&broken, &[], &name, &[], at(0)).is_err());
    }
}
