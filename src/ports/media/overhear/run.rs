//! The layer at work: files and sockets, and the clock.

use std::{collections::HashMap, fs, net::IpAddr, path::Path, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc},
    time::{self, Instant},
};

use super::{
    socket::{self, Heard},
    tail::Tail,
    talk::Talk,
};
use crate::{
    base::{
        id::{LegId, OrderId},
        mood::{Mood, MoodLimits},
        text::Label,
    },
    ports::engine::{Command, Engine, Event, LegSeen, OVERHEARD, Order, Outcome, Overhearing, Settings},
};

/// How often files are read, and clocks looked at.
const EVERY: Duration = Duration::from_millis(100);
/// What connections have sent and nobody has heard yet: above this an engine waits.
const UNHEARD: usize = 4096;
/// Connections at once: two a talk.
const READERS: usize = 4000;
/// A leg that so many audits do not know is gone.
const MISSED: u32 = 2;
/// No order of the switchboard comes so far.
const OURS: OrderId = OrderId { seq: u64::MAX, index: 0 };

/// How an engine lets a talk be listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    File,
    Sockets,
}

/// An engine that tells how talks go: carries out `Sense` and `SenseStop` of `engine`, which need only let them be overheard.
/// Within a runtime only.
pub fn sense(engine: Engine, settings: Settings, way: Way) -> Engine {
    let (orders, inbox) = mpsc::unbounded_channel();
    let (outbox, events) = mpsc::unbounded_channel();
    let (heard_to, heard) = mpsc::channel(UNHEARD);
    let shell = Shell {
        facing: settings.facing(),
        settings,
        way,
        orders: engine.orders,
        outbox,
        talks: HashMap::new(),
        sides: HashMap::new(),
        swept: false,
        door: None,
        heard_to,
        readers: Arc::new(Semaphore::new(READERS)),
        began: Instant::now(),
    };
    tokio::spawn(shell.run(inbox, engine.events, heard));
    Engine { orders, events }
}

/// A leg that is sensed.
struct Leg {
    order: OrderId,
    talk: Talk,
    from: Source,
    missed: u32,
}

enum Source {
    File(Tail),
    /// How many of its two sides may still send.
    Sockets {
        open: u8,
    },
}

struct Shell {
    settings: Settings,
    way: Way,
    facing: IpAddr,
    orders: mpsc::UnboundedSender<Order>,
    outbox: mpsc::UnboundedSender<Event>,
    talks: HashMap<LegId, Leg>,
    /// Whose side comes under which identity.
    sides: HashMap<u128, (LegId, usize)>,
    /// Nothing is left of a former life of ours.
    swept: bool,
    /// Open from the first talk on.
    door: Option<TcpListener>,
    heard_to: mpsc::Sender<Heard>,
    readers: Arc<Semaphore>,
    began: Instant,
}

