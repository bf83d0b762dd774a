//! The legs under random orders, facts and replies: whatever comes in whatever order, what an adapter owes holds.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use proptest::prelude::*;
use secrecy::SecretString;

use super::{
    keys::Way,
    legs::{Legs, Then},
    tag::Tag,
    translate::{Detected, Executed, Fact, Next, Place},
};
use crate::{
    base::{
        clock::Stamp,
        id::{LegId, Name, OrderId, RoomId, SoundId},
        locale::Locale,
        number::{Key, Number},
        text::Label,
    },
    ports::engine::{
        Arrival, Command, Detector, Ear, Endpoint, Event, HangupCause, Hearing, Media, Order, Origin,
        Outcome, PromptId, Settings,
    },
};

/// What may come next; numbers choose among legs and orders so far.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Park(usize),
    /// Of any leg: out of a room, or sent by a phone.
    Come(usize, u8),
    Order(usize, u8),
    Met(usize, u8),
    Transferring(usize, usize),
    Departing(usize),
    Recording(usize),
    Recoded(usize),
    Dialled(usize, bool),
    Key(usize),
    Detected(usize, u8),
    Reply(bool),
    Created(usize),
    Answered(usize),
    Bridged(usize),
    Started(usize),
    Over(usize, u8, bool),
    HungUp(usize),
    LetGo(usize),
    Wait(u16),
    Lost,
}

fn step() -> impl Strategy<Value = Step> {
    let leg = 0..6usize;
    let any_leg = 0..12usize;
    prop_oneof![
        3 => leg.clone().prop_map(Step::Park),
        4 => (any_leg.clone(), 0..4u8).prop_map(|(leg, place)| Step::Come(leg, place)),
        9 => (any_leg.clone(), 0..KINDS).prop_map(|(leg, kind)| Step::Order(leg, kind)),
        3 => (any_leg.clone(), 0..2u8).prop_map(|(leg, room)| Step::Met(leg, room)),
        2 => (any_leg.clone(), 0..3usize).prop_map(|(leg, more)| Step::Transferring(leg, (leg + more / 2) % 12)),
        1 => any_leg.clone().prop_map(Step::Departing),
        2 => any_leg.clone().prop_map(Step::Recording),
        2 => any_leg.clone().prop_map(Step::Recoded),
        2 => (leg.clone(), any::<bool>()).prop_map(|(leg, good)| Step::Dialled(leg, good)),
        1 => any_leg.prop_map(Step::Key),
        3 => (leg.clone(), 0..5u8).prop_map(|(leg, what)| Step::Detected(leg, what)),
        6 => any::<bool>().prop_map(Step::Reply),
        2 => leg.clone().prop_map(Step::Created),
        2 => leg.clone().prop_map(Step::Answered),
        2 => leg.clone().prop_map(Step::Bridged),
        3 => leg.clone().prop_map(Step::Started),
        4 => (0..40usize, 0..3u8, any::<bool>()).prop_map(|(tag, next, played)| Step::Over(tag, next, played)),
        2 => leg.clone().prop_map(Step::HungUp),
        1 => leg.prop_map(Step::LetGo),
        2 => (0..3000u16).prop_map(Step::Wait),
        1 => Just(Step::Lost),
    ]
}

pub(super) struct World {
    pub legs: Legs,
    pub now: Stamp,
    due: Vec<Then>,
    tags: Vec<(LegId, Tag)>,
    next: u32,
    ended: HashMap<LegId, usize>,
    outcomes: HashMap<OrderId, usize>,
    played: HashMap<OrderId, usize>,
    /// Legs that we dial, for others and for nobody.
    pub dialled: Vec<LegId>,
    records: HashMap<OrderId, usize>,
    /// Legs of whom a voice was told, and no end of it.
    voices: HashSet<LegId>,
    number: u64,
    /// Orders that the engine took.
    done: HashSet<OrderId>,
}

/// Kinds of orders.
const KINDS: u8 = 23;

fn room(index: u8) -> RoomId {
    RoomId::new(format!("room-{index}")).expect("id")
}

