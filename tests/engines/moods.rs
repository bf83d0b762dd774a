//! How a talk goes, heard on the real engine: both fall silent and one speaks again; one is loud, high and sharp.

use std::{
    fs,
    time::{Duration, Instant},
};

use tandem::{base::mood::Side, live::switchboard::view::MoodView};

use crate::{
    bench::Kind,
    office::Office,
    speech::{spoken, spoken_at},
    support::{call::Call, phone::Phone},
    world::{both_talk_a_while, within},
};

on_every_engine! {
    a_silence_is_told_soon_and_over_with_the_next_word,
    a_raised_voice_is_told_and_so_is_whose_it_is,
}

const CALLER: &str = "13900000030";
/// How long the site lets both be silent, and how soon after that it is to be told (R135).
const SILENCE: Duration = Duration::from_secs(4);
const SOON: Duration = Duration::from_secs(2);
/// What is said, and what follows it.
const LONG: Duration = Duration::from_secs(45);
const WORDS: &str = "I ordered the lamp two weeks ago, and it came on Monday. The box was open and one of the screws was missing. \
                     Then I wrote to you and somebody said that a new one would be sent within three days.";

struct Talk {
    office: Office,
    _phones: [Phone; 2],
    call: Call,
    agent: Call,
}

async fn talk(kind: Kind) -> Talk {
    let office = Office::on_site(kind, |site| {
        let queue = "support: { ring: 20s, max_wait: 5m, mood: { silence: 4s, heat: 60 } }\n";
        fs::write(site.join("queues.yaml"), queue).expect("written");
    })
    .await;
    let anna = office.phone("1001").await;
    office.world.agent_starts_anew("anna").await;
    office.world.agent_is("anna", "ready").await;
    let caller = office.world.outside(CALLER).await;
    let call = caller.dial("8002").await;
    let agent = anna.rings().await;
    agent.answer();
    both_talk_a_while(&call, &agent).await;
    call.is_silent();
    agent.is_silent();
    Talk { office, _phones: [caller, anna], call, agent }
}

impl Talk {
    async fn mood(&self) -> Option<MoodView> {
        self.office.world.call_is(CALLER, "talking").await.mood
    }

    async fn becomes(&self, mood: &str) -> MoodView {
        within(LONG, &format!("the talk is {mood}"), async || match self.mood().await {
            Some(now) if now.mood == mood => Ok(now),
            other => Err(format!("{other:?}")),
        })
        .await
    }

    /// Hung up; the call's story.
    async fn ends(self) -> Vec<String> {
        self.call.hang_up().await;
        self.agent.ended().await;
        let record = self.office.world.record(CALLER).await;
        self.office.world.ends_clean().await;
        record.steps.iter().map(|step| step.what.to_string()).collect()
    }
}

async fn says(call: &Call, samples: &[i16]) {
    call.says_sound(samples);
    let span = Duration::from_millis(samples.len() as u64 / 8) + SOON;
    within(span, "it is said", async || call.said().map(drop).ok_or_else(|| "not yet".to_owned())).await;
}

pub async fn a_silence_is_told_soon_and_over_with_the_next_word(kind: Kind) {
    let mut talk = talk(kind).await;
    let words = spoken("en", WORDS);
    talk.becomes("calm").await;
    // One who speaks is enough; nobody is silent for as long as that.
    assert!(words.len() > 8000 * (SILENCE + SOON).as_secs() as usize);
    says(&talk.agent, &words).await;
    let since = Instant::now();
    assert_eq!(talk.mood().await.expect("sensed").mood, "calm");
    talk.becomes("silent").await;
    let told = since.elapsed();
    // The last words end some moments before the last sample.
    let some = Duration::from_millis(800);
    assert!((SILENCE..SILENCE + SOON + some).contains(&(told + some)), "{told:?}");
    assert!(talk.office.world.tandem(&["calls"]).contains("silent"));
    // Tandem is killed meanwhile, listens anew, and knows that it was silent until somebody speaks.
    talk.office.world.kill_daemon().await;
    talk.office.world.restart_daemon().await;
    assert_eq!(talk.mood().await.expect("sensed").mood, "silent");
    talk.call.says_sound(&words);
    talk.becomes("calm").await;
    talk.becomes("silent").await;
    // So it does after an orderly stop.
    talk.office.world.stop_daemon().await;
    talk.office.world.restart_daemon().await;
    talk.agent.says_sound(&words);
    talk.becomes("calm").await;
    talk.becomes("silent").await;
    let told = talk.ends().await;
    let moods: Vec<&str> = told
        .iter()
        .map(String::as_str)
        .filter(|step| step.contains("calm") || step.contains("neither"))
        .collect();
    let silent = "neither has said anything for 4 s";
    let calm = "the talk is calm again";
    assert_eq!(moods, [silent, calm, silent, calm, silent], "{told:#?}");
}

pub async fn a_raised_voice_is_told_and_so_is_whose_it_is(kind: Kind) {
    let talk = talk(kind).await;
    let calm = spoken_at("en", 35, WORDS).repeat(2);
    says(&talk.call, &calm.iter().map(|sample| sample / 4).collect::<Vec<_>>()).await;
    talk.becomes("calm").await;
    // One shouts, and the other does not stop.
    let shouts = raised(&spoken_at("en", 85, WORDS)).repeat(2);
    talk.agent.says_sound(&spoken("en", WORDS).repeat(2));
    talk.call.says_sound(&shouts);
    let heated = talk.becomes("heated").await;
    assert_eq!(heated.side, Some(Side::Caller));
    assert!(heated.score.is_some_and(|score| score >= 60), "{heated:?}");
    talk.becomes("silent").await;
    let told = talk.ends().await;
    assert!(
        told.iter().any(|step| step.starts_with("the talk is heated, ") && step.ends_with(": the caller"))
    );
}

/// As loud as it can be, and sharper: effort lifts what is high (Banse & Scherer 1996).
fn raised(samples: &[i16]) -> Vec<i16> {
    let mut before = 0.0;
    let sharper = samples.iter().map(|sample| {
        let now = f64::from(*sample);
        let high = now - before;
        before = now;
        (0.6 * now + 1.2 * high).clamp(-32_000.0, 32_000.0) as i16
    });
    sharper.collect()
}
