//! Callers, the simulated engine and the switchboard, let go in virtual time.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use jiff::{
    ToSpan,
    civil::{DateTime, Time},
    tz::TimeZone,
};

use super::{
    callers::{self, Coming, ENDLESS, Stream},
    house::{self, Crew},
    outcome::{Outcome, Sums},
    people::People,
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
        number::{Key, Number},
        text::Label,
    },
    infra::site::{
        Site,
        scenario::{Came, Scenario, Who},
    },
    live::{
        record::CallRecord,
        switchboard::{
            Effect, Input, Switchboard,
            view::{Act, Actor, Query, View},
        },
    },
    ports::engine::simulator::{Answer, Faults, Line, Outsider, Phone, World},
};

/// How far ahead callers are drawn.
const AHEAD: Duration = Duration::from_mins(10);
/// So long after the last caller those who were promised it are still called back.
const LAST_CALLS: Duration = Duration::from_hours(24);

/// Lives through a scenario. `progress` is told now and then which share is done, 0 to 1. The same scenario gives the same
/// outcome.
pub fn run(scenario: &Scenario, progress: &dyn Fn(f32)) -> Outcome {
    let zone = scenario.zone();
    let start = stamp(scenario.start, &zone);
    let house = house::build(scenario);
    let world = world(&house.site, scenario.seed, start);
    let keys: BTreeSet<Key> =
        house.site.queues.values().filter_map(|queue| Some(queue.callback.as_ref()?.key)).collect();
    let keys: Vec<Key> = keys.into_iter().collect();
    let sums = Sums::new(scenario, &house.site, start);
    let mut day = Day {
        board: Switchboard::new(Arc::new(house.site), start),
        world,
        now: start,
        seq: 0,
        sums,
        zone: &zone,
        unknown: BTreeMap::new(),
        people: People::default(),
        scenario,
        end: start + scenario.length,
        on: vec![0; house.crews.len()],
    };
    let kinds = scenario.arrivals.iter().zip(house.numbers.iter().cloned().enumerate());
    let known = scenario.site.is_some();
    let mut streams: Vec<Stream> = kinds
        .map(|(arrivals, kind)| Stream::new(arrivals, kind, (known, &keys), &zone, scenario.seed, start))
        .collect();
    day.input(Input::Started { version: env!("CARGO_PKG_VERSION").into() });
    let end = start + scenario.length;
    let mut recorded = scenario.recorded.iter().enumerate().peekable();
    while day.now < end {
        day.staff(&house.crews);
        let until = (day.now + AHEAD).min(end).min(day.next_change(&house.crews));
        for (kind, (stream, arrivals)) in streams.iter_mut().zip(&scenario.arrivals).enumerate() {
            while let Some(coming) = stream.draw(until) {
                day.people.follow(&coming, kind, arrivals);
                day.expect(coming, &arrivals.who);
            }
        }
        while let Some((n, came)) = recorded.next_if(|(_, came)| came.at < until) {
            day.comes_again(came, n, &house.numbers);
        }
        day.run_until(until);
        progress(day.now.since(start).as_secs_f32() / scenario.length.as_secs_f32().max(1.0));
    }
    // Whoever is there is served to the end, or turned away by the queue.
    let (patient, mut last) = (end + LAST_CALLS, end);
    // Who called on the last day may have come to wait after midnight.
    for (n, came) in recorded {
        last = last.max(came.at);
        day.comes_again(came, n, &house.numbers);
    }
    while day.now <= last || day.board.live_calls() > 0 || (day.promised() && day.now < patient) {
        day.staff(&house.crews);
        day.run_until((day.now + AHEAD).min(day.next_change(&house.crews)));
    }
    day.sums.outcome(&day.people)
}

/// Everybody answers at once, and agents outside take the call.
fn world(site: &Site, seed: u64, start: Stamp) -> World {
    let line = Line { answer: Answer::After(Duration::ZERO), talk: ENDLESS };
    let Line { answer, talk } = line;
    let phone = |phone: &Name| Phone { extension: phone.clone(), registered: true, answer, talk };
    let phones = site.extensions.values().map(|extension| phone(&extension.phone)).collect();
    let mut world = World::new(seed, phones, Faults::default(), start);
    world.rests(house::LEASE);
    for number in site.agents.keys().filter_map(|name| site.carrier_number(name)) {
        let keys = Key::new('1').map(|take| (Duration::ZERO, take)).into_iter().collect();
        world.outsider(number, Outsider { line, keys });
    }
    world
}

