//! A cable between the adapter and Asterisk that can be cut.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

pub struct Cable {
    pub address: SocketAddr,
    whole: watch::Sender<bool>,
    flows: watch::Sender<bool>,
}

impl Cable {
    pub async fn to(engine: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (whole, state) = watch::channel(true);
        let (flows, flow) = watch::channel(true);
        tokio::spawn(lay(listener, engine, state, flow));
        Self { address, whole, flows }
    }

    /// Every connection breaks, and new ones are refused.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub fn mend(&self) {
        self.whole.send_replace(true);
    }

    /// What Asterisk says is held back; what is said to it arrives.
    pub fn hold_back(&self) {
        self.flows.send_replace(false);
    }

    pub fn let_through(&self) {
        self.flows.send_replace(true);
    }
}

async fn lay(
    mut listener: TcpListener,
    engine: SocketAddr,
    mut state: watch::Receiver<bool>,
    flow: watch::Receiver<bool>,
) {
    let address = listener.local_addr().expect("bound");
    loop {
        tokio::select! {
            near = listener.accept() => {
                if let Ok((near, _)) = near {
                    tokio::spawn(carry(near, engine, state.clone(), flow.clone()));
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

async fn carry(
    near: TcpStream,
    engine: SocketAddr,
    mut state: watch::Receiver<bool>,
    mut flow: watch::Receiver<bool>,
) {
    let Ok(far) = TcpStream::connect(engine).await else { return };
    let (mut near_says, mut near_hears) = near.into_split();
    let (mut far_says, mut far_hears) = far.into_split();
    let back = async {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = far_says.read(&mut bytes).await {
            let through = flow.wait_for(|flows| *flows).await.is_ok();
            if !through || near_hears.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ = tokio::io::copy(&mut near_says, &mut far_hears) => {}
        () = back => {}
        _ = state.wait_for(|whole| !whole) => {}
    }
}
