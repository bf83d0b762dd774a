//! Callers who are not answered yet, and legs that are dialled for nobody.

use std::time::{Duration, Instant};

use tandem::{
    base::{
        id::{LegId, Name},
        number::Number,
        text::Label,
    },
    ports::engine::{Command, Endpoint, Event, HangupCause, Media, Outcome, Verdict},
};

use crate::{
    rig::{Adapter, MUSIC, ONE, Rig, prompt},
    support::{
        call::State,
        phone::{Manner, Phone},
    },
};

pub fn phone(name: &str) -> Endpoint {
    Endpoint::Phone(Name::new(name).expect("name"))
}

pub fn trunk(name: &str) -> Endpoint {
    let trunk = Name::new(name).expect("name");
    Endpoint::Trunk { trunk, number: Number::new("15550177").expect("number") }
}

pub fn originate(endpoint: Endpoint, timeout: u64, lease: u64) -> Command {
    Command::Dial {
        endpoint,
        timeout: Duration::from_secs(timeout),
        caller: Number::new("15550100").expect("number"),
        caller_name: Label::new("Ann Lee"),
        lease: Duration::from_secs(lease),
    }
}

/// A new leg that is dialled for nobody.
pub fn dialled(tandem: &mut Adapter, name: &str, endpoint: Endpoint, timeout: u64, lease: u64) -> LegId {
    let leg = LegId::new(format!("d-{name}-{}", tandem.mark())).expect("an id");
    tandem.send(&leg, originate(endpoint, timeout, lease));
    leg
}

#[allow(clippy::too_many_lines, reason = "one story, told in order")]
pub async fn a_caller_rings_until_somebody_comes() {
    let rig = Rig::with(|site| site.lease = Duration::from_secs(4));
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    let caller = rig.outside("15550100").await;
    let from = tandem.mark();
    let call = caller.dial("8000").await;
    let (leg, _) = tandem.arrival(from).await;
    tandem.order(&leg, Command::Ring).await;
    call.rings_there().await;
    tandem.order(&leg, Command::Ring).await;
    // Nobody comes, twice: it obeys again, and is not answered.
    for manner in [Manner::Refuse(486), Manner::Ring] {
        agent.on_call(manner);
        let from = tandem.mark();
        let to = tandem.connect(&leg, phone("1001"), Duration::from_secs(2), "");
        tandem.ended(&to).await;
        tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
        assert_eq!(call.state(), State::Ringing, "{}", tandem.story());
        tandem.order(&leg, Command::Lease { span: Duration::from_secs(4) }).await;
        while let Some(offer) = agent.rings_within(Duration::from_millis(50)).await {
            offer.ended().await;
        }
    }
    agent.on_call(Manner::Ring);
    let from = tandem.mark();
    let to = tandem.dial(&leg, "1001");
    let talk = agent.rings().await;
    tandem.expect(from, Event::Ringing { leg: to.clone() }).await;
    assert_eq!(call.state(), State::Ringing);
    talk.answer();
    call.answered().await;
    tandem.expect(from, Event::Joined { leg: leg.clone(), peer: to.clone() }).await;
    tandem.expect(from, Event::Answered { leg: leg.clone() }).await;
    call.says(440.0);
    talk.says(1000.0);
    call.hears(1000.0).await;
    talk.hears(440.0).await;
    talk.hang_up().await;
    tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
    tandem.order(&leg, Command::Music).await;
    call.hears(MUSIC).await;
    call.hang_up().await;
    tandem.ended(&leg).await;
    rig.is_empty().await;
    // Its lease holds while it rings.
    let from = tandem.mark();
    let call = caller.dial("8000").await;
    let (leg, _) = tandem.arrival(from).await;
    tandem.order(&leg, Command::Ring).await;
    let duty = agent.rings().await;
    duty.answer();
    call.answered().await;
    tandem.ended(&leg).await;
    call.hang_up().await;
    duty.ended().await;
    rig.is_empty().await;
    // One that rings is refused with the cause that was ordered.
    let from = tandem.mark();
    let call = caller.dial("8000").await;
    let (leg, _) = tandem.arrival(from).await;
    tandem.order(&leg, Command::Ring).await;
    call.rings_there().await;
    tandem.order(&leg, Command::Hangup { cause: HangupCause::USER_BUSY }).await;
    assert_eq!(call.ended().await.code, 486);
    tandem.ended(&leg).await;
    rig.is_empty().await;
}

