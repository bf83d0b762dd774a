//! Lanes: the work of one leg is done one after the other, that of different legs at the same time.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::mpsc::UnboundedSender;

use super::{
    join,
    ledger::{Duty, Effects, Ledger},
    orders,
    rest::Rest,
};
use crate::{
    base::{
        clock::{Clock, Stamp},
        id::LegId,
    },
    ports::engine::{Command, Event, Order, Outcome, Settings},
};

/// Something to be done for a leg.
#[derive(Debug)]
pub enum Work {
    Order(Order),
    Duty(Duty),
}

/// What the link and the lanes share.
pub struct Desk {
    pub rest: Rest,
    pub settings: Settings,
    clock: Arc<dyn Clock>,
    ledger: Mutex<Ledger>,
    lanes: Mutex<HashMap<LegId, VecDeque<Work>>>,
    tell: UnboundedSender<Event>,
}

impl Desk {
    pub fn new(settings: Settings, clock: Arc<dyn Clock>, tell: UnboundedSender<Event>) -> Self {
        Self {
            rest: Rest::new(&settings),
            settings,
            clock,
            ledger: Mutex::default(),
            lanes: Mutex::default(),
            tell,
        }
    }

    pub fn now(&self) -> Stamp {
        self.clock.now()
    }

    /// Looks into the ledger. Never held across an await.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn tell(&self, event: Event) {
        // The switchboard is gone only while everything stops.
        let _ = self.tell.send(event);
    }

    /// Changes the ledger, tells what follows while the order of events is still certain, and begins the duties.
    pub fn update(self: &Arc<Self>, change: impl FnOnce(&mut Ledger) -> Effects) {
        let duties = {
            let mut ledger = self.ledger();
            let Effects { events, duties } = change(&mut ledger);
            for event in events {
                self.tell(event);
            }
            duties
        };
        for (leg, duty) in duties {
            self.push(leg, Work::Duty(duty));
        }
    }

    /// Takes an order of the switchboard.
    pub fn take(self: &Arc<Self>, order: Order) {
        match &order.command {
            Command::Connect { to, .. } => self.ledger().dialling(to, &order.leg, self.now()),
            Command::Dial { lease, .. } => {
                self.ledger().dialling_alone(&order.leg, *lease, self.now());
            }
            // Known at once, so that a dialling that waits in another lane is not begun.
            Command::Hangup { .. } => self.ledger().cancel(&order.leg),
            _ => {}
        }
        self.push(order.leg.clone(), Work::Order(order));
    }

    fn push(self: &Arc<Self>, leg: LegId, work: Work) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get_mut(&leg) {
            lane.push_back(work);
            return;
        }
        lanes.insert(leg.clone(), VecDeque::from([work]));
        drop(lanes);
        tokio::spawn(Arc::clone(self).run(leg));
    }

    /// Works until the lane is empty, then removes it.
    async fn run(self: Arc<Self>, leg: LegId) {
        while let Some(work) = self.next(&leg) {
            match work {
                Work::Order(Order { id, leg, command }) => {
                    let outcome = orders::carry_out(&self, id, &leg, command).await;
                    self.tell(Event::Outcome { leg, order: id, outcome });
                }
                Work::Duty(duty) => join::do_duty(&self, &leg, duty).await,
            }
        }
    }

    fn next(&self, leg: &LegId) -> Option<Work> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let work = lanes.get_mut(leg)?.pop_front();
        if work.is_none() {
            lanes.remove(leg);
        }
        work
    }
}

impl From<super::rest::Failure> for Outcome {
    fn from(failure: super::rest::Failure) -> Self {
        match failure {
            super::rest::Failure::Unknown => Self::Unknown,
            refused => Self::Refused(crate::base::text::Label::new(&refused.to_string())),
        }
    }
}
