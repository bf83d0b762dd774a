//! A good request of every route of REST v1.

use serde_json::{Value, json};
use tandem::http::Verb;

use crate::double::LIVE;

/// One good request of a route, and what in its answer proves that the right room was asked.
pub struct Case {
    pub verb: Verb,
    pub route: &'static str,
    pub body: Option<Value>,
    /// JSON pointer and value.
    pub proof: (&'static str, Value),
}

pub fn cases() -> Vec<Case> {
    house()
        .into_iter()
        .chain(agents())
        .chain(supervision())
        .chain(messages())
        .chain(telephony())
        .chain(customers())
        .collect()
}

fn house() -> Vec<Case> {
    let get = |route, at, value| Case { verb: Verb::Get, route, body: None, proof: (at, value) };
    let delete = |route, at, value| Case { verb: Verb::Delete, route, body: None, proof: (at, value) };
    let post = |route, body, at, value| Case { verb: Verb::Post, route, body, proof: (at, value) };
    vec![
        get("/v1/status", "/site", json!("华星 Huaxing")),
        get("/v1/calls", "/0/id", json!(LIVE)),
        get("/v1/calls/{id}", "/steps/1/what", json!("pressed 1 in menu welcome: goes to step sales")),
        get("/v1/calls/{id}/explain", "/life", json!("live")),
        get("/v1/queues", "/1/name", json!("service")),
        get("/v1/agents", "/0/display", json!("李小龙")),
        get("/v1/history", "/0/talk_ms", json!(120_000)),
        get("/v1/history/search", "/0/wait_ms", json!(5679)),
        get("/v1/reports/daily", "/6/queues/0/answered", json!(14)),
        get("/v1/reports/surveys", "/6/queues/0/answer_permille", json!(750)),
        get("/v1/reports/dispositions", "/6/queues/0/dispositions/1/labels/en-US", json!("Solved")),
        get("/v1/reports/repeats", "/6/queues/0/again_permille", json!(125)),
        post(
            "/v1/history/erase",
            Some(json!({ "number": "13800138000" })),
            "",
            json!({ "calls": 1, "live": 1, "messages": 1, "callbacks": 1, "customers": 0 }),
        ),
        get("/v1/openapi.json", "/openapi", json!("3.1.0")),
        post("/v1/calls/{id}/hangup", None, "", json!({ "act": "hangup", "call": LIVE })),
        post(
            "/v1/calls/{id}/transfer",
            Some(json!({ "to": "1002" })),
            "",
            json!({ "act": "transfer", "call": LIVE, "to": "1002" }),
        ),
        post("/v1/users", Some(json!({ "name": "nina", "may": "operate" })), "/may", json!("operate")),
        get("/v1/users", "/0/name", json!("nina")),
        post("/v1/users/{name}/tokens", Some(json!({ "scope": "read" })), "/scope", json!("read")),
        get("/v1/tokens", "/0/user", json!("nina")),
        get("/v1/audit", "/0/what", json!("token.create")),
        get("/v1/audit/verify", "/rows", json!(3)),
        delete("/v1/tokens/{id}", "/user", json!("nina")),
        delete("/v1/users/{name}", "/name", json!("nina")),
    ]
}

fn agents() -> Vec<Case> {
    let post = |route, body, at, value| Case { verb: Verb::Post, route, body, proof: (at, value) };
    vec![
        post("/v1/agents/{name}/login", None, "", json!({ "act": "login", "agent": "smith" })),
        post("/v1/agents/{name}/logout", None, "", json!({ "act": "logout", "agent": "smith" })),
        post(
            "/v1/agents/{name}/pause",
            Some(json!({ "reason": "午餐" })),
            "",
            json!({ "act": "pause", "agent": "smith", "reason": "午餐" }),
        ),
        post(
            "/v1/agents/{name}/wrap-up",
            Some(json!({ "seconds": 120 })),
            "",
            json!({ "act": "wrap-up", "agent": "smith", "seconds": 120 }),
        ),
        post(
            "/v1/agents/{name}/lease",
            Some(json!({ "seconds": 60 })),
            "",
            json!({ "act": "lease", "agent": "smith", "seconds": 60 }),
        ),
        post(
            "/v1/agents/{name}/dispose",
            Some(json!({ "disposition": "solved" })),
            "",
            json!({ "act": "dispose", "agent": "smith", "disposition": "solved" }),
        ),
        post("/v1/agents/{name}/unpause", None, "", json!({ "act": "unpause", "agent": "smith" })),
    ]
}

fn messages() -> Vec<Case> {
    let live = LIVE.to_string();
    let get = |route, at, value| Case { verb: Verb::Get, route, body: None, proof: (at, value) };
    let post = |route, body, value| Case { verb: Verb::Post, route, body, proof: ("", value) };
    vec![
        get("/v1/messages", "/0/state", json!("offered")),
        get("/v1/messages/{id}", "/steps/1/what", json!("pressed 1 in menu welcome: goes to step sales")),
        post(
            "/v1/messages/{id}/add",
            Some(json!({ "queue": "service", "keep": { "agent": "smith", "seconds": 60 } })),
            json!({
                "act": "add-message", "reference": live, "queue": "service", "urgency": "normal",
                "keep": { "agent": "smith", "seconds": 60 },
            }),
        ),
        post(
            "/v1/messages/{id}/take",
            Some(json!({ "agent": "smith" })),
            json!({ "act": "take-message", "reference": live, "agent": "smith" }),
        ),
        post(
            "/v1/messages/{id}/decline",
            Some(json!({ "agent": "smith" })),
            json!({ "act": "decline-message", "reference": live, "agent": "smith" }),
        ),
        post("/v1/messages/{id}/close", None, json!({ "act": "close-message", "reference": live })),
        post(
            "/v1/messages/{id}/move",
            Some(json!({ "queue": "service" })),
            json!({ "act": "move-message", "reference": live, "queue": "service" }),
        ),
    ]
}

fn supervision() -> Vec<Case> {
    let post = |route, body, at, value| Case { verb: Verb::Post, route, body, proof: (at, value) };
    vec![
        post(
            "/v1/calls/{id}/attend",
            Some(json!({ "by": "1003", "mode": "whisper" })),
            "",
            json!({ "act": "attend", "call": LIVE, "by": "1003", "mode": "whisper" }),
        ),
        post("/v1/calls/{id}/unattend", None, "", json!({ "act": "unattend", "call": LIVE })),
        post(
            "/v1/calls/{id}/take-over",
            Some(json!({ "by": "1003" })),
            "",
            json!({ "act": "take-over", "call": LIVE, "by": "1003" }),
        ),
        post(
            "/v1/calls/{id}/move",
            Some(json!({ "place": 1 })),
            "",
            json!({ "act": "move", "call": LIVE, "to": { "place": 1 } }),
        ),
        Case {
            verb: Verb::Get,
            route: "/v1/callbacks",
            body: None,
            proof: ("/0/number", json!("13800138000")),
        },
        post("/v1/callbacks/{id}/cancel", None, "", json!({ "act": "cancel-callback", "call": LIVE })),
        post(
            "/v1/queues/{name}/drain",
            Some(json!({ "on": true })),
            "",
            json!({ "act": "drain", "queue": "smith", "on": true }),
        ),
        Case {
            verb: Verb::Get,
            route: "/v1/alerts",
            body: None,
            proof: ("/0/words", json!("sales: waiting 12, above 10")),
        },
        post(
            "/v1/alerts/{name}/ack",
            Some(json!({ "queue": "sales" })),
            "",
            json!({ "act": "acknowledge-alert", "rule": "smith", "queue": "sales" }),
        ),
    ]
}

fn telephony() -> Vec<Case> {
    let get = |route, at, value| Case { verb: Verb::Get, route, body: None, proof: (at, value) };
    let post = |route, body, at, value| Case { verb: Verb::Post, route, body, proof: (at, value) };
    vec![
        post(
            "/v1/calls/{id}/consult",
            Some(json!({ "to": "1002" })),
            "",
            json!({ "act": "consult", "call": LIVE, "to": "1002" }),
        ),
        post("/v1/calls/{id}/complete", None, "", json!({ "act": "complete", "call": LIVE })),
        post("/v1/calls/{id}/back", None, "", json!({ "act": "back", "call": LIVE })),
        post("/v1/calls/{id}/join", None, "", json!({ "act": "join", "call": LIVE })),
        post("/v1/calls/{id}/park", Some(json!({ "slot": "7501" })), "/slot", json!("7501")),
        post("/v1/calls/{id}/record", Some(json!({ "on": true })), "/act", json!("record")),
        post(
            "/v1/calls/{id}/pause-recording",
            Some(json!({ "on": true })),
            "",
            json!({ "act": "pause-recording", "call": LIVE, "on": true }),
        ),
        post("/v1/calls/{id}/mute", Some(json!({ "on": true })), "/act", json!("mute")),
        get("/v1/conferences", "/0/members/0/number", json!("13800138000")),
        post(
            "/v1/conferences/{number}/invite",
            Some(json!({ "to": "1002" })),
            "",
            json!({ "act": "invite", "conference": "7001", "to": "1002" }),
        ),
        post("/v1/conferences/{number}/lock", Some(json!({ "on": true })), "/on", json!(true)),
        post(
            "/v1/conferences/{number}/record",
            Some(json!({ "on": true })),
            "",
            json!({ "act": "record-conference", "conference": "7001", "on": true }),
        ),
        get("/v1/extensions", "/0/forward_busy", json!("1002")),
        post(
            "/v1/extensions/{number}/forward",
            Some(json!({ "when": "busy", "to": "1002" })),
            "/setting",
            json!({ "forward": { "when": "busy", "to": "1002" } }),
        ),
        post(
            "/v1/extensions/{number}/quiet",
            Some(json!({ "on": true })),
            "/setting",
            json!({ "quiet": true }),
        ),
    ]
}

fn customers() -> Vec<Case> {
    let get = |route, at, value| Case { verb: Verb::Get, route, body: None, proof: (at, value) };
    let post = |route, body, at, value| Case { verb: Verb::Post, route, body, proof: (at, value) };
    let ann = json!({ "id": "c-1", "name": "Ann", "class": "vip", "numbers": ["02161234567"] });
    let others = json!({ "customers": [ann, { "id": "c-2" }] });
    vec![
        post("/v1/customers", Some(ann), "/numbers/0", json!("+862161234567")),
        post("/v1/customers/import", Some(others), "", json!({ "made": 1, "changed": 0, "same": 1 })),
        get("/v1/customers", "/1/id", json!("c-2")),
        get("/v1/customers/{id}", "/class", json!("vip")),
        post("/v1/customers/{id}/erase", None, "/customers", json!(1)),
        Case {
            verb: Verb::Delete,
            route: "/v1/customers/{id}",
            body: None,
            proof: ("/numbers/0", json!("+862161234567")),
        },
    ]
}
