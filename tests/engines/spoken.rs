//! Callers who say in their own words what they want, on both engines and with phones: heard over the prompt, understood,
//! read back, and handed over with all that is known. Who hears them is a stand-in for an operator's recogniser
//! (`tests/support/recognizer.rs`), or pocketsphinx.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::time::sleep;

use crate::{
    bench::Kind,
    recognizer::{Known, StandIn},
    speech::spoken,
    support::{
        call::Call,
        phone::{PATIENCE, Phone},
        tone::Heard,
    },
    world::{World, both_talk, eventually, within},
};

on_every_engine! {
    a_caller_is_understood_interrupts_and_comes_to_a_human_who_knows_it,
    a_caller_is_understood_in_chinese,
    words_that_nobody_hears_and_keys_lead_to_a_human_too,
}

/// Nobody waits longer for an answer.
pub const FROM: &str = "13800000095";
/// Few, and so learned at once.
const SAMPLES: &str = include_str!("samples/after_sales.yaml");
/// So loud is a prompt at least, over 100 ms.
pub const LOUD: f64 = 150.0;

/// Lays the shipped after-sales flow into the suite's site; `hears` is the `speech` of site.yaml.
pub fn lay(site: &Path, languages: &str, hears: &str) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small");
    let read = |file: &str| fs::read_to_string(example.join(file)).expect("shipped");
    let flow = read("flows/after_sales.yaml").replace("mailbox: { voicemail: 1001 }", "mailbox: hangup");
    fs::write(site.join("flows/after_sales.yaml"), flow).expect("written");
    fs::create_dir_all(site.join("language")).expect("a folder");
    fs::write(site.join("language/after_sales.yaml"), SAMPLES).expect("written");
    let add = |file: &str, text: &str| {
        let old = fs::read_to_string(site.join(file)).expect("there");
        fs::write(site.join(file), old + text).expect("written");
    };
    let first = languages.split(',').next().unwrap_or_default();
    add("numbers.yaml", &format!("8040: {{ language: {first}, flow: after_sales }}\n"));
    add("site.yaml", hears);
    let general = fs::read_to_string(site.join("site.yaml")).expect("there");
    fs::write(
        site.join("site.yaml"),
        general.replace("languages: [en]", &format!("languages: [{languages}]")),
    )
    .expect("written");
}

