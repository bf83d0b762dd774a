//! What an admin would try first.

use std::time::Duration;

use tandem::{
    base::{
        id::Name,
        number::{Key, Number},
    },
    ports::engine::{Command, Endpoint, Event, HangupCause, Origin, Verdict},
};

use crate::{
    rig::{MUSIC, ONE, Rig, TWO, prompt},
    support::phone::Manner,
};

pub async fn a_caller_is_answered_and_hears_prompts() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let caller = rig.outside("15550100").await;
    let from = tandem.mark();
    let call = caller.dial("8000").await;
    let (leg, arrival) = tandem.arrival(from).await;
    assert_eq!(arrival.origin, Origin::Trunk);
    assert_eq!(arrival.to.as_str(), "8000");
    assert_eq!(arrival.from.as_ref().map(Number::as_str), Some("15550100"));
    tandem.order(&leg, Command::Lease { span: Duration::from_secs(30) }).await;
    tandem.order(&leg, Command::Answer).await;
    tandem.expect(from, Event::Answered { leg: leg.clone() }).await;
    call.answered().await;
    let order = tandem.order(&leg, Command::Play { media: vec![prompt(1), prompt(2)] }).await;
    call.hears(ONE).await;
    call.hears(TWO).await;
    tandem.played(&leg, order, Verdict::Finished).await;
    let order = tandem.send(&leg, Command::Play { media: vec![prompt(9)] });
    tandem.played(&leg, order, Verdict::Failed).await;
    let order = tandem.order(&leg, Command::Play { media: vec![prompt(1)] }).await;
    tandem.played(&leg, order, Verdict::Finished).await;
    tandem.order(&leg, Command::Release).await;
    tandem.order(&leg, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
    assert_eq!(tandem.ended(&leg).await, HangupCause::NORMAL_CLEARING);
    call.ended().await;
    rig.is_empty().await;
}

pub async fn a_prompt_is_stopped_and_replaced() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    let music = tandem.send(&leg, Command::Music);
    tandem
        .expect(
            0,
            Event::Outcome { leg: leg.clone(), order: music, outcome: tandem::ports::engine::Outcome::Done },
        )
        .await;
    call.hears(MUSIC).await;
    let first = tandem.send(&leg, Command::Play { media: vec![prompt(1)] });
    call.hears(ONE).await;
    // The next one at once, and a stop while it has not even begun.
    let second = tandem.send(&leg, Command::Play { media: vec![prompt(2)] });
    let stop = tandem.send(&leg, Command::Stop);
    tandem.played(&leg, first, Verdict::Stopped).await;
    tandem.played(&leg, second, Verdict::Stopped).await;
    tandem
        .expect(
            0,
            Event::Outcome { leg: leg.clone(), order: stop, outcome: tandem::ports::engine::Outcome::Done },
        )
        .await;
    // A break that comes late must not hit the next prompt.
    for _ in 0..5 {
        let short = tandem.send(&leg, Command::Play { media: vec![prompt(1)] });
        tandem.send(&leg, Command::Stop);
        tandem.played(&leg, short, Verdict::Stopped).await;
    }
    let whole = tandem.send(&leg, Command::Play { media: vec![prompt(2)] });
    tandem.played(&leg, whole, Verdict::Finished).await;
    tandem.order(&leg, Command::Music).await;
    call.hears(MUSIC).await;
    tandem.order(&leg, Command::Stop).await;
    let quiet = call.listen(Duration::from_millis(500)).await;
    assert!(quiet.share(MUSIC) < 0.2, "the music plays on");
    call.hang_up().await;
    assert_eq!(tandem.ended(&leg).await, HangupCause::NORMAL_CLEARING);
    rig.is_empty().await;
}

pub async fn keys_are_heard() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    let order = tandem.send(&leg, Command::Play { media: vec![prompt(1), prompt(2)] });
    call.hears(ONE).await;
    for key in "1*#0".chars() {
        let from = tandem.mark();
        call.press(&key.to_string());
        let key = Key::new(key).expect("a key");
        tandem.expect(from, Event::Key { leg: leg.clone(), key }).await;
    }
    // No key ends a prompt by itself.
    tandem.played(&leg, order, Verdict::Finished).await;
    call.hang_up().await;
    tandem.ended(&leg).await;
    rig.is_empty().await;
}

