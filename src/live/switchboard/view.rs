//! What the doors may ask and tell the switchboard: queries with their answers, and acts of an admin.
//! These are the bodies of REST v1; a field once here stays.

mod act;
mod actor;
mod alert;
mod assignment;
mod brief;
mod done;
mod known;
mod message;
mod owes;
mod recording;
mod repeat;
mod service;
mod survey;
mod words;

pub use act::{Act, Keep, LEASES, Spot};
pub use actor::Actor;
pub use alert::{Acknowledged, AlertNews, AlertTurn, AlertView};
pub use assignment::{Assignment, Over, Passed, Why};
pub use brief::{BriefView, FactView, SummaryView, SummedBy};
pub use done::{CallSubject, ConferenceSubject, Deed, Done, Subject};
pub use known::{Known, LastContact};
pub use message::{MessageDetail, MessageRefusal, MessageView};
pub use owes::{Labels, OwesView};
pub use recording::{Pause, Recording};
pub use repeat::Repeats;
pub use service::{FiguresView, ServiceView};
pub use survey::{Rated, RatedView, SurveyView};
pub use words::{Speaker, Words};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    base::{
        attendance::Attendance,
        clock::Stamp,
        id::{CallId, Name, Reference, SoundId},
        mood::Side,
        number::Number,
        text::Label,
    },
    infra::site::Feature,
};

/// Questions are answered from live state and are not journalled.
#[derive(Clone, Debug)]
pub enum Query {
    Status,
    Calls,
    Call(CallId),
    Queues,
    Agents,
    Callbacks,
    Messages,
    Message(Reference),
    Alerts,
    Conferences,
    Extensions,
    /// The messages that this number has left in mailboxes.
    LeftBy(Number),
}

/// Answers, one for each question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum View {
    Status(StatusView),
    Calls(Vec<CallView>),
    /// `None`: not live (perhaps in the database).
    Call(Option<Box<CallDetail>>),
    Queues(Vec<QueueView>),
    Agents(Vec<AgentView>),
    Callbacks(Vec<CallbackView>),
    Conferences(Vec<ConferenceView>),
    Extensions(Vec<ExtensionView>),
    Left(Vec<SoundId>),
    Alerts(Vec<AlertView>),
    Messages(Vec<MessageView>),
    Message(Option<Box<MessageDetail>>),
}

/// Green, or what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StatusView {
    #[schema(value_type = String)]
    pub version: SmolStr,
    #[schema(value_type = String)]
    pub site: SmolStr,
    #[schema(value_type = String)]
    pub revision: SmolStr,
    pub now: Stamp,
    pub started: Stamp,
    pub engine: EngineView,
    pub calls: usize,
    pub waiting: usize,
    pub talking: usize,
    pub agents_ready: usize,
    pub agents: usize,
    pub calls_today: u64,
    /// What is wrong besides the engine; empty when all is well.
    pub troubles: Vec<Trouble>,
}

/// Something that an admin should see to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Trouble {
    #[schema(value_type = String)]
    pub what: SmolStr,
    #[schema(value_type = String)]
    pub remedy: SmolStr,
}

/// The link to the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum EngineView {
    Up { engine: Label, since: Stamp },
    Down { reason: Label, since: Stamp, next_try: Stamp },
    Connecting,
}

/// A live call in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallView {
    pub id: CallId,
    pub from: Option<Number>,
    pub from_name: Label,
    pub to: Number,
    pub since: Stamp,
    /// `arriving`, `menu`, `waiting`, `offered`, `dialling`, `talking`, `consulting`, `parked`, `conference`, `ending`.
    #[schema(value_type = String)]
    pub state: SmolStr,
    /// The flow and step, the queue, or the person, in words.
    #[schema(value_type = String)]
    pub at: SmolStr,
    pub agent: Option<Name>,
    /// The supervisor who attends the talk, or whose phone is rung for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attended: Option<AttendedView>,
    /// How the talk goes, where that is sensed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mood: Option<MoodView>,
    /// The trunks that it runs over. By which one a call came in no engine tells: then it is every trunk of the site.
    pub trunks: Vec<Name>,
}

