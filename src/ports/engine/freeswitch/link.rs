//! The one task that owns the sockets: one connection for events, always drained, and one for commands.
//!
//! A subscriber that stops reading freezes the whole engine, and a command blocks the delivery of events on its
//! connection: hence two. Replies come in the order of the commands, so a queue of what each is for suffices.
//! See `docs/engines/freeswitch.md`.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use super::{
    command, escape,
    legs::{Legs, Then},
    line::{Line, LinkError, PATIENCE},
    portrait, translate,
    wire::Kind,
};
use crate::{
    base::{clock::Clock, id::Name, text::Label},
    ports::engine::{Event, Order, Settings},
};

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);
/// After a refusal that only a human can lift.
const LASTING_RETRY: Duration = Duration::from_secs(30);
const AUDIT_EVERY: Duration = Duration::from_secs(5);
/// The second comes sooner: what was too young for the first to be missed in it is judged now.
const SECOND: Duration = Duration::from_secs(3);
/// With every so many audits all phones and trunks are asked for, too.
const PHONES_EVERY: u32 = 12;
/// The engine's table of channels lags behind its events by some milliseconds. Whatever is younger than the
/// subscription is heard of; what is older is in the table by then.
const SETTLE: Duration = Duration::from_millis(250);
const TICK: Duration = Duration::from_millis(50);
/// How often the engine is made to hand out its events.
const NUDGE: Duration = Duration::from_millis(4);
/// Two and a half heartbeats of an engine with default settings.
const DEAF_AFTER: Duration = Duration::from_secs(50);

/// Keeps the link up until nobody gives orders any more.
pub async fn run(
    settings: Settings,
    clock: Arc<dyn Clock>,
    mut orders: mpsc::UnboundedReceiver<Order>,
    events: mpsc::UnboundedSender<Event>,
) {
    let mut legs = Legs::new(settings.clone());
    let mut retry = FIRST_RETRY;
    loop {
        let mut link = match Link::open(&settings, &mut legs, &clock, &events).await {
            Ok(link) => link,
            Err(error) => {
                if !pause(&mut legs, &mut orders, &events, &error, retry).await {
                    return;
                }
                retry = (retry * 2).min(LAST_RETRY);
                continue;
            }
        };
        let Some(error) = link.serve(&mut orders).await else { return };
        let steady = link.up;
        link.lose();
        if steady {
            retry = FIRST_RETRY;
        }
        if !pause(&mut legs, &mut orders, &events, &error, retry).await {
            return;
        }
        retry = (retry * 2).min(LAST_RETRY);
    }
}

/// Says what is wrong and waits; meanwhile orders are refused. False when nobody gives orders any more.
async fn pause(
    legs: &mut Legs,
    orders: &mut mpsc::UnboundedReceiver<Order>,
    events: &mpsc::UnboundedSender<Event>,
    error: &LinkError,
    retry: Duration,
) -> bool {
    let retry = if error.is_lasting() { LASTING_RETRY } else { retry };
    tracing::warn!(%error, ?retry, "no link to FreeSWITCH");
    legs.on_down();
    let _ = events.send(Event::Down { reason: Label::new(&reason(error)), retry });
    let until = Instant::now() + retry;
    loop {
        tokio::select! {
            () = sleep_until(until) => return true,
            order = orders.recv() => match order {
                Some(order) => legs.refuse_all(&order),
                None => return false,
            },
        }
        for event in legs.take().events {
            let _ = events.send(event);
        }
    }
}

/// A label holds 80 characters; the remedy must be within.
fn reason(error: &LinkError) -> String {
    match error {
        LinkError::WrongPassword => {
            "wrong password: set engine.password_file to that of event_socket.conf".into()
        }
        LinkError::NotAdmitted => {
            "not admitted: allow this host in apply-inbound-acl of event_socket.conf".into()
        }
        LinkError::UnusablePassword => {
            "password empty or with a line break: correct engine.password_file".into()
        }
        LinkError::Unreachable { address, .. } => format!("nothing listens on {address}: start FreeSWITCH"),
        other => other.to_string(),
    }
}

