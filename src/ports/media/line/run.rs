//! The layer at work: sockets, the clock of the frames, files and recognisers around the core.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, UdpSocket},
    sync::Arc,
    time::Duration,
};

use smol_str::SmolStr;
use tokio::{
    sync::{mpsc, watch},
    task::{AbortHandle, spawn_blocking},
    time::{self, Instant},
};

use super::{
    clips::Clips,
    effect::{Effect, Found, Words},
    lines::Lines,
};
use crate::{
    base::{clock::Stamp, id::LegId},
    ports::{
        engine::{Engine, Event, Forming, Hearing, Order, Settings},
        speech::{Listener, Recognizers, Unheard},
    },
};

/// Between two frames.
const FRAME: Duration = Duration::from_millis(20);
/// After a longer pause of the machine frames are left out: a burst would only fill buffers.
const CAUGHT_UP: u64 = 5;
/// Datagrams that are read from one socket at a time.
const AT_ONCE: usize = 32;
const LONGEST_DATAGRAM: usize = 4096;
const EVENTS: usize = 256;

/// Whether these words say already what the caller wants.
pub type Judge = Arc<dyn Fn(&Hearing, &str) -> bool + Send + Sync>;

/// What the layer works with.
pub struct Attendance {
    /// Where prompts are, and where the engine is.
    pub settings: Settings,
    pub recognizers: watch::Receiver<Arc<Recognizers>>,
    /// Whoever wants to see words as they form; what is not taken in time is lost.
    pub forming: mpsc::Sender<Forming>,
    pub judge: Judge,
    /// The present: no two layers begin at the same.
    pub now: Stamp,
}

/// An engine that listens to callers: carries out `Listen`, `GoOn` and `Deaf` of `engine`, which need only stream.
/// Within a runtime only.
pub fn attend(engine: Engine, attendance: Attendance) -> Engine {
    let (orders, inbox) = mpsc::unbounded_channel();
    let (outbox, events) = mpsc::unbounded_channel();
    let (found_to, found) = mpsc::unbounded_channel();
    let (words_to, words) = mpsc::unbounded_channel();
    let began = Instant::now();
    let shell = Shell {
        lines: Lines::new(attendance.now.0.unsigned_abs()),
        facing: attendance.settings.facing(),
        attendance,
        orders: engine.orders,
        outbox,
        sockets: HashMap::new(),
        utterances: HashMap::new(),
        clips: Arc::default(),
        found_to,
        words_to,
        began,
    };
    tokio::spawn(shell.run(Inlets { inbox, events: engine.events, found, words }));
    Engine { orders, events }
}

struct Inlets {
    inbox: mpsc::UnboundedReceiver<Order>,
    events: mpsc::UnboundedReceiver<Event>,
    found: mpsc::UnboundedReceiver<Found>,
    words: mpsc::UnboundedReceiver<Words>,
}

/// One utterance at its recogniser.
enum Utterance {
    Open {
        number: u64,
        hearing: Hearing,
        listener: Listener,
        told: SmolStr,
    },
    /// Nobody hears it.
    Failed {
        number: u64,
    },
    Finishing {
        number: u64,
        work: AbortHandle,
    },
}

impl Utterance {
    fn number(&self) -> u64 {
        match self {
            Self::Open { number, .. } | Self::Failed { number } | Self::Finishing { number, .. } => *number,
        }
    }
}

impl Drop for Utterance {
    fn drop(&mut self) {
        if let Self::Finishing { work, .. } = self {
            work.abort();
        }
    }
}

struct Shell {
    lines: Lines,
    attendance: Attendance,
    facing: IpAddr,
    orders: mpsc::UnboundedSender<Order>,
    outbox: mpsc::UnboundedSender<Event>,
    sockets: HashMap<LegId, UdpSocket>,
    utterances: HashMap<LegId, Utterance>,
    clips: Arc<Clips>,
    found_to: mpsc::UnboundedSender<Found>,
    words_to: mpsc::UnboundedSender<Words>,
    began: Instant,
}

impl Shell {
    async fn run(mut self, mut from: Inlets) {
        let mut events = Vec::with_capacity(EVENTS);
        // Frames that are out, counted from the beginning.
        let mut out = 0;
        let mut busy = false;
        loop {
            let now = self.began.elapsed();
            let next = self.began + FRAME * u32::try_from(out + 1).unwrap_or(u32::MAX);
            tokio::select! {
                biased;
                order = from.inbox.recv() => match order {
                    Some(order) => {
                        let recognizers = self.attendance.recognizers.borrow().clone();
                        self.lines.order(order, &recognizers, now);
                    }
                    None => return,
                },
                count = from.events.recv_many(&mut events, EVENTS) => {
                    if count == 0 {
                        return;
                    }
                    events.drain(..).for_each(|event| self.lines.event(event, now));
                }
                Some(found) = from.found.recv() => self.lines.found(found, now),
                Some(words) = from.words.recv() => {
                    if self.utterances.get(&words.leg).is_some_and(|it| it.number() == words.utterance) {
                        self.utterances.remove(&words.leg);
                    }
                    self.lines.words(words, now);
                }
                () = time::sleep_until(next), if busy => {
                    let now = self.began.elapsed();
                    let behind = frames(now).saturating_sub(out);
                    out += behind;
                    let sent = behind.min(CAUGHT_UP);
                    self.read(now);
                    self.partials(now);
                    self.lines.tick(sent as u32, (behind - sent) as u32, now);
                }
            }
            self.perform();
            if self.lines.is_busy() && !busy {
                out = frames(self.began.elapsed());
            }
            busy = self.lines.is_busy();
        }
    }

