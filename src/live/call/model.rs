//! A call and its stages. The stage says all that is expected of the engine, so that after a restart or a
//! lost link it can be asked for again.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    base::{
        attendance::Attendance,
        clock::Stamp,
        id::{CallId, LegId, Name, OrderId, RoomId, SoundId},
        number::Number,
        text::Label,
    },
    infra::site::Locale,
    live::{
        call::{Meeting, Sensed, Spoken},
        dialog::{Brief, Dialog},
        mailbox::Session,
        queue::{Place, Wish},
        record::{EndedBy, LegRecord, Role},
        routing::Goal,
        switchboard::view::{Known, Recording, Why},
    },
    ports::engine::{Arrival, HangupCause},
};

/// A caller in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub queue: Name,
    pub place: Place,
    /// The dialog to go on with, at its `otherwise` step, when waiting is over.
    pub after: Dialog,
    /// The greeting, or the place, is being heard; music follows.
    pub greeting: bool,
    /// When the place was told last.
    #[serde(default)]
    pub told: Option<Stamp>,
    /// When the caller came into this queue; `None`: at `place.joined`.
    #[serde(default)]
    pub entered: Option<Stamp>,
    #[serde(default)]
    pub wish: Option<Box<Wish>>,
    /// What was waited on the phone before hanging up to be called back.
    #[serde(default)]
    pub before: Duration,
}

impl Waiting {
    /// How long somebody waited in this queue, on the phone.
    pub fn waited(&self, now: Stamp) -> Duration {
        now.since(self.entered()) + self.before
    }

    pub fn entered(&self) -> Stamp {
        self.entered.unwrap_or(self.place.joined)
    }
}

/// Who is dialled or talks on the other side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Party {
    Agent(Name),
    Extension(Number),
    Outside(Number),
}

impl Party {
    pub fn words(&self) -> Label {
        match self {
            Self::Agent(name) => Label::new(name.as_str()),
            Self::Extension(number) | Self::Outside(number) => Label::new(number.as_str()),
        }
    }

    pub fn role(&self) -> Role {
        match self {
            Self::Agent(_) => Role::Agent,
            Self::Extension(_) => Role::Extension,
            Self::Outside(_) => Role::Outside,
        }
    }
}

/// A leg that Tandem dialled for the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialled {
    pub leg: LegId,
    pub party: Party,
    pub since: Stamp,
    /// What follows when this does not become a talk.
    pub otherwise: Next,
    /// The trunk it goes out on, and those to try when that one fails.
    pub trunk: Option<(Name, Vec<Name>)>,
}

/// Members of a group who are still to be rung, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub group: Number,
    pub left: Vec<Number>,
    pub after: Next,
}

/// What a caller does when the leg obeys again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    Hangup,
    /// Back to the place in the queue.
    Wait(Box<Waiting>),
    /// On with the flow at the dialog's step.
    Flow(Box<Dialog>),
    /// There, and to what is after it when nobody comes to talk.
    Goal(Box<(Goal, Next)>),
    /// On with a group.
    Turn(Box<Turn>),
    /// On a slot, and back to `by` when nobody takes the call there.
    Park {
        slot: Number,
        by: Option<Number>,
    },
    /// Hung up because nobody was reached, for this reason.
    TurnAway(HangupCause),
}

impl Next {
    pub fn goal(goal: Goal) -> Self {
        Self::Goal(Box::new((goal, Self::Hangup)))
    }

    /// The place in a queue that it leads back to.
    pub fn place(&self) -> Option<&Waiting> {
        match self {
            Self::Wait(waiting) => Some(waiting),
            _ => None,
        }
    }

    /// The call is over.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Hangup | Self::TurnAway(_))
    }
}

/// A caller who was put on a slot, and who comes back to `by` when nobody takes the call there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    pub slot: Number,
    pub by: Option<Number>,
}

/// A caller at a mailbox, or before a conference's door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtMailbox {
    pub session: Session,
    /// The `Record` under way, and what it makes.
    pub recording: Option<(OrderId, SoundId)>,
}

/// A caller in a conference of the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conferring {
    pub number: Number,
    pub room: RoomId,
    pub since: Stamp,
    pub muted: bool,
    pub here: bool,
}

