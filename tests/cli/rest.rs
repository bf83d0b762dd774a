//! REST v1: every route answers well, and refuses well.

use std::path::Path;

use serde_json::{Value, json};
use tandem::http::{Admits, Verb, routes};

use crate::{
    cases::{Case, cases},
    double::{Daemon, LIVE, Mood, OVER},
};

/// Routes that answer with no JSON; they have tests of their own in `events`, `figures` and `search`.
const ELSEWHERE: [(Verb, &str); 3] =
    [(Verb::Get, "/v1/events"), (Verb::Get, "/metrics"), (Verb::Get, "/v1/history/export")];

/// The path with good names: of the call that is live, the agent who is there, the user and token made before.
async fn well(daemon: &Daemon, route: &str) -> String {
    let name = if route.starts_with("/v1/users") { "nina" } else { "smith" };
    if route.starts_with("/v1/customers") {
        return filled(route, if route.ends_with("/erase") { "c-2" } else { "c-1" }, name);
    }
    if route != "/v1/tokens/{id}" {
        return filled(route, &LIVE.to_string(), name);
    }
    let tokens = ask(&daemon.socket, "GET", "/v1/tokens", None).await.body;
    filled(route, tokens.pointer("/0/id").and_then(Value::as_str).unwrap_or("aaaaaaaaaaaa"), name)
}

fn filled(route: &str, id: &str, name: &str) -> String {
    let number = if id == LIVE.to_string() { "7001" } else { id };
    route.replace("{id}", id).replace("{name}", name).replace("{number}", number)
}

/// An answer as it came.
struct Answer {
    status: u16,
    kind: String,
    allow: Option<String>,
    body: Value,
}

async fn ask(socket: &Path, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let body = body.map(|body| ("application/json", body.to_string()));
    ask_raw(socket, method, path, body).await
}

async fn ask_raw(socket: &Path, method: &str, path: &str, body: Option<(&str, String)>) -> Answer {
    let client = reqwest::Client::builder().unix_socket(socket).build().expect("client");
    let method = method.parse().expect("method");
    let mut request = client.request(method, format!("http://tandem{path}"));
    if let Some((kind, body)) = body {
        request = request.header("content-type", kind).body(body);
    }
    let answer = request.send().await.expect("answer");
    let header = |name| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
    let (kind, allow) = (header("content-type").unwrap_or_default(), header("allow"));
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("text");
    let body = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{path}: {why}: {text}"));
    Answer { status, kind, allow, body }
}

/// The answer is a problem document of this kind, complete, with a remedy.
fn problem(answer: &Answer, status: u16, kind: &str) {
    assert_eq!(
        (answer.status, answer.kind.as_str()),
        (status, "application/problem+json"),
        "{}",
        answer.body
    );
    assert_eq!(answer.body["type"], json!(format!("/problems/{kind}")), "{}", answer.body);
    assert_eq!(answer.body["status"], json!(status));
    for member in ["title", "detail", "remedy"] {
        assert!(answer.body[member].as_str().is_some_and(|text| text.len() > 4), "{member}: {}", answer.body);
    }
}

fn method(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "GET",
        Verb::Post => "POST",
        Verb::Delete => "DELETE",
    }
}

#[test]
fn every_route_has_a_case_here() {
    let mut routes: Vec<_> = routes().map(|route| (route.verb, route.path)).collect();
    let mut tested: Vec<_> = cases().iter().map(|case| (case.verb, case.route)).collect();
    tested.extend(ELSEWHERE);
    routes.sort_unstable();
    tested.sort_unstable();
    assert_eq!(routes, tested);
}

#[test]
fn every_route_is_described() {
    let described = include_str!("../../docs/api.md");
    for route in routes() {
        let line = format!("| `{} {}", method(route.verb), route.path);
        assert!(described.contains(&line), "docs/api.md has no line {line}");
    }
}

#[tokio::test]
async fn every_route_answers_from_the_right_room() {
    let daemon = Daemon::start(Mood::Well);
    for Case { verb, route, body, proof: (pointer, value) } in cases() {
        let path = well(&daemon, route).await;
        let answer = ask(&daemon.socket, method(verb), &path, body.as_ref()).await;
        assert_eq!(
            (answer.status, answer.kind.as_str()),
            (200, "application/json"),
            "{path}: {}",
            answer.body
        );
        assert_eq!(answer.body.pointer(pointer), Some(&value), "{path}: {}", answer.body);
    }
    let me = nix::unistd::User::from_uid(nix::unistd::Uid::effective()).expect("users").expect("me");
    let acts = daemon.acts();
    let ordered = |case: &Case| {
        let desk = ["/v1/users", "/v1/customers"].iter().any(|desk| case.route.starts_with(desk));
        case.verb == Verb::Post && !desk
    };
    // Whoever is erased has left a message, and is to be called back.
    assert_eq!(acts.len(), cases().iter().filter(|case| ordered(case)).count() + 1);
    assert!(acts.iter().all(|(actor, _)| actor.0.as_str() == me.name), "{acts:?}");
}

