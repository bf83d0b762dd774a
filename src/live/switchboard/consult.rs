//! What an admin, or somebody at a console, does with a talk: asks a third first, hands on, comes back, talks as three,
//! parks.

use smol_str::format_smolstr;

use super::{
    state::Switchboard,
    view::{Actor, Refusal},
};
use crate::{
    base::{
        id::{CallId, LegId},
        number::Number,
    },
    live::call::{Meeting, Member, Next, Party, Presence, Stage, Timer},
    ports::engine::{Command, HangupCause},
};

impl Switchboard {
    /// The caller is put aside with music, and the other side talks with `to`.
    pub(super) fn consult(&mut self, actor: &Actor, id: CallId, to: &Number) -> Result<(), Refusal> {
        self.house_side(id)?;
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        let house = match &call.stage {
            Stage::Talking { with, then: Next::Hangup, .. } => with.party.clone(),
            Stage::Meeting(meeting) if meeting.since.is_some() && meeting.others.len() == 1 => {
                meeting.others[0].party.clone()
            }
            stage => return Err(Refusal::NotNow { call: id, state: stage.word() }),
        };
        let by = self.extension_of(&house);
        let rung = self.whom(self.commanded(actor, by.as_ref(), to), to)?;
        let now = self.now();
        let room = self.out.room_id();
        if let Some(call) = self.calls.get_mut(&id) {
            self.out.tell(call, format_smolstr!("{} lets {} ask {to} first", actor.0, house.words()));
            for why in &rung.why {
                self.out.tell(call, why.clone());
            }
        }
        let asked = self.ring_member(id, rung);
        let Some(call) = self.calls.get_mut(&id) else { return Ok(()) };
        match &mut call.stage {
            Stage::Talking { with, joined, .. } => {
                let consultant = with.leg.clone();
                let former = with.otherwise.place().cloned().map(Box::new);
                let house =
                    Member { leg: consultant.clone(), party: house, presence: Presence::Coming, trunk: None };
                call.stage = Stage::Meeting(Meeting {
                    room: room.clone(),
                    others: std::iter::once(house).chain(asked).collect(),
                    aside: true,
                    here: false,
                    race: false,
                    consultant: Some(consultant.clone()),
                    since: Some(*joined),
                    then: Next::Hangup,
                    sent: false,
                    former,
                });
                self.out.order(&consultant, Command::Meet { room, muted: false });
            }
            Stage::Meeting(meeting) => {
                meeting.consultant = Some(meeting.others[0].leg.clone());
                meeting.others.extend(asked);
                self.settle(id);
            }
            _ => {}
        }
        self.timers.set(Timer::Stage(id), now + super::meetings::MEET_GUARD);
        Ok(())
    }

    /// In a consultation: the one who asks, and the others but the caller.
    fn consultation(&self, id: CallId) -> Result<(LegId, Vec<LegId>), Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        match &call.stage {
            Stage::Meeting(Meeting { consultant: Some(consultant), others, .. }) if others.len() > 1 => {
                let rest = others.iter().map(|member| member.leg.clone()).filter(|leg| leg != consultant);
                Ok((consultant.clone(), rest.collect()))
            }
            stage => Err(Refusal::NotNow { call: id, state: stage.word() }),
        }
    }

    /// Whoever asks leaves, and the caller has the one who was asked.
    pub(super) fn complete(&mut self, actor: &Actor, id: CallId) -> Result<(), Refusal> {
        let (consultant, _) = self.consultation(id)?;
        self.acted(actor, id, "hands the caller on");
        self.out.hangup(&consultant, HangupCause::NORMAL_CLEARING);
        Ok(())
    }

    /// Whoever was asked leaves, and the caller has the other side back.
    pub(super) fn come_back(&mut self, actor: &Actor, id: CallId) -> Result<(), Refusal> {
        let (_, asked) = self.consultation(id)?;
        self.acted(actor, id, "gives the caller back");
        for leg in asked {
            self.out.hangup(&leg, HangupCause::NORMAL_CLEARING);
        }
        Ok(())
    }

    /// All of them talk.
    pub(super) fn join_all(&mut self, actor: &Actor, id: CallId) -> Result<(), Refusal> {
        self.consultation(id)?;
        self.acted(actor, id, "lets all talk together");
        if let Some(call) = self.calls.get_mut(&id)
            && let Stage::Meeting(meeting) = &mut call.stage
        {
            meeting.consultant = None;
        }
        self.settle(id);
        Ok(())
    }

    /// The caller waits on a slot for somebody else of the house.
    pub(super) fn park_talk(
        &mut self,
        actor: &Actor,
        id: CallId,
        slot: Option<Number>,
    ) -> Result<(), Refusal> {
        let slots =
            self.site.dialing.parking.as_ref().map(|parking| parking.slots.clone()).unwrap_or_default();
        let slot = match slot {
            Some(slot) if slots.contains(&slot) && self.parked_on(&slot).is_none() => slot,
            Some(slot) => return Err(Refusal::NoSlot { slot: Some(slot) }),
            None => self.free_slot().ok_or(Refusal::NoSlot { slot: None })?,
        };
        self.house_side(id)?;
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        let by = match &call.stage {
            Stage::Talking { with, .. } => self.extension_of(&with.party),
            Stage::Meeting(meeting) => {
                meeting.others.first().and_then(|member| self.extension_of(&member.party))
            }
            _ => None,
        };
        self.send_on(id, Next::Park { slot: slot.clone(), by })?;
        if let Some(call) = self.calls.get_mut(&id) {
            self.out.tell(call, format_smolstr!("{} parks the call on {slot}", actor.0));
        }
        Ok(())
    }

    /// When a phone of the house called out, the call is about the one outside.
    pub(super) fn house_side(&mut self, id: CallId) -> Result<(), Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        let Stage::Talking { with, .. } = &call.stage else { return Ok(()) };
        let called_out = matches!(with.party, Party::Outside(_));
        if let (true, Some(own)) = (called_out, self.dialled_by(&call.arrival).filter(|_| !call.handed_on)) {
            self.turn_round(id, own);
        }
        Ok(())
    }
}
