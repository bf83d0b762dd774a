//! How orders are carried out: at once, or when the leg's lane is free.

use std::time::Duration;

use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId},
    },
    ports::engine::{Command, Event, HangupCause, Order, Outcome, Overhearing},
};

use super::{
    command,
    dial::{self, Dial},
    leg::{Lane, Leg, Stage},
    legs::{Legs, Then},
};

impl Legs {
    /// Carries out an order, or keeps it until the ones before it are done.
    pub fn on_order(&mut self, order: Order, now: Stamp) {
        let Order { id, leg, command } = &order;
        if let Command::Dial { .. } = command {
            return self.dial(&order, now);
        }
        if let Command::Find { record, sound } = command {
            return self.find(leg, *id, *record, sound);
        }
        if !self.all.contains_key(leg) {
            self.refuse(leg, *id, "the engine has no such leg");
            if let Command::Connect { to, .. } = command {
                // The caller left first: nothing has failed.
                let left = self.gone.contains_key(leg);
                let cause = if left { HangupCause::NORMAL_CLEARING } else { HangupCause::TEMPORARY_FAILURE };
                self.tell(Event::Ended { leg: to.clone(), cause });
            }
            return;
        }
        if command.ends_listening() && !matches!(command, Command::Hangup { .. }) {
            self.undetect(leg);
        }
        match command {
            Command::Hangup { cause } => return self.hang_up(leg, *id, *cause),
            Command::Fallback => return self.fall_back(order, now),
            _ => self.dress(leg),
        }
        let then = Then::Outcome { leg: leg.clone(), order: *id };
        match command {
            Command::Answer => {
                let [choose, answer] = command::answer(leg, *id);
                self.send(choose, Then::Nothing);
                self.send(answer, then);
                self.send(command::linger(leg), Then::Nothing);
            }
            Command::Ring => self.send(command::ring(leg, *id), then),
            Command::Lease { span } => self.lease(leg, *id, *span),
            Command::Release => self.send(command::cancel_lease(leg), then),
            Command::Meet { .. } => self.meet(order, now),
            Command::Attend { .. } => self.attend(order, now),
            Command::Part => self.part(leg, *id, now),
            Command::Tape { sound } => self.tape(leg, *id, sound),
            Command::TapePause { on } => self.pause_tape(leg, *id, *on),
            Command::TapeStop => self.stop_tape(leg, *id),
            Command::Overhear(Overhearing::File) => self.overhear(leg, *id, "start"),
            Command::OverhearStop => self.overhear(leg, *id, "stop"),
            Command::Overhear(_) | Command::Sense { .. } | Command::SenseStop => {
                self.refuse(leg, *id, "FreeSWITCH lets a talk be overheard in a file, and does not judge it");
            }
            Command::Listen(_) => self.refuse(leg, *id, "a recogniser is to be named"),
            Command::Detect { by, .. } => self.detect(leg, *id, by, now),
            Command::GoOn => {
                self.outcome(leg, *id, Outcome::Done);
                self.go_on(leg);
            }
            Command::Deaf => {
                self.outcome(leg, *id, Outcome::Done);
                self.undetect(leg);
            }
            _ => self.line_up(order, now),
        }
    }

    /// No link: nothing was sent, so nothing took effect.
    pub fn refuse_all(&mut self, order: &Order) {
        self.refuse(&order.leg, order.id, "the engine is not connected");
        let never = match &order.command {
            Command::Connect { to, .. } => to,
            Command::Dial { .. } => &order.leg,
            _ => return,
        };
        self.tell(Event::Ended { leg: never.clone(), cause: HangupCause::TEMPORARY_FAILURE });
    }

    fn hang_up(&mut self, leg: &LegId, order: OrderId, cause: HangupCause) {
        let Some(known) = self.all.get_mut(leg) else { return };
        if known.stage > Stage::Promised {
            self.send(command::hangup(leg, cause), Then::Outcome { leg: leg.clone(), order });
        } else {
            known.cancelled = Some(cause);
            self.outcome(leg, order, Outcome::Done);
        }
    }

