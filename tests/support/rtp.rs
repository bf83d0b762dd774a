//! A call's audio: sends 50 packets a second (a tone or silence, and keys, by RFC 2833 or as tones), keeps all it receives.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{net::UdpSocket, task::JoinSet};

use super::{
    codec::Codec,
    sdp::Remote,
    tone::{Heard, of_key},
};

const KEYS: &str = "0123456789*#ABCD";

/// A key as it is sent.
#[derive(Clone, Copy)]
enum Press {
    /// Its number in RFC 2833.
    Event(u8),
    /// What an old telephone sounds.
    Tones([f64; 2]),
}

/// The audio of one call. Ends when dropped.
pub struct Audio {
    pub port: u16,
    shared: Arc<Mutex<Shared>>,
    socket: Arc<UdpSocket>,
    gone: Arc<AtomicBool>,
    speaks: AtomicBool,
    listens: AtomicBool,
    tasks: Mutex<JoinSet<()>>,
}

#[derive(Default)]
struct Shared {
    codec: Codec,
    remote: Option<Remote>,
    tone: Option<f64>,
    /// Said before the tone.
    sound: VecDeque<i16>,
    to_press: VecDeque<Press>,
    /// When the last of a sound was sent.
    said: Option<Instant>,
    /// So many bytes of G.711 in a packet, whatever was agreed on.
    length: Option<usize>,
    /// Sends no packet.
    paused: bool,
    pressed: String,
    /// When how many samples had been heard.
    marks: Vec<(Instant, usize)>,
    heard: Vec<i16>,
}

impl Audio {
    /// `gone`: the phone has vanished and neither sends nor listens. `quiet`: it never listens, and sends nothing
    /// before there is something to say, so that a hundred of them cost next to nothing.
    pub async fn open(codec: Codec, gone: Arc<AtomicBool>, quiet: bool) -> Self {
        let socket = loop {
            let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free UDP port");
            if socket.local_addr().expect("bound").port().is_multiple_of(2) {
                break Arc::new(socket);
            }
        };
        let shared = Arc::new(Mutex::new(Shared { codec, ..Shared::default() }));
        let port = socket.local_addr().expect("bound").port();
        let (speaks, listens, tasks) = Default::default();
        let audio = Self { port, shared, socket, gone, speaks, listens, tasks };
        if !quiet {
            audio.listens();
            audio.speaks();
        }
        audio
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().expect("nobody panics here").spawn(task);
    }

    /// Begins to listen, if it does not yet.
    pub fn listens(&self) {
        if !self.listens.swap(true, Ordering::Relaxed) {
            self.spawn(listen(self.socket.clone(), self.shared.clone(), self.gone.clone()));
        }
    }

    /// The call is over. Whoever gets the other side's port next must not hear us.
    pub fn stop(&self) {
        self.tasks.lock().expect("nobody panics here").abort_all();
    }

