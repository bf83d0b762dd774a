//! The layer at work: files and sockets, and the clock.

use std::{collections::HashMap, fs, net::IpAddr, path::Path, time::Duration};

use tokio::{
    net::TcpListener,
    sync::mpsc,
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
        mood::MoodLimits,
        text::Label,
    },
    ports::engine::{Command, Engine, Event, LegSeen, OVERHEARD, Order, Outcome, Overhearing, Settings},
};

/// How often files are read, and clocks looked at.
const EVERY: Duration = Duration::from_millis(100);
/// What connections have sent and nobody has heard yet: above this an engine waits.
const UNHEARD: usize = 4096;
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
        door: None,
        heard_to,
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
    /// Under which identities its two sides come, and how many of them may still send.
    Sockets {
        ids: [u128; 2],
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
    /// Open from the first talk on.
    door: Option<TcpListener>,
    heard_to: mpsc::Sender<Heard>,
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
                Some(heard) = heard.recv() => self.heard(&heard),
                Ok((from, _)) = accept(self.door.as_ref()) => {
                    tokio::spawn(socket::read(from, self.heard_to.clone()));
                }
                _ = clock.tick(), if !self.talks.is_empty() => self.listen(),
            }
        }
    }

    async fn order(&mut self, order: Order) {
        let Order { id, leg, command } = order;
        let command = match command {
            Command::Sense(limits) => match self.talks.get(&leg) {
                Some(known) => {
                    let mood = known.talk.mood();
                    self.tell(Event::Outcome { leg: leg.clone(), order: id, outcome: Outcome::Done });
                    return self.tell(Event::Mood { leg, mood });
                }
                None => match self.begin(&leg, id, limits).await {
                    Ok(how) => Command::Overhear(how),
                    Err(why) => {
                        let outcome = Outcome::Refused(Label::new(&why.to_string()));
                        return self.tell(Event::Outcome { leg, order: id, outcome });
                    }
                },
            },
            Command::SenseStop => {
                self.talks.remove(&leg);
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
        limits: MoodLimits,
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
                (Source::Sockets { ids: [says, hears], open: 2 }, Overhearing::Sockets { to, says, hears })
            }
        };
        let talk = Talk::new(limits, self.began.elapsed());
        self.tell(Event::Mood { leg: leg.clone(), mood: talk.mood() });
        self.talks.insert(leg.clone(), Leg { order, talk, from, missed: 0 });
        Ok(how)
    }

    fn event(&mut self, event: Event) {
        match &event {
            Event::Ended { leg, .. } => drop(self.talks.remove(leg)),
            Event::Outcome { order, .. } if *order == OURS => return,
            Event::Outcome { leg, order, outcome: Outcome::Refused(_) }
                if self.talks.get(leg).is_some_and(|known| known.order == *order) =>
            {
                self.talks.remove(leg);
            }
            Event::Audit { legs, .. } => self.audit(legs),
            _ => {}
        }
        self.tell(event);
    }

    /// Legs whose end nobody told, and files of legs that are no more.
    fn audit(&mut self, seen: &[LegSeen]) {
        self.talks.retain(|id, leg| {
            leg.missed = if seen.iter().any(|seen| seen.leg == *id) { 0 } else { leg.missed + 1 };
            leg.missed < MISSED
        });
        if self.way == Way::File {
            sweep(&self.settings.recordings, |leg| {
                !self.talks.contains_key(leg) && !seen.iter().any(|seen| seen.leg == *leg)
            });
        }
    }

    fn heard(&mut self, heard: &Heard) {
        let now = self.began.elapsed();
        for leg in self.talks.values_mut() {
            let Source::Sockets { ids, open } = &mut leg.from else { continue };
            let Some(side) = ids.iter().position(|id| *id == heard.id) else { continue };
            match &heard.samples {
                Some(samples) => leg.talk.hear(side, samples.iter().copied(), now),
                None => *open = open.saturating_sub(1),
            }
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
                Source::Sockets { open, .. } => *open == 0,
            };
            if leg.talk.is_lost(steady, now) {
                lost.push((id.clone(), Label::new("the engine sends nothing of it")));
            }
        }
        for event in told {
            self.tell(event);
        }
        for (leg, why) in lost {
            self.talks.remove(&leg);
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
