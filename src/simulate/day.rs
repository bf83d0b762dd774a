//! Callers, the simulated engine and the switchboard, let go in virtual time.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fastrand::Rng;
use jiff::{civil::Time, tz::TimeZone};

use super::{
    house::{self, Line},
    outcome::{Outcome, Sums},
};
use crate::{
    base::{
        clock::Stamp,
        id::{LegId, Name},
        number::Number,
        text::Label,
    },
    infra::site::scenario::{Arrivals, Scenario, Spread},
    live::switchboard::{
        Effect, Input, Switchboard,
        view::{Act, Actor},
    },
    ports::engine::{
        Arrival, Origin,
        simulator::{Answer, Caller, Faults, Phone, World},
    },
};

/// Nobody waits or talks longer.
const ENDLESS: Duration = Duration::from_hours(24 * 365);
/// How far ahead callers are drawn.
const AHEAD: Duration = Duration::from_mins(10);

/// Lives through a scenario. `progress` is told now and then which share is done, 0 to 1. The same scenario gives the same
/// outcome.
pub fn run(scenario: &Scenario, progress: &dyn Fn(f32)) -> Outcome {
    let start = scenario
        .start
        .to_zoned(TimeZone::UTC)
        .map_or_else(|_| Stamp::default(), |zoned| Stamp(zoned.timestamp().as_microsecond()));
    let (site, lines) = house::build(scenario);
    let phone = |name: &Name| Phone {
        extension: site.extensions[&site.agents[name].extension].phone.clone(),
        registered: true,
        answer: Answer::After(Duration::ZERO),
        talk: ENDLESS,
    };
    let phones = site.agents.keys().map(phone).collect();
    let mut world = World::new(scenario.seed, phones, Faults::default(), start);
    world.rests(house::LEASE);
    let mut day = Day {
        board: Switchboard::new(Arc::new(site), start),
        world,
        now: start,
        seq: 0,
        sums: Sums::new(scenario, start),
    };
    let mut streams: Vec<Stream> = scenario
        .arrivals
        .iter()
        .zip(1..)
        .map(|(arrivals, n)| Stream::new(arrivals, &lines[&arrivals.queue], scenario.seed ^ (n << 32), start))
        .collect();
    day.input(Input::Started { version: env!("CARGO_PKG_VERSION").into() });
    let end = start + scenario.length;
    let mut on = BTreeMap::new();
    let mut callers = 0;
    while day.now < end {
        day.staff(&lines, &mut on);
        let until = (day.now + AHEAD).min(end).min(day.next_change(&lines));
        for stream in &mut streams {
            stream.draw(until, &mut day.world, &mut callers);
        }
        day.run_until(until);
        progress(day.now.since(start).as_secs_f32() / scenario.length.as_secs_f32().max(1.0));
    }
    // Whoever is there is served to the end, or turned away by the queue.
    while day.board.live_calls() > 0 {
        day.staff(&lines, &mut on);
        day.run_until((day.now + AHEAD).min(day.next_change(&lines)));
    }
    day.sums.outcome(&lines)
}

struct Day {
    board: Switchboard,
    world: World,
    now: Stamp,
    seq: u64,
    sums: Sums,
}

impl Day {
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
        self.seq += 1;
        for effect in self.board.on(self.seq, self.now, input) {
            match effect {
                Effect::Order(order) => self.world.order(order, self.now),
                Effect::Record(record) => self.sums.add(&record),
                _ => {}
            }
        }
    }

    /// Agents come and go as the curves of the day say.
    fn staff(&mut self, lines: &BTreeMap<Name, Line>, on: &mut BTreeMap<Name, usize>) {
        let time = self.time();
        for (queue, line) in lines {
            let wanted = usize::from(line.staff.at(time));
            let before = on.insert(queue.clone(), wanted).unwrap_or(0);
            let (come, go) = (before.min(wanted)..wanted, wanted.min(before)..before);
            for agent in &line.agents[come] {
                self.sums.came(agent);
                self.act(Act::Login { agent: agent.clone() });
            }
            for agent in &line.agents[go] {
                self.sums.left(agent, self.now);
                self.act(Act::Logout { agent: agent.clone() });
            }
            self.sums.staffed(queue, self.now, wanted);
        }
    }

    fn act(&mut self, act: Act) {
        self.input(Input::Act { actor: Actor::admin(Label::new("scenario")), act, ask: 0 });
    }

    /// When a curve's next value begins.
    fn next_change(&self, lines: &BTreeMap<Name, Line>) -> Stamp {
        let time = self.time();
        let since_midnight =
            |time: Time| Duration::try_from(time.duration_since(Time::MIN)).unwrap_or_default();
        let midnight = self.now - since_midnight(time);
        let changes =
            lines.values().flat_map(|line| &line.staff.0).map(|(from, _)| midnight + since_midnight(*from));
        changes
            .filter(|at| *at > self.now)
            .min()
            .unwrap_or(Stamp::MAX)
            .min(midnight + Duration::from_hours(24))
    }

    fn time(&self) -> Time {
        self.now.zoned(&TimeZone::UTC).time()
    }
}

/// Callers of one kind, drawn one after the other.
struct Stream {
    arrivals: Arrivals,
    number: Number,
    random: Rng,
    next: Stamp,
}

impl Stream {
    fn new(arrivals: &Arrivals, line: &Line, seed: u64, start: Stamp) -> Self {
        let mut stream = Self {
            arrivals: arrivals.clone(),
            number: line.number.clone(),
            random: Rng::with_seed(seed),
            next: start,
        };
        stream.step();
        stream
    }

    /// To the next caller, if as many came all day as come at most.
    fn step(&mut self) {
        let most = f64::from(self.arrivals.rate.most()) / 3600.0;
        let gap = if most > 0.0 { self.exponential(1.0 / most) } else { ENDLESS };
        self.next = self.next + gap;
    }

    /// Those who call before `until`: of the possible callers, as many as the hour has (thinning; Lewis and Shedler 1979).
    fn draw(&mut self, until: Stamp, world: &mut World, callers: &mut u64) {
        while self.next < until {
            let at = self.next;
            self.step();
            let rate = self.arrivals.rate.at(at.zoned(&TimeZone::UTC).time());
            if self.random.f64() * f64::from(self.arrivals.rate.most()) >= f64::from(rate) {
                continue;
            }
            let talk = self.span(self.arrivals.handling);
            let patience = self.arrivals.patience.map_or(Duration::MAX, |spread| self.span(spread));
            *callers += 1;
            let leg = LegId::new(format!("caller-{callers}")).expect("letters and digits");
            let arrival = Arrival {
                origin: Origin::Trunk,
                from: None,
                from_name: Label::default(),
                to: self.number.clone(),
            };
            world.expect(at, leg, arrival, Caller { keys: Vec::new(), patience, talk });
        }
    }

    fn span(&mut self, spread: Spread) -> Duration {
        match spread {
            Spread::Always(span) => span,
            Spread::Exponential(mean) => self.exponential(mean.as_secs_f64()),
        }
    }

    fn exponential(&mut self, mean: f64) -> Duration {
        Duration::from_secs_f64((-mean * (1.0 - self.random.f64()).ln()).min(ENDLESS.as_secs_f64()))
    }
}
