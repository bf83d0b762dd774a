//! REST v1 by TLS: who gets how far with which token, on every route there is.

use std::{fs, os::unix::fs::PermissionsExt, sync::Arc, time::Duration};

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tandem::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::Name,
        text::Label,
    },
    desk::access::{Access, NewToken, Scope},
    http::{Verb, routes},
};

use crate::{
    commands::{err, out, program, tandem},
    double::{Daemon, LIVE, Mood},
};

/// What each route needs, written down a second time: a new route has to be thought about here.
const PERMISSIONS: &[(Verb, &str, Scope)] = &[
    (Verb::Get, "/v1/status", Scope::Read),
    (Verb::Get, "/v1/calls", Scope::Read),
    (Verb::Get, "/v1/calls/{id}", Scope::Read),
    (Verb::Get, "/v1/calls/{id}/explain", Scope::Read),
    (Verb::Get, "/v1/queues", Scope::Read),
    (Verb::Get, "/v1/agents", Scope::Read),
    (Verb::Get, "/v1/history", Scope::Read),
    (Verb::Get, "/v1/history/search", Scope::Read),
    (Verb::Get, "/v1/history/export", Scope::Read),
    (Verb::Get, "/v1/reports/daily", Scope::Read),
    (Verb::Get, "/v1/reports/surveys", Scope::Read),
    (Verb::Get, "/v1/reports/repeats", Scope::Read),
    (Verb::Get, "/v1/reports/dispositions", Scope::Read),
    (Verb::Post, "/v1/history/erase", Scope::Admin),
    (Verb::Get, "/v1/events", Scope::Read),
    (Verb::Get, "/v1/openapi.json", Scope::Read),
    (Verb::Get, "/metrics", Scope::Metrics),
    (Verb::Post, "/v1/agents/{name}/login", Scope::Operate),
    (Verb::Post, "/v1/agents/{name}/logout", Scope::Operate),
    (Verb::Post, "/v1/agents/{name}/pause", Scope::Operate),
    (Verb::Post, "/v1/agents/{name}/wrap-up", Scope::Operate),
    (Verb::Post, "/v1/agents/{name}/lease", Scope::Operate),
    (Verb::Post, "/v1/agents/{name}/dispose", Scope::Operate),
    (Verb::Post, "/v1/agents/{name}/unpause", Scope::Operate),
    (Verb::Post, "/v1/calls/{id}/hangup", Scope::Operate),
    (Verb::Post, "/v1/calls/{id}/transfer", Scope::Operate),
    (Verb::Get, "/v1/callbacks", Scope::Read),
    (Verb::Post, "/v1/callbacks/{id}/cancel", Scope::Operate),
    (Verb::Get, "/v1/messages", Scope::Read),
    (Verb::Get, "/v1/messages/{id}", Scope::Read),
    (Verb::Post, "/v1/messages/{id}/add", Scope::Operate),
    (Verb::Post, "/v1/messages/{id}/take", Scope::Operate),
    (Verb::Post, "/v1/messages/{id}/decline", Scope::Operate),
    (Verb::Post, "/v1/messages/{id}/close", Scope::Operate),
    (Verb::Post, "/v1/messages/{id}/move", Scope::Operate),
    (Verb::Get, "/v1/conferences", Scope::Read),
    (Verb::Get, "/v1/extensions", Scope::Read),
    (Verb::Post, "/v1/calls/{id}/consult", Scope::Operate),
    (Verb::Post, "/v1/calls/{id}/complete", Scope::Operate),
    (Verb::Post, "/v1/calls/{id}/back", Scope::Operate),
    (Verb::Post, "/v1/calls/{id}/join", Scope::Operate),
    (Verb::Post, "/v1/calls/{id}/park", Scope::Operate),
    (Verb::Post, "/v1/calls/{id}/record", Scope::Operate),
    (Verb::Post, "/v1/calls/{id}/pause-recording", Scope::Operate),
    (Verb::Post, "/v1/calls/{id}/mute", Scope::Operate),
    (Verb::Post, "/v1/conferences/{number}/invite", Scope::Operate),
    (Verb::Post, "/v1/conferences/{number}/lock", Scope::Operate),
    (Verb::Post, "/v1/conferences/{number}/record", Scope::Operate),
    (Verb::Post, "/v1/extensions/{number}/forward", Scope::Operate),
    (Verb::Post, "/v1/extensions/{number}/quiet", Scope::Operate),
    (Verb::Get, "/v1/users", Scope::Admin),
    (Verb::Post, "/v1/users", Scope::Admin),
    (Verb::Delete, "/v1/users/{name}", Scope::Admin),
    (Verb::Post, "/v1/users/{name}/tokens", Scope::Admin),
    (Verb::Get, "/v1/tokens", Scope::Admin),
    (Verb::Delete, "/v1/tokens/{id}", Scope::Admin),
    (Verb::Get, "/v1/audit", Scope::Admin),
    (Verb::Get, "/v1/audit/verify", Scope::Admin),
    (Verb::Get, "/v1/customers", Scope::Read),
    (Verb::Get, "/v1/customers/{id}", Scope::Read),
    (Verb::Post, "/v1/calls/{id}/attend", Scope::Operate),
    (Verb::Post, "/v1/calls/{id}/unattend", Scope::Operate),
    (Verb::Post, "/v1/calls/{id}/move", Scope::Operate),
    (Verb::Post, "/v1/calls/{id}/take-over", Scope::Operate),
    (Verb::Post, "/v1/customers", Scope::Operate),
    (Verb::Post, "/v1/customers/import", Scope::Operate),
    (Verb::Post, "/v1/customers/{id}/erase", Scope::Admin),
    (Verb::Post, "/v1/queues/{name}/drain", Scope::Operate),
    (Verb::Get, "/v1/alerts", Scope::Read),
    (Verb::Post, "/v1/alerts/{name}/ack", Scope::Operate),
    (Verb::Delete, "/v1/customers/{id}", Scope::Operate),
];

