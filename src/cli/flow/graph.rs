//! `tandem flow graph`: a flow as a drawing.

use std::{collections::BTreeSet, fmt::Write};

use serde_json::json;

use super::{Where, flow, say};
use crate::{
    base::id::Name,
    cli::{Common, Exit, Fault},
    infra::site::{End, Flow, Jump, Step, Talk},
};

/// Draw a flow
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The flow
    #[arg(value_name = "FLOW")]
    flow: String,
    #[command(flatten)]
    place: Where,
    /// As Mermaid or as Graphviz' DOT
    #[arg(long, value_enum, default_value_t = Format::Mermaid)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Mermaid,
    Dot,
}

/// Boxes and arrows.
#[derive(Default)]
struct Drawing {
    boxes: BTreeSet<(String, String)>,
    arrows: Vec<(String, String, String)>,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let site = match args.place.load(common)? {
        Ok(site) => site,
        Err(exit) => return Ok(exit),
    };
    let (name, found) = flow(&site, &args.flow)?;
    let drawing = Drawing::of(found);
    if common.json {
        let boxes: Vec<_> =
            drawing.boxes.iter().map(|(id, label)| json!({ "id": id, "label": label })).collect();
        let arrows =
            drawing.arrows.iter().map(|(from, to, label)| json!({ "from": from, "to": to, "label": label }));
        say(&format!("{}\n", json!({ "flow": name, "boxes": boxes, "arrows": arrows.collect::<Vec<_>>() })))?;
    } else {
        say(&match args.format {
            Format::Mermaid => drawing.mermaid(),
            Format::Dot => drawing.dot(name),
        })?;
    }
    Ok(Exit::Done)
}

impl Drawing {
    fn of(flow: &Flow) -> Self {
        let mut drawing = Self::default();
        drawing.arrow("start", flow.start.as_str(), "");
        drawing.place("start", "a call");
        for (name, step) in &flow.steps {
            drawing.step(name, step);
        }
        drawing
    }

    fn place(&mut self, id: &str, label: &str) {
        self.boxes.insert((id.to_owned(), label.to_owned()));
    }

    fn arrow(&mut self, from: &str, to: &str, label: &str) {
        self.arrows.push((from.to_owned(), to.to_owned(), label.to_owned()));
    }

    fn step(&mut self, name: &Name, step: &Step) {
        let id = name.as_str();
        let what = match step {
            Step::Say { .. } => "says",
            Step::Play { .. } => "plays",
            Step::Menu(_) => "menu",
            Step::Collect(_) => "collects",
            Step::Rate(rate) => &format!("asks for 1 to {}", rate.of),
            Step::Queue { queue, .. } => &format!("queue {queue}"),
            Step::Route { policy, .. } => &format!("policy {policy}"),
            Step::Transfer { .. } => "transfer",
            Step::Hours { hours, .. } => &format!("hours {hours}"),
            Step::Voicemail { mailbox } => &format!("mailbox {}", mailbox.as_str()),
            Step::Talk(_) => "conversation",
            Step::Flow(flow) => &format!("flow {flow}"),
            Step::Hangup => "hangup",
        };
        self.place(id, &if what == id { id.to_owned() } else { format!("{id}: {what}") });
        match step {
            Step::Say { next, .. } | Step::Play { next, .. } => self.arrow(id, next.as_str(), ""),
            Step::Menu(menu) => {
                for (key, next) in &menu.keys {
                    self.arrow(id, next.as_str(), &key.to_string());
                }
                self.arrow(id, menu.otherwise.as_str(), "otherwise");
            }
            Step::Collect(collect) => {
                self.arrow(id, collect.next.as_str(), "");
                self.arrow(id, collect.otherwise.as_str(), "otherwise");
            }
            Step::Rate(rate) => {
                self.arrow(id, rate.next.as_str(), "");
                self.arrow(id, rate.otherwise.as_str(), "no answer");
            }
            Step::Queue { otherwise, .. }
            | Step::Route { otherwise, .. }
            | Step::Transfer { otherwise, .. } => {
                self.arrow(id, otherwise.as_str(), "otherwise");
            }
            Step::Hours { open, closed, .. } => {
                self.arrow(id, open.as_str(), "open");
                self.arrow(id, closed.as_str(), "closed");
            }
            Step::Talk(talk) => self.talk(id, talk),
            Step::Voicemail { .. } | Step::Flow(_) | Step::Hangup => {}
        }
    }

    fn talk(&mut self, id: &str, talk: &Talk) {
        self.queue(id, &talk.human.queue, "0, or failures");
        self.arrow(id, talk.otherwise.as_str(), "nobody takes over");
        for (name, topic) in &talk.topics {
            let own = format!("topic_{name}");
            let asks: Vec<&str> = topic.slots.iter().map(Name::as_str).collect();
            let asks = if asks.is_empty() { String::new() } else { format!(": {}", asks.join(", ")) };
            self.place(&own, &format!("{name}{asks}"));
            let mut ways: Vec<String> = topic.key.iter().map(ToString::to_string).collect();
            ways.extend(topic.intents.iter().map(ToString::to_string));
            let short = talk.shortcuts.iter().filter(|shortcut| shortcut.to == Jump::Topic(name.clone()));
            ways.extend(short.flat_map(|shortcut| &shortcut.words).take(2).map(|word| format!("“{word}”")));
            self.arrow(id, &own, &ways.join(", "));
            match &topic.end {
                End::Task { task, .. } => {
                    self.place(&format!("task_{task}"), &format!("task {task}"));
                    self.arrow(&own, &format!("task_{task}"), "");
                    self.arrow(&format!("task_{task}"), id, "done");
                }
                End::Say(_) | End::Answer(_) => self.arrow(&own, id, "says"),
                End::Human(human) => self.queue(&own, &human.queue, ""),
                End::Call(slot) => {
                    self.place("extension", "an extension");
                    self.arrow(&own, "extension", slot.as_str());
                }
                End::HangUp(_) => {
                    self.place("gone", "hangup");
                    self.arrow(&own, "gone", "");
                }
            }
        }
    }

    fn queue(&mut self, from: &str, queue: &Name, label: &str) {
        let id = format!("queue_{queue}");
        self.place(&id, &format!("queue {queue}"));
        self.arrow(from, &id, label);
    }

    fn mermaid(&self) -> String {
        let id = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric(), "_") + "_";
        let mut text = "flowchart TD\n".to_owned();
        for (name, label) in &self.boxes {
            let _ = writeln!(text, "  {}[\"{}\"]", id(name), plain(label));
        }
        for (from, to, label) in &self.arrows {
            let label = if label.is_empty() { String::new() } else { format!("|\"{}\"|", plain(label)) };
            let _ = writeln!(text, "  {} -->{label} {}", id(from), id(to));
        }
        text
    }

    fn dot(&self, name: &Name) -> String {
        let mut text = format!("digraph \"{name}\" {{\n  node [shape=box];\n");
        for (name, label) in &self.boxes {
            let _ = writeln!(text, "  \"{name}\" [label=\"{}\"];", plain(label));
        }
        for (from, to, label) in &self.arrows {
            let _ = writeln!(text, "  \"{from}\" -> \"{to}\" [label=\"{}\"];", plain(label));
        }
        text + "}\n"
    }
}

/// No text ends the quotes that it stands in.
fn plain(text: &str) -> String {
    text.replace(['"', '\\'], "'")
}
