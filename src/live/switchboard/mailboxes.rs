//! Callers at a mailbox, and before the door of a conference with a PIN: what `mailbox` decides is ordered here.

use super::state::{Effect, Switchboard};
use crate::{
    base::{
        id::{CallId, LegId, OrderId},
        number::Number,
    },
    live::{
        call::{AtMailbox, Stage, Timer},
        mailbox::{self, Act, Happening, Session},
        record::EndedBy,
    },
    ports::engine::{Command, HangupCause},
};

impl Switchboard {
    /// The caller leaves a message.
    pub(super) fn leave_message(&mut self, id: CallId, mailbox: &Number) {
        if self.site.extensions.get(mailbox).is_none_or(|extension| extension.mailbox.is_none()) {
            return self.refuse(id, HangupCause::UNALLOCATED_NUMBER, "there is no such mailbox");
        }
        let Some(call) = self.calls.get(&id) else { return };
        let session = Session::leave(mailbox.clone(), call.arrival.from.clone(), call.language);
        self.enter_mailbox(id, session);
    }

    /// The owner hears what was left.
    pub(super) fn hear_messages(&mut self, id: CallId, mailbox: &Number) {
        let Some(call) = self.calls.get(&id) else { return };
        self.enter_mailbox(id, Session::hear(mailbox.clone(), call.language));
    }

    /// Whoever knows the PIN may go in.
    pub(super) fn ask_pin(&mut self, id: CallId, conference: &Number) {
        let Some(call) = self.calls.get(&id) else { return };
        self.enter_mailbox(id, Session::door(conference.clone(), call.language));
    }

    fn enter_mailbox(&mut self, id: CallId, session: Session) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stage = Stage::AtMailbox(AtMailbox { session, recording: None });
        self.lease(id);
        self.at_mailbox(id, Happening::Enter);
    }

    /// Lets the caller's session go on.
    pub(super) fn at_mailbox(&mut self, id: CallId, happening: Happening) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::AtMailbox(at) = &mut call.stage else { return };
        let conference = at.session.place.clone();
        self.timers.clear(&Timer::Stage(id));
        let acts = mailbox::on(&mut at.session, &self.site, &mut self.boxes, happening, now);
        for act in acts {
            let Some(call) = self.calls.get_mut(&id) else { return };
            match act {
                Act::Speak(media) => call.playing = Some(self.out.order(&call.leg, Command::Play { media })),
                Act::Hush => {
                    call.playing = None;
                    self.out.order(&call.leg, Command::Stop);
                }
                Act::Wait(span) => self.timers.set(Timer::Stage(id), now + span),
                Act::Record { limit, silence } => self.record_message(id, limit, silence),
                Act::Afresh => {
                    let leg = call.leg.clone();
                    self.out.push(Effect::Afresh(leg));
                }
                Act::Check(pin) => {
                    let leg = call.leg.clone();
                    self.out.push(Effect::Check { call: id, leg, pin });
                }
                Act::Admit => self.admit(id, &conference),
                Act::Hangup => self.hang_up(id, EndedBy::Tandem),
                Act::Note(text) => self.out.tell(call, text),
                Act::Forget(sound) => self.out.push(Effect::Forget(sound)),
            }
        }
    }

    fn record_message(&mut self, id: CallId, limit: std::time::Duration, silence: std::time::Duration) {
        let sound = self.out.sound_id();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::AtMailbox(at) = &mut call.stage else { return };
        let order = self.out.order(&call.leg, Command::Record { sound: sound.clone(), limit, silence });
        at.recording = Some((order, sound));
    }

    /// A message has been recorded, or nothing.
    pub(super) fn recorded(&mut self, leg: &LegId, order: OrderId, length: std::time::Duration) {
        let Some(id) = self.legs.get(leg).copied() else { return };
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.leg == *leg) else { return };
        let Stage::AtMailbox(at) = &mut call.stage else { return };
        if let Some((_, sound)) = at.recording.take_if(|(known, _)| *known == order) {
            self.at_mailbox(id, Happening::Recorded { sound, length });
        }
    }
}