/// How a talk goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MoodView {
    /// `calm`, `silent` or `heated`.
    #[schema(value_type = String)]
    pub mood: SmolStr,
    pub since: Stamp,
    /// How heated, of 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// Whose voice it is: `caller` or `agent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub side: Option<Side>,
}

/// Who attends a talk, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AttendedView {
    pub by: Number,
    pub mode: Attendance,
    /// When the phone was answered.
    pub since: Option<Stamp>,
    /// Will have the caller with the answer.
    pub takes_over: bool,
}

/// A call with its whole way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallDetail {
    #[serde(flatten)]
    pub call: CallView,
    #[serde(default)]
    pub recordings: Vec<Recording>,
    pub steps: Vec<Why>,
    /// Who calls, if somebody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Box<Known>>,
    /// What the caller told in a conversation before a human took over.
    #[serde(default)]
    pub brief: Option<BriefView>,
    /// What its conversations were about, from the moment when a human takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<SummaryView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QueueView {
    pub name: Name,
    /// `calls` or `messages`.
    #[serde(default)]
    #[schema(value_type = String)]
    pub takes: SmolStr,
    pub waiting: usize,
    /// Who has hung up, keeps the place and will be called back.
    #[serde(default)]
    pub callbacks: usize,
    pub longest_wait_ms: u64,
    /// How long somebody would wait who came now, on the mean; nothing while the queue has answered too few lately.
    #[serde(default)]
    pub expected_wait_ms: Option<u64>,
    pub ready: usize,
    pub talking: usize,
    /// Of a queue for messages, those in agents' hands.
    #[serde(default)]
    pub taken: usize,
    pub logged_in: usize,
    pub answered_today: u64,
    pub abandoned_today: u64,
    /// By whose order it takes no new callers.
    #[serde(default)]
    pub drained: Option<Label>,
    /// So many wait that those in reserve take its callers, too.
    #[serde(default)]
    pub expanded: bool,
    /// Of its talks that are sensed, those in which neither says anything.
    #[serde(default)]
    pub silent: usize,
    /// … and those that are heated.
    #[serde(default)]
    pub heated: usize,
    /// Calls of today whose agents had to say what became of them, and did not in time.
    #[serde(default)]
    pub undisposed_today: u64,
    #[serde(default)]
    pub service: ServiceView,
    /// What its callers answered today who were asked how it was.
    #[serde(default)]
    pub rated: RatedView,
    /// Its callers of the seven last days of which it is known who called again within seven days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
}

/// Somebody who is to be called back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallbackView {
    /// The call in which it was promised.
    pub call: CallId,
    pub queue: Name,
    pub number: Number,
    /// When the caller joined the queue.
    pub joined: Stamp,
    /// 1 for who is next.
    pub position: usize,
    /// How often the caller has been called in vain, or is being called.
    pub tries: u16,
    /// Not before then: the last try was in vain.
    #[serde(default)]
    pub not_before: Option<Stamp>,
    /// Why the last try failed.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub trouble: Option<SmolStr>,
    /// The call by which the caller is being called now.
    #[serde(default)]
    pub calling: Option<CallId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgentView {
    pub name: Name,
    #[schema(value_type = String)]
    pub display: SmolStr,
    /// Where the agent is rung.
    #[serde(default)]
    pub extension: Option<Number>,
    /// The same, where that is outside: the last digits.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub number: Option<SmolStr>,
    /// `logged out`, `ready`, `offered`, `talking`, `wrap-up`, `paused`, `resting` (did not answer), `phone gone`,
    /// `with messages` (so many that no call fits).
    #[schema(value_type = String)]
    pub state: SmolStr,
    pub since: Stamp,
    /// Why the state is so, or what follows the present call: `lunch`, `did not answer`, `logs out after it`.
    pub reason: Option<Label>,
    pub call: Option<CallId>,
    pub queues: Vec<Name>,
    pub calls_today: u64,
    /// When the state ends by itself: a wrap-up, or a rest.
    #[serde(default)]
    pub until: Option<Stamp>,
    /// What those answered today who talked with the agent last.
    #[serde(default)]
    pub rated: RatedView,
    /// A client holds the agent at work, and has to say so again within so many seconds.
    #[serde(default)]
    pub lease_s: Option<u64>,
    /// What is in hand beside a call: offered, or taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Reference>,
    /// In wrap-up: what may be said of the call before, or must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owes: Option<OwesView>,
    /// The wrap-up is over: what may still be said of the last call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_say: Option<OwesView>,
}

