//! The engine's commands as bytes. Every one is a single message with exactly one reply.

use std::{net::SocketAddr, time::Duration};

use crate::{
    base::{
        attendance::Attendance,
        id::{LegId, OrderId, RoomId},
        number::Number,
    },
    ports::engine::HangupCause,
};

use super::{
    cause,
    escape::{self, Message, Unspeakable},
    tag::Tag,
};

/// Dialplan context that parks whatever comes, under a new lease.
pub const CONTEXT: &str = "tandem";
/// Dialplan context where phones send others to: it parks them, and has no doors.
pub const REFER: &str = "tandem-refer";
/// Dialplan context that leads to the duty phone, whatever the number.
pub const FALLBACK: &str = "fallback";
/// Where a leg says it goes when it comes back from a talk.
pub const RESUME: &str = "RESUME";
/// Where a leg begins that was dialled for nobody.
pub const DIALLED: &str = "DIALLED";
/// Where whoever is held goes when the leg that holds leaves; without it the engine ends the held one, too.
pub const GIVES_BACK: &str = "hold_hangup_xfer_exten";
/// Door of a room for the first: it waits there under its lease.
pub const MEET: &str = "MEET-";
/// Door of a room for all others: it ends their lease, and that of the one who waits.
pub const JOIN: &str = "JOIN-";
/// How often a leg may be transferred until it is counted anew.
const TRANSFERS: u32 = 70;
/// Longer than an event takes to Tandem and its order back, shorter than a frame of sound.
const LINGER: Duration = Duration::from_millis(12);
/// What is heard while waiting when the engine's `hold_music` is not set: a soft chord every four seconds.
pub const DEFAULT_MUSIC: &str = "tone_stream://%(600,3400,392,494);loops=-1";

/// The events that Tandem listens to, no more: a wide subscription costs the engine.
/// What follows CUSTOM are subclasses, so that comes last.
pub const SUBSCRIBE: &str = "event plain CHANNEL_PARK CHANNEL_ANSWER CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA \
    CHANNEL_ORIGINATE CHANNEL_BRIDGE CHANNEL_HANGUP CHANNEL_EXECUTE_COMPLETE PLAYBACK_START PLAYBACK_STOP \
    RECORD_START DTMF DETECTED_SPEECH HEARTBEAT BACKGROUND_JOB CUSTOM sofia::register sofia::unregister sofia::expire \
    sofia::gateway_state sofia::transferor conference::maintenance tandem::fallback tandem::recoded";
/// Whether the far end of each trunk answers.
pub const TRUNKS: &str = "sofia xmlstatus gateway";

/// The first word about presence in an engine's life makes it hand out no event for half a second, in the middle of
/// its first call. So it is said before, about nobody.
pub const WAKE_PRESENCE: &str = "sendevent PRESENCE_PROBE";

pub fn plain(line: &str) -> Vec<u8> {
    Message::new(line).bytes()
}

/// A slow question: the answer comes as an event that carries `job`.
pub fn background(line: &str, job: &str) -> Vec<u8> {
    Message::new(&format!("bgapi {line}")).header("Job-UUID", job).bytes()
}

pub fn execute(leg: &LegId, application: &str, argument: &str, tag: &Tag) -> Message {
    let message = Message::new(&format!("sendmsg {leg}"))
        .header("call-command", "execute")
        .header("execute-app-name", application)
        .header("event-uuid", &tag.to_string());
    if argument.is_empty() { message } else { message.header("execute-app-arg", argument) }
}

/// All phones of the domain, with where each is registered.
pub fn phones(domain: &str) -> Result<String, Unspeakable> {
    Ok(format!("list_users domain {}", escape::domain(domain)?))
}

/// Whoever is answered by us will hear something of ours. G.729 is only passed on from one to the other.
pub fn answer(leg: &LegId, order: OrderId) -> [Vec<u8>; 2] {
    [note(leg, "codec_string", "PCMA,PCMU,OPUS"), execute(leg, "answer", "", &Tag::Answer(order)).bytes()]
}

/// 180 to a caller who has not been answered; nothing to one who has.
pub fn ring(leg: &LegId, order: OrderId) -> Vec<u8> {
    execute(leg, "ring_ready", "", &Tag::Ring(order)).bytes()
}

/// Keeps the leg's thread awake for a moment. Without, it falls asleep until the next frame of sound is due, up to
/// 20 ms later, before the order that follows an answer arrives.
pub fn linger(leg: &LegId) -> Vec<u8> {
    Message::new(&format!("sendmsg {leg}"))
        .header("call-command", "execute")
        .header("execute-app-name", "eval")
        .header("execute-app-arg", &format!("${{msleep({})}}", LINGER.as_millis()))
        .bytes()
}

