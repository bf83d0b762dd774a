//! Legs whose language the engine hears by itself: their orders go through, and no stream is asked for. Sans I/O.

use std::collections::BTreeMap;

use crate::{
    base::{
        id::{LegId, OrderId},
        locale::Locale,
    },
    ports::engine::{Command, Detector, Event, Order, Outcome},
};

#[derive(Debug)]
enum Leg {
    /// By this order.
    Heard(OrderId),
    /// The engine could not; callers use keys as long as the leg lives.
    Deaf,
}

/// Where an order goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To those who listen here. Before, the engine's recogniser is to end at the leg.
    Here { order: Order, undetect: bool },
    /// To the engine as it is. Whoever listens here to the leg does no more.
    Engine(Order),
}

/// All legs that the engine hears, or was to hear.
#[derive(Debug, Default)]
pub(super) struct Detected(BTreeMap<LegId, Leg>);

impl Detected {
    /// An order of the switchboard; `detector` is who hears a language at the engine.
    pub(super) fn order(&mut self, mut order: Order, detector: impl Fn(Locale) -> Option<Detector>) -> Way {
        let leg = self.0.get(&order.leg);
        let heard = matches!(leg, Some(Leg::Heard(_)));
        match order.command {
            Command::Listen(hearing) => match (detector(hearing.locale), leg) {
                (Some(_), Some(Leg::Deaf)) => {
                    order.command = Command::Deaf;
                    Way::Here { order, undetect: false }
                }
                (Some(by), _) => {
                    self.0.insert(order.leg.clone(), Leg::Heard(order.id));
                    order.command = Command::Detect { by, hearing };
                    Way::Engine(order)
                }
                (None, _) => {
                    if heard {
                        self.0.remove(&order.leg);
                    }
                    order.command = Command::Listen(hearing);
                    Way::Here { order, undetect: heard }
                }
            },
            Command::GoOn if heard => Way::Engine(order),
            Command::Deaf if heard => {
                self.0.remove(&order.leg);
                Way::Engine(order)
            }
            command => {
                if heard && command.ends_listening() {
                    self.0.remove(&order.leg);
                }
                order.command = command;
                Way::Here { order, undetect: false }
            }
        }
    }

    /// Something happened at the engine: what others are to hear of it.
    pub(super) fn event(&mut self, event: Event) -> Option<Event> {
        match event {
            Event::Deafened { leg, why } => {
                self.deafened(&leg, why.as_str());
                None
            }
            Event::Outcome { leg, order, outcome: Outcome::Refused(why) }
                if self.is_heard_by(&leg, order) =>
            {
                self.deafened(&leg, why.as_str());
                Some(Event::Outcome { leg, order, outcome: Outcome::Done })
            }
            event => {
                match &event {
                    Event::Joined { leg, peer } => [leg, peer].into_iter().for_each(|leg| self.is_taken(leg)),
                    Event::Met { leg, .. } | Event::Returned { leg } => self.is_taken(leg),
                    Event::Ended { leg, .. } => drop(self.0.remove(leg)),
                    Event::Audit { legs, .. } => {
                        self.0.retain(|leg, _| legs.iter().any(|seen| seen.leg == *leg));
                    }
                    _ => {}
                }
                Some(event)
            }
        }
    }

    fn is_heard_by(&self, leg: &LegId, order: OrderId) -> bool {
        matches!(self.0.get(leg), Some(Leg::Heard(by)) if *by == order)
    }

    fn deafened(&mut self, leg: &LegId, why: &str) {
        if let Some(known) = self.0.get_mut(leg) {
            *known = Leg::Deaf;
            tracing::warn!(%leg, why, "the engine's recogniser does not hear a leg; callers use keys");
        }
    }

    /// It is with others, or comes from them; the engine's recogniser has ended.
    fn is_taken(&mut self, leg: &LegId) {
        if matches!(self.0.get(leg), Some(Leg::Heard(_))) {
            self.0.remove(leg);
        }
    }
}
