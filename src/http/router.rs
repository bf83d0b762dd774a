//! The router of all routes, and what holds for each: who may, how long, how large, how often.

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::Uri,
    middleware::{self, Next},
    response::Response,
};

use super::{
    Rooms,
    gate::{self, Gate},
    problem::{Problem, Says},
    repeat,
    routes::{LARGEST_BODY, routes},
};

/// A request that is not answered by then is told so.
const DEADLINE: Duration = Duration::from_secs(5);

pub(super) fn router(rooms: Rooms, gate: Gate) -> Router {
    let repeats = rooms.repeats.clone();
    routes()
        .fold(Router::new(), |router, route| {
            let needs = route.needs;
            let permit = middleware::from_fn(move |request, next| gate::permit(needs, request, next));
            router.route(route.path, (route.answer)().route_layer(permit))
        })
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn(deadline))
        .layer(middleware::from_fn_with_state(repeats, repeat::once))
        .layer(middleware::from_fn_with_state(gate, gate::admit))
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
