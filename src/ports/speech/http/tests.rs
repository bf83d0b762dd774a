use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::oneshot,
};

use super::*;
use crate::ports::speech::{Listener, scripted::hearing};

/// Answers one request with these bytes, and gives what it was asked.
async fn server(answer: Vec<u8>) -> (SocketAddr, oneshot::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (told, asked) = oneshot::channel();
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.expect("a caller");
        let mut all = Vec::new();
        let mut part = [0; 4096];
        let end = format!("--{BOUNDARY}--\r\n");
        while !all.ends_with(end.as_bytes()) {
            match tcp.read(&mut part).await {
                Ok(many) if many > 0 => all.extend_from_slice(&part[..many]),
                _ => break,
            }
        }
        let _ = told.send(all);
        let _ = tcp.write_all(&answer).await;
    });
    (address, asked)
}

fn http(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

async fn heard(address: SocketAddr, patience: u64) -> Result<SmolStr, Unheard> {
    let settings = HttpSettings {
        url: format!("http://{address}/v1"),
        model: "small".into(),
        secret: Some("s3cret".into()),
        authorities: None,
        patience: Duration::from_secs(patience),
    };
    let mut listener = Listener::new(&Http::new(settings).expect("an address"), &hearing(), 8000);
    (0..50).for_each(|_| listener.feed(&[100; 160]));
    listener.finish().await
}

#[tokio::test]
async fn it_is_asked_as_its_makers_want_and_its_words_are_heard() {
    let (address, asked) = server(http("200 OK", r#"{"text": "where is my order"}"#)).await;
    assert_eq!(heard(address, 20).await.expect("words"), "where is my order");
    let asked = asked.await.expect("a request");
    let text = String::from_utf8_lossy(&asked);
    for part in [
        "POST /v1/audio/transcriptions HTTP/1.1",
        "uthorization: Bearer s3cret",
        "name=\"model\"\r\n\r\nsmall\r\n",
        "name=\"language\"\r\n\r\nen\r\n",
        "filename=\"call.wav\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let wav = asked.windows(4).position(|four| four == b"RIFF").expect("a WAV file");
    assert_eq!(Wav::parse(&asked[wav..]).expect("a WAV file").samples[..8000], [100; 8000]);
}

#[tokio::test]
async fn whatever_it_answers_the_utterance_ends_and_the_secret_is_in_no_error() {
    let huge = format!(r#"{{"text": "{}"}}"#, "yes ".repeat(2_500_000));
    for (answer, wanted) in [
        (http("401 Unauthorized", "s3cret"), "status 401"),
        (http("200 OK", "<html>"), "protocol"),
        (http("200 OK", r#"{"words": 1}"#), "protocol"),
        (http("200 OK", &huge), "more than anybody"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec(), "mid-utterance"),
        (b"rubbish".to_vec(), "cannot be reached"),
        (Vec::new(), "cannot be reached"),
    ] {
        let (address, _asked) = server(answer).await;
        let why = heard(address, 20).await.expect_err(wanted);
        assert!(why.to_string().contains(wanted), "{why}");
        assert!(!format!("{why:?}").contains("s3cret"));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let hangs = listener.local_addr().expect("an address");
    assert!(matches!(heard(hangs, 1).await, Err(Unheard::TimedOut)));
}

#[test]
fn words_of_callers_leave_the_house_sealed_or_not_at_all() {
    for (url, fine) in [
        ("https://speech.example/v1", true),
        ("http://127.0.0.1:8000/v1/", true),
        ("http://192.168.0.7/v1", true),
        ("http://speech.example/v1", false),
        ("https://me:word@speech.example/v1", false),
        ("speech", false),
    ] {
        let settings = HttpSettings {
            url: url.to_owned(),
            model: "small".into(),
            secret: None,
            authorities: None,
            patience: Duration::from_secs(1),
        };
        assert_eq!(Http::new(settings).is_ok(), fine, "{url}");
    }
}
