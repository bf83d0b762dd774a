//! The wire is cut, or the daemon killed, while calls stand in every state at once: each goes on from where it stood,
//! or from where its people have taken it meanwhile, to its natural end.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::time::sleep;

use crate::{
    bench::Kind,
    lanes::Lanes,
    outages::LEASE,
    stands::{At, Stands, Then},
    world::both_talk,
};

on_every_engine! {
    a_cut_wire_in_every_state_costs_nobody_anything,
    a_killed_daemon_comes_back_to_every_state,
    without_a_daemon_every_state_that_waits_reaches_the_fallback,
}

const STORIES: [(At, Then); 23] = [
    (At::Menu, Then::Nothing),
    (At::Menu, Then::CallerLeaves),
    (At::Digits, Then::Nothing),
    (At::Digits, Then::CallerLeaves),
    (At::Music, Then::Nothing),
    (At::Music, Then::CallerLeaves),
    (At::Ringing, Then::Nothing),
    (At::Ringing, Then::CallerLeaves),
    (At::Ringing, Then::OtherAnswers),
    (At::Ringing, Then::OtherLeaves),
    (At::Talking, Then::Nothing),
    (At::Talking, Then::CallerLeaves),
    (At::Talking, Then::OtherLeaves),
    (At::Transfer, Then::Nothing),
    (At::Transfer, Then::CallerLeaves),
    (At::Transfer, Then::OtherAnswers),
    (At::Transfer, Then::OtherLeaves),
    (At::Parting(0), Then::Nothing),
    (At::Parting(8), Then::Nothing),
    (At::Parting(25), Then::Nothing),
    (At::Ending(0), Then::Nothing),
    (At::Ending(8), Then::Nothing),
    (At::Ending(25), Then::Nothing),
];

/// What happens to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    /// The wire is cut, at least so long.
    Cut(Duration),
    Kill,
}

/// Until control is back after a restart.
const CONTROL: Duration = Duration::from_secs(3);

pub async fn a_cut_wire_in_every_state_costs_nobody_anything(kind: Kind) {
    let mut lanes = Lanes::open(kind, STORIES.len()).await;
    blow(&mut lanes, 1, Blow::Cut(Duration::ZERO)).await;
    // Tries to connect again come ever later, and the dialplan holds a caller for a Tandem that is away for 5 s.
    blow(&mut lanes, 2, Blow::Cut(Duration::from_secs(1))).await;
    lanes.ends_clean().await;
}

pub async fn a_killed_daemon_comes_back_to_every_state(kind: Kind) {
    let mut lanes = Lanes::open(kind, STORIES.len()).await;
    blow(&mut lanes, 3, Blow::Kill).await;
    lanes.ends_clean().await;
}

/// A waiting state, with nobody to come back: its caller, and every other who waits, is taken by the duty phone.
pub async fn without_a_daemon_every_state_that_waits_reaches_the_fallback(kind: Kind) {
    const WAIT: [At; 5] = [At::Menu, At::Digits, At::Music, At::Ringing, At::Talking];
    let mut lanes = Lanes::open(kind, WAIT.len()).await;
    let desk = lanes.world.phone("1009").await;
    let stands = join_all(
        WAIT.iter()
            .enumerate()
            .map(|(lane, at)| Stands::reach(&lanes, lane, format!("1364{lane:07}"), *at, Then::Nothing)),
    )
    .await;
    lanes.world.kill_daemon().await;
    let (talks, waiting): (Vec<_>, Vec<_>) = stands.iter().partition(|stands| stands.at == At::Talking);
    let deadline = Instant::now() + LEASE;
    for _ in &waiting {
        let rescued = desk.rings_within(deadline.saturating_duration_since(Instant::now())).await;
        let rescued = rescued.expect("everybody who waits reaches the fallback within the lease");
        let caller = waiting.iter().find(|stands| stands.number == rescued.other()).expect("one who waits");
        rescued.answer();
        both_talk(&caller.call, &rescued).await;
        caller.call.hang_up().await;
        rescued.ended().await;
    }
    // Who talks is not disturbed; afterwards the caller is taken by the duty phone too.
    for stands in talks {
        let other = stands.other();
        both_talk(&stands.call, &other).await;
        other.hang_up().await;
        let rescued = desk.rings_within(LEASE).await.expect("the fallback after the talk");
        rescued.answer();
        both_talk(&stands.call, &rescued).await;
        stands.call.hang_up().await;
        rescued.ended().await;
    }
    // Whatever the talk left at the engine is removed by the next Tandem.
    lanes.world.restart_daemon().await;
    lanes.ends_clean().await;
}

/// Puts a call into every state, lets it happen, and sees every call to its end.
async fn blow(lanes: &mut Lanes, round: usize, blow: Blow) {
    let before = lanes.records(0).await.len();
    let number = |lane: usize| format!("136{round}{lane:07}");
    let stands = join_all(
        STORIES
            .iter()
            .enumerate()
            .map(|(lane, (at, then))| Stands::reach(lanes, lane, number(lane), *at, *then)),
    )
    .await;
    join_all(stands.iter().map(|stands| stands.last_moment(lanes))).await;
    let start = Instant::now();
    match blow {
        Blow::Cut(_) => {
            lanes.world.wire.cut();
            lanes.world.unlinked().await;
        }
        Blow::Kill => lanes.world.kill_daemon().await,
    }
    join_all(stands.iter().map(Stands::meanwhile)).await;
    match blow {
        Blow::Cut(least) => {
            sleep(least.saturating_sub(start.elapsed())).await;
            lanes.world.wire.mend();
            lanes.world.linked().await;
        }
        Blow::Kill => {
            let took = lanes.world.restart_daemon().await;
            assert!(took < CONTROL, "control was back after {took:?}");
        }
    }
    join_all(stands.iter().enumerate().map(|(lane, stands)| stands.go_on(lanes, &lanes.lanes[lane]))).await;
    let records = lanes.records(before + STORIES.len()).await;
    let record = |number: &str| records.get(number).map_or(&[][..], Vec::as_slice);
    let wrong: Vec<String> =
        stands.iter().filter_map(|stands| stands.judge(record(&stands.number))).collect();
    assert!(wrong.is_empty(), "after {blow:?}:\n{}", wrong.join("\n"));
}