#[test]
fn every_route_has_its_permission_here() {
    let mut there: Vec<_> = routes().map(|route| (route.verb, route.path, route.needs)).collect();
    let mut written = PERMISSIONS.to_vec();
    there.sort_unstable();
    written.sort_unstable();
    assert_eq!(there, written);
}

/// A clock that stands wherever a test wants it.
struct Then(Stamp);

impl Clock for Then {
    fn now(&self) -> Stamp {
        self.0
    }
}

/// A token of this scope; `days_ago` it was made for one day.
async fn token(daemon: &Daemon, scope: Scope, days_ago: u32) -> (String, String) {
    let then = SystemClock.now() - Duration::from_hours(24) * days_ago;
    let access = Access::new(daemon.db.clone(), Arc::new(Then(then)));
    let (who, user) = (Label::new("test"), Name::new(format!("{scope}-user")).expect("name"));
    let _known = access.add_user(&who, user.clone(), scope).await;
    let asked = NewToken { scope, days: 1, note: Label::new("test") };
    let made = access.make_token(&who, &user, asked).await.expect("made");
    (made.token.id.to_string(), made.secret.expose_secret().to_owned())
}

fn client(daemon: &Daemon) -> reqwest::Client {
    let ca = reqwest::Certificate::from_pem(&fs::read(&daemon.ca).expect("read")).expect("PEM");
    reqwest::Client::builder().tls_certs_only([ca]).build().expect("client")
}

async fn ask(daemon: &Daemon, verb: Verb, path: &str, token: Option<&str>) -> (u16, Value, Option<String>) {
    let method = match verb {
        Verb::Get => reqwest::Method::GET,
        Verb::Post => reqwest::Method::POST,
        Verb::Delete => reqwest::Method::DELETE,
    };
    let mut request = client(daemon).request(method, format!("{}{path}", daemon.url));
    if verb == Verb::Post {
        request = request.json(&json!({}));
    }
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.expect("answer");
    let header = |name| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
    let (kind, challenge) = (header("content-type").unwrap_or_default(), header("www-authenticate"));
    let status = answer.status().as_u16();
    assert!(status < 400 || kind == "application/problem+json", "{path}: {kind}");
    (status, answer.json().await.unwrap_or_default(), challenge)
}