fn stamp(local: DateTime, zone: &TimeZone) -> Stamp {
    let zoned = local.to_zoned(zone.clone());
    zoned.map_or_else(|_| Stamp::default(), |zoned| Stamp(zoned.timestamp().as_microsecond()))
}

struct Day<'a> {
    board: Switchboard,
    world: World,
    now: Stamp,
    seq: u64,
    sums: Sums,
    zone: &'a TimeZone,
    /// Who will call, or has, and has not been asked about.
    unknown: BTreeMap<Number, &'a Who>,
    people: People<'a>,
    scenario: &'a Scenario,
    end: Stamp,
    /// How many of each crew are there.
    on: Vec<usize>,
}

impl<'a> Day<'a> {
    fn expect(&mut self, coming: Coming, who: &'a Who) {
        if let Some(from) = &coming.arrival.from {
            self.unknown.insert(from.clone(), who);
            if let Some(line) = coming.back {
                self.world.outsider(from.clone(), Outsider { line, keys: Vec::new() });
            }
        }
        self.world.expect(coming.at, coming.leg, coming.arrival, coming.caller);
    }

    fn comes_again(&mut self, came: &Came, n: usize, numbers: &[Number]) {
        let Coming { at, leg, arrival, caller, .. } = callers::again(came, n, numbers[came.kind].clone());
        self.world.expect(at, leg, arrival, caller);
    }

    fn run_until(&mut self, end: Stamp) {
        loop {
            let next = [self.world.next(), self.board.next_deadline()].into_iter().flatten().min();
            let Some(at) = next.filter(|at| *at <= end) else { break };
            self.now = self.now.max(at);
            for event in self.world.run(self.now) {
                self.input(Input::Engine(event));
            }
            if self.board.next_deadline().is_some_and(|due| due <= self.now) {
                self.input(Input::Clock);
            }
        }
        self.now = end;
    }

    fn input(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.seq += 1;
            for effect in self.board.on(self.seq, self.now, input) {
                match effect {
                    Effect::Order(order) => self.world.order(order, self.now),
                    Effect::Record(record) => self.over(&record),
                    Effect::LookUp { call, from } => inputs.push_back(self.known(call, &from)),
                    _ => {}
                }
            }
        }
    }

    /// Who calls is known at once.
    fn known(&mut self, call: CallId, from: &Number) -> Input {
        let who = self.unknown.remove(from);
        let (contacts, last) = self.people.before(from);
        Input::Known { call, known: who.and_then(|who| callers::known(who, contacts, last)) }
    }

    /// A call is over; the caller may come again.
    fn over(&mut self, record: &CallRecord) {
        let over = self.people.over(record);
        self.sums.add(record, &over);
        let (Some(again), Some(kind)) = (over.again, over.kind) else { return };
        if again.at < self.end {
            self.expect(again, &self.scenario.arrivals[kind].who);
        }
    }

    /// Somebody is still to be called back.
    fn promised(&self) -> bool {
        matches!(self.board.view(&Query::Callbacks, self.now), View::Callbacks(all) if !all.is_empty())
    }

    /// Agents come and go as the curves of the day say.
    fn staff(&mut self, crews: &[Crew]) {
        let time = self.time();
        for (at, crew) in crews.iter().enumerate() {
            let wanted = usize::from(crew.staff.at(time)).min(crew.agents.len());
            let before = std::mem::replace(&mut self.on[at], wanted);
            let (come, go) = (before.min(wanted)..wanted, wanted.min(before)..before);
            for agent in &crew.agents[come] {
                self.sums.came(agent, self.now);
                self.act(Act::Login { agent: agent.clone() });
            }
            for agent in &crew.agents[go] {
                self.sums.left(agent, self.now);
                self.act(Act::Logout { agent: agent.clone() });
            }
        }
    }

    fn act(&mut self, act: Act) {
        self.input(Input::Act { actor: Actor::admin(Label::new("scenario")), act, ask: 0 });
    }

    /// When a curve's next value begins.
    fn next_change(&self, crews: &[Crew]) -> Stamp {
        let local = self.now.zoned(self.zone).datetime();
        let tomorrow = local.date().checked_add(1.day()).unwrap_or(local.date());
        let times =
            crews.iter().flat_map(|crew| &crew.staff.0).map(|(from, _)| local.date().to_datetime(*from));
        let changes = times.chain([tomorrow.to_datetime(Time::MIN)]).map(|at| stamp(at, self.zone));
        changes.filter(|at| *at > self.now).min().unwrap_or(Stamp::MAX)
    }

    fn time(&self) -> Time {
        self.now.zoned(self.zone).time()
    }
}
