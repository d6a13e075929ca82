//! A collector for tests: keeps what it is told in memory, and can be made to misbehave.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use belfort_proto::enrolment::v1::enrolment_service_server::{
    EnrolmentService, EnrolmentServiceServer,
};
use belfort_proto::enrolment::v1::{
    EnrolRequest, EnrolResponse, HardwareEvidence, Identity, RecoverRequest, RecoverResponse,
};
use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::report::v1::report_service_server::{ReportService, ReportServiceServer};
use belfort_proto::report::v1::{
    CheckInRequest, CheckInResponse, RenewRequest, RenewResponse, ReportRequest, ReportResponse,
    Settings, Verdict,
};
use belfort_proto::section::{self, Hash, Manifest, Section};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, IsCa, Issuer,
    KeyPair, SanType,
};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;
use tonic::{Request, Response, Status};

/// What the collector holds, and how it shall behave.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) root: Option<Hash>,
    pub(crate) manifest_kinds: Vec<&'static str>,
    /// The content of every section that was sent, by its hash.
    pub(crate) sections: HashMap<Hash, Vec<u8>>,
    pub(crate) manifest: Manifest,
    hashes: HashMap<SectionKind, Hash>,
    pub(crate) kinds_sent: Vec<&'static str>,
    pub(crate) sequences: Vec<u64>,
    pub(crate) settings_versions: Vec<u64>,
    pub(crate) evidence: Option<HardwareEvidence>,
    pub(crate) host_name: String,
    pub(crate) enrolments: u32,
    pub(crate) renewals: u32,
    pub(crate) recoveries: u32,
    pub(crate) settings: Option<Settings>,
    pub(crate) validity_days: (i64, i64),
    pub(crate) refuse_reports: u32,
    pub(crate) unauthenticated: bool,
    /// How far the collector's clock is from that of this machine.
    pub(crate) clock_days: i64,
    agents: u32,
}

impl Held {
    /// A section as it was reported last.
    pub(crate) fn section(&self, kind: SectionKind) -> Option<Section> {
        let bytes = self.sections.get(self.hashes.get(&kind)?)?;
        Some(Section::decode(kind, bytes).unwrap())
    }

    pub(crate) fn forget(&mut self) {
        self.root = None;
        self.sections.clear();
    }
}

struct Shared {
    held: Mutex<Held>,
    authority: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    address: Mutex<String>,
}

/// A running collector; it ends with the test's process.
pub(crate) struct Collector {
    shared: Arc<Shared>,
    pub(crate) address: String,
}

const SECRET: [u8; 32] = [9; 32];
const DAY: u64 = 86_400;

impl Collector {
    pub(crate) fn start() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "test authority");
        let certificate = authority.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(authority, key);
        let held = Held { validity_days: (-1, 29), ..Held::default() };
        let shared = Arc::new(Shared {
            held: Mutex::new(held),
            authority: certificate,
            issuer,
            address: Mutex::default(),
        });
        let tls = server_config(&shared);
        let (ready, wait) = std::sync::mpsc::channel();
        let serving = Server(shared.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(serve(serving, tls, ready));
        });
        let address = format!("https://{}", wait.recv().unwrap());
        shared.address.lock().unwrap().clone_from(&address);
        Self { shared, address }
    }

    pub(crate) fn token(&self) -> String {
        let fingerprint = Sha256::digest(&self.shared.authority);
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        format!("bft1.{}.{}", encode(&SECRET), encode(&fingerprint))
    }

    pub(crate) fn hold(&self, change: impl FnOnce(&mut Held)) {
        change(&mut self.shared.held.lock().unwrap());
    }

    pub(crate) fn held<T>(&self, look: impl FnOnce(&Held) -> T) -> T {
        look(&self.shared.held.lock().unwrap())
    }
}

/// A time of this machine's clock, some days away.
fn days_away(days: i64) -> std::time::SystemTime {
    let (now, span) =
        (std::time::SystemTime::now(), Duration::from_secs(days.unsigned_abs() * DAY));
    if days < 0 { now - span } else { now + span }
}

