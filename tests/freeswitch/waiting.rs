//! Callers who wait: agents who do not come, and leases.

use std::time::{Duration, Instant};

use tandem::{
    base::id::Name,
    ports::engine::{Command, Endpoint, Event, HangupCause},
};

use crate::{
    rig::{MUSIC, Rig},
    support::phone::Manner,
};

pub async fn who_does_not_come_to_talk_ends_once() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    tandem.order(&leg, Command::Lease { span: Duration::from_secs(30) }).await;
    tandem.order(&leg, Command::Music).await;
    let cases = [
        (Manner::Refuse(486), "1001", HangupCause::USER_BUSY),
        (Manner::Refuse(603), "1001", HangupCause::CALL_REJECTED),
        (Manner::Refuse(480), "1001", HangupCause::NO_USER_RESPONSE),
        (Manner::Ring, "1001", HangupCause::NO_ANSWER),
        (Manner::Dead, "1001", HangupCause::NO_ANSWER),
        (Manner::Ring, "1004", HangupCause::SUBSCRIBER_ABSENT),
        (Manner::Ring, "7777", HangupCause::SUBSCRIBER_ABSENT),
    ];
    for (manner, phone, expected) in cases {
        agent.on_call(manner);
        let (from, start) = (tandem.mark(), Instant::now());
        let endpoint = Endpoint::Phone(Name::new(phone).expect("name"));
        let to = tandem.connect(&leg, endpoint, Duration::from_secs(2), "");
        let cause = tandem.ended(&to).await;
        assert_eq!(cause, expected, "{manner:?} {phone}\n{}", tandem.story());
        assert!(start.elapsed() < Duration::from_secs(6), "{manner:?} {phone}: {:?}", start.elapsed());
        tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
        tandem.order(&leg, Command::Music).await;
        call.hears(MUSIC).await;
        assert_eq!(tandem.times(|e| matches!(e, Event::Ended { leg, .. } if *leg == to)), 1, "{manner:?}");
        let returned =
            tandem.told[from..].iter().filter(|(_, e)| matches!(e, Event::Returned { .. })).count();
        assert_eq!(returned, 1, "{manner:?} {phone}\n{}", tandem.story());
    }
    call.hang_up().await;
    tandem.ended(&leg).await;
    rig.is_empty().await;
}

pub async fn an_offer_is_cancelled() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    tandem.order(&leg, Command::Music).await;
    // At once, while it is dialled, while it rings.
    for wait in [0, 5, 10, 15, 20, 25, 30, 40, 60, 100, 300] {
        let from = tandem.mark();
        let to = tandem.dial(&leg, "1001");
        tandem.listen(Duration::from_millis(wait)).await;
        tandem.order(&to, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
        tandem.ended(&to).await;
        tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
        tandem.order(&leg, Command::Music).await;
    }
    call.hears(MUSIC).await;
    while let Some(offer) = agent.rings_within(Duration::from_millis(50)).await {
        offer.ended().await;
    }
    call.hang_up().await;
    tandem.ended(&leg).await;
    rig.is_empty().await;
}

pub async fn a_lease_that_runs_out_leads_to_the_duty_phone() {
    let rig = Rig::with(|site| site.lease = Duration::from_secs(3));
    let mut tandem = rig.adapter().await;
    let duty = rig.phone("1001").await;
    let caller = rig.outside("15550100").await;
    // Tandem lives but forgets the caller.
    let (call, leg) = tandem.answer(&caller, "8000").await;
    tandem.order(&leg, Command::Lease { span: Duration::from_secs(2) }).await;
    let start = Instant::now();
    let talk = duty.rings().await;
    assert!(start.elapsed() > Duration::from_millis(900), "too early: {:?}", start.elapsed());
    assert_eq!(tandem.ended(&leg).await, HangupCause::NORMAL_CLEARING);
    talk.answer();
    talk.says(1000.0);
    call.hears(1000.0).await;
    // The engine's audits know it no more.
    let from = tandem.mark();
    tandem
        .get(from, Duration::from_secs(8), "an audit without it", |e| match e {
            Event::Audit { legs, .. } => {
                assert!(legs.is_empty(), "{legs:?}");
                Some(())
            }
            _ => None,
        })
        .await;
    call.hang_up().await;
    talk.ended().await;
    rig.is_empty().await;
    // A renewal in time keeps the caller.
    let (call, leg) = tandem.answer(&caller, "8000").await;
    for _ in 0..4 {
        tandem.order(&leg, Command::Lease { span: Duration::from_secs(2) }).await;
        assert!(duty.rings_within(Duration::from_secs(1)).await.is_none(), "renewed, yet gone");
    }
    // Tandem dies: this one and one that comes later reach the duty phone.
    drop(tandem);
    let talk = duty.rings().await;
    talk.answer();
    call.says(440.0);
    talk.hears(440.0).await;
    call.hang_up().await;
    talk.ended().await;
    let late = rig.outside("15550101").await;
    let call = late.dial("8000").await;
    let talk = duty.rings().await;
    talk.answer();
    call.answered().await;
    call.hang_up().await;
    talk.ended().await;
    rig.is_empty().await;
}

pub async fn a_talk_outlives_its_lease() {
    let rig = Rig::with(|site| site.lease = Duration::from_secs(2));
    let mut tandem = rig.adapter().await;
    let (duty, agent) = (rig.phone("1001").await, rig.phone("1002").await);
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    tandem.order(&leg, Command::Lease { span: Duration::from_secs(2) }).await;
    agent.on_call(Manner::AnswerAfter(Duration::from_millis(50)));
    let to =
        tandem.connect(&leg, Endpoint::Phone(Name::new("1002").expect("name")), Duration::from_secs(2), "");
    let talk = agent.rings().await;
    tandem.expect(0, Event::Joined { leg: leg.clone(), peer: to }).await;
    // A renewal that crosses the answer, and then Tandem dies: nothing cuts the talk.
    tandem.order(&leg, Command::Lease { span: Duration::from_secs(1) }).await;
    drop(tandem);
    assert!(duty.rings_within(Duration::from_secs(6)).await.is_none(), "the lease cut the talk");
    talk.says(1000.0);
    call.hears(1000.0).await;
    // The agent goes, nobody is there to take the caller: the duty phone.
    talk.hang_up().await;
    let rescue = duty.rings().await;
    rescue.answer();
    rescue.says(700.0);
    call.hears(700.0).await;
    call.hang_up().await;
    rescue.ended().await;
    rig.is_empty().await;
}

pub async fn fallback_lets_go() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let duty = rig.phone("1001").await;
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    tandem.order(&leg, Command::Lease { span: Duration::from_secs(3) }).await;
    tandem.order(&leg, Command::Music).await;
    tandem.order(&leg, Command::Fallback).await;
    assert_eq!(tandem.ended(&leg).await, HangupCause::NORMAL_CLEARING);
    let talk = duty.rings().await;
    talk.answer();
    talk.says(1000.0);
    call.hears(1000.0).await;
    // The old lease does not fetch the caller again.
    assert!(duty.rings_within(Duration::from_secs(5)).await.is_none());
    call.hears(1000.0).await;
    call.hang_up().await;
    talk.ended().await;
    tandem.listen(Duration::from_millis(300)).await;
    assert_eq!(tandem.times(|e| matches!(e, Event::Ended { leg: ended, .. } if *ended == leg)), 1);
    rig.is_empty().await;
}
