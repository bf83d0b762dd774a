//! Supervisors who attend a talk from a phone of theirs: they listen, whisper to the agent, speak to both, or take the call over.
//! Whoever attends holds on to the *agent's* leg: what becomes of the caller or of the supervisor harms neither of the
//! others. `docs/supervise.md`.

use smol_str::{SmolStr, format_smolstr};

use super::{
    asked::Rung,
    meetings::MEET_GUARD,
    state::Switchboard,
    view::{Actor, AttendedView, MoodView, Refusal},
};
use crate::{
    base::{
        attendance::Attendance,
        id::{CallId, LegId, OrderId},
        number::Number,
        text::Label,
    },
    live::call::{Attending, Call, Meeting, Member, Next, Party, Presence, Stage, Timer},
    ports::engine::{Command, HangupCause},
};

impl Switchboard {
    /// `by` attends the talk, or does so in another way from now on.
    pub(super) fn attend(
        &mut self,
        actor: &Actor,
        id: CallId,
        by: &Number,
        how: Attendance,
    ) -> Result<(), Refusal> {
        let Some(attending) = self.attended_by(id, by)? else {
            return self.call_attendant(actor, id, by, how, false);
        };
        let (leg, here) = (attending.leg.clone(), attending.since.is_some());
        let (_, who) = self.attended_leg(id)?;
        self.acted(actor, id, &format!("orders that {by} {} {who}", how.verb()));
        if let Some(attending) = self.attending_mut(id) {
            attending.how = how;
        }
        if here {
            self.order_attendance(id, &leg);
        }
        Ok(())
    }

    /// `by` has the caller from now on, and whoever talked with the caller leaves.
    pub(super) fn take_from_agent(&mut self, actor: &Actor, id: CallId, by: &Number) -> Result<(), Refusal> {
        let Some(attending) = self.attended_by(id, by)? else {
            return self.call_attendant(actor, id, by, Attendance::Listen, true);
        };
        let here = attending.since.is_some();
        let (_, who) = self.attended_leg(id)?;
        self.acted(actor, id, &format!("orders that {by} takes the call over from {who}"));
        if here {
            self.taken_over(id);
        } else if let Some(attending) = self.attending_mut(id) {
            attending.takes_over = true;
        }
        Ok(())
    }

