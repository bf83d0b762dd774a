//! Finished calls that are looked for, their file, and the report of days, by REST and by the program.

use std::fs;

use serde_json::{Value, json};
use tandem::{
    base::{clock::Stamp, id::Name, number::Number},
    live::record::{CallRecord, Direction, EndedBy, Filter, Outcome},
};

use crate::{
    commands::{err, out, tandem},
    double::{Daemon, Mood, OVER},
    past::MANY,
};

/// Status, header `Link`, kind and text of an answer.
async fn get(daemon: &Daemon, path: &str) -> (u16, Option<String>, String, String) {
    let client = reqwest::Client::builder().unix_socket(daemon.socket.as_path()).build().expect("client");
    let answer = client.get(format!("http://tandem{path}")).send().await.expect("answer");
    let header = |name| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
    let (link, kind) = (header("link"), header("content-type").unwrap_or_default());
    (answer.status().as_u16(), link, kind, answer.text().await.expect("text"))
}

#[test]
fn what_the_program_is_asked_for_is_looked_for() {
    let daemon = Daemon::start(Mood::Well);
    let words: Vec<&str> = "calls search 张伟 8000 --since 2026-03-02 --until 2026-03-02T12:30:00Z \
        --caller +8613800138000 --called 95001 --queue sales --agent li --direction inbound --outcome answered \
        --ended-by caller --cause 16 --min-seconds 5 --max-seconds 500 -n 7"
        .split_whitespace()
        .collect();
    let found = tandem(&daemon.socket, &words);
    assert_eq!(found.status.code(), Some(0), "{}", err(&found));
    assert!(
        out(&found).contains(&OVER.to_string()) && out(&found).contains("normal clearing"),
        "{}",
        out(&found)
    );
    let (name, number) = (|text| Name::new(text).ok(), |text| Number::new(text).ok());
    let asked = Filter {
        // Midnight in Shanghai, where the test's reader is.
        since: Some(Stamp(1_772_380_800_000_000)),
        until: Some(Stamp(1_772_454_600_000_000)),
        caller: number("+8613800138000"),
        called: number("95001"),
        queue: name("sales"),
        agent: name("li"),
        direction: Some(Direction::Inbound),
        outcome: Some(Outcome::Answered),
        ended_by: Some(EndedBy::Caller),
        cause: Some(16),
        min_seconds: Some(5),
        max_seconds: Some(500),
        text: Some("张伟 8000".to_owned()),
    };
    assert_eq!(daemon.looked_for(), std::slice::from_ref(&asked));
    let exported = tandem(&daemon.socket, &[&["calls", "export"], &words[2..words.len() - 2]].concat());
    assert_eq!(exported.status.code(), Some(0), "{}", err(&exported));
    assert_eq!(daemon.looked_for(), [asked.clone(), asked]);
    for bad in
        [&["--since", "yesterday"][..], &["--outcome", "good"], &["--queue", "a b"], &["--cause", "300"]]
    {
        let refused = tandem(&daemon.socket, &[&["calls", "search"], bad].concat());
        assert_eq!(refused.status.code(), Some(2), "{bad:?}: {}", err(&refused));
    }
    let nothing = tandem(&daemon.socket, &["calls", "search", "--", "--"]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(err(&nothing).contains("give one word of a name"), "{}", err(&nothing));
}

#[tokio::test]
async fn pages_go_on_with_the_same_question() {
    let daemon = Daemon::start(Mood::Well);
    let mut next =
        Some(format!("/v1/history/search?called={MANY}&text=Ann%20%2B%26&min_seconds=0&limit=500"));
    let mut sizes = Vec::new();
    while let Some(path) = next {
        let (status, link, _, text) = get(&daemon, &path).await;
        assert_eq!(status, 200, "{text}");
        sizes.push(serde_json::from_str::<Vec<CallRecord>>(&text).expect("calls").len());
        next = link.map(|link| link[1..link.find('>').expect("closed")].to_owned());
    }
    assert_eq!(sizes, [500, 500, 203]);
    let asked = daemon.looked_for();
    assert_eq!(asked[0].text.as_deref(), Some("Ann +&"));
    assert!(asked.iter().all(|filter| *filter == asked[0]), "{asked:?}");
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused() {
    let daemon = Daemon::start(Mood::Well);
    for query in [
        "search?limit=0",
        "search?cursor=x",
        "search?since=today",
        "search?outcome=good",
        "search?caller=12;drop",
        "search?format=csv",
        "search?text=--",
        "search?colour=red",
        "export?limit=5",
        "export?format=xml",
        "export?cursor=0000000000001",
        "export?min_seconds=-1",
    ] {
        let (status, _, kind, text) = get(&daemon, &format!("/v1/history/{query}")).await;
        assert_eq!((status, kind.as_str()), (422, "application/problem+json"), "{query}: {text}");
    }
    for query in
        ["from=2026-02-30", "from=2026-02-02&to=2026-02-01", "from=2020-01-01&to=2026-01-01", "days=3"]
    {
        let (status, _, _, text) = get(&daemon, &format!("/v1/reports/daily?{query}")).await;
        assert_eq!(status, 422, "{query}: {text}");
    }
    for query in ["within=0", "within=91", "within=7d"] {
        let (status, _, _, text) = get(&daemon, &format!("/v1/reports/repeats?{query}")).await;
        assert_eq!(status, 422, "{query}: {text}");
    }
    let lost = Daemon::start(Mood::NoDatabase);
    let reports = ["daily", "surveys", "repeats", "dispositions"].map(|report| format!("reports/{report}"));
    for path in ["history/search", "history/export"].map(str::to_owned).into_iter().chain(reports) {
        let (status, _, _, text) = get(&lost, &format!("/v1/{path}")).await;
        assert_eq!(status, 503, "{path}: {text}");
    }
}

#[tokio::test]
async fn a_file_has_every_call_once_and_no_formula() {
    let daemon = Daemon::start(Mood::Well);
    let (status, _, kind, text) = get(&daemon, &format!("/v1/history/export?called={MANY}")).await;
    assert_eq!((status, kind.as_str()), (200, "text/csv; charset=utf-8"));
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 1 + 1203);
    assert!(lines[0].starts_with("call,direction,from,from_name,to,arrived,"), "{}", lines[0]);
    assert_eq!(lines.iter().filter(|line| line.starts_with("call,")).count(), 1);
    let whole = "0000000000001,inbound,13800138000,'=张伟,95001,2026-03-02T01:30:00.000Z,2026-03-02T01:30:00.100Z,\
                 2026-03-02T01:32:09.800Z,answered,sales,li,5,120,129,16,caller,4,5,solved";
    assert_eq!(lines.last(), Some(&whole));
    let (_, _, kind, text) = get(&daemon, &format!("/v1/history/export?called={MANY}&format=jsonl")).await;
    assert_eq!(kind, "application/x-ndjson");
    let calls: Vec<CallRecord> =
        text.lines().map(|line| serde_json::from_str(line).expect("a call")).collect();
    let mut ids: Vec<u64> = calls.iter().map(|call| call.id.0).collect();
    ids.dedup();
    assert_eq!((ids.len(), calls.len()), (1203, 1203));
}

#[test]
fn the_program_writes_a_file_of_its_owners_and_none_over_another() {
    use std::os::unix::fs::PermissionsExt;
    let daemon = Daemon::start(Mood::Well);
    let file = daemon.socket.with_file_name("calls.csv");
    let words = ["calls", "export", "--called", MANY, "--to", file.to_str().expect("a path")];
    let done = tandem(&daemon.socket, &words);
    assert_eq!((done.status.code(), out(&done)), (Some(0), ""), "{}", err(&done));
    assert_eq!(fs::read_to_string(&file).expect("a file").lines().count(), 1204);
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    let again = tandem(&daemon.socket, &words);
    assert_eq!(again.status.code(), Some(1));
    assert!(err(&again).contains("name a file that is not there"), "{}", err(&again));
    let json = tandem(&daemon.socket, &["calls", "export", "--json"]);
    let call: Value = serde_json::from_str(out(&json).lines().next().expect("a line")).expect("JSON");
    assert_eq!(call["id"], json!(OVER));
}

#[test]
fn days_are_told_as_a_table_as_json_and_for_a_spreadsheet() {
    let daemon = Daemon::start(Mood::Well);
    let said = |words: &[&str]| {
        let days = ["report", "daily", "--from", "2026-10-01", "--to", "2026-10-02"];
        let done = tandem(&daemon.socket, &[&days, words].concat());
        assert_eq!(done.status.code(), Some(0), "{}", err(&done));
        out(&done).to_owned()
    };
    insta::assert_snapshot!(said(&[]), @r"
    DAY         QUEUE  CALLS  ANSWERED  ABANDONED  MISSED  MENU  REFUSED  RESOLVED  WAIT  TALK
    2026-10-01            20        14          3       0     3        0      85 %   20s  1m40s
    2026-10-01  sales     17        14          3       0     0        0      82 %   20s  1m40s
    2026-10-02            20        14          3       0     3        0      85 %   20s  1m40s
    2026-10-02  sales     17        14          3       0     0        0      82 %   20s  1m40s
    ");
    insta::assert_snapshot!(said(&["--csv"]).replace("\r\n", "\n"), @r"
    day,hours,queue,calls,answered,abandoned,missed,menu,refused,resolved_percent,average_wait_seconds,average_talk_seconds
    2026-10-01,24,,20,14,3,0,3,0,85,20,100
    2026-10-01,24,sales,17,14,3,0,0,0,82,20,100
    2026-10-02,24,,20,14,3,0,3,0,85,20,100
    2026-10-02,24,sales,17,14,3,0,0,0,82,20,100
    ");
    let json: Value = serde_json::from_str(&said(&["--json"])).expect("JSON");
    assert_eq!(json[1]["day"], json!("2026-10-02"));
    assert_eq!(json[1]["queues"][0]["average_wait_ms"], json!(20_000));
    let week = tandem(&daemon.socket, &["report", "daily", "--json"]);
    let week: Value = serde_json::from_str(out(&week)).expect("JSON");
    assert_eq!(week.as_array().map(Vec::len), Some(7));
}

#[test]
fn answers_are_told_by_day_queue_and_agent() {
    let daemon = Daemon::start(Mood::Well);
    let said = |words: &[&str]| {
        let day = ["report", "surveys", "--from", "2026-10-01", "--to", "2026-10-01"];
        let done = tandem(&daemon.socket, &[&day, words].concat());
        assert_eq!(done.status.code(), Some(0), "{}", err(&done));
        out(&done).to_owned()
    };
    insta::assert_snapshot!(said(&[]), @r"
    DAY         QUEUE  AGENT  ASKED  ANSWERED  RATE    AVERAGE  GOOD
    2026-10-01                   12         9  75.0 %   82.2 %  66.6 %
    2026-10-01  sales            12         9  75.0 %   82.2 %  66.6 %
    2026-10-01         li         0         0       –        –       –
    ");
    insta::assert_snapshot!(said(&["--csv"]).replace("\r\n", "\n"), @r"
    day,queue,agent,asked,answered,answer_permille,average_permille,good,good_permille
    2026-10-01,,,12,9,750,822,6,666
    2026-10-01,sales,,12,9,750,822,6,666
    2026-10-01,,li,0,0,,,0,
    ");
    let json: Value = serde_json::from_str(&said(&["--json"])).expect("JSON");
    assert_eq!(json[0]["agents"][0]["answer_permille"], Value::Null);
}

#[test]
fn who_called_again_is_told_by_day_and_queue() {
    let daemon = Daemon::start(Mood::Well);
    let said = |words: &[&str]| {
        let days = ["report", "repeats", "--from", "2026-10-01", "--to", "2026-10-02"];
        let done = tandem(&daemon.socket, &[&days, words].concat());
        assert_eq!(done.status.code(), Some(0), "{}", err(&done));
        out(&done).to_owned()
    };
    insta::assert_snapshot!(said(&[]), @r"
    DAY         QUEUE  CALLERS  CALLED AGAIN  AGAIN   RESOLVED  OPEN
    2026-10-01              16             2  12.5 %    87.5 %
    2026-10-01  sales       16             2  12.5 %    87.5 %
    2026-10-02              16             2  12.5 %    87.5 %  so far
    2026-10-02  sales       16             2  12.5 %    87.5 %  so far
    ");
    insta::assert_snapshot!(said(&["--csv", "--within", "3"]).replace("\r\n", "\n"), @r"
    day,queue,within_days,open,callers,again,again_permille,resolved_permille
    2026-10-01,,3,false,16,2,125,875
    2026-10-01,sales,3,false,16,2,125,875
    2026-10-02,,3,true,16,2,125,875
    2026-10-02,sales,3,true,16,2,125,875
    ");
}

#[test]
fn what_agents_said_is_told_by_queue_with_the_words_of_the_site() {
    let daemon = Daemon::start(Mood::Well);
    let said = |words: &[&str]| {
        let days = ["report", "dispositions", "--from", "2026-10-01", "--to", "2026-10-01"];
        let done = tandem(&daemon.socket, &[&days, words].concat());
        assert_eq!(done.status.code(), Some(0), "{}", err(&done));
        out(&done).to_owned()
    };
    insta::assert_snapshot!(said(&[]), @r"
    DAY         QUEUE  DISPOSITION  LABEL            CALLS  SHARE
    2026-10-01  sales  sold                              0   0.0 %
    2026-10-01  sales  solved       已解决 / Solved      9  90.0 %
    2026-10-01  sales                                    1  10.0 %
    ");
    insta::assert_snapshot!(said(&["--csv"]).replace("\r\n", "\n"), @r"
    day,queue,disposition,label,calls
    2026-10-01,sales,sold,,0
    2026-10-01,sales,solved,已解决 / Solved,9
    2026-10-01,sales,,,1
    ");
}
