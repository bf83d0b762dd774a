//! The TLS port: connections that have shaken hands. A slow or hostile stranger holds up nobody else.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::serve::Listener;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::patience::Patient;

/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Connections at a time.
const MOST: usize = 512;
/// After the system refused a connection (no file handles left).
const BREATH: Duration = Duration::from_millis(200);

/// Why the TLS port cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(
        "cannot listen on {address}: {why}; name another address under `http` in site.yaml, or stop who uses it"
    )]
    Bind { address: SocketAddr, why: io::Error },
    #[error("{} is no certificate in PEM: {why}; see `http` in site.yaml", path.display())]
    Certificate { path: PathBuf, why: String },
    #[error("{} is no private key in PEM: {why}; see `http` in site.yaml", path.display())]
    Key { path: PathBuf, why: String },
    #[error("certificate {} and its key do not serve: {why}; see `http` in site.yaml", path.display())]
    Unfit { path: PathBuf, why: rustls::Error },
}

/// An open port.
pub struct TlsPort {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl TlsPort {
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Opens the port with this certificate (its chain, in PEM) and its key.
pub async fn bind_tls(address: SocketAddr, certificate: &Path, key: &Path) -> Result<TlsPort, TlsError> {
    let bad_chain = |why: String| TlsError::Certificate { path: certificate.to_owned(), why };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|why| bad_chain(why.to_string()))?;
    if chain.is_empty() {
        return Err(bad_chain("it holds none".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|why| TlsError::Key { path: key.to_owned(), why: why.to_string() })?;
    let unfit = |why| TlsError::Unfit { path: certificate.to_owned(), why };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unfit)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let listener = TcpListener::bind(address).await.map_err(|why| TlsError::Bind { address, why })?;
    Ok(TlsPort { listener, acceptor: TlsAcceptor::from(Arc::new(config)) })
}

type Stream = Patient<TlsStream<TcpStream>>;

/// Connections of the port, as axum takes them.
pub(super) struct Tls {
    ready: mpsc::Receiver<(Stream, SocketAddr)>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Tls {
    pub(super) fn of(port: TlsPort) -> io::Result<Self> {
        let address = port.listener.local_addr()?;
        let (done, ready) = mpsc::channel(16);
        Ok(Self { ready, address, accepting: tokio::spawn(accept(port, done)) })
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(port: TlsPort, done: mpsc::Sender<(Stream, SocketAddr)>) {
    let seats = Arc::new(Semaphore::new(MOST));
    loop {
        let Ok(seat) = seats.clone().acquire_owned().await else { return };
        let (stream, from) = match port.listener.accept().await {
            Ok(accepted) => accepted,
            Err(why) => {
                tracing::warn!(%why, "a connection to the TLS port could not be taken");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        let (acceptor, done) = (port.acceptor.clone(), done.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => drop(done.send((Patient::holding(stream, seat), from)).await),
                Ok(Err(why)) => tracing::debug!(%from, %why, "a TLS handshake failed"),
                Err(_) => tracing::debug!(%from, "a TLS handshake was never finished"),
            }
        });
    }
}

impl Listener for Tls {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