/// All phones as the directory has them; from a directory that cannot be listed, those that are registered.
async fn list_phones(said: &mut Line, settings: &Settings) -> Result<BTreeMap<Name, bool>, LinkError> {
    if let Ok(question) = command::phones(&settings.domain) {
        let answer = said.ask("list_users", command::plain(&format!("api {question}"))).await?;
        let phones = portrait::phones(&String::from_utf8_lossy(&answer));
        if !phones.is_empty() {
            return Ok(phones);
        }
    }
    let answer = said.ask("show registrations", command::plain("api show registrations as json")).await?;
    Ok(portrait::registrations(&String::from_utf8_lossy(&answer)))
}

/// A command whose reply is due.
struct Due {
    then: Then,
    since: Instant,
}

struct Link<'a> {
    legs: &'a mut Legs,
    clock: &'a Arc<dyn Clock>,
    sink: &'a mpsc::UnboundedSender<Event>,
    heard: Line,
    said: Line,
    due: VecDeque<Due>,
    engine: Label,
    /// How many audits have been asked for.
    asked: u32,
    /// The first audit is in.
    up: bool,
    held: Vec<Event>,
    heartbeat: Instant,
    /// Since when bytes wait to be written.
    stalled: Option<Instant>,
    audited: Instant,
}

impl<'a> Link<'a> {
    async fn open(
        settings: &Settings,
        legs: &'a mut Legs,
        clock: &'a Arc<dyn Clock>,
        sink: &'a mpsc::UnboundedSender<Event>,
    ) -> Result<Self, LinkError> {
        let mut said = Line::open(settings).await?;
        let mut heard = Line::open(settings).await?;
        heard.order("event", command::plain(command::SUBSCRIBE)).await?;
        said.ask("sendevent", command::plain(command::WAKE_PRESENCE)).await?;
        let version = said.ask("version", command::plain("api version short")).await?;
        let music = said.ask("global_getvar", command::plain("api global_getvar hold_music")).await?;
        legs.music = escape::music(&String::from_utf8_lossy(&music)).unwrap_or(command::DEFAULT_MUSIC).into();
        let phones = list_phones(&mut said, settings).await?;
        let trunks = said.ask("sofia xmlstatus", command::plain(&format!("api {}", command::TRUNKS))).await?;
        let engine = translate::engine_name(&version);
        let now = Instant::now();
        let mut link = Self {
            legs,
            clock,
            sink,
            heard,
            said,
            due: VecDeque::new(),
            engine,
            asked: 0,
            up: false,
            held: Vec::new(),
            heartbeat: now,
            stalled: None,
            audited: now,
        };
        tracing::debug!(phones = phones.len(), "connected to FreeSWITCH");
        link.legs.on_phones(&phones, true, link.clock.now());
        link.legs.on_trunks(portrait::trunks(&String::from_utf8_lossy(&trunks)), true);
        link.deliver();
        Ok(link)
    }

    fn ask(&mut self) {
        let now = self.clock.now();
        self.audited = Instant::now();
        self.legs.ask(now, format!("tandem-{}", now.0), self.asked == 0);
        if self.asked % PHONES_EVERY == 1 {
            self.legs.ask_around(&now.0.to_string());
        }
        self.asked += 1;
    }

    /// How long after the last audit the next is due.
    fn pause(&self) -> Duration {
        match self.asked {
            0 => SETTLE,
            1 if !self.legs.is_asking() => SECOND,
            _ => AUDIT_EVERY,
        }
    }

