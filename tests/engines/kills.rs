//! `kill -9` of the daemon at random instants, while a hundred calls are in a menu, a queue, at a ringing phone and
//! in talks, and some of them are just going from one to the next.

use std::time::{Duration, Instant};

use crate::bench::Kind;
use crate::crowd::Crowd;
use crate::world::{HIGH, LOW};

/// Until a killed daemon has every call again, and can offer one.
const CONTROL: Duration = Duration::from_secs(3);
const SEED: u64 = 0x7a4d_2026;

on_every_engine! { five_kills }

mod long {
    /// Each takes about ten minutes.
    #[tokio::test]
    #[ignore = "takes minutes: make test-long"]
    async fn two_hundred_kills_asterisk() {
        super::kills(crate::bench::Kind::Asterisk, 200, 25).await;
    }

    #[tokio::test]
    #[ignore = "takes minutes: make test-long"]
    async fn two_hundred_kills_freeswitch() {
        super::kills(crate::bench::Kind::Freeswitch, 200, 25).await;
    }
}

pub async fn five_kills(kind: Kind) {
    kills(kind, 5, 2).await;
}

/// What goes on in one round, in this order.
#[derive(Clone, Copy)]
enum Move {
    Press,
    Answer,
    HangUp,
    CallAgent,
    Come,
}

const MOVES: [Move; 5] = [Move::Press, Move::Answer, Move::HangUp, Move::CallAgent, Move::Come];

/// When a move is made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    BeforeTheKill,
    WhileDead,
    Afterwards,
}

const PHASES: [Phase; 3] = [Phase::BeforeTheKill, Phase::WhileDead, Phase::Afterwards];

#[derive(Default)]
struct Tally {
    control: Vec<Duration>,
    offer: Vec<Duration>,
    /// Pressed about the time of the kill.
    keys_lost: usize,
    /// Pressed after control was back.
    keys_lost_later: usize,
    moves: [usize; 3],
}

async fn kills(kind: Kind, kills: usize, each: usize) {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut crowd = Crowd::gather(kind, each).await;
    let mut tally = Tally::default();
    for kill in 1..=kills {
        eprintln!("kill {kill} of {kills}");
        round(&mut crowd, &mut random, &mut tally).await;
        assert_eq!(crowd.all().count(), 4 * each);
    }
    somebody_talks(&mut crowd).await;
    let ended = crowd.over.len();
    crowd.goes_home().await;
    for spans in [&mut tally.control, &mut tally.offer] {
        spans.sort();
    }
    let most = |spans: &[Duration]| *spans.last().expect("a kill");
    let middle = |spans: &[Duration]| spans[spans.len() / 2];
    println!(
        "{}: {kills} kills, {} calls at each, {ended} calls ended on the way, none lost; control back after {:.0?} \
         (most {:.0?}), a new offer rang after {:.0?} (most {:.0?}); moves before the kill {}, while dead {}, after \
         {}; keys not heard about the kill {}, later {}",
        kind.word(),
        4 * each,
        middle(&tally.control),
        most(&tally.control),
        middle(&tally.offer),
        most(&tally.offer),
        tally.moves[0],
        tally.moves[1],
        tally.moves[2],
        tally.keys_lost,
        tally.keys_lost_later
    );
}

async fn round(crowd: &mut Crowd, random: &mut fastrand::Rng, tally: &mut Tally) {
    let mut phases = MOVES.map(|_| random.choice(PHASES).expect("a phase"));
    // Only an agent whom somebody has left is offered to the next.
    phases[3] = phases[3].max(phases[2]);
    for phase in phases {
        tally.moves[phase as usize] += 1;
    }
    let mut left = Vec::new();
    crowd.first_is_no_newcomer().await;
    let moves = |phase| MOVES.into_iter().zip(phases).filter(move |(_, p)| *p == phase).map(|(m, _)| m);
    for next in moves(Phase::BeforeTheKill) {
        left.extend(make(crowd, next).await);
        tokio::time::sleep(Duration::from_micros(random.u64(..60_000))).await;
    }
    tokio::time::sleep(Duration::from_micros(random.u64(..100_000))).await;
    crowd.world.kill_daemon().await;
    for next in moves(Phase::WhileDead) {
        left.extend(make(crowd, next).await);
        tokio::time::sleep(Duration::from_micros(random.u64(..60_000))).await;
    }
    let start = Instant::now();
    crowd.world.restart_daemon().await;
    crowd.settle(CONTROL.saturating_sub(start.elapsed())).await;
    tally.control.push(start.elapsed());
    let offer = crowd.offer_to_probe().await - start;
    assert!(offer < CONTROL, "a new offer rang only after {offer:?}");
    tally.offer.push(offer);
    for next in moves(Phase::Afterwards) {
        left.extend(make(crowd, next).await);
    }
    let again = crowd.press_again().await;
    tally.keys_lost += again.min(1);
    tally.keys_lost_later += again.saturating_sub(1);
    crowd.settle(Duration::from_secs(10)).await;
    for member in left {
        member.other.expect("an agent").ended().await;
    }
}

async fn make(crowd: &mut Crowd, next: Move) -> Option<crate::crowd::Member> {
    match next {
        Move::Press => crowd.press(),
        Move::Answer => crowd.answer(),
        Move::HangUp => return Some(crowd.hang_up().await),
        Move::CallAgent => crowd.calls_an_agent().await,
        Move::Come => crowd.comes().await,
    }
    None
}

/// After all that the voice still goes both ways.
async fn somebody_talks(crowd: &mut Crowd) {
    let one = crowd.talks.back().expect("somebody talks");
    let other = one.other.as_ref().expect("an agent");
    one.call.listens();
    other.listens();
    one.call.says(LOW);
    other.says(HIGH);
    one.call.hears(HIGH).await;
    other.hears(LOW).await;
}
