//! Puts everything together and serves until it is told to stop.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use belfort_proto::enrolment::v1::enrolment_service_server::EnrolmentServiceServer;
use belfort_proto::limits;
use belfort_proto::report::v1::report_service_server::ReportServiceServer;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tonic::service::Routes;
use tower::ServiceExt as _;

use crate::agent_settings::AgentSettings;
use crate::app::App;
use crate::ca::{Authority, CaError};
use crate::config::{Config, Web};
use crate::data_directory::Opened;
use crate::grpc::Workers;
use crate::grpc::enrolment::Enrolments;
use crate::grpc::listener::{self, Identify, Limits};
use crate::grpc::report::Reports;
use crate::grpc::revocation::Revocations;
use crate::grpc::tls::{self, ServerCertificate, TlsError};
use crate::rest::Api;
use crate::rest::session::Peer;
use crate::{clock, jobs, rest, web};

/// Why the collector does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address is taken or not ours.
    #[error("cannot listen on {address} ({what}): {source}; is another collector running?")]
    Listen {
        /// For what.
        what: &'static str,
        /// Which address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The authority failed.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] belfort_store::StoreError),
    /// The certificate for people's listener cannot be used.
    #[error("web.certificate and web.key cannot be used: {0}")]
    WebCertificate(String),
    /// Signals cannot be awaited.
    #[error("cannot wait for signals: {0}")]
    Signal(#[source] io::Error),
}

/// Time running calls are given when the collector stops.
const GRACE: Duration = Duration::from_secs(10);
/// Calls of agents worked on at a time, and waiting beside them.
const AGENT_CALLS: (usize, usize) = (8, 256);
/// Enrolments worked on at a time, and waiting beside them.
const ENROLMENT_CALLS: (usize, usize) = (2, 64);

/// A collector that has bound its addresses.
pub struct Server {
    enrolment: TcpListener,
    report: TcpListener,
    web: TcpListener,
    opened: Opened,
}

impl Server {
    /// Binds all three addresses.
    pub async fn bind(opened: Opened) -> Result<Self, ServeError> {
        let config = &opened.config;
        let (enrolment, report, web) =
            (config.enrolment.listen, config.report.listen, config.web.listen);
        Ok(Self {
            enrolment: listen("enrolment", enrolment).await?,
            report: listen("report", report).await?,
            web: listen("web", web).await?,
            opened,
        })
    }

    /// Serves until `stop` ends.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let Opened { config, app, authority, pseudonym_key, advisories, branding, spool } =
            self.opened;
        let app = app.with_branding(branding);
        rest::clear_spool(&spool);
        let authority = Arc::new(authority);
        let (stopping, stopped) = watch::channel(false);
        let mut background = JoinSet::new();

        let names = config.names.clone();
        let issued = authority.issue_server(&names, clock::now())?;
        let certificate = Arc::new(ServerCertificate::new(issued));
        background.spawn(jobs::renew_certificate(authority.clone(), names, certificate.clone()));
        let (revocations, keep_current) = Revocations::start(app.store.clone()).await?;
        background.spawn(keep_current);
        let wake = Arc::new(Notify::new());
        background.spawn(jobs::evaluate(app.clone(), wake.clone()));
        background.spawn(jobs::keep_figures(app.clone()));
        if let Some(folder) = advisories {
            background.spawn(jobs::import_advisories(app.clone(), folder, wake.clone()));
        }

        let endpoint = config.endpoint(config.report.listen);
        let enrolments = Enrolments::new(
            app.store.clone(),
            authority.clone(),
            endpoint.clone(),
            Workers::new(ENROLMENT_CALLS.0, ENROLMENT_CALLS.1),
        );
        let enrolments = EnrolmentServiceServer::new(enrolments)
            .max_decoding_message_size(limits::ENROLMENT_MESSAGE_BYTES);
        let reports = Reports::new(
            app.store.clone(),
            authority.clone(),
            AgentSettings::new(config.agents.clone(), pseudonym_key),
            endpoint,
            revocations.clone(),
            wake.clone(),
            Workers::new(AGENT_CALLS.0, AGENT_CALLS.1),
        );
        let reports =
            ReportServiceServer::new(reports).max_decoding_message_size(limits::MESSAGE_BYTES);

        let mut listeners = JoinSet::new();
        listeners.spawn(listener::serve(
            self.enrolment,
            Arc::new(tls::enrolment(certificate.clone())?),
            Identify::Nobody,
            Routes::new(enrolments),
            Limits::ENROLMENT,
            stopped.clone(),
        ));
        let trust_domain = authority.trust_domain().to_owned();
        let mutual =
            tls::report(certificate, authority.certificate(), &trust_domain, revocations.clone())?;
        listeners.spawn(listener::serve(
            self.report,
            Arc::new(mutual),
            Identify::Agent { trust_domain, revocations },
            Routes::new(reports),
            Limits::REPORT,
            stopped.clone(),
        ));
        let router = people(&app, &config, &authority, wake.clone(), spool);
        listeners.spawn(serve_people(self.web, web_tls(&config.web)?, router, stopped));

        tracing::info!(
            enrolment = %config.enrolment.listen, report = %config.report.listen,
            web = %config.web.listen, "collector is serving"
        );
        stop.await;
        tracing::info!("collector is stopping");
        let _ = stopping.send(true);
        background.abort_all();
        let _ =
            tokio::time::timeout(GRACE, async { while listeners.join_next().await.is_some() {} })
                .await;
        Ok(())
    }
}

