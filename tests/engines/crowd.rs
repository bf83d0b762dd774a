//! A hundred live calls in every place a call can be: in a menu, waiting in a queue, at a ringing phone, in a talk.
//! The crowd knows where each of its calls must be, and moves them along.

use std::{
    collections::{HashMap, VecDeque},
    fmt::Write,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;
use tandem::{base::clock::Stamp, live::switchboard::view::CallView};

use crate::support::{
    call::{Call, End, State},
    phone::Phone,
};
use crate::{
    bench::Kind,
    world::{World, eventually},
};

/// The agent who takes the first of those who wait, when asked to.
pub const PROBE: &str = "probe";
const MENU: &str = "8010";
const WAIT: &str = "8011";
pub const RING: &str = "8012";

/// Where a call must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Menu,
    /// A key was pressed while the daemon was killed: it has, or has not, been heard.
    Pressed,
    Waits,
    Rings,
    Talks,
}

impl At {
    fn fits(self, state: &str) -> bool {
        match self {
            Self::Menu => state == "menu",
            Self::Pressed => matches!(state, "menu" | "waiting"),
            Self::Waits => state == "waiting",
            Self::Rings => state == "offered",
            Self::Talks => state == "talking",
        }
    }
}

pub struct Member {
    pub number: String,
    pub call: Call,
    /// The agent's side.
    pub other: Option<Call>,
    pub at: At,
    /// When the daemon first knew of it; must never change.
    pub since: Option<Stamp>,
    /// Between these it joined the queue.
    pub joined: (Instant, Instant),
    _phone: Phone,
}

pub struct Crowd {
    pub world: World,
    agents: HashMap<String, Phone>,
    pub menu: VecDeque<Member>,
    pub waits: VecDeque<Member>,
    pub rings: VecDeque<Member>,
    pub talks: VecDeque<Member>,
    /// Numbers whose calls are over.
    pub over: Vec<String>,
    dialled: u64,
}

impl Crowd {
    /// So many calls in each place.
    pub async fn gather(kind: Kind, each: usize) -> Self {
        let world = World::straight(kind, |site| enlarge(site, 2 * each)).await;
        let mut agents = HashMap::new();
        for name in (0..2 * each).map(agent).chain([PROBE.to_owned()]) {
            let phone = world.agent(&name).await;
            phone.keep_quiet();
            agents.insert(name, phone);
        }
        let (menu, waits, rings, talks) = Default::default();
        let mut crowd = Self { world, agents, menu, waits, rings, talks, over: Vec::new(), dialled: 0 };
        crowd.probe("pause", &json!({ "reason": "not yet" })).await;
        for _ in 0..each {
            crowd.call(RING).await;
            crowd.settle(Duration::from_secs(10)).await;
            crowd.answer();
        }
        for _ in 0..each {
            crowd.call(RING).await;
            crowd.settle(Duration::from_secs(10)).await;
        }
        for _ in 0..each {
            crowd.call(WAIT).await;
            crowd.settle(Duration::from_secs(10)).await;
            crowd.call(MENU).await;
        }
        crowd.settle(Duration::from_secs(10)).await;
        crowd
    }

    async fn call(&mut self, to: &str) {
        self.dialled += 1;
        let number = format!("139{:08}", self.dialled);
        let phone = self.world.outside(&number).await;
        phone.keep_quiet();
        let (call, now) = (phone.dial(to).await, Instant::now());
        let (at, place) = match to {
            MENU => (At::Menu, &mut self.menu),
            WAIT => (At::Waits, &mut self.waits),
            _ => (At::Rings, &mut self.rings),
        };
        let joined = (now, now);
        place.push_back(Member { number, call, other: None, at, since: None, joined, _phone: phone });
    }

    /// Somebody new calls and comes to the menu.
    pub async fn comes(&mut self) {
        self.call(MENU).await;
    }

    /// Somebody new calls, whom the agent who has become free is offered.
    pub async fn calls_an_agent(&mut self) {
        self.call(RING).await;
    }

    /// Who has been in the menu longest chooses the queue.
    pub fn press(&mut self) {
        let mut member = self.menu.pop_front().expect("somebody is in the menu");
        member.call.press("1");
        member.at = At::Pressed;
        member.joined = (Instant::now(), Instant::now());
        self.waits.push_back(member);
    }

    /// The agent whose phone has rung longest answers.
    pub fn answer(&mut self) {
        let mut member = self.rings.pop_front().expect("some phone rings");
        member.other.as_ref().expect("it rang").answer();
        member.at = At::Talks;
        self.talks.push_back(member);
    }

