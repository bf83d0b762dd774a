//! A phone in a browser: SIP by a WebSocket with TLS, as far as a call that rings or is answered.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message as Frame, client::IntoClientRequest, http::HeaderValue},
};

use crate::support::{
    digest,
    phone::PATIENCE,
    sip::{Message, fresh, uri_of},
};

/// An open WebSocket that speaks SIP.
pub struct Browser {
    socket: WebSocketStream<TlsStream<TcpStream>>,
    user: String,
    domain: String,
    /// No browser knows its own address.
    host: String,
}

impl Browser {
    /// Believes who shows this certificate, and nobody else.
    pub async fn open(server: SocketAddr, certificate: &Path, user: &str, domain: &str) -> Self {
        let mut known = RootCertStore::empty();
        known.add(CertificateDer::from_pem_file(certificate).expect("PEM")).expect("a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_root_certificates(known)
            .with_no_client_auth();
        let socket = TcpStream::connect(server).await.expect("the engine listens");
        let name = ServerName::try_from("phones.example").expect("a name");
        let tls = TlsConnector::from(Arc::new(config)).connect(name, socket).await.expect("it is the engine");
        let mut request =
            format!("wss://phones.example:{}/ws", server.port()).into_client_request().expect("a request");
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("sip"));
        let (socket, answer) = client_async(request, tls).await.expect("a WebSocket");
        assert_eq!(
            answer.headers().get("Sec-WebSocket-Protocol").map(HeaderValue::as_bytes),
            Some(&b"sip"[..])
        );
        let host = format!("{}.invalid", fresh("b"));
        Self { socket, user: user.to_owned(), domain: domain.to_owned(), host }
    }

    fn request(&self, method: &str, uri: &str) -> Message {
        let us = format!("<sip:{}@{}>", self.user, self.domain);
        Message::request(method, uri)
            .with("Via", &format!("SIP/2.0/WSS {};branch={}", self.host, fresh("z9hG4bK")))
            .with("Max-Forwards", "70")
            .with("From", &format!("{us};tag={}", fresh("t")))
            .with("To", &us)
            .with("Call-ID", &fresh("r"))
            .with("CSeq", &format!("1 {method}"))
            .with("Contact", &format!("<sip:{}@{};transport=ws>", self.user, self.host))
    }

    /// The final code of a REGISTER with this password.
    pub async fn registration(&mut self, secret: &str) -> Option<u16> {
        let request = self.request("REGISTER", &format!("sip:{}", self.domain)).with("Expires", "300");
        let asked = self.ask(&request).await;
        assert_eq!(asked.code(), Some(401), "a stranger is asked who it is: {asked:?}");
        let via = format!("SIP/2.0/WSS {};branch={}", self.host, fresh("z9hG4bK"));
        let again =
            digest::answer(request.with("Via", &via), &asked, &self.user, secret).expect("a challenge");
        self.ask(&again).await.code()
    }

    async fn ask(&mut self, request: &Message) -> Message {
        self.send(request).await;
        loop {
            let message = self.hears().await;
            if message.branch() == request.branch() && message.code() >= Some(200) {
                return message;
            }
        }
    }

    pub async fn send(&mut self, message: &Message) {
        let text = String::from_utf8(message.bytes()).expect("text");
        self.socket.send(Frame::text(text)).await.expect("the socket is open");
    }

    /// The next message.
    async fn hears(&mut self) -> Message {
        loop {
            let next = timeout(PATIENCE, self.socket.next()).await;
            let next = next.unwrap_or_else(|_| panic!("{} heard nothing within {PATIENCE:?}", self.user));
            let bytes = next.expect("the socket is open").expect("a frame").into_data();
            if let Some(message) = Message::parse(&bytes) {
                return message;
            }
        }
    }

    /// The next call that comes in; it rings.
    pub async fn rings(&mut self) -> Message {
        loop {
            let message = self.hears().await;
            match (message.code(), message.method()) {
                (None, "INVITE") => {
                    self.send(&message.reply(180, "b")).await;
                    return message;
                }
                (None, "OPTIONS" | "NOTIFY") => self.send(&message.reply(200, "b")).await,
                _ => {}
            }
        }
    }

    /// Refuses a call, and hears that it was understood.
    pub async fn refuses(&mut self, invite: &Message, code: u16) {
        self.send(&invite.reply(code, "b")).await;
        while self.hears().await.method() != "ACK" {}
    }

    /// Answers a call with this description of its sound, and hears that it was understood.
    pub async fn answers(&mut self, invite: &Message, sound: String) {
        let contact = format!("<sip:{}@{};transport=ws>", self.user, self.host);
        let answer = invite.reply(200, "b").with("Contact", &contact).with_body("application/sdp", sound);
        self.send(&answer).await;
        while self.hears().await.method() != "ACK" {}
    }

    /// Calls `number` with this password and this description of its sound; the final answer, acknowledged.
    pub async fn dials(&mut self, number: &str, secret: &str, sound: String) -> Message {
        let to = format!("sip:{number}@{}", self.domain);
        let request = self.request("INVITE", &to).with("To", &format!("<{to}>"));
        let request = request.with_body("application/sdp", sound);
        let asked = self.ask(&request).await;
        assert!(matches!(asked.code(), Some(401 | 407)), "a stranger is asked who it is: {asked:?}");
        self.send(&acknowledged(&request, &asked)).await;
        let via = format!("SIP/2.0/WSS {};branch={}", self.host, fresh("z9hG4bK"));
        let again =
            digest::answer(request.with("Via", &via), &asked, &self.user, secret).expect("a challenge");
        let answer = self.ask(&again).await;
        self.send(&acknowledged(&again, &answer)).await;
        answer
    }

    /// Waits until the other side hangs up.
    pub async fn is_left(&mut self) {
        loop {
            let message = self.hears().await;
            if message.code().is_none() {
                self.send(&message.reply(200, "b")).await;
                if message.method() == "BYE" {
                    return;
                }
            }
        }
    }

    /// The page is closed.
    pub async fn closes(mut self) {
        self.socket.close(None).await.expect("it is open");
        let end =
            async { while !matches!(self.socket.next().await, None | Some(Err(Error::ConnectionClosed))) {} };
        timeout(Duration::from_secs(5), end).await.expect("the engine closes too");
    }
}

/// The ACK of a final answer: to who answered, or of the same transaction when it is a refusal.
fn acknowledged(invite: &Message, answer: &Message) -> Message {
    let took = answer.code() == Some(200);
    let to = if took { uri_of(answer.get("Contact")) } else { invite.uri() };
    let via = invite.get("Via").to_owned();
    let via = if took { via.replace(invite.branch(), &fresh("z9hG4bK")) } else { via };
    Message::request("ACK", to)
        .with("Via", &via)
        .with("Max-Forwards", "70")
        .with("From", invite.get("From"))
        .with("To", answer.get("To"))
        .with("Call-ID", invite.get("Call-ID"))
        .with("CSeq", &format!("{} ACK", invite.cseq()))
}
