//! Hearing one's messages: new ones first, each with its time, and five keys.

use std::time::Duration;

use smol_str::format_smolstr;

use super::{
    super::model::{Act, Happening, Hearing, Said, Session, Stage},
    SPOKEN, Turn, say,
};
use crate::{
    base::{id::SoundId, number::Key},
    ports::{
        engine::Media,
        media::phrase::{self, Phrase},
    },
};

/// How long to wait for a key.
const PATIENCE: Duration = Duration::from_secs(6);
/// So often the keys are told before nobody is there.
const TOLD: u8 = 3;

impl Turn<'_> {
    /// The PIN was right: how many there are, and the first.
    pub(super) fn begin(&mut self, session: &mut Session) {
        let (new, old) = self.boxes.counts(&session.place);
        self.acts
            .push(Act::Note(format_smolstr!("mailbox {}: {new} new and {old} old messages", session.place)));
        let messages = self.boxes.messages(&session.place);
        let of = |heard| messages.iter().filter(move |m| m.heard == heard).map(|m| m.sound.clone());
        let list: Vec<SoundId> = of(false).chain(of(true)).collect();
        if list.is_empty() {
            return self.close(session, &[Phrase::NoMessages, Phrase::Goodbye]);
        }
        session.stage = Stage::Hearing(Hearing { list, at: 0, said: Said::Head });
        let some = |many, one, more| -> Vec<Media> {
            let words = phrase::phrase(if many == 1 { one } else { more }, session.language);
            phrase::count(many, session.language).into_iter().chain(words).collect()
        };
        let mut media = match new {
            0 => say(session, &[Phrase::NoNewMessages, Phrase::YouHave]),
            _ => say(session, &[Phrase::YouHave]),
        };
        if new > 0 {
            media.extend(some(new, Phrase::NewMessage, Phrase::NewMessages));
        }
        if old > 0 {
            media.extend(some(old, Phrase::OldMessage, Phrase::OldMessages));
        }
        self.head(session, media);
    }

    pub(super) fn hearing(&mut self, session: &mut Session, happening: &Happening) {
        let Stage::Hearing(hearing) = &session.stage else { return };
        let said = hearing.said;
        match happening {
            Happening::Enter => self.head(session, Vec::new()),
            Happening::Key(key) => self.choose(session, *key),
            _ if Self::is_spoken(session, happening) => match said {
                Said::Head => self.play(session),
                Said::Message => {
                    self.heard(session);
                    self.choices(session, 1);
                }
                Said::Choices(_) => self.acts.push(Act::Wait(PATIENCE)),
            },
            Happening::Silence => match said {
                Said::Choices(told) if told < TOLD => self.choices(session, told + 1),
                _ => self.close(session, &[Phrase::Goodbye]),
            },
            _ => {}
        }
    }

    fn choose(&mut self, session: &mut Session, key: Key) {
        self.hush(session);
        let Stage::Hearing(hearing) = &session.stage else { return };
        let (at, last) = (hearing.at, hearing.list.len());
        // Whoever goes on in the middle of a message has heard enough of it.
        if hearing.said == Said::Message {
            self.heard(session);
        }
        match key.char() {
            '1' => self.go(session, at, Vec::new()),
            '2' => self.go(session, (at + 1).min(last), Vec::new()),
            '3' => self.delete(session),
            '*' => self.go(session, at.saturating_sub(1), Vec::new()),
            '#' => self.close(session, &[Phrase::Goodbye]),
            _ => self.choices(session, 1),
        }
    }

    fn delete(&mut self, session: &mut Session) {
        let Some(sound) = current(session) else { return self.go(session, usize::MAX, Vec::new()) };
        let before = say(session, &[Phrase::Deleted]);
        if self.boxes.delete(&session.place, &sound) {
            self.acts.push(Act::Note(format_smolstr!("mailbox {}: a message deleted", session.place)));
            self.acts.push(Act::Forget(sound));
        }
        let Stage::Hearing(hearing) = &mut session.stage else { return };
        hearing.list.remove(hearing.at);
        let at = hearing.at;
        self.go(session, at, before);
    }

    fn go(&mut self, session: &mut Session, at: usize, before: Vec<Media>) {
        if let Stage::Hearing(hearing) = &mut session.stage {
            hearing.at = at.min(hearing.list.len());
        }
        self.head(session, before);
    }

    /// Number and time of the present message. What somebody else has deleted meanwhile is left out.
    fn head(&mut self, session: &mut Session, mut media: Vec<Media>) {
        let Stage::Hearing(hearing) = &mut session.stage else { return };
        let there = |sound: &SoundId| self.boxes.message(&session.place, sound);
        while hearing.list.get(hearing.at).is_some_and(|sound| there(sound).is_none()) {
            hearing.list.remove(hearing.at);
        }
        let (at, list) = (hearing.at, hearing.list.len());
        hearing.said = Said::Head;
        let Some(message) = hearing.list.get(at).and_then(there) else {
            media.extend(say(session, &[Phrase::NoMore]));
            if list == 0 {
                media.extend(say(session, &[Phrase::Goodbye]));
                session.stage = Stage::Closing;
            }
            return self.speak(session, media);
        };
        let (left, language) = (message.at, session.language);
        media.extend(say(session, &[Phrase::Message]));
        media.extend(phrase::count(at + 1, language));
        media.extend(phrase::moment(left, self.now, &self.site.time_zone, language));
        self.speak(session, media);
    }

    fn play(&mut self, session: &mut Session) {
        let message = current(session).and_then(|sound| self.boxes.message(&session.place, &sound)).cloned();
        let Stage::Hearing(hearing) = &mut session.stage else { return };
        match message {
            Some(message) => {
                hearing.said = Said::Message;
                self.speak_for(session, vec![Media::Sound(message.sound)], message.length + SPOKEN);
            }
            None => self.choices(session, 1),
        }
    }

    fn heard(&mut self, session: &Session) {
        if let Some(sound) = current(session) {
            self.boxes.hear(&session.place, &sound);
        }
    }

    fn choices(&mut self, session: &mut Session, told: u8) {
        if let Stage::Hearing(hearing) = &mut session.stage {
            hearing.said = Said::Choices(told);
        }
        self.speak(session, say(session, &[Phrase::Choices]));
    }
}

/// The message that the owner is at.
fn current(session: &Session) -> Option<SoundId> {
    let Stage::Hearing(hearing) = &session.stage else { return None };
    hearing.list.get(hearing.at).cloned()
}
