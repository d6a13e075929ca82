//! The built-in certificate authority: signs agents' keys and the collector's own certificate.
//!
//! Its key lies in the data directory, readable by the collector alone. Agents' certificates have one
//! name, the SPIFFE id; everything else a certificate signing request asks for is refused.

use std::fs;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use belfort_model::id::AgentId;
use belfort_model::time::Timestamp;
use belfort_proto::identity::AgentUri;
use belfort_proto::limits;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _,
    SanType, SerialNumber,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, CertificateSigningRequestDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate, X509CertificationRequest};

/// Days an agent's certificate lasts.
pub const AGENT_DAYS: i64 = 30;
/// Days the collector's own certificate lasts; it is made anew well before.
pub const SERVER_DAYS: i64 = 60;
/// Days the authority's certificate lasts.
const CA_DAYS: i64 = 3650;
/// Days after its end within which a certificate on a known key can be recovered.
pub const RECOVER_DAYS: i64 = 400;

const KEY_FILE: &str = "ca.key.pem";
const CERTIFICATE_FILE: &str = "ca.pem";

/// Why the authority cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// A file of the authority cannot be read or written.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The key file can be read by others.
    #[error(
        "{} has mode {mode:o} or another owner: run `chmod 600` on it and give it to the account the collector runs as",
        path.display()
    )]
    Insecure {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A file does not hold what it should.
    #[error("{} is damaged: {reason}; restore it from a backup", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Issue(#[from] rcgen::Error),
    /// A name of the collector is neither a host name nor an address.
    #[error("`{0}` is neither a host name nor an address")]
    Name(String),
}

/// Why a certificate signing request is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    /// Larger than a request can be.
    #[error("certificate signing request has {0} bytes")]
    Size(usize),
    /// Not a request, or not signed by its own key.
    #[error("certificate signing request is malformed or not signed by its key")]
    Malformed,
    /// It names somebody: only the collector does.
    #[error("certificate signing request carries a name or extensions: leave them out")]
    Names,
}

/// A checked certificate signing request: a public key whose holder signed it.
pub struct Csr {
    key: rcgen::PublicKey,
    /// SHA-256 of the key's `SubjectPublicKeyInfo`.
    pub key_sha256: [u8; 32],
}

impl Csr {
    /// Checks size, form, signature and that nothing is asked for but a certificate on the key.
    pub fn parse(der: &[u8]) -> Result<Self, CsrError> {
        if der.len() > limits::CSR_BYTES {
            return Err(CsrError::Size(der.len()));
        }
        let (rest, parsed) =
            X509CertificationRequest::from_der(der).map_err(|_| CsrError::Malformed)?;
        let info = &parsed.certification_request_info;
        let named = info.subject.iter().next().is_some();
        if !rest.is_empty() {
            return Err(CsrError::Malformed);
        }
        if named || parsed.requested_extensions().is_some_and(|mut all| all.next().is_some()) {
            return Err(CsrError::Names);
        }
        let request = CertificateSigningRequestDer::from(der);
        let checked =
            CertificateSigningRequestParams::from_der(&request).map_err(|_| CsrError::Malformed)?;
        let key_sha256 = Sha256::digest(checked.public_key.subject_public_key_info()).into();
        Ok(Self { key: checked.public_key, key_sha256 })
    }
}

/// A certificate that was just issued to an agent.
pub struct Issued {
    /// Leaf first, then the authority; DER.
    pub chain: Vec<Vec<u8>>,
    /// Serial number, lower-case hexadecimal.
    pub serial: String,
    /// When it ends.
    pub not_after: Timestamp,
}

/// The authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    trust_domain: String,
}