pub(super) fn leg(index: usize) -> LegId {
    LegId::new(format!("leg-{index}")).expect("id")
}

pub(super) fn detector(module: &str) -> Detector {
    Detector {
        module: module.into(),
        grammar: "builtin:speech/transcribe".into(),
        profile: None,
        params: BTreeMap::new(),
        patience: Duration::from_secs(2),
    }
}

pub(super) fn hearing() -> Hearing {
    Hearing { locale: Locale::English, flow: "shop".parse().expect("a name"), ear: Ear::Free }
}

fn arrival() -> Arrival {
    Arrival {
        origin: Origin::Trunk,
        from: None,
        from_name: Label::default(),
        to: Number::new("8000").expect("number"),
    }
}

fn over(leg: LegId, tag: Tag, played: bool, next: Next) -> Executed {
    let (cause, length) = (HangupCause::USER_BUSY, Duration::from_secs(1));
    Executed { leg, tag, played, cause, length, next }
}

impl World {
    pub fn new() -> Self {
        let settings = Settings {
            address: ([127, 0, 0, 1], 8021).into(),
            user: "".into(),
            password: SecretString::from("x"),
            prompts: "/prompts".into(),
            recordings: "/recordings".into(),
            domain: "tandem.local".into(),
            fallback: Number::new("5900").expect("number"),
            lease: Duration::from_secs(30),
        };
        Self {
            legs: Legs::new(settings),
            now: Stamp(0),
            due: Vec::new(),
            tags: Vec::new(),
            next: 0,
            ended: HashMap::new(),
            outcomes: HashMap::new(),
            played: HashMap::new(),
            dialled: Vec::new(),
            records: HashMap::new(),
            voices: HashSet::new(),
            number: 0,
            done: HashSet::new(),
        }
    }

    pub fn order(&mut self, on: LegId, kind: u8) {
        self.next += 1;
        let id = OrderId { seq: 1, index: self.next };
        let sound = SoundId::new("sound").expect("id");
        let to = leg(100 + self.next as usize);
        let endpoint = Endpoint::Phone(Name::new("1001").expect("name"));
        let (caller, caller_name) = (Number::new("1").expect("number"), Label::default());
        let (timeout, lease) = (Duration::from_secs(9), Duration::from_secs(30));
        let mut on = on;
        let command = match kind {
            0 => Command::Answer,
            1 => Command::Play { media: vec![Media::Prompt(PromptId::new([1; 16])), Media::Sound(sound)] },
            2 => Command::Stop,
            3 => Command::Music,
            4 => Command::Lease { span: lease },
            5 => Command::Release,
            6 => Command::Hangup { cause: HangupCause::NORMAL_CLEARING },
            7 => Command::Fallback,
            8 => Command::Ring,
            9 | 10 => Command::Meet { room: room(kind % 2), muted: kind == 9 },
            11 => Command::Mute { on: true },
            12 => Command::Part,
            13 => Command::Record { sound, limit: Duration::from_secs(2), silence: Duration::ZERO },
            14 => Command::Tape { sound },
            15 => Command::TapeStop,
            18 => Command::Tap { to: ([127, 0, 0, 1], 4000).into() },
            19 => Command::Untap,
            20 => Command::Detect { by: detector("test"), hearing: hearing() },
            21 => Command::GoOn,
            22 => Command::Deaf,
            16 => {
                on = to.clone();
                Command::Dial { endpoint, timeout, caller, caller_name, lease }
            }
            _ => Command::Connect { to: to.clone(), endpoint, timeout, caller, caller_name },
        };
        match &command {
            Command::Play { .. } => self.tags.push((on.clone(), Tag::Play(id))),
            Command::Music => self.tags.push((on.clone(), Tag::Music(id))),
            Command::Detect { .. } => self.tags.push((on.clone(), Tag::Detect(id))),
            Command::Record { .. } => self.tags.push((on.clone(), Tag::Record(id))),
            Command::Connect { .. } => self.tags.push((on.clone(), Tag::Connect(id, to.clone()))),
            _ => {}
        }
        if matches!(kind, 16 | 17) {
            self.dialled.push(to);
        }
        self.outcomes.insert(id, 0);
        self.legs.on_order(Order { id, leg: on, command }, self.now);
    }

