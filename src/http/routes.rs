//! The table of everything that this door answers.

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::Uri,
    middleware::{self, Next},
    response::Response,
    routing::{MethodRouter, get, post},
};

use super::{
    Admits, Rooms, acts, live, past, peer,
    problem::{Problem, Says},
};

/// No body that is asked for here comes near this.
const LARGEST_BODY: usize = 16 * 1024;

/// A request that is not answered by then is told so.
const DEADLINE: Duration = Duration::from_secs(5);

/// The method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Get,
    Post,
}

/// One route.
pub struct Route {
    pub verb: Verb,
    pub path: &'static str,
    answer: fn() -> MethodRouter<Rooms>,
}

const fn reads(path: &'static str, answer: fn() -> MethodRouter<Rooms>) -> Route {
    Route { verb: Verb::Get, path, answer }
}

const fn acts(path: &'static str, answer: fn() -> MethodRouter<Rooms>) -> Route {
    Route { verb: Verb::Post, path, answer }
}

/// Every route there is: the router is made of this table, and a test asks for a case for each.
pub const ROUTES: &[Route] = &[
    reads("/v1/status", || get(live::status)),
    reads("/v1/calls", || get(live::calls)),
    reads("/v1/calls/{id}", || get(live::call)),
    reads("/v1/calls/{id}/explain", || get(past::explain)),
    reads("/v1/queues", || get(live::queues)),
    reads("/v1/agents", || get(live::agents)),
    reads("/v1/history", || get(past::history)),
    acts("/v1/history/erase", || post(past::erase)),
    acts("/v1/agents/{name}/login", || post(acts::login)),
    acts("/v1/agents/{name}/logout", || post(acts::logout)),
    acts("/v1/agents/{name}/pause", || post(acts::pause)),
    acts("/v1/agents/{name}/unpause", || post(acts::unpause)),
    acts("/v1/calls/{id}/hangup", || post(acts::hangup)),
    acts("/v1/calls/{id}/transfer", || post(acts::transfer)),
];

pub(super) fn router(rooms: Rooms, admits: Admits) -> Router {
    ROUTES
        .iter()
        .fold(Router::new(), |router, route| router.route(route.path, (route.answer)()))
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn(deadline))
        .layer(middleware::from_fn_with_state(admits, peer::admit))
        .with_state(rooms)
}

async fn no_such_route(uri: Uri) -> Problem {
    Problem::new(Says::NoSuchRoute, format!("there is nothing at {}", uri.path()))
}

async fn no_such_method(request: Request) -> Problem {
    let (method, path) = (request.method(), request.uri().path());
    Problem::new(Says::NoSuchMethod, format!("{method} is not possible on {path}"))
}

async fn deadline(request: Request, next: Next) -> Result<Response, Problem> {
    let late = || Problem::new(Says::TooSlow, format!("no answer within {} s", DEADLINE.as_secs()));
    tokio::time::timeout(DEADLINE, next.run(request)).await.map_err(|_| late())
}
