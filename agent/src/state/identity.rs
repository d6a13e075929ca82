//! The device's identity: its key, its certificate, and whom it trusts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use belfort_proto::enrolment::v1 as wire;
use belfort_proto::identity::AgentUri;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

/// A key and what was issued for it. Kept in one file, so that they never fall apart.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The private key as PKCS#8 in PEM. It never leaves the device.
    key: Zeroizing<String>,
    /// Leaf first, then the issuing CA; base64 of DER.
    certificate_chain: Vec<String>,
    /// CA certificates that collectors are judged by; base64 of DER.
    trust_bundle: Vec<String>,
    /// Where to check in and report.
    pub report_endpoint: String,
    /// Where this identity was enrolled; an expired certificate is recovered there.
    pub enrolment_endpoint: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Identity");
        shown.field("report_endpoint", &self.report_endpoint).finish_non_exhaustive()
    }
}

/// When a certificate holds, seconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// From when.
    pub not_before: i64,
    /// Until when.
    pub not_after: i64,
}

/// Why an identity is none.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The key is not a key.
    #[error("the private key cannot be read")]
    Key,
    /// A certificate cannot be read.
    #[error("a certificate cannot be read")]
    Certificate,
    /// There is no certificate, or nobody to trust.
    #[error("the certificate chain or the trust bundle is empty")]
    Empty,
    /// The certificate was issued for another key.
    #[error("the certificate does not belong to the private key")]
    Mismatch,
    /// The certificate names no agent.
    #[error("the certificate does not name an agent")]
    Name,
}

impl Identity {
    /// Puts an identity together from a key and what the collector issued for it.
    pub fn new(
        key: Zeroizing<String>,
        issued: &wire::Identity,
        enrolment_endpoint: &str,
    ) -> Result<Self, IdentityError> {
        let encode = |all: &[Vec<u8>]| all.iter().map(|der| STANDARD.encode(der)).collect();
        let identity = Self {
            key,
            certificate_chain: encode(&issued.certificate_chain),
            trust_bundle: encode(&issued.trust_bundle),
            report_endpoint: issued.report_endpoint.clone(),
            enrolment_endpoint: enrolment_endpoint.to_owned(),
        };
        identity.check()?;
        Ok(identity)
    }

    /// The same key with a new certificate. An empty endpoint keeps the one that is known.
    pub fn renewed(&self, issued: &wire::Identity) -> Result<Self, IdentityError> {
        let mut renewed = Self::new(self.key.clone(), issued, &self.enrolment_endpoint)?;
        if renewed.report_endpoint.is_empty() {
            renewed.report_endpoint.clone_from(&self.report_endpoint);
        }
        Ok(renewed)
    }

    /// The same identity with other authorities to trust.
    pub fn trusting(&self, bundle: &[Vec<u8>]) -> Result<Self, IdentityError> {
        let mut other = self.clone();
        other.trust_bundle = bundle.iter().map(|der| STANDARD.encode(der)).collect();
        other.check()?;
        Ok(other)
    }

    /// Whether everything holds together.
    pub fn check(&self) -> Result<(), IdentityError> {
        let key = self.key_pair()?;
        let trust = self.trust_bundle()?;
        let chain = self.certificate_chain()?;
        let leaf = chain.first().ok_or(IdentityError::Empty)?;
        if trust.is_empty() {
            return Err(IdentityError::Empty);
        }
        for certificate in trust.iter().chain(&chain) {
            parse(certificate)?;
        }
        let public = parse(leaf)?.public_key().subject_public_key.data.to_vec();
        if public != rcgen::PublicKeyData::der_bytes(&key) {
            return Err(IdentityError::Mismatch);
        }
        self.agent().map(|_| ())
    }

    /// The key in PEM.
    pub fn key_pem(&self) -> &str {
        &self.key
    }

    fn key_pair(&self) -> Result<rcgen::KeyPair, IdentityError> {
        rcgen::KeyPair::from_pem(&self.key).map_err(|_| IdentityError::Key)
    }

