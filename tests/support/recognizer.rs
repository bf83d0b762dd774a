//! A stand-in for a recogniser that an operator supplies. It recognises nothing: it speaks the protocols of the Vosk
//! and FunASR servers with a real one's delays, finds out which of the sounds that it was given it hears, and replays
//! that one's transcript.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

/// A sound that it may hear (mono, at `rate`), and what is said in it.
#[derive(Clone, Debug)]
pub struct Known {
    pub rate: u32,
    pub samples: Vec<i16>,
    pub text: String,
}

/// How long it thinks after the end of an utterance.
pub const THINKS: Duration = Duration::from_millis(250);
/// How long after it was said a word is told.
pub const LATE: Duration = Duration::from_millis(300);
/// So alike a sound must be (1 is the same).
const ALIKE: f64 = 0.6;

pub struct StandIn {
    pub address: SocketAddr,
    work: JoinHandle<()>,
}

impl StandIn {
    pub async fn start(known: Vec<Known>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let known = Arc::new(known);
        let work = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let known = Arc::clone(&known);
                tokio::spawn(async move {
                    if let Ok(stream) = accept_async(tcp).await {
                        // A caller who hangs up ends it early.
                        let _ = serve(stream, &known).await;
                    }
                });
            }
        });
        Self { address, work }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.work.abort();
    }
}

type Stream = WebSocketStream<tokio::net::TcpStream>;

async fn serve(mut stream: Stream, known: &[Known]) -> Option<()> {
    let hello: Value = serde_json::from_str(stream.next().await?.ok()?.to_text().ok()?).ok()?;
    let vosk = hello["config"]["sample_rate"].as_u64();
    let rate = u32::try_from(vosk.or(hello["audio_fs"].as_u64())?).ok()?;
    let mut heard: Vec<i16> = Vec::new();
    let (mut so_far, mut looked, mut told) = (String::new(), 0, 0);
    loop {
        match stream.next().await?.ok()? {
            Message::Binary(bytes) => {
                heard.extend(bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])));
                if heard.len() - looked >= rate as usize / 10 {
                    looked = heard.len();
                    so_far = forming(known, &heard, rate);
                }
                if vosk.is_some() {
                    stream.send(Message::text(json!({ "partial": so_far }).to_string())).await.ok()?;
                } else if so_far.chars().count() > told {
                    let news: String = so_far.chars().skip(told).collect();
                    told = so_far.chars().count();
                    let answer = json!({ "mode": "2pass-online", "text": news, "is_final": false });
                    stream.send(Message::text(answer.to_string())).await.ok()?;
                }
            }
            Message::Text(end) => {
                sleep(THINKS).await;
                let text = transcript(known, &heard, rate);
                let ended = match end.as_str() {
                    r#"{"eof" : 1}"# => json!({ "text": text }),
                    _ => json!({ "mode": "2pass-offline", "text": text, "is_final": true }),
                };
                stream.send(Message::text(ended.to_string())).await.ok()?;
                return stream.close(None).await.ok();
            }
            _ => {}
        }
    }
}

/// What of it is in words already: each a while after it was heard.
pub fn forming(known: &[Known], heard: &[i16], rate: u32) -> String {
    let text = transcript(known, heard, rate);
    let whole = known
        .iter()
        .find(|one| one.text == text)
        .map_or(0.0, |one| one.samples.len() as f64 / f64::from(one.rate));
    let before = heard.iter().position(|sample| sample.unsigned_abs() > 300).unwrap_or(heard.len());
    let said = (heard.len() - before) as f64 / f64::from(rate) - LATE.as_secs_f64();
    let share = said.max(0.0) / whole.max(0.1);
    let part = |many: usize| (many as f64 * share) as usize;
    if text.contains(' ') {
        text.split(' ').take(part(text.split(' ').count())).collect::<Vec<_>>().join(" ")
    } else {
        text.chars().take(part(text.chars().count())).collect()
    }
}

/// What is said in the known sound that is most like what was heard.
pub fn transcript<'a>(known: &'a [Known], heard: &[i16], rate: u32) -> &'a str {
    let heard = loudness(heard, rate);
    let best = known
        .iter()
        .map(|known| (likeness(&heard, &loudness(&known.samples, known.rate)), known.text.as_str()))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(alike, _)| *alike >= ALIKE).map_or("", |(_, text)| text)
}

/// How loud each 20 ms are, without the silence around them.
fn loudness(samples: &[i16], rate: u32) -> Vec<f64> {
    let power = |part: &[i16]| part.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / part.len() as f64;
    let all: Vec<f64> = samples.chunks(rate as usize / 50).map(|part| power(part).sqrt()).collect();
    let loud = all.iter().copied().fold(0.0, f64::max) / 10.0;
    let (first, last) = (all.iter().position(|p| *p > loud), all.iter().rposition(|p| *p > loud));
    first.zip(last).map_or_else(Vec::new, |(first, last)| all[first..=last].to_vec())
}

/// The best correlation of the shorter one's length, shifted by up to a quarter of a second.
fn likeness(a: &[f64], b: &[f64]) -> f64 {
    let shifted = |a: &[f64], b: &[f64], by: usize| correlation(a.get(by..).unwrap_or_default(), b);
    (0..=12).map(|by| shifted(a, b, by).max(shifted(b, a, by))).fold(0.0, f64::max)
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let many = a.len().min(b.len());
    // A third of the other is too little to tell them apart.
    if many < 5 || many * 3 < a.len().max(b.len()) {
        return 0.0;
    }
    let mean = |all: &[f64]| all[..many].iter().sum::<f64>() / many as f64;
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(usize) -> f64| (0..many).map(f).sum::<f64>();
    let both = sum(&|n| (a[n] - ma) * (b[n] - mb));
    let (va, vb) = (sum(&|n| (a[n] - ma).powi(2)), sum(&|n| (b[n] - mb).powi(2)));
    // The longer one's rest counts against it.
    both / (va * vb).sqrt().max(1e-9) * (many as f64 / a.len().max(b.len()) as f64).sqrt()
}
