//! A link that is refused, cut, and taken over.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use secrecy::SecretString;
use tandem::ports::engine::{Command, Event, Outcome, Settings, Verdict};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::rig::{Adapter, MUSIC, PATIENCE, Rig, prompt};

/// A road to the engine that can be cut.
pub struct Road {
    pub address: SocketAddr,
    cut: watch::Sender<u32>,
    closed: Arc<AtomicBool>,
}

impl Road {
    pub async fn to(engine: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let (cut, cuts) = watch::channel(0);
        let closed = Arc::new(AtomicBool::new(false));
        let gate = closed.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut cuts = cuts.clone();
                cuts.mark_unchanged();
                if gate.load(Ordering::Relaxed) {
                    continue;
                }
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(engine).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = cuts.changed() => {}
                    }
                });
            }
        });
        Self { address, cut, closed }
    }

    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.cut.send_modify(|n| *n += 1);
    }

    pub fn open(&self) {
        self.closed.store(false, Ordering::Relaxed);
    }
}

pub async fn a_wrong_password_is_said_plainly() {
    let rig = Rig::start();
    drop(rig.adapter().await);
    let settings = Settings { password: SecretString::from("wrong"), ..rig.settings.clone() };
    let mut tandem = Adapter::start(settings);
    let (reason, retry) = tandem
        .find("a refusal", |e| match e {
            Event::Down { reason, retry } => Some((reason.to_string(), *retry)),
            _ => None,
        })
        .await;
    assert!(reason.contains("password") && reason.contains("engine.password_file"), "{reason}");
    assert!(retry >= Duration::from_secs(10), "hammering: {retry:?}");
    let nobody = Settings { address: "127.0.0.1:1".parse().expect("address"), ..rig.settings.clone() };
    let mut tandem = Adapter::start(nobody);
    for expected in [100, 200, 400, 800] {
        let from = tandem.mark();
        let retry = tandem
            .get(from, PATIENCE, "a try", |e| match e {
                Event::Down { retry, .. } => Some(*retry),
                _ => None,
            })
            .await;
        assert_eq!(retry, Duration::from_millis(expected));
    }
}

#[allow(clippy::too_many_lines, reason = "one story, told in order")]
pub async fn a_cut_link_loses_no_call() {
    let rig = Rig::start();
    let road = Road::to(rig.settings.address).await;
    drop(rig.adapter().await);
    let mut tandem = Adapter::start(Settings { address: road.address, ..rig.settings.clone() });
    tandem.find_within(PATIENCE, "an audit", |e| matches!(e, Event::Audit { .. })).await;
    let agent = rig.phone("1001").await;
    let caller = rig.outside("15550100").await;
    let other = rig.outside("15550101").await;
    // One in music, two in a talk, one ringing, one whose prompt ends meanwhile, one that comes meanwhile.
    let (waits, waiting) = tandem.answer(&caller, "8000").await;
    tandem.order(&waiting, Command::Music).await;
    let (talks, talking) = tandem.answer(&other, "8000").await;
    let to = tandem.dial(&talking, "1001");
    let talk = agent.rings().await;
    talk.answer();
    tandem.expect(0, Event::Joined { leg: talking.clone(), peer: to.clone() }).await;
    let (_listens, listening) = tandem.answer(&caller, "8000").await;
    let prompt_order = tandem.order(&listening, Command::Play { media: vec![prompt(1)] }).await;
    let second = rig.phone("1002").await;
    let (_rings, ringing) = tandem.answer(&other, "8000").await;
    let offered = tandem.dial(&ringing, "1002");
    let offer = second.rings().await;
    tandem.expect(0, Event::Ringing { leg: offered.clone() }).await;
    let from = tandem.mark();
    road.close();
    tandem.get(from, PATIENCE, "the cut", |e| matches!(e, Event::Down { .. }).then_some(())).await;
    let late = rig.outside("15550102").await;
    let late_call = late.dial("8000").await;
    tandem.listen(Duration::from_secs(2)).await;
    let refused = tandem.send(&waiting, Command::Stop);
    tandem
        .get(from, PATIENCE, "a refusal", |e| match e {
            Event::Outcome { order, outcome: Outcome::Refused(_), .. } if *order == refused => Some(()),
            _ => None,
        })
        .await;
    let from = tandem.mark();
    road.open();
    tandem.get(from, PATIENCE, "the link", |e| matches!(e, Event::Up { .. }).then_some(())).await;
    let legs = tandem
        .get(from, PATIENCE, "an audit", |e| match e {
            Event::Audit { legs, .. } => Some(legs.clone()),
            _ => None,
        })
        .await;
    let seen = |leg| legs.iter().find(|l| l.leg == leg).cloned();
    assert_eq!(legs.len(), 7, "{legs:#?}");
    assert_eq!(seen(talking.clone()).and_then(|l| l.peer), Some(to.clone()));
    assert_eq!(seen(to.clone()).and_then(|l| l.peer), Some(talking.clone()));
    assert!(seen(waiting.clone()).is_some_and(|l| l.up && l.peer.is_none() && l.arrival.is_none()));
    assert!(legs.iter().any(|l| {
        l.arrival.as_ref().is_some_and(|a| a.from.as_ref().is_some_and(|n| n.as_str() == "15550102"))
    }));
    tandem.played(&listening, prompt_order, Verdict::Finished).await;
    // All obey again.
    waits.hears(MUSIC).await;
    let order = tandem.send(&waiting, Command::Play { media: vec![prompt(2)] });
    tandem.played(&waiting, order, Verdict::Finished).await;
    offer.answer();
    tandem.expect(from, Event::Joined { leg: ringing.clone(), peer: offered.clone() }).await;
    talk.says(1000.0);
    talks.hears(1000.0).await;
    talk.hang_up().await;
    tandem.expect(from, Event::Returned { leg: talking.clone() }).await;
    drop(late_call);
    for leg in [&waiting, &talking, &listening, &ringing] {
        tandem
            .order(leg, Command::Hangup { cause: tandem::ports::engine::HangupCause::NORMAL_CLEARING })
            .await;
        tandem.ended(leg).await;
    }
    let lost = legs.iter().find(|l| l.arrival.is_some()).map(|l| l.leg.clone()).expect("the late one");
    tandem.order(&lost, Command::Hangup { cause: tandem::ports::engine::HangupCause::NORMAL_CLEARING }).await;
    rig.is_empty().await;
}