    fn speaks(&self) {
        if !self.speaks.swap(true, Ordering::Relaxed) {
            self.spawn(speak(self.socket.clone(), self.shared.clone(), self.gone.clone()));
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("nobody panics here")
    }

    pub fn talk_to(&self, remote: Remote) {
        self.shared().remote = Some(remote);
    }

    /// The codec with its payload type, which for some is the other side's to choose.
    pub fn kind(&self) -> (Codec, u8) {
        let shared = self.shared();
        (shared.codec, kind_of(shared.codec, shared.remote))
    }

    pub fn remote(&self) -> Option<Remote> {
        self.shared().remote
    }

    pub fn say(&self, tone: Option<f64>) {
        self.shared().tone = tone;
        self.speaks();
    }

    /// Says this once, 8,000 samples a second.
    pub fn say_sound(&self, samples: &[i16]) {
        self.shared().sound.extend(samples);
        self.speaks();
    }

    /// Speaks another codec from now on.
    pub fn turn_to(&self, codec: Codec) {
        self.shared().codec = codec;
    }

    /// Sends no packet, or does again.
    pub fn pause(&self, on: bool) {
        self.shared().paused = on;
    }

    /// Sends packets of so many milliseconds from now on; G.711 only.
    pub fn packets_of(&self, millis: usize) {
        self.shared().length = Some(8 * millis);
    }

    pub fn press(&self, keys: &str) {
        let events = keys.chars().map(|k| KEYS.find(k).expect("a key of a telephone") as u8);
        self.shared().to_press.extend(events.map(Press::Event));
        self.speaks();
    }

    pub fn press_by_tones(&self, keys: &str) {
        self.shared().to_press.extend(keys.chars().map(|key| Press::Tones(of_key(key))));
        self.speaks();
    }

    /// How many keys have not begun to be pressed.
    pub fn keys_to_press(&self) -> usize {
        self.shared().to_press.len()
    }

    /// Keys that the other side pressed.
    pub fn pressed(&self) -> String {
        self.shared().pressed.clone()
    }

    /// When the last of what was to be said was sent; `None` while there is more.
    pub fn said(&self) -> Option<Instant> {
        let shared = self.shared();
        shared.said.filter(|_| shared.sound.is_empty())
    }

    /// When the first packet with a sample as loud as this came, of all since then.
    pub fn loud_since(&self, start: Instant, loud: u16) -> Option<Instant> {
        let shared = self.shared();
        let first = shared.marks.partition_point(|(at, _)| *at < start);
        let mut from = if first == 0 { 0 } else { shared.marks[first - 1].1 };
        shared.marks[first..].iter().find_map(|(at, to)| {
            let packet = &shared.heard[std::mem::replace(&mut from, *to)..*to];
            packet.iter().any(|sample| sample.unsigned_abs() > loud).then_some(*at)
        })
    }

    pub fn heard_since(&self, start: Instant) -> Heard {
        let shared = self.shared();
        let first = shared.marks.partition_point(|(at, _)| *at < start);
        let from = if first == 0 { 0 } else { shared.marks[first - 1].1 };
        Heard(shared.heard[from..].to_vec())
    }
}

fn kind_of(codec: Codec, remote: Option<Remote>) -> u8 {
    let named = remote.and_then(|remote| remote.opus).filter(|_| codec == Codec::Opus);
    named.unwrap_or_else(|| codec.payload_type())
}

async fn listen(socket: Arc<UdpSocket>, shared: Arc<Mutex<Shared>>, gone: Arc<AtomicBool>) {
    let (mut packet, mut last_key) = ([0u8; 1500], None);
    while let Ok(length) = socket.recv(&mut packet).await {
        if length < 12 || packet[0] >> 6 != 2 || gone.load(Ordering::Relaxed) {
            continue;
        }
        let start = 12 + 4 * usize::from(packet[0] & 0x0F);
        let payload = packet.get(start..length).unwrap_or_default();
        let mut shared = shared.lock().expect("nobody panics here");
        let codec = shared.codec;
        match packet[1] & 0x7F {
            kind if kind == kind_of(codec, shared.remote) => {
                let sound = codec.decode(payload, shared.heard.len());
                shared.heard.extend(sound);
                let total = shared.heard.len();
                shared.marks.push((Instant::now(), total));
            }
            kind if shared.remote.is_some_and(|r| r.keys == kind) && payload.len() >= 4 => {
                let stamp = Some(packet[4..8].to_vec());
                if last_key != stamp {
                    last_key = stamp;
                    shared.pressed.extend(KEYS.chars().nth(payload[0].into()));
                }
            }
            _ => {}
        }
    }
}

async fn speak(socket: Arc<UdpSocket>, shared: Arc<Mutex<Shared>>, gone: Arc<AtomicBool>) {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let (mut stream, mut key) = (Stream { number: 0, stamp: 0 }, None::<(Press, u32, u16)>);
    let mut unsent: Vec<u8> = Vec::new();
    loop {
        tick.tick().await;
        stream.stamp = stream.stamp.wrapping_add(160);
        let (remote, codec, tone_now, sound, length) = {
            let mut shared = shared.lock().expect("nobody panics here");
            let sends = !shared.paused && !gone.load(Ordering::Relaxed);
            let Some(remote) = shared.remote.filter(|_| sends) else { continue };
            if key.is_none() {
                key = shared.to_press.pop_front().map(|k| (k, stream.stamp, 0));
            }
            let length = shared.sound.len().min(160);
            let sound: Vec<i16> = shared.sound.drain(..length).collect();
            if !sound.is_empty() {
                shared.said = Some(Instant::now());
            }
            (remote, shared.codec, shared.tone, sound, shared.length)
        };
        let to = remote.address;
        match key {
            // A key of 100 ms whose end is told three times, then 60 ms without.
            Some((Press::Event(event), began, step)) if step < 8 => {
                let repeats = if step == 5 { 3 } else { usize::from(step < 5) };
                for _ in 0..repeats {
                    let end = if step == 5 { 0x80 } else { 0 };
                    let [high, low] = (160 * (step + 1)).to_be_bytes();
                    let first = if step == 0 { 0x80 } else { 0 };
                    stream
                        .send(&socket, to, first | remote.keys, began, &[event, end | 0x0A, high, low])
                        .await;
                }
                key = Some((Press::Event(event), began, step + 1));
            }
            sounding => {
                let (said, next) = match sounding {
                    // Tones of 100 ms, then 80 ms of silence.
                    Some((Press::Tones(tones), began, step)) if step < 9 => {
                        let said = if step < 5 { tones.to_vec() } else { Vec::new() };
                        (said, Some((Press::Tones(tones), began, step + 1)))
                    }
                    _ => (tone_now.into_iter().collect(), None),
                };
                key = next;
                let (stamp, kind) = (stream.stamp, kind_of(codec, Some(remote)));
                let payload =
                    if sound.is_empty() { codec.encode(&said, stamp) } else { codec.encode_sound(&sound) };
                let mut from = stamp.wrapping_sub(unsent.len() as u32);
                unsent.extend(payload);
                let length = length.unwrap_or(unsent.len()).max(1);
                while unsent.len() >= length {
                    let packet: Vec<u8> = unsent.drain(..length).collect();
                    stream.send(&socket, to, kind, from, &packet).await;
                    from = from.wrapping_add(length as u32);
                }
            }
        }
    }
}

struct Stream {
    number: u16,
    stamp: u32,
}

impl Stream {
    async fn send(&mut self, socket: &UdpSocket, to: SocketAddr, kind: u8, stamp: u32, payload: &[u8]) {
        self.number = self.number.wrapping_add(1);
        let mut packet = vec![0x80, kind];
        packet.extend(self.number.to_be_bytes());
        packet.extend(stamp.to_be_bytes());
        packet.extend(0x7A4D_0001u32.to_be_bytes());
        packet.extend(payload);
        // The other side's port may be closed already; that is no error of ours.
        let _ = socket.send_to(&packet, to).await;
    }
}