fn filled(path: &str) -> String {
    // A user and a token that nobody has: what matters is who gets as far as being told so.
    let id = if path.contains("tokens") { "aaaaaaaaaaaa".to_owned() } else { LIVE.to_string() };
    path.replace("{id}", &id).replace("{name}", "nobody")
}

#[tokio::test]
async fn every_route_lets_in_who_may_and_nobody_else() {
    let daemon = Daemon::start(Mood::Well);
    let mut tokens = Vec::new();
    for scope in Scope::ALL {
        tokens.push((scope, token(&daemon, scope, 0).await.1));
    }
    let (_, expired) = token(&daemon, Scope::Admin, 2).await;
    let (id, revoked) = token(&daemon, Scope::Admin, 0).await;
    let access = Access::new(daemon.db.clone(), Arc::new(SystemClock));
    access.revoke(&Label::new("test"), &id.parse().expect("id")).await.expect("revoked");
    for (verb, route, needs) in PERMISSIONS {
        let path = filled(route);
        for (scope, token) in &tokens {
            let (status, body, _) = ask(&daemon, *verb, &path, Some(token)).await;
            if scope.allows(*needs) {
                assert!(![401, 403, 429].contains(&status), "{scope} at {path}: {status} {body}");
            } else {
                assert_eq!(
                    (status, &body["type"]),
                    (403, &json!("/problems/not-permitted")),
                    "{scope} at {path}"
                );
            }
        }
    }
    // One after another: so many at once would close the door.
    for bad in [Some(expired.as_str()), Some(revoked.as_str()), None] {
        let (verb, route, _) = PERMISSIONS[0];
        let (status, body, challenge) = ask(&daemon, verb, route, bad).await;
        assert_eq!((status, &body["type"]), (401, &json!("/problems/not-known")));
        assert!(challenge.is_some_and(|text| text.starts_with("Bearer")));
    }
    for (verb, route, _) in PERMISSIONS {
        let (status, ..) = ask(&daemon, *verb, &filled(route), None).await;
        assert_eq!(status, 401, "{route} without a token");
    }
    assert_eq!(ask(&daemon, Verb::Get, "/nowhere", None).await.0, 401, "strangers learn no routes");
}

#[tokio::test]
async fn whoever_guesses_has_to_wait_and_the_others_have_not() {
    let daemon = Daemon::start(Mood::Well);
    let (_, good) = token(&daemon, Scope::Read, 0).await;
    assert_eq!(ask(&daemon, Verb::Get, "/v1/status", Some(&good)).await.0, 200);
    let mut seen = Vec::new();
    for n in 0..14 {
        let guess = format!("tandem_{}_{}", "a".repeat(12), char::from(b'a' + n % 8).to_string().repeat(52));
        seen.push(ask(&daemon, Verb::Get, "/v1/status", Some(&guess)).await.0);
    }
    assert_eq!(seen[..10], [401; 10]);
    assert!(seen[10..].contains(&429), "{seen:?}");
    assert_eq!(ask(&daemon, Verb::Get, "/v1/status", Some(&good)).await.0, 200);
}

