//! Door: REST v1 on a Unix socket, and by TLS on a port. It translates between HTTP and the halls' words, and
//! decides nothing.
//!
//! Whoever owns the socket is the admin; whoever comes by the network shows a token, whose scope says how far it
//! goes (`gate`). Whoever it is, the name goes into the journal with every act. Refusals and errors are problem
//! documents (RFC 9457) whose `remedy` says what to do next. `routes` holds the table of everything that is
//! answered here.

mod acts;
mod customers;
mod erase;
mod events;
mod extract;
mod feed;
mod gate;
mod limit;
mod live;
mod look;
mod messages;
mod meters;
mod openapi;
mod page;
mod past;
mod patience;
mod people;
mod problem;
mod repeat;
mod report;
mod router;
mod routes;
mod schema;
mod search;
mod socket;
mod tls;

pub use customers::ImportBody;
pub use erase::Erased;
pub use feed::{Event, Feed, Told};
pub use gate::Admits;
pub use meters::Meters;
pub use openapi::openapi;
pub use past::{Explanation, History, Lost};
pub use people::{Shown, TokenBody, UserBody};
pub use problem::{Problem, Says};
pub use routes::{Route, Verb, routes};
pub use socket::{BindError, Socket, bind};
pub use tls::{TlsError, TlsPort, bind_tls};

use std::{
    future::{Future, IntoFuture},
    io,
    sync::Arc,
    time::Duration,
};

use axum::{Router, extract::connect_info::IntoMakeServiceWithConnectInfo};
use futures_util::FutureExt;
use tokio::sync::watch;

use crate::{
    desk::{access::Access, audit::Audit, customer::Customers},
    live::switchboard::door::Door,
};

/// How long requests under way may take to end after `shutdown`.
const GRACE: Duration = Duration::from_secs(3);

/// Why the door is not open (any more).
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error("a door failed: {0}; restart the daemon")]
    Io(#[from] io::Error),
}

/// What every route can reach.
#[derive(Clone)]
pub struct Rooms {
    door: Door,
    history: Arc<dyn History>,
    access: Access,
    audit: Audit,
    customers: Customers,
    feed: Feed,
    meters: Meters,
    repeats: Arc<repeat::Repeats>,
    limit: Arc<limit::Limit>,
    /// Changes when the doors close.
    stop: Arc<watch::Sender<()>>,
}

impl Rooms {
    pub fn new(
        door: Door,
        history: Arc<dyn History>,
        (access, audit, customers): (Access, Audit, Customers),
        (feed, meters): (Feed, Meters),
    ) -> Self {
        let (repeats, limit, stop) = (Arc::default(), Arc::default(), Arc::default());
        Self { door, history, access, audit, customers, feed, meters, repeats, limit, stop }
    }
}

/// The same moment, told to those who watch as well.
async fn stopping(stop: Arc<watch::Sender<()>>, shutdown: impl Future<Output = ()>) {
    shutdown.await;
    stop.send_replace(());
}

/// Answers on an open socket until `shutdown`: opened by those who want to know that the socket is theirs before
/// they start anything else.
pub async fn serve_on(
    socket: Socket,
    admits: Admits,
    rooms: Rooms,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let stop = stopping(rooms.stop.clone(), shutdown).shared();
    let looking = tokio::spawn(look::look(rooms.door.clone(), rooms.feed.clone()));
    let app = make_service(rooms, admits);
    let (listener, place) = socket.into_parts();
    let answering =
        axum::serve(patience::Unix(listener), app).with_graceful_shutdown(stop.clone()).into_future();
    let served = tokio::select! {
        served = answering => served,
        () = stop.then(|()| tokio::time::sleep(GRACE)) => Ok(()),
    };
    looking.abort();
    drop(place);
    Ok(served?)
}

/// Answers on an open TLS port until `shutdown`. Nobody gets anything without a token.
pub async fn serve_tls(
    port: TlsPort,
    rooms: Rooms,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let stop = stopping(rooms.stop.clone(), shutdown).shared();
    let app = make_service(rooms, Admits::only([]));
    let listener = tls::Tls::of(port)?;
    let answering = axum::serve(listener, app).with_graceful_shutdown(stop.clone()).into_future();
    tokio::select! {
        served = answering => Ok(served?),
        () = stop.then(|()| tokio::time::sleep(GRACE)) => Ok(()),
    }
}

fn make_service(rooms: Rooms, admits: Admits) -> IntoMakeServiceWithConnectInfo<Router, gate::Peer> {
    let gate = gate::Gate { admits, access: rooms.access.clone(), limit: rooms.limit.clone() };
    router::router(rooms, gate).into_make_service_with_connect_info()
}
