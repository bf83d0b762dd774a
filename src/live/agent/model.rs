//! What an agent can be.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
        text::Label,
    },
    infra::site::{Capacity, Takes},
};

/// Why an agent is left alone for a while after an offer that did not become a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rest {
    NoAnswer,
    Busy,
    Rejected,
    /// Not registered, or the engine could not reach the phone.
    Unreachable,
}

impl Rest {
    pub fn words(self) -> &'static str {
        match self {
            Self::NoAnswer => "did not answer",
            Self::Busy => "phone was busy",
            Self::Rejected => "declined",
            Self::Unreachable => "phone could not be reached",
        }
    }
}

/// Exactly one of these at a time; `Offered` and `Talking` name the call that holds the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentState {
    LoggedOut,
    Ready,
    Offered { call: CallId },
    Talking { call: CallId },
    WrapUp { until: Stamp },
    Resting { why: Rest, until: Stamp },
    Paused { reason: Label },
}

/// What an agent may say of the call before, or in wrap-up must.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owes {
    pub call: CallId,
    pub queue: Name,
    /// Nothing else ends the wrap-up before its longest time.
    pub required: bool,
    /// When the wrap-up ends, or would without that.
    pub until: Stamp,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    pub state: AgentState,
    /// When the state began.
    pub since: Stamp,
    /// Idle since: the end of the last talk, or the login. The longest idle is offered first.
    pub idle_since: Stamp,
    /// What follows when the present call is over: an admin asked for it meanwhile.
    pub then: Option<Then>,
    /// `Some(false)`: the engine said that the phone is not registered.
    pub registered: Option<bool>,
    pub calls_today: u64,
    #[serde(default)]
    pub talked_today: Duration,
    /// When the last call was offered.
    #[serde(default)]
    pub offered: Stamp,
    /// Of the call that is wrapped up.
    #[serde(default)]
    pub owes: Option<Owes>,
    /// Of the last call, if its queue has dispositions; `until`: when it is too late to say anything.
    #[serde(default)]
    pub last: Option<Owes>,
    /// A client holds the agent at work, and has to say so again and again.
    #[serde(default)]
    pub lease: Option<Lease>,
    /// The messages in hand: offered, or taken.
    #[serde(default)]
    pub messages: BTreeSet<CallId>,
    /// When the last one was offered.
    #[serde(default)]
    pub handed: Stamp,
    /// When the last one was done with.
    #[serde(default)]
    pub relieved: Stamp,
    /// The last one that was offered was not taken: none is until then.
    #[serde(default)]
    pub spared: Option<Stamp>,
    /// What the site says.
    #[serde(skip)]
    pub capacity: Capacity,
}

/// For how long a client that says nothing is taken to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub span: Duration,
    pub until: Stamp,
}

impl Lease {
    /// A third longer than was asked for, so that one renewal in a third of the span has to be written down.
    pub fn new(span: Duration, now: Stamp) -> Self {
        Self { span, until: now + span + span / 3 }
    }

    /// Still runs for the whole span.
    pub fn is_new(&self, now: Stamp) -> bool {
        self.until >= now + self.span
    }
}

/// A wish that waits for the end of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    LogOut,
    Pause(Label),
}

impl Agent {
    pub fn new(logged_in: bool, now: Stamp) -> Self {
        let state = if logged_in { AgentState::Ready } else { AgentState::LoggedOut };
        Self {
            state,
            since: now,
            idle_since: now,
            then: None,
            registered: None,
            calls_today: 0,
            talked_today: Duration::ZERO,
            offered: Stamp::default(),
            lease: None,
            owes: None,
            messages: BTreeSet::new(),
            handed: Stamp::default(),
            relieved: now,
            spared: None,
            capacity: Capacity::default(),
            last: None,
        }
    }

    /// May be offered a call now.
    pub fn free(&self) -> bool {
        self.state == AgentState::Ready && self.registered != Some(false) && self.has_room(Takes::Calls)
    }

