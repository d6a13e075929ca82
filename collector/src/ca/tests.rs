use rcgen::{CertificateParams, DistinguishedName, KeyPair, SanType};
use uuid::Uuid;

use super::*;

fn authority() -> (tempfile::TempDir, Authority) {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::create(directory.path(), "belfort.example", Timestamp(0)).unwrap();
    (directory, authority)
}

fn request(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    change(&mut params);
    params.serialize_request(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

#[test]
fn an_agent_gets_one_name_and_is_known_by_it() {
    let (_directory, authority) = authority();
    let agent = AgentId(Uuid::from_u128(7));
    let csr = Csr::parse(&request(|_| {})).unwrap();
    let issued = authority.issue_agent(&csr, agent, Timestamp(0), AGENT_DAYS).unwrap();
    let leaf = CertificateDer::from(issued.chain[0].clone());
    assert_eq!(agent_of(&leaf, "belfort.example"), Some(agent));
    assert_eq!(agent_of(&leaf, "other.example"), None);
    assert_eq!(agent_of(authority.certificate(), "belfort.example"), None);
    assert_eq!(issued.not_after, Timestamp(0).plus_days(30));
}

#[test]
fn a_request_that_names_somebody_is_refused() {
    let uri = "spiffe://belfort.example/agent/00000000-0000-0000-0000-000000000001";
    let names = request(|params| {
        params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
    });
    assert_eq!(Csr::parse(&names).err(), Some(CsrError::Names));
    let subject = request(|params| {
        params.distinguished_name.push(DnType::CommonName, "another");
    });
    assert_eq!(Csr::parse(&subject).err(), Some(CsrError::Names));
}

#[test]
fn a_request_not_signed_by_its_key_is_refused() {
    let mut der = request(|_| {});
    let last = der.len() - 1;
    der[last] ^= 1;
    assert_eq!(Csr::parse(&der).err(), Some(CsrError::Malformed));
    assert_eq!(Csr::parse(b"not a request").err(), Some(CsrError::Malformed));
    assert_eq!(Csr::parse(&[0; 9000]).err(), Some(CsrError::Size(9000)));
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let (directory, _authority) = authority();
    let key = directory.path().join(KEY_FILE);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let error = Authority::open(directory.path(), "belfort.example").err().unwrap();
    assert!(matches!(error, CaError::Insecure { mode: 0o640, .. }), "{error}");
}

#[test]
fn an_authority_is_never_overwritten_and_damage_is_named() {
    let (directory, authority) = authority();
    let again = Authority::create(directory.path(), "belfort.example", Timestamp(0));
    assert!(matches!(again.err(), Some(CaError::File { doing: "write", .. })));
    let read = Authority::open(directory.path(), "belfort.example").unwrap();
    assert_eq!(read.fingerprint(), authority.fingerprint());
    fs::write(directory.path().join(CERTIFICATE_FILE), "nonsense").unwrap();
    let error = Authority::open(directory.path(), "belfort.example").err().unwrap();
    assert!(matches!(error, CaError::Damaged { .. }), "{error}");
}