    /// Nobody attends the talk any more.
    pub(super) fn unattend(&mut self, actor: &Actor, id: CallId) -> Result<(), Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        let attending = call.attended.as_deref().ok_or(Refusal::NotAttended { call: id })?;
        let by = attending.by.clone();
        self.acted(actor, id, &format!("orders that {by} leaves"));
        self.dismiss_attendant(id);
        Ok(())
    }

    /// Ordered until it has come about (`attend_due`, `end_unseen_legs`).
    fn dismiss_attendant(&mut self, id: CallId) {
        let Some(attending) = self.attending_mut(id) else { return };
        attending.over = true;
        let leg = attending.leg.clone();
        self.out.hangup(&leg, HangupCause::NORMAL_CLEARING);
    }

    /// How `by` attends the call already; somebody else does not let anybody else in.
    fn attended_by(&self, id: CallId, by: &Number) -> Result<Option<&Attending>, Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        match call.attended.as_deref() {
            Some(attending) if attending.by != *by || attending.over => {
                Err(Refusal::Attended { call: id, by: attending.by.clone() })
            }
            attending => Ok(attending),
        }
    }

    fn attending_mut(&mut self, id: CallId) -> Option<&mut Attending> {
        self.calls.get_mut(&id)?.attended.as_deref_mut()
    }

    /// The leg of the house in a talk of two, and who is there.
    fn attended_leg(&self, id: CallId) -> Result<(LegId, Label), Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        let own = self.dialled_by(&call.arrival).filter(|_| !call.handed_on);
        match (&call.stage, own) {
            // A phone of the house has called out.
            (Stage::Talking { with, then: Next::Hangup, .. }, Some(own))
                if matches!(with.party, Party::Outside(_)) =>
            {
                Ok((call.leg.clone(), Label::new(own.as_str())))
            }
            (Stage::Talking { with, then: Next::Hangup, .. }, _)
                if !matches!(with.party, Party::Outside(_)) =>
            {
                Ok((with.leg.clone(), with.party.words()))
            }
            (Stage::Meeting(meeting), _) if meeting.since.is_some() && meeting.others.len() == 1 => {
                let other = &meeting.others[0];
                Ok((other.leg.clone(), other.party.words()))
            }
            (stage, _) => Err(Refusal::NotNow { call: id, state: stage.word() }),
        }
    }

    /// Rings the supervisor's phone; what was ordered begins with the answer.
    fn call_attendant(
        &mut self,
        actor: &Actor,
        id: CallId,
        by: &Number,
        how: Attendance,
        takes_over: bool,
    ) -> Result<(), Refusal> {
        let (of, who) = self.attended_leg(id)?;
        let endpoint = self.extension(by).ok_or_else(|| Refusal::NoSuchExtension { to: by.clone() })?;
        if self.phones_in(id).contains(by) {
            let why = SmolStr::new_static("it is in this talk itself");
            return Err(Refusal::NotAllowed { to: by.clone(), why });
        }
        let wish = if takes_over { "takes the call over from" } else { how.verb() };
        self.acted(actor, id, &format!("orders that {by} {wish} {who}"));
        let rung = Rung::phone(by.clone(), endpoint, super::goals::RING);
        let Some(Member { leg, .. }) = self.ring_member(id, rung) else { return Ok(()) };
        if let Some(call) = self.calls.get_mut(&id) {
            let attending =
                Attending { leg, by: by.clone(), how, of, since: None, takes_over, order: None, over: false };
            call.attended = Some(Box::new(attending));
        }
        Ok(())
    }

    /// The extensions whose phones are in the call.
    fn phones_in(&self, id: CallId) -> Vec<Number> {
        let Some(call) = self.calls.get(&id) else { return Vec::new() };
        let others = match &call.stage {
            Stage::Talking { with, .. } => std::slice::from_ref(with).iter().map(|one| &one.party).collect(),
            Stage::Meeting(meeting) => meeting.others.iter().map(|one| &one.party).collect(),
            _ => Vec::new(),
        };
        let others = others.into_iter().filter_map(|party| self.extension_of(party));
        others.chain(self.dialled_by(&call.arrival)).collect()
    }

    /// The supervisor's phone was answered. Says whether it was that.
    pub(super) fn attendant_answered(&mut self, id: CallId, leg: &LegId) -> bool {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return false };
        let ending = call.stage == Stage::Ending;
        let Some(attending) = call.attended.as_deref_mut().filter(|one| one.leg == *leg) else {
            return false;
        };
        if attending.since.is_some() {
            return true;
        }
        attending.since = Some(now);
        let (by, takes_over) = (attending.by.clone(), attending.takes_over);
        let over = ending || attending.over;
        self.out.tell(call, format_smolstr!("{by} answered"));
        if over {
            self.dismiss_attendant(id);
        } else if takes_over {
            self.taken_over(id);
        } else {
            self.order_attendance(id, leg);
            self.attend_due(id);
        }
        true
    }

    fn order_attendance(&mut self, id: CallId, leg: &LegId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(attending) = call.attended.as_deref_mut() else { return };
        let command = Command::Attend { of: attending.of.clone(), how: attending.how };
        attending.order = Some(self.out.order(leg, command));
    }

    /// Without us nobody is left in a talk that is over: whoever attends holds a lease.
    pub(super) fn attend_due(&mut self, id: CallId) {
        let (now, span) = (self.now(), self.site.lease);
        let Some(attending) = self.attending_mut(id).filter(|one| one.since.is_some()) else { return };
        let leg = attending.leg.clone();
        if attending.over {
            self.dismiss_attendant(id);
        } else {
            self.out.order(&leg, Command::Lease { span });
        }
        self.timers.set(Timer::Attend(id), now + span / 3);
    }

    /// After a restart or a lost link: as it was.
    pub(super) fn attend_again(&mut self, id: CallId) {
        let Some(attending) = self.attending_mut(id).filter(|one| one.since.is_some()) else { return };
        let (leg, over) = (attending.leg.clone(), attending.over);
        if !over {
            self.order_attendance(id, &leg);
        }
        self.attend_due(id);
    }

    /// The engine does not do it.
    pub(super) fn attendance_refused(&mut self, leg: &LegId, order: OrderId, why: &Label) {
        let Some(id) = self.legs.get(leg).copied() else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(attending) = call.attended.as_deref().filter(|one| one.order == Some(order)) else { return };
        let by = attending.by.clone();
        self.out.tell(call, format_smolstr!("the engine does not let {by} attend: {why}"));
        self.dismiss_attendant(id);
    }

    /// A leg of the call is no more: the supervisor's own, or the one that was attended.
    pub(super) fn attendance_ends(&mut self, id: CallId, leg: &LegId, cause: HangupCause) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(attending) = call.attended.as_deref() else { return };
        if attending.of == *leg {
            return self.dismiss_attendant(id);
        }
        if attending.leg != *leg {
            return;
        }
        let text = if attending.since.is_some() {
            format_smolstr!("{} attends no more", attending.by)
        } else {
            format_smolstr!("{} was not reached: {cause}", attending.by)
        };
        call.attended = None;
        self.out.tell(call, text);
        self.timers.clear(&Timer::Attend(id));
    }

    /// The call's record is written now: its supervisor's end is not waited for.
    pub(super) fn leave_attendant(&mut self, call: &mut Call) {
        let Some(attending) = call.attended.take() else { return };
        let cause = HangupCause::NORMAL_CLEARING;
        if let Some(record) = call.dialled_mut(&attending.leg) {
            (record.ended, record.cause) = (Some(self.out.now()), Some(cause));
        }
        self.out.hangup(&attending.leg, cause);
        self.forget_leg(&attending.leg);
    }

    /// The caller and the supervisor into a room; whoever talked with the caller leaves.
    fn taken_over(&mut self, id: CallId) {
        let now = self.now();
        let found = self.attended_leg(id);
        // A call that a phone of the house has made is about the one outside.
        let turned = self.house_side(id);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(attending) = call.attended.take() else { return };
        let Attending { leg, by, .. } = *attending;
        self.timers.clear(&Timer::Attend(id));
        let (Ok((_, who)), Ok(())) = (found, turned) else {
            self.out.tell(call, format_smolstr!("{by} comes too late to take the call over"));
            return self.out.hangup(&leg, HangupCause::NORMAL_CLEARING);
        };
        self.out.tell(call, format_smolstr!("{by} takes the call over from {who}"));
        let party = Party::Extension(by);
        let comes = Member { leg: leg.clone(), party, presence: Presence::Coming, trunk: None };
        let (room, leaves) = match &mut call.stage {
            Stage::Talking { with, joined, .. } => {
                let (room, leaves, since) = (self.out.room_id(), with.leg.clone(), *joined);
                call.stage = Stage::Meeting(Meeting {
                    room: room.clone(),
                    others: vec![comes],
                    aside: false,
                    here: false,
                    race: false,
                    consultant: None,
                    since: Some(since),
                    then: Next::Hangup,
                    sent: false,
                    former: None,
                });
                let caller = call.leg.clone();
                self.out.order(&caller, Command::Meet { room: room.clone(), muted: false });
                (room, Some(leaves))
            }
            Stage::Meeting(meeting) => {
                meeting.others.push(comes);
                (meeting.room.clone(), meeting.others.first().map(|other| other.leg.clone()))
            }
            _ => return self.out.hangup(&leg, HangupCause::NORMAL_CLEARING),
        };
        self.out.order(&leg, Command::Meet { room, muted: false });
        if let Some(leaves) = leaves {
            self.out.hangup(&leaves, HangupCause::NORMAL_CLEARING);
        }
        self.timers.set(Timer::Stage(id), now + MEET_GUARD);
    }
}

pub(super) fn attended(call: &Call) -> Option<AttendedView> {
    let Attending { by, how, since, takes_over, .. } = call.attended.as_deref()?;
    Some(AttendedView { by: by.clone(), mode: *how, since: *since, takes_over: *takes_over })
}

/// Where a call is, and who attends it.
pub(super) fn besides(call: &Call, at: SmolStr) -> SmolStr {
    let at = match super::moods::mood(call) {
        Some(MoodView { mood, .. }) if mood != "calm" => format_smolstr!("{at}, {mood}"),
        _ => at,
    };
    let Some(Attending { by, how, since, .. }) = call.attended.as_deref() else { return at };
    let does = match (since, how) {
        (None, _) => "is rung",
        (_, Attendance::Listen) => "listens",
        (_, Attendance::Whisper) => "whispers",
        (_, Attendance::Barge) => "speaks",
    };
    format_smolstr!("{at}; {by} {does}")
}
