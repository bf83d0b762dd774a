//! The step of a flow that leads a conversation: what happens to the caller becomes its input, what it answers
//! becomes acts. How the conversation goes is `talk`'s.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use super::{
    model::{Act, Brief, Dialog, Happening},
    rules::{PROMPT_GUARD, Turn, Way},
    talk::{self, Output, Stage, Talking},
};
use crate::{
    base::id::Name,
    infra::site::{Ask, Human, Locale, Part, Talk, TransferTo, parts},
    ports::{engine::Ear, media},
};

/// So long a caller may think before the question is asked again.
const THINKING: Duration = Duration::from_secs(7);
/// Between two digits that are said or pressed.
const BETWEEN_DIGITS: Duration = Duration::from_secs(5);
/// No task may take longer.
const TASK: Duration = Duration::from_secs(10);
/// No utterance takes longer, with what it takes to be recognised.
pub(super) const UTTERANCE: Duration = Duration::from_secs(45);
const RING: Duration = Duration::from_secs(25);

/// A caller's conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    pub talking: Talking,
    /// What follows when the last words have been heard.
    pub then: Option<Output>,
    /// How the caller is listened to.
    #[serde(default)]
    pub ear: Option<(Ear, Locale)>,
}

impl Turn<'_> {
    pub(super) fn converse(&mut self, dialog: &mut Dialog, talk: &Talk, happening: Happening) -> Way {
        let fresh =
            || Box::new(Conversation { talking: Talking::new(dialog.language), then: None, ear: None });
        let mut conversation = dialog.talk.take().unwrap_or_else(fresh);
        match happening {
            Happening::Voice => {
                self.acts.push(Act::Wait(UTTERANCE));
                dialog.talk = Some(conversation);
                return Way::Stay;
            }
            // Whoever listened before may be gone.
            Happening::Enter => conversation.ear = None,
            _ => {}
        }
        if let Some(then) = conversation.then.take() {
            if matches!(happening, Happening::Word(_)) {
                self.acts.extend([Act::GoOn, Act::Wait(PROMPT_GUARD)]);
                conversation.then = Some(then);
                dialog.talk = Some(conversation);
                return Way::Stay;
            }
            if matches!(happening, Happening::Key(_)) {
                self.acts.push(Act::Hush);
            }
            dialog.talk = Some(conversation);
            return self.part(dialog, talk, then);
        }
        let word = matches!(happening, Happening::Word(_));
        let talking = &mut conversation.talking;
        let input = match happening {
            Happening::Enter => talk::Input::Begin,
            Happening::Key(key) => talk::Input::Key(key),
            Happening::Spoken => talk::Input::Spoken,
            // Nobody told that the prompt is over.
            Happening::Silence if talking.speaking => talk::Input::Spoken,
            Happening::Silence if matches!(talking.stage, Stage::Task(_)) => talk::Input::Task(None),
            Happening::Silence => talk::Input::Silence,
            Happening::Word(input) => input,
            Happening::Voice => return Way::Stay,
        };
        let spoken = input == talk::Input::Spoken;
        let outputs = talk::on(talking, talk, input);
        // A nod, or noise: what is being said goes on.
        let goes_on =
            word && talking.speaking && outputs.iter().all(|output| matches!(output, Output::Why(_)));
        let then = self.carry_out(talking, talk, &mut conversation.ear, outputs, spoken);
        if goes_on {
            self.acts.extend([Act::GoOn, Act::Wait(PROMPT_GUARD)]);
        }
        dialog.speaking = talking.speaking;
        dialog.language = talking.language;
        let silent = !talking.speaking;
        if then.is_some() {
            self.acts.push(Act::SumUp);
        }
        match then {
            Some(then) if silent => {
                dialog.talk = Some(conversation);
                return self.part(dialog, talk, then);
            }
            then => conversation.then = then,
        }
        dialog.talk = Some(conversation);
        Way::Stay
    }

    /// Says, waits and does; returns what ends the conversation, if anything does.
    fn carry_out(
        &mut self,
        talking: &Talking,
        talk: &Talk,
        listening: &mut Option<(Ear, Locale)>,
        outputs: Vec<Output>,
        spoken: bool,
    ) -> Option<Output> {
        let (mut speech, mut wait, mut then) = (Vec::new(), None, None);
        for output in outputs {
            match output {
                Output::Say { language, template, values, text } => {
                    let told = valueless(&template);
                    self.acts.push(Act::Words { language, text, told });
                    speech.extend(media::saying(&template, &values, language));
                    wait = Some(PROMPT_GUARD);
                }
                Output::Hush => self.acts.push(Act::Hush),
                Output::Listen { ear, language } => {
                    if listening.replace((ear, language)) != Some((ear, language)) {
                        self.acts.push(Act::Listen(ear, language));
                    }
                    if !talking.speaking {
                        wait = Some(patience(ear));
                    }
                }
                Output::Do { task, facts } => {
                    self.acts.push(Act::Task { task, facts });
                    wait = wait.or(Some(TASK));
                }
                Output::Reveal(digits) => {
                    self.acts.push(Act::Reveal(digits));
                    wait = wait.or(Some(BETWEEN_DIGITS));
                }
                Output::Why(why) => self.acts.push(Act::Because(why)),
                end => then = Some(end),
            }
        }
        if !speech.is_empty() {
            self.acts.push(Act::Speak(speech));
        }
        if spoken {
            wait = Some(match &talking.stage {
                Stage::Task(_) => TASK,
                Stage::Ask(slot) => match talk.slots.get(slot).map(|slot| &slot.ask) {
                    Some(Ask::Digits { .. } | Ask::Phone | Ask::Code) => BETWEEN_DIGITS,
                    _ => THINKING,
                },
                _ => THINKING,
            });
        }
        self.acts.extend(wait.map(Act::Wait));
        then
    }

    /// The conversation is over: to a human, to an extension, or away.
    fn part(&mut self, dialog: &Dialog, talk: &Talk, then: Output) -> Way {
        let otherwise = talk.otherwise.clone();
        self.acts.push(Act::Deaf);
        match then {
            Output::Transfer { to: Human { queue, route }, priority, context } => {
                let brief = Some(Box::new(Brief { priority, context }));
                self.acts.push(Act::Queue { queue, route, otherwise, brief });
                Way::Stay
            }
            Output::Call { slot, text } => {
                let number = match talk.slots.get(&slot).map(|slot| &slot.ask) {
                    Some(Ask::Person) => self.site.person(&text).map(|number| number.as_str().into()),
                    _ => Some(text),
                };
                if number.is_none() {
                    self.note(format_smolstr!("nobody in the site has the name in {slot}: step {otherwise}"));
                    return Way::To(otherwise);
                }
                let to = TransferTo::Collected(dialog.step.clone());
                self.acts.push(Act::Transfer { to, digits: number, ring: RING, otherwise });
                Way::Stay
            }
            _ => {
                self.acts.push(Act::Hangup);
                Way::Stay
            }
        }
    }

    /// On with another flow.
    pub(super) fn other_flow(&mut self, dialog: &mut Dialog, name: &Name) -> Way {
        let Some(flow) = self.site.flows.get(name) else {
            self.note(format_smolstr!("flow {name} is no longer in the site"));
            self.acts.push(Act::Hangup);
            return Way::Stay;
        };
        self.note(format_smolstr!("on with flow {name}"));
        self.flow = flow;
        dialog.flow = name.clone();
        Way::To(flow.start.clone())
    }
}

/// A text without what stands in its fields.
fn valueless(template: &str) -> SmolStr {
    let words = parts(template).map(|part| match part {
        Part::Words(words) => words,
        Part::Field(_) => "…",
    });
    words.collect()
}

fn patience(ear: Ear) -> Duration {
    match ear {
        Ear::Free => THINKING,
        Ear::Digits { .. } => BETWEEN_DIGITS,
    }
}
