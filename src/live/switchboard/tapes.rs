//! Recordings of talks, in stereo: begun, paused, ended.

use smol_str::format_smolstr;

use super::{
    state::Switchboard,
    view::{Actor, Refusal},
};
use crate::{
    base::id::CallId,
    live::call::{Stage, Tape},
    ports::engine::Command,
};

impl Switchboard {
    /// Begins to record what the call's leg says and hears.
    pub(super) fn tape(&mut self, id: CallId) {
        let sound = self.out.sound_id();
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.tape.is_none()) else { return };
        self.out.order(&call.leg, Command::Tape { sound: sound.clone() });
        self.out.tell(call, format_smolstr!("recording {sound} begins"));
        call.tapes.push(sound.clone());
        call.tape = Some(Tape { sound, paused: false });
    }

    pub(super) fn record_talk(&mut self, _actor: &Actor, id: CallId, on: bool) -> Result<(), Refusal> {
        let call = self.calls.get_mut(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        if matches!(call.stage, Stage::Ending | Stage::Answering { .. } | Stage::Reaching { .. }) {
            return Err(Refusal::NotNow { call: id, state: call.stage.word() });
        }
        match (on, call.tape.take()) {
            (true, None) => self.tape(id),
            (true, tape) => call.tape = tape,
            (false, Some(tape)) => {
                self.out.order(&call.leg, Command::TapeStop);
                self.out.tell(call, format_smolstr!("recording {} ends", tape.sound));
            }
            (false, None) => {}
        }
        Ok(())
    }

    /// Nothing is recorded while somebody says what must not be: silence stands there.
    pub(super) fn pause_tape(&mut self, id: CallId, paused: bool) -> Result<(), Refusal> {
        let call = self.calls.get_mut(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        let Some(tape) = call.tape.as_mut() else { return Err(Refusal::NotRecorded { call: id }) };
        if std::mem::replace(&mut tape.paused, paused) != paused {
            let what = if paused { "pauses" } else { "goes on" };
            let text = format_smolstr!("recording {} {what}", tape.sound);
            self.out.order(&call.leg, Command::TapePause { on: paused });
            self.out.tell(call, text);
        }
        Ok(())
    }
}