/// Where a call stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// `Answer` is ordered.
    Answering {
        next: Next,
        tries: u8,
    },
    Dialog(Dialog),
    Waiting(Waiting),
    /// `Connect` to an agent or an extension is ordered.
    Dialling(Dialled),
    /// Both hear each other. `returned`: the engine already said that the caller's leg obeys again.
    Talking {
        with: Dialled,
        joined: Stamp,
        then: Next,
        returned: bool,
    },
    /// The caller and others in a room: a group, a consultation, somebody fetched from a slot.
    Meeting(Meeting),
    Parked(Parked),
    AtMailbox(AtMailbox),
    Conferring(Conferring),
    /// As earlier versions saved `Hearing` before the end.
    Told,
    /// Hears something; `next` after it.
    Hearing {
        next: Next,
    },
    /// Tandem dials this call's leg itself; `next` when it is answered.
    Reaching {
        next: Next,
        #[serde(default)]
        since: Stamp,
        /// The trunk it goes out on, and those to try when that one fails.
        #[serde(default)]
        trunk: Option<(Name, Vec<Name>)>,
    },
    /// The peer is gone; `next` as soon as the caller's leg obeys again.
    Parting {
        next: Next,
    },
    /// `Hangup` is ordered or the caller is gone; the record follows when all legs have ended.
    Ending,
}

impl Stage {
    /// The word of the doors.
    pub fn word(&self) -> SmolStr {
        SmolStr::new_static(match self {
            Self::Answering { .. } => "arriving",
            Self::Dialog(_) | Self::Told | Self::Hearing { .. } | Self::AtMailbox(_) => "menu",
            Self::Waiting(_) | Self::Parting { next: Next::Wait(_) } => "waiting",
            Self::Dialling(Dialled { party: Party::Agent(_), .. }) => "offered",
            Self::Meeting(meeting) if meeting.is_offer() => "offered",
            Self::Meeting(meeting) if meeting.since.is_some() && meeting.aside => "consulting",
            Self::Dialling(_)
            | Self::Parting { .. }
            | Self::Reaching { .. }
            | Self::Meeting(Meeting { since: None, .. }) => "dialling",
            Self::Meeting(_) | Self::Talking { .. } => "talking",
            Self::Parked(_) => "parked",
            Self::Conferring(_) => "conference",
            Self::Ending => "ending",
        })
    }

    /// The leg on the other side, dialled or talking.
    pub fn peer(&self) -> Option<&Dialled> {
        match self {
            Self::Dialling(dialled) | Self::Talking { with: dialled, .. } => Some(dialled),
            _ => None,
        }
    }

    /// Since when people hear each other.
    pub fn talks_since(&self) -> Option<Stamp> {
        match self {
            Self::Talking { joined, .. } => Some(*joined),
            Self::Meeting(meeting) => meeting.since,
            Self::Conferring(conferring) => Some(conferring.since),
            _ => None,
        }
    }

    pub fn waiting_mut(&mut self) -> Option<&mut Waiting> {
        match self {
            Self::Waiting(waiting) => Some(waiting),
            Self::Dialling(Dialled { otherwise: Next::Wait(waiting), .. })
            | Self::Parting { next: Next::Wait(waiting) }
            | Self::Meeting(Meeting { then: Next::Wait(waiting), .. }) => Some(waiting),
            _ => None,
        }
    }

    /// The waiting of somebody who is about to be offered to an agent by name, and holds no place until then.
    pub fn sent_waiting(&self) -> Option<&Waiting> {
        let (Self::Dialling(Dialled { otherwise: next, .. })
        | Self::Parting { next }
        | Self::Meeting(Meeting { then: next, .. })) = self
        else {
            return None;
        };
        let Next::Goal(goal) = next else { return None };
        let (Goal::Agent(_), after) = &**goal else { return None };
        after.place()
    }

    /// The waiting that this stage holds a place for.
    pub fn waiting(&self) -> Option<&Waiting> {
        match self {
            Self::Waiting(waiting) => Some(waiting),
            Self::Dialling(Dialled { otherwise: Next::Wait(waiting), .. })
            | Self::Parting { next: Next::Wait(waiting) }
            | Self::Meeting(Meeting { then: Next::Wait(waiting), .. }) => Some(waiting),
            _ => None,
        }
    }
}

/// Who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Caller {
    /// Nobody was asked, or nobody knows.
    #[default]
    Unknown,
    /// Somebody was asked then, and has not answered.
    Asked(Stamp),
    Known(Box<Known>),
}

