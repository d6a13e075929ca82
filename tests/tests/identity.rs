//! An agent is who its certificate says, and nobody else: whatever a client writes elsewhere.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use std::time::Duration;

use belfort_proto::report::v1::report_service_client::ReportServiceClient;
use belfort_tests::collector::{Backend, Collector};
use belfort_tests::device::{Device, Inventory};
use belfort_tests::wire::{self, Credentials};
use prost::Message as _;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
};
use rustls::AlertDescription;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

const CHECK_IN: &str = "/belfort.report.v1.ReportService/CheckIn";
const REPORT: &str = "/belfort.report.v1.ReportService/Report";
const ENROL: &str = "/belfort.enrolment.v1.EnrolmentService/Enrol";

/// Revocation takes effect within five seconds; a busy machine is given as long again.
const REVOKED_WITHIN: Duration = Duration::from_secs(10);

/// How the report listener refuses a client that shows this.
async fn refusal(collector: &Collector, shown: Option<&Credentials>) -> Option<AlertDescription> {
    let config = || wire::tls(collector.authority().certificate(), shown);
    // Also a call gets nowhere.
    if let Ok(channel) = wire::channel(collector.report, None, config()).await {
        let request = Inventory::marked("intruder").check_in(1);
        ReportServiceClient::new(channel).check_in(request).await.unwrap_err();
    }
    wire::alert(collector.report, config()).await
}

/// What the collector keeps of a device: nothing, or the mark of its last report.
fn stored(collector: &Collector, device: &Device) -> Option<String> {
    let detail = collector.stored(|store| {
        let asset = store.agent_get(device.agent()).unwrap().unwrap().asset;
        store.asset_get(asset).unwrap().unwrap()
    });
    assert_eq!(detail.facts.is_none(), detail.sections.is_empty());
    detail.facts.map(|facts| facts.host_name)
}

#[tokio::test]
async fn nobody_reports_without_a_certificate_of_this_authority() {
    let mut collector = Collector::start(Backend::Sqlite);
    let device = Device::enrolled(&collector, "pc-1").await;
    assert_eq!(refusal(&collector, None).await, Some(AlertDescription::CertificateRequired));

    // Another authority under the same name, and the very name of an agent that exists.
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let uri = format!("spiffe://belfort.example/agent/{}", device.agent());
    let mut leaf = CertificateParams::default();
    leaf.subject_alt_names = vec![SanType::URI(uri.as_str().try_into().unwrap())];
    let own = leaf.self_signed(&device.key).unwrap().der().clone();
    let issuer = Issuer::new(authority, authority_key);
    let foreign = leaf.signed_by(&device.key, &issuer).unwrap().der().clone();
    for chain in [vec![foreign], vec![own]] {
        let shown = Credentials { chain, key: device.key.serialize_der() };
        let alert = refusal(&collector, Some(&shown)).await;
        assert_eq!(alert, Some(AlertDescription::UnknownCA));
    }

    assert_eq!(stored(&collector, &device), None);
    assert!(collector.is_alive());
}

