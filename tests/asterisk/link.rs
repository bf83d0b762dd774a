//! The link to Asterisk is cut in every state and mended, refused, and never was.

use std::{net::SocketAddr, time::Duration};

use tandem::ports::engine::{Command, Endpoint, Engine, Event, HangupCause, LegSeen, Outcome, Verdict};

use crate::{
    cable::Cable,
    rig::{PASSWORD, Rig, connect, name, talk},
};

/// A rig whose adapter speaks through a cable.
async fn cabled() -> (Rig, Cable) {
    let mut rig = Rig::start().await;
    let cable = Cable::to(rig.asterisk.ari()).await;
    rig.replace(connect(&rig.dir, cable.address, PASSWORD)).await;
    (rig, cable)
}

async fn down(rig: &mut Rig) {
    rig.until("Down", |event| matches!(event, Event::Down { .. })).await;
}

/// After the mending: what the engine has.
async fn audit(rig: &mut Rig) -> Vec<LegSeen> {
    rig.until("Up", |event| matches!(event, Event::Up { .. })).await;
    match rig.until("Audit", |event| matches!(event, Event::Audit { .. })).await {
        Event::Audit { legs, .. } => legs,
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_in_music_and_prompt_costs_nobody_the_call() {
    let (mut rig, cable) = cabled().await;
    let outside = rig.outside("15550100").await;
    let (call, leg) = rig.caller(&outside).await;
    // In music; an order meanwhile is refused in words.
    rig.order(&leg, Command::Music).await;
    rig.forget();
    cable.cut();
    down(&mut rig).await;
    let order = rig.send(&leg, Command::Stop);
    assert!(
        matches!(rig.outcome(order).await, Outcome::Refused(why) if why.as_str().contains("cannot be reached"))
    );
    cable.mend();
    let legs = audit(&mut rig).await;
    assert_eq!(legs, [LegSeen { leg: leg.clone(), up: true, peer: None, room: None, arrival: None }]);

    // In a prompt that ends meanwhile: its end is told all the same, once.
    let prompt = rig.prompt(500.0, Duration::from_millis(800));
    let order = rig.order(&leg, Command::Play { media: vec![prompt] }).await;
    rig.forget();
    cable.cut();
    down(&mut rig).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    cable.mend();
    audit(&mut rig).await;
    rig.played(&leg, order, Verdict::Finished).await;

    rig.leaves(&call, &leg).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_while_the_phone_rings_and_in_the_talk_costs_nobody_the_call() {
    let (mut rig, cable) = cabled().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    let (call, leg) = rig.caller(&outside).await;
    // While the phone rings; it is answered meanwhile.
    let to = rig.ring(&leg, "1001", 20);
    let taken = agent.rings().await;
    rig.until("Ringing", |event| matches!(event, Event::Ringing { .. })).await;
    rig.forget();
    cable.cut();
    down(&mut rig).await;
    taken.answer();
    taken.answered().await;
    cable.mend();
    rig.joined(&leg, &to).await;
    talk(&call, &taken).await;

    // In the talk.
    rig.forget();
    cable.cut();
    down(&mut rig).await;
    cable.mend();
    let legs = audit(&mut rig).await;
    assert!(
        legs.contains(&LegSeen {
            leg: leg.clone(),
            up: true,
            peer: Some(to.clone()),
            room: None,
            arrival: None
        }),
        "{legs:?}"
    );

    // The agent leaves meanwhile: the audit tells, and the caller is commanded again.
    rig.forget();
    cable.cut();
    down(&mut rig).await;
    taken.hang_up().await;
    cable.mend();
    let legs = audit(&mut rig).await;
    assert_eq!(
        legs.iter().map(|seen| (&seen.leg, &seen.peer)).collect::<Vec<_>>(),
        [(&leg, &None)],
        "{legs:?}"
    );
    rig.order(&leg, Command::Lease { span: Duration::from_secs(60) }).await;
    rig.order(&leg, Command::Music).await;
    call.hears_other_than(941.0).await;
    assert_eq!(rig.leaves(&call, &leg).await, HangupCause::NORMAL_CLEARING);
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_came_and_one_that_went_while_the_link_was_cut_are_told_by_the_audit() {
    let (mut rig, cable) = cabled().await;
    let (outside, late) = (rig.outside("15550100").await, rig.outside("15550101").await);
    let (call, leg) = rig.caller(&outside).await;
    rig.forget();
    cable.cut();
    down(&mut rig).await;
    call.hang_up().await;
    let waiting = late.dial("8000").await;
    // It rings, unless a busy Asterisk has not noticed yet that nobody listens: then it waits unseen.
    let _unseen = tokio::time::timeout(Duration::from_secs(2), waiting.rings_there()).await;
    cable.mend();
    let legs = audit(&mut rig).await;
    assert!(legs.iter().all(|seen| seen.leg != leg), "{legs:?}");
    let (other, _) = rig.arrived().await;
    rig.order(&other, Command::Answer).await;
    waiting.answered().await;
    waiting.hang_up().await;
    rig.ended(&other).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_late_is_asked_for_before_anything_is_repeated() {
    let (mut rig, cable) = cabled().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    let (call, leg) = rig.caller(&outside).await;
    rig.order(&leg, Command::Music).await;
    // The dialling is carried out, but nobody says so for 4 s: still one phone rings, once.
    cable.hold_back();
    let (to, order) = rig.connect(&leg, Endpoint::Phone(name("1001")), 30);
    assert_eq!(
        rig.within(Duration::from_secs(4), |event| matches!(event, Event::Outcome { .. })).await,
        None
    );
    cable.let_through();
    assert_eq!(rig.outcome(order).await, Outcome::Done);
    let taken = agent.rings().await;
    taken.answer();
    rig.joined(&leg, &to).await;
    assert!(agent.rings_within(Duration::from_millis(300)).await.is_none(), "it rang twice");
    // Held back for good: the outcome is unknown, and the link is given up. If an audit fell into the four seconds,
    // it was given up once before.
    rig.forget();
    cable.hold_back();
    let order = rig.send(&leg, Command::Music);
    assert_eq!(rig.outcome(order).await, Outcome::Unknown);
    let down = rig.until("Down", |event| matches!(event, Event::Down { .. })).await;
    assert!(
        matches!(down, Event::Down { ref reason, .. } if reason.as_str().contains("silent") || reason.as_str().contains("stopped answering")),
        "{down:?}"
    );
    cable.let_through();
    let legs = audit(&mut rig).await;
    assert!(legs.iter().any(|seen| seen.leg == leg && seen.peer == Some(to.clone())), "{legs:?}");
    rig.leaves(&call, &leg).await;
    rig.ended(&to).await;
    rig.clean().await;
}

async fn reason(engine: &mut Engine) -> (String, Duration) {
    match tokio::time::timeout(Duration::from_secs(5), engine.events.recv()).await {
        Ok(Some(Event::Down { reason, retry })) => (reason.as_str().to_owned(), retry),
        other => panic!("{other:?} instead of Down"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_names_the_remedy_and_the_next_try() {
    let rig = Rig::start().await;
    let mut wrong = connect(&rig.dir, rig.asterisk.ari(), "wrong");
    let mut last = Duration::ZERO;
    for _ in 0..4 {
        let (reason, retry) = reason(&mut wrong).await;
        assert!(reason.contains("refused user tandem") && reason.contains("password file"), "{reason}");
        assert!(!reason.contains("wrong"), "the password is told: {reason}");
        assert!(retry >= 2 * last && retry <= Duration::from_secs(5), "{retry:?}");
        last = retry;
    }
    let mut nobody = connect(&rig.dir, SocketAddr::from(([127, 0, 0, 1], 1)), PASSWORD);
    let (told, retry) = reason(&mut nobody).await;
    assert!(told.contains("is it running"), "{told}");
    assert_eq!(retry, Duration::from_millis(100));
    // SIP's port is no ARI.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut silent = connect(&rig.dir, silent.local_addr().expect("bound"), PASSWORD);
    let (told, _) = reason(&mut silent).await;
    assert!(told.contains("stopped answering"), "{told}");
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_tandem_takes_over_and_the_first_says_so() {
    let mut rig = Rig::start().await;
    let _second = connect(&rig.dir, rig.asterisk.ari(), PASSWORD);
    let down = rig.until("Down", |event| matches!(event, Event::Down { .. })).await;
    let Event::Down { reason, retry } = down else { unreachable!("{down:?}") };
    assert!(reason.as_str().contains("another Tandem"), "{reason}");
    assert_eq!(retry, Duration::from_secs(5));
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_port_is_refused_with_the_reason_and_nothing_is_left_running() {
    let rig = Rig::start().await;
    let (site, run) = (rig.site(), rig.dir.join("second"));
    let tree = tandem::lab::asterisk::Asterisk::default_tree();
    let refused =
        tandem::lab::asterisk::Asterisk::start(&tree, &site, &run, rig.ports).await.expect_err("taken");
    assert!(refused.to_string().contains(&format!("port {} (SIP)", rig.ports.sip)), "{refused}");
    rig.clean().await;
}
