//! Either side leaves 0 to 100 ms after the reply to every single command of a call's way, in steps of 5 ms. Nobody is
//! stuck, and nobody is lost who did not hang up.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tandem::live::record::{CallRecord, EndedBy, Role};
use tokio::time::{sleep_until, timeout};

use crate::{
    bench::Kind,
    lanes::{Lane, Lanes, brief, leaves},
    support::{call::Call, phone::PATIENCE},
    wire::book::{Deed, Done},
};

on_every_engine! { whoever_leaves_after_any_reply_costs_nobody_else_anything }

/// So many calls at once.
const LANES: usize = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Caller,
    /// Who was dialled last: the agent, or the target of the transfer.
    Dialled,
}

#[derive(Clone, Debug)]
struct Case {
    number: String,
    deed: Deed,
    nth: usize,
    victim: Victim,
    offset: Duration,
    /// From the reply on nobody else does anything; else all go on.
    still: bool,
    /// Waits until the lease is renewed before an agent comes.
    patient: bool,
}

/// What came of a case.
#[derive(Debug)]
struct Fate {
    case: Case,
    /// False: the call's way had no such command this time, and went to its end.
    struck: bool,
    /// The target of the transfer was dialled.
    transferred: bool,
    /// The target had hung up before.
    leaving: bool,
}

pub async fn whoever_leaves_after_any_reply_costs_nobody_else_anything(kind: Kind) {
    let lanes = Lanes::open(kind, LANES).await;
    let way = undisturbed(&lanes, "13700000000", false).await;
    let patient = undisturbed(&lanes, "13700000001", true).await;
    let cases = Mutex::new(cases(&way, &patient));
    let total = cases.lock().expect("no panic").len();
    let fates = Mutex::new(Vec::new());
    let start = Instant::now();
    join_all(lanes.lanes.iter().map(async |lane| {
        loop {
            let Some(case) = cases.lock().expect("no panic").pop_front() else { return };
            let label = Label(case.clone());
            let fate = play(&lanes, lane, case).await;
            drop(label);
            fates.lock().expect("no panic").push(fate);
        }
    }))
    .await;
    let fates = fates.into_inner().expect("no panic");
    let records = lanes.records(total + 2).await;
    let record = |fate: &Fate| records.get(&fate.case.number).map_or(&[][..], Vec::as_slice);
    let wrong: Vec<String> = fates.iter().filter_map(|fate| judge(fate, record(fate))).collect();
    let struck = fates.iter().filter(|fate| fate.struck).count();
    println!(
        "{}: in {struck} of {total} calls somebody left after one of {} replies, in {:.0?}: {}",
        kind.word(),
        way.len(),
        start.elapsed(),
        summary(&fates)
    );
    assert!(wrong.is_empty(), "{} of {total} records are wrong:\n{}", wrong.len(), wrong.join("\n"));
    let missed: Vec<_> = fates.iter().filter(|fate| fate.case.still && !fate.struck).collect();
    assert!(missed.len() * 20 <= total, "{} never met their moment: {missed:#?}", missed.len());
    lanes.ends_clean().await;
}

/// The replies on an undisturbed way, in order.
async fn undisturbed(lanes: &Lanes, number: &str, patient: bool) -> Vec<Done> {
    let lane = &lanes.lanes[0];
    let caller = lanes.world.outside(number).await;
    caller.keep_quiet();
    let walk = Walk::new(lanes, lane, number, caller.dial(&lane.number).await, patient);
    walk.on().await;
    lanes.clear(lane, &caller).await;
    let mut way = lanes.world.wire.book.diary(number);
    way.retain(|done| !matches!(done.deed, Deed::Ask | Deed::Note));
    way
}

fn cases(way: &[Done], patient: &[Done]) -> VecDeque<Case> {
    let dialled = way.iter().position(|done| done.deed == Deed::Connect).expect("somebody is dialled");
    let mut moments: Vec<(Deed, usize, Victim, bool)> =
        way.iter().map(|done| (done.deed, done.nth, Victim::Caller, false)).collect();
    moments.extend(way[dialled..].iter().map(|done| (done.deed, done.nth, Victim::Dialled, false)));
    // Who waits long enough has the lease renewed.
    let renewed = patient.iter().find(|done| done.deed == Deed::Lease).expect("a lease is renewed");
    moments.push((Deed::Lease, renewed.nth, Victim::Caller, true));
    let mut cases = VecDeque::new();
    for (step, offset) in (0..=100).step_by(5).map(Duration::from_millis).enumerate() {
        let still = step % 2 == 0;
        for &(deed, nth, victim, patient) in &moments {
            let number = format!("137{:08}", cases.len() + 2);
            cases.push_back(Case { number, deed, nth, victim, offset, still, patient });
        }
    }
    cases
}

/// One call's way: menu, key, music, an agent, a talk, a transfer, the other's talk, the end.
struct Walk<'a> {
    lanes: &'a Lanes,
    lane: &'a Lane,
    number: &'a str,
    call: Call,
    patient: bool,
    /// The last phone that rang.
    rang: Mutex<Option<Call>>,
    leaving: Mutex<bool>,
}

impl<'a> Walk<'a> {
    fn new(lanes: &'a Lanes, lane: &'a Lane, number: &'a str, call: Call, patient: bool) -> Self {
        Self { lanes, lane, number, call, patient, rang: Mutex::default(), leaving: Mutex::default() }
    }

    async fn replied(&self, deed: Deed) -> Instant {
        let reply = self.lanes.world.wire.book.when(self.number, deed, 1);
        timeout(2 * PATIENCE, reply).await.unwrap_or_else(|_| panic!("{}: no {deed:?}", self.number))
    }

