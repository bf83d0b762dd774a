//! How orders are carried out: at once, or when the leg's lane is free.

use std::time::Duration;

use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId},
    },
    ports::engine::{Command, Event, HangupCause, Media, Order, Outcome, PromptId},
};

use super::{
    command::{self, Dial},
    escape,
    leg::{Lane, Leg, Playing, Stage},
    legs::{Legs, Then},
};

impl Legs {
    /// Carries out an order, or keeps it until the ones before it are done.
    pub fn on_order(&mut self, order: Order, now: Stamp) {
        let Order { id, leg, command } = &order;
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
        match command {
            Command::Hangup { cause } => return self.hang_up(leg, *id, *cause),
            Command::Fallback => {
                let bytes = command::fallback(leg, &self.settings.fallback);
                return self.send(bytes, Then::Fallback { leg: leg.clone(), order: *id });
            }
            _ => self.dress(leg),
        }
        match command {
            Command::Answer => {
                self.send(command::answer(leg, *id), Then::Outcome { leg: leg.clone(), order: *id });
                self.send(command::linger(leg), Then::Nothing);
            }
            Command::Lease { span } => self.lease(leg, *id, *span),
            Command::Release => {
                self.send(command::cancel_lease(leg), Then::Outcome { leg: leg.clone(), order: *id });
            }
            Command::Play { .. } | Command::Stop | Command::Music | Command::Connect { .. } => {
                self.line_up(order, now);
            }
            _ => self.refuse(leg, *id, "this engine's adapter cannot do that yet"),
        }
    }

    /// No link: nothing was sent, so nothing took effect.
    pub fn refuse_all(&mut self, order: &Order) {
        self.refuse(&order.leg, order.id, "the engine is not connected");
        if let Command::Connect { to, .. } = &order.command {
            self.tell(Event::Ended { leg: to.clone(), cause: HangupCause::TEMPORARY_FAILURE });
        }
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

    fn dress(&mut self, leg: &LegId) {
        let Some(known) = self.all.get_mut(leg) else { return };
        if std::mem::replace(&mut known.dressed, true) {
            return;
        }
        known.arrival = None;
        for bytes in command::dress(leg, &self.music) {
            self.send(bytes, Then::Nothing);
        }
    }

    /// While a leg is dialled for or talks, the lease was armed by the dialling and ends by itself with the bridge:
    /// a renewal that crosses the answer would cut the talk.
    fn lease(&mut self, leg: &LegId, order: OrderId, span: Duration) {
        let Some(known) = self.all.get_mut(leg) else { return };
        known.span = Some(span);
        if matches!(known.lane, Lane::Dialling { .. } | Lane::Talking { .. } | Lane::Leaving { .. }) {
            return self.outcome(leg, order, Outcome::Done);
        }
        self.send(command::cancel_lease(leg), Then::Nothing);
        let bytes = command::arm_lease(leg, span, &self.settings.fallback);
        self.send(bytes, Then::Outcome { leg: leg.clone(), order });
    }

    fn line_up(&mut self, order: Order, now: Stamp) {
        let leg = order.leg.clone();
        if let Command::Connect { to, .. } = &order.command {
            let entry = Leg { stage: Stage::Promised, dialled_for: Some(leg.clone()), ..Leg::new(now) };
            self.all.insert(to.clone(), entry);
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
                return;
            }
            match &mut known.lane {
                Lane::Idle => {
                    if let Some(order) = known.waiting.pop_front() {
                        self.begin(order, now);
                    }
                }
                Lane::Playing(playing) => {
                    if playing.stop.is_none() {
                        playing.stop = Some(now);
                        if playing.started {
                            self.send(command::stop(leg), Then::Nothing);
                        }
                    }
                    return;
                }
                Lane::Unknown => return self.repark(leg, now),
                Lane::Talking { .. } => {
                    if let Some(order) = known.waiting.pop_front() {
                        self.not_now(&order, now);
                    }
                }
                Lane::Reparking { .. } | Lane::Dialling { .. } | Lane::Leaving { .. } => return,
            }
        }
    }

    fn not_now(&mut self, order: &Order, now: Stamp) {
        if matches!(order.command, Command::Stop) {
            return self.outcome(&order.leg, order.id, Outcome::Done);
        }
        self.refuse(&order.leg, order.id, "the leg talks; hang up its peer first");
        if let Command::Connect { to, .. } = &order.command {
            self.end(to, HangupCause::TEMPORARY_FAILURE, now);
        }
    }

    fn begin(&mut self, order: Order, now: Stamp) {
        let Order { id, leg, command } = order;
        match command {
            Command::Play { media } => self.play(&leg, id, &media),
            Command::Music => {
                self.set_lane(&leg, playing(None));
                let bytes = command::music(&leg, id, &self.music);
                self.send(bytes, Then::Outcome { leg, order: id });
            }
            Command::Connect { to, endpoint, timeout, caller, caller_name } => {
                let domain = self.settings.domain.clone();
                let dial = Dial {
                    leg: &leg,
                    to: &to,
                    endpoint: &endpoint,
                    timeout,
                    caller: &caller,
                    caller_name: &caller_name,
                    domain: &domain,
                };
                self.connect(id, &dial, now);
            }
            // Nothing plays any more.
            _ => self.outcome(&leg, id, Outcome::Done),
        }
    }

    fn play(&mut self, leg: &LegId, order: OrderId, media: &[Media]) {
        let prompts: Vec<&PromptId> = media
            .iter()
            .filter_map(|media| if let Media::Prompt(id) = media { Some(id) } else { None })
            .collect();
        match escape::playlist(&self.settings.prompts, &prompts) {
            Ok(list) => {
                self.set_lane(leg, playing(Some(order)));
                self.send(command::play(leg, order, &list), Then::Outcome { leg: leg.clone(), order });
            }
            Err(why) => self.refuse(leg, order, &why.to_string()),
        }
    }

    fn connect(&mut self, order: OrderId, dial: &Dial<'_>, now: Stamp) {
        let (leg, to) = (dial.leg, dial.to);
        let cancelled = self.all.get(to).and_then(|l| l.cancelled);
        if let Some(cause) = cancelled {
            self.outcome(leg, order, Outcome::Done);
            self.end(to, cause, now);
            return self.tell(Event::Returned { leg: leg.clone() });
        }
        let bytes = match command::connect(order, dial) {
            Ok(bytes) => bytes,
            Err(why) => {
                self.refuse(leg, order, &why.to_string());
                self.end(to, HangupCause::TEMPORARY_FAILURE, now);
                return self.tell(Event::Returned { leg: leg.clone() });
            }
        };
        let span = self.all.get(leg).and_then(|l| l.span).unwrap_or(self.settings.lease);
        self.set_lane(leg, Lane::Dialling { to: to.clone() });
        self.send(command::come_back(leg), Then::Nothing);
        self.send(command::cancel_lease(leg), Then::Nothing);
        self.send(command::arm_lease(leg, dial.timeout + span, &self.settings.fallback), Then::Nothing);
        self.send(bytes, Then::Connect { leg: leg.clone(), order, to: to.clone() });
    }
}

fn playing(prompt: Option<OrderId>) -> Lane {
    Lane::Playing(Playing { prompt, started: false, whole: false, stop: None })
}
