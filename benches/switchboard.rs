//! How fast the switchboard is, on one core: `cargo bench --bench switchboard`.
//!
//! Prints one line a figure: inputs a second with the journal and 1,000 live calls; the time of an offer
//! decision with 5,000 agents and 1,000 callers who wait in 50 queues; whole simulated calls a second; how long a day of
//! 100,000 calls with 500 agents takes to live through.

#[path = "../tests/switchboard/rig.rs"]
#[allow(dead_code)]
mod rig;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rig::{Rig, START, arrival, caller, leg, millis, name, phones, secs, site};
use tandem::{
    base::{clock::Stamp, text::Label},
    infra::journal::{Journal, Options},
    infra::site::{Pattern, Queue, Relaxation, Rule, Site, Skills, Step, When, scenario},
    live::switchboard::{
        Effect, Input, Switchboard,
        view::{Act, Actor},
    },
    ports::engine::{
        Arrival, Command, Event,
        simulator::{Answer, Faults, World},
    },
};

const QUEUES: usize = 50;

fn main() {
    let day = simulated_calls();
    inputs_with_journal(&day);
    offer_decision();
    whole_day();
}

/// A busy day: 20,000 calls, about 1,000 alive at once.
fn simulated_calls() -> Rig {
    const CALLS: usize = 20_000;
    const AGENTS: usize = 600;
    let world = World::new(7, phones(AGENTS, Answer::After(secs(3)), secs(40)), Faults::default(), START);
    let mut rig = Rig::new(site(AGENTS), world);
    rig.watchful = false;
    let mut random = fastrand::Rng::with_seed(7);
    for i in 0..CALLS {
        let habits = caller(random.choice(['1', '2']).expect("a key"), secs(600), secs(60));
        rig.call_with(&format!("c{i}"), millis(random.u64(..1_400_000)), habits);
    }
    let begun = Instant::now();
    let mut most = 0;
    while rig.records.len() < CALLS {
        rig.run_for(secs(5));
        most = most.max(rig.board.live_calls());
    }
    let took = begun.elapsed();
    println!(
        "simulated calls:     {:>9.0} calls/s ({CALLS} calls, {most} alive at most)",
        CALLS as f64 / took.as_secs_f64()
    );
    rig
}

/// The day's inputs once more, written to a journal in batches as the loop does.
fn inputs_with_journal(day: &Rig) {
    const BATCH: usize = 32;
    let folder = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = Journal::open(folder.path(), Options::default()).expect("a journal");
    let mut board = Switchboard::new(day.board.site().clone(), START);
    let begun = Instant::now();
    let mut most = 0;
    for batch in day.journal.chunks(BATCH) {
        let mut effects = 0;
        for (_, at, input) in batch {
            let seq = journal.next_seq();
            let call = board.call_of(input, seq, *at);
            journal.append(*at, call, input).expect("appended");
            effects += board.on(seq, *at, input.clone()).len();
        }
        assert!(journal.commit().is_good());
        std::hint::black_box(effects);
        most = most.max(board.live_calls());
    }
    let took = begun.elapsed();
    let rate = day.journal.len() as f64 / took.as_secs_f64();
    println!(
        "inputs with journal: {rate:>9.0} inputs/s ({} inputs, {most} calls alive at most)",
        day.journal.len()
    );
}

/// 50 queues with needs, preferences and relaxations; a policy of 51 rules says by the last two digits of the caller's
/// number which; every agent serves five of them, with two skills of some level.
fn large_site(agents: usize) -> Site {
    let mut site = site(agents);
    let queue = |i: usize| name(&format!("q{i}"));
    let skill = |i: usize| name(&format!("s{}", i % 10));
    let skills = |list: &[(usize, u8)]| list.iter().map(|(i, level)| (skill(*i), *level)).collect::<Skills>();
    site.queues = (0..QUEUES)
        .map(|i| {
            let mut settings = Queue::new(secs(15), secs(10), secs(300));
            settings.needs = skills(&[(i, 4)]);
            settings.prefers = skills(&[(i + 1, 6)]);
            settings.relax = vec![Relaxation { after: secs(20), needs: skills(&[(i, 2)]) }];
            (queue(i), settings)
        })
        .collect();
    for (i, agent) in site.agents.values_mut().enumerate() {
        agent.queues = (0..5).map(|n| queue((i + 10 * n) % QUEUES)).collect();
        agent.skills = skills(&[(i, 1 + u8::try_from(i / 50 % 10).expect("ten")), (i + 1, 7)]);
    }
    let rule = |i: usize| Rule {
        name: name(&format!("r{i}")),
        when: When {
            from: vec![Pattern::new(&format!("138xxxxxx{i:02}")).expect("a pattern")],
            ..When::default()
        },
        queue: queue(i % QUEUES),
        head_start: Duration::ZERO,
        first: None,
    };
    let rest = Rule { when: When::default(), ..rule(QUEUES) };
    site.routing = [(name("desk"), (0..QUEUES).map(rule).chain([rest]).collect())].into();
    let step = Step::Route { policy: name("desk"), otherwise: name("bye") };
    site.flows.get_mut(&name("main")).expect("a flow").steps.insert(name("sales"), step);
    site
}

