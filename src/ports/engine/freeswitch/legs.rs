//! What every leg is doing, as a pure state machine: facts, orders and replies in, events and commands out.
//!
//! The engine runs one application inside another when told to, and a break aimed at one hits the other. So a
//! leg has a *lane*: one application at a time; the next order starts when the one before has reported its end.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId},
        text::Label,
    },
    ports::engine::{Command, Event, HangupCause, Order, Outcome, Settings, Stream, Verdict},
};

use super::{
    command,
    detect::Server,
    leg::{Lane, Leg, Playing, Recording, Stage, Survey, Tapping},
    merges::Merge,
    phones::Phones,
    translate::{Next, taken},
    trunks::Trunks,
};

/// One command on its way, and what its reply is for.
#[derive(Debug, PartialEq, Eq)]
pub struct Send {
    pub bytes: Vec<u8>,
    pub then: Then,
}

/// What to do with the reply to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    Nothing,
    Outcome {
        leg: LegId,
        order: OrderId,
    },
    Connect {
        leg: LegId,
        order: OrderId,
        to: LegId,
    },
    Dial {
        leg: LegId,
        order: OrderId,
    },
    Fallback {
        leg: LegId,
        order: OrderId,
    },
    Portrait(LegId),
    /// How many samples a second a leg has that is going to stream to this address.
    Rate {
        leg: LegId,
        /// None where nobody ordered it anew.
        order: Option<OrderId>,
        tapping: Tapping,
    },
    Tap {
        leg: LegId,
        order: Option<OrderId>,
        tapping: Tapping,
        stream: Stream,
    },
    /// The engine's list does not have this leg: is it there?
    Exists(LegId),
    /// Does the recogniser listen that was to begin by this order?
    Listens {
        leg: LegId,
        order: OrderId,
    },
}

/// What came out: events for the switchboard, commands for the engine.
#[derive(Debug, Default)]
pub struct Out {
    pub events: Vec<Event>,
    pub sends: Vec<Send>,
}

/// How long a step may take before the leg is parked anew.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// All legs of one engine.
#[derive(Debug)]
pub struct Legs {
    pub(super) all: HashMap<LegId, Leg>,
    /// Legs that ended or were let go, with the time: late events about them are no news.
    pub(super) gone: HashMap<LegId, Stamp>,
    /// Channels that are nobody of ours.
    pub(super) foreign: HashSet<LegId>,
    pub(super) phones: Phones,
    pub(super) trunks: Trunks,
    pub(super) survey: Option<Survey>,
    pub(super) merges: Vec<Merge>,
    /// Recognisers of the engine that were slow to open, and when that was last seen.
    pub(super) slow: HashMap<Server, Stamp>,
    /// How many streams there have been.
    pub(super) streams: u32,
    pub(super) settings: Settings,
    /// What the engine itself calls its music.
    pub(super) music: String,
    pub(super) out: Out,
}

impl Legs {
    pub fn new(settings: Settings) -> Self {
        Self {
            all: HashMap::new(),
            gone: HashMap::new(),
            foreign: HashSet::new(),
            phones: Phones::default(),
            trunks: Trunks::default(),
            survey: None,
            merges: Vec::new(),
            slow: HashMap::new(),
            streams: 0,
            settings,
            music: command::DEFAULT_MUSIC.into(),
            out: Out::default(),
        }
    }

    /// What came out since the last time.
    pub fn take(&mut self) -> Out {
        std::mem::take(&mut self.out)
    }

    /// Whether something is waiting to be taken.
    pub fn has_news(&self) -> bool {
        !self.out.events.is_empty() || !self.out.sends.is_empty()
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.out.events.push(event);
    }

    pub(super) fn send(&mut self, bytes: Vec<u8>, then: Then) {
        self.out.sends.push(Send { bytes, then });
    }

    pub(super) fn outcome(&mut self, leg: &LegId, order: OrderId, outcome: Outcome) {
        self.tell(Event::Outcome { leg: leg.clone(), order, outcome });
    }

    pub(super) fn refuse(&mut self, leg: &LegId, order: OrderId, why: &str) {
        self.outcome(leg, order, Outcome::Refused(Label::new(why)));
    }

    pub(super) fn set_lane(&mut self, leg: &LegId, lane: Lane) {
        if let Some(known) = self.all.get_mut(leg) {
            known.lane = lane;
        }
    }

    /// Reports the prompt of a lane that was left by force.
    pub(super) fn played_if(&mut self, leg: &LegId, lane: &Lane, verdict: Verdict) {
        let Lane::Playing(Playing { prompt: Some(order), .. }) = lane else { return };
        let Some(known) = self.all.get_mut(leg) else { return };
        if known.reported < Some(*order) {
            known.reported = Some(*order);
            self.tell(Event::Played { leg: leg.clone(), order: *order, verdict });
        }
    }

    /// The leg is no more, or no more ours.
    pub(super) fn end(&mut self, leg: &LegId, cause: HangupCause, now: Stamp) {
        if let Some(known) = self.all.get(leg) {
            let lane = known.lane.clone();
            self.played_if(leg, &lane, Verdict::Stopped);
            self.give_record_up(leg);
        }
        let Some(known) = self.all.remove(leg) else { return };
        self.gone.insert(leg.clone(), now);
        self.tell(Event::Ended { leg: leg.clone(), cause });
        self.is_not_merged(leg, now);
        if let Lane::Dialling { to } = &known.lane
            && self.all.get(to).is_some_and(|to| to.stage == Stage::Promised)
        {
            // Nobody dials for a leg that is gone, and nobody reports that.
            self.end(to, HangupCause::NORMAL_CLEARING, now);
        }
        for order in known.waiting {
            self.drop_order(&order, "the leg is gone", now);
        }
    }

