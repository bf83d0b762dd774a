//! Calls that somebody else takes: left on a slot and fetched, or picked up while another phone rings.

use smol_str::format_smolstr;

use super::state::Switchboard;
use crate::{
    base::{
        id::{CallId, LegId},
        number::Number,
    },
    live::{
        call::{Meeting, Member, Next, Parked, Party, Presence, Stage, Timer},
        record::{EndedBy, LegRecord, Role},
        routing::Goal,
    },
    ports::engine::{Command, HangupCause},
};

impl Switchboard {
    /// The caller, whose leg obeys, waits on a slot.
    pub(super) fn park(&mut self, id: CallId, slot: Number, by: Option<Number>) {
        let parking = self.site.dialing.parking.as_ref().filter(|parking| parking.slots.contains(&slot));
        let back = parking.map(|parking| parking.back_after);
        if self.parked_on(&slot).is_some() || back.is_none() {
            let Some(call) = self.calls.get_mut(&id) else { return };
            let what = if back.is_some() { "taken" } else { "no longer in the site" };
            self.out.tell(call, format_smolstr!("slot {slot} is {what}"));
            return self.back_to(id, by);
        }
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stage = Stage::Parked(Parked { slot: slot.clone(), by });
        self.out.tell(call, format_smolstr!("parked on {slot}"));
        if let Some(back) = back {
            self.timers.set(Timer::Stage(id), now + back);
        }
        self.keep_company(id);
    }

    pub(super) fn parked_on(&self, slot: &Number) -> Option<CallId> {
        let on = |stage: &Stage| matches!(stage, Stage::Parked(parked) if parked.slot == *slot);
        self.calls.values().find(|call| on(&call.stage)).map(|call| call.id)
    }

    /// A slot that nobody waits on.
    pub(super) fn free_slot(&self) -> Option<Number> {
        let slots = &self.site.dialing.parking.as_ref()?.slots;
        slots.iter().find(|slot| self.parked_on(slot).is_none()).cloned()
    }

    /// Nobody took the parked call: whoever parked it is rung.
    pub(super) fn park_due(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Parked(parked) = &call.stage else { return };
        let text = format_smolstr!("nobody took the call from {}", parked.slot);
        self.out.tell(call, text);
        self.unpark(id);
    }

    /// The caller no longer waits on a slot: whoever put them there is rung.
    pub(super) fn unpark(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Parked(parked) = &call.stage else { return };
        let by = parked.by.clone();
        self.out.order(&call.leg, Command::Stop);
        self.back_to(id, by);
    }

    fn back_to(&mut self, id: CallId, by: Option<Number>) {
        match by {
            Some(by) => self.go(id, Next::goal(Goal::Extension(by))),
            None => self.nowhere(id, Next::Hangup, HangupCause::NO_ANSWER, "nobody parked the call"),
        }
    }

    /// A phone dialled a slot: it gets the caller who waits there.
    pub(super) fn fetch(&mut self, taker: CallId, slot: &Number) {
        match self.parked_on(slot) {
            Some(parked) => self.take_over(parked, taker, &format_smolstr!("fetched from {slot}")),
            None => self.refuse(taker, HangupCause::CALL_REJECTED, "nobody is parked there"),
        }
    }

    /// A phone takes a call that rings elsewhere: at `of`, or at any phone of its pickup group.
    pub(super) fn pick_up(&mut self, taker: CallId, of: Option<&Number>) {
        let own = self.calls.get(&taker).and_then(|call| self.dialled_by(&call.arrival));
        let group = own.as_ref().and_then(|own| self.site.extensions.get(own)?.pickup.clone());
        let may = |number: &Number| match of {
            Some(of) => number == of,
            None => {
                group.is_some()
                    && self.site.extensions.get(number).is_some_and(|extension| extension.pickup == group)
            }
        };
        let mut found = None;
        for call in self.calls.values().filter(|call| call.id != taker) {
            if self.ringing_at(&call.stage).iter().any(may) {
                found = Some(call.id);
                break;
            }
        }
        match found {
            Some(call) => self.take_over(call, taker, "picked up"),
            None => self.refuse(taker, HangupCause::CALL_REJECTED, "nothing rings that could be picked up"),
        }
    }

    /// The extensions that a call rings at. Offers of a queue are its agents' alone.
    fn ringing_at(&self, stage: &Stage) -> Vec<Number> {
        match stage {
            Stage::Dialling(dialled) => match &dialled.party {
                Party::Extension(number) => vec![number.clone()],
                Party::Agent(_) | Party::Outside(_) => Vec::new(),
            },
            Stage::Meeting(meeting) if meeting.race => {
                let rung = meeting.others.iter().filter(|member| matches!(member.party, Party::Extension(_)));
                rung.filter_map(|member| self.extension_of(&member.party)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The taker's leg becomes the other side of the call, and the taker's own call is over.
    fn take_over(&mut self, id: CallId, taker: CallId, how: &str) {
        let now = self.now();
        let Some(mut own) = self.calls.remove(&taker) else { return };
        let leg = own.leg.clone();
        let party = self.dialled_by(&own.arrival).map_or_else(
            || Party::Outside(own.arrival.from.clone().unwrap_or_else(|| own.arrival.to.clone())),
            Party::Extension,
        );
        self.out.tell(&mut own, format_smolstr!("{how}: call {id}"));
        own.gone = Some((now, HangupCause::NORMAL_CLEARING));
        own.ended_by = Some(EndedBy::Tandem);
        self.leave_attendant(&mut own);
        self.retire(own);
        self.legs.insert(leg.clone(), id);

        let room = self.out.room_id();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let role = if matches!(party, Party::Outside(_)) { Role::Outside } else { Role::Extension };
        let mut record = LegRecord::dialled(leg.clone(), role, party.words(), now);
        record.answered = Some(now);
        call.dialled.push(record);
        self.out.tell(call, format_smolstr!("{how} by {}", party.words()));
        let rung: Vec<LegId> = match &call.stage {
            Stage::Dialling(dialled) => vec![dialled.leg.clone()],
            Stage::Meeting(meeting) => meeting.others.iter().map(|member| member.leg.clone()).collect(),
            _ => Vec::new(),
        };
        for leg in rung {
            self.out.hangup(&leg, HangupCause::NORMAL_CLEARING);
        }
        call.playing = None;
        call.stage = Stage::Meeting(Meeting {
            room: room.clone(),
            others: vec![Member { leg: leg.clone(), party, presence: Presence::Coming, trunk: None }],
            aside: false,
            here: false,
            race: false,
            consultant: None,
            since: None,
            then: Next::Hangup,
            sent: false,
            former: None,
        });
        self.out.order(&leg, Command::Answer);
        self.out.order(&leg, Command::Meet { room: room.clone(), muted: false });
        self.out.order(&call.leg, Command::Meet { room, muted: false });
        self.timers.set(Timer::Stage(id), now + super::legs::ANSWER_GUARD);
    }
}
