//! Door: REST v1 on a Unix socket. It translates between HTTP and the switchboard's words, and decides nothing.
//!
//! Served are an admin's command line and scripts on the same machine. Whoever owns the socket is the admin;
//! the peer's user name goes into the journal with every act. Refusals and errors are problem documents
//! (RFC 9457) whose `remedy` says what to do next. `routes` holds the table of everything that is answered here.

mod acts;
mod extract;
mod live;
mod past;
mod patience;
mod peer;
mod problem;
mod routes;
mod socket;

pub use past::{Erased, Explanation, History, Lost};
pub use peer::Admits;
pub use problem::{Problem, Says};
pub use routes::{ROUTES, Route, Verb};
pub use socket::{BindError, Socket, bind};

use std::{future::Future, io, path::Path, sync::Arc, time::Duration};

use axum::Router;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use futures_util::FutureExt;

use crate::live::switchboard::door::Door;

/// How long requests under way may take to end after `shutdown`.
const GRACE: Duration = Duration::from_secs(3);

/// Why the door is not open (any more).
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error("the admin socket failed: {0}; restart the daemon")]
    Io(#[from] io::Error),
}

/// What every route can reach.
#[derive(Clone)]
struct Rooms {
    door: Door,
    history: Arc<dyn History>,
}

/// Opens the socket and answers until `shutdown`.
pub async fn serve(
    socket: &Path,
    door: Door,
    history: Arc<dyn History>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let socket = bind(socket)?;
    serve_on(socket, Admits::owner_and_root(), door, history, shutdown).await
}

/// Answers on an open socket until `shutdown`: for those who want to know that the socket is theirs
/// before they start anything else.
pub async fn serve_on(
    socket: Socket,
    admits: Admits,
    door: Door,
    history: Arc<dyn History>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let app = make_service(routes::router(Rooms { door, history }, admits));
    let stop = shutdown.shared();
    let (listener, place) = socket.into_parts();
    let answering =
        axum::serve(patience::Patient(listener), app).with_graceful_shutdown(stop.clone()).into_future();
    let served = tokio::select! {
        served = answering => served,
        () = stop.then(|()| tokio::time::sleep(GRACE)) => Ok(()),
    };
    drop(place);
    Ok(served?)
}

fn make_service(router: Router) -> IntoMakeServiceWithConnectInfo<Router, peer::Peer> {
    router.into_make_service_with_connect_info()
}