#[tokio::test]
async fn a_certificate_of_this_authority_that_names_no_agent_is_refused() {
    let collector = Collector::start(Backend::Sqlite);
    let device = Device::enrolled(&collector, "pc-1").await;
    let key = std::fs::read_to_string(collector.data().join("ca.key.pem")).unwrap();
    let authority = collector.authority();
    let issuer =
        Issuer::from_ca_cert_der(authority.certificate(), KeyPair::from_pem(&key).unwrap())
            .unwrap();
    let id = device.agent();
    let of = |names: &[String]| {
        let mut leaf = CertificateParams::default();
        let names = names.iter().map(|name| SanType::URI(name.as_str().try_into().unwrap()));
        leaf.subject_alt_names = names.collect();
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let chain = vec![leaf.signed_by(&device.key, &issuer).unwrap().der().clone()];
        Credentials { chain, key: device.key.serialize_der() }
    };
    let own = format!("spiffe://belfort.example/agent/{id}");
    for names in [
        vec![],
        vec![format!("spiffe://other.example/agent/{id}")],
        vec![format!("spiffe://belfort.example/collector/{id}")],
        vec![format!("https://belfort.example/agent/{id}")],
        vec![own.clone(), "spiffe://belfort.example/agent/another".to_owned()],
    ] {
        let alert = refusal(&collector, Some(&of(&names))).await;
        assert_eq!(alert, Some(AlertDescription::BadCertificate), "{names:?}");
    }
    // The same way of signing with the right name is let in: it is the name that was refused.
    let config = wire::tls(authority.certificate(), Some(&of(&[own])));
    let channel = wire::channel(collector.report, None, config).await.unwrap();
    let report = device.inventory("pc-1").report(1);
    ReportServiceClient::new(channel).report(report).await.unwrap();
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let collector = Collector::start(Backend::Sqlite);
    let mut device = Device::enrolled(&collector, "pc-1").await;
    device.reissue(&collector, 40, 30);
    let alert = refusal(&collector, Some(&device.credentials())).await;
    assert_eq!(alert, Some(AlertDescription::CertificateExpired));
    device.reissue(&collector, 29, 30);
    device.connect(&collector).await.report(&Inventory::marked("pc-1")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_agent_is_refused_and_its_connection_closed() {
    let collector = Collector::start(Backend::Sqlite);
    let device = Device::enrolled(&collector, "pc-1").await;
    let neighbour = Device::enrolled(&collector, "pc-2").await;
    let mut session = device.connect(&collector).await;
    let mut other = neighbour.connect(&collector).await;
    session.report(&Inventory::marked("before")).await.unwrap();
    let mut idle = open_http2(&collector, &device).await;
    let mut others = open_http2(&collector, &neighbour).await;

    collector.say(&["agent", "revoke", &device.agent().to_string()]);
    let revoked = Instant::now();
    // The very next call, on the open connection, before anything was closed.
    let refused = session.report(&Inventory::marked("after")).await.unwrap_err();
    assert!(matches!(refused.code(), Code::Unauthenticated | Code::Unavailable), "{refused}");
    let mut rest = Vec::new();
    let _ = timeout(REVOKED_WITHIN, idle.read_to_end(&mut rest)).await.expect("it is closed");
    assert!(revoked.elapsed() < REVOKED_WITHIN);

    let alert = refusal(&collector, Some(&device.credentials())).await;
    assert_eq!(alert, Some(AlertDescription::CertificateRevoked));
    let status = session.renew(device.signing_request()).await.unwrap_err();
    assert_ne!(status.code(), Code::Ok, "{status}");
    assert_eq!(stored(&collector, &device).as_deref(), Some("before"));

    // Nobody else notices.
    other.report(&Inventory::marked("neighbour")).await.unwrap();
    let open = timeout(Duration::from_millis(300), others.read_to_end(&mut rest)).await;
    assert!(open.is_err(), "the connection of an agent that was not revoked is closed");
}

/// A connection on which HTTP/2 was begun and nothing is asked.
async fn open_http2(
    collector: &Collector,
    device: &Device,
) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
    let config = wire::tls(collector.authority().certificate(), Some(&device.credentials()));
    let mut stream = wire::open(collector.report, None, config).await.unwrap();
    // RFC 9113, 3.4: the preface and an empty SETTINGS frame.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    stream
}

#[tokio::test]
async fn a_machine_that_is_enrolled_again_supersedes_itself() {
    let collector = Collector::start(Backend::Sqlite);
    let old = Device::enrolled(&collector, "pc-1").await;
    let mut session = old.connect(&collector).await;
    session.report(&old.inventory("old")).await.unwrap();
    let mut new = old.reinstalled();
    new.enrol(&collector, &collector.token(1).secret()).await.unwrap();
    assert_ne!(new.agent(), old.agent());

    let refused = session.report(&old.inventory("ghost")).await.unwrap_err();
    assert!(matches!(refused.code(), Code::Unauthenticated | Code::Unavailable), "{refused}");
    assert_eq!(stored(&collector, &new).as_deref(), Some("old"), "the history is kept");
    new.connect(&collector).await.report(&new.inventory("new")).await.unwrap();
    assert_eq!(stored(&collector, &new).as_deref(), Some("new"));
    assert_eq!(collector.json(&["asset", "list"])["total"], 1);

    let deadline = Instant::now() + REVOKED_WITHIN;
    while refusal(&collector, Some(&old.credentials())).await.is_none() {
        assert!(Instant::now() < deadline, "the old key still gets through the handshake");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let status = old.reinstalled().recover(&collector).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status}");
}

#[tokio::test]
async fn a_signing_request_that_names_another_agent_is_refused() {
    let collector = Collector::start(Backend::Sqlite);
    let victim = Device::enrolled(&collector, "victim").await;
    let thief = Device::enrolled(&collector, "thief").await;
    let uri = format!("spiffe://belfort.example/agent/{}", victim.agent());
    let naming = thief.signing_request_with(&[&uri]);

    let newcomer = Device::new("newcomer");
    let token = collector.token(1);
    let mut request = newcomer.enrol_request(&token.secret());
    request.certificate_signing_request = newcomer.signing_request_with(&[&uri]);
    let mut client = belfort_tests::device::enrolment(&collector, None).await;
    let status = client.enrol(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert!(status.message().contains("name"), "{status}");
    let tokens = collector.json(&["token", "list"]);
    assert_eq!(tokens["items"][0]["uses"], 0, "a refused request uses nothing up");

    let mut session = thief.connect(&collector).await;
    let status = session.renew(naming).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    // Nor does another agent's key get a certificate under this name.
    let status = session.renew(victim.signing_request()).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert!(status.message().contains("another agent"), "{status}");
    victim.connect(&collector).await.report(&Inventory::marked("victim")).await.unwrap();
    assert_eq!(stored(&collector, &thief), None);
}

#[tokio::test]
async fn another_agents_id_anywhere_else_changes_nothing() {
    let collector = Collector::start(Backend::Sqlite);
    let victim = Device::enrolled(&collector, "victim").await;
    let thief = Device::enrolled(&collector, "thief").await;
    victim.connect(&collector).await.report(&Inventory::marked("untouched")).await.unwrap();
    let before = collector.json(&["asset", "show", "untouched"]);

    let (id, inventory) = (victim.agent().to_string(), Inventory::marked("stolen"));
    let channel = thief.connect(&collector).await.channel;
    let mut metadata = MetadataMap::new();
    for name in ["agent-id", "x-agent-id", "x-forwarded-client-cert", "authorization"] {
        metadata.insert(name, format!("By=spiffe://x;URI={id}").parse().unwrap());
    }
    metadata.insert("agent-id", id.parse().unwrap());
    metadata.insert("x-forwarded-for", "192.0.2.1".parse().unwrap());
    // Fields 1000 to 1002, as text: where an older or newer schema might have an agent's id.
    let extra: Vec<u8> = (1000_u32..1003)
        .flat_map(|field| {
            let mut bytes = Vec::new();
            prost::encoding::string::encode(field, &id, &mut bytes);
            bytes
        })
        .collect();
    let with_extra = |mut message: Vec<u8>| {
        message.extend(&extra);
        message
    };
    let check_in = with_extra(inventory.check_in(1).encode_to_vec());
    wire::call(&channel, CHECK_IN, check_in, metadata.clone()).await.unwrap();
    let report = with_extra(inventory.report(2).encode_to_vec());
    wire::call(&channel, REPORT, report, metadata).await.unwrap();

    assert_eq!(stored(&collector, &thief).as_deref(), Some("stolen"));
    assert_eq!(stored(&collector, &victim).as_deref(), Some("untouched"));
    let after = collector.json(&["asset", "show", "untouched"]);
    for part in ["id", "name", "agents", "sections", "facts", "last_seen"] {
        assert_eq!(after[part], before[part], "{part}");
    }
}

#[tokio::test]
async fn each_listener_serves_its_own_service_alone() {
    let collector = Collector::start(Backend::Sqlite);
    let device = Device::enrolled(&collector, "pc-1").await;
    let authority = collector.authority();
    // The enrolment listener asks for no certificate, and looks at none.
    let shown = device.credentials();
    let config = wire::tls(authority.certificate(), Some(&shown));
    let enrolment = wire::channel(collector.enrolment, None, config).await.unwrap();
    let inventory = Inventory::marked("sneaked");
    for (path, message) in [
        (CHECK_IN, inventory.check_in(1).encode_to_vec()),
        (REPORT, inventory.report(1).encode_to_vec()),
        ("/belfort.report.v1.ReportService/Renew", Vec::new()),
        ("/api/v1/assets", Vec::new()),
    ] {
        let status = call(&enrolment, path, message).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{path}: {status}");
    }
    let report = device.connect(&collector).await.channel;
    let token = collector.token(1);
    let request = Device::new("pc-2").enrol_request(&token.secret()).encode_to_vec();
    for path in [ENROL, "/belfort.enrolment.v1.EnrolmentService/Recover", "/"] {
        let status = call(&report, path, request.clone()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{path}: {status}");
    }
    assert_eq!(stored(&collector, &device), None);
    assert_eq!(collector.json(&["agent", "list"])["total"], 1);
}

async fn call(
    channel: &tonic::transport::Channel,
    path: &'static str,
    message: Vec<u8>,
) -> Result<bytes::Bytes, Status> {
    wire::call(channel, path, message, MetadataMap::new()).await
}

#[tokio::test]
async fn only_tls_1_3_is_spoken() {
    let collector = Collector::start(Backend::Sqlite);
    for address in [collector.enrolment, collector.report] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(&tls_1_2_hello()).await.unwrap();
        let mut answer = [0; 7];
        timeout(Duration::from_secs(20), stream.read_exact(&mut answer)).await.unwrap().unwrap();
        // RFC 8446, 6: an alert record; fatal (2), protocol_version (70).
        assert_eq!((answer[0], &answer[3..]), (21, [0, 2, 2, 70].as_slice()), "{address}");
    }
}

/// A `ClientHello` of TLS 1.2 (RFC 5246, 7.4.1.2): whole and proper, without `supported_versions`.
fn tls_1_2_hello() -> Vec<u8> {
    let extensions: &[u8] = &[
        // supported_groups: x25519, secp256r1.
        0x00, 0x0a, 0x00, 0x06, 0x00, 0x04, 0x00, 0x1d, 0x00, 0x17,
        // signature_algorithms: ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256.
        0x00, 0x0d, 0x00, 0x06, 0x00, 0x04, 0x04, 0x03, 0x08, 0x04,
        // extended_master_secret.
        0x00, 0x17, 0x00, 0x00,
    ];
    let mut body = vec![0x03, 0x03];
    body.extend([7; 32]);
    // No session; ECDHE_ECDSA and ECDHE_RSA with AES_128_GCM; no compression.
    body.extend([0, 0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0]);
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let mut message = vec![1, 0];
    message.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    message.extend(body);
    let mut record = vec![22, 3, 1];
    record.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
    record.extend(message);
    record
}
