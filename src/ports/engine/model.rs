//! The words of the engine port.

use std::{fmt, net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::ear::{Detector, Forming, Hearing, Overhearing, Stream};
use crate::base::{
    attendance::Attendance,
    clock::Stamp,
    id::{LegId, Name, OrderId, RoomId, SoundId},
    mood::{Mood, MoodLimits},
    number::{Key, Number},
    text::Label,
};

/// A hangup cause of ITU-T Q.850 (1 to 127).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HangupCause(pub u8);

impl HangupCause {
    pub const UNALLOCATED_NUMBER: Self = Self(1);
    pub const NORMAL_CLEARING: Self = Self(16);
    pub const USER_BUSY: Self = Self(17);
    /// Somebody is there and does not answer (SIP 480, RFC 3398).
    pub const NO_USER_RESPONSE: Self = Self(18);
    pub const NO_ANSWER: Self = Self(19);
    pub const SUBSCRIBER_ABSENT: Self = Self(20);
    pub const CALL_REJECTED: Self = Self(21);
    pub const DESTINATION_OUT_OF_ORDER: Self = Self(27);
    pub const FACILITY_REJECTED: Self = Self(29);
    pub const NO_CIRCUIT: Self = Self(34);
    pub const TEMPORARY_FAILURE: Self = Self(41);
    pub const SERVICE_UNAVAILABLE: Self = Self(63);
    /// The far end said nothing in time (SIP 408, RFC 3398).
    pub const TIMER_EXPIRED: Self = Self(102);
    pub const INTERWORKING: Self = Self(127);

    /// The cause in words, as Q.850 has them.
    pub fn words(self) -> &'static str {
        match self.0 {
            1 => "unallocated number",
            3 => "no route to destination",
            16 => "normal clearing",
            17 => "user busy",
            18 => "no user responding",
            19 => "no answer",
            20 => "subscriber absent",
            21 => "call rejected",
            27 => "destination out of order",
            28 => "invalid number format",
            29 => "facility rejected",
            31 => "normal, unspecified",
            34 => "no circuit available",
            38 => "network out of order",
            41 => "temporary failure",
            42 => "switching equipment congestion",
            58 => "bearer capability not available",
            63 => "service unavailable",
            88 => "incompatible destination",
            102 => "recovery on timer expiry",
            _ => "interworking",
        }
    }
}

impl fmt::Display for HangupCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.words(), self.0)
    }
}

impl fmt::Debug for HangupCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A prompt made ready beforehand: the file `ID.wav` in the prompt folder (8 kHz, 16 bit, mono).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PromptId(LowerHex);

/// 32 characters of `[0-9a-f]`.
type LowerHex = SmolStr;

impl PromptId {
    /// From the first 16 bytes of a hash.
    pub fn new(hash: [u8; 16]) -> Self {
        Self(smol_str::format_smolstr!("{:032x}", u128::from_be_bytes(hash)))
    }
}

impl fmt::Display for PromptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something to be heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Media {
    Prompt(PromptId),
    /// A message that somebody left: `ID.wav` in the recordings folder.
    Sound(SoundId),
}

/// Whom to dial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Endpoint {
    /// The registered phone of an extension.
    Phone(Name),
    /// The same, asked to answer by itself (`Call-Info: answer-after=0`, RFC 5373's use in the field).
    Intercom(Name),
    /// A number on a trunk.
    Trunk { trunk: Name, number: Number },
}

