//! A phone in the wide band on a stream. Whoever speaks Opus here is FreeSWITCH itself, which calls its own trunk: the
//! suite's phones have no such codec, nor has Debian's Asterisk.

use std::{path::Path, time::Duration};

use tandem::{
    base::wav::Wav,
    ports::engine::{Command, Event, HangupCause, Verdict, Wire},
};
use tokio::time::sleep;

use crate::{
    bench::Kind,
    support::tone::Heard,
    tapping::Line,
    world::{HIGH, LOW, World, eventually},
};

mod freeswitch {
    #[tokio::test]
    async fn a_phone_that_speaks_opus_is_heard_and_hears_at_48_khz() {
        super::a_phone_that_speaks_opus_is_heard_and_hears_at_48_khz().await;
    }
}

/// The phone's own channel.
const PHONE: &str = "0000f00d-0000-8000-8000-000000000099";
/// A prompt.
const PROMPT: f64 = 600.0;

/// Waits until the phone hears this tone: what it hears is recorded at its end.
async fn hears(world: &World, folder: &Path, tone: f64) {
    let mut number = 0;
    eventually(&format!("the phone hears {tone} Hz"), async || {
        number += 1;
        let file = folder.join(format!("{tone}-{number}.wav"));
        let record = |act: &str| format!("api uuid_record {PHONE} {act} {}", file.display());
        world.ask(&[&record("start")]).await;
        sleep(Duration::from_millis(500)).await;
        world.ask(&[&record("stop")]).await;
        let bytes = std::fs::read(&file).map_err(|why| why.to_string())?;
        let Wav { rate, samples, .. } = Wav::parse(&bytes).map_err(|why| why.to_string())?;
        let heard = Heard(samples.iter().step_by(rate as usize / 8000).copied().collect());
        let (share, loudness) = (heard.share(tone), heard.loudness());
        let good = rate == 48_000 && heard.seconds() > 0.2 && share > 0.8 && loudness > 500.0;
        if good {
            Ok(())
        } else {
            Err(format!("{rate}: {:.2} s, {share:.2}, {loudness:.0}", heard.seconds()))
        }
    })
    .await;
}

async fn a_phone_that_speaks_opus_is_heard_and_hears_at_48_khz() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::without_daemon(Kind::Freeswitch).await;
    let mut line = Line::start(&world).await;
    let dial = format!(
        "api originate {{origination_uuid={PHONE},absolute_codec_string=OPUS,RECORD_READ_ONLY=true,\
         origination_caller_id_number=13800000099}}sofia/phones/8000@{} \
         &endless_playback(tone_stream://%(1000,0,{LOW});loops=-1)",
        world.outside_address()
    );
    let dial = [dial.as_str()];
    let (dialled, leg) = tokio::join!(world.ask(&dial), line.arrives());
    assert!(dialled[0].contains("+OK"), "{dialled:?}");
    let ear = line.tap(&leg).await;
    assert_eq!(ear.stream.expect("it begins").wire, Wire::Raw { rate: 48_000 });
    ear.says(HIGH);
    ear.hears(LOW).await;
    hears(&world, folder.path(), HIGH).await;
    world.ask(&[&format!("api uuid_send_dtmf {PHONE} 5")]).await;
    line.key(&leg, '5').await;
    ear.hears(LOW).await;
    // The engine's own prompt.
    line.order(&leg, Command::Untap).await;
    let media = vec![line.prompt(PROMPT); 8];
    let order = line.order(&leg, Command::Play { media }).await;
    hears(&world, folder.path(), PROMPT).await;
    line.expect(Event::Played { leg: leg.clone(), order, verdict: Verdict::Finished }).await;
    line.order(&leg, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
    line.expect(Event::Ended { leg, cause: HangupCause::NORMAL_CLEARING }).await;
    world.ends_clean().await;
}
