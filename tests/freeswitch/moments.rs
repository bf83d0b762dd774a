//! The moments around the answer: whoever is killed then, the other is never lost and nothing is left behind.

use std::time::Duration;

use tandem::ports::engine::{Command, Event, Verdict};
use tokio::time::sleep;

use crate::rig::{Rig, prompt};

pub async fn an_agent_killed_around_the_answer() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    for wait in (0..=100).step_by(5) {
        let from = tandem.mark();
        tandem.order(&leg, Command::Music).await;
        let to = tandem.dial(&leg, "1001");
        let talk = agent.rings().await;
        talk.answer();
        sleep(Duration::from_millis(wait)).await;
        talk.hang_up().await;
        tandem.ended(&to).await;
        tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
        // The caller obeys again, at once.
        let order = tandem.send(&leg, Command::Play { media: vec![prompt(1)] });
        let verdict = tandem
            .get(from, Duration::from_secs(10), "the prompt", |e| match e {
                Event::Played { order: played, verdict, .. } if *played == order => Some(*verdict),
                _ => None,
            })
            .await;
        assert_eq!(verdict, Verdict::Finished, "killed after {wait} ms\n{}", tandem.story());
        let returned =
            tandem.told[from..].iter().filter(|(_, e)| matches!(e, Event::Returned { .. })).count();
        assert_eq!(returned, 1, "killed after {wait} ms\n{}", tandem.story());
        assert_eq!(tandem.times(|e| matches!(e, Event::Ended { leg, .. } if *leg == to)), 1);
    }
    call.says(440.0);
    call.hang_up().await;
    tandem.ended(&leg).await;
    rig.is_empty().await;
}

pub async fn a_caller_killed_around_the_answer() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    let caller = rig.outside("15550100").await;
    for wait in (0..=100).step_by(5) {
        let (call, leg) = tandem.answer(&caller, "8000").await;
        tandem.order(&leg, Command::Music).await;
        let to = tandem.dial(&leg, "1001");
        let talk = agent.rings().await;
        talk.answer();
        sleep(Duration::from_millis(wait)).await;
        call.hang_up().await;
        tandem.ended(&leg).await;
        tandem.ended(&to).await;
        talk.ended().await;
        for gone in [&leg, &to] {
            assert_eq!(tandem.times(|e| matches!(e, Event::Ended { leg, .. } if leg == gone)), 1);
        }
    }
    rig.is_empty().await;
}

pub async fn a_caller_killed_around_the_dialling() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    let caller = rig.outside("15550100").await;
    for wait in (0..=100).step_by(5) {
        let (call, leg) = tandem.answer(&caller, "8000").await;
        tandem.order(&leg, Command::Music).await;
        let to = tandem.dial(&leg, "1001");
        sleep(Duration::from_millis(wait)).await;
        call.hang_up().await;
        tandem.ended(&leg).await;
        tandem.ended(&to).await;
        while let Some(offer) = agent.rings_within(Duration::from_millis(20)).await {
            offer.ended().await;
        }
        for gone in [&leg, &to] {
            assert_eq!(tandem.times(|e| matches!(e, Event::Ended { leg, .. } if leg == gone)), 1);
        }
    }
    rig.is_empty().await;
}
