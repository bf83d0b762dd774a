//! Who is at the other end of the socket, as the kernel says.

use super::{
    patience::Patient,
    problem::{Problem, Says},
};
use crate::{base::text::Label, live::switchboard::view::Actor};
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State, connect_info::Connected},
    http::request::Parts,
    middleware::Next,
    response::Response,
    serve::IncomingStream,
};
use nix::unistd::{Uid, User};

/// The user id of the process that connected; `None` when the kernel would not tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(Option<u32>);

impl Connected<IncomingStream<'_, Patient>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Patient>) -> Self {
        Self(stream.io().stream().peer_cred().ok().map(|cred| cred.uid()))
    }
}

/// The users that are let in.
#[derive(Clone, Debug)]
pub struct Admits(Vec<u32>);

impl Admits {
    /// The user that this process runs as, who owns the socket, and root.
    pub fn owner_and_root() -> Self {
        Self(vec![Uid::effective().as_raw(), 0])
    }

    pub fn only(uids: impl IntoIterator<Item = u32>) -> Self {
        Self(uids.into_iter().collect())
    }
}

/// Lets only those in whom `admits` names.
pub(super) async fn admit(
    State(admits): State<Admits>,
    ConnectInfo(Peer(uid)): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    match uid {
        Some(uid) if admits.0.contains(&uid) => Ok(next.run(request).await),
        Some(uid) => Err(Problem::new(Says::NotAdmitted, format!("user id {uid} may not use this socket"))),
        None => Err(nobody()),
    }
}

/// The peer by name, for the journal.
pub(super) struct Acting(pub(super) Actor);

impl<S: Send + Sync> FromRequestParts<S> for Acting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let ConnectInfo(Peer(uid)) =
            ConnectInfo::<Peer>::from_request_parts(parts, state).await.map_err(|_| nobody())?;
        let uid = uid.ok_or_else(nobody)?;
        let name = tokio::task::spawn_blocking(move || user_name(uid)).await;
        Ok(Self(Actor(Label::new(&name.unwrap_or_else(|_| format!("uid {uid}"))))))
    }
}

fn nobody() -> Problem {
    Problem::new(Says::NotAdmitted, "the kernel did not tell who is asking")
}

/// Looks in the user database, which may ask the network.
fn user_name(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        Ok(None) | Err(_) => format!("uid {uid}"),
    }
}
