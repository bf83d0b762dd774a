//! The same change asked for twice is made once: whoever sends the header `Idempotency-Key` gets the first answer
//! again, for a day, as long as the daemon runs.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::digest::{Context, SHA256};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    gate::Caller,
    problem::{Problem, Says},
    routes::LARGEST_BODY,
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Answers are remembered for so long, and so many of them.
const AGE: Duration = Duration::from_hours(24);
const MOST: usize = 10_000;

/// Set on an answer that holds a secret: it is never given a second time.
#[derive(Clone, Copy)]
pub(super) struct OnlyOnce;

/// Answers that were given.
#[derive(Default)]
pub(super) struct Repeats {
    state: Mutex<Known>,
}

/// Who asked, and the key.
type Name = (String, String);

#[derive(Default)]
struct Known {
    of: HashMap<Name, Entry>,
    oldest: VecDeque<(Name, Instant)>,
}

struct Entry {
    /// Of method, path and body.
    request: [u8; 32],
    answer: Stage,
}

enum Stage {
    UnderWay,
    Given(Given),
    /// It held a secret.
    Gone,
}

#[derive(Clone)]
struct Given {
    status: StatusCode,
    kind: Option<HeaderValue>,
    body: Bytes,
}

/// Answers a repeated change with the first answer.
pub(super) async fn once(
    State(repeats): State<Arc<Repeats>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !changes || !request.headers().contains_key(KEY) {
        return Ok(next.run(request).await);
    }
    let key = key(request.headers())?;
    let caller = match request.extensions().get::<Caller>() {
        Some(Caller::Local(uid)) => format!("uid {uid}"),
        Some(Caller::Bearer(grant)) => format!("token {}", grant.token),
        None => String::new(),
    };
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY)
        .await
        .map_err(|_| Problem::new(Says::BodyTooLarge, "the body cannot be read whole"))?;
    let mut digest = Context::new(&SHA256);
    for part in [parts.method.as_str().as_bytes(), parts.uri.to_string().as_bytes(), &body] {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.finish().as_ref());
    let name = (caller, key);
    if let Some(known) = repeats.begin(&name, hash) {
        return known;
    }
    // Whoever hangs up in the middle leaves the key free again; the outcome is then not known.
    let open = Open { repeats: &repeats, name: Some(name) };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    open.end(response).await
}

fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let text = headers.get(KEY).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err(Problem::new(Says::BadKey, "an Idempotency-Key has 1 to 64 visible ASCII characters"))
}

impl Repeats {
    /// The answer that is there; else the key is taken.
    fn begin(&self, name: &Name, request: [u8; 32]) -> Option<Result<Response, Problem>> {
        let mut state = self.state();
        state.forget(Instant::now());
        match state.of.get(name) {
            None => {
                state.of.insert(name.clone(), Entry { request, answer: Stage::UnderWay });
                state.oldest.push_back((name.clone(), Instant::now()));
                None
            }
            Some(entry) if entry.request != request => Some(Err(Problem::new(
                Says::KeyReused,
                "this Idempotency-Key came with another request before",
            ))),
            Some(Entry { answer: Stage::UnderWay, .. }) => Some(Err(Problem::new(
                Says::UnderWay,
                "the first request with this Idempotency-Key is under way",
            ))),
            Some(Entry { answer: Stage::Gone, .. }) => {
                Some(Err(Problem::new(Says::ShownOnce, "the answer held a secret, which is shown once")))
            }
            Some(Entry { answer: Stage::Given(given), .. }) => Some(Ok(given.clone().again())),
        }
    }

    fn state(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget(&mut self, now: Instant) {
        while let Some((name, at)) = self.oldest.front()
            && (self.oldest.len() > MOST || now.duration_since(*at) > AGE)
        {
            self.of.remove(name);
            self.oldest.pop_front();
        }
    }
}

/// A key that was taken and has no answer yet.
struct Open<'a> {
    repeats: &'a Repeats,
    name: Option<Name>,
}

impl Open<'_> {
    async fn end(mut self, response: Response) -> Result<Response, Problem> {
        // Nothing was done: the same key may try again. After a 504 nobody knows, so that answer stays.
        if response.status().is_server_error() && response.status() != StatusCode::GATEWAY_TIMEOUT {
            return Ok(response);
        }
        let secret = response.extensions().get::<OnlyOnce>().is_some();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX)
            .await
            .map_err(|_| Problem::new(Says::TooSlow, "the answer could not be kept"))?;
        let kind = parts.headers.get(header::CONTENT_TYPE).cloned();
        let given = Given { status: parts.status, kind, body: body.clone() };
        if let Some(name) = self.name.take()
            && let Some(entry) = self.repeats.state().of.get_mut(&name)
        {
            entry.answer = if secret { Stage::Gone } else { Stage::Given(given) };
        }
        Ok(Response::from_parts(parts, Body::from(body)))
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            self.repeats.state().of.remove(&name);
        }
    }
}

impl Given {
    fn again(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        if let Some(kind) = self.kind {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
        response
    }
}