/// The collector's clock and its certificate, which holds for a day by that clock.
struct Clock(Arc<Shared>);

impl Clock {
    fn days(&self) -> i64 {
        self.0.held.lock().unwrap().clock_days
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let now = days_away(self.days()).duration_since(std::time::UNIX_EPOCH).unwrap();
        Some(UnixTime::since_unix_epoch(now))
    }
}

impl ResolvesServerCert for Clock {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let key = KeyPair::generate().unwrap();
        let mut leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        leaf.not_before = days_away(self.days() - 1).into();
        leaf.not_after = days_away(self.days() + 1).into();
        let leaf = leaf.signed_by(&key, &self.0.issuer).unwrap().der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
        Some(Arc::new(CertifiedKey::new(vec![leaf, self.0.authority.clone()], key)))
    }
}

fn server_config(shared: &Arc<Shared>) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(shared.authority.clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    // One listener for both services: enrolment comes without a certificate.
    let verifier = verifier.allow_unauthenticated().build().unwrap();
    let clock = Arc::new(Clock(shared.clone()));
    let mut config = ServerConfig::builder_with_details(provider, clock.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(clock);
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

async fn serve(
    server: Server,
    tls: ServerConfig,
    ready: std::sync::mpsc::Sender<std::net::SocketAddr>,
) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    ready.send(listener.local_addr().unwrap()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let (connections, incoming) = tokio::sync::mpsc::channel(8);
    let accepting = async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            // A handshake that fails is the client's affair.
            if let Ok(stream) = acceptor.accept(tcp).await {
                connections.send(Ok::<_, std::io::Error>(Stream(stream))).await.unwrap();
            }
        }
    };
    let server = Arc::new(server);
    let serving = tonic::transport::Server::builder()
        .add_service(EnrolmentServiceServer::from_arc(server.clone()))
        .add_service(ReportServiceServer::from_arc(server))
        .serve_with_incoming(tokio_stream::wrappers::ReceiverStream::new(incoming));
    let ((), served) = tokio::join!(accepting, serving);
    served.unwrap();
}

struct Stream(TlsStream<TcpStream>);

impl Connected for Stream {
    type ConnectInfo = bool;

    /// Whether the client showed a certificate.
    fn connect_info(&self) -> bool {
        self.0.get_ref().1.peer_certificates().is_some_and(|chain| !chain.is_empty())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

struct Server(Arc<Shared>);

impl Server {
    fn held<T>(&self, work: impl FnOnce(&mut Held) -> T) -> T {
        work(&mut self.0.held.lock().unwrap())
    }

    fn issue(&self, request: &[u8], agent: u32) -> Identity {
        let (from, to) = self.held(|held| held.validity_days);
        let request = CertificateSigningRequestParams::from_der(&request.into());
        let mut request = request.unwrap();
        request.params.not_before = days_away(from).into();
        request.params.not_after = days_away(to).into();
        let uri = format!("spiffe://test.example/agent/00000000-0000-0000-0000-{agent:012}");
        request.params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
        let certificate = request.signed_by(&self.0.issuer).unwrap();
        Identity {
            certificate_chain: vec![certificate.der().to_vec(), self.0.authority.to_vec()],
            trust_bundle: vec![self.0.authority.to_vec()],
            report_endpoint: self.0.address.lock().unwrap().clone(),
        }
    }

    fn authenticated<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let refused = self.held(|held| held.unauthenticated);
        if refused || request.extensions().get::<bool>() != Some(&true) {
            return Err(Status::unauthenticated("no certificate"));
        }
        Ok(())
    }
}

#[tonic::async_trait]
impl EnrolmentService for Server {
    async fn enrol(
        &self,
        request: Request<EnrolRequest>,
    ) -> Result<Response<EnrolResponse>, Status> {
        let request = request.into_inner();
        self.held(|held| held.enrolments += 1);
        if request.token != URL_SAFE_NO_PAD.encode(SECRET) {
            return Err(Status::unauthenticated("the token is not valid"));
        }
        let agent = self.held(|held| {
            held.evidence = request.evidence;
            held.host_name = request.host_name;
            held.agents += 1;
            held.agents
        });
        let identity = self.issue(&request.certificate_signing_request, agent);
        Ok(Response::new(EnrolResponse { identity: Some(identity) }))
    }

