//! Conferences of the house: who is in, who is heard, who is let in. Each participant is a call of its own.

use serde::{Deserialize, Serialize};
use smol_str::format_smolstr;

use super::{
    state::Switchboard,
    tapes::Recorder,
    view::{Actor, Refusal},
};
use crate::{
    base::{
        id::{CallId, RoomId},
        number::Number,
        text::Label,
    },
    live::{
        call::{Conferring, Next, Party, Stage, Timer},
        routing::Goal,
    },
    ports::engine::{Arrival, Command, HangupCause, Origin},
};

/// A conference under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub room: RoomId,
    pub locked: bool,
    #[serde(default)]
    pub recorder: Option<Recorder>,
}

impl Session {
    /// Whether this call is recorded for the conference.
    pub(super) fn records(&self, id: CallId) -> bool {
        self.recorder.as_ref().is_some_and(|recorder| recorder.on == Some(id))
    }
}

impl Switchboard {
    /// The caller, who has been answered, goes into a conference, past its PIN if it has one. Whom Tandem called was
    /// invited.
    pub(super) fn confer(&mut self, id: CallId, number: &Number) {
        let guarded = self.site.dialing.conferences.get(number).is_some_and(|room| room.pin_file.is_some());
        let invited = self.calls.get(&id).is_some_and(|call| call.arrival.origin == Origin::House);
        if guarded && !invited { self.ask_pin(id, number) } else { self.admit(id, number) }
    }

    /// The caller is let in.
    pub(super) fn admit(&mut self, id: CallId, number: &Number) {
        let now = self.now();
        let Some(settings) = self.site.dialing.conferences.get(number).cloned() else {
            let why = "the conference is no longer in the site";
            return self.nowhere(id, Next::Hangup, HangupCause::UNALLOCATED_NUMBER, why);
        };
        let present = self.participants(number).count();
        let session = self.conferences.get(number);
        if session.is_some_and(|session| session.locked) {
            return self.refuse(id, HangupCause::CALL_REJECTED, "the conference is locked");
        }
        if present >= usize::from(settings.most) {
            return self.refuse(id, HangupCause::USER_BUSY, "the conference is full");
        }
        let room = match session {
            Some(session) => session.room.clone(),
            None => self.out.room_id(),
        };
        let recorder = settings.record.then_some(Recorder { by: None, on: None, paused: false });
        self.conferences.entry(number.clone()).or_insert_with(|| Session {
            room: room.clone(),
            locked: false,
            recorder,
        });
        let Some(call) = self.calls.get_mut(&id) else { return };
        self.out.tell(call, format_smolstr!("conference {}: {} in it already", settings.name, present));
        call.stage = Stage::Conferring(Conferring {
            number: number.clone(),
            room: room.clone(),
            since: now,
            muted: false,
            here: false,
        });
        call.playing = None;
        self.out.order(&call.leg, Command::Meet { room, muted: false });
        self.timers.set(Timer::Stage(id), now + super::legs::ANSWER_GUARD);
        self.record_goes_on(number);
    }

    /// Everybody in a conference.
    pub(super) fn participants(&self, number: &Number) -> impl Iterator<Item = (CallId, &Conferring)> {
        self.calls.values().filter_map(move |call| match &call.stage {
            Stage::Conferring(conferring) if conferring.number == *number => Some((call.id, conferring)),
            _ => None,
        })
    }

    /// The way into the room took too long: once more.
    pub(super) fn conference_due(&mut self, id: CallId) {
        let now = self.now();
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Conferring(conferring) = &call.stage else { return };
        if !conferring.here {
            let (room, muted) = (conferring.room.clone(), conferring.muted);
            self.out.order(&call.leg, Command::Meet { room, muted });
            self.timers.set(Timer::Stage(id), now + super::legs::ANSWER_GUARD);
        }
    }

    /// A participant's leg came back: whoever was alone stays, and hears the next one come.
    pub(super) fn conference_returned(&mut self, id: CallId) {
        if let Some(call) = self.calls.get_mut(&id)
            && let Stage::Conferring(conferring) = &mut call.stage
        {
            conferring.here = false;
            self.conference_due(id);
        }
    }

    /// A call has left its conference, whose recording goes on without it; an empty one is over.
    pub(super) fn conference_left(&mut self, id: CallId, number: &Number) {
        if self.conferences.get(number).is_some_and(|session| session.records(id)) {
            self.record_goes_on(number);
        }
        if self.participants(number).next().is_none() {
            self.conferences.remove(number);
        }
    }

    /// Calls somebody and brings them in.
    pub(super) fn invite(&mut self, actor: &Actor, number: &Number, to: &Number) -> Result<(), Refusal> {
        if !self.site.dialing.conferences.contains_key(number) {
            return Err(Refusal::NoSuchConference { number: number.clone() });
        }
        let rung = self.whom(self.commanded(actor, None, to), to)?;
        let to = match &rung.party {
            Party::Extension(number) | Party::Outside(number) => number.clone(),
            Party::Agent(_) => return Err(Refusal::NoSuchExtension { to: to.clone() }),
        };
        let now = self.now();
        let id = self.out.call_id(&self.calls);
        let leg = self.out.leg_id();
        let arrival = Arrival {
            origin: Origin::House,
            from: Some(number.clone()),
            from_name: Label::default(),
            to: to.clone(),
        };
        let next = Next::goal(Goal::Conference(number.clone()));
        let stage = Stage::Reaching { next, since: now, trunk: None };
        let language = self.site.languages[0];
        let mut call = super::legs::new_call(id, leg.clone(), arrival, language, now, stage);
        self.out.tell(&mut call, format_smolstr!("{} invites {to} into conference {number}", actor.0));
        for why in &rung.why {
            self.out.tell(&mut call, why.clone());
        }
        self.calls_today += 1;
        self.legs.insert(leg, id);
        self.calls.insert(id, call);
        self.ring_own_leg(id, rung);
        Ok(())
    }

    pub(super) fn lock(&mut self, actor: &Actor, number: &Number, locked: bool) -> Result<(), Refusal> {
        let session = self
            .conferences
            .get_mut(number)
            .ok_or_else(|| Refusal::NoSuchConference { number: number.clone() })?;
        session.locked = locked;
        let what = if locked { "locks the conference" } else { "opens the conference" };
        let present: Vec<CallId> = self.participants(number).map(|(id, _)| id).collect();
        for id in present {
            self.acted(actor, id, what);
        }
        Ok(())
    }

    /// A participant is heard by the others, or not.
    pub(super) fn mute(&mut self, actor: &Actor, id: CallId, muted: bool) -> Result<(), Refusal> {
        let call = self.calls.get_mut(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        let Stage::Conferring(conferring) = &mut call.stage else {
            return Err(Refusal::NotNow { call: id, state: call.stage.word() });
        };
        conferring.muted = muted;
        let number = conferring.number.clone();
        self.out.order(&call.leg, Command::Mute { on: muted });
        self.record_goes_on(&number);
        self.acted(actor, id, if muted { "mutes this caller" } else { "lets this caller be heard" });
        Ok(())
    }
}