#[tokio::test]
async fn every_route_refuses_other_methods() {
    let daemon = Daemon::start(Mood::Well);
    for Case { verb, route, .. } in cases() {
        let path = filled(route, &LIVE.to_string(), "smith");
        let answer = ask(&daemon.socket, "PATCH", &path, None).await;
        problem(&answer, 405, "no-such-method");
        let allow = answer.allow.unwrap_or_default();
        assert!(allow.contains(method(verb)), "{path} allows {allow:?}");
    }
    assert!(daemon.acts().is_empty());
}

#[tokio::test]
async fn every_route_refuses_malformed_and_unknown_names() {
    let daemon = Daemon::start(Mood::Well);
    for Case { verb, route, body, .. } in cases() {
        if !route.contains('{') {
            continue;
        }
        let method = method(verb);
        for bad in ["%0d%0aHangup", "$%7BX%7D", "a%20b", "%ff"] {
            let path = filled(route, bad, bad);
            problem(&ask(&daemon.socket, method, &path, body.as_ref()).await, 422, "bad-path");
        }
        let token = route.starts_with("/v1/tokens");
        let path = filled(route, if token { "aaaaaaaaaaaa" } else { "0000000000000" }, "nobody");
        let kind = match route {
            _ if token => "no-such-token",
            _ if route.starts_with("/v1/users") => "no-such-user",
            _ if route.starts_with("/v1/messages") => "no-such-message",
            _ if route.starts_with("/v1/customers") => "no-such-customer",
            _ if route.contains("{id}") => "no-such-call",
            _ if route.starts_with("/v1/conferences") => "no-such-conference",
            _ if route.starts_with("/v1/queues") => "no-such-queue",
            _ if route.starts_with("/v1/alerts") => "no-such-alert",
            _ if route.starts_with("/v1/extensions") => "no-such-extension",
            _ => "no-such-agent",
        };
        let status = if kind == "no-such-extension" { 422 } else { 404 };
        problem(&ask(&daemon.socket, method, &path, body.as_ref()).await, status, kind);
    }
    assert!(daemon.acts().is_empty());
}

#[tokio::test]
async fn every_route_with_a_body_refuses_a_malformed_one() {
    let daemon = Daemon::start(Mood::Well);
    for Case { route, body, .. } in cases() {
        let Some(good) = body else { continue };
        let path = filled(route, &LIVE.to_string(), "smith");
        let mut unknown = good.clone();
        unknown["extra"] = json!(1);
        for bad in [json!({}), json!([]), json!({ "to": "12;drop" }), unknown] {
            problem(&ask(&daemon.socket, "POST", &path, Some(&bad)).await, 422, "bad-body");
        }
        for (kind, text) in [("application/json", "{"), ("text/plain", "x")] {
            let answer = ask_raw(&daemon.socket, "POST", &path, Some((kind, text.to_owned()))).await;
            problem(&answer, 422, "bad-body");
        }
        let huge = json!({ "reason": "x".repeat(17 * 1024), "to": "1".repeat(17 * 1024), "name": "x".repeat(17 * 1024) });
        problem(&ask(&daemon.socket, "POST", &path, Some(&huge)).await, 413, "body-too-large");
    }
    assert!(daemon.acts().is_empty());
}

#[tokio::test]
async fn what_is_not_there_or_not_now_is_told_with_its_remedy() {
    let daemon = Daemon::start(Mood::Well);
    let socket = &daemon.socket;
    for path in ["/", "/v1", "/v1/call", "/v2/status", "/v1/status/", "/v1/agents/smith"] {
        problem(&ask(socket, "GET", path, None).await, 404, "no-such-route");
    }
    let unpause = ask(socket, "POST", "/v1/agents/li/unpause", None).await;
    problem(&unpause, 409, "not-now");
    assert_eq!(unpause.body["remedy"], json!("only a paused agent can be unpaused"));
    let transfer = format!("/v1/calls/{LIVE}/transfer");
    problem(&ask(socket, "POST", &transfer, Some(&json!({ "to": "9999" }))).await, 422, "no-such-extension");
    problem(&ask(socket, "POST", &transfer, Some(&json!({ "to": "1000" }))).await, 409, "not-now");
    let bad = [
        "limit=0",
        "limit=1001",
        "limit=x",
        "before=yesterday",
        "page=2",
        "before_call=1",
        "cursor=x",
        "cursor=1.x",
    ];
    for query in bad {
        problem(&ask(socket, "GET", &format!("/v1/history?{query}"), None).await, 422, "bad-query");
    }
}

