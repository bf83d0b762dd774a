//! Who is asking, and how far that one may go: the kernel says it of the Unix socket's peers, a token of all others.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State, connect_info::Connected},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
    serve::IncomingStream,
};
use nix::unistd::{Uid, User};
use secrecy::SecretString;
use smol_str::format_smolstr;

use super::{
    limit::Limit,
    patience::Unix,
    problem::{Problem, Says},
    tls::Tls,
};
use crate::{
    base::text::Label,
    desk::access::{Access, Denied, Grant, Scope},
    live::switchboard::view::Actor,
};

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Peer {
    /// The user id of the process that connected; `None` when the kernel would not tell.
    Local(Option<u32>),
    Remote(SocketAddr),
}

impl Connected<IncomingStream<'_, Unix>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Unix>) -> Self {
        Self::Local(stream.io().stream().peer_cred().ok().map(|cred| cred.uid()))
    }
}

impl Connected<IncomingStream<'_, Tls>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Tls>) -> Self {
        Self::Remote(*stream.remote_addr())
    }
}

/// The local users that are let in.
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

/// What decides who comes in.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) admits: Admits,
    pub(super) access: Access,
    pub(super) limit: Arc<Limit>,
}

/// Somebody who was let in.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    Local(u32),
    Bearer(Grant),
}

impl Caller {
    /// The owner of the daemon may do everything.
    pub(super) fn scope(&self) -> Scope {
        match self {
            Self::Local(_) => Scope::Admin,
            Self::Bearer(grant) => grant.scope,
        }
    }
}

/// Lets in whom the gate knows, and remembers who it is.
pub(super) async fn admit(
    State(gate): State<Gate>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let caller = match peer {
        Peer::Local(Some(uid)) if gate.admits.0.contains(&uid) => Caller::Local(uid),
        Peer::Local(Some(uid)) => {
            return Err(Problem::new(Says::NotAdmitted, format!("user id {uid} may not use this socket")));
        }
        Peer::Local(None) => return Err(nobody()),
        Peer::Remote(address) => match gate.bearer(address, request.headers()).await {
            Ok(grant) => Caller::Bearer(grant),
            Err(refused) => return Ok(refused),
        },
    };
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

impl Gate {
    async fn bearer(&self, from: SocketAddr, headers: &HeaderMap) -> Result<Grant, Response> {
        let ip = from.ip();
        let Some(token) = token_in(headers) else {
            return Err(unknown("the request has no header `Authorization: Bearer TOKEN`"));
        };
        if let Some(wait) = self.limit.closed(ip, &token, Instant::now()) {
            return Err(too_many(wait));
        }
        match self.access.admit(&token).await {
            Ok(grant) => {
                self.limit.good(ip, &token);
                Ok(grant)
            }
            Err(Denied::Store(why)) => {
                Err(Problem::new(Says::NoDatabase, format!("tokens cannot be looked up: {why}"))
                    .into_response())
            }
            Err(why) => {
                tracing::warn!(%from, %why, "a request by the network was refused");
                self.limit.bad(ip, &token, Instant::now());
                Err(unknown("the token is unknown, expired or revoked"))
            }
        }
    }
}

/// Lets pass whoever may do what this route does.
pub(super) async fn permit(needs: Scope, request: Request, next: Next) -> Result<Response, Problem> {
    let scope = request.extensions().get::<Caller>().map(Caller::scope).ok_or_else(nobody)?;
    if scope.allows(needs) {
        return Ok(next.run(request).await);
    }
    let detail = format!("this needs the scope `{needs}`, and the token has `{scope}`");
    Err(Problem::new(Says::NotPermitted, detail))
}

/// Whoever asks, by name, for journal and audit.
pub(super) struct Acting(pub(super) Actor);

impl<S: Send + Sync> FromRequestParts<S> for Acting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>().ok_or_else(nobody)?.clone();
        let label = match &caller {
            Caller::Local(uid) => {
                let uid = *uid;
                let name = tokio::task::spawn_blocking(move || user_name(uid)).await;
                Label::new(&name.unwrap_or_else(|_| format!("uid {uid}")))
            }
            Caller::Bearer(grant) => Label::new(&format_smolstr!("{} by token {}", grant.user, grant.token)),
        };
        Ok(Self(match caller.scope() {
            Scope::Admin => Actor::admin(label),
            _ => Actor::named(label),
        }))
    }
}

fn token_in(headers: &HeaderMap) -> Option<SecretString> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (kind, token) = text.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| SecretString::from(token.trim()))
}

fn unknown(detail: &str) -> Response {
    let mut response = Problem::new(Says::NotKnown, detail).into_response();
    let challenge = header::HeaderValue::from_static("Bearer realm=\"tandem\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn too_many(wait: Duration) -> Response {
    let seconds = wait.as_secs() + 1;
    let detail = format!("too many requests with bad tokens came from this address; wait {seconds} s");
    let mut response = Problem::new(Says::TooMany, detail).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
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
