//! Supervisors in talks of others: who hears whom in each mode, by tones; and what their coming and going does to the talk.

use std::time::Duration;

use serde_json::json;
use tandem::{base::attendance::Attendance, live::switchboard::view::CallView};

use crate::{
    bench::Kind,
    outages::LEASE,
    support::{
        call::{Call, State},
        phone::Phone,
    },
    world::{HIGH, LOW, World, both_talk, eventually, within},
};

on_every_engine! {
    a_supervisor_listens_whispers_and_barges_in,
    a_supervisor_takes_a_call_over,
    a_supervisor_outlives_the_daemon_and_its_talk_does_not_notice,
    a_supervisor_comes_along_with_the_agent_and_stays_with_nobody,
}

/// What the supervisor says.
const THIRD: f64 = 1700.0;
/// What somebody else says.
const ASKED: f64 = 600.0;
const CALLER: &str = "13800000001";

/// A caller and an agent who talk, and a supervisor's phone.
struct Desk {
    world: World,
    call: Call,
    agent: Call,
    boss: Phone,
    /// The caller's and the agent's.
    phones: [Phone; 2],
}

impl Desk {
    async fn new(kind: Kind) -> Self {
        let world = World::new(kind).await;
        let (caller, anna) = (world.outside(CALLER).await, world.agent("anna").await);
        let boss = world.phone("1003").await;
        let call = caller.dial("8002").await;
        let agent = anna.rings().await;
        agent.answer();
        both_talk(&call, &agent).await;
        Self { world, call, agent, boss, phones: [caller, anna] }
    }

    async fn talk(&self) -> CallView {
        self.world.call_is(CALLER, "talking").await
    }

    async fn tandem(&self, words: &[&str]) -> String {
        let id = self.talk().await.id.to_string();
        self.world.tandem(&[&["calls", words[0], &id], &words[1..]].concat())
    }

    async fn answers(&self) -> Call {
        let listener = self.boss.rings().await;
        assert_eq!(listener.other(), CALLER, "is shown whose talk it is");
        listener.answer();
        listener.says(THIRD);
        listener
    }

    /// Caller, agent and supervisor hear these tones and no others.
    async fn hear(&self, listener: &Call, mode: &str, caller: &[f64], agent: &[f64]) {
        hears_just(&self.call, &format!("{mode}: the caller"), caller).await;
        hears_just(&self.agent, &format!("{mode}: the agent"), agent).await;
        hears_just(listener, &format!("{mode}: the supervisor"), &[LOW, HIGH]).await;
    }
}

/// Each of the tones is a good part of what is heard, and none of the others is any.
async fn hears_just(call: &Call, who: &str, tones: &[f64]) {
    eventually(&format!("{who} hears {tones:?} and nobody else"), async || {
        let heard = call.listen(Duration::from_millis(400)).await;
        let shares = [LOW, HIGH, THIRD].map(|tone| (tone, heard.share(tone)));
        let just =
            |(tone, share): &(f64, f64)| if tones.contains(tone) { *share > 0.15 } else { *share < 0.01 };
        let whole = heard.seconds() > 0.3 && heard.loudness() > 500.0;
        if whole && shares.iter().all(just) { Ok(()) } else { Err(format!("{shares:.3?}")) }
    })
    .await;
}

pub async fn a_supervisor_listens_whispers_and_barges_in(kind: Kind) {
    let desk = Desk::new(kind).await;
    let said = desk.tandem(&["listen", "--by", "1003"]).await;
    assert!(said.contains("whoever answers at 1003 hears both"), "{said}");
    let listener = desk.answers().await;
    desk.hear(&listener, "listen", &[HIGH], &[LOW]).await;
    let attended = desk.talk().await.attended.expect("attended");
    assert_eq!((attended.by.as_str(), attended.mode), ("1003", Attendance::Listen));
    assert!(attended.since.is_some());

    desk.tandem(&["listen", "--by", "1003", "--mode", "whisper"]).await;
    desk.hear(&listener, "whisper", &[HIGH], &[LOW, THIRD]).await;
    desk.tandem(&["listen", "--by", "1003", "--mode", "barge"]).await;
    desk.hear(&listener, "barge", &[HIGH, THIRD], &[LOW, THIRD]).await;
    // The supervisor's own keys change nothing.
    desk.tandem(&["listen", "--by", "1003", "--mode", "listen"]).await;
    listener.press("3");
    desk.hear(&listener, "listen again", &[HIGH], &[LOW]).await;

    // A supervisor who leaves harms nobody, and another may come; that one is rung and begins by barging in.
    listener.hang_up().await;
    eventually("nobody attends", async || match desk.talk().await.attended {
        None => Ok(()),
        Some(attended) => Err(format!("{attended:?}")),
    })
    .await;
    both_talk(&desk.call, &desk.agent).await;
    desk.tandem(&["listen", "--by", "1003", "--mode", "barge"]).await;
    let listener = desk.answers().await;
    desk.hear(&listener, "barge at once", &[HIGH, THIRD], &[LOW, THIRD]).await;

    // The talk's end is the end of attending it.
    desk.call.hang_up().await;
    desk.agent.ended().await;
    listener.ended().await;
    let record = desk.world.record(CALLER).await;
    let told: Vec<_> = record.steps.iter().map(|step| step.what.as_str()).collect();
    assert!(told.iter().any(|step| step.ends_with("orders that 1003 whispers to anna")), "{told:#?}");
    desk.world.ends_clean().await;
}

