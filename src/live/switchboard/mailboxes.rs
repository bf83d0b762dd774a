//! Callers at a mailbox, and before the door of a conference with a PIN: what `mailbox` decides is ordered here.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use smol_str::format_smolstr;

use super::{
    state::{Effect, Switchboard},
    view::Why,
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, LegId, OrderId, SoundId},
        number::Number,
    },
    live::{
        call::{AtMailbox, Next, Stage, Timer},
        mailbox::{self, Act, Happening, Session},
        record::EndedBy,
    },
    ports::engine::{Command, HangupCause},
};

/// So long a recording whose end was not told is asked for.
const PATIENCE: Duration = Duration::from_mins(1);

/// A message under way whose caller is no longer there; its end is still to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Late {
    call: CallId,
    leg: LegId,
    order: OrderId,
    sound: SoundId,
    session: Session,
    since: Stamp,
}

impl Switchboard {
    /// The caller leaves a message.
    pub(super) fn leave_message(&mut self, id: CallId, mailbox: &Number) {
        if self.site.extensions.get(mailbox).is_none_or(|extension| extension.mailbox.is_none()) {
            let why = "there is no such mailbox";
            return self.nowhere(id, Next::Hangup, HangupCause::UNALLOCATED_NUMBER, why);
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

    fn record_message(&mut self, id: CallId, limit: Duration, silence: Duration) {
        let sound = self.out.sound_id();
        self.still_recorded(id);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::AtMailbox(at) = &mut call.stage else { return };
        let order = self.out.order(&call.leg, Command::Record { sound: sound.clone(), limit, silence });
        at.recording = Some((order, sound));
    }

    /// A message has been recorded, or nothing.
    pub(super) fn recorded(&mut self, leg: &LegId, order: OrderId, length: Duration) {
        if let Some(place) = self.late.iter().position(|late| late.order == order) {
            let late = self.late.remove(place);
            return self.recorded_late(late, length);
        }
        let Some(id) = self.legs.get(leg).copied() else { return };
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.leg == *leg) else { return };
        let Stage::AtMailbox(at) = &mut call.stage else { return };
        if let Some((_, sound)) = at.recording.take_if(|(known, _)| *known == order) {
            self.at_mailbox(id, Happening::Recorded { sound, length });
        }
    }

    /// The caller's leg is no more, or goes elsewhere: what it was being recorded into is a message all the same.
    pub(super) fn still_recorded(&mut self, id: CallId) {
        let since = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::AtMailbox(at) = &mut call.stage else { return };
        if let Some((order, sound)) = at.recording.take() {
            let (leg, session) = (call.leg.clone(), at.session.clone());
            self.late.push(Late { call: id, leg, order, sound, session, since });
        }
    }

    /// Nobody is there any more to be told anything: the message is kept, or its file goes.
    fn recorded_late(&mut self, late: Late, length: Duration) {
        let Late { call: id, sound, mut session, .. } = late;
        let happening = Happening::Recorded { sound, length };
        let now = self.now();
        for act in mailbox::on(&mut session, &self.site, &mut self.boxes, happening, now) {
            match act {
                Act::Note(text) => match self.calls.get_mut(&id) {
                    Some(call) => self.out.tell(call, text),
                    None => self.out.push(Effect::Told { call: id, why: Why::new(now, text) }),
                },
                Act::Forget(sound) => self.out.push(Effect::Forget(sound)),
                _ => {}
            }
        }
    }

    /// Recordings whose end was lost, or told while nobody listened, are asked for.
    pub(super) fn find_recordings(&mut self, asked: Stamp) {
        for late in &self.late {
            if late.since + super::audit::LIST_LAG < asked {
                let (record, sound) = (late.order, late.sound.clone());
                self.out.order(&late.leg, Command::Find { record, sound });
            }
        }
        let lost = |late: &mut Late| late.since + PATIENCE < asked;
        for late in self.late.extract_if(.., lost) {
            let what = format_smolstr!("the recording {} was not found", late.sound);
            self.out.push(Effect::Told { call: late.call, why: Why::new(asked, what) });
        }
    }
}
