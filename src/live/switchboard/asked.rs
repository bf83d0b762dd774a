//! Whom a command rings: who is asked first in a talk, who is invited into a conference. Forwards are followed and trunks
//! tried one after the other, as for a call that was dialled.

use std::time::Duration;

use smol_str::{SmolStr, format_smolstr};

use super::{
    goals::{MAX_HOPS, RING},
    state::Switchboard,
    view::{Actor, Refusal},
};
use crate::{
    base::{
        id::{CallId, Name},
        number::Number,
    },
    live::{
        call::{Member, Party, Stage, Timer},
        record::{LegRecord, Role},
        routing::{Decision, Goal, reach},
    },
    ports::engine::{Command, Endpoint, HangupCause},
};

/// Somebody who is to be rung.
pub(super) struct Rung {
    pub party: Party,
    pub endpoint: Endpoint,
    pub ring: Duration,
    /// The trunk it goes out on, and those to try when that one fails.
    pub trunk: Option<(Name, Vec<Name>)>,
    /// Which forwards led there.
    pub why: Vec<SmolStr>,
}

impl Rung {
    pub fn phone(number: Number, endpoint: Endpoint, ring: Duration) -> Self {
        Self { party: Party::Extension(number), endpoint, ring, trunk: None, why: Vec::new() }
    }

    pub fn outside(number: Number, (trunk, rest): (Name, Vec<Name>)) -> Self {
        let endpoint = Endpoint::Trunk { trunk: trunk.clone(), number: number.clone() };
        let ring = super::trunks::RING;
        Self { party: Party::Outside(number), endpoint, ring, trunk: Some((trunk, rest)), why: Vec::new() }
    }
}

impl Switchboard {
    /// Where a number leads for a command: as far as whoever commands may call, else as far as `by`, in whose name it is.
    pub(super) fn commanded(&self, actor: &Actor, by: Option<&Number>, to: &Number) -> Decision {
        match actor.1 {
            Some(class) => reach(&self.site, class, None, to, self.now()),
            None => self.reach(by, to),
        }
    }

    /// Who is rung where a decision leads.
    pub(super) fn whom(&self, decision: Decision, to: &Number) -> Result<Rung, Refusal> {
        let (mut decision, mut at, mut forwards) = (decision, to.clone(), Vec::new());
        for _ in 0..=MAX_HOPS {
            let goal = match decision {
                Decision::Go { goal, .. } => goal,
                Decision::No { why, .. } => return Err(Refusal::NotAllowed { to: at, why }),
            };
            let number = match goal {
                Goal::Extension(number) => number,
                Goal::Outside { number, trunks } => {
                    let way = self.in_order(&trunks).ok_or(Refusal::NoSuchExtension { to: at })?;
                    return Ok(Rung { why: forwards, ..Rung::outside(number, way) });
                }
                _ => return Err(Refusal::NoSuchExtension { to: at }),
            };
            let wishes = self.wishes(&number);
            let (target, when) = match (wishes.always, wishes.quiet) {
                (Some(target), _) => (target, "always"),
                (None, false) => {
                    let endpoint = self.extension(&number);
                    let endpoint = endpoint.ok_or(Refusal::NoSuchExtension { to: number.clone() })?;
                    let ring = wishes.ring.filter(|_| wishes.no_answer.is_some()).unwrap_or(RING);
                    return Ok(Rung { why: forwards, ..Rung::phone(number, endpoint, ring) });
                }
                (None, true) => match wishes.busy {
                    Some(target) => (target, "busy"),
                    None => return Err(undisturbed(number)),
                },
            };
            forwards.push(format_smolstr!("{number} forwards to {target} ({when})"));
            decision = self.reach(Some(&number), &target);
            at = target;
        }
        let why = SmolStr::new_static("its forwards go in a circle");
        Err(Refusal::NotAllowed { to: to.clone(), why })
    }