/// Everything people and programs reach.
fn people(
    app: &App,
    config: &Config,
    authority: &Authority,
    wake: Arc<Notify>,
    spool: PathBuf,
) -> rest::Router {
    let enrolment = rest::EnrolmentAddress {
        endpoint: config.endpoint(config.enrolment.listen),
        fingerprint: authority.fingerprint(),
    };
    let api = Api { app: app.clone(), enrolment, wake, spool };
    web::with_headers(rest::router(api.clone()).merge(web::router(api)))
}

/// What ends when the process is asked to stop. It listens from now on, so that a server that is asked
/// before it has quite begun stops as well.
pub fn signalled() -> Result<impl Future<Output = ()>, ServeError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Signal)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

async fn listen(what: &'static str, address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { what, address, source })
}

fn web_tls(config: &Web) -> Result<Option<Arc<ServerConfig>>, ServeError> {
    let (Some(certificate), Some(key)) = (&config.certificate, &config.key) else {
        return Ok(None);
    };
    let wrong = |error: String| ServeError::WebCertificate(error);
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(error.to_string()))?;
    let mut settings = ServerConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::from)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| wrong(error.to_string()))?;
    settings.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(Arc::new(settings)))
}

/// Connections of people and programs at a time.
const WEB_CONNECTIONS: u32 = 2_000;
/// Longest life of a connection of people and programs.
const WEB_LONGEST: Duration = Duration::from_mins(15);
/// Time for a handshake, and for the head of a request.
const WEB_PATIENCE: Duration = Duration::from_secs(10);

async fn serve_people(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    router: rest::Router,
    stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(WEB_CONNECTIONS as usize));
    let mut stopping = stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let (router, tls, mut stop) = (router.clone(), tls.clone(), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(WEB_PATIENCE);
            // Handlers learn where a request comes from.
            let with_peer = move |mut request: http::Request<Incoming>| {
                request.extensions_mut().insert(Peer(peer.ip()));
                request
            };
            let service = TowerToHyperService::new(router.map_request(with_peer));
            let stopping = async move {
                let _ = stop.wait_for(|stop| *stop).await;
            };
            match tls {
                None => {
                    let connection = builder.serve_connection(TokioIo::new(stream), service);
                    until(connection, stopping).await;
                }
                Some(tls) => {
                    let accept = TlsAcceptor::from(tls).accept(stream);
                    let Ok(Ok(stream)) = tokio::time::timeout(WEB_PATIENCE, accept).await else {
                        return;
                    };
                    let connection = builder.serve_connection(TokioIo::new(stream), service);
                    until(connection, stopping).await;
                }
            }
        });
    }
    let _ = places.acquire_many(WEB_CONNECTIONS).await;
}

/// Serves a connection until it ends, until it has lasted long enough, or until the collector stops.
async fn until<T>(connection: impl Future<Output = T>, stopping: impl Future<Output = ()>) {
    tokio::select! {
        _ = connection => {}
        () = async {
            stopping.await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        } => {}
        () = tokio::time::sleep(WEB_LONGEST) => {}
    }
}
