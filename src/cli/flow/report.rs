//! A turn, as it is shown.

use serde_json::{Value, json};

use super::rehearsal::Turn;
use crate::{
    cli::paint::{Paint, Tone},
    live::dialog::talk::{Heard, Sureness},
};

/// What was said, and beside it what was understood and why.
pub(super) fn told(paint: &Paint, turn: &Turn) -> String {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(turn.heard.iter().map(|heard| format!("    {}", understood(heard))));
    lines.extend(turn.why.iter().map(|why| format!("    · {why}")));
    lines.extend(turn.said.iter().map(|(_, text)| format!("{} {text}", paint.word("»", Tone::Good))));
    if let Some((task, facts)) = &turn.task {
        let facts: Vec<String> = facts.iter().map(|(slot, value)| format!("{slot}={value}")).collect();
        lines.push(format!("{} {task} {}", paint.word("task", Tone::Busy), facts.join(" ")));
    }
    lines.extend(turn.end.iter().map(|end| format!("{} {end}", paint.word("→", Tone::Busy))));
    lines.into_iter().map(|line| line + "\n").collect()
}

/// The likeliest intents and all values, in a line.
pub(super) fn understood(heard: &Heard) -> String {
    let sure = match heard.sure {
        Sureness::Accept => "",
        Sureness::Confirm => " (to be asked back)",
        Sureness::Reject => " (out of scope)",
    };
    let intents = heard.intents.iter().take(2).filter(|guess| guess.probability >= 0.05);
    let intents: Vec<String> =
        intents.map(|guess| format!("{} {:.0} %", guess.intent, guess.probability * 100.0)).collect();
    let facts: Vec<String> = heard
        .facts
        .iter()
        .map(|fact| format!("{}={}", format!("{:?}", fact.kind).to_lowercase(), fact.text))
        .collect();
    let intents = if intents.is_empty() { "no intent".to_owned() } else { intents.join(", ") };
    let facts = if facts.is_empty() { String::new() } else { format!(" · {}", facts.join(" ")) };
    format!("{intents}{sure}{facts}")
}

pub(super) fn json(turn: &Turn) -> Value {
    json!({
        "understood": turn.heard,
        "why": turn.why,
        "cites": turn.cites,
        "said": turn.said.iter().map(|(language, text)| json!({ "language": language, "text": text })).collect::<Vec<_>>(),
        "task": turn.task.as_ref().map(|(task, facts)| json!({ "task": task, "facts": facts })),
        "end": turn.end.as_ref().map(ToString::to_string),
    })
}
