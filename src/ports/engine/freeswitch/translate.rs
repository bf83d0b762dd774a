//! From the engine's words to facts: the only file that knows names of headers, variables and columns.

use std::{borrow::Cow, time::Duration};

use smol_str::SmolStr;

use crate::{
    base::{
        id::{LegId, Name, RoomId},
        number::{Key, Number},
        text::Label,
    },
    ports::engine::{Arrival, HangupCause, Origin},
};

use super::{
    cause, command,
    keys::Way,
    recognised,
    tag::Tag,
    wire::{Frame, Headers, decode},
};

/// Something that happened at the engine, one event each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    Heartbeat,
    /// Waits for orders; with what it brought along when it is an inbound leg of ours.
    Parked {
        leg: LegId,
        place: Place,
        arrival: Option<Box<Arrival>>,
    },
    /// A dialled leg exists.
    Created {
        leg: LegId,
    },
    /// A phone has made the engine call somebody by itself.
    Smuggled {
        leg: LegId,
    },
    Ringing {
        leg: LegId,
    },
    /// `tones`: its keys, if it has any, can be told by their sound alone.
    Answered {
        leg: LegId,
        tones: bool,
    },
    PlayStarted {
        leg: LegId,
    },
    PlayStopped {
        leg: LegId,
        whole: bool,
    },
    RecordStarted {
        leg: LegId,
    },
    Executed(Executed),
    /// It speaks, or is spoken to, in another codec or in packets of another length.
    Recoded {
        leg: LegId,
    },
    /// It is about to be transferred, and has done what the dialplan wants done before.
    Departing {
        leg: LegId,
    },
    Key {
        leg: LegId,
        key: Key,
        way: Way,
    },
    /// A recogniser of the engine has told something; what it tells later has a higher number, what it tells again the same.
    Detected {
        leg: LegId,
        number: u64,
        what: Detected,
    },
    /// It is in the room now, as this member.
    Met {
        leg: LegId,
        room: RoomId,
        member: u32,
    },
    /// The phone at `leg` sends its peer on; if to a number, to this one.
    Referring {
        leg: LegId,
        to: Option<Number>,
    },
    /// A phone joins the peers of these two legs of it.
    Joining {
        legs: [LegId; 2],
    },
    Trunk {
        trunk: Name,
        up: bool,
    },
    Bridged {
        leg: LegId,
        peer: LegId,
    },
    HungUp {
        leg: LegId,
        cause: HangupCause,
    },
    /// The leg went to the fallback extension.
    LetGo {
        leg: LegId,
    },
    Phone {
        extension: Name,
        registered: bool,
    },
    /// The answer to a slow question.
    Answer {
        job: String,
        text: String,
    },
}

/// What a recogniser of the engine tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detected {
    Voice,
    /// What it has so far.
    Part(SmolStr),
    /// The utterance is over; without words if it made nothing of it, or nobody spoke.
    Words(SmolStr),
    /// It listens no more.
    Closed,
}

/// Where in our dialplan a leg is parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where calls come in, where dialled legs begin, and where all come back to.
    Plain,
    /// Behind the door of a room: it came out, or never got in.
    Room(RoomId),
    /// Where a phone sent it, if that is a number.
    Referred(Option<Number>),
}

/// An application of ours came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    pub leg: LegId,
    pub tag: Tag,
    /// What was to be played was there and could be played.
    pub played: bool,
    /// Why nobody came to talk, when nobody came.
    pub cause: HangupCause,
    /// How much was recorded.
    pub length: Duration,
    pub next: Next,
}

/// Where a leg goes after an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Back to where it was parked.
    Park,
    /// On its way to another entry of the dialplan, which parks it.
    Transfer,
    Hangup,
}

