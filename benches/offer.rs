//! How long a caller's joining takes to ring at an agent's phone, through a real engine: `cargo bench --bench offer`.
//!
//! `-- asterisk` or `-- freeswitch` measures one alone. The whole program, 500 agents with registered phones, 20 calls a second for half a minute. Measured is the time from
//! the moment the caller joins the queue (as the call's record tells it) to the INVITE at the agent's phone.

#[path = "../tests/engines/bench.rs"]
#[allow(dead_code)]
mod bench;
#[path = "../tests/engines/daemon.rs"]
#[allow(dead_code)]
mod daemon;
#[path = "../tests/support/mod.rs"]
mod support;
#[path = "../tests/engines/wire.rs"]
#[allow(dead_code)]
mod wire;
#[path = "../tests/engines/world.rs"]
#[allow(dead_code)]
mod world;

use std::{
    collections::HashMap,
    fmt::Write,
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tandem::{
    lab::freeswitch::Freeswitch,
    live::{record::CallRecord, switchboard::view::StatusView},
};
use tokio::{task::JoinSet, time};

use bench::Kind;
use support::phone::{Manner, Phone};
use world::{World, eventually};

const AGENTS: usize = 500;
const CALLS: u64 = 600;
const EVERY: Duration = Duration::from_millis(50);
const NUMBER: &str = "8020";
/// How long an agent's phone rings, and how long the caller stays in all.
const RINGS: Duration = Duration::from_millis(200);
const STAYS: Duration = Duration::from_secs(3);

/// Who was called by which number when.
type Rung = Arc<Mutex<HashMap<String, Vec<SystemTime>>>>;

fn main() {
    // Engine and daemon die with the thread that started them: everything is on this one.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for kind in [Kind::Asterisk, Kind::Freeswitch] {
        if !wanted.is_empty() && wanted.iter().all(|word| word != kind.word()) {
            continue;
        }
        if kind == Kind::Freeswitch && Freeswitch::find().is_none() {
            println!("freeswitch: not measured, there is none in PATH or at TANDEM_FREESWITCH");
            continue;
        }
        runtime.block_on(measure(kind));
    }
}

async fn measure(kind: Kind) {
    let world = World::straight(kind, enlarge).await;
    let rung = Rung::default();
    let mut agents = JoinSet::new();
    for i in 0..AGENTS {
        let phone = world.phone(&extension(i)).await;
        phone.keep_quiet();
        phone.on_call(Manner::AnswerAfter(RINGS));
        agents.spawn(takes_calls(phone, rung.clone()));
    }
    eventually("all agents are ready", async || {
        let status: StatusView = world.rest.try_get("/v1/status").await.map_err(|why| why.to_string())?;
        if status.agents_ready >= AGENTS { Ok(()) } else { Err(status.agents_ready.to_string()) }
    })
    .await;
    let mut callers = JoinSet::new();
    let mut tick = time::interval(EVERY);
    for number in 0..CALLS {
        tick.tick().await;
        callers.spawn(calls(world.outside(&format!("139{number:08}")).await));
    }
    let begun: HashMap<String, SystemTime> = callers.join_all().await.into_iter().collect();
    let records = eventually("a record of every call", async || {
        let path = "/v1/history?limit=1000";
        let all: Vec<CallRecord> = world.rest.try_get(path).await.map_err(|why| why.to_string())?;
        if all.len() as u64 == CALLS { Ok(all) } else { Err(format!("{} of {CALLS}", all.len())) }
    })
    .await;
    tell(kind, &records, &begun, &rung.lock().expect("no panic"));
    agents.shutdown().await;
    world.ends_clean().await;
}

async fn takes_calls(phone: Phone, rung: Rung) {
    loop {
        if let Some(call) = phone.rings_within(Duration::from_mins(1)).await {
            rung.lock().expect("no panic").entry(call.other()).or_default().push(call.began());
        }
    }
}

/// Gives the caller's number and when it called.
async fn calls(phone: Phone) -> (String, SystemTime) {
    phone.keep_quiet();
    let call = phone.dial(NUMBER).await;
    time::sleep(STAYS).await;
    call.hang_up().await;
    (phone.line.user.clone(), call.began())
}

fn tell(
    kind: Kind,
    records: &[CallRecord],
    begun: &HashMap<String, SystemTime>,
    rung: &HashMap<String, Vec<SystemTime>>,
) {
    let (mut offers, mut whole) = (Vec::new(), Vec::new());
    for record in records {
        let number = record.from.as_ref().map(ToString::to_string).unwrap_or_default();
        let joined = record.steps.iter().find(|why| why.what.starts_with("queue desk: place"));
        let (Some(joined), Some([rang])) = (joined, rung.get(&number).map(Vec::as_slice)) else { continue };
        if record.talk_ms == 0 {
            continue;
        }
        offers.push(micros(*rang) - joined.at.0);
        whole.push(micros(*rang) - micros(begun[&number]));
    }
    let failures = CALLS as usize - offers.len();
    let rate = 1000 / EVERY.as_millis();
    println!(
        "{}: {CALLS} calls at {rate}/s, {AGENTS} agents, {failures} failures\n  \
         joined to the agent's INVITE:   {}\n  caller's to the agent's INVITE: {}",
        kind.word(),
        figures(&mut offers),
        figures(&mut whole)
    );
}

fn micros(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH).expect("after 1970").as_micros() as i64
}

fn figures(times: &mut [i64]) -> String {
    times.sort_unstable();
    if times.is_empty() {
        return "none".to_owned();
    }
    let at = |part: f64| times[((times.len() - 1) as f64 * part).ceil() as usize] as f64 / 1000.0;
    format!("p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, most {:.1} ms", at(0.5), at(0.95), at(0.99), at(1.0))
}

fn extension(agent: usize) -> String {
    (2000 + agent).to_string()
}

/// A site of 500 agents at one desk, and a number that leads straight to it.
fn enlarge(site: &Path) {
    let write = |file: &str, text: String| fs::write(site.join(file), text).expect("written");
    let (mut extensions, mut agents) = (String::new(), String::new());
    for i in 0..AGENTS {
        let _ = writeln!(extensions, "  {}: {{ name: Agent {i} }}", extension(i));
        let number = extension(i);
        let settings = "queues: [desk], wrap_up: 0s, logged_in: true";
        let _ = writeln!(agents, "  agent{i}: {{ extension: {number}, {settings} }}");
    }
    write(
        "people.yaml",
        format!("extensions:\n  1009: {{ name: The fallback }}\n{extensions}\nagents:\n{agents}"),
    );
    write("numbers.yaml", format!("{NUMBER}: {{ language: en, flow: desk }}\n"));
    write("queues.yaml", "desk: { ring: 20s, rest: 5s, max_wait: 5m }\n".to_owned());
    fs::remove_dir_all(site.join("flows")).expect("it was there");
    fs::create_dir(site.join("flows")).expect("a new folder");
    write("flows/desk.yaml", "start: desk\nsteps:\n  desk: { queue: desk, otherwise: hangup }\n".to_owned());
}