    fn fall_back(&mut self, order: Order, now: Stamp) {
        let leg = order.leg.clone();
        if matches!(self.all.get(&leg).map(|known| &known.lane), Some(Lane::Recording(_))) {
            return self.line_up(order, now);
        }
        let bytes = command::fallback(&leg, &self.settings.fallback);
        self.send(bytes, Then::Fallback { leg, order: order.id });
    }

    fn dress(&mut self, leg: &LegId) {
        let Some(known) = self.all.get_mut(leg) else { return };
        if known.stage == Stage::Promised || std::mem::replace(&mut known.dressed, true) {
            return;
        }
        known.arrival = None;
        for bytes in command::dress(leg, &self.music) {
            self.send(bytes, Then::Nothing);
        }
    }

    /// While a leg is dialled for or talks, the lease was armed by the dialling and ends by itself with the bridge:
    /// a renewal that crosses the answer would cut the talk. So it is in a room with others.
    fn lease(&mut self, leg: &LegId, order: OrderId, span: Duration) {
        let Some(known) = self.all.get_mut(leg) else { return };
        known.span = Some(span);
        let alone = known.alone;
        let free = match &known.lane {
            Lane::Away
            | Lane::Dialling { .. }
            | Lane::Talking { .. }
            | Lane::Leaving { .. }
            | Lane::Entering { .. } => true,
            Lane::InRoom { room, .. } => {
                let room = room.clone();
                self.others_in(&room, leg).next().is_some()
            }
            _ => false,
        };
        if free {
            return self.outcome(leg, order, Outcome::Done);
        }
        self.send(command::cancel_lease(leg), Then::Nothing);
        let bytes = self.arm(leg, span, alone);
        self.send(bytes, Then::Outcome { leg: leg.clone(), order });
    }

    fn arm(&self, leg: &LegId, span: Duration, alone: bool) -> Vec<u8> {
        if alone {
            command::arm_end(leg, span)
        } else {
            command::arm_lease(leg, span, &self.settings.fallback)
        }
    }

    pub(super) fn line_up(&mut self, order: Order, now: Stamp) {
        let leg = order.leg.clone();
        if let Command::Connect { to, .. } = &order.command {
            self.all.insert(to.clone(), Leg::to_dial(Some(leg.clone()), now));
        }
        if let Some(known) = self.all.get_mut(&leg) {
            known.waiting.push_back(order);
        }
        self.pump(&leg, now);
    }

    /// Starts what waits, as far as the lane is free.
    pub(super) fn pump(&mut self, leg: &LegId, now: Stamp) {
        loop {
            let Some(known) = self.all.get_mut(leg) else { return };
            if known.waiting.is_empty() {
                return self.tap_again(leg);
            }
            match &mut known.lane {
                Lane::Idle => {
                    known.again = None;
                    if let Some(order) = known.waiting.pop_front() {
                        self.begin(order, now);
                    }
                }
                Lane::Playing(playing) => {
                    if playing.stop.is_none() {
                        playing.stop = Some(now);
                        if playing.started {
                            self.break_off(leg);
                        }
                    }
                    return;
                }
                Lane::Recording(_) => return self.stop_record(leg, now),
                Lane::Tapped(_) => {
                    // What is heard is theirs who listen to the stream.
                    let Some(stop) = known.waiting.pop_front_if(|order| order.command == Command::Stop)
                    else {
                        return self.untap(leg, now);
                    };
                    self.outcome(leg, stop.id, Outcome::Done);
                }
                Lane::Unknown => return self.repark(leg, now),
                Lane::Talking { .. } | Lane::InRoom { .. } | Lane::Attending => {
                    if let Some(order) = known.waiting.pop_front() {
                        self.begin_among_others(order, now);
                    }
                }
                Lane::Away
                | Lane::Reparking { .. }
                | Lane::Dialling { .. }
                | Lane::Leaving { .. }
                | Lane::Entering { .. } => return,
            }
        }
    }