#[tokio::test]
async fn a_finished_call_is_found_by_history_and_explain() {
    let daemon = Daemon::start(Mood::Well);
    let told = ask(&daemon.socket, "GET", &format!("/v1/calls/{OVER}/explain"), None).await;
    assert_eq!((told.status, &told.body["life"]), (200, &json!("finished")));
    assert_eq!(told.body["call"]["legs"][1]["role"], json!("agent"));
    problem(&ask(&daemon.socket, "GET", &format!("/v1/calls/{OVER}"), None).await, 404, "no-such-call");
    let ended = told.body["call"]["ended"].as_i64().expect("stamp");
    let pages = [
        (format!("{ended}"), 0),
        (format!("{}", ended + 1), 1),
        (format!("{ended}&before_call={OVER}"), 0),
        (format!("{ended}&before_call={LIVE}"), 1),
    ];
    for (before, rows) in pages {
        let list = ask(&daemon.socket, "GET", &format!("/v1/history?limit=5&before={before}"), None).await;
        assert_eq!(list.body.as_array().map(Vec::len), Some(rows), "{}", list.body);
    }
}

#[tokio::test]
async fn strangers_get_nothing() {
    let daemon = Daemon::admitting(Mood::Well, Admits::only([]));
    for Case { verb, route, body, .. } in cases() {
        let path = filled(route, &LIVE.to_string(), "smith");
        problem(&ask(&daemon.socket, method(verb), &path, body.as_ref()).await, 403, "not-admitted");
    }
    problem(&ask(&daemon.socket, "GET", "/nowhere", None).await, 403, "not-admitted");
    assert!(daemon.acts().is_empty());
}

#[tokio::test]
async fn a_loop_that_hangs_or_is_gone_and_a_lost_database_are_told() {
    let hanging = Daemon::start(Mood::Hangs);
    problem(&ask(&hanging.socket, "GET", "/v1/status", None).await, 504, "too-slow");
    let gone = Daemon::start(Mood::Gone);
    problem(&ask(&gone.socket, "GET", "/v1/calls", None).await, 503, "stopping");
    let lost = Daemon::start(Mood::NoDatabase);
    problem(&ask(&lost.socket, "GET", "/v1/history", None).await, 503, "no-history");
    problem(&ask(&lost.socket, "GET", &format!("/v1/calls/{OVER}/explain"), None).await, 503, "no-history");
    let person = json!({ "number": "13800138000" });
    problem(&ask(&lost.socket, "POST", "/v1/history/erase", Some(&person)).await, 503, "no-history");
    let live = ask(&lost.socket, "GET", &format!("/v1/calls/{LIVE}/explain"), None).await;
    assert_eq!(live.status, 200, "a live call needs no database");
}

/// Asks with a key; returns the answer and whether it was given before.
async fn ask_once(daemon: &Daemon, key: &str, path: &str, body: &Value) -> (Answer, bool) {
    let client = reqwest::Client::builder().unix_socket(daemon.socket.as_path()).build().expect("client");
    let request = client.post(format!("http://tandem{path}")).header("idempotency-key", key).json(body);
    let answer = request.send().await.expect("answer");
    let replayed = answer.headers().contains_key("idempotency-replayed");
    let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
    let status = answer.status().as_u16();
    let body = answer.json().await.expect("JSON");
    (Answer { status, kind, allow: None, body }, replayed)
}

#[tokio::test]
async fn a_change_with_the_same_key_is_made_once() {
    let daemon = Daemon::start(Mood::Well);
    let (path, body) = (format!("/v1/calls/{LIVE}/transfer"), json!({ "to": "1002" }));
    let (first, replayed) = ask_once(&daemon, "k-1", &path, &body).await;
    assert_eq!((first.status, replayed), (200, false));
    let (second, replayed) = ask_once(&daemon, "k-1", &path, &body).await;
    assert_eq!((second.status, replayed, &second.body), (200, true, &first.body));
    assert_eq!(daemon.acts().len(), 1);
    let (other, _) = ask_once(&daemon, "k-1", &path, &json!({ "to": "1003" })).await;
    problem(&other, 422, "key-reused");
    assert_eq!(ask_once(&daemon, "k-2", &path, &body).await.0.status, 200);
    assert_eq!(daemon.acts().len(), 2);
    // A refusal is an answer too.
    for replay in [false, true] {
        let (refused, replayed) = ask_once(&daemon, "k-3", &path, &json!({ "to": "9999" })).await;
        problem(&refused, 422, "no-such-extension");
        assert_eq!(replayed, replay);
    }
    problem(&ask_once(&daemon, &"x".repeat(65), &path, &body).await.0, 422, "bad-key");
}