/// 1,000 callers wait in 50 queues, 5,000 agents are paused; one after the other comes back and is offered a call.
fn offer_decision() {
    const AGENTS: usize = 5_000;
    const WAITING: usize = 1_000;
    let mut board = Switchboard::new(Arc::new(large_site(AGENTS)), START);
    let mut seq = 0;
    let mut now = START;
    let mut feed = |board: &mut Switchboard, input: Input| {
        seq += 1;
        now = now + Duration::from_micros(10);
        let begun = Instant::now();
        let effects = board.on(seq, now, input);
        let took = begun.elapsed();
        let offers = |effect: &Effect| matches!(effect, Effect::Order(order) if matches!(order.command, Command::Connect { .. }));
        (took, effects.iter().any(offers))
    };
    let act = |act| Input::Act { actor: Actor::admin(Label::new("bench")), act, ask: 1 };
    feed(&mut board, Input::Started { version: "bench".into() });
    feed(&mut board, Input::Engine(Event::Up { engine: Label::new("bench") }));
    feed(&mut board, Input::Engine(Event::Audit { asked: START, legs: vec![] }));
    for i in 0..AGENTS {
        feed(&mut board, act(Act::Pause { agent: name(&format!("a{i}")), reason: Label::new("bench") }));
    }
    let key = tandem::base::number::Key::new('1').expect("a key");
    for i in 0..WAITING {
        let leg = leg(&format!("c{i}"));
        let from = Some(rig::number(&format!("13800000{i:03}")));
        let arrival = Arrival { from, ..arrival("4000") };
        feed(&mut board, Input::Engine(Event::Arrived { leg: leg.clone(), arrival }));
        let call =
            board.call_of(&Input::Engine(Event::Answered { leg: leg.clone() }), 0, START).expect("a call");
        feed(&mut board, Input::Known { call, known: None });
        feed(&mut board, Input::Engine(Event::Answered { leg: leg.clone() }));
        feed(&mut board, Input::Engine(Event::Key { leg, key }));
    }
    // Some have not the skill that anybody who waits needs, and are offered nobody.
    let mut times: Vec<Duration> = Vec::new();
    for i in (0..AGENTS).map(|i| (i * 7) % AGENTS) {
        let (took, offered) = feed(&mut board, act(Act::Unpause { agent: name(&format!("a{i}")) }));
        times.extend(offered.then_some(took));
    }
    assert!(times.len() > WAITING / 2, "{} offers", times.len());
    times.sort();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e6;
    println!(
        "offer decision:      p50 {:.1} µs, p99 {:.1} µs, most {:.1} µs ({AGENTS} agents, {WAITING} waiting in {QUEUES} queues, {} offers)",
        at(0.5),
        at(0.99),
        at(1.0),
        times.len()
    );
    let _: Stamp = now;
}

/// The scenario that ships, as `tandem simulate` lives through it.
fn whole_day() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/scenarios/hundred-thousand.yaml");
    let scenario = scenario::load(&file, None).expect("a scenario");
    let begun = Instant::now();
    let outcome = tandem::simulate::run(&scenario, &|_| ());
    let took = begun.elapsed().as_secs_f64();
    assert!(outcome.calls > 98_000, "{} calls", outcome.calls);
    let talked = 100.0 * outcome.all.work.occupancy;
    println!("a simulated day:     {took:>9.1} s ({} calls, 500 agents, busy {talked:.0} %)", outcome.calls);
}
