//! What the switchboard owns, and the way in and out.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    callbacks::Callback,
    conferences::Session,
    extensions::Changed,
    mailboxes::Late,
    repeated::Repeated,
    service::day,
    surveys::Ratings,
    view::{Act, Actor, AlertNews, Known, Refusal, SummaryView, Why, Words},
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Cause, LegId, Name, OrderId, RoomId, SoundId},
        number::Number,
        text::Label,
    },
    infra::site::{PinHash, Site},
    live::{
        agent::Agents,
        alert::Alerts,
        call::{Call, Timers},
        dialog::{
            self,
            talk::{self, Fact, Heard},
        },
        mailbox::{Boxes, Happening, Pressed, Verdict},
        message::Messages,
        queue::Queues,
        record::{CallRecord, Disposed},
    },
    ports::{
        assistant::Turn,
        engine::{Command, Event, HangupCause, Order},
    },
};

/// Everything that can happen to the switchboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// A process begins: nothing is known of the engine until it has been asked.
    Started {
        version: SmolStr,
    },
    /// A revision of the site takes effect.
    Site(Arc<Site>),
    Engine(Event),
    /// A key whose digit is nobody's business (`Secrets`).
    Pressed {
        leg: LegId,
        pressed: Pressed,
    },
    /// The answer to `Effect::Check`.
    Checked {
        call: CallId,
        verdict: Verdict,
    },
    /// What a caller said (`Event::Said`), as the conversation's model understands it.
    Understood {
        leg: LegId,
        heard: Heard,
    },
    /// The answer to `Effect::Reveal`.
    Typed {
        call: CallId,
        typed: Option<Fact>,
    },
    /// The outcome of `Effect::Task`: its results by name, or `None` when it failed.
    TaskDone {
        call: CallId,
        outcome: Option<BTreeMap<SmolStr, SmolStr>>,
    },
    /// The answer to `Effect::LookUp`; `None`: nobody knows the caller.
    Known {
        call: CallId,
        known: Option<Box<Known>>,
    },
    /// What a chat model made of `Effect::SumUp`.
    SummedUp {
        call: CallId,
        summary: SummaryView,
    },
    /// Who called again, as the database has it.
    Repeated(Repeated),
    /// The time that `Switchboard::next_deadline` named has come.
    Clock,
    /// An admin acts; `ask` comes back in `Effect::Reply`.
    Act {
        actor: Actor,
        act: Act,
        ask: u64,
    },
}

/// Everything that the switchboard can cause.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Order(Order),
    /// A call is over.
    Record(Box<CallRecord>),
    Reply {
        ask: u64,
        result: Result<(), Refusal>,
    },
    /// What has been keyed in on this leg counts no more (`Secrets`).
    Afresh(LegId),
    /// Is what was keyed in on this leg this PIN? Comes back as `Input::Checked`.
    Check {
        call: CallId,
        leg: LegId,
        pin: PinHash,
    },
    /// How are the last secret digits that were keyed in on this leg shown? Comes back as `Input::Typed`.
    Reveal {
        call: CallId,
        leg: LegId,
        digits: u8,
    },
    /// A conversation wants this done outside; `facts` have masks for secrets, and `hidden` their numbers (`Secrets`). Comes back as `Input::TaskDone`.
    Task {
        call: CallId,
        leg: LegId,
        task: Name,
        facts: BTreeMap<Name, SmolStr>,
        hidden: BTreeMap<Name, u32>,
    },
    /// Who calls from this number? Comes back as `Input::Known`, or never.
    LookUp {
        call: CallId,
        from: Number,
    },
    /// A chat model may sum up what was said. Comes back as `Input::SummedUp`, or never.
    SumUp {
        call: CallId,
        turns: Vec<Turn>,
    },
    /// Nobody will hear this recording any more.
    Forget(SoundId),
    /// What became of a call whose record was an effect before.
    Disposed(Disposed),
    /// A decision and its reason, as it happens.
    Told {
        call: CallId,
        why: Why,
    },
    /// What is said in a conversation, for whoever watches.
    Words(Words),
    /// What became of an alert.
    Alert(Box<AlertNews>),
}

/// What is known of the link to the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    Connecting,
    /// `audited`: our view has been compared with the engine's since the link came up.
    Up {
        engine: Label,
        since: Stamp,
        audited: bool,
    },
    Down {
        reason: Label,
        since: Stamp,
        next_try: Stamp,
    },
}