    /// Until the caller who has talked longest is no newcomer any more: whom a daemon had known for less than the
    /// lag of an engine's list, and who leaves while there is none, is missed only by the second audit.
    pub async fn first_is_no_newcomer(&self) {
        let age = self.talks.front().expect("somebody talks").call.began().elapsed().unwrap_or_default();
        tokio::time::sleep(Duration::from_secs(3).saturating_sub(age)).await;
    }

    /// The caller who has talked longest hangs up.
    pub async fn hang_up(&mut self) -> Member {
        let member = self.talks.pop_front().expect("somebody talks");
        member.call.hang_up().await;
        self.over.push(member.number.clone());
        member
    }

    pub fn all(&self) -> impl Iterator<Item = &Member> {
        [&self.menu, &self.waits, &self.rings, &self.talks].into_iter().flatten()
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        [&mut self.menu, &mut self.waits, &mut self.rings, &mut self.talks].into_iter().flatten()
    }

    /// Waits until the daemon knows of exactly these calls, each where it must be since when it came; then nobody
    /// whose call was not ended by the test may have lost it.
    pub async fn settle(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        loop {
            let wrong = self.wrong().await;
            if wrong.is_empty() {
                break;
            }
            assert!(Instant::now() < deadline, "not within {patience:?}:\n{wrong}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.meet_who_rings().await;
        for member in self.all() {
            assert_eq!(member.call.state(), State::Talking, "{} was dropped", member.number);
            let other = member.other.as_ref().map(Call::state);
            match member.at {
                At::Rings => {
                    assert_eq!(other, Some(State::Ringing), "the phone called by {}", member.number);
                }
                At::Talks => assert_eq!(other, Some(State::Talking), "who talks with {}", member.number),
                At::Menu | At::Pressed | At::Waits => {}
            }
        }
    }

    /// What the daemon thinks otherwise, a line each. Learns what it could not know before.
    async fn wrong(&mut self) -> String {
        let calls: Vec<CallView> = match self.world.rest.try_get("/v1/calls").await {
            Ok(calls) => calls,
            Err(why) => return why.to_string(),
        };
        let known: HashMap<&str, &CallView> =
            calls.iter().filter_map(|call| Some((call.from.as_ref()?.as_str(), call))).collect();
        let mut wrong = String::new();
        let mut members = 0;
        for member in self.all_mut() {
            members += 1;
            let Some(view) = known.get(member.number.as_str()) else {
                let _ = writeln!(wrong, "{} is unknown, must be {:?}", member.number, member.at);
                continue;
            };
            if !member.at.fits(&view.state) {
                let _ = writeln!(wrong, "{} is {}, must be {:?}", member.number, view.state, member.at);
            }
            if *member.since.get_or_insert(view.since) != view.since {
                let _ = writeln!(wrong, "{} is since {}, not {:?}", member.number, view.since, member.since);
            }
            if member.at == At::Waits && member.joined.0 == member.joined.1 {
                member.joined.1 = Instant::now();
            }
        }
        if members != calls.len() {
            let _ = writeln!(wrong, "{} calls live, not {members}", calls.len());
        }
        wrong
    }

    /// Finds the agents' sides of new offers.
    async fn meet_who_rings(&mut self) {
        let calls: Vec<CallView> = self.world.rest.try_get("/v1/calls").await.expect("the daemon answers");
        for member in self.rings.iter_mut().filter(|member| member.other.is_none()) {
            let view = calls.iter().find(|c| c.from.as_ref().is_some_and(|n| n.as_str() == member.number));
            let name = view.and_then(|view| view.agent.clone()).expect("an offer names its agent");
            let other = self.agents[name.as_str()].rings().await;
            assert_eq!(other.other(), member.number);
            member.other = Some(other);
        }
    }

    /// Those of whom it is not known whether the key was heard press it again until it is. Says how often.
    pub async fn press_again(&mut self) -> usize {
        let mut again = 0;
        while let Some(member) = self.waits.iter_mut().find(|member| member.at == At::Pressed) {
            // A key takes a quarter of a second.
            let heard = member.joined.0 + Duration::from_millis(500);
            tokio::time::sleep_until(heard.into()).await;
            let calls: Vec<CallView> =
                self.world.rest.try_get("/v1/calls").await.expect("the daemon answers");
            let view = calls.iter().find(|c| c.from.as_ref().is_some_and(|n| n.as_str() == member.number));
            if view.is_some_and(|view| view.state == "menu") {
                assert!(again < 10, "{}: nobody hears the key", member.number);
                again += 1;
                member.joined = (Instant::now(), Instant::now());
                member.call.press("1");
            } else {
                member.at = At::Waits;
            }
        }
        again
    }

    /// The first of those who wait is offered to the probe, talks, and goes. Returns when the probe's phone rang.
    pub async fn offer_to_probe(&mut self) -> Instant {
        self.probe("unpause", &json!({})).await;
        let offer = self.agents[PROBE].rings().await;
        let rang = Instant::now();
        let first = self.waits.pop_front().expect("somebody waits");
        assert_eq!(offer.other(), first.number, "the order in the queue is kept");
        offer.answer();
        self.world.call_is(&first.number, "talking").await;
        let talks = Instant::now();
        self.probe("pause", &json!({ "reason": "probed" })).await;
        first.call.hang_up().await;
        offer.ended().await;
        self.over.push(first.number.clone());
        let wait = Duration::from_millis(self.world.record(&first.number).await.wait_ms);
        let slack = Duration::from_millis(500);
        let (most, least) = (talks - first.joined.0 + slack, (rang - first.joined.1).saturating_sub(slack));
        assert!(wait >= least && wait <= most, "waited {wait:?} by the record, {least:?} to {most:?} by us");
        self.world.agent_is(PROBE, "paused").await;
        rang
    }

    async fn probe(&self, act: &str, body: &serde_json::Value) {
        self.world.rest.post(&format!("/v1/agents/{PROBE}/{act}"), body.clone()).await;
    }

    /// Everybody hangs up; each call that ever was has exactly one record.
    pub async fn goes_home(mut self) {
        while let Some(member) = self.waits.pop_front().or_else(|| self.menu.pop_front()) {
            member.call.hang_up().await;
            self.over.push(member.number);
        }
        while let Some(member) = self.rings.pop_front().or_else(|| self.talks.pop_front()) {
            member.call.hang_up().await;
            let _: End = member.other.expect("an agent").ended().await;
            self.over.push(member.number);
        }
        let (rest, mut expected) = (self.world.rest.clone(), std::mem::take(&mut self.over));
        expected.sort();
        eventually("one record of each call", async || {
            let found = recorded(&rest).await?;
            if found == expected { Ok(()) } else { Err(format!("{} of {}", found.len(), expected.len())) }
        })
        .await;
        self.world.ends_clean().await;
    }
}

/// The callers of all finished calls, sorted.
async fn recorded(rest: &crate::daemon::Rest) -> Result<Vec<String>, String> {
    use tandem::live::record::CallRecord;
    let (mut found, mut before) = (Vec::new(), String::new());
    loop {
        let page: Vec<CallRecord> =
            rest.try_get(&format!("/v1/history?limit=500{before}")).await.map_err(|why| why.to_string())?;
        let Some(last) = page.last() else { break };
        before = format!("&before={}", last.ended.0);
        found.extend(page.iter().filter_map(|r| Some(r.from.as_ref()?.to_string())));
    }
    found.sort();
    Ok(found)
}

pub fn agent(number: usize) -> String {
    format!("agent{number}")
}

/// Numbers, people and queues for a crowd.
pub fn enlarge(site: &Path, agents: usize) {
    let add = |file: &str, text: &str| {
        let path = site.join(file);
        let old = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, old + text).expect("written");
    };
    add(
        "numbers.yaml",
        &format!(
            "{MENU}: {{ language: en, flow: patient }}\n{WAIT}: {{ language: en, flow: wait }}\n\
             {RING}: {{ language: en, flow: ring }}\n"
        ),
    );
    let people = (0..agents).map(|i| (agent(i), 2000 + i, "ring")).chain([(PROBE.to_owned(), 1999, "wait")]);
    let (mut extensions, mut all) = (String::new(), String::new());
    for (name, number, queue) in people {
        let _ = writeln!(extensions, "  {number}: {{ name: {name} }}");
        let _ = writeln!(
            all,
            "  {name}: {{ extension: {number}, queues: [{queue}], wrap_up: 0s, logged_in: true }}"
        );
    }
    let old = fs::read_to_string(site.join("people.yaml")).expect("there");
    let (before, after) = old.split_once("\nagents:\n").expect("extensions, then agents");
    let text = format!("{before}{extensions}\nagents:\n{after}{all}");
    fs::write(site.join("people.yaml"), text).expect("written");
    add(
        "queues.yaml",
        "ring: { ring: 120s, rest: 0s, max_wait: 24h }\nwait: { ring: 60s, rest: 0s, max_wait: 24h }\n",
    );
    add("flows/ring.yaml", "start: ring\nsteps:\n  ring: { queue: ring, otherwise: hangup }\n");
    add("flows/wait.yaml", "start: wait\nsteps:\n  wait: { queue: wait, otherwise: hangup }\n");
    add(
        "flows/patient.yaml",
        "start: menu\nsteps:\n  menu:\n    menu: { en: To wait press 1. }\n    keys: { 1: wait }\n    timeout: 60s\n    \
         tries: 10\n    otherwise: hangup\n  wait: { queue: wait, otherwise: hangup }\n",
    );
}
