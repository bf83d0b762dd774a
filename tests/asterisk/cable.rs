//! A cable between the adapter and Asterisk that can be cut.

use std::net::SocketAddr;

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

pub struct Cable {
    pub address: SocketAddr,
    whole: watch::Sender<bool>,
}

impl Cable {
    pub async fn to(engine: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (whole, state) = watch::channel(true);
        tokio::spawn(lay(listener, engine, state));
        Self { address, whole }
    }

    /// Every connection breaks, and new ones are refused.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn lay(mut listener: TcpListener, engine: SocketAddr, mut state: watch::Receiver<bool>) {
    let address = listener.local_addr().expect("bound");
    loop {
        tokio::select! {
            near = listener.accept() => {
                if let Ok((near, _)) = near {
                    tokio::spawn(carry(near, engine, state.clone()));
                }
            }
            cut = async { state.wait_for(|whole| !whole).await.map(drop) } => {
                drop(listener);
                if cut.is_err() || state.wait_for(|whole| *whole).await.is_err() {
                    return;
                }
                listener = TcpListener::bind(address).await.expect("still free");
            }
        }
    }
}

async fn carry(mut near: TcpStream, engine: SocketAddr, mut state: watch::Receiver<bool>) {
    let Ok(mut far) = TcpStream::connect(engine).await else { return };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        _ = state.wait_for(|whole| !whole) => {}
    }
}