/// From now on the keys that a leg sounds are told as events.
pub fn hear_tones(leg: &LegId) -> Vec<u8> {
    Message::new(&format!("sendmsg {leg}"))
        .header("call-command", "execute")
        .header("execute-app-name", "start_dtmf")
        .bytes()
}

/// The variable that says that a recogniser of ours may listen.
const DETECTS: &str = "tandem_detects";

/// A recogniser of ours may listen, or listens no more. It tells what it hears at once: otherwise a prompt that is being
/// played would swallow it.
pub fn detects(leg: &LegId, on: bool) -> Vec<u8> {
    let value = if on { "true" } else { "" };
    plain(&format!("api uuid_setvar_multi {leg} fire_asr_events=true;{DETECTS}={value}"))
}

/// Begins a recogniser, or tells the one that listens to `stop`, `pause` or `resume`.
pub fn detect(leg: &LegId, what: &str, tag: &Tag) -> Vec<u8> {
    execute(leg, "detect_speech", what, tag).bytes()
}

/// Whatever listens to the leg's sound.
pub fn listeners(leg: &LegId) -> Vec<u8> {
    plain(&format!("api uuid_buglist {leg}"))
}

/// What plays pauses, or goes on: the engine's word for both is the same.
pub fn pause(leg: &LegId) -> Vec<u8> {
    plain(&format!("api uuid_fileman {leg} pause"))
}

pub fn play(leg: &LegId, order: OrderId, playlist: &str) -> Vec<u8> {
    execute(leg, "playback", playlist, &Tag::Play(order)).bytes()
}

/// Repeats without end when the source is a file; a stream never ends anyway.
pub fn music(leg: &LegId, order: OrderId, source: &str) -> Vec<u8> {
    execute(leg, "playback", source, &Tag::Music(order)).header("loops", "-1").bytes()
}

/// How loud a voice is at least, of 32768.
const VOICE: u32 = 200;

/// Until the limit, or so long a silence, or a break.
pub fn record(leg: &LegId, order: OrderId, file: &str, limit: Duration, silence: Duration) -> Vec<u8> {
    let limit = seconds(limit);
    let argument = match silence {
        Duration::ZERO => format!("{file} {limit}"),
        silence => format!("{file} {limit} {VOICE} {}", seconds(silence)),
    };
    execute(leg, "record", &argument, &Tag::Record(order)).bytes()
}

/// The tape runs beside whatever the leg does.
pub fn tape(leg: &LegId, what: &str, file: &str) -> Vec<u8> {
    plain(&format!("api uuid_record {leg} {what} {file}"))
}

pub fn note(leg: &LegId, name: &str, value: &str) -> Vec<u8> {
    plain(&format!("api uuid_setvar {leg} {name} {value}"))
}

pub fn stop(leg: &LegId) -> Vec<u8> {
    plain(&format!("api uuid_break {leg} all"))
}

pub fn hangup(leg: &LegId, cause: HangupCause) -> Vec<u8> {
    plain(&format!("api uuid_kill {leg} {}", cause::name(cause)))
}

pub fn fallback(leg: &LegId, fallback: &Number) -> Vec<u8> {
    plain(&format!("api uuid_transfer {leg} {fallback} XML {FALLBACK}"))
}

/// Ends whatever the leg does and parks it anew.
pub fn park_again(leg: &LegId) -> Vec<u8> {
    plain(&format!("api uuid_transfer {leg} {RESUME} XML {CONTEXT}"))
}

/// Ends whatever the leg does within its park and parks it anew, under the same lease.
pub fn park_here(leg: &LegId) -> [Vec<u8>; 2] {
    [
        note(leg, "max_session_transfers", &TRANSFERS.to_string()),
        plain(&format!("api uuid_transfer {leg} park inline")),
    ]
}

/// How many samples a second the leg's codec has.
pub fn rate(leg: &LegId) -> Vec<u8> {
    plain(&format!("api uuid_getvar {leg} read_rate"))
}

/// The leg's audio streams from `engine` to `to`, and what comes to `engine` is heard.
pub fn tap(leg: &LegId, engine: SocketAddr, to: SocketAddr) -> Vec<u8> {
    Message::new(&format!("sendmsg {leg}"))
        .header("call-command", "unicast")
        .header("local-ip", &engine.ip().to_string())
        .header("local-port", &engine.port().to_string())
        .header("remote-ip", &to.ip().to_string())
        .header("remote-port", &to.port().to_string())
        .header("transport", "udp")
        .bytes()
}

pub fn cancel_lease(leg: &LegId) -> Vec<u8> {
    plain(&format!("api sched_del {leg}"))
}

