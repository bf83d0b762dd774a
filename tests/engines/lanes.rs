//! Many small houses on one engine and one daemon, so that many stories go on at the same time without touching each
//! other: each lane has a number, a flow, a queue, and two agents.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::{Either, select};
use serde_json::json;
use tandem::live::{
    record::CallRecord,
    switchboard::view::{AgentView, CallView},
};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::{
    bench::Kind,
    daemon::Rest,
    support::{
        call::{Call, State},
        phone::{PATIENCE, Phone},
    },
    world::{World, both_talk, eventually},
};

/// How often the daemon is asked for all that it knows.
const LOOK: Duration = Duration::from_millis(40);
const CROSSING: Duration = Duration::from_secs(2);

pub struct Lanes {
    pub world: World,
    pub board: Board,
    pub lanes: Vec<Lane>,
}

pub struct Lane {
    /// The number that callers dial.
    pub number: String,
    /// The agent who is asked first.
    pub first: Person,
    pub second: Person,
}

pub struct Person {
    pub name: String,
    pub extension: String,
    pub phone: Phone,
}

impl Lanes {
    /// All agents are logged out.
    pub async fn open(kind: Kind, count: usize) -> Self {
        let world = World::on_site(kind, |site| lay(site, count)).await;
        let mut lanes = Vec::new();
        for lane in 0..count {
            let first = Person::at_phone(&world, format!("first{lane}"), first(lane)).await;
            let second = Person::at_phone(&world, format!("second{lane}"), second(lane)).await;
            lanes.push(Lane { number: number(lane), first, second });
        }
        let board = Board::of(world.rest.clone());
        board
            .until("all phones are known", |sight| {
                let there = sight.agents.values().filter(|agent| agent.state == "logged out").count();
                (there >= 2 * count).then_some(())
            })
            .await;
        Self { world, board, lanes }
    }

    pub async fn agent(&self, person: &Person, act: &str) {
        self.world.rest.post(&format!("/v1/agents/{}/{act}", person.name), json!({})).await;
    }

    /// The admin gives a talk to somebody else.
    pub async fn transfer(&self, from: &str, to: &Person) {
        let id = self.is(from, "talking").await.id;
        self.world.rest.post(&format!("/v1/calls/{id}/transfer"), json!({ "to": to.extension })).await;
    }

    /// The call from this number, once it is in this state.
    pub async fn is(&self, from: &str, state: &str) -> CallView {
        let what = format!("the call from {from} is {state}");
        self.board.until(&what, |sight| sight.calls.get(from).filter(|c| c.state == state).cloned()).await
    }

    /// The call is over, and no agent of the lane is held by it. They are logged out.
    pub async fn clear(&self, lane: &Lane, caller: &Phone) {
        let from = caller.line.user.as_str();
        if self.board.sees(|sight| over(sight, from)).await.is_none() {
            let (left, trace) = (self.world.left().await, caller.line.trace());
            panic!("the call from {from} does not end; at the engine are {left:#?}\n{trace}");
        }
        for person in [&lane.first, &lane.second] {
            self.agent(person, "logout").await;
            let what = format!("{} is logged out", person.name);
            self.board
                .until(&what, |sight| (sight.agents[&person.name].state == "logged out").then_some(()))
                .await;
            while let Some(late) = person.phone.rings_within(Duration::ZERO).await {
                late.ended().await;
            }
        }
    }

    /// The lane's agents serve the caller: whoever rings first takes the call, and both hear each other.
    pub async fn serve(&self, lane: &Lane, call: &Call) -> Call {
        let offer = self.answers(lane).await;
        call.listens();
        both_talk(call, &offer).await;
        offer
    }

    /// Whichever phone of the lane rings first takes the call.
    pub async fn answers(&self, lane: &Lane) -> Call {
        let (first, second) = (Box::pin(lane.first.phone.rings()), Box::pin(lane.second.phone.rings()));
        let offer = match select(first, second).await {
            Either::Left((offer, _)) | Either::Right((offer, _)) => offer,
        };
        offer.answer();
        offer.listens();
        offer
    }

    /// What was written down about all calls, by the number that called.
    pub async fn records(&self, expected: usize) -> HashMap<String, Vec<CallRecord>> {
        let rest = &self.world.rest;
        eventually("a record of each call", async || {
            let found = written(rest).await?;
            if found.values().map(Vec::len).sum::<usize>() >= expected {
                Ok(found)
            } else {
                Err(format!("{} of {expected}", found.len()))
            }
        })
        .await
    }

    pub async fn ends_clean(self) {
        drop(self.board);
        self.world.ends_clean().await;
    }
}

fn over(sight: &Sight, from: &str) -> Option<()> {
    (!sight.calls.contains_key(from)).then_some(())
}

impl Person {
    async fn at_phone(world: &World, name: String, extension: String) -> Self {
        let phone = world.phone(&extension).await;
        phone.keep_quiet();
        Self { name, extension, phone }
    }
}

/// Leaves in the way that fits: declines, or hangs up. An engine that hangs up at the same moment may leave our word
/// without an answer; that is not waited for.
pub async fn leaves(call: &Call) {
    if !matches!(call.state(), State::Ended(_)) {
        let call = call.clone();
        let _ = timeout(CROSSING, tokio::spawn(async move { call.hang_up().await })).await;
    }
}

/// What the daemon knows, looked at again and again for all lanes together.
pub struct Board {
    sight: watch::Receiver<Arc<Sight>>,
    task: JoinHandle<()>,
}

pub struct Sight {
    asked: Instant,
    pub calls: HashMap<String, CallView>,
    pub agents: HashMap<String, AgentView>,
}

