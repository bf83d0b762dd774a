//! A SIP phone with a voice, for the demo: baresip, told what to do over its control socket (netstrings of JSON).

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::JoinHandle,
};

use super::{
    LabError,
    program::{self, Program},
};

/// Where Debian puts baresip's modules.
const MODULES: &str = "/usr/lib/baresip/modules";
/// How long it may take to start or register.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whose phone it is.
#[derive(Debug)]
pub struct Account {
    pub user: String,
    /// The engine's SIP address.
    pub server: SocketAddr,
    /// The domain it registers in.
    pub domain: String,
    /// It registers when there is a password; without, it is somebody outside.
    pub secret: Option<SecretString>,
}

/// What happened at the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Incoming,
    Established,
    Closed,
}

/// A running phone. Ends when dropped.
#[derive(Debug)]
pub struct Softphone {
    program: Program,
    control: OwnedWriteHalf,
    pub events: mpsc::UnboundedReceiver<Event>,
    reader: JoinHandle<()>,
}

impl Softphone {
    /// Starts it with its files in `dir`, on eight ports from `ports` on, saying what is in the WAV file `voice`.
    pub async fn start(dir: &Path, account: &Account, ports: u16, voice: &Path) -> Result<Self, LabError> {
        let folder = |why| LabError::Folder { path: dir.to_owned(), why };
        configure(dir, account, ports, voice).map_err(folder)?;
        let mut baresip = program::command("baresip");
        baresip.arg("-v").arg("-f").arg(dir).current_dir(dir);
        let mut program = Program::start("baresip", baresip, &dir.join("log"))?;
        let control = (Ipv4Addr::LOCALHOST, ports + 2);
        let mut stream = None;
        program
            .ready(PATIENCE, async |_| {
                stream = TcpStream::connect(control).await.ok();
                stream.is_some()
            })
            .await?;
        if account.secret.is_some() {
            program.ready(PATIENCE, async |program| program.said().contains("200 OK")).await?;
        }
        let gone = || LabError::NotReady {
            program: "baresip".to_owned(),
            patience: PATIENCE,
            log: program.log().to_owned(),
        };
        let (read, control) = stream.ok_or_else(gone)?.into_split();
        let (sender, events) = mpsc::unbounded_channel();
        Ok(Self { program, control, events, reader: tokio::spawn(listen(read, sender)) })
    }

    pub async fn dial(&mut self, number: &str, server: SocketAddr) {
        self.tell("dial", &format!("sip:{number}@{server}")).await;
    }

    pub async fn accept(&mut self) {
        self.tell("accept", "").await;
    }

    pub async fn hang_up(&mut self) {
        self.tell("hangup", "").await;
    }

    /// Presses a key (RFC 2833).
    pub async fn press(&mut self, key: char) {
        self.tell("sndcode", &key.to_string()).await;
    }

    async fn tell(&mut self, command: &str, params: &str) {
        let text = json!({ "command": command, "params": params }).to_string();
        // A phone that has died is seen by its calls.
        let _ = self.control.write_all(format!("{}:{text},", text.len()).as_bytes()).await;
    }

    pub async fn stop(mut self) {
        self.tell("quit", "").await;
        self.program.stop(Duration::from_secs(3)).await;
        self.reader.abort();
    }
}

fn configure(dir: &Path, account: &Account, ports: u16, voice: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let Account { user, server, domain, secret } = account;
    let (voice, control, rtp, rtp_end) = (voice.display(), ports + 2, ports + 4, ports + 7);
    // `sip_listen` takes this port and the next. An answering phone that rings does so in silence.
    fs::write(
        dir.join("config"),
        format!(
            "sip_listen 127.0.0.1:{ports}\nnet_interface 127.0.0.1\nrtp_ports {rtp}-{rtp_end}\ncall_max_calls 1\n\
             audio_source aufile,{voice}\naudio_player nothing,nil\naudio_alert nothing,nil\naudio_level no\n\
             module_path {MODULES}\nmodule g711.so\nmodule aufile.so\nmodule_tmp account.so\nmodule_app menu.so\n\
             module_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\nring_aufile none\nringback_aufile none\n"
        ),
    )?;
    let login = match secret {
        Some(secret) => format!("auth_user={user};auth_pass={};regint=60", secret.expose_secret()),
        None => "regint=0".to_owned(),
    };
    let proxy = format!("outbound=\"sip:{server};transport=udp\"");
    let account = format!(
        "<sip:{user}@{domain};transport=udp>;{login};{proxy};answermode=manual;audio_codecs=PCMU;dtmfmode=rtpevent\n"
    );
    write_secret(&dir.join("accounts"), &account)?;
    fs::write(dir.join("contacts"), "")
}

fn write_secret(path: &PathBuf, text: &str) -> io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut file = fs::File::options().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

#[derive(Deserialize)]
struct Said {
    #[serde(rename = "type")]
    kind: Option<String>,
}

async fn listen(mut socket: OwnedReadHalf, events: mpsc::UnboundedSender<Event>) {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = socket.read(&mut chunk).await {
        bytes.extend_from_slice(&chunk[..length]);
        while let Some((text, used)) = netstring(&bytes) {
            let event = match serde_json::from_slice::<Said>(text).ok().and_then(|said| said.kind).as_deref()
            {
                Some("CALL_INCOMING") => Some(Event::Incoming),
                Some("CALL_ESTABLISHED") => Some(Event::Established),
                Some("CALL_CLOSED") => Some(Event::Closed),
                _ => None,
            };
            if event.is_some_and(|event| events.send(event).is_err()) {
                return;
            }
            bytes.drain(..used);
        }
    }
}

/// The first netstring (`LENGTH:text,`) and how many bytes it took.
fn netstring(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let colon = bytes.iter().position(|b| *b == b':')?;
    let length: usize = std::str::from_utf8(&bytes[..colon]).ok()?.parse().ok()?;
    let end = colon + 1 + length;
    (bytes.len() > end).then(|| (&bytes[colon + 1..end], end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netstrings_come_in_pieces() {
        assert_eq!(netstring(b"5:hello,3:a"), Some((&b"hello"[..], 8)));
        assert_eq!(netstring(b"5:hell"), None);
        assert_eq!(netstring(b"5:hello"), None);
        assert_eq!(netstring(b"5"), None);
    }
}
