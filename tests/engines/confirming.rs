//! An agent who is rung outside takes a call by a key; a voicemail that answers there has nobody.

use std::{fs, time::Duration};

use tandem::{base::id::Name, live::switchboard::view::AgentView};

use crate::{
    bench::Kind,
    office::Office,
    support::phone::Manner,
    world::{both_talk, both_talk_a_while},
};

on_every_engine! {
    an_agent_outside_takes_a_call_by_a_key_and_a_voicemail_does_not,
}

pub async fn an_agent_outside_takes_a_call_by_a_key_and_a_voicemail_does_not(kind: Kind) {
    let office = Office::on_site(kind, |site| {
        let queue = "support: { ring: 20s, rest: 10s, max_wait: 5m }\n";
        fs::write(site.join("queues.yaml"), queue).expect("written");
        let people = fs::read_to_string(site.join("people.yaml")).expect("there");
        let agents = people.find("agents:").expect("agents");
        let far = "  far: { number: \"013900000077\", queues: [support], wrap_up: 0s, logged_in: true }\n";
        fs::write(site.join("people.yaml"), format!("{}agents:\n{far}", &people[..agents])).expect("written");
    })
    .await;
    office.first.on_call(Manner::Refuse(503));
    let customer = office.world.outside("13900000051").await;
    let call = customer.dial("8002").await;
    // The first trunk fails, and on the second a voicemail answers.
    let voicemail = office.second.rings().await;
    assert_eq!(voicemail.dialled(), "13900000077");
    assert!(voicemail.header("From").contains("02088880000"), "{}", voicemail.header("From"));
    voicemail.answer();
    office.world.agent_is("far", "offered").await;
    office.world.call_is("13900000051", "offered").await;
    voicemail.ended_within(Duration::from_secs(20)).await;
    office.world.agent_is("far", "resting").await;
    office.world.call_is("13900000051", "waiting").await;
    // The same agent, who is there this time.
    let agent = office.second.rings_within(Duration::from_secs(20)).await.expect("rung again");
    agent.answer();
    agent.answered().await;
    agent.hears_other_than(425.0).await;
    agent.press("1");
    both_talk(&call, &agent).await;
    both_talk_a_while(&call, &agent).await;
    office.world.agent_is("far", "talking").await;
    let agents: Vec<AgentView> = office.world.rest.try_get("/v1/agents").await.expect("agents");
    assert_eq!(agents[0].number.as_deref(), Some("********0077"), "{agents:?}");
    agent.hang_up().await;
    call.ended().await;
    office.world.agent_is("far", "ready").await;
    let record = office.world.record("13900000051").await;
    assert_eq!(record.agent.as_ref().map(Name::as_str), Some("far"), "{:#?}", record.steps);
    let story = office.world.tandem(&["explain", &record.id.to_string()]);
    for told in ["trunk first failed", "far did not take the call", "far takes the call"] {
        assert!(story.contains(told), "{told}: {story}");
    }
    assert!(!story.contains("13900000077"), "{story}");
    office.world.ends_clean().await;
}
