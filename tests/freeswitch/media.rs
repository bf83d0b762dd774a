//! Codecs, keys by either way, and trunks whose far end says nothing.

use std::time::{Duration, Instant};

use tandem::{
    base::{id::Name, number::Key},
    ports::engine::{Command, Event, HangupCause},
};

use crate::{
    dial::{dialled, phone, trunk},
    rig::{ONE, PATIENCE, Rig, prompt},
    support::{
        codec::Codec::{G729, Opus, Pcma, Pcmu},
        phone::{Manner, Phone},
    },
};

pub async fn every_codec_is_understood_or_passed_on() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    let caller = rig.outside("15550100").await;
    for (mine, theirs) in [(Pcmu, Pcma), (Pcma, Pcmu), (Pcma, Pcma), (Opus, Opus), (G729, G729)] {
        caller.speaks(mine);
        agent.speaks(theirs);
        let from = tandem.mark();
        let call = caller.dial("8000").await;
        let (leg, _) = tandem.arrival(from).await;
        let to = tandem.dial(&leg, "1001");
        let talk = agent.rings().await;
        talk.answer();
        tandem.expect(from, Event::Joined { leg: leg.clone(), peer: to.clone() }).await;
        call.answered().await;
        call.says(440.0);
        talk.says(1000.0);
        call.hears(1000.0).await;
        talk.hears(440.0).await;
        call.hang_up().await;
        tandem.ended(&leg).await;
        tandem.ended(&to).await;
    }
    // Whoever speaks only what is passed on cannot be answered by ourselves, and others hear our prompts.
    agent.speaks(Pcmu);
    for (codec, hears) in [(Pcma, true), (Pcmu, true), (G729, false)] {
        caller.speaks(codec);
        let from = tandem.mark();
        let call = caller.dial("8000").await;
        let (leg, _) = tandem.arrival(from).await;
        tandem.send(&leg, Command::Answer);
        if hears {
            call.answered().await;
            tandem.order(&leg, Command::Play { media: vec![prompt(1)] }).await;
            call.hears(ONE).await;
            call.hang_up().await;
        } else {
            assert_eq!(call.ended().await.code, 488);
        }
        tandem.ended(&leg).await;
    }
    rig.is_empty().await;
}

pub async fn keys_come_by_sound_and_by_signal() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    let key = |key| Event::Key { leg: leg.clone(), key: Key::new(key).expect("a key") };
    for wanted in "5*#0".chars() {
        let from = tandem.mark();
        call.press_by_info(wanted).await;
        tandem.expect(from, key(wanted)).await;
    }
    call.press("7");
    tandem.expect(0, key('7')).await;
    // A phone that tells every key twice has pressed it once, and so during a prompt.
    tandem.listen(Duration::from_secs(3)).await;
    tandem.order(&leg, Command::Play { media: vec![prompt(1), prompt(2)] }).await;
    let from = tandem.mark();
    for both in "1123".chars() {
        call.press(&both.to_string());
        call.press_by_info(both).await;
        tandem.listen(Duration::from_millis(250)).await;
    }
    tandem.expect(from, key('3')).await;
    tandem.listen(Duration::from_millis(500)).await;
    let told: String = tandem.told[from..]
        .iter()
        .filter_map(|(_, e)| if let Event::Key { key, .. } = e { Some(key.to_string()) } else { None })
        .collect();
    assert_eq!(told, "1123");
    call.hang_up().await;
    tandem.ended(&leg).await;
    rig.is_empty().await;
}

pub async fn a_silent_trunk_is_given_up_in_time_and_known() {
    let carrier = Phone::new("carrier", "127.0.0.1:9".parse().expect("address")).await;
    let rig = Rig::with(|site| {
        let name = Name::new("carrier").expect("name");
        site.trunks.get_mut(&name).expect("trunk").address = carrier.address().to_string().into();
    });
    let mut tandem = rig.adapter().await;
    let known = |up| Event::Trunk { trunk: Name::new("carrier").expect("name"), up };
    tandem.expect(0, known(true)).await;
    // It answers our questions, but no call.
    carrier.on_call(Manner::Dead);
    let start = Instant::now();
    let leg = dialled(&mut tandem, "a", trunk("carrier"), 20, 10);
    let cause = tandem.ended(&leg).await;
    let took = start.elapsed();
    assert!(took < Duration::from_secs(4), "given up after {took:?} only");
    assert!(
        [HangupCause::TEMPORARY_FAILURE, HangupCause(102)].contains(&cause),
        "{cause} is no reason to try another trunk"
    );
    // The caller of a talk that does not come hears music meanwhile, and obeys again.
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    let from = tandem.mark();
    let to = tandem.connect(&leg, trunk("carrier"), Duration::from_secs(20), "");
    let start = Instant::now();
    tandem.ended(&to).await;
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
    // One that only rings for long is not given up.
    carrier.on_call(Manner::Ring);
    let to = tandem.connect(&leg, trunk("carrier"), Duration::from_secs(20), "");
    let talk = carrier.rings().await;
    tandem.listen(Duration::from_secs(5)).await;
    talk.answer();
    tandem.expect(from, Event::Joined { leg: leg.clone(), peer: to.clone() }).await;
    talk.says(1000.0);
    call.hears(1000.0).await;
    talk.hang_up().await;
    tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
    call.hang_up().await;
    tandem.ended(&leg).await;
    // It is gone altogether, and comes back.
    carrier.vanish();
    let patience = 2 * PATIENCE;
    tandem.get(from, patience, "that it is down", |e| (*e == known(false)).then_some(())).await;
    let start = Instant::now();
    let leg = dialled(&mut tandem, "b", trunk("carrier"), 20, 10);
    tandem.ended(&leg).await;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?} for a trunk that is down", start.elapsed());
    // A new Tandem knows from the start.
    drop(tandem);
    let mut tandem = rig.adapter().await;
    tandem.expect(0, known(false)).await;
    carrier.comes_back();
    tandem.get(0, patience, "that it is up", |e| (*e == known(true)).then_some(())).await;
    let leg = dialled(&mut tandem, "c", phone("1004"), 5, 10);
    tandem.ended(&leg).await;
    rig.is_empty().await;
}
