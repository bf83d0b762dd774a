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
/// Of all callers together. Whoever has most of them forgets first.
const ALL: usize = 16_000;

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

impl Entry {
    /// Forgotten, it would be done a second time.
    fn under_way(&self) -> bool {
        matches!(self.answer, Stage::UnderWay)
    }
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

/// Room for one answer more to this caller.
fn make_room(state: &mut HashMap<Caller, Known>, caller: &Caller, now: Instant) {
    state.retain(|_, known| {
        known.forget_older(now);
        !known.of.is_empty()
    });
    if state.get(caller).is_some_and(|known| known.of.len() >= MOST) {
        state.entry(caller.clone()).or_default().forget_oldest();
    }
    if state.values().map(|known| known.of.len()).sum::<usize>() >= ALL
        && let Some(most) = state.values_mut().max_by_key(|known| known.of.len())
    {
        most.forget_oldest();
    }
}

impl Known {
    fn forget_older(&mut self, now: Instant) {
        let Self { of, oldest } = self;
        oldest.retain(|(key, at)| {
            let stays = now.duration_since(*at) <= AGE || of[key].under_way();
            if !stays {
                of.remove(key);
            }
            stays
        });
    }

    fn forget_oldest(&mut self) {
        if let Some(place) = self.oldest.iter().position(|(key, _)| !self.of[key].under_way())
            && let Some((key, _)) = self.oldest.remove(place)
        {
            self.of.remove(&key);
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

    /// The status of the answer, if one is there; else the key is taken, and answered at once if so told.
    fn ask(repeats: &Repeats, caller: &Caller, key: usize, answered: bool) -> Option<u16> {
        let name = (caller.clone(), format!("key-{key}"));
        let known = repeats.begin(&name, [0; 32]);
        if known.is_none() && answered {
            repeats.with(&name, |known, key| known.of.get_mut(key).expect("taken").answer = Stage::Gone);
        }
        Some(match known? {
            Ok(response) => response.status().as_u16(),
            Err(problem) => problem.status,
        })
    }

    fn count(repeats: &Repeats) -> usize {
        let state = repeats.state();
        assert!(state.values().all(|known| known.of.len() == known.oldest.len() && !known.of.is_empty()));
        state.values().map(|known| known.of.len()).sum()
    }

    #[test]
    fn whoever_asks_often_forgets_only_own_answers_and_none_that_is_under_way() {
        let (repeats, one, other) = (Repeats::default(), Caller::Local(1), Caller::Local(2));
        assert_eq!(ask(&repeats, &one, 0, true), None);
        assert_eq!(ask(&repeats, &other, 0, false), None, "another's key is another key");
        for key in 1..=MOST {
            assert_eq!(ask(&repeats, &other, key, true), None);
        }
        assert_eq!(ask(&repeats, &one, 0, true), Some(409), "it is still known");
        assert_eq!(ask(&repeats, &other, 0, true), Some(409), "it is under way");
        assert_eq!(ask(&repeats, &other, 1, true), None, "the oldest of many is forgotten");
        assert_eq!(count(&repeats), MOST + 1);
    }

    #[test]
    fn there_is_room_for_so_many_answers() {
        let repeats = Repeats::default();
        let few = Caller::Local(u32::MAX);
        assert_eq!(ask(&repeats, &few, 0, true), None);
        for uid in 0..20 {
            for key in 0..MOST {
                assert_eq!(ask(&repeats, &Caller::Local(uid), key, true), None);
            }
        }
        assert_eq!(count(&repeats), ALL);
        assert_eq!(ask(&repeats, &few, 0, true), Some(409), "who asks for little is not forgotten");
    }

    #[test]
    fn a_key_that_is_free_again_leaves_nothing() {
        let (repeats, name) = (Repeats::default(), (Caller::Local(1), "k".to_owned()));
        for _ in 0..3 {
            assert!(repeats.begin(&name, [0; 32]).is_none());
            drop(Open { repeats: &repeats, name: Some(name.clone()) });
        }
        ask(&repeats, &Caller::Local(2), 0, true);
        assert_eq!(count(&repeats), 1);
    }

    #[test]
    fn answers_are_forgotten_after_a_day_whoever_comes() {
        let repeats = Repeats::default();
        ask(&repeats, &Caller::Local(1), 0, true);
        ask(&repeats, &Caller::Local(1), 1, false);
        let mut state = repeats.state();
        make_room(&mut state, &Caller::Local(2), Instant::now() + AGE / 2);
        assert_eq!(state[&Caller::Local(1)].of.len(), 2);
        make_room(&mut state, &Caller::Local(2), Instant::now() + AGE + Duration::from_secs(5));
        assert_eq!(state[&Caller::Local(1)].of.keys().collect::<Vec<_>>(), ["key-1"], "it is under way");
    }
}
