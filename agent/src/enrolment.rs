//! How a device gets its identity: a key made here, a token from the collector, a pinned authority.

use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use belfort_proto::enrolment::v1 as wire;
use belfort_proto::enrolment::v1::enrolment_service_client::EnrolmentServiceClient;
use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::Section;
use zeroize::Zeroizing;

use crate::probe::{Host, Probe, network, storage, system};
use crate::report::Encoded;
use crate::state::{Identity, IdentityError, State, StateError};
use crate::transport::{self, ANSWER_BYTES_MAX, Address, AddressError, TransportError};

mod evidence;
mod pinned;

/// An enrolment token: `bft1.<secret>.<fingerprint>`.
#[derive(Clone)]
pub struct Token {
    /// What proves the right to enrol, as text.
    secret: Zeroizing<String>,
    /// SHA-256 of the authority's certificate.
    fingerprint: [u8; 32],
}

/// Why a text is no token. The text itself is not shown: it may be a secret with a slip of the pen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It does not start with `bft1.`.
    #[error("the token does not start with `bft1.`: copy it whole, as the collector printed it")]
    Form,
    /// Its secret is not 32 bytes in base64url.
    #[error("the token's second part is damaged: copy it whole, as the collector printed it")]
    Secret,
    /// Its fingerprint is not 32 bytes in base64url.
    #[error("the token's third part is damaged: copy it whole, as the collector printed it")]
    Fingerprint,
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.trim().strip_prefix("bft1.").ok_or(TokenError::Form)?;
        let (secret, fingerprint) = rest.split_once('.').ok_or(TokenError::Form)?;
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok();
        let _: [u8; 32] = bytes(secret).ok_or(TokenError::Secret)?;
        let fingerprint = bytes(fingerprint).ok_or(TokenError::Fingerprint)?;
        Ok(Self { secret: Zeroizing::new(secret.to_owned()), fingerprint })
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// No key or signing request can be made.
    #[error("cannot make a key")]
    Key(#[source] rcgen::Error),
    /// The stored endpoint is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// There is no connection.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The collector answered with an error.
    #[error("the collector answered: {}", .0.message())]
    Refused(Box<tonic::Status>),
    /// The collector's answer has no identity in it.
    #[error("the collector's answer holds no identity")]
    Empty,
    /// The identity in the collector's answer cannot be used.
    #[error("the identity in the collector's answer cannot be used")]
    Identity(#[from] IdentityError),
}

impl From<tonic::Status> for EnrolmentError {
    fn from(status: tonic::Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

/// Enrols the device and keeps its identity. The key is kept before the call: repeating an enrolment
/// whose answer got lost gives the same agent again.
pub async fn enrol(
    state: &State,
    host: &Host,
    address: &Address,
    token: &Token,
) -> Result<Identity, EnrolmentError> {
    let key = if let Some(pem) = state.pending_key()? {
        Zeroizing::new(pem)
    } else {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)
            .map_err(EnrolmentError::Key)?;
        let pem = Zeroizing::new(key.serialize_pem());
        state.save_pending_key(&pem)?;
        pem
    };
    let request = wire::EnrolRequest {
        token: token.secret.to_string(),
        certificate_signing_request: signing_request(&key)?,
        evidence: Some(evidence(host)),
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        host_name: host_name(host),
        platform: "linux".to_owned(),
    };
    let verifier = pinned::PinnedVerifier::new(token.fingerprint);
    let tls = transport::unenrolled(Arc::new(verifier))?;
    let mut client = client(address, tls).await?;
    let answer = client.enrol(request).await?.into_inner();
    let issued = answer.identity.ok_or(EnrolmentError::Empty)?;
    let identity = Identity::new(key, &issued, &address.to_string())?;
    let _: Address = identity.report_endpoint.parse()?;
    state.save_identity(&identity)?;
    state.forget_enrolment()?;
    Ok(identity)
}

/// Exchanges an expired certificate for a new one, by proof that its key is still here.
pub async fn recover(state: &State, identity: &Identity) -> Result<Identity, EnrolmentError> {
    let address: Address = identity.enrolment_endpoint.parse()?;
    let tls = transport::expired(identity)?;
    let mut client = client(&address, tls).await?;
    let certificate_signing_request = signing_request(identity.key_pem())?;
    let request = wire::RecoverRequest { certificate_signing_request };
    let answer = client.recover(request).await?.into_inner();
    let identity = identity.renewed(&answer.identity.ok_or(EnrolmentError::Empty)?)?;
    state.save_identity(&identity)?;
    Ok(identity)
}

/// A signing request without names: the collector alone names the agent.
pub fn signing_request(key_pem: &str) -> Result<Vec<u8>, EnrolmentError> {
    let key = rcgen::KeyPair::from_pem(key_pem).map_err(EnrolmentError::Key)?;
    let mut parameters = rcgen::CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    let request = parameters.serialize_request(&key).map_err(EnrolmentError::Key)?;
    Ok(request.der().to_vec())
}

async fn client(
    address: &Address,
    tls: Arc<rustls::ClientConfig>,
) -> Result<EnrolmentServiceClient<tonic::transport::Channel>, EnrolmentError> {
    let channel = transport::connect(address, tls).await?;
    Ok(EnrolmentServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX))
}

/// What stands for the host name of a device whose configuration keeps it.
const UNNAMED: &str = "unnamed";

/// The name the device goes by until its first report, unless its configuration keeps it.
fn host_name(host: &Host) -> String {
    let mut off = host.policy.fields_off(SectionKind::System);
    let kept = off.any(|path| path.names() == "host_name");
    if kept || !host.policy.collects(SectionKind::System) {
        return UNNAMED.to_owned();
    }
    host.names.node.split('.').next().unwrap_or_default().to_owned()
}

/// What tells this machine apart, from the same probes as the report and as far as the device's
/// configuration lets them report.
pub fn evidence(host: &Host) -> wire::HardwareEvidence {
    let probes: [&dyn Probe; 3] =
        [&system::SystemProbe, &storage::StorageProbe, &network::NetworkProbe];
    let allowed = probes.into_iter().filter(|probe| host.policy.collects(probe.kind()));
    let sections: Vec<_> = allowed
        .filter_map(|probe| Section::decode(probe.kind(), &Encoded::read(probe, host).bytes).ok())
        .collect();
    let mut evidence = wire::HardwareEvidence::default();
    for section in &sections {
        match section {
            Section::System(system) => evidence::of_system(system, &mut evidence),
            Section::Storage(storage) => evidence::of_storage(storage, &mut evidence),
            Section::Network(network) => evidence::of_network(network, &mut evidence),
            _ => {}
        }
    }
    evidence
}

/// Bytes of a message on the wire, for the account of a call.
pub(crate) fn wire_bytes(message: &impl prost::Message) -> u64 {
    message.encoded_len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(secret: &[u8], fingerprint: &[u8]) -> String {
        let encode = |bytes| URL_SAFE_NO_PAD.encode(bytes);
        format!("bft1.{}.{}", encode(secret), encode(fingerprint))
    }

    #[test]
    fn tokens() {
        let text = token(&[1; 32], &[2; 32]);
        let parsed: Token = format!("{text}\n").parse().unwrap();
        assert_eq!(parsed.fingerprint, [2; 32]);
        assert_eq!(*parsed.secret, URL_SAFE_NO_PAD.encode([1; 32]));
        let error = |text: &str| text.parse::<Token>().unwrap_err();
        assert_eq!(error("bft2.a.b"), TokenError::Form);
        assert_eq!(error("bft1.a"), TokenError::Form);
        assert_eq!(error(&token(&[1; 31], &[2; 32])), TokenError::Secret);
        assert_eq!(error(&token(&[1; 32], &[2; 33])), TokenError::Fingerprint);
        assert!(!format!("{parsed:?}").contains("AQEB"));
    }

    #[test]
    fn signing_requests_name_nobody() {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let der = signing_request(&key.serialize_pem()).unwrap();
        let (_, request) =
            <x509_parser::certification_request::X509CertificationRequest<'_> as
             x509_parser::prelude::FromDer<_>>::from_der(&der).unwrap();
        assert_eq!(request.certification_request_info.subject.iter().count(), 0);
        assert!(request.requested_extensions().is_none_or(|mut all| all.next().is_none()));
    }
}