    /// One of the callers, or of those that were dialled.
    fn any(&self, index: usize) -> LegId {
        if index < 6 { leg(index) } else { self.dialled(index) }
    }

    pub fn dialled(&self, index: usize) -> LegId {
        self.dialled.get(index % self.dialled.len().max(1)).cloned().unwrap_or_else(|| leg(index))
    }

    pub fn act(&mut self, step: &Step) {
        let now = self.now;
        match *step {
            Step::Order(i, kind) => self.order(self.any(i), kind),
            Step::Reply(good) => {
                if !self.due.is_empty() {
                    let [yes, no]: [&[u8]; 2] = match self.due[0] {
                        Then::Rate { .. } => [b"8000", b"-ERR no such channel"],
                        Then::Listens { .. } => [
                            b"<media-bugs><function>detect_speech</function></media-bugs>",
                            b"<media-bugs></media-bugs>",
                        ],
                        _ => [b"+OK", b"-ERR no such channel"],
                    };
                    let answer = if good { yes } else { no };
                    self.legs.on_reply(self.due.remove(0), answer, now);
                }
            }
            Step::Wait(ms) => {
                self.now = self.now + Duration::from_millis(u64::from(ms));
                self.legs.on_tick(self.now);
            }
            Step::Lost => {
                for then in std::mem::take(&mut self.due) {
                    self.legs.on_lost(then);
                }
                self.legs.on_down();
            }
            _ => {
                self.number += 1;
                if let Some(fact) = self.fact(step) {
                    self.legs.on_fact(fact, now);
                }
            }
        }
    }

    fn fact(&self, step: &Step) -> Option<Fact> {
        let number = || Number::new("4711").expect("number");
        let cause = HangupCause::USER_BUSY;
        Some(match *step {
            Step::Park(i) => {
                Fact::Parked { leg: leg(i), place: Place::Plain, arrival: Some(Box::new(arrival())) }
            }
            Step::Come(i, place) => {
                let place = match place {
                    0 => Place::Plain,
                    1 => Place::Referred(Some(number())),
                    2 => Place::Referred(None),
                    other => Place::Room(room(other % 2)),
                };
                Fact::Parked { leg: self.any(i), place, arrival: None }
            }
            Step::Met(i, index) => Fact::Met { leg: self.any(i), room: room(index), member: 7 },
            Step::Transferring(i, other) if i == other => {
                Fact::Referring { leg: self.any(i), to: Some(number()) }
            }
            Step::Transferring(i, other) => Fact::Joining { legs: [self.any(i), self.any(other)] },
            Step::Departing(i) => Fact::Departing { leg: self.any(i) },
            Step::Recording(i) => Fact::RecordStarted { leg: self.any(i) },
            Step::Recoded(i) => Fact::Recoded { leg: self.any(i) },
            Step::Dialled(i, good) => {
                let text = if good { "+OK x\n" } else { "-ERR USER_BUSY\n" }.to_owned();
                Fact::Answer { job: format!("tandem-dial-{}", self.dialled(i)), text }
            }
            Step::Key(i) => {
                Fact::Key { leg: self.any(i), key: Key::new('5').expect("key"), way: Way::Signal }
            }
            Step::Detected(i, what) => {
                let what = match what {
                    0 => Detected::Voice,
                    1 => Detected::Part("i want".into()),
                    2 => Detected::Words("i want a refund".into()),
                    3 => Detected::Words("".into()),
                    _ => Detected::Closed,
                };
                Fact::Detected { leg: leg(i), number: self.number, what }
            }
            Step::Created(i) => Fact::Created { leg: self.dialled(i) },
            Step::Answered(i) => Fact::Answered { leg: self.dialled(i), tones: i % 2 == 0 },
            Step::Bridged(i) => Fact::Bridged { leg: leg(i), peer: self.dialled(i) },
            Step::Started(i) => Fact::PlayStarted { leg: leg(i) },
            Step::Over(i, next, played) => {
                let (leg, tag) = self.tags.get(i % self.tags.len().max(1)).cloned()?;
                let next = [Next::Park, Next::Transfer, Next::Hangup][usize::from(next)];
                Fact::Executed(over(leg, tag, played, next))
            }
            Step::HungUp(i) => {
                let gone = if i < 3 { leg(i) } else { self.dialled(i) };
                Fact::HungUp { leg: gone, cause }
            }
            Step::LetGo(i) => Fact::LetGo { leg: leg(i) },
            Step::Order(..) | Step::Reply(_) | Step::Wait(_) | Step::Lost => return None,
        })
    }

