//! Agents who are rung outside. Whoever answers there may be a voicemail or somebody else, and is asked first: the call is
//! theirs who press the key. Until then the caller keeps the place.

use std::time::Duration;

use smol_str::format_smolstr;

use super::{asked::Rung, goals::RING, state::Switchboard};
use crate::{
    base::{
        id::{CallId, LegId, Name},
        number::Key,
    },
    live::call::{Next, Party, Presence, Stage},
    ports::{
        engine::{Command, Endpoint, HangupCause},
        media::phrase,
    },
};

/// So long somebody who answered has to take the call: enough to hear twice how.
const CONFIRM: Duration = Duration::from_secs(12);
/// What is pressed.
const TAKE: char = '1';

impl Switchboard {
    /// How an agent is rung.
    pub(super) fn agent_rung(&self, name: &Name, ring: Duration) -> Rung {
        let party = Party::Agent(name.clone());
        let trunks = self.site.dialing.outside.as_ref().map_or(&[][..], |outside| &outside.trunks);
        if let Some((number, way)) = self.site.carrier_number(name).zip(self.in_order(trunks)) {
            return Rung { party, ring, ..Rung::outside(number, way) };
        }
        let extension = self.site.agents.get(name).and_then(|agent| agent.phone.extension());
        // Without one the engine has no such phone, and says so.
        let endpoint = extension.and_then(|extension| self.extension(extension));
        let endpoint = endpoint.unwrap_or_else(|| Endpoint::Phone(name.clone()));
        Rung { party, endpoint, ring, trunk: None, why: Vec::new() }
    }

    /// How long an agent is rung for this caller.
    pub(super) fn offer_ring(&self, id: CallId) -> Duration {
        let place = self.calls.get(&id).and_then(|call| call.stage.waiting());
        place.and_then(|waiting| self.site.queues.get(&waiting.queue)).map_or(RING, |queue| queue.ring)
    }

    /// The caller is offered to this agent alone; to `then` when nothing comes of it.
    pub(super) fn dial_agent(&mut self, id: CallId, name: &Name, ring: Duration, then: Next) {
        let rung = self.agent_rung(name, ring);
        if rung.trunk.is_none() {
            return self.dial(id, rung.party, rung.endpoint, ring, then);
        }
        let room = self.out.room_id();
        let member = self.ring_member(id, rung);
        self.begin_race(id, room, member.into_iter().collect(), then);
    }

    /// Whoever answered hears what to press.
    pub(super) fn ask_to_take(&mut self, id: CallId, leg: &LegId) {
        let until = self.now() + CONFIRM;
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Meeting(meeting) = &mut call.stage else { return };
        let Some(member) = meeting.member(leg) else { return };
        member.presence = Presence::Asked(until);
        let who = member.party.words();
        self.out.tell(call, format_smolstr!("{who} answered, and is asked to press {TAKE} to take the call"));
        self.tell_how(leg);
    }

    fn tell_how(&mut self, leg: &LegId) {
        let how = phrase::take_call(self.site.languages[0]);
        let media = [how.clone(), how].concat();
        self.out.order(leg, Command::Play { media });
    }

    /// A key of somebody who was asked: the call is theirs, or they decline.
    pub(super) fn member_key(&mut self, id: CallId, leg: &LegId, takes: bool) {
        if !self.is_asked(leg) {
            return;
        }
        if takes {
            return self.comes(id, leg, "takes the call");
        }
        self.out.hangup(leg, HangupCause::NORMAL_CLEARING);
        self.peer_gone(id, leg, HangupCause::CALL_REJECTED);
    }

    /// Whether somebody at this leg is asked to take a call.
    pub(super) fn is_asked(&self, leg: &LegId) -> bool {
        let stage = self.legs.get(leg).and_then(|id| self.calls.get(id)).map(|call| &call.stage);
        let Some(Stage::Meeting(meeting)) = stage else { return false };
        meeting
            .others
            .iter()
            .any(|member| member.leg == *leg && matches!(member.presence, Presence::Asked(_)))
    }

    /// After a restart nobody knows what was heard.
    pub(super) fn ask_again(&mut self, id: CallId) {
        let Some(Stage::Meeting(meeting)) = self.calls.get(&id).map(|call| &call.stage) else { return };
        let asked = meeting.others.iter().filter(|member| matches!(member.presence, Presence::Asked(_)));
        let legs: Vec<LegId> = asked.map(|member| member.leg.clone()).collect();
        for leg in legs {
            self.tell_how(&leg);
        }
    }
}

/// Whether this key takes a call.
pub(super) fn takes(key: Key) -> bool {
    key.char() == TAKE
}
