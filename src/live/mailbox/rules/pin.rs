//! The PIN before a mailbox or a conference. What is keyed in is told to nobody.

use std::time::Duration;

use smol_str::format_smolstr;

use super::{
    super::model::{Act, Happening, Purpose, Session, Stage},
    Turn, say,
};
use crate::{base::number::Key, infra::site::PinHash, ports::media::phrase::Phrase};

/// How long before the first digit and between two.
const PATIENCE: Duration = Duration::from_secs(6);
/// So often the PIN is asked for in one call.
const TRIES: u8 = 3;
/// No PIN is longer.
const LONGEST: usize = 12;

impl Turn<'_> {
    pub(super) fn pin(&mut self, session: &mut Session, happening: &Happening) {
        match happening {
            Happening::Enter => self.ask(session, &[]),
            Happening::Key(key) => self.key(session, *key),
            _ if Self::is_spoken(session, happening) => self.acts.push(Act::Wait(PATIENCE)),
            Happening::Silence => self.tried(session),
            Happening::Spoken | Happening::Recorded { .. } => {}
        }
    }

    fn ask(&mut self, session: &mut Session, before: &[Phrase]) {
        let Stage::Pin { purpose, digits, .. } = &mut session.stage else { return };
        let purpose = *purpose;
        digits.take();
        if self.boxes.locked(&session.place, self.now) {
            self.acts.push(Act::Note(format_smolstr!("{}: too many wrong PINs lately", session.place)));
            return self.close(session, &[Phrase::Locked]);
        }
        if self.hash(session, purpose).is_none() {
            let why = format_smolstr!("the PIN of {} is not known: its file was not read", session.place);
            self.acts.push(Act::Note(why));
            return self.close(session, &[Phrase::Unavailable]);
        }
        let words: Vec<Phrase> = before.iter().copied().chain([Phrase::EnterPin]).collect();
        self.speak(session, say(session, &words));
    }

    /// `#` ends it, `*` begins anew.
    fn key(&mut self, session: &mut Session, key: Key) {
        self.hush(session);
        let Stage::Pin { digits, .. } = &mut session.stage else { return };
        match key.char() {
            '#' => return self.tried(session),
            '*' => drop(digits.take()),
            '0'..='9' => digits.push(key),
            _ => {}
        }
        if digits.len() >= LONGEST {
            return self.tried(session);
        }
        self.acts.push(Act::Wait(PATIENCE));
    }

    fn tried(&mut self, session: &mut Session) {
        let Stage::Pin { purpose, tries, digits } = &mut session.stage else { return };
        *tries += 1;
        let (purpose, tries, digits) = (*purpose, *tries, digits.take());
        let place = session.place.clone();
        let said = if digits.is_empty() {
            self.acts.push(Act::Note(format_smolstr!("{place}: no PIN, try {tries} of {TRIES}")));
            None
        } else if self.hash(session, purpose).is_some_and(|pin| pin.is(&digits)) {
            self.boxes.right(&place);
            self.acts.push(Act::Note(format_smolstr!("{place}: the PIN is right")));
            return match purpose {
                Purpose::Hear => self.begin(session),
                Purpose::Enter => self.acts.push(Act::Admit),
            };
        } else {
            self.acts.push(Act::Note(format_smolstr!("{place}: a wrong PIN, try {tries} of {TRIES}")));
            if self.boxes.wrong(&place, purpose.most_wrong(), self.now) {
                return self.close(session, &[Phrase::Locked]);
            }
            Some(Phrase::WrongPin)
        };
        if tries >= TRIES {
            return self.close(session, &[Phrase::Goodbye]);
        }
        self.ask(session, said.as_slice());
    }

    fn hash(&self, session: &Session, purpose: Purpose) -> Option<&PinHash> {
        match purpose {
            Purpose::Hear => self.settings?.pin.as_ref(),
            Purpose::Enter => self.site.dialing.conferences.get(&session.place)?.pin.as_ref(),
        }
    }
}