    /// Takes what came out; says what is wrong with it.
    fn check(&mut self) -> Result<(), String> {
        let out = self.legs.take();
        for send in out.sends {
            if send.bytes.iter().filter(|b| **b == b'\n').count() < 2 || !send.bytes.ends_with(b"\n\n") {
                return Err(format!("not one message: {:?}", String::from_utf8_lossy(&send.bytes)));
            }
            self.due.push(send.then);
        }
        for event in out.events {
            if let Some(leg) = event.leg()
                && self.ended.contains_key(leg)
                && !matches!(event, Event::Outcome { .. })
            {
                return Err(format!("after its end: {event:?}"));
            }
            match event {
                Event::Ended { leg, .. } => *self.ended.entry(leg).or_default() += 1,
                Event::Outcome { order, outcome, .. } => {
                    if outcome == Outcome::Done {
                        self.done.insert(order);
                    }
                    let count = self.outcomes.get_mut(&order).ok_or("an outcome of no order")?;
                    *count += 1;
                    if *count > 1 {
                        return Err(format!("{order}: a second outcome, {outcome:?}"));
                    }
                }
                Event::Voice { leg } => drop(self.voices.insert(leg)),
                Event::Said { leg, .. } if !self.voices.remove(&leg) => {
                    return Err(format!("{leg}: words of nobody"));
                }
                Event::Played { order, .. } => {
                    let count = self.played.entry(order).or_default();
                    *count += 1;
                    if *count > 1 {
                        return Err(format!("{order}: played twice"));
                    }
                }
                Event::Recorded { order, .. } => {
                    let count = self.records.entry(order).or_default();
                    *count += 1;
                    if *count > 1 {
                        return Err(format!("{order}: recorded twice"));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn every_order_has_one_outcome_and_every_leg_one_end(steps in proptest::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        for step in &steps {
            world.act(step);
            prop_assert_eq!(world.check(), Ok(()), "after {:?}", step);
        }
        // All hang up, all replies come.
        for leg in (0..6).map(leg).chain(world.dialled.clone()) {
            world.legs.on_fact(Fact::HungUp { leg, cause: HangupCause::NORMAL_CLEARING }, world.now);
            prop_assert_eq!(world.check(), Ok(()));
        }
        while !world.due.is_empty() {
            world.act(&Step::Reply(false));
            prop_assert_eq!(world.check(), Ok(()));
        }
        for (leg, tag) in world.tags.clone() {
            world.legs.on_fact(Fact::Executed(over(leg, tag, true, Next::Hangup)), world.now);
            prop_assert_eq!(world.check(), Ok(()));
        }
        world.act(&Step::Wait(3000));
        prop_assert_eq!(world.check(), Ok(()));
        for (order, count) in &world.outcomes {
            prop_assert_eq!(*count, 1, "{}", order);
        }
        for (_, tag) in &world.tags {
            let (told, order) = match tag {
                Tag::Play(order) => (&world.played, order),
                Tag::Record(order) => (&world.records, order),
                _ => continue,
            };
            if world.done.contains(order) {
                prop_assert_eq!(told.get(order), Some(&1), "the end of {:?}", tag);
            }
        }
        for to in &world.dialled {
            prop_assert_eq!(world.ended.get(to), Some(&1), "{}", to);
        }
    }
}