/// What a leg shall do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Answer an inbound leg. Followed by `Answered`, or by `Ended`.
    Answer,
    /// Let an inbound leg that is not answered hear that it rings (180). Nothing to a leg that is answered.
    Ring,
    /// Play one after the other; followed by exactly one `Played` with this order's id. A prompt that is not there is
    /// passed over; where none is there, the play has failed.
    Play {
        media: Vec<Media>,
    },
    /// Stop whatever plays, prompt or music. A stopped `Play` still reports `Played`.
    Stop,
    /// Endless music, until `Stop`, `Play` or `Connect`.
    Music,
    /// Dial `to` and join it with this leg when it answers; this leg hears music or ringback meanwhile
    /// (whatever played before is stopped). A leg that is not answered yet rings, and is answered with `to`. Reports `Ringing` and `Joined`; if `to` does not come to
    /// talk, `Ended { leg: to, cause }`, and this leg obeys again with nothing playing.
    /// `Hangup` of `to` cancels it.
    Connect {
        to: LegId,
        endpoint: Endpoint,
        timeout: Duration,
        caller: Number,
        caller_name: Label,
    },
    /// Dial this leg, which is new, for nobody. Reports `Ringing`, and when it is answered `Answered`: it obeys,
    /// in silence. Left alone for `lease` after that it ends by itself, without us; a later `Lease` renews that.
    /// If nobody comes to talk: `Ended`.
    Dial {
        endpoint: Endpoint,
        timeout: Duration,
        caller: Number,
        caller_name: Label,
        lease: Duration,
    },
    /// Go into the room, at once and whatever the leg does; its first leg makes it, its last leaves nothing of it.
    /// The peer of a talk that ends so obeys again (`Returned`). Reports `Met`. The first waits there for others under
    /// its lease; no lease runs in a room with two in it. Who is left alone by the others comes back (`Returned`);
    /// while Tandem is away, under the last ordered lease.
    Meet {
        room: RoomId,
        muted: bool,
    },
    /// In a room: heard by the others, or not. It always hears them.
    Mute {
        on: bool,
    },
    /// Hear both sides of the talk that `of` is in, and be heard there so; at once, instead of how it was before. Only for a
    /// leg that was dialled and is with nobody; the talk does not notice. Ended by `Meet`; when `of` ends there is nothing
    /// to be heard any more, and the leg may end.
    Attend {
        of: LegId,
        how: Attendance,
    },
    /// Come back from a talk or a room: `Returned`. The peer of a talk comes back too (its own `Returned`), under the
    /// site's lease if it was dialled.
    Part,
    /// Record what this leg says into `sound`, until `limit`, or `silence` without a voice (zero: never), or `Stop`,
    /// or its end. Followed by exactly one `Recorded` with this order's id.
    Record {
        sound: SoundId,
        limit: Duration,
        silence: Duration,
    },
    /// Nobody heard what became of a `Record` with this id, whether its leg is there or not: it is told (again), as
    /// `Recorded`, from what is in the file.
    Find {
        record: OrderId,
        sound: SoundId,
    },
    /// Record a leg whatever it does, in stereo: left what it says, right what it hears. At most one tape a leg.
    Tape {
        sound: SoundId,
    },
    /// Pause the tape: silence is recorded meanwhile. Or go on.
    TapePause {
        on: bool,
    },
    /// End the tape, as the leg's end does.
    TapeStop,
    /// Listen to what the leg says, in this way from now on. What plays can be interrupted meanwhile: it pauses at a
    /// voice (`Voice`), and when the utterance is over (`Said`) goes on by `GoOn`, or never by `Stop` or another `Play`.
    /// Ended by `Deaf`, and by whatever `ends_listening`.
    Listen(Hearing),
    /// What was paused goes on: the voice was no interruption. Nothing to a leg whose prompt is not paused.
    GoOn,
    /// Listen no more. What plays goes on.
    Deaf,
    /// `Listen` by the engine's own recogniser: `Voice`, `Said`, `GoOn` and `Deaf` are as there, what plays is played and
    /// paused by the engine, and `Forming` tells words on their way. `Deafened` if it does not hear.
    Detect {
        by: Detector,
        hearing: Hearing,
    },
    /// Stream the leg's audio to `to` and let it hear what comes back, while it obeys. Followed by `Tapped`. Only for
    /// those who listen by themselves: `Play`, `Stop` and `Music` are theirs meanwhile.
    Tap {
        to: SocketAddr,
    },
    /// End the stream; the leg obeys again with nothing playing. Whatever joins the leg with others ends it too.
    Untap,
    /// Tell now and from now on how the talk is that this leg is in (`Mood`), which was so. Ended by `SenseStop`, and by the
    /// leg's end.
    Sense {
        limits: MoodLimits,
        mood: Mood,
    },
    SenseStop,
    /// Let what this leg says and hears be listened to, whatever the leg does, until `OverhearStop` or its end. Only for
    /// those who sense moods.
    Overhear(Overhearing),
    OverhearStop,
    /// End the leg. Followed by `Ended`.
    Hangup {
        cause: HangupCause,
    },
    /// Arm or renew the lease: a leg whose lease runs out goes to the site's fallback extension, without us.
    Lease {
        span: Duration,
    },
    /// Cancel the lease: this leg talks.
    Release,
    /// Hand the leg to the fallback extension now and let go of it. Followed by `Ended`
    /// (with `NORMAL_CLEARING`) as far as we are concerned.
    Fallback,
}

/// An order: what leg `leg` shall do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub leg: LegId,
    pub command: Command,
}

/// Where an inbound call came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// From outside.
    Trunk,
    /// From the registered phone of this extension.
    Phone(Name),
    /// From Tandem itself: somebody is called.
    House,
}

/// What an inbound leg brought with it. `from` is `None` when withheld or not a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    pub origin: Origin,
    pub from: Option<Number>,
    pub from_name: Label,
    pub to: Number,
}

/// How an order fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The engine took it.
    Done,
    /// The engine refused it; the text is the engine's, cleaned.
    Refused(Label),
    /// Sent or perhaps sent; nobody knows whether it took effect.
    Unknown,
}

/// How a `Play` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    Finished,
    Stopped,
    Failed,
}

/// One leg as the engine itself sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegSeen {
    pub leg: LegId,
    /// Answered.
    pub up: bool,
    /// The leg it talks with.
    pub peer: Option<LegId>,
    /// The room it is in.
    #[serde(default)]
    pub room: Option<RoomId>,
    /// Set when this is an inbound leg that waits for orders and has not been taken by anybody.
    pub arrival: Option<Arrival>,
}

