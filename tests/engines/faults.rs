//! The engine answers late, refuses, or is not heard, once for every kind of command of a call's way: the caller is
//! served all the same, or reaches the fallback, and nothing stays.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::{
    bench::Kind,
    lanes::{Lane, Lanes, brief},
    support::{
        call::{Call, State},
        phone::{PATIENCE, Phone},
    },
    wire::book::{Deed, Mishap},
    world::both_talk,
};

on_every_engine! { pain_10_slow_refused_and_unknown_commands_cost_nobody_the_service }

mod long {
    use std::time::Duration;

    use crate::{bench::Kind, wire::book::Mishap};

    const MORE: [Mishap; 2] = [Mishap::Late(Duration::from_secs(4)), Mishap::Lost];

    #[tokio::test]
    #[ignore = "takes minutes: make test-long"]
    async fn slower_and_lost_commands_cost_nobody_the_service_asterisk() {
        super::mishaps(Kind::Asterisk, &MORE).await;
    }

    #[tokio::test]
    #[ignore = "takes minutes: make test-long"]
    async fn slower_and_lost_commands_cost_nobody_the_service_freeswitch() {
        super::mishaps(Kind::Freeswitch, &MORE).await;
    }
}

const OFTEN: usize = 1000;
/// More than a lease of the site lasts; it is renewed at a third.
const RENEWALS: Duration = Duration::from_secs(12);
/// For each part of the way; an engine that is not heard is given up after seconds.
const LONG: Duration = Duration::from_secs(30);

pub async fn pain_10_slow_refused_and_unknown_commands_cost_nobody_the_service(kind: Kind) {
    mishaps(kind, &[Mishap::Late(Duration::from_secs(1)), Mishap::Refused, Mishap::ReplyLost]).await;
}

/// What goes wrong, from the how many-th on, how often.
#[derive(Clone, Copy, Debug)]
struct Fault(Deed, Mishap, usize, usize);

/// Once for each kind of command, in a lane each.
fn faults(kind: Kind, mishap: Mishap) -> Vec<Fault> {
    let all = [Deed::Answer, Deed::Play, Deed::Stop, Deed::Music, Deed::Connect, Deed::Lease, Deed::Release];
    let steps: &[Deed] = match kind {
        Kind::Asterisk => &[Deed::Bridge, Deed::Enter, Deed::Unbridge],
        Kind::Freeswitch => &[],
    };
    let mut faults: Vec<Fault> = all.iter().chain(steps).map(|deed| Fault(*deed, mishap, 1, 1)).collect();
    // The agent's leg is to end, then the caller's.
    faults.extend([1, 2].map(|nth| Fault(Deed::HangUp, mishap, nth, 1)));
    if kind == Kind::Asterisk {
        faults.push(Fault(Deed::Enter, mishap, 2, 1));
    }
    if mishap == Mishap::Refused {
        // Again and again: the lease runs out and leads to the fallback.
        faults.push(Fault(Deed::Lease, mishap, 1, OFTEN));
    }
    faults
}

async fn mishaps(kind: Kind, mishaps: &[Mishap]) {
    let most = mishaps.iter().map(|mishap| faults(kind, *mishap).len()).max().unwrap_or_default();
    let lanes = Lanes::open(kind, most).await;
    let desk = Desk::open(lanes.world.phone("1009").await);
    let mut dialled = 0;
    for (round, mishap) in mishaps.iter().enumerate() {
        let start = Instant::now();
        let faults = faults(kind, *mishap);
        dialled += faults.len();
        let ways = faults.iter().zip(&lanes.lanes).enumerate().map(async |(at, (fault, lane))| {
            let number = format!("135{round}{at:07}");
            let Fault(deed, mishap, from, times) = *fault;
            lanes.world.wire.book.plan(&number, deed, mishap, from, times);
            format!("{deed:?} {from}: {}", way(&lanes, lane, &desk, &number, *fault).await)
        });
        let came = join_all(ways).await;
        println!("{}: {mishap:?} in {:.0?}: {}", kind.word(), start.elapsed(), came.join(", "));
        let open = lanes.world.wire.book.open_plans();
        let open: Vec<_> = open.iter().filter(|(_, _, times)| *times < OFTEN / 2).collect();
        assert!(open.is_empty(), "never went wrong: {open:?}");
        let records = lanes.records(dialled).await;
        for (at, fault) in faults.iter().enumerate() {
            let records = &records[&format!("135{round}{at:07}")];
            assert_eq!(records.len(), 1, "{fault:?}");
            let told = records[0].legs.iter().all(|leg| leg.ended.is_some() && leg.cause.is_some());
            assert!(told, "{fault:?}: {}", brief(&records[0]));
        }
    }
    desk.closes().await;
    lanes.ends_clean().await;
}