    /// Who is rung instead of somebody who was asked and does not come: on the next trunk, or where calls are forwarded.
    pub(super) fn instead_of(&mut self, id: CallId, member: &Member, cause: HangupCause) -> Option<Rung> {
        match (&member.party, &member.trunk) {
            (Party::Agent(name), Some(way)) => {
                let way = self.after_trunk(id, way, cause)?;
                let number = self.site.carrier_number(name)?;
                Some(Rung {
                    party: member.party.clone(),
                    ring: self.offer_ring(id),
                    ..Rung::outside(number, way)
                })
            }
            (Party::Outside(number), Some(way)) => {
                let next = self.after_trunk(id, way, cause)?;
                Some(Rung::outside(number.clone(), next))
            }
            (Party::Extension(of), _) => {
                let wishes = self.wishes(of);
                let (target, when) = match cause {
                    HangupCause::USER_BUSY | HangupCause::CALL_REJECTED => (wishes.busy?, "busy"),
                    HangupCause::NO_ANSWER
                    | HangupCause::NO_USER_RESPONSE
                    | HangupCause::SUBSCRIBER_ABSENT
                    | HangupCause::DESTINATION_OUT_OF_ORDER => (wishes.no_answer?, "no answer"),
                    _ => return None,
                };
                if self.hop(id) {
                    return None;
                }
                let found = self.whom(self.reach(Some(of), &target), &target);
                let call = self.calls.get_mut(&id)?;
                self.out.tell(call, format_smolstr!("{of} forwards to {target} ({when})"));
                found.inspect_err(|refused| self.out.tell(call, format_smolstr!("{refused}"))).ok()
            }
            _ => None,
        }
    }

    /// The trunk on which a call's own leg was dialled failed: on with the next one. Says whether there is one.
    pub(super) fn reached_by_next(&mut self, id: CallId, cause: HangupCause) -> bool {
        let now = self.now();
        let Some(call) = self.calls.get(&id).filter(|call| call.gone.is_none()) else { return false };
        let Stage::Reaching { trunk: Some(way), since, .. } = &call.stage else { return false };
        let (way, since) = (way.clone(), *since);
        let to = self.called_back_at(id).unwrap_or_else(|| call.arrival.to.clone());
        let Some(next) = self.after_trunk(id, &way, cause) else { return false };
        let leg = self.out.leg_id();
        let Some(call) = self.calls.get_mut(&id) else { return false };
        let failed = std::mem::replace(&mut call.leg, leg.clone());
        let rung = Rung::outside(to, next);
        let mut record = LegRecord::dialled(failed.clone(), Role::Outside, rung.party.words(), since);
        (record.ended, record.cause) = (Some(now), Some(cause));
        call.dialled.push(record);
        self.forget_leg(&failed);
        self.legs.insert(leg, id);
        self.ring_own_leg(id, rung);
        true
    }

    /// Tandem dials a call's own leg.
    pub(super) fn ring_own_leg(&mut self, id: CallId, rung: Rung) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Reaching { since, trunk, .. } = &mut call.stage else { return };
        *since = now;
        *trunk = rung.trunk;
        let own = self.site.dialing.outside.as_ref().and_then(|outside| outside.caller.clone());
        let from = call.arrival.from.clone().filter(|_| call.promised_in.is_none());
        let caller = own.or(from).unwrap_or_else(|| call.arrival.to.clone());
        self.out.order(
            &call.leg,
            Command::Dial {
                endpoint: rung.endpoint,
                timeout: rung.ring,
                caller,
                caller_name: call.arrival.from_name.clone(),
                lease: self.site.lease,
            },
        );
        self.timers.set(Timer::Stage(id), now + rung.ring + super::stages::RING_GUARD);
    }
}

fn undisturbed(to: Number) -> Refusal {
    let why = format_smolstr!("{to} does not want to be disturbed");
    Refusal::NotAllowed { to, why }
}
