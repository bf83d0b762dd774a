//! A caller's audio in real time: says samples frame by frame, with what lines do to them, and keeps what is heard.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    net::UdpSocket,
    task::JoinHandle,
    time::{self, Instant},
};

use crate::ports::engine::{Stream, Wire};

const FRAME: Duration = Duration::from_millis(20);
const HEAD: usize = 12;

/// A frame that the caller heard.
#[derive(Clone, Debug)]
pub struct Frame {
    pub at: Instant,
    pub samples: Vec<i16>,
}

#[derive(Debug)]
struct Line {
    rate: u32,
    to_say: VecDeque<i16>,
    /// When the first sample of what is said last went out.
    said: Option<Instant>,
    heard: Vec<Frame>,
    /// Loudness of the noise, as the largest sample.
    noise: f32,
    /// Of what is heard, so much comes back so many frames later.
    echo: Option<(f32, usize)>,
    /// Probabilities of a lost frame and of two that change places.
    lost: f64,
    swapped: f64,
    /// Nothing is sent at all.
    dead: bool,
    /// Where the other end is, once it was heard.
    far: Option<SocketAddr>,
}

/// What is heard of a caller, and what the caller hears. Dropped, it is silent for ever.
#[derive(Debug)]
pub struct Mouth {
    stream: Stream,
    line: Arc<Mutex<Line>>,
    work: JoinHandle<()>,
}

impl Drop for Mouth {
    fn drop(&mut self) {
        self.work.abort();
    }
}

impl Mouth {
    /// Opens on loopback. Speaks as soon as the other end was heard. Within a runtime only.
    pub async fn open(wire: Wire, seed: u64) -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let (Wire::Raw { rate } | Wire::Rtp { rate, .. }) = wire;
        let line = Line {
            rate,
            to_say: VecDeque::new(),
            said: None,
            heard: Vec::new(),
            noise: 0.0,
            echo: None,
            lost: 0.0,
            swapped: 0.0,
            dead: false,
            far: None,
        };
        let stream = Stream { engine: socket.local_addr()?, wire };
        let line = Arc::new(Mutex::new(line));
        let work = tokio::spawn(live(socket, wire, line.clone(), seed));
        Ok(Self { stream, line, work })
    }

    /// Where it is, for `World::speaks_at`.
    pub fn stream(&self) -> Stream {
        self.stream
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        lock(&self.line)
    }

    /// Says these samples after what is being said.
    pub fn say(&self, samples: &[i16]) {
        let mut line = self.line();
        line.said = None;
        line.to_say.extend(samples);
    }

    /// When the first sample of what was said last went out.
    pub fn said_at(&self) -> Option<Instant> {
        self.line().said
    }

    pub fn is_speaking(&self) -> bool {
        !self.line().to_say.is_empty()
    }

    /// White noise from now on, its largest sample as loud as this.
    pub fn noise(&self, loudness: f32) {
        self.line().noise = loudness;
    }

    /// From now on this share of what is heard comes back, so many frames later.
    pub fn echo(&self, share: f32, frames: usize) {
        self.line().echo = Some((share, frames));
    }

    /// From now on frames get lost or change places, with these probabilities.
    pub fn jitter(&self, lost: f64, swapped: f64) {
        let mut line = self.line();
        (line.lost, line.swapped) = (lost, swapped);
    }

    /// Sends nothing any more, or again.
    pub fn dies(&self, dead: bool) {
        self.line().dead = dead;
    }

    /// Samples a second of what is said from now on: a codec that changed, without a word.
    pub fn speaks_at_rate(&self, rate: u32) {
        self.line().rate = rate;
    }

    /// What was heard since the last time somebody asked.
    pub fn heard(&self) -> Vec<Frame> {
        std::mem::take(&mut self.line().heard)
    }
}

fn lock(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn live(socket: UdpSocket, wire: Wire, line: Arc<Mutex<Line>>, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut number = random.u16(..);
    let mut held: Option<Vec<u8>> = None;
    let mut buffer = [0; 4096];
    let mut due = Instant::now() + FRAME;
    loop {
        tokio::select! {
            Ok((length, from)) = socket.recv_from(&mut buffer) => {
                let mut line = lock(&line);
                line.far = Some(from);
                let samples = read(wire, &buffer[..length]);
                line.heard.push(Frame { at: Instant::now(), samples });
            }
            () = time::sleep_until(due) => {
                due += FRAME;
                let (far, frame, swap) = {
                    let mut line = lock(&line);
                    let (Some(far), false) = (line.far, line.dead) else { continue };
                    let samples = line.next(&mut random);
                    number = number.wrapping_add(1);
                    if random.f64() < line.lost {
                        continue;
                    }
                    (far, write(wire, number, &samples), random.f64() < line.swapped)
                };
                if swap && held.is_none() {
                    held = Some(frame);
                    continue;
                }
                for frame in [Some(frame), held.take()].into_iter().flatten() {
                    let _nobody = socket.send_to(&frame, far).await;
                }
            }
        }
    }
}

impl Line {
    fn next(&mut self, random: &mut fastrand::Rng) -> Vec<i16> {
        let length = self.rate as usize / 50;
        if !self.to_say.is_empty() {
            self.said.get_or_insert_with(Instant::now);
        }
        let back = self.echo.and_then(|(share, frames)| {
            let at = self.heard.len().checked_sub(frames + 1)?;
            Some((share, self.heard[at].samples.clone()))
        });
        (0..length)
            .map(|n| {
                let said = f32::from(self.to_say.pop_front().unwrap_or(0));
                let noise = (random.f32() * 2.0 - 1.0) * self.noise;
                let echo = back.as_ref().and_then(|(share, heard)| Some(share * f32::from(*heard.get(n)?)));
                (said + noise + echo.unwrap_or(0.0)) as i16
            })
            .collect()
    }
}

fn read(wire: Wire, datagram: &[u8]) -> Vec<i16> {
    let (body, number): (_, fn([u8; 2]) -> i16) = match wire {
        Wire::Raw { .. } => (datagram, i16::from_le_bytes),
        Wire::Rtp { .. } => (datagram.get(HEAD..).unwrap_or_default(), i16::from_be_bytes),
    };
    body.chunks_exact(2).map(|pair| number([pair[0], pair[1]])).collect()
}

fn write(wire: Wire, number: u16, samples: &[i16]) -> Vec<u8> {
    let Wire::Rtp { payload, .. } = wire else {
        return samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    };
    let mut datagram = vec![0x80, payload];
    datagram.extend(number.to_be_bytes());
    datagram.extend((u32::from(number) * samples.len() as u32).to_be_bytes());
    datagram.extend([1, 2, 3, 4]);
    datagram.extend(samples.iter().flat_map(|sample| sample.to_be_bytes()));
    datagram
}
