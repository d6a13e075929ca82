//! Connections to a collector with any certificate or none, and calls with any bytes.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes};
use hyper_util::rt::TokioIo;
use rustls::{AlertDescription, ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// What a client shows: a certificate chain and the key of its leaf.
pub struct Credentials {
    /// Leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The leaf's key, PKCS#8.
    pub key: Vec<u8>,
}

/// TLS 1.3 towards a collector under this authority.
pub fn tls(authority: &CertificateDer<'static>, shown: Option<&Credentials>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(Credentials { chain, key }) => {
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.clone()));
            builder.with_client_auth_cert(chain.clone(), key).unwrap()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// Opens TLS, from 127.0.0.1 or another address of this machine.
pub async fn open(
    to: SocketAddr,
    from: Option<Ipv4Addr>,
    config: ClientConfig,
) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    if let Some(from) = from {
        socket.bind(SocketAddr::from((from, 0)))?;
    }
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::from(to.ip()), stream).await
}

/// The alert with which the collector ends a connection. In TLS 1.3 a refused certificate shows only
/// after the client's part of the handshake is over.
pub async fn alert(to: SocketAddr, config: ClientConfig) -> Option<AlertDescription> {
    let ended = async {
        let mut stream = open(to, None, config).await?;
        stream.read_u8().await
    };
    let error = tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap().err()?;
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}

/// A channel over one connection; it is not opened again when it breaks.
pub async fn channel(
    to: SocketAddr,
    from: Option<Ipv4Addr>,
    config: ClientConfig,
) -> Result<Channel, String> {
    let stream = open(to, from, config).await.map_err(|error| error.to_string())?;
    let mut stream = Some(TokioIo::new(stream));
    let connector = tower::service_fn(move |_: http::Uri| {
        let stream = stream.take();
        async move { stream.ok_or_else(|| std::io::Error::other("the connection was closed")) }
    });
    Endpoint::from_shared(format!("https://{to}"))
        .unwrap()
        .timeout(Duration::from_secs(30))
        .connect_with_connector(connector)
        .await
        .map_err(|error| format!("{error:?}"))
}

/// Calls a method with any bytes as its message and any metadata; gives the bytes of the answer.
pub async fn call(
    channel: &Channel,
    path: &'static str,
    message: Vec<u8>,
    metadata: MetadataMap,
) -> Result<Bytes, Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.map_err(|error| Status::unavailable(format!("{error:?}")))?;
    let mut request = Request::new(Bytes::from(message));
    *request.metadata_mut() = metadata;
    let path = http::uri::PathAndQuery::from_static(path);
    Ok(grpc.unary(request, path, Plain).await?.into_inner())
}

/// Messages as the bytes they are.
#[derive(Default)]
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