    /// An order that will not be carried out any more, through no fault of whom it would have dialled.
    pub(super) fn drop_order(&mut self, order: &Order, why: &str, now: Stamp) {
        self.refuse(&order.leg, order.id, why);
        if let Command::Connect { to, .. } = &order.command {
            self.end(to, HangupCause::NORMAL_CLEARING, now);
        }
    }

    /// The engine answered a command.
    pub fn on_reply(&mut self, then: Then, answer: &[u8], now: Stamp) {
        let result = taken(answer);
        match then {
            Then::Nothing => {}
            Then::Portrait(leg) => self.on_portrait(&leg, answer, now),
            Then::Exists(leg) => self.on_exists(&leg, answer, now),
            Then::Listens { leg, order } => self.on_listens(&leg, order, answer),
            Then::Rate { leg, order, tapping } => self.on_rate(&leg, order, tapping, answer, now),
            Then::Tap { leg, order, tapping, stream } => {
                let taken = result.is_ok();
                if let Some(order) = order {
                    self.outcome(&leg, order, into_outcome(result));
                }
                self.on_tapped(&leg, tapping, taken.then_some(stream), now);
            }
            Then::Outcome { leg, order } => {
                let refused = result.is_err();
                self.outcome(&leg, order, into_outcome(result));
                if refused {
                    self.free(&leg, order, now);
                }
            }
            Then::Dial { leg, order } => {
                let failed = result.is_err();
                self.outcome(&leg, order, into_outcome(result));
                if failed {
                    self.end(&leg, HangupCause::TEMPORARY_FAILURE, now);
                }
            }
            Then::Fallback { leg, order } => {
                let done = result.is_ok();
                self.outcome(&leg, order, into_outcome(result));
                if done {
                    self.end(&leg, HangupCause::NORMAL_CLEARING, now);
                }
            }
            Then::Connect { leg, order, to } => {
                let failed = result.as_ref().is_err_and(|why| !is_gone(why));
                self.outcome(&leg, order, into_outcome(result));
                if failed {
                    self.on_connect_over(&leg, &to, HangupCause::TEMPORARY_FAILURE, Next::Park, now);
                }
            }
        }
    }

    /// A refused `Play` or `Record` never started.
    fn free(&mut self, leg: &LegId, order: OrderId, now: Stamp) {
        let Some(known) = self.all.get_mut(leg) else { return };
        let refused = match &known.lane {
            Lane::Playing(playing) => playing.prompt == Some(order),
            Lane::Recording(recording) => recording.order == order && recording.hung_up.is_none(),
            _ => false,
        };
        if refused {
            known.recording = known.recording.filter(|recording| *recording != order);
            known.lane = Lane::Idle;
            self.pump(leg, now);
        }
    }

    /// The reply will not come: the link broke after the command was perhaps sent.
    pub fn on_lost(&mut self, then: Then) {
        match then {
            Then::Nothing
            | Then::Portrait(_)
            | Then::Exists(_)
            | Then::Listens { .. }
            | Then::Rate { order: None, .. }
            | Then::Tap { order: None, .. } => {}
            Then::Outcome { leg, order }
            | Then::Connect { leg, order, .. }
            | Then::Dial { leg, order }
            | Then::Rate { leg, order: Some(order), .. }
            | Then::Tap { leg, order: Some(order), .. }
            | Then::Fallback { leg, order } => {
                self.outcome(&leg, order, Outcome::Unknown);
            }
        }
    }

    /// Parks anew what takes too long to obey; ends what the engine has no more.
    pub fn on_tick(&mut self, now: Stamp) {
        self.bury(now);
        self.end_records(now);
        self.give_up_merges(now);
        self.end_utterances(now);
        self.find_slow(now);
        let late = |since: Stamp| now.since(since) >= PATIENCE;
        let stuck: Vec<LegId> = self
            .all
            .iter()
            .filter(|(_, leg)| match &leg.lane {
                Lane::Playing(Playing { stop: Some(since), .. })
                | Lane::Recording(Recording { stop: Some(since), hung_up: None, .. })
                | Lane::Reparking { since }
                | Lane::Leaving { since }
                | Lane::Entering { since, .. } => late(*since),
                _ => false,
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in stuck {
            self.repark(&id, now);
        }
    }

    pub(super) fn repark(&mut self, leg: &LegId, now: Stamp) {
        let Some(known) = self.all.get_mut(leg) else { return };
        // A leg that comes from a talk is still owed its `Returned`; the park that follows tells it.
        let next = match known.lane {
            Lane::Leaving { .. } | Lane::Entering { .. } => Lane::Leaving { since: now },
            _ => Lane::Reparking { since: now },
        };
        let lane = std::mem::replace(&mut known.lane, next);
        self.played_if(leg, &lane, Verdict::Stopped);
        self.send(command::park_again(leg), Then::Nothing);
    }
}

/// The leg is gone: its end is about to be told, or has been.
fn is_gone(why: &Label) -> bool {
    why.as_str().starts_with("invalid session")
}

fn into_outcome(result: Result<(), Label>) -> Outcome {
    result.map_or_else(Outcome::Refused, |()| Outcome::Done)
}