#[tokio::test]
async fn a_secret_is_shown_once_however_often_the_key_comes() {
    let daemon = Daemon::start(Mood::Well);
    ask(&daemon.socket, "POST", "/v1/users", Some(&json!({ "name": "nina", "may": "read" }))).await;
    let (path, body) = ("/v1/users/nina/tokens", json!({ "scope": "read" }));
    let (first, _) = ask_once(&daemon, "k", path, &body).await;
    assert!(first.body["secret"].as_str().is_some_and(|secret| secret.len() == 72), "{}", first.body);
    problem(&ask_once(&daemon, "k", path, &body).await.0, 409, "shown-once");
    let tokens = ask(&daemon.socket, "GET", "/v1/tokens", None).await.body;
    assert_eq!(tokens.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn lists_come_in_pages_that_miss_nothing_and_repeat_nothing() {
    let daemon = Daemon::start(Mood::Well);
    let mut names: Vec<String> = (0..25).map(|n| format!("user-{n:02}")).collect();
    for name in &names {
        ask(&daemon.socket, "POST", "/v1/users", Some(&json!({ "name": name, "may": "read" }))).await;
    }
    for (first, key, step) in [("/v1/users?limit=7", "name", 7), ("/v1/audit?limit=10", "subject", 10)] {
        let client = reqwest::Client::builder().unix_socket(daemon.socket.as_path()).build().expect("client");
        let (mut next, mut found) = (Some(first.to_owned()), Vec::new());
        while let Some(path) = next {
            let answer = client.get(format!("http://tandem{path}")).send().await.expect("answer");
            let link = answer.headers().get("link").map(|link| link.to_str().expect("text").to_owned());
            next = link.map(|link| link[1..link.find('>').expect("closed")].to_owned());
            let rows: Vec<Value> = answer.json().await.expect("JSON");
            assert!(rows.len() == step || next.is_none(), "{path}");
            found.extend(rows.iter().map(|row| row[key].as_str().expect("text").to_owned()));
        }
        assert_eq!(found, names);
        names.reverse();
    }
    let (mut next, mut found) = (Some("/v1/alerts?limit=1".to_owned()), Vec::new());
    while let Some(path) = next {
        let client = reqwest::Client::builder().unix_socket(daemon.socket.as_path()).build().expect("client");
        let answer = client.get(format!("http://tandem{path}")).send().await.expect("answer");
        let link = answer.headers().get("link").map(|link| link.to_str().expect("text").to_owned());
        next = link.map(|link| link[1..link.find('>').expect("closed")].to_owned());
        assert!(next.as_ref().is_none_or(|path| !path.contains(' ')), "{next:?}");
        let rows: Vec<Value> = answer.json().await.expect("JSON");
        found.extend(rows.iter().map(|row| row["queue"].as_str().expect("text").to_owned()));
    }
    assert_eq!(found, ["sales", "service"]);
    let agents = ask(&daemon.socket, "GET", "/v1/agents?limit=1&cursor=li", None).await;
    assert_eq!(agents.body.as_array().map(Vec::len), Some(1));
    assert_eq!(agents.body[0]["name"], json!("smith"));
    problem(&ask(&daemon.socket, "GET", "/v1/agents?limit=0", None).await, 422, "bad-query");
}

#[tokio::test]
async fn a_lease_that_is_too_short_or_too_long_is_refused_and_not_another_one() {
    let daemon = Daemon::start(Mood::Well);
    let lease = async |seconds: u32| {
        ask(&daemon.socket, "POST", "/v1/agents/smith/lease", Some(&json!({ "seconds": seconds }))).await
    };
    for seconds in [0, 10, 86_400] {
        assert_eq!(lease(seconds).await.body["seconds"], json!(seconds));
    }
    for seconds in [1, 9, 86_401] {
        let refused = lease(seconds).await;
        problem(&refused, 422, "bad-body");
        assert_eq!(refused.body["detail"], format!("`seconds` is from 10 to 86400, or 0, not {seconds}"));
    }
    assert_eq!(daemon.acts().len(), 3);
}
