//! `takes: messages` of a queue: what it has in common with a queue for calls, and what it has not.

use std::time::Duration;

use super::{
    decode::{self, Fields},
    model::{Queue, ServiceLevel, Strategy, Takes},
    names::Names,
    overflow,
    problem::Code,
    queues::{service_level, strategy},
    skills,
    source::Findings,
};

/// What only somebody on the phone can hear, say or wait for.
const FOR_CALLERS: [&str; 7] =
    ["max_wait", "greeting", "announce", "callback", "survey", "dispositions", "mood"];

/// What waits in a queue.
pub(super) fn takes(fields: &Fields, to: &mut Findings) -> Option<Takes> {
    let Some(node) = fields.get("takes") else { return Some(Takes::Calls) };
    let text = decode::scalar(node, "messages", to)?;
    let found = [Takes::Calls, Takes::Messages].into_iter().find(|takes| takes.word() == text);
    if found.is_none() {
        let message = format!("a queue takes no `{}`", decode::shorten(text));
        to.error(
            Code::BadValue,
            node.place,
            message,
            decode::suggest(text, &["calls", "messages"], "allowed"),
        );
    }
    found
}

pub(super) fn queue(fields: &Fields, names: &Names, to: &mut Findings) -> Option<Queue> {
    for key in FOR_CALLERS {
        if let Some(place) = fields.key_place(key) {
            let message = format!("`{key}` is for callers, and this queue takes messages");
            to.error(Code::Contradiction, place, message, format!("remove `{key}`"));
        }
    }
    let (second, hour) = (Duration::from_secs(1), Duration::from_hours(1));
    let mut span = |key, default: u64, min, max| {
        let default = Some(Duration::from_secs(default));
        fields.get(key).map_or(default, |n| decode::duration(n, min, max, to))
    };
    let ring = span("ring", 60, 5 * second, hour);
    let rest = span("rest", 60, 5 * second, hour);
    let head_start = span("head_start", 0, Duration::ZERO, 24 * hour);
    let mut levels = |key| fields.get(key).map(|n| skills::levels(n, 1, to)).unwrap_or_default();
    let (needs, prefers) = (levels("needs"), levels("prefers"));
    let relax = fields.get("relax").map(|n| skills::relaxations(n, &needs, None, to));
    let expand = fields.get("expand").map(|n| skills::expansion(n, &needs, to));
    let overflow = fields.get("overflow").map(|n| overflow::read(n, names, Takes::Messages, None, to));
    let level = fields.get("service_level").map(|n| service_level(n, 7 * 24 * hour, to));
    let usual = ServiceLevel { within: hour, ..ServiceLevel::default() };
    let strategy = match fields.get("strategy") {
        Some(node) => (node.place, strategy(node, to)?),
        None => (fields.key_place("takes")?, Strategy::LeastBusy),
    };
    if let (place, strategy @ (Strategy::RingAll | Strategy::LeastTalk)) = strategy {
        let message = format!("`{}` is for calls, and this queue takes messages", strategy.word());
        to.error(Code::Contradiction, place, message, "write `least_busy`, which is usual for messages");
    }
    Some(Queue {
        takes: Takes::Messages,
        needs,
        prefers,
        relax: relax.unwrap_or_default(),
        strategy: strategy.1,
        head_start: head_start?,
        overflow: overflow.unwrap_or_default(),
        expand: expand.flatten(),
        service_level: level.flatten().unwrap_or(usual),
        // Nobody gives up who is not on the phone.
        ..Queue::new(ring?, rest?, 365 * 24 * hour)
    })
}
