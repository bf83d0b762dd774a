//! Recordings of calls, in stereo: begun, paused, ended; and of conferences, by way of one who is in it.

use serde::{Deserialize, Serialize};
use smol_str::format_smolstr;

use super::{
    state::Switchboard,
    view::{Actor, Recording, Refusal},
};
use crate::{
    base::{
        id::{CallId, LegId, OrderId},
        number::Number,
        text::Label,
    },
    live::call::{Stage, Tape},
    ports::engine::Command,
};

/// A conference that is recorded: what somebody in it says and hears is what is said in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorder {
    /// Who ordered it; nobody when the site did.
    pub by: Option<Label>,
    /// Whose call is recorded for it: nobody's while none of them is heard.
    pub on: Option<CallId>,
    pub paused: bool,
}

impl Switchboard {
    /// Begins to record what the call's leg says and hears, unless that is done already.
    fn tape(&mut self, id: CallId, by: Option<Label>) {
        let (sound, now) = (self.out.sound_id(), self.now());
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.tape().is_none()) else { return };
        let order = self.out.order(&call.leg, Command::Tape { sound: sound.clone() });
        self.out.tell(call, format_smolstr!("recording {sound} begins{}", ordered(by.as_ref())));
        let recording = Recording::begins(sound, call.leg.clone(), by, now);
        call.recorded.push(Tape { order, recording });
    }

    /// Ends the call's recording.
    pub(super) fn tape_ends(&mut self, id: CallId, by: Option<&Label>) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(tape) = call.tape_mut() else { return };
        let paused = tape.recording.paused();
        tape.recording.end(now);
        let text = format_smolstr!("recording {} ends{}", tape.recording.sound, ordered(by));
        self.out.order(&call.leg, Command::TapeStop);
        self.out.tell(call, text);
        if paused {
            self.sense_pauses(id);
        }
    }

    /// The engine does not record.
    pub(super) fn tape_refused(&mut self, leg: &LegId, order: OrderId, why: &Label) {
        let Some(call) = self.legs.get(leg).and_then(|id| self.calls.get_mut(id)) else { return };
        let Some(tape) = call.recorded.pop_if(|tape| tape.order == order) else { return };
        let text = format_smolstr!("recording {} did not begin: {}", tape.recording.sound, why.as_str());
        self.out.tell(call, text);
    }

    /// The call is about another leg from now on, and so is its recording, paused or not.
    pub(super) fn tape_follows(&mut self, id: CallId) {
        let now = self.now();
        let Some(tape) = self.calls.get_mut(&id).and_then(|call| call.tape_mut()) else { return };
        let (by, paused) = (tape.recording.by.clone(), tape.recording.paused());
        tape.recording.end(now);
        let before = tape.recording.leg.clone();
        self.out.order(&before, Command::TapeStop);
        self.tape(id, by.clone());
        if paused {
            self.pause(id, true, by.as_ref());
        }
    }

    pub(super) fn record_talk(&mut self, actor: &Actor, id: CallId, on: bool) -> Result<(), Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        if matches!(call.stage, Stage::Ending | Stage::Answering { .. } | Stage::Reaching { .. }) {
            return Err(Refusal::NotNow { call: id, state: call.stage.word() });
        }
        let conference = match &call.stage {
            Stage::Conferring(conferring) => Some(conferring.number.clone()),
            _ => None,
        };
        if on {
            self.tape(id, Some(actor.0.clone()));
        } else {
            let mut sessions = self.conferences.values_mut();
            if let Some(session) = sessions.find(|session| session.records(id)) {
                session.recorder = None;
            }
            self.tape_ends(id, Some(&actor.0));
        }
        if let Some(number) = conference {
            self.record_goes_on(&number);
        }
        Ok(())
    }

    /// Nothing is recorded while somebody says what must not be: silence stands there.
    pub(super) fn pause_tape(&mut self, actor: &Actor, id: CallId, paused: bool) -> Result<(), Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        if call.tape().is_none() {
            return Err(Refusal::NotRecorded { call: id });
        }
        let mut sessions = self.conferences.values_mut().filter(|session| session.records(id));
        if let Some(recorder) = sessions.find_map(|session| session.recorder.as_mut()) {
            recorder.paused = paused;
        }
        self.pause(id, paused, Some(&actor.0));
        Ok(())
    }

    fn pause(&mut self, id: CallId, paused: bool, by: Option<&Label>) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(tape) = call.tape_mut() else { return };
        if tape.recording.pause(paused, by, now) {
            let what = if paused { "pauses" } else { "goes on" };
            let text = format_smolstr!("recording {} {what}{}", tape.recording.sound, ordered(by));
            self.out.order(&call.leg, Command::TapePause { on: paused });
            self.out.tell(call, text);
            self.sense_pauses(id);
        }
    }

    /// A conference is recorded, or not any more.
    pub(super) fn record_conference(
        &mut self,
        actor: &Actor,
        number: &Number,
        on: bool,
    ) -> Result<(), Refusal> {
        let session = self
            .conferences
            .get_mut(number)
            .ok_or_else(|| Refusal::NoSuchConference { number: number.clone() })?;
        let before = session.recorder.take();
        if on {
            session.recorder =
                before.or(Some(Recorder { by: Some(actor.0.clone()), on: None, paused: false }));
            self.record_goes_on(number);
        } else if let Some(id) = before.and_then(|recorder| recorder.on) {
            self.tape_ends(id, Some(&actor.0));
        }
        Ok(())
    }

    /// The house does not record any more.
    pub(super) fn record_nothing(&mut self) {
        for session in self.conferences.values_mut() {
            session.recorder = None;
        }
        let taped = self.calls.iter().filter(|(_, call)| call.tape().is_some());
        let taped: Vec<CallId> = taped.map(|(id, _)| *id).collect();
        for id in taped {
            self.tape_ends(id, None);
        }
    }

    /// Somebody came, left, was muted, or is heard again: a conference is recorded by way of somebody who is heard.
    /// What is said by whoever is muted is nobody's business.
    pub(super) fn record_goes_on(&mut self, number: &Number) {
        let Some(recorder) = self.conferences.get(number).and_then(|session| session.recorder.clone()) else {
            return;
        };
        let heard: Vec<CallId> =
            self.participants(number).filter(|(_, who)| !who.muted).map(|(id, _)| id).collect();
        let taped = |id: &CallId| self.calls.get(id).is_some_and(|call| call.tape().is_some());
        if recorder.on.is_some_and(|id| heard.contains(&id) && taped(&id)) {
            return;
        }
        let next = heard.iter().copied().find(|id| !taped(id));
        if let Some(id) = recorder.on {
            self.tape_ends(id, None);
        }
        if let Some(id) = next {
            self.tape(id, recorder.by.clone());
            self.pause(id, recorder.paused, recorder.by.as_ref());
        }
        if let Some(session) = self.conferences.get_mut(number) {
            session.recorder = Some(Recorder { on: next, ..recorder });
        }
    }
}

fn ordered(by: Option<&Label>) -> String {
    by.map(|by| format!(" (by {})", by.as_str())).unwrap_or_default()
}