    /// The key for TLS.
    pub fn private_key(&self) -> Result<PrivateKeyDer<'static>, IdentityError> {
        let der = self.key_pair()?.serialize_der();
        Ok(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der)))
    }

    /// The certificate chain, leaf first.
    pub fn certificate_chain(&self) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
        decode(&self.certificate_chain)
    }

    /// The authorities that collectors are judged by.
    pub fn trust_bundle(&self) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
        decode(&self.trust_bundle)
    }

    /// When the certificate holds.
    pub fn validity(&self) -> Result<Validity, IdentityError> {
        let chain = self.certificate_chain()?;
        Validity::of(chain.first().ok_or(IdentityError::Empty)?)
    }

    /// Whether the certificate is to be renewed by now.
    pub fn renewal_is_due(&self, now: i64) -> Result<bool, IdentityError> {
        Ok(now > self.validity()?.renewal(&self.agent()?))
    }

    /// The agent the certificate names.
    pub fn agent(&self) -> Result<AgentUri, IdentityError> {
        let chain = self.certificate_chain()?;
        let leaf = parse(chain.first().ok_or(IdentityError::Empty)?)?;
        let names = leaf.subject_alternative_name().map_err(|_| IdentityError::Name)?;
        let names = names.ok_or(IdentityError::Name)?;
        let uri = names.value.general_names.iter().find_map(|name| match name {
            GeneralName::URI(uri) => uri.parse().ok(),
            _ => None,
        });
        uri.ok_or(IdentityError::Name)
    }
}

impl Validity {
    /// What a certificate says.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, IdentityError> {
        let certificate = parse(certificate)?;
        Ok(Self {
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
        })
    }

    /// Whether the certificate has expired.
    pub fn expired(self, now: i64) -> bool {
        now > self.not_after
    }

    /// When a certificate is to be renewed: after two thirds of its life and up to a tenth more,
    /// different for each agent but always the same for one, so that a fleet enrolled in one morning
    /// does not come back in one morning.
    pub fn renewal(self, agent: &AgentUri) -> i64 {
        let life = self.not_after.saturating_sub(self.not_before).max(0);
        let hash = blake3::hash(agent.to_string().as_bytes());
        let [first, second, ..] = *hash.as_bytes();
        let spread = i64::from(u16::from_be_bytes([first, second]));
        let jitter = (life / 10).saturating_mul(spread) / i64::from(u16::MAX);
        self.not_before.saturating_add(life / 3 * 2).saturating_add(jitter)
    }
}

fn decode(all: &[String]) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let decode = |text: &String| STANDARD.decode(text).map(CertificateDer::from);
    all.iter().map(decode).collect::<Result<_, _>>().map_err(|_| IdentityError::Certificate)
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, IdentityError> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|_| IdentityError::Certificate)?;
    Ok(certificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(number: u32) -> AgentUri {
        let uri = format!("spiffe://test.example/agent/00000000-0000-0000-0000-{number:012}");
        uri.parse().unwrap()
    }

    #[test]
    fn renewal_is_due_after_two_thirds_and_spread_over_a_tenth() {
        let life = 30 * 86_400;
        let validity = Validity { not_before: 1000, not_after: 1000 + life };
        let (from, to) = (1000 + life / 3 * 2, 1000 + life / 3 * 2 + life / 10);
        let mut days = [0; 3];
        for number in 0..3000 {
            let due = validity.renewal(&agent(number));
            assert!((from..=to).contains(&due), "{due}");
            assert_eq!(due, validity.renewal(&agent(number)));
            days[usize::try_from((due - from) / 86_400).unwrap().min(2)] += 1;
        }
        assert!(days.iter().all(|day| (900..1100).contains(day)), "{days:?}");
        let broken = Validity { not_before: 10, not_after: 0 };
        assert_eq!(broken.renewal(&agent(1)), 10);
        assert!(Validity { not_before: 0, not_after: i64::MAX }.renewal(&agent(1)) > 0);
    }

    #[test]
    fn a_certificate_holds_to_its_last_second() {
        let validity = Validity { not_before: 0, not_after: 300 };
        assert!(!validity.expired(300));
        assert!(validity.expired(301));
    }
}