pub async fn a_supervisor_takes_a_call_over(kind: Kind) {
    let desk = Desk::new(kind).await;
    desk.tandem(&["listen", "--by", "1003"]).await;
    let listener = desk.answers().await;
    desk.hear(&listener, "listen", &[HIGH], &[LOW]).await;
    desk.tandem(&["take-over", "--by", "1003"]).await;
    desk.agent.ended().await;
    hears_just(&desk.call, "the caller", &[THIRD]).await;
    hears_just(&listener, "the supervisor", &[LOW]).await;
    desk.world.agent_is("anna", "ready").await;
    assert_eq!(desk.talk().await.attended, None);
    desk.call.hang_up().await;
    listener.ended().await;

    // The same at once, by whoever answers; and the agent goes on until then.
    let (caller, anna) = (desk.world.outside("13800000002").await, desk.phones[1].rings());
    let call = caller.dial("8002").await;
    let agent = anna.await;
    agent.answer();
    both_talk(&call, &agent).await;
    let id = desk.world.call_is("13800000002", "talking").await.id;
    desk.world.rest.post(&format!("/v1/calls/{id}/take-over"), json!({ "by": "1003" })).await;
    let taker = desk.boss.rings().await;
    both_talk(&call, &agent).await;
    taker.answer();
    agent.ended().await;
    both_talk(&call, &taker).await;
    taker.hang_up().await;
    call.ended().await;
    desk.world.ends_clean().await;
}

pub async fn a_supervisor_outlives_the_daemon_and_its_talk_does_not_notice(kind: Kind) {
    let mut desk = Desk::new(kind).await;
    desk.tandem(&["listen", "--by", "1003", "--mode", "whisper"]).await;
    let listener = desk.answers().await;
    desk.hear(&listener, "whisper", &[HIGH], &[LOW, THIRD]).await;
    desk.world.kill_daemon().await;
    desk.hear(&listener, "whisper without the daemon", &[HIGH], &[LOW, THIRD]).await;
    desk.world.restart_daemon().await;
    desk.hear(&listener, "whisper with the next one", &[HIGH], &[LOW, THIRD]).await;
    let attended = desk.talk().await.attended.expect("attended");
    assert_eq!(attended.mode, Attendance::Whisper);
    desk.tandem(&["listen", "--by", "1003", "--mode", "barge"]).await;
    desk.hear(&listener, "barge", &[HIGH, THIRD], &[LOW, THIRD]).await;
    desk.tandem(&["listen", "--off"]).await;
    listener.ended().await;
    both_talk(&desk.call, &desk.agent).await;
    // The agent leaves, and so does whoever attends, whose phone rings no longer, either.
    desk.tandem(&["listen", "--by", "1003"]).await;
    let rings = desk.boss.rings().await;
    desk.agent.hang_up().await;
    rings.ended().await;
    desk.call.ended().await;
    desk.world.ends_clean().await;
}

/// Hears this tone, whatever else there is.
async fn hears_among_others(call: &Call, tone: f64) {
    eventually(&format!("{tone} Hz among others"), async || {
        let heard = call.listen(Duration::from_millis(400)).await;
        let share = heard.share(tone);
        if heard.loudness() > 500.0 && share > 0.1 { Ok(()) } else { Err(format!("{share:.3}")) }
    })
    .await;
}

pub async fn a_supervisor_comes_along_with_the_agent_and_stays_with_nobody(kind: Kind) {
    let mut desk = Desk::new(kind).await;
    let ben = desk.world.phone("1002").await;
    desk.tandem(&["listen", "--by", "1003", "--mode", "whisper"]).await;
    let listener = desk.answers().await;
    desk.hear(&listener, "whisper", &[HIGH], &[LOW, THIRD]).await;
    // The agent asks somebody first, while the caller hears music; then all three talk.
    desk.tandem(&["consult", "1002"]).await;
    let asked = ben.rings().await;
    asked.answer();
    asked.says(ASKED);
    hears_among_others(&desk.agent, ASKED).await;
    hears_just(&asked, "who is asked", &[HIGH]).await;
    hears_among_others(&listener, ASKED).await;
    let id = desk.world.call_is(CALLER, "consulting").await.id;
    desk.world.rest.post(&format!("/v1/calls/{id}/join"), json!({})).await;
    hears_among_others(&desk.call, ASKED).await;
    hears_among_others(&listener, LOW).await;
    hears_among_others(&desk.agent, THIRD).await;
    hears_just(&asked, "who was asked", &[LOW, HIGH]).await;
    // Nobody is there to end it: whoever attended is not left in silence.
    desk.world.kill_daemon().await;
    desk.agent.hang_up().await;
    within(LEASE + Duration::from_secs(10), "the supervisor's leg ends", async || match listener.state() {
        State::Ended(_) => Ok(()),
        state => Err(format!("{state:?}")),
    })
    .await;
    desk.world.restart_daemon().await;
    both_talk(&desk.call, &asked).await;
    assert_eq!(desk.talk().await.attended, None);
    desk.call.hang_up().await;
    asked.ended().await;
    desk.world.ends_clean().await;
}
