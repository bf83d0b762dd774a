//! Every order and every event, one after the other.

use std::time::Duration;

use tandem::ports::engine::{Command, Event, HangupCause, Origin, Verdict};

use crate::{
    rig::{Rig, name, number, talk},
    support::phone::Phone,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_answered_hears_prompts_presses_keys_and_is_hung_up() {
    let mut rig = Rig::start().await;
    let outside = rig.outside("15550100").await;
    let call = outside.dial("8000").await;
    let (leg, arrival) = rig.arrived().await;
    assert_eq!(arrival.origin, Origin::Trunk);
    assert_eq!(arrival.from, Some(number("15550100")));
    assert_eq!(arrival.to, number("8000"));
    rig.order(&leg, Command::Answer).await;
    call.answered().await;
    rig.until("Answered", |event| *event == Event::Answered { leg: leg.clone() }).await;

    let (low, high) =
        (rig.prompt(500.0, Duration::from_millis(600)), rig.prompt(1200.0, Duration::from_millis(600)));
    let order = rig.order(&leg, Command::Play { media: vec![low, high] }).await;
    call.hears(500.0).await;
    call.hears(1200.0).await;
    rig.played(&leg, order, Verdict::Finished).await;

    call.press("5#");
    for key in ['5', '#'] {
        rig.until("Key", |event| matches!(event, Event::Key { key: it, .. } if it.char() == key)).await;
    }
    // By SIP INFO as well, also in the midst of a prompt.
    let long = rig.prompt(700.0, Duration::from_secs(20));
    let order = rig.order(&leg, Command::Play { media: vec![long] }).await;
    call.hears(700.0).await;
    for key in ['7', '*', '0'] {
        call.press_by_info(key).await;
        rig.until("Key", |event| matches!(event, Event::Key { key: it, .. } if it.char() == key)).await;
    }
    rig.order(&leg, Command::Stop).await;
    rig.played(&leg, order, Verdict::Stopped).await;
    rig.order(&leg, Command::Music).await;
    call.hears_other_than(1200.0).await;
    rig.order(&leg, Command::Hangup { cause: HangupCause(16) }).await;
    assert_eq!(rig.ended(&leg).await.0, 16);
    call.ended().await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_and_an_agent_talk_and_the_agent_hangs_up() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    rig.until("Phone", |event| *event == Event::Phone { extension: name("1001"), registered: true }).await;
    let (call, leg) = rig.caller(&outside).await;
    let to = rig.ring(&leg, "1001", 20);
    let taken = agent.rings().await;
    assert_eq!(taken.other(), "15550100", "the agent sees who calls");
    rig.until("Ringing", |event| *event == Event::Ringing { leg: to.clone() }).await;
    call.hears_other_than(941.0).await;
    taken.answer();
    rig.joined(&leg, &to).await;
    talk(&call, &taken).await;
    taken.hang_up().await;
    assert_eq!(rig.ended(&to).await.0, 16);
    rig.returned(&leg).await;
    rig.order(&leg, Command::Music).await;
    assert_eq!(rig.leaves(&call, &leg).await.0, 16);
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_of_the_house_is_known_by_its_password_and_not_by_its_word() {
    let mut rig = Rig::start().await;
    let agent = rig.phone("1001").await;
    let call = agent.dial("1002").await;
    let (leg, arrival) = rig.arrived().await;
    assert_eq!(arrival.origin, Origin::Phone(name("1001")));
    assert_eq!((arrival.from, arrival.to), (Some(number("1001")), number("1002")));
    rig.order(&leg, Command::Hangup { cause: HangupCause::USER_BUSY }).await;
    assert_eq!(call.ended().await.code, 486);
    assert_eq!(rig.ended(&leg).await, HangupCause::USER_BUSY);
    // The same name without the password gets nowhere.
    let liar = Phone::with_secret("1001", "guess", rig.asterisk.sip(), &rig.asterisk.sip().to_string()).await;
    assert_eq!(liar.registration(60).await, Some(401));
    assert_eq!(liar.dial("8000").await.ended().await.code, 401);
    // Who plugs in elsewhere is rung there.
    let moved = rig.phone("1001").await;
    let outside = rig.outside("15550100").await;
    let (call, leg) = rig.caller(&outside).await;
    let to = rig.ring(&leg, "1001", 20);
    moved.rings().await.refuse(486);
    assert_eq!(rig.ended(&to).await, HangupCause::USER_BUSY);
    assert!(agent.rings_within(Duration::from_millis(100)).await.is_none(), "the old phone rings");
    rig.leaves(&call, &leg).await;
    moved.unregister().await;
    rig.until("Phone", |event| *event == Event::Phone { extension: name("1001"), registered: false }).await;
    rig.clean().await;
}

/// Whatever a caller dials or shows is a number, or nothing; the dialplan never evaluates it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_caller_says_nothing_that_is_obeyed() {
    let mut rig = Rig::start().await;
    for (user, shown) in [
        ("$%7BGLOBAL(TANDEM_LEASE)%7D", None),
        ("a,b)", None),
        // Behind the semicolon are parameters that Asterisk takes off.
        ("1;System(x)", Some(number("1"))),
        ("%22", None),
        ("-1", None),
        ("%0d%0aX", None),
    ] {
        let hostile = rig.outside(user).await;
        let call = hostile.dial("8000").await;
        let (leg, arrival) = rig.arrived().await;
        assert_eq!(arrival.from, shown, "{user}");
        rig.order(&leg, Command::Hangup { cause: HangupCause::CALL_REJECTED }).await;
        call.ended().await;
        rig.ended(&leg).await;
    }
    let outside = rig.outside("15550100").await;
    for dialled in ["s", "T", "h", "tandem-fallback", "$%7BEXTEN%7D", "abc", "-1", "8000,h,1"] {
        let code = outside.dial(dialled).await.ended().await.code;
        assert!(code >= 400, "{dialled}: {code}");
    }
    assert!(!rig.seen.iter().any(|event| matches!(event, Event::Arrived { .. })), "{:?}", rig.seen);
    rig.clean().await;
}
