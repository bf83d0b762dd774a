//! Three times the usual load (R096): how many are answered, and how many talks break off. Usual is that agents are busy for a
//! quarter of their time; callers come at random.

use std::{cell::Cell, time::Duration};

use fastrand::Rng;
use futures_util::future::{join, join_all};
use tandem::live::record::{CallRecord, EndedBy};
use tokio::time::sleep;

use crate::{
    bench::Kind,
    crowd::{RING, agent, enlarge},
    support::phone::Phone,
    world::{World, eventually},
};

on_every_engine! {
    nine_of_ten_are_answered_and_hardly_a_talk_breaks_off,
}

const AGENTS: usize = 6;
const CALLERS: usize = 60;
const PICKS_UP: Duration = Duration::from_millis(500);
const TALK: Duration = Duration::from_secs(4);
/// Whoever has waited for longer would have hung up.
const PATIENCE_MS: u64 = 15_000;

/// Takes calls until there are no more.
async fn works(phone: &Phone, over: &Cell<bool>) {
    while !over.get() {
        let Some(call) = phone.rings_within(Duration::from_secs(1)).await else { continue };
        sleep(PICKS_UP).await;
        call.answer();
        sleep(TALK).await;
        call.hang_up().await;
    }
}

/// Comes so long after the test began, and stays until the end.
async fn calls(phone: &Phone, after: Duration) {
    sleep(after).await;
    phone.dial(RING).await.ended_within(Duration::from_secs(90)).await;
}

/// When each caller comes: independent of each other, so many a second.
fn arrivals(a_second: f64) -> Vec<Duration> {
    let mut random = Rng::with_seed(7);
    let mut at = 0.0;
    let mut next = || {
        at += -(1.0 - random.f64()).ln() / a_second;
        Duration::from_secs_f64(at)
    };
    (0..CALLERS).map(|_| next()).collect()
}

pub async fn nine_of_ten_are_answered_and_hardly_a_talk_breaks_off(kind: Kind) {
    let world = World::straight(kind, |site| enlarge(site, AGENTS)).await;
    let (mut agents, mut callers) = (Vec::new(), Vec::new());
    for n in 0..AGENTS {
        agents.push(world.agent(&agent(n)).await);
    }
    for n in 0..CALLERS {
        callers.push(world.outside(&format!("139{n:08}")).await);
    }
    agents.iter().chain(&callers).for_each(Phone::keep_quiet);
    let usual = AGENTS as f64 * 0.25 / (PICKS_UP + TALK).as_secs_f64();
    let over = Cell::new(false);
    let come = async {
        let arrivals = arrivals(3.0 * usual);
        join_all(callers.iter().zip(arrivals).map(|(phone, after)| calls(phone, after))).await;
        over.set(true);
    };
    join(come, join_all(agents.iter().map(|phone| works(phone, &over)))).await;
    let records: Vec<CallRecord> = eventually("each call is written down", async || {
        let found: Vec<CallRecord> =
            world.rest.try_get("/v1/history?limit=500").await.map_err(|why| why.to_string())?;
        if found.len() == CALLERS { Ok(found) } else { Err(format!("{} of {CALLERS}", found.len())) }
    })
    .await;
    let talk = u64::try_from(TALK.as_millis()).expect("a short talk");
    let answered = records.iter().filter(|call| call.talk_ms > 0 && call.wait_ms <= PATIENCE_MS).count();
    let whole = |call: &&CallRecord| call.ended_by == EndedBy::Callee && call.talk_ms + 500 >= talk;
    let broken = records.iter().filter(|call| call.talk_ms > 0).filter(|call| !whole(call)).count();
    println!("{answered} of {CALLERS} were answered in time, {broken} talks broke off");
    assert!(answered * 10 >= CALLERS * 9, "{answered} of {CALLERS}: {records:#?}");
    assert_eq!(broken, 0, "less than one of a hundred: {records:#?}");
    world.ends_clean().await;
}