pub async fn callers_are_understood(world: &World) {
    eventually("callers are understood", async || {
        let said = world.daemon_said().contains("what callers say is understood");
        if said { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await;
}

/// A caller in the conversation.
pub struct Caller {
    pub call: Call,
    pub world: World,
    voice: &'static str,
    _phone: Phone,
}

impl Caller {
    pub async fn new(world: World, voice: &'static str) -> Self {
        callers_are_understood(&world).await;
        let phone = world.outside(FROM).await;
        let call = phone.dial("8040").await;
        call.answered().await;
        Self { call, world, voice, _phone: phone }
    }

    /// Waits until a prompt is heard.
    pub async fn is_spoken_to(&self) {
        eventually("a prompt is heard", async || {
            let heard = self.call.listen(Duration::from_millis(100)).await;
            if heard.loudness() > LOUD { Ok(()) } else { Err(format!("{:.0}", heard.loudness())) }
        })
        .await;
    }

    /// Waits until the prompt is over: nothing for three quarters of a second.
    pub async fn has_the_word(&self) {
        within(3 * PATIENCE, "the prompt is over", async || {
            let heard = self.call.listen(Duration::from_millis(750)).await;
            if heard.loudness() < LOUD { Ok(()) } else { Err(format!("{:.0}", heard.loudness())) }
        })
        .await;
    }

    /// Says it; returns when it has been said.
    pub async fn says(&self, text: &str) -> Instant {
        let sound = spoken(self.voice, text);
        let span = Duration::from_secs_f64(sound.len() as f64 / 8000.0);
        self.call.says_sound(&sound);
        sleep(span).await;
        Instant::now()
    }

    /// The phone rings, they talk, and the caller hangs up.
    pub async fn talks_to(&self, phone: &Phone) {
        let taken = phone.rings().await;
        taken.answer();
        both_talk(&self.call, &taken).await;
        self.call.hang_up().await;
        taken.ended().await;
    }

    /// Waits until the call's steps have this.
    pub async fn because(&self, why: &str) {
        eventually(why, async || {
            let detail = self.detail().await?;
            let steps = detail["steps"].to_string();
            if steps.contains(why) { Ok(()) } else { Err(steps) }
        })
        .await;
    }

    pub async fn detail(&self) -> Result<Value, String> {
        let calls: Value = self.world.rest.try_get("/v1/calls").await.map_err(|why| why.to_string())?;
        let ours = calls.as_array().into_iter().flatten().find(|call| call["from"] == FROM);
        let id = ours.and_then(|call| call["id"].as_str()).ok_or("no such call")?.to_owned();
        self.world.rest.try_get(&format!("/v1/calls/{id}")).await.map_err(|why| why.to_string())
    }
}

/// What is said in a story.
pub fn known(voice: &str, texts: &[&str]) -> Vec<Known> {
    let one = |text: &&str| Known { rate: 8000, samples: spoken(voice, text), text: (*text).to_owned() };
    texts.iter().map(one).collect()
}

async fn a_caller_is_understood_interrupts_and_comes_to_a_human_who_knows_it(kind: Kind) {
    let [refund, order, yes, human] = [
        "i want my money back",
        "two zero two six one one four five",
        "yes that is right",
        "let me talk to a human being please",
    ];
    let ears = StandIn::start(known("en-us", &[refund, order, yes, human])).await;
    let hears = format!("speech:\n  en: {{ recognizer: vosk, url: \"ws://{}\" }}\n", ears.address);
    let world = World::on_site(kind, |site| lay(site, "en, zh", &hears)).await;
    let anna = world.agent("anna").await;
    let caller = Caller::new(world, "en-us").await;
    // The greeting is interrupted.
    caller.is_spoken_to().await;
    let start = Instant::now();
    caller.says(refund).await;
    let heard = caller.call.heard_since(start);
    let late = heard.0.chunks(80).skip(35).take(20).map(<[i16]>::to_vec).collect::<Vec<_>>().concat();
    let late = Heard(late).loudness();
    assert!(late < LOUD, "the greeting is silent from 350 ms after the first word on: {late:.0}");
    caller.because("the caller wants refund").await;
    caller.is_spoken_to().await;
    caller.has_the_word().await;
    caller.says(order).await;
    caller.because("order is told").await;
    caller.is_spoken_to().await;
    caller.has_the_word().await;
    let said = caller.says(yes).await;
    caller.is_spoken_to().await;
    println!("{}: {:.0?} from the last word to the next prompt", kind.word(), said.elapsed());
    caller.because("order is confirmed").await;
    caller.has_the_word().await;
    caller.says(human).await;
    let taken = anna.rings().await;
    taken.answer();
    both_talk(&caller.call, &taken).await;
    let brief = caller.detail().await.expect("a call")["brief"].clone();
    assert_eq!(brief["facts"][0]["value"], "20261145", "{brief}");
    assert_eq!(brief["facts"][0]["confirmed"], true, "{brief}");
    caller.call.hang_up().await;
    taken.ended().await;
    caller.world.ends_clean().await;
}

async fn a_caller_is_understood_in_chinese(kind: Kind) {
    let [refund, order] = ["我想把东西退了", "二零二六幺幺四五"];
    let ears = StandIn::start(known("cmn", &[refund, order])).await;
    let hears = format!("speech:\n  zh: {{ recognizer: funasr, url: \"ws://{}\" }}\n", ears.address);
    let world = World::on_site(kind, |site| lay(site, "zh, en", &hears)).await;
    let caller = Caller::new(world, "cmn").await;
    caller.is_spoken_to().await;
    caller.says(refund).await;
    caller.because("the caller wants refund").await;
    caller.is_spoken_to().await;
    caller.has_the_word().await;
    caller.says(order).await;
    caller.because("order is told").await;
    // The read-back is heard, and a key answers it.
    caller.is_spoken_to().await;
    caller.call.press("1");
    caller.because("order is confirmed").await;
    caller.call.hang_up().await;
    caller.world.ends_clean().await;
}

async fn words_that_nobody_hears_and_keys_lead_to_a_human_too(kind: Kind) {
    // It knows no sound, so it makes nothing of any.
    let ears = StandIn::start(Vec::new()).await;
    let hears = format!("speech:\n  en: {{ recognizer: vosk, url: \"ws://{}\" }}\n", ears.address);
    let world = World::on_site(kind, |site| lay(site, "en, zh", &hears)).await;
    let anna = world.agent("anna").await;
    let caller = Caller::new(world, "en-us").await;
    for count in 1..=3 {
        caller.is_spoken_to().await;
        caller.has_the_word().await;
        caller.says("something that nobody makes anything of").await;
        caller.because(&format!("nothing came of it, {count} of 3")).await;
    }
    caller.talks_to(&anna).await;
    caller.world.ends_clean().await;
}