pub async fn two_talk_and_either_hangs_up() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    tandem.expect(0, Event::Phone { extension: Name::new("1001").expect("name"), registered: true }).await;
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    tandem.order(&leg, Command::Music).await;
    call.hears(MUSIC).await;
    for agent_first in [true, false] {
        let from = tandem.mark();
        let to = tandem.dial(&leg, "1001");
        let talk = agent.rings().await;
        assert_eq!(talk.other(), "15550100");
        tandem.expect(from, Event::Ringing { leg: to.clone() }).await;
        call.hears(MUSIC).await;
        talk.answer();
        tandem.expect(from, Event::Answered { leg: to.clone() }).await;
        tandem.expect(from, Event::Joined { leg: leg.clone(), peer: to.clone() }).await;
        call.says(440.0);
        talk.says(1000.0);
        call.hears(1000.0).await;
        talk.hears(440.0).await;
        if agent_first {
            talk.hang_up().await;
            assert_eq!(tandem.ended(&to).await, HangupCause::NORMAL_CLEARING);
            tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
            let order = tandem.send(&leg, Command::Play { media: vec![prompt(1)] });
            tandem.played(&leg, order, Verdict::Finished).await;
        } else {
            call.hang_up().await;
            assert_eq!(tandem.ended(&leg).await, HangupCause::NORMAL_CLEARING);
            assert_eq!(tandem.ended(&to).await, HangupCause::NORMAL_CLEARING);
            talk.ended().await;
        }
        assert_eq!(tandem.times(|e| matches!(e, Event::Ended { leg, .. } if *leg == to)), 1);
    }
    let from = tandem.mark();
    agent.unregister().await;
    tandem
        .expect(from, Event::Phone { extension: Name::new("1001").expect("name"), registered: false })
        .await;
    rig.is_empty().await;
}

pub async fn a_phone_of_the_house_calls() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let (one, two) = (rig.phone("1001").await, rig.phone("1002").await);
    let from = tandem.mark();
    let call = one.dial("1002").await;
    let (leg, arrival) = tandem.arrival(from).await;
    assert_eq!(arrival.origin, Origin::Phone(Name::new("1001").expect("name")));
    assert_eq!(arrival.to.as_str(), "1002");
    // Not answered first: the caller hears it ring, and is answered when the other is.
    let to = tandem.dial(&leg, "1002");
    let talk = two.rings().await;
    talk.answer();
    call.answered().await;
    tandem.expect(from, Event::Joined { leg: leg.clone(), peer: to.clone() }).await;
    call.says(440.0);
    talk.hears(440.0).await;
    talk.hang_up().await;
    tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
    tandem.order(&leg, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
    call.ended().await;
    rig.is_empty().await;
}

pub async fn an_outside_number_is_dialled_on_a_trunk() {
    let mut carrier_port = None;
    let carrier = crate::support::phone::Phone::new("carrier", "127.0.0.1:9".parse().expect("address")).await;
    let rig = Rig::with(|site| {
        carrier_port = Some(carrier.address().port());
        let trunk = site.trunks.values_mut().next().expect("trunk");
        trunk.address = carrier.address().to_string().into();
    });
    carrier.on_call(Manner::AnswerAfter(Duration::from_millis(100)));
    let mut tandem = rig.adapter().await;
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    let endpoint = Endpoint::Trunk {
        trunk: Name::new("carrier").expect("name"),
        number: Number::new("+8613800138000").expect("number"),
    };
    let to = tandem.connect(&leg, endpoint, Duration::from_secs(10), "");
    let talk = carrier.rings().await;
    tandem.expect(0, Event::Joined { leg: leg.clone(), peer: to.clone() }).await;
    talk.says(1000.0);
    call.hears(1000.0).await;
    call.hang_up().await;
    tandem.ended(&to).await;
    rig.is_empty().await;
    // A trunk that the engine does not know: no channel ever, one end all the same.
    let (call, leg) = tandem.answer(&caller, "8000").await;
    let from = tandem.mark();
    let endpoint = Endpoint::Trunk {
        trunk: Name::new("nowhere").expect("name"),
        number: Number::new("1").expect("number"),
    };
    let to = tandem.connect(&leg, endpoint, Duration::from_secs(10), "");
    tandem.ended(&to).await;
    tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
    call.hang_up().await;
    tandem.ended(&leg).await;
    rig.is_empty().await;
}

pub async fn a_hostile_name_is_only_a_name() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    let names = [
        "x'}loopback/9999/public &hangup()",
        "a,origination_caller_id_number=666,b=${system(touch /tmp/x)}",
        "[leg_timeout=1]|user/1002@tandem.test:_:error/busy",
        "^^:a:b $${hold_music} %{x} \\n\\'\"<sip:evil@x>",
        "王小明 O'Brien",
    ];
    for name in names {
        let endpoint = Endpoint::Phone(Name::new("1001").expect("name"));
        let from = tandem.mark();
        let to = tandem.connect(&leg, endpoint, Duration::from_secs(10), name);
        let talk = agent.rings().await;
        assert_eq!(talk.other(), "15550100", "{name}");
        rig.has_channels(2).await;
        talk.hang_up().await;
        assert_eq!(tandem.ended(&to).await, HangupCause::CALL_REJECTED, "{name}");
        tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
    }
    call.hang_up().await;
    tandem.ended(&leg).await;
    rig.is_empty().await;
}