impl Caller {
    pub fn known(&self) -> Option<&Known> {
        match self {
            Self::Known(known) => Some(known),
            Self::Unknown | Self::Asked(_) => None,
        }
    }
}

/// A recording of a call, and the order that began it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tape {
    pub order: OrderId,
    pub recording: Recording,
}

/// A supervisor who attends a talk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attending {
    pub leg: LegId,
    /// The extension whose phone that is.
    pub by: Number,
    pub how: Attendance,
    /// The agent's leg.
    pub of: LegId,
    /// Since when the phone was answered.
    pub since: Option<Stamp>,
    /// Takes the call over as soon as the phone is answered.
    pub takes_over: bool,
    /// The last `Attend`.
    pub order: Option<OrderId>,
    /// Was told to leave.
    pub over: bool,
}

/// Somebody who is asked, after a talk with an agent, how it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// From which the caller came to the agent.
    pub queue: Name,
    /// Who talked with the caller last.
    pub agent: Option<Name>,
    /// The best answer, from the moment when the question is heard.
    pub of: Option<u8>,
    pub rating: Option<u8>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub id: CallId,
    pub leg: LegId,
    pub arrival: Arrival,
    pub language: Locale,
    pub began: Stamp,
    pub answered: Option<Stamp>,
    pub stage: Stage,
    /// The `Play` whose end is awaited, or the `Music` that was not refused.
    pub playing: Option<OrderId>,
    /// The caller's leg holds a lease.
    pub leased: bool,
    /// The engine's last list did not have the caller's leg, and may have been too old to tell. Nobody is
    /// rung for this caller before the next one does.
    pub unseen: bool,
    /// The caller's leg is gone, with this cause.
    pub gone: Option<(Stamp, HangupCause)>,
    pub ended_by: Option<EndedBy>,
    pub queue: Option<Name>,
    pub agent: Option<Name>,
    pub wait_ms: u64,
    pub talk_ms: u64,
    /// The legs that Tandem dialled, in order. A caller who handed the other side on is here, too.
    pub dialled: Vec<LegRecord>,
    /// The caller left and the other side stays: `leg` is one of those dialled.
    #[serde(default)]
    pub handed_on: bool,
    /// How often the call was forwarded or transferred.
    #[serde(default)]
    pub hops: u8,
    /// The extension whose rights the call has: the caller's phone, or whoever transferred it last.
    #[serde(default)]
    pub by: Option<Number>,
    /// The recordings of this call; only the last can still run.
    #[serde(default)]
    pub recorded: Vec<Tape>,
    pub steps: Vec<Why>,
    /// What a conversation tells those who take the caller over.
    #[serde(default)]
    pub brief: Option<Box<Brief>>,
    /// Who attends its talk.
    #[serde(default)]
    pub attended: Option<Box<Attending>>,
    /// How its talk goes, where that is sensed.
    #[serde(default)]
    pub sensed: Option<Box<Sensed>>,
    /// What was said in its conversations.
    #[serde(default)]
    pub spoken: Option<Box<Spoken>>,
    /// Who calls, as far as it was asked.
    #[serde(default)]
    pub caller: Caller,
    /// The call in which it was promised to call back, if this is the way that it is done.
    #[serde(default)]
    pub promised_in: Option<CallId>,
    /// The queue from which an agent took it last.
    #[serde(default)]
    pub served: Option<Name>,
    #[serde(default)]
    pub survey: Option<Survey>,
    /// What an agent said became of it.
    #[serde(default)]
    pub disposition: Option<Name>,
}

impl Call {
    pub fn note(&mut self, at: Stamp, what: impl Into<SmolStr>) {
        self.steps.push(Why::new(at, what));
    }

    /// The other side's legs that have not ended.
    pub fn open_legs(&self) -> impl Iterator<Item = &LegRecord> {
        self.dialled.iter().filter(|leg| leg.ended.is_none() && leg.leg != self.leg)
    }

    /// The recording under way.
    pub fn tape(&self) -> Option<&Tape> {
        self.recorded.last().filter(|tape| tape.recording.runs())
    }

    pub fn tape_mut(&mut self) -> Option<&mut Tape> {
        self.recorded.last_mut().filter(|tape| tape.recording.runs())
    }

    pub fn dialled_mut(&mut self, leg: &LegId) -> Option<&mut LegRecord> {
        self.dialled.iter_mut().find(|record| record.leg == *leg)
    }
}
