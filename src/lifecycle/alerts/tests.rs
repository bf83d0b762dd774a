use std::net::Ipv4Addr;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use super::*;
use crate::{
    base::{clock::Stamp, number::Number},
    infra::site::Alerting,
    live::switchboard::view::AlertView,
};

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn news(tell: &str) -> AlertNews {
    let alert = AlertView {
        rule: name("crowd"),
        queue: name("sales"),
        figure: "waiting".into(),
        value: 12,
        limit: 10,
        above: true,
        words: "sales: waiting 12, above 10".into(),
        since: Stamp(1_795_224_000_000_000),
        acknowledged: None,
        escalated: 0,
        told: vec![name(tell)],
    };
    AlertNews { turn: AlertTurn::Fired, alert, tell: vec![name(tell)] }
}

fn site(url: String) -> Arc<Site> {
    let target = AlertTarget::Json { url: url.into(), secret_file: None };
    let gone =
        AlertTarget::Json { url: "http://127.0.0.1:1/".into(), secret_file: Some("/nonexistent".into()) };
    let alerts =
        Alerting { targets: [(name("desk"), target), (name("dumb"), gone)].into(), ..Alerting::default() };
    Arc::new(Site { alerts, ..Site::bare("Harbour", Number::new("1000").expect("a number")) })
}

/// Refuses whoever comes first, and tells what it is told next.
async fn moody(listener: TcpListener) -> Value {
    for answer in ["500 No", "200 OK"] {
        let (stream, _) = listener.accept().await.expect("a visitor");
        let mut reader = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        while reader.read_line(&mut line).await.expect("a line") > 2 {
            if let Some(told) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = told.trim().parse().expect("a number");
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).await.expect("a body");
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        reader.get_mut().write_all(answer.as_bytes()).await.expect("answered");
        if answer.contains("200") {
            return serde_json::from_slice(&body).expect("JSON");
        }
    }
    unreachable!("it is answered the second time")
}

#[tokio::test]
async fn whoever_refuses_is_told_again_and_nobody_waits_for_it() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let (_sites, taken) = watch::channel(site(url));
    let courier = start(taken, Meters::new(|| 0));
    let begun = std::time::Instant::now();
    // The target without its secret, and one that the site does not have, keep nobody from being told.
    for target in ["dumb", "nobody", "desk"] {
        courier.tell(news(target));
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "telling waits for nobody");
    let told = tokio::time::timeout(Duration::from_secs(30), moody(listener)).await.expect("told again");
    assert_eq!(told["event"], "alert.changed");
    assert_eq!((&told["site"], &told["turn"]), (&json!("Harbour"), &json!("fired")));
    assert_eq!(told["alert"]["words"], "sales: waiting 12, above 10");
}

#[tokio::test]
async fn of_a_flood_of_alerts_no_more_are_kept_than_there_is_room_for() {
    let (_sites, taken) = watch::channel(site("http://127.0.0.1:1/".to_owned()));
    let courier = start(taken, Meters::new(|| 0));
    for _ in 0..10_000 {
        courier.tell(news("desk"));
    }
    assert_eq!(courier.notices.capacity(), 0, "the rest was dropped at once");
}

#[test]
fn what_is_told_says_what_to_do_and_since_when() {
    let site = site("http://127.0.0.1:1/".to_owned());
    let told = notice(&news("desk"), &site);
    assert_eq!(told.title, "Harbour: sales: waiting 12, above 10 (fired)");
    assert_eq!(
        told.text,
        "Tandem, Harbour: sales: waiting 12, above 10\nAlert crowd has begun, since 2026-11-21 01:20:00 UTC.\n\
         Acknowledge it: tandem alerts ack crowd --queue sales"
    );
    let over = notice(&AlertNews { turn: AlertTurn::Cleared, ..news("desk") }, &site);
    assert!(over.text.ends_with("Alert crowd is over, since 2026-11-21 01:20:00 UTC."), "{}", over.text);
}
