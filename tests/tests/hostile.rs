//! Whatever arrives: a clear answer, nothing stored, and everybody else is served.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

#[path = "hostile/reports.rs"]
mod reports;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use belfort_proto::limits;
use belfort_proto::report::v1::ReportRequest;
use belfort_tests::collector::{Backend, Collector};
use belfort_tests::device::{self, Device, Inventory, Session};
use belfort_tests::wait::chance;
use belfort_tests::wire;
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tonic::Code;
use tonic::metadata::MetadataMap;

const REPORT: &str = "/belfort.report.v1.ReportService/Report";
const ENROL: &str = "/belfort.enrolment.v1.EnrolmentService/Enrol";
/// Longer than any time-out of the collector for a connection that says nothing of sense.
const PATIENCE: Duration = Duration::from_secs(30);

/// A collector with one enrolled machine that has not reported.
struct Scene {
    collector: Collector,
    device: Device,
}

impl Scene {
    async fn new() -> Self {
        let collector = Collector::start(Backend::Sqlite);
        let device = Device::enrolled(&collector, "pc-1").await;
        Self { collector, device }
    }

    /// Sections of the machine, and of all machines.
    fn stored(&self) -> (usize, u64) {
        let agent = self.device.agent();
        self.collector.stored(|store| {
            let asset = store.agent_get(agent).unwrap().unwrap().asset;
            let overview = store
                .overview(&belfort_model::access::Scope::All, belfort_collector::clock::now())
                .unwrap();
            (store.asset_sections(asset).unwrap().len(), overview.sections)
        })
    }

    /// Nothing was stored, and the collector works as before.
    async fn unharmed(&mut self) {
        assert_eq!(self.stored(), (0, 0), "something was stored");
        assert!(self.collector.is_alive());
        Device::enrolled(&self.collector, "newcomer").await;
        self.device
            .connect(&self.collector)
            .await
            .report(&Inventory::marked("pc-1"))
            .await
            .unwrap();
        assert_eq!(self.stored(), (2, 2));
    }
}

#[tokio::test]
async fn a_report_that_breaks_a_rule_is_refused_whole() {
    let mut scene = Scene::new().await;
    let mut session = scene.device.connect(&scene.collector).await;
    for (what, report, word) in reports::bad_reports() {
        let status = session.client.report(report).await.expect_err(what);
        assert_eq!(status.code(), Code::InvalidArgument, "{what}: {status}");
        assert!(status.message().contains(word), "{what}: {}", status.message());
        assert!(status.message().len() < 500, "{what}: {}", status.message());
    }
    // One good section beside a bad one: neither is taken.
    let mut mixed = Inventory::marked("pc-1").report(1);
    mixed.sections[1].zstd.truncate(4);
    let status = session.client.report(mixed).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    scene.unharmed().await;
}

