//! Phones that transfer: to a number, and one of their talks into the other.

use std::time::Duration;

use tandem::{
    base::id::LegId,
    ports::engine::{Command, Event},
};

use crate::{
    rig::{Rig, number, talk},
    support::{
        call::{Call, State},
        phone::Phone,
    },
};

/// What must follow, in this order, when the phone at `leg` sends `peer` to 1002.
async fn sent_on(rig: &mut Rig, leg: &LegId, peer: &LegId) {
    let referred = Event::Referred { leg: leg.clone(), peer: peer.clone(), to: number("1002") };
    let ours = |event: &Event| {
        matches!(
            event,
            Event::Referred { .. } | Event::Returned { .. } | Event::Ended { .. } | Event::Joined { .. }
        )
    };
    let mut told = Vec::new();
    while told.len() < 3 {
        told.push(rig.until("what follows a transfer", ours).await);
    }
    assert_eq!(told[..2], [referred, Event::Returned { leg: peer.clone() }], "{told:?}");
    assert!(matches!(&told[2], Event::Ended { leg: it, .. } if it == leg), "{told:?}");
}

/// The leg dials on, talks, and gets back when the other hangs up.
async fn dials_on(rig: &mut Rig, call: &Call, leg: &LegId, other: &Phone) {
    rig.order(leg, Command::Lease { span: Duration::from_secs(60) }).await;
    let next = rig.ring(leg, "1002", 20);
    let taken = other.rings().await;
    taken.answer();
    rig.joined(leg, &next).await;
    talk(call, &taken).await;
    taken.hang_up().await;
    rig.ended(&next).await;
    rig.returned(leg).await;
    rig.leaves(call, leg).await;
}