/// How the caller came out.
async fn way(lanes: &Lanes, lane: &Lane, desk: &Desk, number: &str, fault: Fault) -> &'static str {
    let caller = lanes.world.outside(number).await;
    let call = caller.dial(&lane.number).await;
    let (came, other) = tokio::select! {
        rescued = desk.rescues(number) => {
            both_talk(&call, &rescued).await;
            call.hang_up().await;
            ("rescued", rescued)
        }
        came = served(lanes, lane, number, &call, fault) => came,
    };
    ended(&call, fault).await;
    ended(&other, fault).await;
    lanes.clear(lane, &caller).await;
    came
}

async fn served(lanes: &Lanes, lane: &Lane, number: &str, call: &Call, fault: Fault) -> (&'static str, Call) {
    within(fault, "is answered", async {
        while call.state() != State::Talking {
            pause().await;
        }
    })
    .await;
    within(fault, "waits", chooses(lanes, call, number)).await;
    if fault.0 == Deed::Lease {
        // Until it would have been renewed twice, or has run out.
        tokio::time::sleep(RENEWALS).await;
    }
    for person in [&lane.first, &lane.second] {
        lanes.agent(person, "login").await;
    }
    let offer = within(fault, "is served", talks(lanes, lane, number)).await;
    both_talk(call, &offer).await;
    let target = if offer.user() == lane.first.extension { &lane.second } else { &lane.first };
    lanes.transfer(number, target).await;
    let rings = within(fault, "has the transferred caller", target.phone.rings_within(LONG)).await;
    let other = rings.unwrap_or_else(|| panic!("{fault:?}: the transfer was not done"));
    other.answer();
    other.listens();
    both_talk(call, &other).await;
    other.hang_up().await;
    ("served", offer)
}

/// Who answers and is not joined is let go, and the next one is asked.
async fn talks(lanes: &Lanes, lane: &Lane, number: &str) -> Call {
    loop {
        let offer = lanes.answers(lane).await;
        tokio::select! {
            _ = lanes.is(number, "talking") => return offer,
            () = over(&offer) => {}
        }
    }
}

async fn over(call: &Call) {
    while !matches!(call.state(), State::Ended(_)) {
        pause().await;
    }
}

/// Presses the key, as often as needed.
async fn chooses(lanes: &Lanes, call: &Call, number: &str) {
    loop {
        call.press_by_info('1').await;
        if timeout(Duration::from_secs(1), lanes.is(number, "waiting")).await.is_ok() {
            return;
        }
    }
}

async fn ended(call: &Call, fault: Fault) {
    within(fault, "ends", over(call)).await;
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

async fn within<T>(fault: Fault, what: &str, what_is_to_be: impl Future<Output = T>) -> T {
    let found = timeout(LONG, what_is_to_be).await;
    found.unwrap_or_else(|_| panic!("{fault:?}: nobody {what} within {LONG:?}"))
}

/// The duty phone: takes every call that comes to it.
struct Desk {
    taken: watch::Receiver<Vec<Call>>,
    task: JoinHandle<()>,
}

impl Desk {
    fn open(phone: Phone) -> Self {
        let (sender, taken) = watch::channel(Vec::new());
        let task = tokio::spawn(async move {
            loop {
                let Some(call) = phone.rings_within(PATIENCE).await else { continue };
                call.answer();
                sender.send_modify(|calls: &mut Vec<Call>| calls.push(call));
            }
        });
        Self { taken, task }
    }

    async fn rescues(&self, number: &str) -> Call {
        let mut taken = self.taken.clone();
        let mine = |call: &&Call| call.other() == number;
        let there = taken.wait_for(|calls| calls.iter().any(|call| mine(&call))).await;
        there.expect("the desk is open").iter().find(mine).expect("just seen").clone()
    }

    async fn closes(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}
