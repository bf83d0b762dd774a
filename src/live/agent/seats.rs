//! Where agents stand: in which queues, with which skills, and where among the free ones of each.

use std::collections::BTreeMap;

use super::model::Agent;
use crate::{
    base::{clock::Stamp, id::Name},
    infra::site::{Capacity, Queue, Relaxed, Site, Skills, Strategy, Takes},
};

/// An agent's place in one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    pub queue: Name,
    pub takes: Takes,
    /// Counts while the queue is expanded.
    pub reserve: bool,
    strategy: Strategy,
    /// Has all that the queue prefers.
    preferred: bool,
    pub met: Met,
    /// What `Strategy::BestSkill` and `Strategy::Sequential` go by.
    score: u32,
    place: u32,
}

/// Whether an agent has what a queue needs, for each way in which that may be relaxed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Met(Vec<[bool; 2]>);

impl Met {
    fn new(queue: &Queue, skills: &Skills) -> Self {
        let met = |steps| [false, true].map(|expanded| queue.is_met(skills, Relaxed { steps, expanded }));
        Self((0..=queue.relax.len()).map(met).collect())
    }

    pub fn holds(&self, Relaxed { steps, expanded }: Relaxed) -> bool {
        self.0[steps.min(self.0.len() - 1)][usize::from(expanded)]
    }
}

/// Where a free agent stands among those of a queue: the lowest is offered first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(bool, i64, i64);

impl Rank {
    /// Has all that the queue prefers.
    pub fn preferred(self) -> bool {
        !self.0
    }

    /// Where among those who are alike in this.
    pub fn order(self) -> (i64, i64) {
        (self.1, self.2)
    }
}

impl Seat {
    fn new(name: &Name, queue: &Queue, skills: &Skills, place: u32) -> Self {
        Self {
            queue: name.clone(),
            takes: queue.takes,
            reserve: false,
            strategy: queue.strategy,
            preferred: queue.prefers(skills),
            met: Met::new(queue, skills),
            score: queue.score(skills),
            place,
        }
    }

    pub fn rank(&self, agent: &Agent) -> Rank {
        let (Stamp(idle), Stamp(offered)) = agent.since_when(self.takes);
        let (first, then) = match self.strategy {
            Strategy::LongestIdle | Strategy::RingAll => (idle, 0),
            Strategy::LeastTalk => (i64::try_from(agent.talked_today.as_micros()).unwrap_or(i64::MAX), idle),
            Strategy::RoundRobin => (offered, idle),
            Strategy::BestSkill => (-i64::from(self.score), idle),
            Strategy::Sequential => (i64::from(self.place), idle),
            Strategy::LeastBusy => (i64::try_from(agent.messages.len()).unwrap_or(i64::MAX), idle),
        };
        Rank(!self.preferred, first, then)
    }
}

/// What the site says of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Post {
    pub queues: Vec<Name>,
    pub seats: Vec<Seat>,
    pub skills: Skills,
    pub capacity: Capacity,
}

/// Every agent's post, and everybody who serves a queue in the order of their names.
pub(super) fn posts(site: &Site) -> (BTreeMap<Name, Post>, BTreeMap<Name, Vec<Name>>) {
    let mut crews: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
    let post = |(name, agent): (&Name, &crate::infra::site::Agent)| {
        let seat = |queue: &Name| {
            crews.entry(queue.clone()).or_default().push(name.clone());
            Some(Seat::new(queue, site.queues.get(queue)?, &agent.skills, agent.place))
        };
        let mut seats: Vec<Seat> = agent.queues.iter().filter_map(seat).collect();
        seats.extend(agent.reserve.iter().filter_map(|queue| {
            let seat = Seat::new(queue, site.queues.get(queue)?, &agent.skills, agent.place);
            Some(Seat { reserve: true, ..seat })
        }));
        (
            name.clone(),
            Post {
                queues: agent.queues.clone(),
                seats,
                skills: agent.skills.clone(),
                capacity: agent.capacity,
            },
        )
    };
    let posts = site.agents.iter().map(post).collect();
    (posts, crews)
}