/// All live state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Switchboard {
    pub(super) site: Arc<Site>,
    pub(super) version: SmolStr,
    pub(super) started: Stamp,
    pub(super) link: Link,
    pub(super) calls: BTreeMap<CallId, Call>,
    /// Which call a leg belongs to.
    pub(super) legs: BTreeMap<LegId, CallId>,
    pub(super) queues: Queues,
    /// Who is to be called back, by the call in which it was promised.
    #[serde(default)]
    pub(super) callbacks: BTreeMap<CallId, Callback>,
    /// Mails, chats, tickets that wait for agents or are in their hands.
    #[serde(default)]
    pub(super) messages: Messages,
    pub(super) agents: Agents,
    pub(super) timers: Timers,
    #[serde(default)]
    pub(super) alerts: Alerts,
    #[serde(default)]
    pub(super) ratings: Ratings,
    /// What was told last of those who called again, and when.
    #[serde(default)]
    pub(super) repeated: Option<(Stamp, Repeated)>,
    /// What extensions wish against the site.
    #[serde(default)]
    pub(super) changed: BTreeMap<Number, Changed>,
    /// Trunks that are left alone until then.
    #[serde(default)]
    pub(super) shunned: BTreeMap<Name, Stamp>,
    #[serde(default)]
    pub(super) conferences: BTreeMap<Number, Session>,
    #[serde(default)]
    pub(super) boxes: Boxes,
    /// Messages whose callers are gone, and whose ends are still to be told.
    #[serde(default)]
    pub(super) late: Vec<Late>,
    /// Legs that ended lately, so that a late word about them makes no new call.
    pub(super) ended: VecDeque<(Stamp, LegId)>,
    pub(super) calls_today: u64,
    /// Days since 1970 in the site's zone.
    pub(super) today: i64,
    #[serde(skip)]
    pub(super) out: Out,
}

/// The effects of the input at hand.
#[derive(Clone, Debug, Default)]
pub(super) struct Out {
    cause: Option<Cause>,
    effects: Vec<Effect>,
    /// Who was led past a queue by this input, once for each time.
    pub(super) past: Vec<CallId>,
}

impl Out {
    pub(super) fn now(&self) -> Stamp {
        self.cause.map(|cause| cause.at).unwrap_or_default()
    }

    pub(super) fn call_id(&mut self, taken: &BTreeMap<CallId, Call>) -> CallId {
        fresh(self.cause(), taken)
    }

    pub(super) fn leg_id(&mut self) -> LegId {
        self.cause().leg_id()
    }

    pub(super) fn room_id(&mut self) -> RoomId {
        self.cause().room_id()
    }

    pub(super) fn sound_id(&mut self) -> SoundId {
        self.cause().sound_id()
    }

    pub(super) fn order(&mut self, leg: &LegId, command: Command) -> OrderId {
        let id = self.cause().order_id();
        self.effects.push(Effect::Order(Order { id, leg: leg.clone(), command }));
        id
    }

    pub(super) fn hangup(&mut self, leg: &LegId, cause: HangupCause) {
        self.order(leg, Command::Hangup { cause });
    }

    pub(super) fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Writes a reason into the call's story and tells it.
    pub(super) fn tell(&mut self, call: &mut Call, what: impl Into<SmolStr>) {
        self.tell_all(call, Why::new(self.now(), what));
    }

    /// The same, with all that belongs to the reason.
    pub(super) fn tell_all(&mut self, call: &mut Call, why: Why) {
        call.steps.push(why.clone());
        self.effects.push(Effect::Told { call: call.id, why });
    }

    fn cause(&mut self) -> &mut Cause {
        self.cause.as_mut().expect("effects arise only while an input is handled")
    }
}

/// How long an ended leg is remembered.
const REMEMBER_ENDED: Duration = Duration::from_mins(1);

impl Switchboard {
    /// An empty house for a site. `Input::Started` brings it to life.
    pub fn new(site: Arc<Site>, now: Stamp) -> Self {
        let mut agents = Agents::default();
        agents.adopt(&site, now);
        let today = day(now, &site);
        Self {
            site,
            version: SmolStr::default(),
            started: now,
            link: Link::Connecting,
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            queues: Queues::default(),
            callbacks: BTreeMap::new(),
            messages: Messages::default(),
            agents,
            timers: Timers::default(),
            alerts: Alerts::default(),
            ratings: Ratings::default(),
            repeated: None,
            changed: BTreeMap::new(),
            shunned: BTreeMap::new(),
            conferences: BTreeMap::new(),
            boxes: Boxes::default(),
            late: Vec::new(),
            ended: VecDeque::new(),
            calls_today: 0,
            today,
            out: Out::default(),
        }
    }