pub async fn an_intercom_asks_the_phone_to_answer() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    for intercom in [true, false] {
        let name = Name::new("1001").expect("name");
        let endpoint = if intercom { Endpoint::Intercom(name) } else { Endpoint::Phone(name) };
        let leg = dialled(&mut tandem, "i", endpoint, 10, 10);
        let call = agent.rings().await;
        assert_eq!(
            call.header("Call-Info").contains("answer-after=0"),
            intercom,
            "{}",
            call.header("Call-Info")
        );
        assert_eq!(call.header("Alert-Info").contains("alert-autoanswer"), intercom);
        assert_eq!(call.other(), "15550100");
        call.answer();
        tandem.expect(0, Event::Answered { leg: leg.clone() }).await;
        tandem.order(&leg, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
        call.ended().await;
        tandem.ended(&leg).await;
    }
    rig.is_empty().await;
}

pub async fn one_who_is_dialled_obeys() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let (agent, other) = (rig.phone("1001").await, rig.phone("1002").await);
    let leg = dialled(&mut tandem, "a", phone("1001"), 10, 20);
    let call = agent.rings().await;
    tandem.expect(0, Event::Ringing { leg: leg.clone() }).await;
    call.answer();
    tandem.expect(0, Event::Answered { leg: leg.clone() }).await;
    // At once, before it is where it obeys.
    let order = tandem.send(&leg, Command::Play { media: vec![prompt(1)] });
    call.hears(ONE).await;
    tandem.played(&leg, order, Verdict::Finished).await;
    let quiet = call.listen(Duration::from_millis(500)).await;
    assert!(quiet.share(MUSIC) < 0.2, "silence was ordered");
    let from = tandem.mark();
    let to = tandem.dial(&leg, "1002");
    let talk = other.rings().await;
    talk.answer();
    tandem.expect(from, Event::Joined { leg: leg.clone(), peer: to.clone() }).await;
    call.says(440.0);
    talk.says(1000.0);
    call.hears(1000.0).await;
    talk.hears(440.0).await;
    talk.hang_up().await;
    tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
    call.hang_up().await;
    tandem.ended(&leg).await;
    assert_eq!(tandem.times(|e| matches!(e, Event::Returned { .. })), 1);
    assert_eq!(tandem.times(|e| matches!(e, Event::Ended { .. })), 2);
    rig.is_empty().await;
}

