//! The engine's commands as bytes. Every one is a single message with exactly one reply.

use std::time::Duration;

use crate::{
    base::{
        id::{LegId, OrderId},
        number::Number,
        text::Label,
    },
    ports::engine::{Endpoint, HangupCause},
};

use super::{
    cause,
    escape::{self, Message, Unspeakable, Variables},
    tag::Tag,
};

/// Dialplan context that parks whatever comes, under a new lease.
pub const CONTEXT: &str = "tandem";
/// Dialplan context that leads to the duty phone, whatever the number.
pub const FALLBACK: &str = "fallback";
/// Where a leg says it goes when it comes back from a talk.
pub const RESUME: &str = "RESUME";
/// Longer than an event takes to Tandem and its order back, shorter than a frame of sound.
const LINGER: Duration = Duration::from_millis(12);
/// What is heard while waiting when the engine's `hold_music` is not set: a soft chord every four seconds.
pub const DEFAULT_MUSIC: &str = "tone_stream://%(600,3400,392,494);loops=-1";

/// The events that Tandem listens to, no more: a wide subscription costs the engine.
/// What follows CUSTOM are subclasses, so that comes last.
pub const SUBSCRIBE: &str = "event plain CHANNEL_PARK CHANNEL_ANSWER CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA \
    CHANNEL_ORIGINATE CHANNEL_BRIDGE CHANNEL_HANGUP CHANNEL_EXECUTE_COMPLETE PLAYBACK_START PLAYBACK_STOP DTMF \
    HEARTBEAT BACKGROUND_JOB CUSTOM sofia::register sofia::unregister sofia::expire tandem::fallback";

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

fn execute(leg: &LegId, application: &str, argument: &str, tag: &Tag) -> Message {
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

pub fn answer(leg: &LegId, order: OrderId) -> Vec<u8> {
    execute(leg, "answer", "", &Tag::Answer(order)).bytes()
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

pub fn play(leg: &LegId, order: OrderId, playlist: &str) -> Vec<u8> {
    execute(leg, "playback", playlist, &Tag::Play(order)).bytes()
}

/// Repeats without end when the source is a file; a stream never ends anyway.
pub fn music(leg: &LegId, order: OrderId, source: &str) -> Vec<u8> {
    execute(leg, "playback", source, &Tag::Music(order)).header("loops", "-1").bytes()
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

pub fn cancel_lease(leg: &LegId) -> Vec<u8> {
    plain(&format!("api sched_del {leg}"))
}

pub fn arm_lease(leg: &LegId, span: Duration, fallback: &Number) -> Vec<u8> {
    plain(&format!("api sched_transfer +{} {leg} {fallback} XML {FALLBACK}", seconds(span)))
}

/// What a leg needs to know once, before its first order is carried out.
pub fn dress(leg: &LegId, music: &str) -> [Vec<u8>; 3] {
    [
        plain(&format!(
            "api uuid_setvar_multi {leg} tandem_taken=true;playback_terminators=none;continue_on_fail=true;\
             hangup_after_bridge=false;instant_ringback=true;force_transfer_context={CONTEXT};\
             api_before_bridge=sched_del {leg}"
        )),
        plain(&format!("api uuid_setvar {leg} ringback {music}")),
        plain(&format!("api uuid_setvar {leg} transfer_ringback {music}")),
    ]
}

/// Where the leg goes when a talk is over. A transfer forgets it, so it is said before every bridge.
pub fn come_back(leg: &LegId) -> Vec<u8> {
    plain(&format!("api uuid_setvar {leg} transfer_after_bridge {RESUME}:XML:{CONTEXT}"))
}

/// Whom to dial for whom, and how.
#[derive(Debug)]
pub struct Dial<'a> {
    pub leg: &'a LegId,
    pub to: &'a LegId,
    pub endpoint: &'a Endpoint,
    pub timeout: Duration,
    pub caller: &'a Number,
    pub caller_name: &'a Label,
    pub domain: &'a str,
}

pub fn connect(order: OrderId, dial: &Dial<'_>) -> Result<Vec<u8>, Unspeakable> {
    let endpoint = match dial.endpoint {
        Endpoint::Phone(user) | Endpoint::Intercom(user) => {
            format!("user/{user}@{}", escape::domain(dial.domain)?)
        }
        Endpoint::Trunk { trunk, number } => format!("sofia/gateway/{trunk}/{number}"),
    };
    let timeout = seconds(dial.timeout).to_string();
    let argument = Variables::new()
        .word("origination_uuid", dial.to.as_str())
        .word("tandem_for", dial.leg.as_str())
        .word("originate_timeout", &timeout)
        .word("leg_timeout", &timeout)
        .word("ignore_early_media", "true")
        .word("instant_ringback", "true")
        .word("force_transfer_context", CONTEXT)
        .number("origination_caller_id_number", dial.caller)
        .text("origination_caller_id_name", dial.caller_name.as_str())
        .dial(&endpoint);
    Ok(execute(dial.leg, "bridge", &argument, &Tag::Connect(order, dial.to.clone())).bytes())
}

/// Whole seconds, upwards, at least one.
fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0 || span.is_zero())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::id::Name;

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

    proptest! {
        #[test]
        fn a_callers_name_stays_a_name(name in any::<String>()) {
            let (leg, to) = (LegId::new("a-leg").expect("id"), LegId::new("b-leg").expect("id"));
            let dial = Dial {
                leg: &leg,
                to: &to,
                endpoint: &Endpoint::Phone(Name::new("1001").expect("name")),
                timeout: Duration::from_secs(20),
                caller: &Number::new("+8613800138000").expect("number"),
                caller_name: &Label::new(&name),
                domain: "pbx.example",
            };
            let line = text(connect(OrderId { seq: 1, index: 2 }, &dial).expect("plain"));
            prop_assert_eq!(line.lines().count(), 6);
            prop_assert!(line.starts_with("sendmsg a-leg\ncall-command: execute\nexecute-app-name: bridge\n"));
            let argument = line.lines().find_map(|l| l.strip_prefix("execute-app-arg: ")).expect("argument");
            prop_assert_eq!(argument.matches(['{', '}', '[', ']', '<', '>', '$', '%', '|', '^', ':', '&']).count(), 2);
            prop_assert_eq!(argument.matches('\'').count(), 2);
            prop_assert_eq!(argument.matches(',').count(), 8);
            let ends_well = argument.ends_with("'}user/1001@pbx.example");
            prop_assert!(ends_well, "{}", argument);
        }
    }
}
