//! Who is free in one queue, by what they are good enough for: so that nobody is looked at for whom nobody waits.

use std::{
    collections::{BTreeMap, BTreeSet, btree_set},
    iter::Peekable,
    ops::Bound,
};

use super::seats::{Met, Rank, Seat};
use crate::{base::id::Name, infra::site::Relaxed};

type One = (Rank, Name);

/// Free agents in the order in which they are offered callers, those together who are good enough for the same ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Free(BTreeMap<Met, BTreeSet<One>>);

impl Free {
    pub fn insert(&mut self, seat: &Seat, rank: Rank, name: &Name) {
        let alike = match self.0.get_mut(&seat.met) {
            Some(alike) => alike,
            None => self.0.entry(seat.met.clone()).or_default(),
        };
        alike.insert((rank, name.clone()));
    }

    pub fn remove(&mut self, seat: &Seat, rank: Rank, name: &Name) {
        if let Some(alike) = self.0.get_mut(&seat.met) {
            alike.remove(&(rank, name.clone()));
        }
    }

    pub fn contains(&self, seat: &Seat, rank: Rank, name: &Name) -> bool {
        self.0.get(&seat.met).is_some_and(|alike| alike.contains(&(rank, name.clone())))
    }

    pub fn len(&self) -> usize {
        self.0.values().map(BTreeSet::len).sum()
    }

    pub fn all(&self) -> Ordered<'_> {
        Ordered::of(self.0.values().map(|alike| alike.range(..)))
    }

    /// Those who have what the queue needs of them then.
    pub fn fit(&self, relaxed: Relaxed) -> Ordered<'_> {
        let fit = self.0.iter().filter(|(met, _)| met.holds(relaxed));
        Ordered::of(fit.map(|(_, alike)| alike.range(..)))
    }

    /// Those who come after this one.
    pub fn behind(&self, rank: Rank, name: &Name) -> Ordered<'_> {
        let from = (Bound::Excluded((rank, name.clone())), Bound::Unbounded);
        Ordered::of(self.0.values().map(|alike| alike.range(from.clone())))
    }
}

/// Several orders as one.
#[derive(Default)]
pub(super) struct Ordered<'a>(Vec<Peekable<btree_set::Range<'a, One>>>);

impl<'a> Ordered<'a> {
    fn of(parts: impl Iterator<Item = btree_set::Range<'a, One>>) -> Self {
        Self(parts.map(Iterator::peekable).collect())
    }
}

impl<'a> Iterator for Ordered<'a> {
    type Item = &'a Name;

    fn next(&mut self) -> Option<&'a Name> {
        let first = |(n, part): (usize, &mut Peekable<btree_set::Range<'a, One>>)| Some((*part.peek()?, n));
        let (_, n) = self.0.iter_mut().enumerate().filter_map(first).min()?;
        self.0[n].next().map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Agents, model::Agent as OnDuty};
    use crate::{
        base::{clock::Stamp, id::Name, number::Number},
        infra::site::{
            Agent, AgentPhone, Capacity, Expansion, Queue, Relaxation, Relaxed, Site, Skills, Strategy,
        },
    };

    fn name(text: &str) -> Name {
        Name::new(text).expect("a name")
    }

    /// A queue that asks for less and less of three skills, and forty agents with some of them.
    fn house(random: &mut fastrand::Rng) -> Site {
        let number = |n: usize| Number::new(format!("{n}")).expect("digits");
        let mut site = Site::bare("random", number(1));
        let second = Duration::from_secs(1);
        let mut skills =
            |most: u8| -> Skills { (0..3).map(|n| (name(&format!("s{n}")), random.u8(0..=most))).collect() };
        let mut queue = Queue::new(second, second, second);
        (queue.needs, queue.prefers) = (skills(6), skills(3));
        queue.relax = (1..3).map(|n| Relaxation { after: n * second, needs: skills(4) }).collect();
        queue.expand = Some(Expansion { above: 2, below: 1, needs: skills(2) });
        let people: Vec<Skills> = (0..40).map(|_| skills(9)).collect();
        queue.strategy = Strategy::ALL[random.usize(..Strategy::ALL.len())].1;
        site.queues = [(name("calls"), queue)].into();
        for (n, skills) in people.into_iter().enumerate() {
            let agent = Agent {
                display: "".into(),
                phone: AgentPhone::Extension(number(1000 + n)),
                queues: vec![name("calls")],
                reserve: Vec::new(),
                skills,
                capacity: Capacity::default(),
                place: random.u32(..20),
                wrap_up: Duration::ZERO,
                logged_in: random.bool(),
            };
            site.agents.insert(name(&format!("a{n}")), agent);
        }
        site
    }

    /// Beside everybody in order, and a look at each.
    #[test]
    fn the_index_has_whom_a_look_at_everybody_finds_in_the_same_order() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..100 {
            let site = house(&mut random);
            let (calls, queue) = (name("calls"), &site.queues[&name("calls")]);
            let mut agents = Agents::default();
            agents.adopt(&site, Stamp(5));
            for n in 0..40 {
                if random.bool() {
                    continue;
                }
                let (agent, now) = (name(&format!("a{n}")), Stamp(10 + random.i64(..9)));
                if random.bool() { agents.ready(&agent, now) } else { agents.log_out(&agent, now) }
            }
            let mut free: Vec<&Name> =
                site.agents.keys().filter(|one| agents.get(one).is_some_and(OnDuty::free)).collect();
            free.sort_by_key(|one| (agents.rank(&calls, one), *one));
            assert_eq!(agents.free(&calls).collect::<Vec<_>>(), free);
            assert_eq!(agents.free_in(&calls), free.len());
            for (steps, expanded) in (0..4).flat_map(|steps| [(steps, false), (steps, true)]) {
                let relaxed = Relaxed { steps, expanded };
                let fit: Vec<&Name> = free
                    .iter()
                    .copied()
                    .filter(|one| queue.is_met(&site.agents[*one].skills, relaxed))
                    .collect();
                assert_eq!(agents.free_and_fit(&calls, relaxed).collect::<Vec<_>>(), fit, "{relaxed:?}");
            }
            for (at, one) in free.iter().enumerate() {
                assert!(agents.is_free_in(&calls, one));
                assert_eq!(agents.free_behind(&calls, one).collect::<Vec<_>>(), free[at + 1..], "{one}");
            }
        }
    }
}
