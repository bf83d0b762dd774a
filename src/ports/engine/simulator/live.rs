//! The simulator in real time, behind the engine port, with traffic of its own.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, time};

use super::{model::Caller, world::World};
use crate::{
    base::{
        clock::{Clock, Stamp},
        id::LegId,
        number::{Key, Number},
        text::Label,
    },
    ports::engine::{Arrival, Engine, Origin},
};

/// Calls that come by themselves, one after the other at random distances.
#[derive(Clone, Debug)]
pub struct Callers {
    pub seed: u64,
    /// Mean time between two calls.
    pub every: Duration,
    /// Numbers that are called.
    pub numbers: Vec<Number>,
    /// Keys that callers choose from.
    pub keys: Vec<Key>,
}

/// Lets `world` run in real time. Dropping the orders' end stops it.
pub fn start(mut world: World, habits: Option<Callers>, clock: Arc<dyn Clock>) -> Engine {
    let (orders, mut inbox) = mpsc::unbounded_channel();
    let (outbox, events) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut callers = habits.map(|habits| Crowd::new(habits, clock.now()));
        loop {
            let now = clock.now();
            if let Some(callers) = &mut callers {
                callers.come(&mut world, now);
            }
            for event in world.run(now) {
                if outbox.send(event).is_err() {
                    return;
                }
            }
            let due = world.next().into_iter().chain(callers.as_ref().map(|callers| callers.next)).min();
            let wait = due.map_or(Duration::from_secs(1), |at| at.since(clock.now()));
            tokio::select! {
                order = inbox.recv() => match order {
                    Some(order) => world.order(order, clock.now()),
                    None => return,
                },
                () = time::sleep(wait) => {}
            }
        }
    });
    Engine { orders, events }
}

struct Crowd {
    habits: Callers,
    random: fastrand::Rng,
    next: Stamp,
    count: u64,
}

impl Crowd {
    fn new(habits: Callers, now: Stamp) -> Self {
        let random = fastrand::Rng::with_seed(habits.seed);
        Self { habits, random, next: now, count: 0 }
    }

    fn come(&mut self, world: &mut World, now: Stamp) {
        while self.next <= now {
            self.count += 1;
            let leg = LegId::new(format!("sim-{}-{}", now.0, self.count)).expect("digits and dashes");
            let random = &mut self.random;
            let to = self.habits.numbers[random.usize(..self.habits.numbers.len())].clone();
            let from = Number::new(format!("138{:08}", random.u32(..100_000_000))).ok();
            let arrival = Arrival { origin: Origin::Trunk, from, from_name: Label::default(), to };
            let key = self.habits.keys[random.usize(..self.habits.keys.len())];
            let caller = Caller {
                keys: (0..3)
                    .map(|n| (Duration::from_millis(random.u64(800..3000) + n * 6000), key))
                    .collect(),
                patience: Duration::from_secs(random.u64(20..120)),
                talk: Duration::from_secs(random.u64(4..20)),
            };
            world.expect(now, leg, arrival, caller);
            let gap = -(1.0 - random.f64()).ln();
            self.next = self.next + self.habits.every.mul_f64(gap);
        }
    }
}