/// The lease of a leg that was dialled for nobody and left alone.
pub fn arm_end(leg: &LegId, span: Duration) -> Vec<u8> {
    plain(&format!("api sched_hangup +{} {leg} NORMAL_CLEARING", seconds(span)))
}

pub fn arm_lease(leg: &LegId, span: Duration, fallback: &Number) -> Vec<u8> {
    plain(&format!("api sched_transfer +{} {leg} {fallback} XML {FALLBACK}", seconds(span)))
}

/// What a leg needs to know once, before its first order is carried out. A leg that is not answered has no
/// `ringback`: it is told that it rings, and makes the sound itself.
pub fn dress(leg: &LegId, music: &str) -> [Vec<u8>; 2] {
    [
        plain(&format!(
            "api uuid_setvar_multi {leg} tandem_taken=true;playback_terminators=none;continue_on_fail=true;\
             hangup_after_bridge=false;hangup_after_conference=false;instant_ringback=true;inherit_codec=true;\
             force_transfer_context={REFER};api_before_bridge=sched_del {leg};record_rate=8000;\
             record_sample_rate=8000;RECORD_STEREO=true;RECORD_MIN_SEC=0;\
             execute_on_audio_change=event Event-Name=CUSTOM,Event-Subclass=tandem::recoded"
        )),
        plain(&format!("api uuid_setvar {leg} transfer_ringback {music}")),
    ]
}

/// Where the leg goes when a talk is over. A transfer forgets it, so it is said before every bridge. The engine allows
/// seventy transfers; they are counted anew.
pub fn come_back(leg: &LegId) -> Vec<u8> {
    plain(&format!(
        "api uuid_setvar_multi {leg} transfer_after_bridge={RESUME}:XML:{CONTEXT};max_session_transfers={TRANSFERS}"
    ))
}

/// Whoever the leg holds stays when the leg is taken away from it.
pub fn give_back(leg: &LegId) -> Vec<u8> {
    note(leg, GIVES_BACK, &format!("{RESUME}:XML:{CONTEXT}"))
}

/// How a leg goes into a room.
#[derive(Debug)]
pub struct Entrance<'a> {
    pub leg: &'a LegId,
    pub room: &'a RoomId,
    pub muted: bool,
    /// Who waits there alone.
    pub with: Option<&'a LegId>,
    /// Somebody is there.
    pub joins: bool,
    /// The lease of whoever is left alone there.
    pub lease: Duration,
}

/// The last of two who is left in a room comes out of it (`mintwo`), and behind the door is under a lease.
pub fn enter(entrance: &Entrance<'_>) -> [Vec<u8>; 2] {
    let Entrance { leg, room, muted, with, joins, lease } = entrance;
    let flags = if *muted { "mintwo|mute" } else { "mintwo" };
    let with = with.map_or("nobody", LegId::as_str);
    let door = if *joins { JOIN } else { MEET };
    [
        plain(&format!(
            "api uuid_setvar_multi {leg} tandem_flags={flags};tandem_with={with};tandem_lease={};\
             max_session_transfers={TRANSFERS}",
            seconds(*lease)
        )),
        plain(&format!("api uuid_transfer {leg} {door}{room} XML {CONTEXT}")),
    ]
}

/// Hears what `of` says and hears. Keys change nothing.
pub fn attend(leg: &LegId, of: &LegId, how: Attendance) -> [Vec<u8>; 2] {
    // The engine's A side is what `of` says, its B side what `of` hears.
    let (says, hears) = match how {
        Attendance::Listen => (false, false),
        Attendance::Whisper => (false, true),
        Attendance::Barge => (true, true),
    };
    [
        plain(&format!(
            "api uuid_setvar_multi {leg} eavesdrop_enable_dtmf=false;eavesdrop_whisper_aleg={says};\
             eavesdrop_whisper_bleg={hears};max_session_transfers={TRANSFERS}"
        )),
        plain(&format!("api uuid_transfer {leg} eavesdrop:{of},hangup inline")),
    ]
}

pub fn mute(room: &RoomId, member: u32, on: bool) -> Vec<u8> {
    let word = if on { "mute" } else { "unmute" };
    plain(&format!("api conference {room} {word} {member}"))
}

/// Whole seconds, upwards, at least one.
pub fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0 || span.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).expect("utf-8")
    }

    #[test]
    fn a_lease_is_never_shorter_than_asked() {
        for (span, words) in [(1500, "+2 "), (30_000, "+30 "), (0, "+1 ")] {
            let leg = LegId::new("a").expect("id");
            let line =
                text(arm_lease(&leg, Duration::from_millis(span), &Number::new("5900").expect("number")));
            assert!(line.contains(words), "{line}");
        }
    }
}
