use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread::JoinHandle,
};

use serde_json::json;

use super::*;
use crate::base::base64;

const NOW: Stamp = Stamp(1_795_224_000_123_456);

fn notice() -> Notice {
    Notice {
        title: "Tandem: 客服 support 排队过多 waiting 12, above 10 <now> & then".into(),
        text: "support: waiting 12, above 10 <now> & then\n客服".into(),
        whole: json!({ "turn": "fired", "alert": { "rule": "crowd" } }),
    }
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

/// A server that has one visitor.
fn server<T: Send + 'static>(
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    (address, std::thread::spawn(move || serve(listener.accept().expect("a visitor").0)))
}

/// The request line, the header `authorization`, and the body.
fn http(answer: &'static str) -> (SocketAddr, JoinHandle<(String, Option<String>, Value)>) {
    server(move |stream| {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a line");
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        let header = |name: &str| {
            let found = lines.iter().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")));
            found.map(|line| line[name.len() + 2..].to_owned())
        };
        let length = header("content-length").expect("a length").parse().expect("a number");
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        assert_eq!(header("content-type").as_deref(), Some("application/json"));
        write!(reader.get_mut(), "{answer}").expect("answered");
        (lines[0].clone(), header("authorization"), serde_json::from_slice(&body).expect("JSON"))
    })
}