    fn begin_among_others(&mut self, order: Order, now: Stamp) {
        match &order.command {
            Command::Stop | Command::Untap => self.outcome(&order.leg, order.id, Outcome::Done),
            Command::Meet { .. } => self.meet(order, now),
            Command::Mute { on } => self.mute(&order.leg, order.id, *on),
            _ => self.drop_order(&order, "the leg talks; order it to part first", now),
        }
    }

    fn begin(&mut self, order: Order, now: Stamp) {
        let Order { id, leg, command } = &order;
        match command {
            Command::Play { media } => self.play(leg, *id, media),
            Command::Music => self.start_music(leg, *id),
            Command::Record { sound, limit, silence } => self.record(leg, *id, sound, *limit, *silence),
            Command::Tap { to } => self.tap(leg, *id, *to, now),
            Command::Meet { .. } => self.meet(order, now),
            Command::Attend { .. } => self.attend(order, now),
            Command::Fallback => self.fall_back(order, now),
            Command::Mute { .. } => self.refuse(leg, *id, "the leg is in no room"),
            Command::Connect { to, endpoint, timeout, caller, caller_name } => {
                let domain = self.settings.domain.clone();
                let (timeout, domain) = (*timeout, &*domain);
                self.connect(*id, leg, &Dial { to, endpoint, timeout, caller, caller_name, domain }, now);
            }
            // Nothing plays any more.
            _ => self.outcome(leg, *id, Outcome::Done),
        }
    }

    fn connect(&mut self, order: OrderId, leg: &LegId, dial: &Dial<'_>, now: Stamp) {
        let to = dial.to;
        let cancelled = self.all.get(to).and_then(|l| l.cancelled);
        if let Some(cause) = cancelled {
            self.outcome(leg, order, Outcome::Done);
            self.end(to, cause, now);
            return self.tell(Event::Returned { leg: leg.clone() });
        }
        let bytes = match dial::connect(order, leg, dial) {
            Ok(bytes) => bytes,
            Err(why) => {
                self.refuse(leg, order, &why.to_string());
                self.end(to, HangupCause::TEMPORARY_FAILURE, now);
                return self.tell(Event::Returned { leg: leg.clone() });
            }
        };
        let Some(known) = self.all.get_mut(leg) else { return };
        known.lane = Lane::Dialling { to: to.clone() };
        known.sure = true;
        let (alone, answered) = (known.alone, known.stage == Stage::Answered);
        let span = known.span.unwrap_or(self.settings.lease);
        self.send(command::come_back(leg), Then::Nothing);
        self.send(command::cancel_lease(leg), Then::Nothing);
        let lease = self.arm(leg, dial.timeout + span, alone);
        self.send(lease, Then::Nothing);
        if !answered {
            self.send(command::ring(leg, order), Then::Nothing);
        }
        self.send(bytes, Then::Connect { leg: leg.clone(), order, to: to.clone() });
    }

    /// Dials for nobody. What becomes of it is told by its channel, or, when it never has one, by the job.
    fn dial(&mut self, order: &Order, now: Stamp) {
        let Order { id, leg, command } = order;
        let Command::Dial { endpoint, timeout, caller, caller_name, lease } = command else { return };
        if self.all.contains_key(leg) || self.gone.contains_key(leg) {
            return self.refuse(leg, *id, "there is such a leg already");
        }
        let domain = self.settings.domain.clone();
        let dial = Dial { to: leg, endpoint, timeout: *timeout, caller, caller_name, domain: &domain };
        self.all.insert(leg.clone(), Leg::to_dial(None, now));
        match dial::originate(&dial, *lease) {
            Ok(bytes) => self.send(bytes, Then::Dial { leg: leg.clone(), order: *id }),
            Err(why) => {
                self.refuse(leg, *id, &why.to_string());
                self.end(leg, HangupCause::TEMPORARY_FAILURE, now);
            }
        }
    }
}
