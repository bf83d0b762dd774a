//! A page in a real browser (Chromium), which answers an offer, says a tone and tells what it hears.

use std::{
    collections::BTreeMap,
    process::Stdio,
    sync::{Arc, Mutex},
};

use tandem::lab::rundir::RunDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    task::JoinHandle,
};

use crate::world::eventually;

const PAGE: &str = include_str!("page.html");

/// What was last told by the page, by what it is about; `offer` is told to it.
type Told = Arc<Mutex<BTreeMap<String, String>>>;

pub struct Page {
    told: Told,
    serving: JoinHandle<()>,
    _chromium: Child,
    _profile: RunDir,
}

impl Page {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let told = Told::default();
        let serving = tokio::spawn(serve(listener, told.clone()));
        let profile = RunDir::new("browser").expect("a folder");
        let mut chromium = Command::new("chromium");
        chromium
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"])
            .args(["--disable-background-networking", "--disable-component-update"])
            .args(["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"])
            .args(["--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection"])
            // A page that may hear the microphone tells its addresses; this one has none.
            .arg("--disable-features=WebRtcHideLocalIpsWithMdns")
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("http://{address}/"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let chromium = chromium.spawn().expect("Chromium starts: apt-get install chromium");
        Self { told, serving, _chromium: chromium, _profile: profile }
    }

    /// Its answer to this offer.
    pub async fn answers(&self, offer: &str) -> String {
        self.told.lock().expect("no panic").insert("offer".to_owned(), offer.to_owned());
        eventually("the page answers", async || {
            let told = self.told.lock().expect("no panic");
            told.get("answer").cloned().ok_or_else(|| format!("{told:?}"))
        })
        .await
    }

    /// Waits until this tone is the loudest that it hears, and loud.
    pub async fn hears(&self, frequency: f64) {
        eventually(&format!("the page hears {frequency} Hz"), async || {
            let told = self.told.lock().expect("no panic");
            let words = told.get("heard").map(String::as_str).unwrap_or_default();
            let numbers: Vec<f64> = words.split(' ').filter_map(|word| word.parse().ok()).collect();
            match numbers[..] {
                [tone, level] if (tone - frequency).abs() < 15.0 && level > -50.0 => Ok(()),
                _ => Err(format!("{words}, {:?}", told.get("state"))),
            }
        })
        .await;
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, told: Told) {
    while let Ok((socket, _)) = listener.accept().await {
        let told = told.clone();
        tokio::spawn(async move { answer(socket, &told).await });
    }
}

/// One request; whoever asks breaks off at will.
async fn answer(socket: TcpStream, told: &Told) -> Option<()> {
    let mut socket = BufReader::new(socket);
    let mut request = String::new();
    socket.read_line(&mut request).await.ok()?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).await.ok().filter(|bytes| *bytes > 0)?;
        match line.trim_end().to_ascii_lowercase().split_once(": ") {
            Some(("content-length", bytes)) => length = bytes.parse().ok()?,
            None => break,
            Some(_) => {}
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await.ok()?;
    let what = request.split(' ').nth(1)?.trim_start_matches('/').to_owned();
    let (kind, text) = if request.starts_with("POST") {
        told.lock().expect("no panic").insert(what, String::from_utf8_lossy(&body).into_owned());
        ("text/plain", String::new())
    } else if what == "offer" {
        ("text/plain", told.lock().expect("no panic").get("offer").cloned().unwrap_or_default())
    } else {
        ("text/html", PAGE.to_owned())
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    socket.write_all(format!("{head}{text}").as_bytes()).await.ok()?;
    socket.shutdown().await.ok()
}