    async fn on(&self) {
        self.call.answered().await;
        self.replied(Deed::Play).await;
        self.call.press_by_info('1').await;
        self.replied(Deed::Music).await;
        if self.patient {
            self.replied(Deed::Lease).await;
        }
        self.lanes.agent(&self.lane.first, "login").await;
        let offer = self.lane.first.phone.rings().await;
        self.rings(&offer);
        offer.answer();
        self.lanes.transfer(self.number, &self.lane.second).await;
        let target = self.lane.second.phone.rings().await;
        self.rings(&target);
        offer.ended().await;
        target.answer();
        let agent = |view: &tandem::live::switchboard::view::CallView| {
            (view.state == "talking" && view.at.contains(&self.lane.second.extension)).then_some(())
        };
        let what = format!("{} talks with {}", self.number, self.lane.second.extension);
        self.lanes.board.until(&what, |sight| sight.calls.get(self.number).and_then(agent)).await;
        *self.leaving.lock().expect("no panic") = true;
        target.hang_up().await;
        self.call.ended().await;
    }

    fn rings(&self, call: &Call) {
        *self.rang.lock().expect("no panic") = Some(call.clone());
    }

    fn who_rang(&self) -> Option<Call> {
        self.rang.lock().expect("no panic").clone()
    }

    /// The phone that was dialled last, as soon as it rings.
    async fn dialled(&self, transferred: bool) -> Call {
        let rang = self.who_rang();
        let person = if transferred { &self.lane.second } else { &self.lane.first };
        match rang.filter(|call| call.user() == person.extension) {
            Some(call) => call,
            None => person.phone.rings().await,
        }
    }
}

async fn play(lanes: &Lanes, lane: &Lane, mut case: Case) -> Fate {
    let book = &lanes.world.wire.book;
    let caller = lanes.world.outside(&case.number).await;
    caller.keep_quiet();
    let call = caller.dial(&lane.number).await;
    let walk = Walk::new(lanes, lane, &case.number, call, case.patient);
    let reply = async || book.when(&case.number, case.deed, case.nth).await + case.offset;
    let moment = async {
        let at = reply().await;
        if !case.still {
            sleep_until(at.into()).await;
        }
    };
    let struck = tokio::select! {
        biased;
        () = moment => true,
        () = walk.on() => false,
    };
    if struck {
        sleep_until(reply().await.into()).await;
    }
    let connects = book.diary(&case.number).iter().filter(|done| done.deed == Deed::Connect).count();
    // A phone may ring before the reply to the dialling is there.
    let transferred =
        connects > 1 || walk.who_rang().is_some_and(|call| call.user() == lane.second.extension);
    let leaving = *walk.leaving.lock().expect("no panic");
    if connects == 0 && walk.who_rang().is_none() {
        // A command of this kind came earlier than on the undisturbed way.
        case.victim = Victim::Caller;
    }
    match case.victim {
        _ if !struck => {}
        Victim::Caller => {
            leaves(&walk.call).await;
        }
        Victim::Dialled => {
            leaves(&walk.dialled(transferred).await).await;
            if transferred {
                // An admin's transfer has no second choice.
                walk.call.ended().await;
            } else {
                lanes.agent(&lane.second, "login").await;
                let offer = lanes.serve(lane, &walk.call).await;
                walk.call.hang_up().await;
                offer.ended().await;
            }
        }
    }
    if let Some(rang) = walk.who_rang() {
        rang.ended().await;
    }
    lanes.clear(lane, &caller).await;
    Fate { case, struck, transferred, leaving }
}

/// Names the case when the test fails.
struct Label(Case);

impl Drop for Label {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- under way: {:?}", self.0);
        }
    }
}

/// One record, and it says who ended the call and how every leg ended. Gives what is wrong with it.
fn judge(fate: &Fate, records: &[CallRecord]) -> Option<String> {
    let case = &fate.case;
    let [record] = records else { return Some(format!("{case:?}: {} records", records.len())) };
    let extension =
        record.legs.last().is_some_and(|leg| leg.role == Role::Extension && leg.answered.is_some());
    let by: &[EndedBy] = match case.victim {
        _ if !fate.struck || fate.leaving => &[EndedBy::Callee, EndedBy::Caller],
        Victim::Dialled if fate.transferred => &[EndedBy::Callee, EndedBy::Tandem],
        // FreeSWITCH may tell the end of the side that was left before that of the side that left.
        _ if extension => &[EndedBy::Caller, EndedBy::Callee],
        Victim::Caller | Victim::Dialled => &[EndedBy::Caller],
    };
    let served = case.victim == Victim::Caller || !fate.struck || fate.transferred || {
        record.legs.len() > 1 && record.legs.last().is_some_and(|leg| leg.answered.is_some())
    };
    // Who declines is told apart; all others just hung up.
    let caused = |cause: u8, declined: bool| cause == 16 || declined && cause == 21;
    let told = record.legs.iter().enumerate().all(|(at, leg)| {
        let declined = at > 0 && case.victim == Victim::Dialled && leg.answered.is_none();
        leg.ended.is_some() && leg.cause.is_some_and(|cause| caused(cause.0, declined))
    });
    let right = by.contains(&record.ended_by) && record.cause.0 == 16 && served && told;
    (!right).then(|| format!("{case:?}, which must end by {by:?}: {}", brief(record)))
}

fn summary(fates: &[Fate]) -> String {
    let mut counts = BTreeMap::new();
    for fate in fates.iter().filter(|fate| fate.struck) {
        *counts.entry((fate.case.victim, fate.case.deed)).or_insert(0) += 1;
    }
    let words = counts.iter().map(|((victim, deed), count)| format!("{victim:?}/{deed:?} {count}"));
    words.collect::<Vec<_>>().join(", ")
}