/// What an event says, if it says anything that Tandem listens to.
pub fn fact(frame: &Frame<'_>) -> Option<Fact> {
    let (event, body) = frame.event();
    match event.get("Event-Name")? {
        b"HEARTBEAT" => Some(Fact::Heartbeat),
        b"BACKGROUND_JOB" => Some(Fact::Answer {
            job: decode(event.get("Job-UUID")?).into_owned(),
            text: String::from_utf8_lossy(body).into_owned(),
        }),
        b"CUSTOM" => custom(event),
        b"CHANNEL_PARK" => Some(Fact::Parked {
            leg: leg(event)?,
            place: place(event),
            arrival: arrival(event).map(Box::new),
        }),
        b"CHANNEL_ORIGINATE" if event.get("variable_sip_h_X-FS-Refer-From").is_some() => {
            Some(Fact::Smuggled { leg: leg(event)? })
        }
        b"CHANNEL_ORIGINATE" => Some(Fact::Created { leg: leg(event)? }),
        b"CHANNEL_PROGRESS" | b"CHANNEL_PROGRESS_MEDIA" => Some(Fact::Ringing { leg: leg(event)? }),
        b"CHANNEL_ANSWER" => Some(Fact::Answered { leg: leg(event)?, tones: has_but_tones(event) }),
        b"PLAYBACK_START" => Some(Fact::PlayStarted { leg: leg(event)? }),
        b"PLAYBACK_STOP" => {
            Some(Fact::PlayStopped { leg: leg(event)?, whole: event.get("Playback-Status") == Some(b"done") })
        }
        b"RECORD_START" => Some(Fact::RecordStarted { leg: leg(event)? }),
        b"CHANNEL_EXECUTE_COMPLETE" if event.get("Application") == Some(b"execute_extension") => {
            Some(Fact::Departing { leg: leg(event)? })
        }
        b"CHANNEL_EXECUTE_COMPLETE" => executed(event).map(Fact::Executed),
        b"DTMF" => {
            let key = decode(event.get("DTMF-Digit")?).chars().next().and_then(Key::new)?;
            let way = match event.get("DTMF-Source") {
                Some(b"RTP") => Way::Sound,
                Some(b"INBAND_AUDIO") => Way::Tone,
                _ => Way::Signal,
            };
            Some(Fact::Key { leg: leg(event)?, key, way })
        }
        b"DETECTED_SPEECH" => detected(event, body),
        b"CHANNEL_BRIDGE" => {
            let [a, b] = event.pick(["Bridge-A-Unique-ID", "Bridge-B-Unique-ID"]);
            Some(Fact::Bridged { leg: id(a?)?, peer: id(b?)? })
        }
        b"CHANNEL_HANGUP" => {
            let [leg, cause] = event.pick(["Unique-ID", "Hangup-Cause"]);
            Some(Fact::HungUp { leg: id(leg?)?, cause: cause_of(cause) })
        }
        _ => None,
    }
}

fn detected(event: Headers<'_>, body: &[u8]) -> Option<Fact> {
    let [leg, number, kind] = event.pick(["Unique-ID", "Event-Sequence", "Speech-Type"]);
    let what = match kind? {
        b"begin-speaking" => Detected::Voice,
        b"detected-partial-speech" => Detected::Part(recognised::words(body)),
        b"detected-speech" => Detected::Words(recognised::words(body)),
        b"closed" => Detected::Closed,
        _ => return None,
    };
    Some(Fact::Detected { leg: id(leg?)?, number: decode(number?).parse().ok()?, what })
}

/// The far end has said what it speaks, and RFC 2833 is not among it. What is only passed on tells us no tones.
fn has_but_tones(event: Headers<'_>) -> bool {
    let [codec, said] = event.pick(["Channel-Read-Codec-Name", "variable_switch_r_sdp"]);
    codec != Some(b"G729")
        && said.is_some_and(|said| !decode(said).to_ascii_lowercase().contains("telephone-event"))
}

fn custom(event: Headers<'_>) -> Option<Fact> {
    let phone = |name: &str, registered| {
        let extension = Name::new(decode(event.get(name)?)).ok()?;
        Some(Fact::Phone { extension, registered })
    };
    match event.get("Event-Subclass").map(decode).as_deref()? {
        "sofia::register" => phone("from-user", true),
        "sofia::unregister" => phone("from-user", false),
        "sofia::expire" => phone("user", false),
        "sofia::gateway_state" => Some(Fact::Trunk {
            trunk: Name::new(decode(event.get("Gateway")?)).ok()?,
            up: event.get("Ping-Status") == Some(b"UP"),
        }),
        "sofia::transferor" => {
            let [leg, other, instead, kind, to] = event.pick([
                "Unique-ID",
                "att_xfer_destination_peer_uuid",
                "att_xfer_original_call_id",
                "variable_transfer_to",
                "variable_transfer_destination",
            ]);
            let leg = id(leg?)?;
            if let Some(other) = other.and_then(id) {
                // The other call has no other side: then the engine names its leg elsewhere.
                let other = if other == leg { id(instead?)? } else { other };
                return Some(Fact::Joining { legs: [leg, other] });
            }
            kind.filter(|kind| kind.starts_with(b"blind"))?;
            let to = to.map(decode).and_then(|to| Number::new(to.strip_prefix("blind:")?).ok());
            Some(Fact::Referring { leg, to })
        }
        "conference::maintenance" if event.get("Action") == Some(b"add-member") => {
            let [leg, room, member] = event.pick(["Unique-ID", "Conference-Name", "Member-ID"]);
            let room = RoomId::new(decode(room?)).ok()?;
            Some(Fact::Met { leg: id(leg?)?, room, member: decode(member?).parse().ok()? })
        }
        "tandem::recoded" => Some(Fact::Recoded { leg: leg(event)? }),
        "tandem::fallback" => Some(Fact::LetGo { leg: leg(event)? }),
        _ => None,
    }
}