    /// May be offered one of these now.
    pub fn free_for(&self, takes: Takes) -> bool {
        match takes {
            Takes::Calls => self.free(),
            Takes::Messages => {
                let here = self.works() && !matches!(self.state, AgentState::Resting { .. });
                here && self.spared.is_none() && self.has_room(takes)
            }
        }
    }

    /// Since when there was nothing of these to do, and when one was offered last.
    pub fn since_when(&self, takes: Takes) -> (Stamp, Stamp) {
        match takes {
            Takes::Calls => (self.idle_since, self.offered),
            Takes::Messages => (self.relieved, self.handed),
        }
    }

    /// One more fits beside what is in hand.
    fn has_room(&self, takes: Takes) -> bool {
        let in_call = self.call().is_some() || matches!(self.state, AgentState::WrapUp { .. });
        self.capacity.has_room(usize::from(in_call), self.messages.len(), takes)
    }

    /// Takes calls today: now, or after what is being done.
    pub fn works(&self) -> bool {
        let leaves = matches!(self.then, Some(Then::LogOut | Then::Pause(_)));
        !leaves && !matches!(self.state, AgentState::LoggedOut | AgentState::Paused { .. })
    }

    /// The call that holds this agent.
    pub fn call(&self) -> Option<CallId> {
        match self.state {
            AgentState::Offered { call } | AgentState::Talking { call } => Some(call),
            _ => None,
        }
    }

    /// Wraps up, and must say first what became of the call.
    pub fn must_say(&self) -> Option<&Owes> {
        let wraps_up = matches!(self.state, AgentState::WrapUp { .. });
        self.owes.as_ref().filter(|owes| wraps_up && owes.required)
    }

    /// The last call, while it is not too late to say what became of it.
    pub fn may_say(&self, now: Stamp) -> Option<&Owes> {
        self.last.as_ref().filter(|last| last.until > now)
    }

    /// Does what waited for the end of a call.
    pub(super) fn goes_on(&mut self) {
        self.state = match self.then.take() {
            Some(Then::LogOut) => AgentState::LoggedOut,
            Some(Then::Pause(reason)) => AgentState::Paused { reason },
            None => AgentState::Ready,
        };
    }

    /// When the state ends by itself.
    pub fn deadline(&self) -> Option<Stamp> {
        match self.state {
            AgentState::WrapUp { until } | AgentState::Resting { until, .. } => Some(until),
            _ => None,
        }
    }

    /// Why the state is as it is, or what was ordered for the end of the present call.
    pub fn reason(&self) -> Option<Label> {
        match (&self.state, &self.then) {
            (AgentState::Paused { reason }, _) => Some(reason.clone()),
            (AgentState::Resting { why, .. }, _) => Some(Label::new(why.words())),
            (_, Some(Then::LogOut)) => Some(Label::new("logs out after it")),
            (_, Some(Then::Pause(reason))) => Some(Label::new(&format!("pauses after it: {reason}"))),
            (_, None) => self.must_say().map(|_| Label::new("owes a disposition")),
        }
    }

    /// Why there is nothing for this agent from a queue that takes these.
    pub fn busy_with(&self, takes: Takes) -> SmolStr {
        match (takes, self.messages.len()) {
            (Takes::Messages, _) if self.works() && self.spared.is_some() => "did not take a message".into(),
            (Takes::Messages, held @ 1..) if self.works() => {
                format_smolstr!("{}, {held} messages in hand", self.words())
            }
            _ => self.words(),
        }
    }

    /// The state in the words of the doors.
    pub fn words(&self) -> SmolStr {
        let text = match self.state {
            AgentState::LoggedOut => "logged out",
            AgentState::Ready if self.registered == Some(false) => "phone gone",
            AgentState::Ready if !self.has_room(Takes::Calls) => "with messages",
            AgentState::Ready => "ready",
            AgentState::Offered { .. } => "offered",
            AgentState::Talking { .. } => "talking",
            AgentState::WrapUp { .. } => "wrap-up",
            AgentState::Resting { .. } => "resting",
            AgentState::Paused { .. } => "paused",
        };
        SmolStr::new_static(text)
    }
}