pub async fn who_is_dialled_and_does_not_come_ends_once() {
    let carrier_phone = Phone::new("carrier", "127.0.0.1:9".parse().expect("address")).await;
    let rig = Rig::with(|site| {
        let trunk = site.trunks.get_mut(&Name::new("carrier").expect("name")).expect("trunk");
        trunk.address = carrier_phone.address().to_string().into();
        let closed = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
        let dead = tandem::infra::site::Trunk::to(closed.to_string());
        site.trunks.insert(Name::new("dead").expect("name"), dead);
    });
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    let to_agent = [
        (Manner::Refuse(486), HangupCause::USER_BUSY),
        (Manner::Refuse(404), HangupCause::UNALLOCATED_NUMBER),
        (Manner::Refuse(603), HangupCause::CALL_REJECTED),
        (Manner::Refuse(503), HangupCause::TEMPORARY_FAILURE),
        (Manner::Refuse(480), HangupCause::NO_USER_RESPONSE),
        (Manner::Ring, HangupCause::NO_ANSWER),
        (Manner::Dead, HangupCause::NO_ANSWER),
    ];
    for (manner, expected) in to_agent {
        agent.on_call(manner);
        let leg = dialled(&mut tandem, "a", phone("1001"), 2, 10);
        assert_eq!(tandem.ended(&leg).await, expected, "{manner:?}\n{}", tandem.story());
        agent.on_call(Manner::Ring);
        while let Some(offer) = agent.rings_within(Duration::from_millis(50)).await {
            offer.ended().await;
        }
    }
    let never = [
        (phone("1004"), HangupCause::SUBSCRIBER_ABSENT),
        (phone("7777"), HangupCause::SUBSCRIBER_ABSENT),
        (trunk("dead"), HangupCause::TEMPORARY_FAILURE),
        (trunk("nowhere"), HangupCause::DESTINATION_OUT_OF_ORDER),
    ];
    for (endpoint, expected) in never {
        let start = Instant::now();
        let leg = dialled(&mut tandem, "b", endpoint.clone(), 10, 10);
        assert_eq!(tandem.ended(&leg).await, expected, "{endpoint:?}\n{}", tandem.story());
        assert!(start.elapsed() < Duration::from_secs(5), "{endpoint:?}: {:?}", start.elapsed());
    }
    // A leg that there is already.
    let leg = dialled(&mut tandem, "c", phone("1001"), 10, 10);
    let call = agent.rings().await;
    let twice = tandem.send(&leg, originate(phone("1001"), 10, 10));
    let refused = |e: &Event| matches!(e, Event::Outcome { order, outcome: Outcome::Refused(_), .. } if *order == twice);
    tandem.find_within(Duration::from_secs(10), "a refusal", refused).await;
    tandem.order(&leg, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
    call.ended().await;
    tandem.ended(&leg).await;
    tandem.listen(Duration::from_millis(300)).await;
    let ends = tandem.times(|e| matches!(e, Event::Ended { .. }));
    assert_eq!(ends, 7 + 4 + 1, "{}", tandem.story());
    rig.is_empty().await;
}

pub async fn a_dialling_is_cancelled_in_every_state() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    for wait in [0, 1, 2, 5, 10, 15, 20, 30, 60, 100, 300] {
        let leg = dialled(&mut tandem, "a", phone("1001"), 10, 10);
        tandem.listen(Duration::from_millis(wait)).await;
        tandem.order(&leg, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
        tandem.ended(&leg).await;
    }
    while let Some(offer) = agent.rings_within(Duration::from_millis(50)).await {
        offer.ended().await;
    }
    // In the instant of the answer.
    for wait in (0..=60).step_by(6) {
        let leg = dialled(&mut tandem, "b", phone("1001"), 10, 10);
        let call = agent.rings().await;
        call.answer();
        tandem.listen(Duration::from_millis(wait)).await;
        tandem.order(&leg, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
        tandem.ended(&leg).await;
        call.ended().await;
    }
    tandem.listen(Duration::from_millis(300)).await;
    assert_eq!(tandem.times(|e| matches!(e, Event::Ended { .. })), 22, "{}", tandem.story());
    rig.is_empty().await;
}

pub async fn one_who_is_dialled_and_left_alone_ends() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let (agent, duty) = (rig.phone("1002").await, rig.phone("1001").await);
    // Tandem dies while it rings.
    let leg = dialled(&mut tandem, "a", phone("1002"), 20, 2);
    let call = agent.rings().await;
    tandem.expect(0, Event::Ringing { leg: leg.clone() }).await;
    drop(tandem);
    call.answer();
    let start = Instant::now();
    call.answered().await;
    call.ended().await;
    assert!(start.elapsed() > Duration::from_millis(900), "too early: {:?}", start.elapsed());
    assert!(duty.rings_within(Duration::from_millis(300)).await.is_none(), "nobody has called anybody");
    rig.is_empty().await;
    // A renewal in time keeps it.
    let mut tandem = rig.adapter().await;
    let leg = dialled(&mut tandem, "b", phone("1002"), 20, 2);
    let call = agent.rings().await;
    call.answer();
    tandem.expect(0, Event::Answered { leg: leg.clone() }).await;
    for _ in 0..4 {
        tandem.order(&leg, Command::Lease { span: Duration::from_secs(2) }).await;
        tandem.listen(Duration::from_secs(1)).await;
    }
    assert_eq!(call.state(), State::Talking, "renewed, yet gone");
    // A new Tandem finds it, and it obeys.
    drop(tandem);
    let mut tandem = rig.adapter().await;
    let seen =
        |e: &Event| matches!(e, Event::Audit { legs, .. } if legs.iter().any(|l| l.leg == leg && l.up));
    tandem.find_within(Duration::from_secs(10), "the leg", seen).await;
    let order = tandem.send(&leg, Command::Play { media: vec![prompt(1)] });
    tandem.played(&leg, order, Verdict::Finished).await;
    tandem.order(&leg, Command::Lease { span: Duration::from_secs(1) }).await;
    assert_eq!(tandem.ended(&leg).await, HangupCause::NORMAL_CLEARING);
    call.ended().await;
    rig.is_empty().await;
}

pub async fn what_somebody_left_is_played() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    let Media::Sound(sound) = rig.sound("left", 700.0) else { panic!("a sound") };
    let media = vec![prompt(1), Media::Sound(sound)];
    let order = tandem.send(&leg, Command::Play { media });
    call.hears(ONE).await;
    call.hears(700.0).await;
    tandem.played(&leg, order, Verdict::Finished).await;
    call.hang_up().await;
    tandem.ended(&leg).await;
    rig.is_empty().await;
}
