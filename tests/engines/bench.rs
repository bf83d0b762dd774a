//! The engines under test, and what is left in them.

use std::{net::SocketAddr, path::Path, time::Duration};

use serde_json::Value;
use tandem::{
    infra::site::Site,
    lab::{asterisk::Asterisk, freeswitch::Freeswitch, ports::Block, unpack},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// Which engine a story is told on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Asterisk,
    Freeswitch,
}

impl Kind {
    /// As `site.yaml` writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Asterisk => "asterisk",
            Self::Freeswitch => "freeswitch",
        }
    }
}

/// The port of the block that engines are commanded at.
pub fn control(block: &Block) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], block.port(1)))
}

/// A running engine.
pub enum Bench {
    Asterisk(Asterisk),
    Freeswitch(Freeswitch),
}

impl Bench {
    pub async fn start(kind: Kind, site: &Site, run: &Path, block: &Block) -> Self {
        match kind {
            Kind::Asterisk => {
                let tree =
                    unpack::asterisk(run.parent().expect("a folder")).await.expect("Asterisk is unpacked");
                let ports = Asterisk::ports_of(block);
                Self::Asterisk(Asterisk::start(&tree, site, run, ports).await.expect("Asterisk starts"))
            }
            Kind::Freeswitch => {
                Self::Freeswitch(Freeswitch::start(site, run, block).await.expect("FreeSWITCH starts"))
            }
        }
    }

    /// Where phones of the house log in.
    pub fn inside(&self) -> SocketAddr {
        match self {
            Self::Asterisk(asterisk) => asterisk.sip(),
            Self::Freeswitch(freeswitch) => freeswitch.sip(),
        }
    }

    /// Where calls from outside come in.
    pub fn outside(&self) -> SocketAddr {
        match self {
            Self::Asterisk(asterisk) => asterisk.sip(),
            Self::Freeswitch(freeswitch) => freeswitch.outside(),
        }
    }

    /// What FreeSWITCH's event socket answers to these commands.
    pub async fn ask(&self, password: &str, commands: &[&str]) -> Vec<String> {
        let Self::Freeswitch(freeswitch) = self else { panic!("only FreeSWITCH has an event socket") };
        ask(freeswitch.event_socket(), password, commands).await
    }

    /// Everything that a call has, or has left, at the engine.
    pub async fn left(&self, password: &str) -> Vec<String> {
        match self {
            Self::Asterisk(asterisk) => {
                let mut left = Vec::new();
                for what in ["channels", "bridges", "recordings/stored"] {
                    left.extend(ari(asterisk.ari(), password, what).await);
                }
                left
            }
            Self::Freeswitch(freeswitch) => channels(freeswitch.event_socket(), password).await,
        }
    }
}

/// What the event socket answers to these commands.
async fn ask(address: SocketAddr, password: &str, commands: &[&str]) -> Vec<String> {
    let mut socket = BufReader::new(TcpStream::connect(address).await.expect("the event socket answers"));
    let mut answers = Vec::new();
    for command in ["", &format!("auth {password}")].into_iter().chain(commands.iter().copied()) {
        if !command.is_empty() {
            socket.get_mut().write_all(format!("{command}\n\n").as_bytes()).await.expect("it listens");
        }
        answers.push(answer(&mut socket).await);
    }
    answers.split_off(2)
}

/// `show channels` and `show calls` by the event socket, a line each.
async fn channels(address: SocketAddr, password: &str) -> Vec<String> {
    let answers = ask(address, password, &["api show channels", "api show calls"]).await;
    answers
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| line.contains(','))
        .map(str::to_owned)
        .collect()
}

/// One answer of the event socket: headers, then a body when they announce one.
async fn answer(socket: &mut BufReader<TcpStream>) -> String {
    let mut length = 0;
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).await.expect("a line");
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", bytes)) => length = bytes.parse().expect("a length"),
            None => break,
            Some(_) => {}
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await.expect("the body");
    String::from_utf8_lossy(&body).into_owned()
}

async fn ari(address: SocketAddr, password: &str, what: &str) -> Vec<String> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().expect("a client");
    let request = client.get(format!("http://{address}/ari/{what}")).basic_auth("tandem", Some(password));
    let answer = request.send().await.expect("ARI answers").error_for_status().expect("ARI is willing");
    let things: Vec<Value> = answer.json().await.expect("a list");
    let name = |thing: &Value| ["name", "id"].iter().find_map(|key| thing[key].as_str().map(str::to_owned));
    things.iter().map(|thing| format!("{what}/{}", name(thing).unwrap_or_default())).collect()
}