    /// Everything that came to the sockets.
    fn read(&mut self, now: Duration) {
        let mut buffer = [0; LONGEST_DATAGRAM];
        for (leg, socket) in &self.sockets {
            for _ in 0..AT_ONCE {
                match socket.recv_from(&mut buffer) {
                    Ok((length, from)) => self.lines.datagram(leg, from, &buffer[..length], now),
                    // What the engine refused a moment ago is told here once; frames may follow.
                    Err(why) if why.kind() == io::ErrorKind::ConnectionRefused => {}
                    Err(_) => break,
                }
            }
        }
    }

    /// What recognisers have so far.
    fn partials(&mut self, now: Duration) {
        for (leg, utterance) in &mut self.utterances {
            let Utterance::Open { listener, told, .. } = utterance else { continue };
            let text = listener.so_far();
            if text != *told {
                told.clone_from(&text);
                self.lines.partial(leg, &text, now);
                let _late = self.attendance.forming.try_send(Forming { leg: leg.clone(), text });
            }
        }
    }

    fn perform(&mut self) {
        loop {
            let effects = self.lines.effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                self.carry_out(effect);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Order(order) => {
                let _gone = self.orders.send(order);
            }
            Effect::Tell(event) => {
                let _gone = self.outbox.send(event);
            }
            Effect::Bind(leg) => {
                let socket = bind(self.facing);
                let at = socket.as_ref().map_err(copy).and_then(UdpSocket::local_addr);
                if let Ok(socket) = socket {
                    self.sockets.insert(leg.clone(), socket);
                }
                self.lines.bound(&leg, at, self.began.elapsed());
            }
            Effect::Unbind(leg) => {
                self.sockets.remove(&leg);
            }
            Effect::Send(leg, datagram) => {
                if let (Some(socket), Some(to)) = (self.sockets.get(&leg), self.lines.engine(&leg)) {
                    // A frame that does not go is a frame lost.
                    let _lost = socket.send_to(&datagram, to);
                }
            }
            Effect::Find { leg, order, media, rate } => {
                let (clips, found) = (self.clips.clone(), self.found_to.clone());
                let files: Vec<_> = media.iter().map(|media| self.attendance.settings.file(media)).collect();
                spawn_blocking(move || {
                    let clips = files.iter().map(|file| clips.find(file, rate)).collect();
                    let _gone = found.send(Found { leg, order, rate, clips });
                });
            }
            Effect::Hear { leg, utterance, hearing, rate, samples } => {
                let listener = self.attendance.recognizers.borrow().listen(&hearing, rate);
                let utterance = match listener {
                    Ok(mut listener) => {
                        listener.feed(&samples);
                        Utterance::Open { number: utterance, hearing, listener, told: SmolStr::default() }
                    }
                    Err(why) => {
                        tell(&leg, &why);
                        Utterance::Failed { number: utterance }
                    }
                };
                self.utterances.insert(leg, utterance);
            }
            Effect::Feed(leg, samples) => {
                if let Some(Utterance::Open { listener, .. }) = self.utterances.get_mut(&leg) {
                    listener.feed(&samples);
                }
            }
            Effect::Finish(leg) => self.finish(leg),
            Effect::Forget(leg) => drop(self.utterances.remove(&leg)),
            Effect::Forming(forming) => {
                let _late = self.attendance.forming.try_send(forming);
            }
        }
    }

    fn finish(&mut self, leg: LegId) {
        let Some(mut utterance) = self.utterances.remove(&leg) else { return };
        let words_to = self.words_to.clone();
        match &mut utterance {
            Utterance::Finishing { .. } => {}
            Utterance::Failed { number } => {
                let text = SmolStr::default();
                let _gone = words_to.send(Words { leg, utterance: *number, text, complete: false });
            }
            Utterance::Open { number, .. } => {
                let (number, at, judge) = (*number, leg.clone(), self.attendance.judge.clone());
                let work = tokio::spawn(async move {
                    let Utterance::Open { listener, hearing, .. } = &mut utterance else { return };
                    let text = listener.finish().await.unwrap_or_else(|why| {
                        tell(&at, &why);
                        SmolStr::default()
                    });
                    let complete = judge(hearing, &text);
                    let _gone = words_to.send(Words { leg: at, utterance: number, text, complete });
                });
                self.utterances.insert(leg, Utterance::Finishing { number, work: work.abort_handle() });
            }
        }
    }
}

fn tell(leg: &LegId, why: &Unheard) {
    tracing::warn!(%leg, %why, "what a caller said has no words");
}

/// Frames that are due after this time.
fn frames(since: Duration) -> u64 {
    (since.as_millis() / FRAME.as_millis()) as u64
}

fn bind(at: IpAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((at, 0))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn copy(why: &io::Error) -> io::Error {
    io::Error::new(why.kind(), why.to_string())
}