fn told(phone: &Phone, what: &str) -> bool {
    phone.line.trace().contains(what)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_sends_the_caller_to_a_number() {
    let mut rig = Rig::start().await;
    let (outside, agent, other) =
        (rig.outside("15550100").await, rig.phone("1001").await, rig.phone("1002").await);
    let ((call, leg), (taken, to)) = rig.talk(&outside, &agent, "1001").await;
    assert_eq!(taken.refer("1002").await, Some(202), "{}", agent.line.trace());
    sent_on(&mut rig, &to, &leg).await;
    taken.ended().await;
    assert!(told(&agent, "SIP/2.0 200"), "{}", agent.line.trace());
    dials_on(&mut rig, &call, &leg, &other).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_called_sends_the_one_it_called_to_a_number() {
    let mut rig = Rig::start().await;
    let (agent, called, other) = (rig.phone("1001").await, rig.phone("1003").await, rig.phone("1002").await);
    let call = agent.dial("1003").await;
    let (leg, _) = rig.arrived().await;
    let to = rig.ring(&leg, "1003", 20);
    let taken = called.rings().await;
    taken.answer();
    rig.joined(&leg, &to).await;
    talk(&call, &taken).await;
    assert_eq!(call.refer("1002").await, Some(202), "{}", agent.line.trace());
    sent_on(&mut rig, &leg, &to).await;
    call.ended().await;
    dials_on(&mut rig, &taken, &to, &other).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_number_is_refused_and_the_talk_goes_on() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    let ((call, leg), (taken, to)) = rig.talk(&outside, &agent, "1001").await;
    for nonsense in ["anna", "$%7BEXTEN%7D", "1;2(x)", "%22"] {
        taken.refer(nonsense).await;
    }
    talk(&call, &taken).await;
    assert!(told(&agent, "SIP/2.0 603"), "{}", agent.line.trace());
    // Nor does anybody outside move our calls.
    assert!(call.refer("1002").await >= Some(400));
    talk(&call, &taken).await;
    // A phone that talks with nobody has nobody to send.
    let other = rig.phone("1002").await;
    let (alone, a) = rig.dialled(&other, "1002").await;
    alone.refer("1001").await;
    rig.order(&a, Command::Music).await;
    assert_eq!(alone.state(), State::Talking);
    assert!(!rig.seen.iter().any(|event| matches!(event, Event::Referred { .. } | Event::Returned { .. })));
    rig.leaves(&alone, &a).await;
    rig.leaves(&call, &leg).await;
    rig.ended(&to).await;
    rig.clean().await;
}

/// The phone has asked a colleague and joins the two others; its own legs end.
async fn joined(rig: &mut Rig, leg: &LegId, peer: &LegId, own: [&LegId; 2]) {
    rig.joined(leg, peer).await;
    for leg in own {
        rig.ended(leg).await;
    }
    assert!(
        !rig.seen.iter().any(|event| matches!(event, Event::Returned { .. } | Event::Ended { .. })),
        "{:?}",
        rig.seen
    );
}

/// A caller talks with 1001, who has asked 1002.
struct Asked {
    call: Call,
    leg: LegId,
    taken: Call,
    to: LegId,
    own: Call,
    asking: LegId,
    colleague: Call,
    asked: LegId,
}

async fn asked(rig: &mut Rig, outside: &Phone, agent: &Phone, other: &Phone) -> Asked {
    let ((call, leg), (taken, to)) = rig.talk(outside, agent, "1001").await;
    taken.hold(true).await;
    let own = agent.dial("1002").await;
    let (asking, _) = rig.arrived().await;
    let asked = rig.ring(&asking, "1002", 20);
    let colleague = other.rings().await;
    colleague.answer();
    rig.joined(&asking, &asked).await;
    talk(&own, &colleague).await;
    Asked { call, leg, taken, to, own, asking, colleague, asked }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_joins_the_caller_with_the_colleague_it_has_asked() {
    let mut rig = Rig::start().await;
    let (outside, agent, other) =
        (rig.outside("15550100").await, rig.phone("1001").await, rig.phone("1002").await);
    for the_caller_leaves in [true, false] {
        for from_the_second in [false, true] {
            let it = asked(&mut rig, &outside, &agent, &other).await;
            let code = if from_the_second {
                it.own.refer_into(&it.taken).await
            } else {
                it.taken.refer_into(&it.own).await
            };
            assert_eq!(code, Some(202), "{}", agent.line.trace());
            joined(&mut rig, &it.leg, &it.asked, [&it.to, &it.asking]).await;
            it.taken.ended().await;
            it.own.ended().await;
            talk(&it.call, &it.colleague).await;
            if the_caller_leaves {
                rig.leaves(&it.call, &it.leg).await;
                rig.ended(&it.asked).await;
                it.colleague.ended().await;
            } else {
                rig.leaves(&it.colleague, &it.asked).await;
                rig.returned(&it.leg).await;
                rig.order(&it.leg, Command::Music).await;
                rig.leaves(&it.call, &it.leg).await;
            }
        }
    }
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_called_both_joins_them() {
    let mut rig = Rig::start().await;
    let (agent, one, two) = (rig.phone("1001").await, rig.phone("1003").await, rig.phone("1002").await);
    let mut talks = Vec::new();
    for (phone, user) in [(&one, "1003"), (&two, "1002")] {
        let own = agent.dial(user).await;
        let (leg, _) = rig.arrived().await;
        let to = rig.ring(&leg, user, 20);
        let taken = phone.rings().await;
        taken.answer();
        rig.joined(&leg, &to).await;
        talks.push((own, leg, taken, to));
    }
    let [(first, a, x, x_leg), (second, b, y, y_leg)] =
        <[_; 2]>::try_from(talks).unwrap_or_else(|_| panic!("two"));
    assert_eq!(first.refer_into(&second).await, Some(202), "{}", agent.line.trace());
    joined(&mut rig, &x_leg, &y_leg, [&a, &b]).await;
    talk(&x, &y).await;
    rig.leaves(&y, &y_leg).await;
    rig.returned(&x_leg).await;
    rig.leaves(&x, &x_leg).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_were_joined_by_a_phone_outlive_tandem() {
    let mut rig = Rig::start().await;
    let (outside, agent, other, fallback) = (
        rig.outside("15550100").await,
        rig.phone("1001").await,
        rig.phone("1002").await,
        rig.phone("1009").await,
    );
    let it = asked(&mut rig, &outside, &agent, &other).await;
    it.taken.refer_into(&it.own).await;
    joined(&mut rig, &it.leg, &it.asked, [&it.to, &it.asking]).await;
    rig.die().await;
    talk(&it.call, &it.colleague).await;
    it.colleague.hang_up().await;
    let human = fallback.rings_within(Duration::from_secs(20)).await.expect("the fallback rings");
    human.answer();
    talk(&it.call, &human).await;
    // A phone that Tandem knows nothing of moves nobody.
    human.refer("1001").await;
    talk(&it.call, &human).await;
    it.call.hang_up().await;
    human.ended().await;
    rig.reconnect().await;
    // And when the caller leaves, the one he was joined with does not stay.
    let it = asked(&mut rig, &outside, &agent, &other).await;
    it.taken.refer_into(&it.own).await;
    joined(&mut rig, &it.leg, &it.asked, [&it.to, &it.asking]).await;
    rig.die().await;
    it.call.hang_up().await;
    it.colleague.ended().await;
    rig.reconnect().await;
    rig.clean().await;
}
