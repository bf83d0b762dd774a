//! A flow led without a telephone: the very rules that lead calls, told that each prompt was heard to its end.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::civil::DateTime;
use smol_str::SmolStr;

use crate::{
    base::{clock::Stamp, id::Name, number::Key},
    infra::site::{Locale, Site, Step, Talk, TransferTo, trials::Deed},
    live::dialog::{
        self, Act, Brief, Dialog, Happening,
        talk::{
            Ears, Fact, FactKind, Heard, Input, Stage, Why,
            hiding::{self, Hidden, Pressed},
        },
    },
};

/// More prompts in a row are a flow that goes round without its caller.
const MOST_PROMPTS: usize = 100;

/// What came of one thing that the caller did.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub said: Vec<(Locale, SmolStr)>,
    pub heard: Option<Heard>,
    pub why: Vec<String>,
    pub task: Option<(Name, BTreeMap<Name, SmolStr>)>,
    /// Passages that answer, in this order.
    pub cites: Vec<Name>,
    pub end: Option<Ending>,
}

/// Where a caller ends up.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ending {
    Queue { queue: Name, brief: Option<Box<Brief>> },
    Extension(SmolStr),
    Elsewhere(String),
    Mailbox(SmolStr),
    Hangup,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue { queue, brief } => match brief.as_ref().map(|brief| brief.priority) {
                Some(priority) if priority != dialog::talk::Priority::Normal => {
                    let word = format!("{priority:?}").to_lowercase();
                    write!(f, "queue {queue} {word}")
                }
                _ => write!(f, "queue {queue}"),
            },
            Self::Extension(number) => write!(f, "extension {number}"),
            Self::Elsewhere(what) => f.write_str(what),
            Self::Mailbox(number) => write!(f, "mailbox {number}"),
            Self::Hangup => f.write_str("hangup"),
        }
    }
}

/// A caller in a flow.
pub(super) struct Rehearsal<'s> {
    site: &'s Site,
    ears: &'s Ears,
    now: DateTime,
    dialog: Dialog,
    over: bool,
    /// Of a secret that is being keyed in.
    digits: String,
    /// Topics, slots and steps that were come to.
    pub visited: BTreeSet<String>,
}

impl<'s> Rehearsal<'s> {
    pub fn new(site: &'s Site, ears: &'s Ears, flow: &Name, language: Locale, now: DateTime) -> Self {
        let start = site.flows.get(flow).map_or_else(|| flow.clone(), |flow| flow.start.clone());
        let dialog = Dialog::new(flow.clone(), start, language);
        Self { site, ears, now, dialog, over: false, digits: String::new(), visited: BTreeSet::new() }
    }

    pub fn begin(&mut self) -> Turn {
        self.put(vec![Happening::Enter], None)
    }

    pub fn does(&mut self, deed: &Deed) -> Turn {
        let (mut heard, word) = (None, Happening::Word);
        let happenings = match deed {
            Deed::Say(text) => {
                let understood = self.understood(text);
                if understood.is_none() {
                    let why = vec!["nobody listens to words here: press keys".to_owned()];
                    return Turn { why, ..Turn::default() };
                }
                heard.clone_from(&understood);
                understood.map(|heard| word(Input::Understood(heard))).into_iter().collect()
            }
            Deed::Keys(keys) => return self.press(keys),
            Deed::Silence => vec![Happening::Silence],
            Deed::Done(results) => vec![word(Input::Task(Some(results.clone())))],
            Deed::Failed => vec![word(Input::Task(None))],
        };
        self.put(happenings, heard)
    }

    /// What somebody here who listens makes of it.
    fn understood(&self, text: &str) -> Option<Heard> {
        let Dialog { flow, step, language, talk: conversation, .. } = &self.dialog;
        match self.site.flows.get(flow)?.steps.get(step)? {
            Step::Talk(talk) => {
                let talking = &conversation.as_ref()?.talking;
                Some(self.ears.understand(flow, talk, talking, text, self.now).heard)
            }
            Step::Rate(_) => Some(self.ears.value(*language, text, self.now).heard),
            _ => None,
        }
    }

    fn press(&mut self, keys: &[Key]) -> Turn {
        self.put(keys.iter().map(|key| Happening::Key(*key)).collect(), None)
    }

    /// What the caller says or keys in now is a secret.
    pub fn asks_secret(&self) -> bool {
        let conversation = self.talk().zip(self.dialog.talk.as_ref());
        conversation.is_some_and(|(talk, conversation)| hiding::asks_secret(talk, &conversation.talking))
    }

    /// A key, or what is known of one whose digit nobody may know.
    fn concealed(&mut self, happening: Happening) -> Happening {
        let conversation = self.talk().zip(self.dialog.talk.as_ref());
        let Happening::Key(key) = happening else { return happening };
        let pressed = conversation
            .map_or(Pressed::Open, |(talk, conversation)| hiding::pressed(talk, &conversation.talking, key));
        match pressed {
            Pressed::Secret { .. } | Pressed::Stray if key.char().is_ascii_digit() => {
                self.digits.push(key.char());
                Happening::Word(Input::Digit)
            }
            _ => Happening::Key(key),
        }
    }

    /// The mask of the last digits that were keyed in.
    fn revealed(&mut self, digits: u8) -> Fact {
        let keyed = std::mem::take(&mut self.digits);
        let from = keyed.len().saturating_sub(usize::from(digits));
        let text = Hidden::new(&keyed[from..]).mask;
        Fact { kind: FactKind::Secret(0), span: 0..text.len(), text }
    }