    /// Handles one input. `seq` and `now` are those of its journal entry; both never run backwards.
    pub fn on(&mut self, seq: u64, now: Stamp, input: Input) -> Vec<Effect> {
        self.out = Out { cause: Some(Cause::new(seq, now)), ..Out::default() };
        match input {
            Input::Started { version } => self.start(version, now),
            Input::Site(site) => self.adopt(site),
            Input::Engine(event) => self.engine(event),
            Input::Pressed { leg, pressed } => self.pressed(&leg, pressed),
            Input::Checked { call, verdict } => self.at_mailbox(call, Happening::Checked(verdict)),
            Input::Understood { leg, heard } => self.understood(&leg, heard),
            Input::Typed { call, typed } => {
                self.dialog(call, dialog::Happening::Word(talk::Input::Typed(typed)));
            }
            Input::TaskDone { call, outcome } => self.task_done(call, outcome),
            Input::Known { call, known } => self.known(call, known),
            Input::SummedUp { call, summary } => self.summed_up(call, summary),
            Input::Repeated(repeated) => self.repeated = Some((now, repeated)),
            Input::Clock => self.clock(),
            Input::Act { actor, act, ask } => {
                let result = self.act(&actor, act);
                self.out.push(Effect::Reply { ask, result });
            }
        }
        self.give_dropped_back();
        self.offer_messages();
        self.out.cause = None;
        std::mem::take(&mut self.out.effects)
    }

    /// When `Input::Clock` is wanted.
    pub fn next_deadline(&self) -> Option<Stamp> {
        self.timers.next()
    }

    /// The call that an input is about, so that it can be sealed with that call's key.
    /// An arrival belongs to the call that it will begin.
    pub fn call_of(&self, input: &Input, seq: u64, now: Stamp) -> Option<CallId> {
        match input {
            Input::Engine(event) => {
                let leg = event.leg()?;
                let known = self.legs.get(leg).copied();
                let arrives = matches!(event, Event::Arrived { .. });
                known.or_else(|| arrives.then(|| fresh(&mut Cause::new(seq, now), &self.calls)))
            }
            Input::Pressed { leg, .. } | Input::Understood { leg, .. } => self.legs.get(leg).copied(),
            Input::Checked { call, .. }
            | Input::Typed { call, .. }
            | Input::TaskDone { call, .. }
            | Input::Known { call, .. }
            | Input::SummedUp { call, .. } => Some(*call).filter(|call| self.calls.contains_key(call)),
            Input::Act { act, .. } => act.call().filter(|call| self.calls.contains_key(call)),
            _ => None,
        }
    }

    /// How many calls are alive.
    pub fn live_calls(&self) -> usize {
        self.calls.len()
    }

    /// What an answer from outside is about is no more: it has no key to be sealed with, and changes nothing.
    pub fn is_late(&self, input: &Input) -> bool {
        let (Input::TaskDone { call, .. } | Input::Known { call, .. } | Input::SummedUp { call, .. }) = input
        else {
            return false;
        };
        !self.calls.contains_key(call)
    }

    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    pub(super) fn now(&self) -> Stamp {
        self.out.now()
    }

    /// The engine can be ordered and our view of it is right.
    pub(super) fn ready(&self) -> bool {
        matches!(self.link, Link::Up { audited: true, .. })
    }

    /// Remembers that a leg is no more.
    pub(super) fn forget_leg(&mut self, leg: &LegId) {
        let now = self.now();
        self.legs.remove(leg);
        self.ended.push_back((now, leg.clone()));
        while self.ended.front().is_some_and(|(at, _)| now.since(*at) > REMEMBER_ENDED) {
            self.ended.pop_front();
        }
    }

    pub(super) fn ended_lately(&self, leg: &LegId) -> bool {
        self.ended.iter().any(|(_, ended)| ended == leg)
    }

    fn start(&mut self, version: SmolStr, now: Stamp) {
        self.version = version;
        self.started = now;
        self.link = Link::Connecting;
        self.hold_all_again();
        self.watch_figures();
    }

    /// Live state as it was saved.
    pub fn saved(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let mut board: Self = serde_json::from_slice(bytes)?;
        board.agents.post(&board.site);
        Ok(board)
    }
}

fn fresh(cause: &mut Cause, taken: &BTreeMap<CallId, Call>) -> CallId {
    loop {
        let id = cause.call_id();
        if !taken.contains_key(&id) {
            return id;
        }
    }
}
