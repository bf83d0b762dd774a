//! The test phone proves itself: two of them call each other without any engine between.

use std::time::Duration;

use crate::support::{
    call::{Call, End, Side, State},
    phone::{Manner, Phone},
    tone::{Heard, from_ulaw, to_ulaw, wave},
};

const LOW: f64 = 697.0;
const HIGH: f64 = 941.0;

/// Two phones, each the other's server.
async fn two_phones() -> (Phone, Phone) {
    let bob = Phone::new("bob", "127.0.0.1:9".parse().expect("an address")).await;
    let alice = Phone::new("alice", bob.address()).await;
    (alice, bob)
}

async fn talking() -> (Phone, Phone, Call, Call) {
    let (alice, bob) = two_phones().await;
    let call = alice.dial("bob").await;
    let taken = bob.rings().await;
    call.rings_there().await;
    taken.answer();
    call.answered().await;
    taken.answered().await;
    (alice, bob, call, taken)
}

#[tokio::test]
async fn each_side_hears_the_others_tone_and_not_its_own() {
    let (_alice, _bob, call, taken) = talking().await;
    call.says(LOW);
    taken.says(HIGH);
    call.hears(HIGH).await;
    taken.hears(LOW).await;
    let heard = taken.listen(Duration::from_millis(500)).await;
    assert!(heard.share(HIGH) < 0.05, "{}", heard.share(HIGH));
    call.is_silent();
    let quiet = async { while taken.listen(Duration::from_millis(200)).await.loudness() > 1.0 {} };
    tokio::time::timeout(Duration::from_secs(5), quiet).await.expect("silence after the tone");
}

#[tokio::test]
async fn either_side_can_hang_up() {
    let (_alice, _bob, call, taken) = talking().await;
    call.hang_up().await;
    assert_eq!(taken.ended().await, End { by: Side::Them, code: 200, cause: None });
    let (_alice, _bob, call, taken) = talking().await;
    taken.hang_up().await;
    assert_eq!(call.ended().await, End { by: Side::Them, code: 200, cause: None });
}

#[tokio::test]
async fn a_call_is_refused_with_the_code_that_was_asked_for() {
    let (alice, bob) = two_phones().await;
    for code in [486, 404, 603, 480, 503] {
        bob.on_call(Manner::Refuse(code));
        assert_eq!(alice.dial("bob").await.ended().await.code, code);
    }
}

#[tokio::test]
async fn a_caller_who_gives_up_cancels() {
    let (alice, bob) = two_phones().await;
    let call = alice.dial("bob").await;
    let rings = bob.rings().await;
    call.rings_there().await;
    call.hang_up().await;
    assert_eq!(rings.ended().await.code, 487);
    assert_eq!(call.state(), State::Ended(End { by: Side::Us, code: 487, cause: None }));
}

#[tokio::test]
async fn cancelling_while_the_other_answers_leaves_nobody_talking() {
    let (alice, bob) = two_phones().await;
    for ms in (0..=20).step_by(5) {
        bob.on_call(Manner::AnswerAfter(Duration::from_millis(ms)));
        let call = alice.dial("bob").await;
        let taken = bob.rings().await;
        tokio::time::sleep(Duration::from_millis(10)).await;
        call.hang_up().await;
        call.ended().await;
        taken.ended().await;
    }
}

#[tokio::test]
async fn keys_arrive_by_rtp_and_by_info() {
    let (_alice, _bob, call, taken) = talking().await;
    call.press("1#");
    let arrived = async {
        while taken.pressed() != "1#" {
            taken.listen(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), arrived).await.expect("both keys, once each");
    call.press_by_info('5').await;
}

#[tokio::test]
async fn who_is_held_knows_it() {
    let (_alice, _bob, call, taken) = talking().await;
    call.hold(true).await;
    assert!(taken.is_held());
    call.hold(false).await;
    assert!(!taken.is_held());
}

#[tokio::test]
async fn a_vanished_phone_says_nothing_more() {
    let (_alice, bob, call, taken) = talking().await;
    taken.says(HIGH);
    call.hears(HIGH).await;
    bob.vanish();
    let nothing = async { while call.listen(Duration::from_millis(100)).await.seconds() > 0.0 {} };
    tokio::time::timeout(Duration::from_secs(5), nothing).await.expect("no packet after it is gone");
    assert_eq!(call.state(), State::Talking);
}

#[test]
fn a_tone_is_found_and_no_other() {
    let said = [0, 160].into_iter().flat_map(|from| wave(&[LOW], from));
    let heard = Heard(said.map(|sample| from_ulaw(to_ulaw(sample))).collect());
    assert!(heard.share(LOW) > 0.95, "{}", heard.share(LOW));
    assert!(heard.share(HIGH) < 0.05, "{}", heard.share(HIGH));
    assert!((heard.loudness() - 5657.0).abs() < 200.0, "{}", heard.loudness());
    assert!(Heard(vec![0; 800]).share(LOW) < 0.01);
}

#[test]
fn ulaw_reads_back_what_it_wrote() {
    for sample in [0i16, 7, -7, 100, -1000, 8000, -8000, 32000, -32000] {
        let back = from_ulaw(to_ulaw(sample));
        let off = (i32::from(back) - i32::from(sample)).abs();
        assert!(off <= 8 + i32::from(sample).abs() / 16, "{sample} {back}");
    }
}