#[tokio::test]
async fn nothing_but_tls_is_spoken_and_half_a_handshake_holds_up_nobody() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let daemon = Daemon::start(Mood::Well);
    let (_, good) = token(&daemon, Scope::Read, 0).await;
    let address = daemon.url.replace("https://localhost", "127.0.0.1");
    let _silent = tokio::net::TcpStream::connect(&address).await.expect("connected");
    let mut plain = tokio::net::TcpStream::connect(&address).await.expect("connected");
    plain.write_all(b"GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("written");
    assert_eq!(ask(&daemon, Verb::Get, "/v1/status", Some(&good)).await.0, 200);
    let mut heard = Vec::new();
    let _reset =
        tokio::time::timeout(Duration::from_secs(20), plain.read_to_end(&mut heard)).await.expect("closed");
    assert!(!String::from_utf8_lossy(&heard).contains("HTTP"), "{heard:?}");
    let stranger = reqwest::Client::new().get(format!("{}/v1/status", daemon.url)).send().await;
    assert!(stranger.is_err_and(|why| why.is_connect()), "an unknown certificate is not taken");
}

#[test]
fn the_program_makes_a_token_and_comes_in_with_it_from_elsewhere() {
    let daemon = Daemon::start(Mood::Well);
    let local = |words: &[&str]| {
        let done = tandem(&daemon.socket, words);
        assert_eq!(done.status.code(), Some(0), "{words:?}: {}", err(&done));
        out(&done).to_owned()
    };
    assert!(local(&["users"]).contains("There are no users"));
    local(&["users", "add", "grafana", "--may", "operate"]);
    let made = local(&["users", "token", "create", "grafana", "--scope", "read", "--note", "board"]);
    let secret = made.lines().last().expect("the secret").to_owned();
    assert_eq!(secret.len(), 72, "{made}");
    let id = secret[7..19].to_owned();
    let listed = local(&["users", "token", "list"]);
    assert!(listed.contains(&id) && listed.contains("board") && listed.contains("good"), "{listed}");
    assert!(!listed.contains(&secret[20..]), "{listed}");

    let file = daemon.ca.with_file_name("token");
    fs::write(&file, format!("{secret}\n")).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("closed");
    let remote = |words: &[&str]| {
        let mut command = program();
        command.args(["--url", &daemon.url, "--ca"]).arg(&daemon.ca);
        command.arg("--token-file").arg(&file).args(words).output().expect("the program runs")
    };
    let status = remote(&["status"]);
    assert_eq!(status.status.code(), Some(0), "{}", err(&status));
    assert!(out(&status).contains("Huaxing"), "{}", out(&status));
    let refused = remote(&["agents", "login", "smith"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("needs the scope `operate`"), "{}", err(&refused));
    assert!(daemon.acts().is_empty());

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("opened");
    let open = remote(&["status"]);
    assert!(open.status.code() == Some(2) && err(&open).contains("chmod 600"), "{}", err(&open));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("closed");

    let by_environment = program()
        .args(["--url", &daemon.url, "--ca"])
        .arg(&daemon.ca)
        .env("TANDEM_TOKEN", &secret)
        .arg("status")
        .output()
        .expect("the program runs");
    assert_eq!(by_environment.status.code(), Some(0), "{}", err(&by_environment));
    let unknown =
        program().args(["--url", &daemon.url, "status"]).env("TANDEM_TOKEN", &secret).output().expect("runs");
    assert_eq!(unknown.status.code(), Some(4), "a certificate that nobody signed: {}", err(&unknown));

    local(&["users", "token", "revoke", &id]);
    let late = remote(&["status"]);
    assert!(err(&late).contains("unknown, expired or revoked"), "{}", err(&late));
    for done in [&status, &refused, &open, &by_environment, &unknown, &late] {
        assert!(!format!("{}{}", out(done), err(done)).contains(&secret[20..]));
    }
    local(&["users", "remove", "grafana"]);
    let audit = local(&["audit", "--json"]);
    let entries: Vec<Value> = serde_json::from_str(&audit).expect("JSON");
    let whats: Vec<_> = entries.iter().map(|entry| entry["what"].as_str().expect("text")).collect();
    assert_eq!(whats, ["user.remove", "token.revoke", "token.create", "user.add"]);
    assert!(!audit.contains(&secret[20..]));
    assert!(local(&["audit", "verify"]).starts_with("All 4 rows are as they were written."));
}