#[tokio::test]
async fn sections_that_nobody_sent_are_asked_for() {
    let mut scene = Scene::new().await;
    let mut session = scene.device.connect(&scene.collector).await;
    let mut report = Inventory::marked("pc-1").report(1);
    report.sections.truncate(1);
    let status = session.client.report(report.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    assert!(status.message().contains("packages"), "{status}");
    report.sections.clear();
    let status = session.client.report(report).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    scene.unharmed().await;
}

#[tokio::test]
async fn a_check_in_that_breaks_a_rule_is_refused() {
    let mut scene = Scene::new().await;
    let mut session = scene.device.connect(&scene.collector).await;
    let good = Inventory::marked("pc-1").check_in(1);
    let mut bad = vec![good.clone(); 5];
    bad[0].root_hash.pop();
    bad[1].root_hash = vec![7; 32];
    bad[2].agent_version = "x".repeat(65);
    bad[3].agent_version = "0.1\u{1b}[2J".to_owned();
    bad[4].manifest = vec![good.manifest[0].clone(); 65];
    for request in bad {
        let status = session.client.check_in(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
    scene.unharmed().await;
}

#[tokio::test]
async fn messages_that_are_none_are_refused() {
    let mut scene = Scene::new().await;
    let channel = scene.device.connect(&scene.collector).await.channel;
    let whole = Inventory::marked("pc-1").report(1).encode_to_vec();
    let mut refused = 0;
    for end in 1..whole.len() {
        if end % 7 != 0 {
            continue;
        }
        let cut = whole.get(..end).unwrap().to_vec();
        let is_message = ReportRequest::decode(cut.as_slice()).is_ok();
        let status = wire::call(&channel, REPORT, cut, MetadataMap::new()).await.unwrap_err();
        // What cannot be decoded never reaches the service; what can, breaks a rule.
        if !is_message {
            refused += 1;
            assert!(matches!(status.code(), Code::Internal | Code::InvalidArgument), "{status}");
        }
    }
    assert!(refused > 10);
    scene.unharmed().await;
}

#[tokio::test]
async fn messages_over_the_limit_are_refused() {
    let mut scene = Scene::new().await;
    let report = scene.device.connect(&scene.collector).await.channel;
    let config = wire::tls(scene.collector.authority().certificate(), None);
    let enrolment = wire::channel(scene.collector.enrolment, None, config).await.unwrap();
    for (channel, path, limit) in [
        (report, REPORT, limits::MESSAGE_BYTES),
        (enrolment, ENROL, limits::ENROLMENT_MESSAGE_BYTES),
    ] {
        let message = vec![0; limit + 1];
        let status = wire::call(&channel, path, message, MetadataMap::new()).await.unwrap_err();
        assert_eq!(status.code(), Code::OutOfRange, "{path}: {status}");
    }
    scene.unharmed().await;
}

#[tokio::test]
async fn too_many_calls_of_one_agent_are_refused_and_nobody_elses() {
    let scene = Scene::new().await;
    let neighbour = Device::enrolled(&scene.collector, "pc-2").await;
    let inventory = Inventory::marked("pc-1");
    let mut session = scene.device.connect(&scene.collector).await;
    let mut refused = None;
    for _ in 0..150 {
        if let Err(status) = session.check_in(&inventory, false).await {
            refused = Some(status);
            break;
        }
    }
    assert_eq!(refused.unwrap().code(), Code::ResourceExhausted);
    neighbour.connect(&scene.collector).await.report(&inventory).await.unwrap();
}

#[tokio::test]
async fn an_enrolment_that_breaks_a_rule_uses_nothing_up() {
    let collector = Collector::start(Backend::Sqlite);
    let (secret, machine) = (collector.token(1).secret(), Device::new("pc-1"));
    let good = machine.enrol_request(&secret);
    let mut bad = vec![good.clone(); 9];
    bad[0].host_name = String::new();
    bad[1].host_name = "x".repeat(256);
    bad[2].host_name = "pc\u{7}".to_owned();
    bad[3].platform = "amiga".to_owned();
    bad[4].agent_version = "x".repeat(65);
    bad[5].certificate_signing_request = vec![0x30; limits::CSR_BYTES + 1];
    bad[6].certificate_signing_request = b"not a request".to_vec();
    bad[7].evidence.as_mut().unwrap().disk_serials = vec!["S4EWNX0N".to_owned(); 300];
    bad[8].evidence.as_mut().unwrap().system_serial = "x".repeat(257);
    let mut client = device::enrolment(&collector, None).await;
    for request in bad {
        let status = client.enrol(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
    // A proof of possession of another key: signed, but not by the key it asks for.
    let mut forged = good.clone();
    let middle = forged.certificate_signing_request.len() / 2;
    forged.certificate_signing_request[middle] ^= 1;
    let status = client.enrol(forged).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert_eq!(collector.json(&["asset", "list"])["total"], 0);
    client.enrol(good).await.unwrap();
}

/// Sends bytes and waits until the other side closes.
async fn closes(address: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // It may be closed before everything was sent.
    let _ = stream.write_all(bytes).await;
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "{address} keeps a connection open that says nothing of sense");
}

#[tokio::test]
async fn garbage_on_every_port_is_closed() {
    let mut scene = Scene::new().await;
    let noise: Vec<u8> = (0..4096).map(|_| u8::try_from(chance(256)).unwrap()).collect();
    let http = b"GET /api/v1/assets HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    let hello = vec![22, 3, 1, 0xff, 0xff];
    let collector = &scene.collector;
    let mut closing = Vec::new();
    for address in [collector.enrolment, collector.report, collector.web] {
        for bytes in [&noise, &vec![0; 4096], &http, &hello, &vec![b'a'; 100_000]] {
            let bytes = bytes.clone();
            closing.push(tokio::spawn(async move { closes(address, &bytes).await }));
        }
    }
    for address in [collector.enrolment, collector.report] {
        let bytes = preface.clone();
        closing.push(tokio::spawn(async move { closes(address, &bytes).await }));
    }
    for closing in closing {
        closing.await.unwrap();
    }
    scene.unharmed().await;
}

#[tokio::test]
async fn http_1_over_tls_is_not_spoken() {
    let mut scene = Scene::new().await;
    let authority = scene.collector.authority().certificate().clone();
    let shown = scene.device.credentials();
    for (address, shown) in
        [(scene.collector.enrolment, None), (scene.collector.report, Some(&shown))]
    {
        let mut config = wire::tls(&authority, shown);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let alert = wire::alert(address, config).await;
        // Offering only HTTP/1.1 fails in the handshake; offering nothing gets HTTP/2 or nothing.
        assert_eq!(alert, Some(rustls::AlertDescription::NoApplicationProtocol), "{address}");
        let mut config = wire::tls(&authority, shown);
        config.alpn_protocols.clear();
        let mut stream = wire::open(address, None, config).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it is closed");
        assert!(!answer.starts_with(b"HTTP/1"), "{address}");
    }
    scene.unharmed().await;
}

#[tokio::test]
async fn whoever_is_slow_holds_up_nobody() {
    let mut scene = Scene::new().await;
    let mut slow = Vec::new();
    for address in [scene.collector.enrolment, scene.collector.report] {
        for _ in 0..200 {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind((Ipv4Addr::new(127, 0, 0, 2), 0).into()).unwrap();
            let mut stream = socket.connect(address).await.unwrap();
            // Beyond what one address may have, the connection is closed at once.
            let _ = stream.write_all(&[22, 3, 1]).await;
            slow.push(stream);
        }
    }
    // Beside 200 connections of another address in the middle of their handshake, all are served.
    let served = async {
        let device = Device::enrolled(&scene.collector, "quick").await;
        let mut session: Session = device.connect(&scene.collector).await;
        session.check_in(&Inventory::marked("quick"), false).await.unwrap();
    };
    timeout(Duration::from_secs(8), served).await.expect("slow clients hold up others");
    // And the slow ones are sent away, although they never stop.
    for mut stream in slow {
        let mut rest = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "a handshake may take for ever");
    }
    scene.unharmed().await;
}