/// A conference of the house, and who is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConferenceView {
    pub number: Number,
    #[schema(value_type = String)]
    pub name: SmolStr,
    pub locked: bool,
    pub recorded: bool,
    pub members: Vec<ParticipantView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ParticipantView {
    pub call: CallId,
    /// The number that called in, or that was called.
    pub number: Option<Number>,
    pub since: Stamp,
    pub muted: bool,
}

/// An extension and what it wishes now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExtensionView {
    pub number: Number,
    #[schema(value_type = String)]
    pub name: SmolStr,
    pub forward_always: Option<Number>,
    pub forward_busy: Option<Number>,
    pub forward_no_answer: Option<Number>,
    pub quiet: bool,
    /// Messages that were not heard yet, and those that were.
    pub new_messages: usize,
    pub old_messages: usize,
}

/// What a phone may set for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// `to: None` ends it.
    Forward { when: When, to: Option<Number> },
    /// Ends all three.
    ForwardOff,
    /// Do not disturb.
    Quiet(bool),
}

/// When a forward takes effect.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum When {
    Always,
    Busy,
    NoAnswer,
}

impl When {
    pub fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Busy => "when busy",
            Self::NoAnswer => "when nobody answers",
        }
    }
}

/// Why an act was not done. The door turns each into problem+json (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("there is no agent {agent}; see `tandem agents list`")]
    NoSuchAgent { agent: Name },
    #[error("there is no live call {call}; see `tandem calls list`")]
    NoSuchCall { call: CallId },
    #[error(transparent)]
    Message(#[from] MessageRefusal),
    #[error("there is no queue {queue}; see `tandem queues list`")]
    NoSuchQueue { queue: Name },
    #[error("no alert of rule {rule} waits for anybody to see to it; see `tandem alerts list`")]
    NoSuchAlert { rule: Name },
    #[error("queue {queue} takes no new callers; see `tandem queues drain {queue} --off`")]
    Drained { queue: Name },
    #[error("nobody is to be called back for call {call}; see `tandem callbacks list`")]
    NoSuchCallback { call: CallId },
    #[error(
        "no flow leads to queue {queue}, so nobody could say what follows when nobody comes; add a step `queue: {queue}`"
    )]
    NoWayTo { queue: Name },
    #[error("there is no extension {to}; see people.yaml")]
    NoSuchExtension { to: Number },
    #[error("agent {agent} is {state}; {remedy}")]
    WrongState { agent: Name, state: SmolStr, remedy: SmolStr },
    #[error("there is no conference {number} now; see `tandem conferences list`")]
    NoSuchConference { number: Number },
    #[error("{to} cannot be reached so: {why}")]
    NotAllowed { to: Number, why: SmolStr },
    #[error("{by} attends call {call} already; see `tandem calls listen {call} --off`")]
    Attended { call: CallId, by: Number },
    #[error("nobody attends call {call}; begin with `tandem calls listen {call} --by EXTENSION`")]
    NotAttended { call: CallId },
    #[error("no slot is free{}; see `parking` in dialing.yaml", .slot.as_ref().map(|s| format!(" at {s}")).unwrap_or_default())]
    NoSlot { slot: Option<Number> },
    #[error("call {call} is not being recorded; begin with `tandem calls record`")]
    NotRecorded { call: CallId },
    #[error(
        "that cannot be done with call {call} while it is {state}; see `tandem calls show {call}` and try when somebody talks"
    )]
    NotNow { call: CallId, state: SmolStr },
    #[error("this house has no {}; see `without` in site.yaml", .feature.word())]
    SwitchedOff { feature: Feature },
}
