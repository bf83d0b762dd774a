//! Callers speak and hear in real time, through datagrams.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};

use super::rig::{COMPLETE, RAW, Rig, hearing, leg, millis, spoken, white};
use crate::{
    base::locale::Locale,
    ports::{
        engine::{Command, Ear, Event, Hearing, Media, Verdict, Wire},
        speech::{Act, Partial, Recognizer, Scripted, Sound, Unheard},
    },
};

fn says(texts: &[&str]) -> Arc<Scripted> {
    Arc::new(Scripted::new(texts.iter().map(|text| Act::Says((*text).into()))))
}

/// Long enough to be interrupted: a tone, so that each of its samples is loud enough to be told from silence.
fn tone(seconds: u32) -> Vec<i16> {
    (0..seconds * 8000).map(|n| ((f64::from(n) * 0.7).sin() * 9000.0) as i16).collect()
}

async fn question() -> Vec<i16> {
    spoken(Locale::English, "I would like to return something.").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prompt_is_heard_and_an_answer_understood_on_both_wires_and_in_the_wide_band() {
    for wire in [RAW, Wire::Rtp { payload: 11, rate: 8000 }, Wire::Rtp { payload: 118, rate: 16_000 }] {
        let mut rig = Rig::start(1, wire, says(&["return something"])).await;
        let prompt = rig.prompt(1, &tone(1));
        rig.order(0, Command::Listen(hearing(Ear::Free)));
        let play = rig.order(0, Command::Play { media: vec![prompt] });
        assert_eq!(rig.played(play).await, Verdict::Finished);
        let heard: Vec<i16> = rig.mouths[0].heard().into_iter().flat_map(|frame| frame.samples).collect();
        let loud = heard.iter().filter(|sample| sample.unsigned_abs() > 500).count();
        let (Wire::Raw { rate } | Wire::Rtp { rate, .. }) = wire;
        assert!(loud as f64 > 0.9 * f64::from(rate), "{loud} of {rate} samples of the prompt were heard");

        let answer = question().await;
        let wide: Vec<i16> = answer.iter().flat_map(|s| vec![*s; rate as usize / 8000]).collect();
        rig.mouths[0].say(&wide);
        rig.voice().await;
        assert_eq!(rig.said().await, "return something");
        assert_eq!(rig.forming.recv().await.expect("words form").text, "return");
        assert_eq!(
            rig.count(|event| matches!(event, Event::Tapped { .. })),
            0,
            "the tap is nobody's business"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voice_pauses_the_prompt_at_once_and_it_goes_on_or_is_replaced() {
    let mut rig = Rig::start(1, RAW, says(&["", "no", "yes"])).await;
    let long = rig.prompt(1, &tone(30));
    let short = rig.prompt(2, &tone(1));
    rig.mouths[0].noise(60.0);
    rig.order(0, Command::Listen(hearing(Ear::Free)));
    let play = rig.order(0, Command::Play { media: vec![long] });
    let question = question().await;
    let mut spans = Vec::new();
    for turn in 0..3 {
        rig.hears(0, true).await;
        // Whoever was no interruption is told from one for a while.
        tokio::time::sleep(millis(1700)).await;
        rig.mouths[0].heard();
        rig.mouths[0].say(&question);
        rig.voice().await;
        rig.hears_after_pause().await;
        let said = rig.mouths[0].said_at().expect("somebody spoke").into_std();
        let last = rig.last_loud.take().expect("a prompt was heard before");
        spans.push(last.saturating_duration_since(said));
        rig.said().await;
        if turn < 2 {
            rig.order(0, Command::GoOn);
        }
    }
    spans.sort();
    println!("from the first sample of speech to the last of the prompt: {spans:?}");
    assert!(spans[0] <= millis(300), "{spans:?}");
    assert_eq!(rig.count(|event| matches!(event, Event::Played { .. })), 0, "it is still the same prompt");
    let next = rig.order(0, Command::Play { media: vec![short] });
    assert_eq!(rig.played(play).await, Verdict::Stopped);
    assert_eq!(rig.played(next).await, Verdict::Finished);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn noise_over_a_prompt_stops_nothing() {
    let mut rig = Rig::start(1, RAW, says(&["never"])).await;
    rig.mouths[0].noise(150.0);
    rig.order(0, Command::Listen(hearing(Ear::Free)));
    let play = rig.order(0, Command::Play { media: vec![rig.prompt(1, &tone(2))] });
    rig.hears(0, true).await;
    rig.mouths[0].say(&white(1, 8000, 9000.0));
    assert_eq!(rig.played(play).await, Verdict::Finished);
    assert_eq!(rig.count(|event| matches!(event, Event::Voice { .. })), 0, "noise has no pitch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn digits_are_over_when_all_are_there_and_may_have_pauses() {
    let mut rig = Rig::start(1, RAW, says(&["one two three four ", "five six"])).await;
    let digits = spoken(Locale::English, "one two three four").await;
    rig.order(0, Command::Listen(hearing(Ear::Digits { min: 4, max: 4 })));
    rig.mouths[0].say(&[digits.clone(), vec![0; 16_000], digits.clone()].concat());
    rig.voice().await;
    rig.said().await;
    assert!(rig.mouths[0].is_speaking(), "nobody waited for the end of the pause");
    // Of two digits a third may follow after a second.
    let mut rig = Rig::start(1, RAW, says(&["five six"])).await;
    rig.order(0, Command::Listen(hearing(Ear::Digits { min: 4, max: 4 })));
    rig.mouths[0].say(&[digits.clone(), vec![0; 8000], digits].concat());
    rig.voice().await;
    rig.said().await;
    assert!(!rig.mouths[0].is_speaking());
    assert_eq!(rig.count(|event| matches!(event, Event::Voice { .. })), 1, "one utterance");
}

/// Whoever hears along is behind, and has the last digit when asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn digits_are_over_when_the_last_is_known_by_asking() {
    let mut rig = Rig::start(1, RAW, says(&["one two three four"])).await;
    let mut digits = spoken(Locale::English, "one two three four").await;
    let last = digits.iter().rposition(|sample| sample.unsigned_abs() > 300).expect("a voice");
    digits.truncate(last + 1);
    rig.order(0, Command::Listen(hearing(Ear::Digits { min: 4, max: 4 })));
    rig.mouths[0].say(&digits);
    rig.voice().await;
    assert_eq!(rig.said().await, "one two three four");
    let began = rig.mouths[0].said_at().expect("it was said");
    let took = began.elapsed().saturating_sub(Duration::from_secs_f64(digits.len() as f64 / 8000.0));
    assert!(took < Duration::from_millis(1000), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recogniser_that_hangs_or_breaks_gives_no_words_in_time_and_the_next_is_heard() {
    let acts = [Act::Hangs, Act::Panics, Act::Fails, Act::Says("at last".into())];
    let mut rig = Rig::start(1, RAW, Arc::new(Scripted::new(acts))).await;
    rig.order(0, Command::Listen(hearing(Ear::Free)));
    let question = question().await;
    for words in ["", "", "", "at last"] {
        rig.mouths[0].say(&question);
        rig.voice().await;
        assert_eq!(rig.said().await, words);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jitter_loss_and_places_that_change_harm_no_utterance() {
    let mut rig =
        Rig::start(1, Wire::Rtp { payload: 11, rate: 8000 }, Arc::new(Scripted::new([Act::Counts]))).await;
    rig.mouths[0].jitter(0.05, 0.1);
    rig.order(0, Command::Listen(hearing(Ear::Free)));
    let question = question().await;
    rig.mouths[0].say(&question);
    rig.voice().await;
    let heard: usize = rig.said().await.parse().expect("a count");
    // With what comes before it, and the silence that ends it.
    assert!((question.len()..question.len() + 12_000).contains(&heard), "{heard} of {}", question.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_of_whom_nothing_is_heard_any_more_hears_the_prompt_from_the_engine() {
    let mut rig = Rig::start(1, RAW, says(&["never"])).await;
    let long = rig.prompt(1, &tone(30));
    rig.order(0, Command::Listen(hearing(Ear::Free)));
    let play = rig.order(0, Command::Play { media: vec![long] });
    rig.hears(0, true).await;
    rig.mouths[0].dies(true);
    // The simulated engine's own prompts take two seconds, without a sound here.
    assert_eq!(rig.played(play).await, Verdict::Finished);
    rig.mouths[0].heard();
    rig.order(0, Command::Hangup { cause: crate::ports::engine::HangupCause::NORMAL_CLEARING });
    rig.until("end", |event| matches!(event, Event::Ended { leg: at, .. } if *at == leg(0))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn speech_at_the_end_of_listening_is_dropped_and_the_prompt_heard_to_its_end() {
    let mut rig = Rig::start(1, RAW, says(&["never"])).await;
    let prompt: Media = rig.prompt(1, &tone(2));
    rig.order(0, Command::Listen(hearing(Ear::Free)));
    let play = rig.order(0, Command::Play { media: vec![prompt] });
    rig.hears(0, true).await;
    rig.mouths[0].say(&question().await);
    rig.voice().await;
    rig.order(0, Command::Deaf);
    assert_eq!(rig.played(play).await, Verdict::Finished);
    tokio::time::sleep(Duration::from_secs(1)).await;
    while let Ok(event) = rig.engine.events.try_recv() {
        assert!(!matches!(event, Event::Said { .. }), "nobody listened any more");
    }
}

/// Hears along, and says after a quarter of a second how many samples it heard, with this behind it.
struct HearsAlong(&'static str);

impl Recognizer for HearsAlong {
    fn recognise(
        &self,
        _: &Hearing,
        mut sound: Sound,
        partial: Partial,
    ) -> BoxFuture<'static, Result<String, Unheard>> {
        let end = self.0;
        async move {
            let mut heard = 0;
            while let Some(frame) = sound.next().await {
                heard += frame.len();
                partial.tell("something");
            }
            tokio::time::sleep(millis(250)).await;
            Ok(format!("{heard}{end}"))
        }
        .boxed()
    }
}

/// Speech without the silence around it.
async fn words() -> Vec<i16> {
    let question = question().await;
    let loud = |sample: &i16| sample.unsigned_abs() > 300;
    let (first, last) = (question.iter().position(loud), question.iter().rposition(loud));
    question[first.unwrap_or_default()..=last.unwrap_or_default()].to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_in_mid_sentence_cuts_nobody_off() {
    let mut rig = Rig::start(1, RAW, Arc::new(HearsAlong(""))).await;
    rig.order(0, Command::Listen(hearing(Ear::Free)));
    let words = words().await;
    // Long enough for words to be looked for and to be there, and too short for an end.
    for pause in [350, 500, 580] {
        let paused = [words.clone(), vec![0; 8 * pause], words.clone()].concat();
        rig.mouths[0].say(&paused);
        rig.voice().await;
        let heard: usize = rig.said().await.parse().expect("a count");
        // With what comes before it, and the silence after which its words were looked for.
        assert!(
            (paused.len()..paused.len() + 8 * 700).contains(&heard),
            "{heard} of {}, {pause} ms",
            paused.len()
        );
    }
    assert_eq!(rig.count(|event| matches!(event, Event::Voice { .. })), 3, "each is one utterance");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_recogniser_needs_passes_within_the_silence_and_complete_words_end_it() {
    let words = words().await;
    let mut late = Vec::new();
    for (end, least, most) in [("", 620, 940), (COMPLETE, 480, 620)] {
        let mut rig = Rig::start(1, RAW, Arc::new(HearsAlong(end))).await;
        rig.order(0, Command::Listen(hearing(Ear::Free)));
        let mut spans: Vec<u128> = Vec::new();
        for _ in 0..3 {
            rig.mouths[0].say(&words);
            rig.voice().await;
            rig.said().await;
            let said = rig.mouths[0].said_at().expect("somebody spoke").into_std();
            let whole = Duration::from_secs_f64(words.len() as f64 / 8000.0);
            spans.push(said.elapsed().saturating_sub(whole).as_millis());
        }
        spans.sort_unstable();
        assert!((least..most).contains(&spans[0]), "{spans:?}");
        late.push(spans[1]);
    }
    println!(
        "from the last sample of speech to its words, of a recogniser that needs 250 ms: {} ms, {} if they are complete",
        late[0], late[1]
    );
}
