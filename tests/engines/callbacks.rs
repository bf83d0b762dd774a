//! Whoever hangs up keeps the place and is called back when the turn comes, with an agent kept for them.

use std::{fs, time::Duration};

use tandem::{base::id::Name, live::switchboard::view::CallbackView};

use crate::{
    bench::Kind,
    office::Office,
    support::{
        call::Call,
        phone::{Manner, Phone},
    },
    world::{both_talk, both_talk_a_while, eventually},
};

on_every_engine! {
    whoever_hangs_up_is_called_back_before_those_who_came_later,
    whoever_is_not_reached_is_called_again,
}

async fn office(kind: Kind) -> Office {
    Office::on_site(kind, |site| {
        let queue = "support: { ring: 20s, max_wait: 5m, callback: { key: 5, tries: 2, again: 30s } }\n";
        fs::write(site.join("queues.yaml"), queue).expect("written");
    })
    .await
}

/// A customer who waits in the queue.
async fn waits(office: &Office, from: &str) -> (Phone, Call) {
    let customer = office.world.outside(from).await;
    let call = customer.dial("8002").await;
    call.answered().await;
    office.world.call_is(from, "waiting").await;
    (customer, call)
}

async fn callbacks(office: &Office) -> Vec<CallbackView> {
    office.world.rest.try_get("/v1/callbacks").await.expect("a list")
}

pub async fn whoever_hangs_up_is_called_back_before_those_who_came_later(kind: Kind) {
    let mut office = office(kind).await;
    let anna = office.phone("1001").await;
    office.world.agent_starts_anew("anna").await;
    office.world.agent_is("anna", "ready").await;
    let first = office.world.outside("13900000020").await;
    let talk = first.dial("8002").await;
    let taken = anna.rings().await;
    taken.answer();
    both_talk_a_while(&talk, &taken).await;
    let (_second, call) = waits(&office, "13900000021").await;
    let (_third, later) = waits(&office, "13900000022").await;
    call.press("5");
    call.ended().await;
    assert!(office.world.tandem(&["callbacks"]).contains("13900000021"));
    assert!(office.first.rings_within(Duration::ZERO).await.is_none(), "anna talks");
    // Whoever is not known to have gone is not called yet.
    office.world.record("13900000021").await;
    office.world.kill_daemon().await;
    office.world.restart_daemon().await;
    taken.hang_up().await;
    let back = office.first.rings().await;
    assert_eq!(back.dialled(), "13900000021");
    office.world.agent_is("anna", "offered").await;
    assert!(anna.rings_within(Duration::ZERO).await.is_none(), "the customer first");
    back.answer();
    let offer = anna.rings().await;
    offer.answer();
    both_talk(&back, &offer).await;
    office.world.call_is("13900000022", "waiting").await;
    assert_eq!(callbacks(&office).await, []);
    back.hang_up().await;
    let offer = anna.rings().await;
    offer.answer();
    both_talk(&later, &offer).await;
    later.hang_up().await;
    let record = eventually("the talk is written down", async || {
        let record = office.world.record("13900000021").await;
        if record.agent.is_some() { Ok(record) } else { Err(format!("{:?}", record.steps)) }
    })
    .await;
    assert_eq!(
        (record.queue.as_ref().map(Name::as_str), record.agent.as_ref().map(Name::as_str)),
        (Some("support"), Some("anna"))
    );
    let story = office.world.tandem(&["explain", &record.id.to_string()]);
    assert!(story.contains("anna is free and kept for them, try 1"), "{story}");
    office.world.ends_clean().await;
}

pub async fn whoever_is_not_reached_is_called_again(kind: Kind) {
    let office = office(kind).await;
    let (_customer, call) = waits(&office, "13900000031").await;
    office.first.on_call(Manner::Refuse(486));
    call.press("5");
    call.ended().await;
    let anna = office.phone("1001").await;
    office.world.agent_starts_anew("anna").await;
    drop(office.first.rings().await);
    let one = eventually("the first try failed", async || {
        let all = callbacks(&office).await;
        all.iter().find(|one| one.not_before.is_some()).cloned().ok_or_else(|| format!("{all:?}"))
    })
    .await;
    assert_eq!(one.tries, 1);
    office.world.agent_is("anna", "ready").await;
    office.first.on_call(Manner::Ring);
    let back = office.first.rings_within(Duration::from_secs(40)).await.expect("called again");
    back.answer();
    let offer = anna.rings().await;
    offer.answer();
    both_talk_a_while(&back, &offer).await;
    offer.hang_up().await;
    back.ended().await;
    office.world.ends_clean().await;
}
