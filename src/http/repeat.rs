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
    gate,
    problem::{Problem, Says},
    routes::LARGEST_BODY,
};
use crate::desk::access::TokenId;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Answers are remembered for so long, and so many of one caller: whoever asks often forgets own answers, and nobody
/// else's.
const AGE: Duration = Duration::from_hours(24);
const MOST: usize = 1000;
/// Whoever has not changed anything for longest is forgotten first.
const CALLERS: usize = 256;

/// Set on an answer that holds a secret: it is never given a second time.
#[derive(Clone, Copy)]
pub(super) struct OnlyOnce;

/// Answers that were given.
#[derive(Default)]
pub(super) struct Repeats {
    state: Mutex<HashMap<Caller, Known>>,
}

/// Whoever asks: a local user, or a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Caller {
    Local(u32),
    Token(TokenId),
}

/// Who asked, and the key.
type Name = (Caller, String);

/// The answers of one caller.
#[derive(Default)]
struct Known {
    of: HashMap<String, Entry>,
    oldest: VecDeque<(String, Instant)>,
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
    let caller = match request.extensions().get::<gate::Caller>() {
        Some(gate::Caller::Local(uid)) => Caller::Local(*uid),
        Some(gate::Caller::Bearer(grant)) => Caller::Token(grant.token.clone()),
        // Nobody gets here without having been let in.
        None => return Ok(next.run(request).await),
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
        let (mut state, (caller, key), now) = (self.state(), name, Instant::now());
        make_room(&mut state, caller, now);
        let known = state.entry(caller.clone()).or_default();
        known.forget(now);
        match known.of.get(key) {
            None => {
                known.of.insert(key.clone(), Entry { request, answer: Stage::UnderWay });
                known.oldest.push_back((key.clone(), now));
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

    /// What is known of this key.
    fn with(&self, (caller, key): &Name, then: impl FnOnce(&mut Known, &str)) {
        if let Some(known) = self.state().get_mut(caller) {
            then(known, key);
        }
    }

    fn state(&self) -> MutexGuard<'_, HashMap<Caller, Known>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for one caller more.
fn make_room(state: &mut HashMap<Caller, Known>, caller: &Caller, now: Instant) {
    if state.len() < CALLERS || state.contains_key(caller) {
        return;
    }
    let newest = |known: &Known| known.oldest.back().map_or(now, |(_, at)| *at);
    let quietest = state.iter().min_by_key(|(_, known)| newest(known)).map(|(caller, _)| caller.clone());
    if let Some(quietest) = quietest {
        state.remove(&quietest);
    }
}

impl Known {
    /// The oldest make room for one more.
    fn forget(&mut self, now: Instant) {
        while let Some((key, at)) = self.oldest.front()
            && (self.oldest.len() >= MOST || now.duration_since(*at) > AGE)
        {
            self.of.remove(key);
            self.oldest.pop_front();
        }
    }

    /// As if it had never come.
    fn drop_key(&mut self, key: &str) {
        self.of.remove(key);
        self.oldest.retain(|(known, _)| known != key);
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
        if let Some(name) = self.name.take() {
            self.repeats.with(&name, |known, key| {
                if let Some(entry) = known.of.get_mut(key) {
                    entry.answer = if secret { Stage::Gone } else { Stage::Given(given) };
                }
            });
        }
        Ok(Response::from_parts(parts, Body::from(body)))
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            self.repeats.with(&name, Known::drop_key);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(repeats: &Repeats, caller: &Caller, key: usize) -> Option<u16> {
        let name = (caller.clone(), format!("key-{key}"));
        match repeats.begin(&name, [0; 32])? {
            Ok(response) => Some(response.status().as_u16()),
            Err(problem) => Some(problem.status),
        }
    }

    #[test]
    fn whoever_asks_often_forgets_only_own_answers() {
        let (repeats, one, other) = (Repeats::default(), Caller::Local(1), Caller::Local(2));
        assert_eq!(ask(&repeats, &one, 0), None);
        assert_eq!(ask(&repeats, &other, 0), None, "another's key is another key");
        for key in 1..=MOST {
            assert_eq!(ask(&repeats, &other, key), None);
        }
        assert_eq!(ask(&repeats, &one, 0), Some(409), "it is still known");
        assert_eq!(ask(&repeats, &other, 0), None, "the oldest of many is forgotten");
        let known = |caller: &Caller| {
            let state = repeats.state();
            (state[caller].of.len(), state[caller].oldest.len())
        };
        assert_eq!((known(&one), known(&other)), ((1, 1), (MOST, MOST)));
    }

    #[test]
    fn there_is_room_for_so_many_callers() {
        let repeats = Repeats::default();
        for uid in 0..=u32::try_from(CALLERS).expect("few") {
            assert_eq!(ask(&repeats, &Caller::Local(uid), 0), None);
        }
        assert_eq!(repeats.state().len(), CALLERS);
        assert_eq!(ask(&repeats, &Caller::Local(9), 0), Some(409));
        assert!(!repeats.state().contains_key(&Caller::Local(0)), "the quietest made room");
    }

    #[test]
    fn a_key_that_is_free_again_is_known_once() {
        let (repeats, name) = (Repeats::default(), (Caller::Local(1), "k".to_owned()));
        for _ in 0..3 {
            assert!(repeats.begin(&name, [0; 32]).is_none());
            drop(Open { repeats: &repeats, name: Some(name.clone()) });
        }
        assert!(repeats.state()[&name.0].oldest.is_empty());
    }
}
