//! What happens next at a mailbox.

mod hearing;
mod leaving;
mod pin;

use std::time::Duration;

use smol_str::format_smolstr;

use super::{
    boxes::Boxes,
    model::{Act, Happening, Session, Stage},
};
use crate::{
    base::clock::Stamp,
    infra::site::{Mailbox, Site},
    ports::{
        engine::Media,
        media::phrase::{self, Phrase},
    },
};

/// How long to wait for the end of what is spoken before going on without its report.
const SPOKEN: Duration = Duration::from_mins(2);

/// What is done next for `session`. `boxes` changes with it.
pub fn on(
    session: &mut Session,
    site: &Site,
    boxes: &mut Boxes,
    happening: Happening,
    now: Stamp,
) -> Vec<Act> {
    let settings = site.extensions.get(&session.place).and_then(|extension| extension.mailbox.as_ref());
    let mut turn = Turn { site, settings, boxes, now, acts: Vec::new() };
    turn.take(session, happening);
    let mut acts = turn.acts;
    session.watch(&mut acts, now);
    acts
}

/// Words of the house in the caller's language.
fn say(session: &Session, words: &[Phrase]) -> Vec<Media> {
    words.iter().filter_map(|word| phrase::phrase(*word, session.language)).collect()
}

/// One step of a session.
struct Turn<'a> {
    site: &'a Site,
    /// Of the mailbox; `None` before a conference, and when the mailbox has left the site.
    settings: Option<&'a Mailbox>,
    boxes: &'a mut Boxes,
    now: Stamp,
    acts: Vec<Act>,
}

impl Turn<'_> {
    fn take(&mut self, session: &mut Session, happening: Happening) {
        match (&session.stage, happening) {
            (_, Happening::Recorded { sound, length }) => self.recorded(session, sound, length),
            (Stage::Greeting { .. } | Stage::Recording { .. }, happening) => {
                self.leaving(session, &happening);
            }
            (Stage::Pin { .. }, happening) => self.pin(session, &happening),
            (Stage::Hearing(_), happening) => self.hearing(session, &happening),
            (Stage::Closing, Happening::Key(_) | Happening::Pressed(_) | Happening::Checked(_)) => {}
            (Stage::Closing, _) => self.acts.push(Act::Hangup),
        }
    }

    /// The last words, then the end.
    fn close(&mut self, session: &mut Session, words: &[Phrase]) {
        self.hush(session);
        session.stage = Stage::Closing;
        self.speak(session, say(session, words));
    }

    /// What is there no more cannot be used.
    fn gone(&mut self, session: &mut Session) {
        self.acts.push(Act::Note(format_smolstr!("mailbox {} is no longer in the site", session.place)));
        self.close(session, &[Phrase::Unavailable]);
    }

    fn speak(&mut self, session: &mut Session, media: Vec<Media>) {
        self.speak_for(session, media, SPOKEN);
    }

    fn speak_for(&mut self, session: &mut Session, media: Vec<Media>, at_most: Duration) {
        session.speaking = true;
        self.acts.push(Act::Speak(media));
        self.acts.push(Act::Wait(at_most));
    }

    fn hush(&mut self, session: &mut Session) {
        if std::mem::take(&mut session.speaking) {
            self.acts.push(Act::Hush);
        }
    }

    /// Whether what was spoken is over. Its report may be lost: then the deadline says so.
    fn is_spoken(session: &mut Session, happening: &Happening) -> bool {
        let over = matches!(happening, Happening::Spoken)
            || (matches!(happening, Happening::Silence) && session.speaking);
        over && std::mem::take(&mut session.speaking)
    }
}