    pub fn over(&self) -> bool {
        self.over
    }

    /// A task waits for its outcome.
    pub fn busy(&self) -> bool {
        matches!(self.dialog.talk.as_ref().map(|talk| &talk.talking.stage), Some(Stage::Task(_)))
    }

    /// What is known of the caller's wish.
    pub fn known(&self) -> BTreeMap<Name, SmolStr> {
        let facts = self.dialog.talk.as_ref().map(|talk| &talk.talking.facts);
        facts.into_iter().flatten().map(|(slot, known)| (slot.clone(), known.text.clone())).collect()
    }

    fn talk(&self) -> Option<&'s Talk> {
        match self.site.flows.get(&self.dialog.flow)?.steps.get(&self.dialog.step)? {
            Step::Talk(talk) => Some(talk),
            _ => None,
        }
    }

    fn put(&mut self, happenings: Vec<Happening>, heard: Option<Heard>) -> Turn {
        let mut turn = Turn { heard, ..Turn::default() };
        for happening in happenings {
            self.one(happening, &mut turn);
            for _ in 0..MOST_PROMPTS {
                let waits = self.dialog.talk.as_ref().is_some_and(|talk| talk.then.is_some());
                if self.over || !self.dialog.speaking && !waits {
                    break;
                }
                self.one(Happening::Spoken, &mut turn);
            }
        }
        turn
    }

    fn one(&mut self, happening: Happening, turn: &mut Turn) {
        if self.over {
            return;
        }
        let happening = self.concealed(happening);
        let zoned = self.now.to_zoned(self.site.time_zone.clone());
        let now = Stamp(zoned.map(|zoned| zoned.timestamp().as_microsecond()).unwrap_or_default());
        let mut typed = None;
        for act in dialog::on(&mut self.dialog, self.site, happening, now) {
            if let Act::Reveal(digits) = act {
                typed = Some(self.revealed(digits));
            } else if let Some(end) = self.act(act, turn) {
                turn.end = Some(end);
                self.over = true;
            }
        }
        if typed.is_some() {
            self.one(Happening::Word(Input::Typed(typed)), turn);
        }
        self.visited.insert(format!("step {}", self.dialog.step));
        if let Some(conversation) = &self.dialog.talk {
            let talking = &conversation.talking;
            self.visited.extend(talking.topics.iter().map(|topic| format!("topic {topic}")));
            self.visited.extend(talking.facts.keys().map(|slot| format!("slot {slot}")));
        }
    }

    /// Notes what is done; says where the caller ends up by it.
    fn act(&mut self, act: Act, turn: &mut Turn) -> Option<Ending> {
        match act {
            Act::Words { language, text, .. } => turn.said.push((language, text)),
            Act::Note(text) => turn.why.push(text.to_string()),
            Act::Because(why) => {
                self.visited_by(&why);
                if let Why::Answered { passage, .. } = &why {
                    turn.cites.push(passage.clone());
                }
                turn.why.push(why.to_string());
            }
            Act::Task { task, facts } => turn.task = Some((task, facts)),
            Act::SumUp
            | Act::Reveal(_)
            | Act::Speak(_)
            | Act::Hush
            | Act::GoOn
            | Act::Listen(..)
            | Act::Deaf
            | Act::Asked { .. }
            | Act::Rated(_)
            | Act::Wait(_) => {}
            Act::Queue { queue, brief, .. } => {
                let context = brief.iter().flat_map(|brief| &brief.context.topics);
                self.visited.extend(context.map(|topic| format!("topic {topic}")));
                return Some(Ending::Queue { queue, brief });
            }
            Act::Route { policy, .. } => return Some(Ending::Elsewhere(format!("policy {policy}"))),
            Act::Transfer { to, digits, .. } => {
                return Some(match (to, digits) {
                    (_, Some(digits)) => Ending::Extension(digits),
                    (TransferTo::Extension(number) | TransferTo::Group(number), None) => {
                        Ending::Extension(number.as_str().into())
                    }
                    (to, None) => Ending::Elsewhere(format!("{to:?}")),
                });
            }
            Act::Voicemail { mailbox } => return Some(Ending::Mailbox(mailbox.as_str().into())),
            Act::Hangup => return Some(Ending::Hangup),
        }
        None
    }

    fn visited_by(&mut self, why: &Why) {
        let visited = match why {
            Why::Done { topic } | Why::Emergency { topic } | Why::Pressed { topic, .. } => {
                format!("topic {topic}")
            }
            Why::Answered { passage, .. } => format!("passage {passage}"),
            Why::Filled { slot } | Why::Confirmed { slot } => format!("slot {slot}"),
            _ => return,
        };
        self.visited.insert(visited);
    }
}

/// Everything that a flow's trials can come to.
pub(super) fn places(site: &Site, flow: &Name) -> BTreeSet<String> {
    let steps = site.flows.get(flow).map(|flow| &flow.steps);
    let mut all = BTreeSet::new();
    for (name, step) in steps.into_iter().flatten() {
        all.insert(format!("step {name}"));
        if let Step::Talk(talk) = step {
            all.extend(talk.topics.keys().map(|topic| format!("topic {topic}")));
            all.extend(talk.knowledge.keys().map(|passage| format!("passage {passage}")));
            all.extend(talk.slots.keys().map(|slot| format!("slot {slot}")));
        }
    }
    all
}
