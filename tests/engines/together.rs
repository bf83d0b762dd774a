//! `strategy: ring_all`: all agents ring, and whoever answers first has the caller.

use std::fs;

use tandem::base::id::Name;

use crate::{
    bench::Kind,
    world::{World, both_talk_a_while},
};

on_every_engine! { all_agents_ring_and_the_first_to_answer_has_the_caller }

pub async fn all_agents_ring_and_the_first_to_answer_has_the_caller(kind: Kind) {
    let world = World::straight(kind, |site| {
        let queue = "support: { ring: 20s, max_wait: 5m, strategy: ring_all }\n";
        fs::write(site.join("queues.yaml"), queue).expect("written");
    })
    .await;
    let (anna, ben) = (world.agent("anna").await, world.agent("ben").await);
    let customer = world.outside("13900000041").await;
    let call = customer.dial("8002").await;
    let (at_anna, at_ben) = (anna.rings().await, ben.rings().await);
    at_ben.answer();
    at_anna.ended().await;
    both_talk_a_while(&call, &at_ben).await;
    world.agent_is("anna", "ready").await;
    world.agent_is("ben", "talking").await;
    at_ben.hang_up().await;
    call.ended().await;
    world.agent_is("ben", "ready").await;
    let record = world.record("13900000041").await;
    assert_eq!(record.agent.as_ref().map(Name::as_str), Some("ben"), "{:#?}", record.steps);
    world.ends_clean().await;
}
