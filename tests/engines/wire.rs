//! A wire between the daemon and its engine that a test can cut and mend: a TCP proxy on loopback.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// Cut: connections end at once, those that stand and those that come.
pub struct Wire {
    pub address: SocketAddr,
    whole: Arc<watch::Sender<bool>>,
    task: Option<JoinHandle<()>>,
}

impl Wire {
    pub async fn to(engine: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free TCP port");
        let address = listener.local_addr().expect("bound");
        let whole = Arc::new(watch::channel(true).0);
        let task = Some(tokio::spawn(carry(listener, engine, whole.clone())));
        Self { address, whole, task }
    }

    /// No wire at all: the daemon speaks with the engine itself.
    pub fn none(engine: SocketAddr) -> Self {
        Self { address: engine, whole: Arc::new(watch::channel(true).0), task: None }
    }

    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn carry(listener: TcpListener, engine: SocketAddr, whole: Arc<watch::Sender<bool>>) {
    while let Ok((mut near, _)) = listener.accept().await {
        let mut whole = whole.subscribe();
        tokio::spawn(async move {
            let Ok(mut far) = TcpStream::connect(engine).await else { return };
            tokio::select! {
                _ = whole.wait_for(|whole| !whole) => {}
                _ = copy_bidirectional(&mut near, &mut far) => {}
            }
        });
    }
}
