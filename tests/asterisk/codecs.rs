//! What phones and trunks speak.

use std::time::Duration;

use tandem::ports::engine::{Command, Endpoint, HangupCause, Verdict};

use crate::{
    rig::{Rig, name, number, talk},
    support::{
        codec::Codec,
        phone::Phone,
        tone::{from_alaw, from_ulaw, to_alaw, to_ulaw},
    },
};

#[test]
fn our_phones_write_what_they_read() {
    for sample in (i16::MIN..=i16::MAX).step_by(7) {
        for back in [from_ulaw(to_ulaw(sample)), from_alaw(to_alaw(sample))] {
            let off = (i32::from(back) - i32::from(sample)).abs();
            assert!(off <= i32::from(sample).abs() / 16 + 140, "{sample} {back}");
        }
    }
    // From the tables of G.711.
    assert_eq!((from_alaw(0xD5), from_alaw(0x55), from_alaw(0xAA), from_alaw(0x2A)), (8, -8, 32256, -32256));
    let packet = Codec::G729.encode(&[697.0], 0);
    assert!(Codec::G729.decode(&packet, 0).iter().any(|sample| *sample > 7000));
    assert!(Codec::G729.decode(&packet[1..], 0).iter().all(|sample| *sample == 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_phones_with_one_codec_hear_each_other() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    for codec in [Codec::Pcma, Codec::Opus, Codec::G729] {
        outside.speaks(codec);
        agent.speaks(codec);
        let ((call, leg), (taken, to)) = rig.talk(&outside, &agent, "1001").await;
        talk(&call, &taken).await;
        // Keys are told all the same.
        call.press("5");
        rig.until("Key", |event| event.leg() == Some(&leg) && format!("{event:?}").contains("Key")).await;
        rig.leaves(&call, &leg).await;
        rig.ended(&to).await;
    }
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_phones_with_different_codecs_hear_each_other_where_asterisk_can_translate() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    outside.speaks(Codec::Pcma);
    let ((call, leg), (taken, to)) = rig.talk(&outside, &agent, "1001").await;
    talk(&call, &taken).await;
    taken.hang_up().await;
    rig.ended(&to).await;
    rig.returned(&leg).await;
    let prompt = rig.prompt(500.0, Duration::from_millis(600));
    let order = rig.order(&leg, Command::Play { media: vec![prompt] }).await;
    call.hears(500.0).await;
    rig.played(&leg, order, Verdict::Finished).await;
    rig.leaves(&call, &leg).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunk_is_spoken_to_as_the_caller_speaks() {
    let carrier = Phone::new("carrier", "127.0.0.1:9".parse().expect("an address")).await;
    let mut rig = Rig::with_carrier(carrier.address()).await;
    let agent = rig.phone("1001").await;
    for codec in [Codec::Pcma, Codec::Opus, Codec::G729] {
        agent.speaks(codec);
        carrier.speaks(codec);
        let call = agent.dial("8000").await;
        let (leg, _) = rig.arrived().await;
        let endpoint = Endpoint::Trunk { trunk: name("carrier"), number: number("+8613800138000") };
        let (to, _) = rig.connect(&leg, endpoint, 20);
        let taken = carrier.rings().await;
        taken.answer();
        rig.joined(&leg, &to).await;
        talk(&call, &taken).await;
        rig.order(&leg, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
        rig.ended(&leg).await;
        rig.ended(&to).await;
        taken.ended().await;
    }
    rig.clean().await;
}
