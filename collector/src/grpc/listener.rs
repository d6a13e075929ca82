//! Accepts connections, bounded in number and time, and serves HTTP/2 on them.
//!
//! It is our own because handshake time-outs, limits per address, the caller's identity and the
//! closing of a revoked agent's connection must be ours.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use belfort_model::id::AgentId;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tonic::service::Routes;
use tower::ServiceExt as _;

use super::revocation::Revocations;
use crate::ca;

/// What a listener bears.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time, over all addresses.
    pub connections: u32,
    /// Connections at a time from one address; a whole site may come through one.
    pub per_address: usize,
    /// A connection on which nothing is asked for this long is closed.
    pub idle: Duration,
}

impl Limits {
    /// For devices that have a certificate.
    pub const REPORT: Self =
        Self { connections: 20_000, per_address: 5_000, idle: Duration::from_mins(2) };
    /// For anybody: an enrolment is one call.
    pub const ENROLMENT: Self =
        Self { connections: 500, per_address: 50, idle: Duration::from_secs(15) };
}

/// Time for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Longest life of a connection: certificates and revocations are judged anew.
const LONGEST: Duration = Duration::from_hours(1);
/// Calls at a time on one connection.
const STREAMS: u32 = 8;
/// Largest header list of a call, bytes.
const HEADERS: u32 = 16 << 10;

/// The agent on the other side, from its verified certificate alone.
#[derive(Clone, Copy, Debug)]
pub struct Caller(pub AgentId);

/// The address on the other side.
#[derive(Clone, Copy, Debug)]
pub struct Remote(pub SocketAddr);

/// What makes a connection a caller's.
#[derive(Clone)]
pub enum Identify {
    /// Nobody is identified: enrolment.
    Nobody,
    /// The certificate names an agent of this trust domain.
    Agent {
        /// Trust domain.
        trust_domain: String,
        /// Whose key is not honoured any more.
        revocations: Revocations,
    },
}

/// Serves until `stop` says so; then lets running calls end.
pub async fn serve(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    identify: Identify,
    routes: Routes,
    limits: Limits,
    stop: watch::Receiver<bool>,
) {
    let acceptor = TlsAcceptor::from(tls);
    let places = Arc::new(Semaphore::new(limits.connections as usize));
    let addresses = Arc::new(Addresses::new(limits.per_address));
    let mut stopping = stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, or a client that was gone already: neither may end us.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let Some(of_address) = Addresses::enter(&addresses, address.ip()) else { continue };
        let connection = Connection {
            acceptor: acceptor.clone(),
            identify: identify.clone(),
            routes: routes.clone(),
            idle: limits.idle,
            stop: stop.clone(),
        };
        tokio::spawn(async move {
            connection.serve(stream, address).await;
            drop((place, of_address));
        });
    }
    // Every connection gives its place back when its running calls have ended.
    let _ = places.acquire_many(limits.connections).await;
}

struct Connection {
    acceptor: TlsAcceptor,
    identify: Identify,
    routes: Routes,
    idle: Duration,
    stop: watch::Receiver<bool>,
}

impl Connection {
    async fn serve(mut self, stream: TcpStream, address: SocketAddr) {
        let _ = stream.set_nodelay(true);
        let handshake = tokio::time::timeout(HANDSHAKE, self.acceptor.accept(stream));
        let stream = match handshake.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::info!(%address, %error, "handshake refused");
                return;
            }
            Err(_) => {
                tracing::info!(%address, "handshake took too long");
                return;
            }
        };
        let caller = match &self.identify {
            Identify::Nobody => None,
            Identify::Agent { trust_domain, .. } => {
                let certificates = stream.get_ref().1.peer_certificates();
                let leaf = certificates.and_then(|chain| chain.first());
                let Some(agent) = leaf.and_then(|leaf| ca::agent_of(leaf, trust_domain)) else {
                    return;
                };
                Some(Caller(agent))
            }
        };
        let routes = self.routes;
        let calls = Arc::new(Calls::default());
        let counted = calls.clone();
        let service =
            hyper::service::service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
                // Whatever a client wrote there is replaced: identity comes from the connection alone.
                request.extensions_mut().insert(Remote(address));
                if let Some(caller) = caller {
                    request.extensions_mut().insert(caller);
                }
                let call = Calls::begin(&counted);
                let answer = routes.clone().oneshot(request);
                async move {
                    let answer = answer.await;
                    drop(call);
                    answer
                }
            });
        let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEADERS)
            .keep_alive_interval(Duration::from_mins(1))
            .keep_alive_timeout(Duration::from_secs(20));
        let mut connection =
            std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
        let revoked = async {
            match (&self.identify, caller) {
                (Identify::Agent { revocations, .. }, Some(Caller(agent))) => {
                    revocations.wait_for(agent).await;
                }
                _ => std::future::pending().await,
            }
        };
        let end = tokio::select! {
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::debug!(%address, %error, "connection ended");
                }
                return;
            }
            // Revoked: nothing more is served, not even what is under way.
            () = revoked => {
                tracing::info!(%address, "connection of a revoked agent closed");
                return;
            }
            () = calls.idle_for(self.idle) => Duration::from_secs(5),
            () = tokio::time::sleep(LONGEST) => Duration::from_mins(1),
            _ = self.stop.wait_for(|stop| *stop) => Duration::from_secs(10),
        };
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(end, connection).await;
    }
}

/// The calls of one connection: how many are under way, and how many there have been.
#[derive(Default)]
struct Calls {
    running: AtomicUsize,
    begun: AtomicUsize,
}

/// One call; ends when dropped, also when the client went away.
struct Call(Arc<Calls>);

impl Calls {
    fn begin(this: &Arc<Self>) -> Call {
        this.running.fetch_add(1, Ordering::SeqCst);
        this.begun.fetch_add(1, Ordering::SeqCst);
        Call(this.clone())
    }

    /// Ends when for this long no call was under way and none began.
    async fn idle_for(&self, time: Duration) {
        loop {
            let before = self.begun.load(Ordering::SeqCst);
            tokio::time::sleep(time).await;
            let quiet = self.running.load(Ordering::SeqCst) == 0;
            if quiet && self.begun.load(Ordering::SeqCst) == before {
                return;
            }
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How many connections each address has.
struct Addresses {
    most: usize,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection of an address; leaves when dropped.
struct OfAddress {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Addresses {
    fn new(most: usize) -> Self {
        Self { most, counts: Mutex::default() }
    }

    fn enter(this: &Arc<Self>, address: IpAddr) -> Option<OfAddress> {
        let mut counts = this.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_insert(0);
        if *count >= this.most {
            return None;
        }
        *count += 1;
        Some(OfAddress { addresses: this.clone(), address })
    }
}

impl Drop for OfAddress {
    fn drop(&mut self) {
        let mut counts = self.addresses.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}