impl Board {
    fn of(rest: Rest) -> Self {
        let nothing = Sight { asked: Instant::now(), calls: HashMap::new(), agents: HashMap::new() };
        let (sender, sight) = watch::channel(Arc::new(nothing));
        let task = tokio::spawn(async move {
            while !sender.is_closed() {
                if let Some(sight) = look(&rest).await {
                    sender.send_replace(Arc::new(sight));
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        Self { sight, task }
    }

    /// Waits until this is seen in something that was asked for after now.
    pub async fn until<T>(&self, what: &str, found: impl FnMut(&Sight) -> Option<T>) -> T {
        let seen = self.sees(found).await;
        seen.unwrap_or_else(|| panic!("not within {:?}: {what}", 2 * PATIENCE))
    }

    async fn sees<T>(&self, mut found: impl FnMut(&Sight) -> Option<T>) -> Option<T> {
        let (now, mut sight) = (Instant::now(), self.sight.clone());
        let search = async {
            loop {
                let latest = sight.borrow_and_update().clone();
                if latest.asked >= now
                    && let Some(found) = found(&latest)
                {
                    return found;
                }
                sight.changed().await.expect("somebody looks");
            }
        };
        timeout(2 * PATIENCE, search).await.ok()
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn look(rest: &Rest) -> Option<Sight> {
    let asked = Instant::now();
    let calls: Vec<CallView> = rest.try_get("/v1/calls").await.ok()?;
    let agents: Vec<AgentView> = rest.try_get("/v1/agents").await.ok()?;
    let calls = calls.into_iter().filter_map(|call| Some((call.from.clone()?.to_string(), call))).collect();
    let agents = agents.into_iter().map(|agent| (agent.name.to_string(), agent)).collect();
    Some(Sight { asked, calls, agents })
}

/// All records, page by page. Calls that end at the same instant may be on both sides of a page's end.
async fn written(rest: &Rest) -> Result<HashMap<String, Vec<CallRecord>>, String> {
    let (mut found, mut before) = (BTreeMap::new(), String::new());
    loop {
        let page: Vec<CallRecord> =
            rest.try_get(&format!("/v1/history?limit=500{before}")).await.map_err(|why| why.to_string())?;
        let (last, known) = (page.last().map(|record| record.ended.0), found.len());
        found.extend(page.into_iter().map(|record| (record.id, record)));
        if found.len() == known {
            break;
        }
        before = format!("&before={}", last.unwrap_or_default() + 1);
    }
    let mut by_caller = HashMap::<String, Vec<CallRecord>>::new();
    for record in found.into_values() {
        let from = record.from.as_ref().map(ToString::to_string).unwrap_or_default();
        by_caller.entry(from).or_default().push(record);
    }
    Ok(by_caller)
}

/// A record in a few lines.
pub fn brief(record: &CallRecord) -> String {
    let legs = record.legs.iter().map(|leg| {
        format!("{:?} {} answered {} {:?}", leg.role, leg.party, leg.answered.is_some(), leg.cause)
    });
    let steps = record.steps.iter().map(|why| format!("{:.3} {}", why.at.0 as f64 / 1e6 % 1000.0, why.what));
    let lines: Vec<String> = legs.chain(steps).collect();
    format!("by {:?}, {:?}\n    {}", record.ended_by, record.cause, lines.join("\n    "))
}

fn number(lane: usize) -> String {
    (8100 + lane).to_string()
}

fn first(lane: usize) -> String {
    (3000 + lane).to_string()
}

fn second(lane: usize) -> String {
    (4000 + lane).to_string()
}

/// Numbers, flows, queues and people for the lanes.
fn lay(site: &Path, count: usize) {
    let (mut numbers, mut queues) = (String::new(), String::new());
    let (mut extensions, mut agents) = (String::new(), String::new());
    for lane in 0..count {
        let _ = writeln!(numbers, "{}: {{ language: en, flow: lane{lane} }}", number(lane));
        let _ = writeln!(queues, "lane{lane}: {{ ring: 12s, rest: 60s, max_wait: 10m }}");
        for (name, extension) in [("first", first(lane)), ("second", second(lane))] {
            let _ = writeln!(extensions, "  {extension}: {{ name: {name}{lane} }}");
            let _ = writeln!(
                agents,
                "  {name}{lane}: {{ extension: {extension}, queues: [lane{lane}], wrap_up: 0s, logged_in: false }}"
            );
        }
        let flow = format!(
            "start: menu\nsteps:\n  menu:\n    menu: {{ en: \"To wait, press 1. To dial a number, press 2.\" }}\n    \
             keys: {{ 1: wait, 2: digits }}\n    timeout: 60s\n    tries: 10\n    otherwise: hangup\n  \
             wait: {{ queue: lane{lane}, otherwise: hangup }}\n  \
             digits:\n    collect:\n      en: \"Please dial four digits.\"\n    min: 4\n    max: 4\n    \
             timeout: 60s\n    tries: 3\n    otherwise: hangup\n    next: dial\n  \
             dial: {{ transfer: {{ collected: digits }}, ring: 25s, otherwise: hangup }}\n"
        );
        fs::write(site.join(format!("flows/lane{lane}.yaml")), flow).expect("written");
    }
    let add = |file: &str, text: &str| {
        let path = site.join(file);
        let old = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, old + text).expect("written");
    };
    add("numbers.yaml", &numbers);
    add("queues.yaml", &queues);
    let old = fs::read_to_string(site.join("people.yaml")).expect("there");
    let (before, after) = old.split_once("\nagents:\n").expect("extensions, then agents");
    fs::write(site.join("people.yaml"), format!("{before}{extensions}\nagents:\n{after}{agents}"))
        .expect("written");
}