/// What happened at the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The link stands; an `Audit` follows. `engine` names product and version.
    Up { engine: Label },
    /// The link is gone or was refused; `retry` says when the next try is due.
    Down { reason: Label, retry: Duration },
    /// A call came in and waits for orders. May be repeated.
    Arrived { leg: LegId, arrival: Arrival },
    /// The leg was answered.
    Answered { leg: LegId },
    /// The dialled phone rings.
    Ringing { leg: LegId },
    /// A `Play` is over.
    Played { leg: LegId, order: OrderId, verdict: Verdict },
    /// A key was pressed.
    Key { leg: LegId, key: Key },
    /// A voice is heard at a leg that is listened to. Exactly one `Said` follows, unless the leg is listened to no more.
    Voice { leg: LegId },
    /// What was said, as the recogniser wrote it down; empty when it made nothing of it.
    Said { leg: LegId, text: SmolStr },
    /// What a `Detect` has made of an utterance so far. Only for those who pass words on to who watches.
    Forming(Forming),
    /// A `Detect` does not hear this leg, or hears it no more; `why` names what may be amiss. Who spoke has had its `Said`.
    Deafened { leg: LegId, why: Label },
    /// The leg's audio comes and goes as a stream. Told again where that has become another one, as by another codec.
    Tapped { leg: LegId, stream: Stream },
    /// Two legs hear each other: `leg` is the one that was told to `Connect`. When the two were with others before, a
    /// phone has joined its two talks into one (REFER with Replaces, RFC 3891) and its own legs end.
    Joined { leg: LegId, peer: LegId },
    /// The phone at `leg` sends its peer to a number (REFER, RFC 3515). Their talk is over: the peer's `Returned`
    /// follows, and the end of `leg`.
    Referred { leg: LegId, peer: LegId, to: Number },
    /// The phone at `leg` sends its peer to where its other leg `asked` is going, and nobody has answered that one yet
    /// (REFER with Replaces of a dialog that is still early). Their talk is over: the peer's `Returned` follows, and the
    /// end of `leg`; `asked`, and whoever rings for it, is to be hung up.
    HandedOn { leg: LegId, peer: LegId, asked: LegId },
    /// The leg is in the room.
    Met { leg: LegId, room: RoomId },
    /// A `Record` is over; `length` of what is in the file, zero when there is none.
    Recorded { leg: LegId, order: OrderId, length: Duration },
    /// How the talk is that a sensed leg is in, when that changes.
    Mood { leg: LegId, mood: Mood },
    /// Nobody can say any more how the talk of this leg is.
    Unsensed { leg: LegId, why: Label },
    /// The leg's peer is gone, or never came, and the leg obeys orders again with nothing playing.
    Returned { leg: LegId },
    /// The leg is no more.
    Ended { leg: LegId, cause: HangupCause },
    /// What became of an order.
    Outcome { leg: LegId, order: OrderId, outcome: Outcome },
    /// All legs that the engine has, as it answered a question sent at `asked`.
    Audit { asked: Stamp, legs: Vec<LegSeen> },
    /// A phone registered or is gone.
    Phone { extension: Name, registered: bool },
    /// A trunk's far end answers our questions (OPTIONS), or does not any more.
    Trunk { trunk: Name, up: bool },
}

impl Command {
    /// Whether a leg that is listened to is not listened to any more: it waits in music, leaves a message, talks, or goes.
    pub fn ends_listening(&self) -> bool {
        matches!(
            self,
            Self::Music
                | Self::Connect { .. }
                | Self::Meet { .. }
                | Self::Record { .. }
                | Self::Hangup { .. }
                | Self::Fallback
        )
    }
}

impl Event {
    /// The leg that this is about, if it is about one.
    pub fn leg(&self) -> Option<&LegId> {
        match self {
            Self::Arrived { leg, .. }
            | Self::Answered { leg }
            | Self::Ringing { leg }
            | Self::Played { leg, .. }
            | Self::Key { leg, .. }
            | Self::Voice { leg }
            | Self::Said { leg, .. }
            | Self::Deafened { leg, .. }
            | Self::Tapped { leg, .. }
            | Self::Joined { leg, .. }
            | Self::Referred { leg, .. }
            | Self::HandedOn { leg, .. }
            | Self::Met { leg, .. }
            | Self::Recorded { leg, .. }
            | Self::Mood { leg, .. }
            | Self::Unsensed { leg, .. }
            | Self::Returned { leg }
            | Self::Ended { leg, .. }
            | Self::Outcome { leg, .. } => Some(leg),
            Self::Forming(forming) => Some(&forming.leg),
            Self::Up { .. }
            | Self::Down { .. }
            | Self::Audit { .. }
            | Self::Phone { .. }
            | Self::Trunk { .. } => None,
        }
    }
}