pub async fn a_new_tandem_finds_the_calls_of_the_old() {
    let rig = Rig::start();
    let mut old = rig.adapter().await;
    let (agent, second) = (rig.phone("1001").await, rig.phone("1002").await);
    let caller = rig.outside("15550100").await;
    let (waits, waiting) = old.answer(&caller, "8000").await;
    old.order(&waiting, Command::Music).await;
    let (_talks, talking) = old.answer(&caller, "8000").await;
    let to = old.dial(&talking, "1001");
    let talk = agent.rings().await;
    talk.answer();
    old.expect(0, Event::Joined { leg: talking.clone(), peer: to.clone() }).await;
    let (rings, ringing) = old.answer(&caller, "8000").await;
    let offered = old.dial(&ringing, "1002");
    let offer = second.rings().await;
    drop(old);
    let mut new = rig.adapter().await;
    for phone in ["1001", "1002"] {
        let extension = tandem::base::id::Name::new(phone).expect("name");
        new.expect(0, Event::Phone { extension, registered: true }).await;
    }
    let legs = new
        .find("an audit", |e| match e {
            Event::Audit { legs, .. } => Some(legs.clone()),
            _ => None,
        })
        .await;
    assert_eq!(legs.len(), 5, "{legs:#?}");
    assert!(legs.iter().all(|l| l.arrival.is_none()), "all have been taken: {legs:#?}");
    waits.hears(MUSIC).await;
    let order = new.send(&waiting, Command::Play { media: vec![prompt(1)] });
    new.played(&waiting, order, Verdict::Finished).await;
    new.order(&offered, Command::Hangup { cause: tandem::ports::engine::HangupCause::NORMAL_CLEARING }).await;
    offer.ended().await;
    new.ended(&offered).await;
    new.expect(0, Event::Returned { leg: ringing.clone() }).await;
    new.order(&ringing, Command::Music).await;
    rings.hears(MUSIC).await;
    talk.hang_up().await;
    new.ended(&to).await;
    new.expect(0, Event::Returned { leg: talking.clone() }).await;
    for leg in [&waiting, &talking, &ringing] {
        new.order(leg, Command::Hangup { cause: tandem::ports::engine::HangupCause::NORMAL_CLEARING }).await;
        new.ended(leg).await;
    }
    rig.is_empty().await;
}

pub async fn a_frozen_engine_is_noticed() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    let from = tandem.mark();
    rig.freeze(true);
    let order = tandem.send(&leg, Command::Music);
    let reason = tandem
        .get(from, Duration::from_secs(15), "that it is down", |e| match e {
            Event::Down { reason, .. } => Some(reason.to_string()),
            _ => None,
        })
        .await;
    assert!(reason.contains("did not answer"), "{reason}");
    // Sent, and nobody knows whether it took effect.
    tandem.expect(from, Event::Outcome { leg: leg.clone(), order, outcome: Outcome::Unknown }).await;
    let from = tandem.mark();
    rig.freeze(false);
    let legs = tandem
        .get(from, Duration::from_secs(30), "an audit", |e| match e {
            Event::Audit { legs, .. } => Some(legs.clone()),
            _ => None,
        })
        .await;
    assert!(legs.iter().any(|seen| seen.leg == leg && seen.up), "{legs:?}");
    tandem.order(&leg, Command::Music).await;
    call.hears(MUSIC).await;
    call.hang_up().await;
    tandem.ended(&leg).await;
    rig.is_empty().await;
}

pub async fn phones_are_known_from_the_start() {
    let rig = Rig::start();
    let here = rig.phone("1001").await;
    // The engine writes it down a little later.
    let deadline = Instant::now() + PATIENCE;
    while !rig.ask("sofia_contact phones/1001@tandem.test").await.contains("sofia/phones/sip:1001@") {
        assert!(Instant::now() < deadline, "the phone is not written down\n{}", rig.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let phone = |user: &str, registered| Event::Phone {
        extension: tandem::base::id::Name::new(user).expect("name"),
        registered,
    };
    let mut tandem = rig.adapter().await;
    tandem.expect(0, phone("1001", true)).await;
    tandem.expect(0, phone("1002", false)).await;
    assert_eq!(tandem.times(|e| *e == phone("1001", false) || *e == phone("1002", true)), 0);
    let from = tandem.mark();
    let late = rig.phone("1002").await;
    tandem.expect(from, phone("1002", true)).await;
    let from = tandem.mark();
    here.unregister().await;
    tandem.expect(from, phone("1001", false)).await;
    // Its own list, asked for a little later, says nothing else.
    tandem.listen(Duration::from_secs(6)).await;
    assert_eq!(tandem.times(|e| *e == phone("1001", false)), 1, "{}", tandem.story());
    assert_eq!(tandem.times(|e| *e == phone("1002", false)), 1, "{}", tandem.story());
    drop(late);
}
