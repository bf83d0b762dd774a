use std::{future::Future, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::accept_async;

use super::*;
use crate::ports::speech::{Listener, scripted::hearing};

#[path = "../../../../tests/support/recognizer.rs"]
mod stand_in;

use stand_in::{Known, StandIn};

fn socket(address: SocketAddr, dialect: Dialect, patience: u64) -> Socket {
    Socket::new(&format!("ws://{address}"), None, dialect, Duration::from_secs(patience)).expect("an address")
}

/// Bursts of noise whose lengths are their own.
fn sound(seed: u32, rate: u32) -> Vec<i16> {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    let mut all = Vec::new();
    for _ in 0..12 {
        let (loud, long) = (next() % 9000, rate / 50 * (3 + next() % 9));
        all.extend((0..long).map(|_| (next() % (2 * loud + 1)) as i32 - loud as i32).map(|s| s as i16));
    }
    all
}

#[tokio::test]
async fn both_protocols_bring_words_on_the_way_and_at_the_end() {
    let text = ["我要退款", "我的快递到哪了"];
    let known =
        |(seed, text): (u32, &str)| Known { rate: 8000, samples: sound(seed, 8000), text: text.to_owned() };
    let server = StandIn::start([(3, text[0]), (8, text[1])].map(known).to_vec()).await;
    for dialect in [Dialect::Vosk, Dialect::Funasr] {
        for (seed, wanted) in [(3, text[0]), (8, text[1]), (77, "")] {
            let mut listener = Listener::new(&socket(server.address, dialect, 20), &hearing(), 8000);
            sound(seed, 8000).chunks(160).for_each(|frame| listener.feed(frame));
            if !wanted.is_empty() {
                let partial = listener.partial().await.expect("a partial text");
                assert!(wanted.starts_with(partial.as_str()), "{dialect:?}: {partial}");
            }
            assert_eq!(listener.finish().await.expect("words"), wanted, "{dialect:?}");
        }
    }
}

/// A server that does as it likes with one connection.
async fn server<F>(does: impl FnOnce(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.expect("a caller");
        does(tcp).await;
    });
    address
}

async fn why(address: SocketAddr, dialect: Dialect, patience: u64) -> Unheard {
    let mut listener = Listener::new(&socket(address, dialect, patience), &hearing(), 8000);
    (0..50).for_each(|_| listener.feed(&[100; 160]));
    listener.finish().await.expect_err("hostile")
}

async fn says(tcp: TcpStream, messages: Vec<Message>) {
    let mut stream = accept_async(tcp).await.expect("a handshake");
    stream.next().await;
    for message in messages {
        let _ = stream.send(message).await;
    }
    // Whatever comes is taken, so that it is not the closing that is seen.
    while stream.next().await.is_some_and(|heard| heard.is_ok()) {}
}

#[tokio::test]
async fn whatever_a_server_does_the_utterance_ends() {
    for dialect in [Dialect::Vosk, Dialect::Funasr] {
        let hangs = server(|tcp| async move {
            let _held = tcp;
            std::future::pending::<()>().await;
        });
        assert!(matches!(why(hangs.await, dialect, 1).await, Unheard::TimedOut | Unheard::Unreachable));
        let silent = server(|tcp| says(tcp, vec![]));
        assert!(matches!(why(silent.await, dialect, 1).await, Unheard::TimedOut));
        let closes = server(|tcp| async move {
            let mut stream = accept_async(tcp).await.expect("a handshake");
            stream.next().await;
            stream.next().await;
        });
        assert!(matches!(why(closes.await, dialect, 20).await, Unheard::Gone));
        let huge = Message::text(format!("{{\"text\":\"{}\"}}", "yes ".repeat(2_500_000)));
        assert!(matches!(
            why(server(|tcp| says(tcp, vec![huge])).await, dialect, 20).await,
            Unheard::TooLong
        ));
        let text = "yes ".repeat(1000);
        let many = Message::text(format!("{{\"mode\":\"2pass-offline\",\"text\":\"{text}\"}}"));
        let endless = server(move |tcp| says(tcp, vec![many; 50]));
        assert!(matches!(why(endless.await, dialect, 20).await, Unheard::TooLong));
        for rubbish in [Message::text("<html>"), Message::text("[1]"), Message::binary(vec![1, 2, 3])] {
            let address = server(|tcp| says(tcp, vec![rubbish])).await;
            assert!(matches!(why(address, dialect, 20).await, Unheard::Nonsense));
        }
        let web = server(|mut tcp| async move {
            let _ = tcp.read(&mut [0; 1024]).await;
            let _ = tcp.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
        });
        assert!(matches!(why(web.await, dialect, 20).await, Unheard::Refused { status: 404 }));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let nobody = listener.local_addr().expect("an address");
    drop(listener);
    assert!(matches!(why(nobody, Dialect::Vosk, 20).await, Unheard::Unreachable));
}

#[test]
fn words_of_callers_do_not_leave_the_house_unsealed() {
    let at = |url: &str| Socket::new(url, None, Dialect::Vosk, Duration::from_secs(1)).is_ok();
    for url in [
        "ws://127.0.0.1:2700",
        "ws://localhost:10095/",
        "ws://192.168.1.9:1",
        "ws://[::1]:2700",
        "ws://10.0.0.2",
        "wss://speech.example:2700",
        "wss://8.8.8.8/",
    ] {
        assert!(at(url), "{url}");
    }
    for url in [
        "ws://speech.example:2700",
        "http://127.0.0.1",
        "ws://8.8.8.8",
        "ws://me:word@127.0.0.1",
        "wss://me:word@speech.example",
        "wss://speech.example/?key=word",
        "https://speech.example",
        "",
        "ws://",
    ] {
        assert!(!at(url), "{url}");
    }
}