fn place(event: Headers<'_>) -> Place {
    let [context, number] = event.pick(["Caller-Context", "Caller-Destination-Number"]);
    let number = number.map(decode).unwrap_or_default();
    if context == Some(command::REFER.as_bytes()) {
        return Place::Referred(Number::new(&*number).ok());
    }
    let doors = [command::MEET, command::JOIN];
    let room = doors.iter().find_map(|door| number.strip_prefix(door)).filter(|_| context == Some(b"tandem"));
    room.and_then(|room| RoomId::new(room).ok()).map_or(Place::Plain, Place::Room)
}

/// `CS_EXECUTE`: the channel goes on with what it did before the application.
const EXECUTING: &[u8] = b"4";

fn executed(event: Headers<'_>) -> Option<Executed> {
    let [leg, tag, response, state, answer, disposition, recorded] = event.pick([
        "Unique-ID",
        "Application-UUID",
        "Application-Response",
        // The name beside it tells the state of before.
        "Channel-State-Number",
        "Answer-State",
        "variable_originate_disposition",
        "variable_record_ms",
    ]);
    let next = match (state, answer) {
        (_, Some(b"hangup")) => Next::Hangup,
        (Some(EXECUTING), _) => Next::Park,
        _ => Next::Transfer,
    };
    Some(Executed {
        leg: id(leg?)?,
        tag: decode(tag?).parse().ok()?,
        played: response.map(decode).as_deref() == Some("FILE PLAYED"),
        cause: cause_of(disposition),
        length: Duration::from_millis(recorded.and_then(|ms| decode(ms).parse().ok()).unwrap_or_default()),
        next,
    })
}

fn cause_of(name: Option<&[u8]>) -> HangupCause {
    name.map_or(HangupCause::TEMPORARY_FAILURE, |name| cause::from_name(&decode(name)))
}

fn leg(event: Headers<'_>) -> Option<LegId> {
    id(event.get("Unique-ID")?)
}

pub fn id(value: &[u8]) -> Option<LegId> {
    LegId::new(decode(value)).ok()
}

/// Only our dialplan says where a leg came in; a leg without is somebody else's.
pub fn arrival(event: Headers<'_>) -> Option<Arrival> {
    let [origin, user, to, number, name, hide] = event.pick([
        "variable_tandem_origin",
        "variable_tandem_user",
        "variable_tandem_to",
        "Caller-Caller-ID-Number",
        "Caller-Caller-ID-Name",
        "Caller-Privacy-Hide-Number",
    ]);
    let origin = match origin? {
        b"phone" => Origin::Phone(Name::new(decode(user?)).ok()?),
        b"trunk" => Origin::Trunk,
        _ => return None,
    };
    let number = number.map_or(Cow::Borrowed(""), decode);
    let name = name.map_or(Cow::Borrowed(""), decode);
    let hidden = hide == Some(b"true");
    Some(Arrival {
        origin,
        from: if hidden { None } else { Number::new(&*number).ok() },
        from_name: Label::new(if hidden || name == number { "" } else { &name }),
        to: Number::new(decode(to?)).ok()?,
    })
}

/// Reads the answer of `version`.
pub fn engine_name(version: &[u8]) -> Label {
    let text = String::from_utf8_lossy(version);
    Label::new(text.split(" (").next().unwrap_or_default())
}

/// Whether the engine took a command; else its words.
pub fn taken(answer: &[u8]) -> Result<(), Label> {
    let text = String::from_utf8_lossy(answer);
    if text.starts_with("+OK") { Ok(()) } else { Err(Label::new(text.trim().trim_start_matches("-ERR "))) }
}