    async fn recover(
        &self,
        request: Request<RecoverRequest>,
    ) -> Result<Response<RecoverResponse>, Status> {
        let agent = self.held(|held| {
            held.recoveries += 1;
            held.agents
        });
        let identity = self.issue(&request.into_inner().certificate_signing_request, agent);
        Ok(Response::new(RecoverResponse { identity: Some(identity) }))
    }
}

#[tonic::async_trait]
impl ReportService for Server {
    async fn check_in(
        &self,
        request: Request<CheckInRequest>,
    ) -> Result<Response<CheckInResponse>, Status> {
        self.authenticated(&request)?;
        let request = request.into_inner();
        let answer = self.held(|held| {
            held.sequences.push(request.sequence);
            held.settings_versions.push(request.settings_version);
            let settings = held.settings.clone();
            let mut answer = CheckInResponse {
                next_check_in_seconds: 900,
                settings: settings.filter(|new| new.version > request.settings_version),
                ..CheckInResponse::default()
            };
            let root = Hash::try_from(request.root_hash.as_slice()).unwrap();
            let verdict = if held.root == Some(root) {
                Verdict::InSync
            } else if request.manifest.is_empty() {
                Verdict::SendManifest
            } else {
                let manifest = Manifest::from_wire(&request.manifest).unwrap();
                assert_eq!(manifest.root(), root);
                let entries = manifest.entries().iter();
                let missing = entries.filter(|entry| !held.sections.contains_key(&entry.hash));
                answer.wanted = missing.map(|entry| entry.kind.into()).collect();
                Verdict::SendSections
            };
            answer.verdict = verdict.into();
            answer
        });
        Ok(Response::new(answer))
    }

    async fn report(
        &self,
        request: Request<ReportRequest>,
    ) -> Result<Response<ReportResponse>, Status> {
        self.authenticated(&request)?;
        let request = request.into_inner();
        self.held(|held| {
            held.sequences.push(request.sequence);
            if held.refuse_reports > 0 {
                held.refuse_reports -= 1;
                return Err(Status::failed_precondition("a section is missing"));
            }
            let manifest = Manifest::from_wire(&request.manifest).unwrap();
            for content in &request.sections {
                let size = usize::try_from(content.uncompressed_size).unwrap();
                let bytes = zstd::bulk::decompress(&content.zstd, size).unwrap();
                let kind = SectionKind::try_from(content.kind).unwrap();
                let hash = section::section_hash(kind, content.schema_version, &bytes);
                assert_eq!(manifest.get(kind).unwrap().hash, hash);
                held.kinds_sent.push(section::name(kind));
                held.sections.insert(hash, bytes);
            }
            let entries = manifest.entries().iter();
            held.manifest_kinds = entries.map(|entry| section::name(entry.kind)).collect();
            let entries = manifest.entries().iter();
            held.hashes = entries.map(|entry| (entry.kind, entry.hash)).collect();
            held.root = Some(manifest.root());
            held.manifest = manifest.clone();
            Ok(Response::new(ReportResponse { root_hash: manifest.root().0.to_vec() }))
        })
    }

    async fn renew(
        &self,
        request: Request<RenewRequest>,
    ) -> Result<Response<RenewResponse>, Status> {
        self.authenticated(&request)?;
        let agent = self.held(|held| {
            held.renewals += 1;
            held.agents
        });
        let identity = self.issue(&request.into_inner().certificate_signing_request, agent);
        Ok(Response::new(RenewResponse { identity: Some(identity) }))
    }
}
