//! Leaving a message: greeting, tone, recording, and what becomes of it.

use std::time::Duration;

use smol_str::format_smolstr;

use super::{
    super::{
        boxes::Message,
        model::{Act, Happening, Session, Stage},
    },
    Turn, say,
};
use crate::{
    base::{
        id::SoundId,
        number::{Key, Number},
    },
    ports::media::{self, phrase::Phrase},
};

/// What is shorter was a breath or a click.
const SHORTEST: Duration = Duration::from_secs(2);
/// So long without a voice is the end.
const SILENCE: Duration = Duration::from_secs(5);
/// How long a recording's end may take to be told.
const GUARD: Duration = Duration::from_secs(5);
/// So often too short, and nobody is there.
const TRIES: u8 = 2;

impl Turn<'_> {
    pub(super) fn leaving(&mut self, session: &mut Session, happening: &Happening) {
        let Some(settings) = self.settings else { return self.gone(session) };
        let limit = settings.limit;
        match session.stage.clone() {
            Stage::Greeting { from, tries } => match happening {
                Happening::Enter => self.greet(session),
                Happening::Key(Key::POUND) => {
                    self.hush(session);
                    self.speak(session, vec![media::beep()]);
                }
                Happening::Spoken | Happening::Silence => {
                    session.speaking = false;
                    session.stage = Stage::Recording { from, tries, overdue: false };
                    self.acts.push(Act::Record { limit, silence: SILENCE });
                    self.acts.push(Act::Wait(limit + GUARD));
                }
                _ => {}
            },
            Stage::Recording { from, tries, overdue: true } if *happening == Happening::Silence => {
                self.acts.push(Act::Note("the recording's end was not told".into()));
                self.again(session, from, tries, Phrase::LeaveMessage);
            }
            // What was recorded before an interruption is a message too, if its end is told.
            Stage::Recording { from, tries, .. } => match happening {
                Happening::Enter | Happening::Silence | Happening::Key(Key::POUND) => {
                    session.stage = Stage::Recording { from, tries, overdue: true };
                    self.acts.push(Act::Hush);
                    self.acts.push(Act::Wait(GUARD));
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn greet(&mut self, session: &mut Session) {
        let Some(settings) = self.settings else { return self.gone(session) };
        if self.is_full(session) {
            return self.close(session, &[Phrase::Full]);
        }
        let own = settings.greeting.as_ref().and_then(|greeting| media::prompt(greeting, session.language));
        let greeting = own.map_or_else(|| say(session, &[Phrase::LeaveMessage]), |own| vec![own]);
        self.speak(session, greeting.into_iter().chain([media::beep()]).collect());
    }

    fn is_full(&mut self, session: &Session) -> bool {
        let most = self.settings.map_or(0, |settings| usize::from(settings.most));
        let full = self.boxes.messages(&session.place).len() >= most;
        if full {
            self.acts.push(Act::Note(format_smolstr!("mailbox {} is full: {most} messages", session.place)));
        }
        full
    }

    /// Another try, if there is one left.
    fn again(&mut self, session: &mut Session, from: Option<Number>, tries: u8, words: Phrase) {
        if tries + 1 >= TRIES {
            return self.close(session, &[Phrase::Goodbye]);
        }
        session.stage = Stage::Greeting { from, tries: tries + 1 };
        let media = say(session, &[words]).into_iter().chain([media::beep()]).collect();
        self.speak(session, media);
    }

    /// A recording is over. Whatever became of the caller, a message is kept.
    pub(super) fn recorded(&mut self, session: &mut Session, sound: SoundId, length: Duration) {
        // While somebody is asked again, what is told late is a message all the same.
        let (Stage::Recording { from, tries, .. } | Stage::Greeting { from, tries }) = session.stage.clone()
        else {
            self.acts.push(Act::Note("a recording that nobody waited for".into()));
            return self.acts.push(Act::Forget(sound));
        };
        let late = !session.recording();
        if self.settings.is_none() || self.is_full(session) {
            self.acts.push(Act::Forget(sound));
            let words = if self.settings.is_none() { Phrase::Unavailable } else { Phrase::Full };
            return self.close(session, &[words]);
        }
        if length < SHORTEST {
            self.acts.push(Act::Note("a recording too short for a message".into()));
            self.acts.push(Act::Forget(sound));
            if late {
                return;
            }
            return self.again(session, from, tries, Phrase::TooShort);
        }
        let seconds = length.as_secs();
        self.acts.push(Act::Note(format_smolstr!("a message of {seconds} s in mailbox {}", session.place)));
        self.boxes.keep(&session.place, Message { sound, from, at: self.now, length, heard: false });
        self.close(session, &[Phrase::Saved]);
    }
}