impl Shell {
    async fn run(
        mut self,
        mut inbox: mpsc::UnboundedReceiver<Order>,
        mut events: mpsc::UnboundedReceiver<Event>,
        mut heard: mpsc::Receiver<Heard>,
    ) {
        let mut clock = time::interval(EVERY);
        clock.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                order = inbox.recv() => match order {
                    Some(order) => self.order(order).await,
                    None => return,
                },
                event = events.recv() => match event {
                    Some(event) => self.event(event),
                    None => return,
                },
                Ok((from, who)) = accept(self.door.as_ref()) => {
                    // Nobody but the engine has anything to say here.
                    let room = self.readers.clone().try_acquire_owned();
                    if let (Ok(room), true) = (room, who.ip() == self.settings.address.ip()) {
                        let read = socket::read(from, self.heard_to.clone());
                        tokio::spawn(async move {
                            read.await;
                            drop(room);
                        });
                    }
                }
                _ = clock.tick(), if !self.talks.is_empty() => self.listen(),
                Some(heard) = heard.recv() => self.heard(&heard),
            }
        }
    }

    async fn order(&mut self, order: Order) {
        let Order { id, leg, command } = order;
        let command = match command {
            Command::Sense { limits, mood } => match self.talks.get(&leg) {
                Some(known) => {
                    let mood = known.talk.mood();
                    self.tell(Event::Outcome { leg: leg.clone(), order: id, outcome: Outcome::Done });
                    return self.tell(Event::Mood { leg, mood });
                }
                None => match self.begin(&leg, id, (limits, mood)).await {
                    Ok(how) => Command::Overhear(how),
                    Err(why) => {
                        let outcome = Outcome::Refused(Label::new(&why.to_string()));
                        return self.tell(Event::Outcome { leg, order: id, outcome });
                    }
                },
            },
            Command::SenseStop => {
                self.forget(&leg);
                Command::OverhearStop
            }
            other => other,
        };
        let _gone = self.orders.send(Order { id, leg, command });
    }

    async fn begin(
        &mut self,
        leg: &LegId,
        order: OrderId,
        (limits, mood): (MoodLimits, Mood),
    ) -> std::io::Result<Overhearing> {
        let (from, how) = match self.way {
            Way::File => (Source::File(Tail::begin(self.settings.overheard(leg))?), Overhearing::File),
            Way::Sockets => {
                let door = match self.door.take() {
                    Some(door) => door,
                    None => socket::open(self.facing).await?,
                };
                let to = self.door.insert(door).local_addr()?;
                let [says, hears] = [identity()?, identity()?];
                self.sides.retain(|_, (leg, _)| self.talks.contains_key(leg));
                self.sides.extend(
                    [says, hears].into_iter().enumerate().map(|(side, id)| (id, (leg.clone(), side))),
                );
                (Source::Sockets { open: 2 }, Overhearing::Sockets { to, says, hears })
            }
        };
        let talk = Talk::new(limits, mood, self.began.elapsed());
        self.tell(Event::Mood { leg: leg.clone(), mood: talk.mood() });
        self.talks.insert(leg.clone(), Leg { order, talk, from, missed: 0 });
        Ok(how)
    }

    fn event(&mut self, event: Event) {
        match &event {
            Event::Ended { leg, .. } => self.forget(leg),
            Event::Outcome { order, .. } if *order == OURS => return,
            Event::Outcome { leg, order, outcome: Outcome::Refused(_) }
                if self.talks.get(leg).is_some_and(|known| known.order == *order) =>
            {
                self.forget(leg);
            }
            Event::Audit { legs, .. } => self.audit(legs),
            _ => {}
        }
        self.tell(event);
    }

    fn forget(&mut self, leg: &LegId) {
        if let Some(Leg { from: Source::File(tail), .. }) = self.talks.remove(leg) {
            tail.end();
        }
    }

    /// Legs whose end nobody told; and, once, files of legs that a former life of ours listened to.
    fn audit(&mut self, seen: &[LegSeen]) {
        let there = |leg: &LegId| seen.iter().any(|seen| seen.leg == *leg);
        for (id, leg) in &mut self.talks {
            leg.missed = if there(id) { 0 } else { leg.missed + 1 };
        }
        let gone = self.talks.iter().filter(|(_, leg)| leg.missed >= MISSED);
        for leg in gone.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.forget(&leg);
        }
        if self.way == Way::File && !std::mem::replace(&mut self.swept, true) {
            sweep(&self.settings.recordings, |leg| !self.talks.contains_key(leg) && !there(leg));
        }
    }

    fn heard(&mut self, heard: &Heard) {
        let Some((id, side)) = self.sides.get(&heard.id) else { return };
        let Some(leg) = self.talks.get_mut(id) else { return };
        match (&heard.samples, &mut leg.from) {
            (Some(samples), _) => leg.talk.hear(*side, samples.iter().copied(), self.began.elapsed()),
            (None, Source::Sockets { open }) => *open = open.saturating_sub(1),
            (None, Source::File(_)) => {}
        }
    }

    fn listen(&mut self) {
        let now = self.began.elapsed();
        let (mut told, mut lost) = (Vec::new(), Vec::new());
        for (id, leg) in &mut self.talks {
            if let Source::File(tail) = &mut leg.from {
                match tail.read() {
                    Ok(both) if both.is_empty() => {}
                    Ok(both) => {
                        leg.talk.hear(0, both.iter().copied().step_by(2), now);
                        leg.talk.hear(1, both.iter().copied().skip(1).step_by(2), now);
                    }
                    Err(why) => lost.push((id.clone(), Label::new(&why.to_string()))),
                }
            }
            told.extend(leg.talk.listen(now).map(|mood| Event::Mood { leg: id.clone(), mood }));
            let steady = match &leg.from {
                Source::File(_) => true,
                Source::Sockets { open } => *open == 0,
            };
            if leg.talk.is_lost(steady, now) {
                lost.push((
                    id.clone(),
                    Label::new("the engine sends nothing of it: see How talks go in docs/supervise.md"),
                ));
            }
        }
        for event in told {
            self.tell(event);
        }
        for (leg, why) in lost {
            self.forget(&leg);
            let stop = Order { id: OURS, leg: leg.clone(), command: Command::OverhearStop };
            let _gone = self.orders.send(stop);
            self.tell(Event::Unsensed { leg, why });
        }
    }

    fn tell(&self, event: Event) {
        let _gone = self.outbox.send(event);
    }
}

async fn accept(
    door: Option<&TcpListener>,
) -> std::io::Result<(tokio::net::TcpStream, std::net::SocketAddr)> {
    match door {
        Some(door) => door.accept().await,
        None => std::future::pending().await,
    }
}

/// Nobody guesses it.
fn identity() -> std::io::Result<u128> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| std::io::Error::other("there is no randomness"))?;
    Ok(u128::from_be_bytes(bytes))
}

/// Removes what was written for whoever listened to legs of which this is true.
fn sweep(folder: &Path, gone: impl Fn(&LegId) -> bool) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let leg = name.to_str().and_then(|name| name.strip_prefix(OVERHEARD)?.strip_suffix(".wav"));
        if leg.and_then(|leg| LegId::new(leg).ok()).is_some_and(|leg| gone(&leg)) {
            let _gone = fs::remove_file(entry.path());
        }
    }
}