impl Authority {
    /// Makes a new authority in a directory that has none.
    pub fn create(directory: &Path, trust_domain: &str, now: Timestamp) -> Result<Self, CaError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, format!("Belfort CA {trust_domain}"));
        params.distinguished_name = name;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.serial_number = Some(random_serial()?);
        (params.not_before, params.not_after) = validity(now, CA_DAYS);
        let certificate = params.self_signed(&key)?;
        write_new(&directory.join(KEY_FILE), &key.serialize_pem(), 0o600)?;
        write_new(&directory.join(CERTIFICATE_FILE), &certificate.pem(), 0o644)?;
        Self::open(directory, trust_domain)
    }

    /// Whether a directory holds an authority.
    pub fn exists(directory: &Path) -> bool {
        directory.join(KEY_FILE).exists()
    }

    /// Reads the authority of a directory. Refuses a key that others can read.
    pub fn open(directory: &Path, trust_domain: &str) -> Result<Self, CaError> {
        let key_path = directory.join(KEY_FILE);
        let certificate_path = directory.join(CERTIFICATE_FILE);
        let key = read_private(&key_path)?;
        let damaged = |path: &Path, reason: String| CaError::Damaged { path: path.into(), reason };
        let key = KeyPair::from_pem(&key).map_err(|e| damaged(&key_path, e.to_string()))?;
        let pem = read(&certificate_path)?;
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|e| damaged(&certificate_path, e.to_string()))?;
        let public = X509Certificate::from_der(&certificate)
            .map(|(_, parsed)| parsed.public_key().raw.to_vec())
            .map_err(|e| damaged(&certificate_path, e.to_string()))?;
        if public != key.subject_public_key_info() {
            let reason = "it does not belong to the key beside it".to_owned();
            return Err(damaged(&certificate_path, reason));
        }
        let issuer = Issuer::from_ca_cert_der(&certificate, key)?;
        Ok(Self { issuer, certificate, trust_domain: trust_domain.to_owned() })
    }

    /// The authority's certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// SHA-256 of the authority's certificate: what an enrolment token pins.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.certificate).into()
    }

    /// The trust domain in every identity this authority gives.
    pub fn trust_domain(&self) -> &str {
        &self.trust_domain
    }

    /// Issues an agent's certificate on the key of a checked request.
    pub fn issue_agent(
        &self,
        csr: &Csr,
        agent: AgentId,
        now: Timestamp,
        days: i64,
    ) -> Result<Issued, CaError> {
        let uri = AgentUri { trust_domain: self.trust_domain.clone(), agent_id: agent.0 };
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names =
            vec![SanType::URI(uri.to_string().try_into().map_err(CaError::Issue)?)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let serial = random_serial()?;
        let text = hex::encode(serial.as_ref());
        params.serial_number = Some(serial);
        (params.not_before, params.not_after) = validity(now, days);
        let certificate = params.signed_by(&csr.key, &self.issuer)?;
        Ok(Issued {
            chain: vec![certificate.der().to_vec(), self.certificate.to_vec()],
            serial: text,
            not_after: now.plus_days(days),
        })
    }

    /// Makes a key and a certificate for the collector itself under these names.
    pub fn issue_server(
        &self,
        names: &[String],
        now: Timestamp,
    ) -> Result<Arc<rustls::sign::CertifiedKey>, CaError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for name in names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(
                    name.as_str().try_into().map_err(|_| CaError::Name(name.clone()))?,
                ),
            });
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(random_serial()?);
        (params.not_before, params.not_after) = validity(now, SERVER_DAYS);
        let certificate = params.signed_by(&key, &self.issuer)?;
        let chain = vec![certificate.der().clone(), self.certificate.clone()];
        let der = PrivateKeyDer::try_from(key.serialize_der())
            .map_err(|_| CaError::Issue(rcgen::Error::CouldNotParseKeyPair))?;
        let signer = rustls::crypto::ring::sign::any_supported_type(&der)
            .map_err(|_| CaError::Issue(rcgen::Error::CouldNotParseKeyPair))?;
        Ok(Arc::new(rustls::sign::CertifiedKey::new(chain, signer)))
    }
}

/// The agent a verified certificate belongs to: its one name is a URI of this trust domain.
pub fn agent_of(certificate: &CertificateDer<'_>, trust_domain: &str) -> Option<AgentId> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let names = parsed.subject_alternative_name().ok()??;
    let [GeneralName::URI(uri)] = names.value.general_names.as_slice() else { return None };
    let uri: AgentUri = uri.parse().ok()?;
    (uri.trust_domain == trust_domain).then_some(AgentId(uri.agent_id))
}

/// From an hour ago, because devices' clocks are behind, until so many days from now.
fn validity(now: Timestamp, days: i64) -> (OffsetDateTime, OffsetDateTime) {
    let at = |moment: Timestamp| {
        OffsetDateTime::from_unix_timestamp(moment.0.div_euclid(1000))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    };
    (at(now.plus_seconds(-3600)), at(now.plus_days(days)))
}

/// 16 random bytes with the first bit clear, so that the number is positive (RFC 5280, 4.1.2.2).
fn random_serial() -> Result<SerialNumber, CaError> {
    let mut bytes =
        crate::secret::random::<16>().map_err(|_| CaError::Issue(rcgen::Error::RingUnspecified))?;
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    Ok(SerialNumber::from_slice(&bytes))
}

fn read(path: &Path) -> Result<String, CaError> {
    fs::read_to_string(path).map_err(|source| CaError::File {
        doing: "read",
        path: path.into(),
        source,
    })
}

/// Reads a file that only its owner, the account this process runs as, may read.
pub(crate) fn read_private(path: &Path) -> Result<String, CaError> {
    let metadata = fs::metadata(path).map_err(|source| CaError::File {
        doing: "read",
        path: path.into(),
        source,
    })?;
    let mode = metadata.permissions().mode() & 0o777;
    let own = fs::metadata("/proc/self").map(|own| own.uid());
    if mode & 0o077 != 0 || own.is_ok_and(|own| own != metadata.uid()) {
        return Err(CaError::Insecure { path: path.into(), mode });
    }
    read(path)
}

/// Writes a file that must not exist yet, durably.
pub(crate) fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), CaError> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .map_err(|source| CaError::File { doing: "write", path: path.into(), source })
}

#[cfg(test)]
mod tests;