const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n{\"errcode\":0,\"errmsg\":\"ok\"}";
const BAD_SIGN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{\"errcode\":310000}";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn wecom_gets_its_text_and_its_code_counts_not_the_status() {
    let (address, heard) = http(FINE);
    let url = SmolStr::from(format!("http://{address}/cgi-bin/webhook/send"));
    let target = Target::Wecom { url, key: secret("k/1") };
    assert_eq!(target.tell(&notice(), NOW).await, Ok(()));
    let (line, _, body) = heard.join().expect("heard");
    assert_eq!(line, "POST /cgi-bin/webhook/send?key=k%2F1 HTTP/1.1");
    let content = "support: waiting 12, above 10 <now> & then\n客服";
    assert_eq!(body, json!({ "msgtype": "text", "text": { "content": content } }));
    let (address, _) = http(BAD_SIGN);
    let target = Target::Wecom { url: format!("http://{address}/").into(), key: secret("k") };
    assert_eq!(target.tell(&notice(), NOW).await, Err(NotifyError::Code(310_000)));
}

#[tokio::test]
async fn what_is_too_long_for_wecom_is_cut_between_characters() {
    let (address, heard) = http(FINE);
    let target = Target::Wecom { url: format!("http://{address}/").into(), key: secret("k") };
    let long = Notice { text: "客".repeat(1000), ..notice() };
    assert_eq!(target.tell(&long, NOW).await, Ok(()));
    let (_, _, body) = heard.join().expect("heard");
    assert_eq!(body["text"]["content"].as_str().map(str::len), Some(2046));
}

/// The signature was made by Python's `hmac` as DingTalk's documentation does it.
#[tokio::test]
async fn dingtalk_gets_its_signed_timestamp() {
    let (address, heard) = http(FINE);
    let url = SmolStr::from(format!("http://{address}/robot/send"));
    let target = Target::Dingtalk { url, token: secret("T0"), sign: Some(secret("SEC123")) };
    assert_eq!(target.tell(&notice(), NOW).await, Ok(()));
    let (line, _, body) = heard.join().expect("heard");
    assert_eq!(
        line,
        "POST /robot/send?access_token=T0&timestamp=1795224000123&sign=zW4Sp7GrkH0DtBwAeqSM1Js1Nla4Cs5N%2B3fxNKRwS3U%3D HTTP/1.1"
    );
    assert_eq!(body["msgtype"], "text");
    let (address, heard) = http(FINE);
    let target = Target::Dingtalk {
        url: format!("http://{address}/robot/send").into(),
        token: secret("T0"),
        sign: None,
    };
    assert_eq!(target.tell(&notice(), NOW).await, Ok(()));
    assert_eq!(heard.join().expect("heard").0, "POST /robot/send?access_token=T0 HTTP/1.1");
}

#[tokio::test]
async fn slack_gets_escaped_text_at_its_secret_path() {
    let (address, heard) = http(OK);
    let target = Target::Slack { url: format!("http://{address}/services").into(), path: secret("T1/B2/x3") };
    assert_eq!(target.tell(&notice(), NOW).await, Ok(()));
    let (line, _, body) = heard.join().expect("heard");
    assert_eq!(line, "POST /services/T1/B2/x3 HTTP/1.1");
    assert_eq!(body, json!({ "text": "support: waiting 12, above 10 &lt;now&gt; &amp; then\n客服" }));
}

#[tokio::test]
async fn a_webhook_of_ones_own_gets_the_whole_with_a_token() {
    let (address, heard) = http(OK);
    let target = Target::Json { url: format!("http://{address}/alerts").into(), token: Some(secret("t0")) };
    assert_eq!(target.tell(&notice(), NOW).await, Ok(()));
    let (line, token, body) = heard.join().expect("heard");
    assert_eq!((line.as_str(), token.as_deref()), ("POST /alerts HTTP/1.1", Some("Bearer t0")));
    assert_eq!(body, notice().whole);
    // Whatever it says about it.
    let (address, _) = http("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n<html>");
    let talkative = Target::Json { url: format!("http://{address}/").into(), token: None };
    assert_eq!(talkative.tell(&notice(), NOW).await, Ok(()));
    let (address, _) = http("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    let target = Target::Json { url: format!("http://{address}/").into(), token: None };
    assert_eq!(target.tell(&notice(), NOW).await, Err(NotifyError::Status(500)));
    let gone = Target::Json { url: "http://127.0.0.1:1/".into(), token: None };
    assert_eq!(gone.tell(&notice(), NOW).await, Err(NotifyError::Unreachable));
}

/// Says `refuse` at the command that begins so, and tells what it heard.
fn smtp(refuse: &'static str) -> (SocketAddr, JoinHandle<Vec<String>>) {
    slow_smtp(refuse, || ())
}

/// The same; does this before it takes a message.
fn slow_smtp(
    refuse: &'static str,
    taking: impl Fn() + Send + 'static,
) -> (SocketAddr, JoinHandle<Vec<String>>) {
    server(move |stream| {
        let mut reader = BufReader::new(stream);
        let mut heard = Vec::new();
        let mut data = false;
        write!(reader.get_mut(), "220 here\r\n").expect("greeted");
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).expect("a line") == 0 {
                return heard;
            }
            let line = line.strip_suffix("\r\n").expect("a whole line").to_owned();
            heard.push(line.clone());
            let answer = match line.as_str() {
                "." => {
                    data = false;
                    taking();
                    "250 taken"
                }
                _ if data => continue,
                line if !refuse.is_empty() && line.starts_with(refuse) => "550 5.1.1 nobody",
                "DATA" => {
                    data = true;
                    "354 go on"
                }
                "QUIT" => return heard,
                line if line.starts_with("EHLO") => "250-here\r\n250 8BITMIME",
                _ => "250 ok",
            };
            write!(reader.get_mut(), "{answer}\r\n").expect("answered");
        }
    })
}

#[tokio::test]
async fn mail_is_handed_to_the_server_with_whole_characters_in_its_subject() {
    let (server, heard) = smtp("");
    let to = vec!["ops@example.com".into(), "boss@example.com".into()];
    let target = Target::Mail { to, from: "tandem@example.com".into(), server };
    assert_eq!(target.tell(&notice(), NOW).await, Ok(()));
    let heard = heard.join().expect("heard");
    assert_eq!(
        heard[..5],
        [
            "EHLO [127.0.0.1]",
            "MAIL FROM:<tandem@example.com>",
            "RCPT TO:<ops@example.com>",
            "RCPT TO:<boss@example.com>",
            "DATA"
        ]
    );
    let blank = heard.iter().position(String::is_empty).expect("a body");
    let (head, body) = (heard[5..blank].join("\n"), &heard[blank + 1..]);
    assert!(head.contains("To: ops@example.com, boss@example.com\n"), "{head}");
    assert!(head.contains("Date: Sat, 21 Nov 2026 01:20:00 +0000\n"), "{head}");
    assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
    assert!(head.lines().all(|line| line.len() <= 78), "{head}");
    assert_eq!(body, [base64::encode(notice().text.as_bytes()).as_str(), ".", "QUIT"]);
    let words: Vec<_> = head.split("=?UTF-8?B?").skip(1).filter_map(|word| word.split("?=").next()).collect();
    assert!(words.len() > 1, "one word is too long: {head}");
    for word in words {
        let text = String::from_utf8(decoded(word)).expect("whole characters");
        assert!(notice().title.contains(&text), "{text}");
    }
}

#[tokio::test]
async fn a_mail_server_that_refuses_is_told_by_its_code_alone() {
    for refuse in ["RCPT TO:<ops", "MAIL", "EHLO", "DATA"] {
        let (server, _) = smtp(refuse);
        let target =
            Target::Mail { to: vec!["ops@example.com".into()], from: "t@example.com".into(), server };
        assert_eq!(target.tell(&notice(), NOW).await, Err(NotifyError::Mail("550".into())), "{refuse}");
    }
}

#[tokio::test]
async fn a_mail_server_that_takes_its_time_is_given_it_and_a_second_mail_is_the_same() {
    let (ended, mut is_ended) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, goes_on) = std::sync::mpsc::channel();
    let (server, heard) = slow_smtp("", move || {
        ended.send(()).expect("somebody listens");
        goes_on.recv().expect("somebody says so");
    });
    let mail =
        |server| Target::Mail { to: vec!["ops@example.com".into()], from: "t@example.com".into(), server };
    let telling = tokio::spawn(async move { mail(server).tell(&notice(), NOW).await });
    is_ended.recv().await.expect("the message ends");
    // Five minutes later it has not answered yet.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(300)).await;
    tokio::time::resume();
    go_on.send(()).expect("it waits");
    assert_eq!(telling.await.expect("told"), Ok(()));
    let (server, again) = smtp("");
    assert_eq!(mail(server).tell(&notice(), NOW + Duration::from_secs(20)).await, Ok(()));
    let id =
        |heard: Vec<String>| heard.into_iter().find(|line| line.starts_with("Message-ID: ")).expect("an id");
    assert_eq!(id(heard.join().expect("heard")), id(again.join().expect("heard")));
}

#[tokio::test]
async fn somebody_who_has_left_keeps_nobody_else_from_knowing() {
    for refuse in ["RCPT TO:<ops", "RCPT TO:<boss"] {
        let (server, heard) = smtp(refuse);
        let to = vec!["ops@example.com".into(), "boss@example.com".into()];
        let target = Target::Mail { to, from: "tandem@example.com".into(), server };
        assert_eq!(target.tell(&notice(), NOW).await, Ok(()), "{refuse}");
        assert!(heard.join().expect("heard").contains(&".".to_owned()), "{refuse}");
    }
}

fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut sum, mut bits) = (0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let of = |first: u8, at: u8| u32::from(letter - first + at);
        let value = match letter {
            b'A'..=b'Z' => of(b'A', 0),
            b'a'..=b'z' => of(b'a', 26),
            b'0'..=b'9' => of(b'0', 52),
            b'+' => 62,
            _ => 63,
        };
        (sum, bits) = (sum << 6 | value, bits + 6);
        if bits >= 8 {
            bits -= 8;
            bytes.push((sum >> bits & 255) as u8);
        }
    }
    bytes
}
