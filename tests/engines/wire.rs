//! A wire between the daemon and its engine that a test can cut and mend, and on which single commands go wrong: a
//! proxy on loopback that reads along.

#[path = "wire/ari.rs"]
mod ari;
#[path = "wire/book.rs"]
pub mod book;
#[path = "wire/esl.rs"]
mod esl;

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use book::Book;

use crate::bench::Kind;

/// Cut: connections end at once, those that stand and those that come.
pub struct Wire {
    pub address: SocketAddr,
    pub book: Book,
    whole: Arc<watch::Sender<bool>>,
    task: Option<JoinHandle<()>>,
}

impl Wire {
    pub async fn to(engine: SocketAddr, kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free TCP port");
        let address = listener.local_addr().expect("bound");
        let whole = Arc::new(watch::channel(true).0);
        let book = Book::default();
        let ends = Ends { engine, kind, book: book.clone(), whole: whole.clone() };
        let task = Some(tokio::spawn(carry(listener, ends)));
        Self { address, book, whole, task }
    }

    /// No wire at all: the daemon speaks with the engine itself.
    pub fn none(engine: SocketAddr) -> Self {
        let whole = Arc::new(watch::channel(true).0);
        Self { address: engine, book: Book::default(), whole, task: None }
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

#[derive(Clone)]
struct Ends {
    engine: SocketAddr,
    kind: Kind,
    book: Book,
    whole: Arc<watch::Sender<bool>>,
}

async fn carry(listener: TcpListener, ends: Ends) {
    while let Ok((near, _)) = listener.accept().await {
        tokio::spawn(connection(near, ends.clone()));
    }
}

async fn connection(near: TcpStream, ends: Ends) {
    let mut whole = ends.whole.subscribe();
    let Ok(far) = TcpStream::connect(ends.engine).await else { return };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let talk = async {
        match ends.kind {
            Kind::Asterisk => ari::carry(near, far, &ends.book).await,
            Kind::Freeswitch => esl::carry(near, far, &ends.book).await,
        }
    };
    tokio::select! {
        _ = whole.wait_for(|whole| !whole) => {}
        () = talk => {}
    }
}
