//! The PIN before a mailbox or a conference. What is keyed in is told to nobody: not here either.

use std::time::Duration;

use smol_str::format_smolstr;

use super::{
    super::model::{Act, Happening, Pressed, Purpose, Session, Stage, Verdict},
    Turn, say,
};
use crate::{infra::site::PinHash, ports::media::phrase::Phrase};

/// How long before the first digit and between two, and for the answer to a check.
const PATIENCE: Duration = Duration::from_secs(6);
/// So often the PIN is asked for in one call.
const TRIES: u8 = 3;

impl Turn<'_> {
    pub(super) fn pin(&mut self, session: &mut Session, happening: &Happening) {
        let Stage::Pin { checking, .. } = session.stage else { return };
        match happening {
            Happening::Enter => self.ask(session, &[]),
            Happening::Checked(verdict) if checking => self.checked(session, *verdict),
            // The answer is lost: the question is asked anew.
            Happening::Silence if checking => self.ask(session, &[]),
            _ if checking => {}
            Happening::Pressed(pressed) => self.pressed(session, *pressed),
            _ if Self::is_spoken(session, happening) => self.acts.push(Act::Wait(PATIENCE)),
            Happening::Silence => self.check(session),
            _ => {}
        }
    }

    fn ask(&mut self, session: &mut Session, before: &[Phrase]) {
        let Stage::Pin { purpose, checking, .. } = &mut session.stage else { return };
        let purpose = *purpose;
        *checking = false;
        if self.boxes.locked(&session.place, self.now) {
            self.acts.push(Act::Note(format_smolstr!("{}: too many wrong PINs lately", session.place)));
            return self.close(session, &[Phrase::Locked]);
        }
        if self.hash(session, purpose).is_none() {
            return self.unknown(session);
        }
        self.acts.push(Act::Afresh);
        let words: Vec<Phrase> = before.iter().copied().chain([Phrase::EnterPin]).collect();
        self.speak(session, say(session, &words));
    }

    fn unknown(&mut self, session: &mut Session) {
        let why = format_smolstr!("the PIN of {} is not known: its file was not read", session.place);
        self.acts.push(Act::Note(why));
        self.close(session, &[Phrase::Unavailable]);
    }

    fn pressed(&mut self, session: &mut Session, pressed: Pressed) {
        self.hush(session);
        match pressed {
            Pressed::End => self.check(session),
            Pressed::Digit | Pressed::Anew | Pressed::Other => self.acts.push(Act::Wait(PATIENCE)),
        }
    }

    fn check(&mut self, session: &mut Session) {
        let Stage::Pin { purpose, .. } = session.stage else { return };
        let Some(pin) = self.hash(session, purpose).cloned() else { return self.unknown(session) };
        if let Stage::Pin { checking, .. } = &mut session.stage {
            *checking = true;
        }
        self.acts.push(Act::Check(pin));
        self.acts.push(Act::Wait(PATIENCE));
    }

    fn checked(&mut self, session: &mut Session, verdict: Verdict) {
        let Stage::Pin { purpose, tries, .. } = &mut session.stage else { return };
        *tries += 1;
        let (purpose, tries) = (*purpose, *tries);
        let place = session.place.clone();
        let said = match verdict {
            Verdict::Right => {
                self.boxes.right(&place);
                self.acts.push(Act::Note(format_smolstr!("{place}: the PIN is right")));
                return match purpose {
                    Purpose::Hear => self.begin(session),
                    Purpose::Enter => self.acts.push(Act::Admit),
                };
            }
            Verdict::Nothing => {
                self.acts.push(Act::Note(format_smolstr!("{place}: no PIN, try {tries} of {TRIES}")));
                None
            }
            Verdict::Wrong => {
                self.acts.push(Act::Note(format_smolstr!("{place}: a wrong PIN, try {tries} of {TRIES}")));
                if self.boxes.wrong(&place, purpose.most_wrong(), self.now) {
                    return self.close(session, &[Phrase::Locked]);
                }
                Some(Phrase::WrongPin)
            }
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