    /// Serves until the link breaks (the reason) or nobody gives orders any more (`None`).
    async fn serve(&mut self, orders: &mut mpsc::UnboundedReceiver<Order>) -> Option<LinkError> {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut nudges = interval(NUDGE);
        nudges.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let result = tokio::select! {
                read = self.heard.read() => read.and_then(|()| self.listen()),
                turn = self.said.turn() => turn.and_then(|()| self.replies()),
                order = orders.recv(), if self.up => {
                    self.legs.on_order(order?, self.clock.now());
                    while let Ok(order) = orders.try_recv() {
                        self.legs.on_order(order, self.clock.now());
                    }
                    Ok(())
                }
                _ = ticks.tick() => self.tick(),
                _ = nudges.tick() => self.heard.nudge(),
            };
            self.deliver();
            if let Err(error) = result {
                return Some(error);
            }
        }
    }

    fn listen(&mut self) -> Result<(), LinkError> {
        let now = self.clock.now();
        while let Some(frame) = self.heard.decoder.next_frame()? {
            match frame.kind() {
                Kind::Event => {
                    if let Some(fact) = translate::fact(&frame) {
                        if fact == translate::Fact::Heartbeat {
                            self.heartbeat = Instant::now();
                        }
                        self.legs.on_fact(fact, now);
                    }
                }
                Kind::Disconnect => return Err(LinkError::Closed),
                _ => {}
            }
        }
        Ok(())
    }

    fn replies(&mut self) -> Result<(), LinkError> {
        let now = self.clock.now();
        while let Some(frame) = self.said.decoder.next_frame()? {
            match frame.kind() {
                Kind::CommandReply | Kind::ApiResponse => {
                    let Some(due) = self.due.pop_front() else { continue };
                    self.legs.on_reply(due.then, frame.answer(), now);
                }
                Kind::Disconnect => return Err(LinkError::Closed),
                _ => {}
            }
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<(), LinkError> {
        self.legs.on_tick(self.clock.now());
        let now = Instant::now();
        if self.audited + self.pause() <= now {
            // The answer to an audit passes through both connections: no answer, no link.
            if self.legs.is_asking() {
                return Err(LinkError::Silent(AUDIT_EVERY));
            }
            self.ask();
        }
        if self.due.front().is_some_and(|due| due.since + PATIENCE <= now)
            || self.stalled.is_some_and(|since| since + PATIENCE <= now)
        {
            return Err(LinkError::Silent(PATIENCE));
        }
        if self.heartbeat + DEAF_AFTER <= now {
            return Err(LinkError::Deaf(DEAF_AFTER));
        }
        Ok(())
    }

    /// Hands out what the legs gave: commands to the socket, events to the switchboard, `Up` before all others.
    fn deliver(&mut self) {
        if self.legs.has_news() {
            let out = self.legs.take();
            for send in out.sends {
                self.due.push_back(Due { then: send.then, since: Instant::now() });
                self.said.queue(send.bytes);
            }
            self.held.extend(out.events);
        }
        if !self.up && self.asked > 0 && !self.legs.is_asking() {
            self.up = true;
            tracing::debug!(waited = ?self.audited.elapsed(), "FreeSWITCH has told what legs it has");
            let _ = self.sink.send(Event::Up { engine: self.engine.clone() });
        }
        if self.up {
            for event in self.held.drain(..) {
                let _ = self.sink.send(event);
            }
        }
        self.stalled = match (self.said.has_outgoing(), self.stalled) {
            (false, _) => None,
            (true, None) => Some(Instant::now()),
            (true, since) => since,
        };
    }

    /// The link broke: what was sent without a reply is unknown.
    fn lose(mut self) {
        for due in std::mem::take(&mut self.due) {
            self.legs.on_lost(due.then);
        }
        self.legs.on_down();
        self.held.extend(self.legs.take().events);
        if self.up {
            for event in self.held.drain(..) {
                let _ = self.sink.send(event);
            }
        }
    }
}

impl Legs {
    fn is_asking(&self) -> bool {
        self.asking_since().is_some()
    }
}
