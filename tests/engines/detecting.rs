//! Callers whom FreeSWITCH itself hears, by a module of its own. The module is a stand-in: `mod_test`, which comes with
//! FreeSWITCH for its tests, finds voices and answers with the words that it was told before (its param `result`). It
//! recognises nothing and speaks no MRCP; no story here says anything about an MRCP server.

use std::time::{Duration, Instant};

use crate::{
    bench::Kind,
    doctor,
    speech::spoken,
    spoken::{Caller, LOUD, lay},
    support::tone::Heard,
    world::{World, both_talk, eventually},
};

mod freeswitch {
    #[tokio::test]
    async fn a_caller_is_heard_by_the_engine_itself() {
        super::a_caller_is_heard_by_the_engine_itself().await;
    }

    #[tokio::test]
    async fn a_detected_caller_may_hold_and_come_back() {
        super::a_detected_caller_may_hold_and_come_back().await;
    }

    #[tokio::test]
    async fn a_cut_wire_costs_a_detected_caller_one_utterance() {
        super::a_cut_wire_costs_a_detected_caller_one_utterance().await;
    }

    #[tokio::test]
    async fn a_module_that_is_not_there_leaves_keys_to_detected_callers() {
        super::a_module_that_is_not_there_leaves_keys_to_detected_callers().await;
    }

    #[tokio::test]
    async fn rubbish_of_the_engines_recogniser_leads_to_a_human() {
        super::rubbish_of_the_engines_recogniser_leads_to_a_human().await;
    }

    #[tokio::test]
    async fn the_engines_recogniser_outlives_no_tandem() {
        super::the_engines_recogniser_outlives_no_tandem().await;
    }
}

const DETECTS: &str = "<function>detect_speech</function>";

/// A caller whom the engine hears by the module `test`.
async fn caller() -> Caller {
    let world = World::on_site(Kind::Freeswitch, |site| lay(site, "en, zh", &hears("test"))).await;
    let loaded = world.ask(&["api load mod_test"]).await;
    assert!(loaded[0].contains("+OK"), "NOT TESTED: this FreeSWITCH has no mod_test: {loaded:?}");
    Caller::new(world, "en-us").await
}

fn hears(module: &str) -> String {
    format!(
        "speech:\n  en: {{ recognizer: engine, module: {module}, grammar: \"builtin:speech/transcribe\", \
         params: {{ vad-voice-ms: 80 }} }}\n"
    )
}

/// The caller's leg.
async fn leg(world: &World) -> Result<String, String> {
    let channels = world.ask(&["api show channels as json"]).await;
    let channels: serde_json::Value = serde_json::from_str(&channels[0]).map_err(|why| why.to_string())?;
    let leg = channels["rows"][0]["uuid"].as_str().ok_or("no channel")?;
    Ok(leg.to_owned())
}

/// Whether a recogniser listens to any channel.
async fn is_detected(world: &World) -> Result<bool, String> {
    let channels = world.ask(&["api show channels as json"]).await;
    let channels: serde_json::Value = serde_json::from_str(&channels[0]).map_err(|why| why.to_string())?;
    for row in channels["rows"].as_array().into_iter().flatten() {
        let leg = row["uuid"].as_str().unwrap_or_default();
        if world.ask(&[&format!("api uuid_buglist {leg}")]).await[0].contains(DETECTS) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn detection_is(world: &World, on: bool) {
    eventually(&format!("the engine's recogniser listens: {on}"), async || {
        if is_detected(world).await? == on { Ok(()) } else { Err("not so".to_owned()) }
    })
    .await;
}

/// Tells the stand-in what it shall take the next utterance for.
async fn will_be(world: &World, words: &str) {
    detection_is(world, true).await;
    let leg = leg(world).await.expect("a caller");
    let told = format!(
        "sendmsg {leg}\ncall-command: execute\nexecute-app-name: detect_speech\nexecute-app-arg: param result '{words}'"
    );
    let answers = world.ask(&[&told]).await;
    assert_eq!(answers.len(), 1);
}

/// When, since the first sample of speech, the prompt was last heard.
fn last_heard(since_speech: &Heard) -> Duration {
    let frames = since_speech.0.chunks(160);
    let last = frames.enumerate().rfind(|(_, frame)| Heard(frame.to_vec()).loudness() > LOUD);
    Duration::from_millis(last.map_or(0, |(n, _)| 20 * n as u64))
}

/// Waits until the prompt has paused for somebody who speaks.
async fn falls_silent(caller: &Caller) {
    eventually("the prompt has paused", async || {
        let heard = caller.call.listen(Duration::from_millis(100)).await;
        if heard.loudness() < LOUD { Ok(()) } else { Err(format!("{:.0}", heard.loudness())) }
    })
    .await;
}

async fn the_doctor_says(world: &World, verdict: &str, words: &str) {
    let speech = doctor::of(&doctor::findings_in(world).await, "speech");
    let said = speech.iter().any(|(own, what)| own == verdict && what.contains(words));
    assert!(said, "no {verdict} {words:?}: {speech:?}");
}

async fn a_caller_is_heard_by_the_engine_itself() {
    let caller = caller().await;
    the_doctor_says(&caller.world, "well", "`test` is loaded").await;
    let anna = caller.world.agent("anna").await;
    // A nod interrupts nothing: the greeting goes on where it was.
    caller.is_spoken_to().await;
    will_be(&caller.world, "uh-huh").await;
    caller.says("uh-huh").await;
    caller.because("the caller nods").await;
    caller.is_spoken_to().await;
    will_be(&caller.world, "i want my money back").await;
    let start = Instant::now();
    caller.says("i want my money back").await;
    let silent = last_heard(&caller.call.heard_since(start));
    println!("the greeting was last heard {silent:.0?} after the first sample of speech");
    assert!(silent < Duration::from_millis(500), "{silent:.0?}");
    caller.because("the caller wants refund").await;
    caller.is_spoken_to().await;
    caller.has_the_word().await;
    will_be(&caller.world, "two zero two six one one four five").await;
    caller.says("two zero two six one one four five").await;
    caller.because("order is told").await;
    // Keys work meanwhile.
    caller.is_spoken_to().await;
    caller.call.press("1");
    caller.because("order is confirmed").await;
    caller.has_the_word().await;
    will_be(&caller.world, "let me talk to a human being please").await;
    caller.says("let me talk to a human being please").await;
    let taken = anna.rings().await;
    detection_is(&caller.world, false).await;
    taken.answer();
    both_talk(&caller.call, &taken).await;
    let brief = caller.detail().await.expect("a call")["brief"].clone();
    assert_eq!(brief["facts"][0]["value"], "20261145", "{brief}");
    caller.call.hang_up().await;
    taken.ended().await;
    // Who hangs up while the recogniser listens takes it along, and it has not failed.
    let phone = caller.world.outside("13800000096").await;
    let call = phone.dial("8040").await;
    call.answered().await;
    detection_is(&caller.world, true).await;
    call.hang_up().await;
    eventually("nothing left at the engine", async || {
        let left = caller.world.left().await;
        if left.is_empty() { Ok(()) } else { Err(left.join(" ")) }
    })
    .await;
    let log = caller.world.log();
    assert!(!log.contains("does not hear a leg"), "{log}");
    caller.world.ends_clean().await;
}

async fn a_detected_caller_may_hold_and_come_back() {
    let caller = caller().await;
    caller.is_spoken_to().await;
    // In mid-prompt, in silence and in mid-sentence.
    will_be(&caller.world, "i want my money back").await;
    caller.call.hold(true).await;
    caller.call.hold(false).await;
    caller.is_spoken_to().await;
    caller.has_the_word().await;
    caller.call.hold(true).await;
    caller.call.hold(false).await;
    caller.says("i want my money back").await;
    caller.because("the caller wants refund").await;
    caller.is_spoken_to().await;
    will_be(&caller.world, "two zero two six one one four five").await;
    caller.call.says_sound(&spoken("en-us", "two zero two six one one four five"));
    falls_silent(&caller).await;
    caller.call.hold(true).await;
    caller.call.hold(false).await;
    caller.because("order is told").await;
    detection_is(&caller.world, true).await;
    caller.is_spoken_to().await;
    caller.call.press("1");
    caller.because("order is confirmed").await;
    caller.call.hang_up().await;
    caller.world.ends_clean().await;
}

async fn a_cut_wire_costs_a_detected_caller_one_utterance() {
    let caller = caller().await;
    caller.is_spoken_to().await;
    will_be(&caller.world, "i want my money back").await;
    caller.call.says_sound(&spoken("en-us", "i want my money back"));
    falls_silent(&caller).await;
    caller.world.wire.cut();
    caller.world.unlinked().await;
    eventually("it is said", async || caller.call.said().map(|_| ()).ok_or("not yet".to_owned())).await;
    caller.world.wire.mend();
    caller.world.linked().await;
    // What the engine told meanwhile is lost, and the prompt goes on.
    caller.because("noise: nothing is interrupted").await;
    caller.is_spoken_to().await;
    caller.has_the_word().await;
    will_be(&caller.world, "i want my money back").await;
    caller.says("i want my money back").await;
    caller.because("the caller wants refund").await;
    caller.call.hang_up().await;
    caller.world.ends_clean().await;
}

async fn a_module_that_is_not_there_leaves_keys_to_detected_callers() {
    let world = World::on_site(Kind::Freeswitch, |site| lay(site, "en, zh", &hears("nosuch"))).await;
    the_doctor_says(&world, "fault", "`nosuch` is not loaded").await;
    let anna = world.agent("anna").await;
    let caller = Caller::new(world, "en-us").await;
    caller.is_spoken_to().await;
    caller.says("i want my money back").await;
    eventually("the log says why", async || {
        let log = caller.world.log();
        if log.contains("`nosuch` does not listen") { Ok(()) } else { Err(log) }
    })
    .await;
    caller.is_spoken_to().await;
    caller.call.press("0");
    caller.talks_to(&anna).await;
    assert_eq!(caller.world.log().matches("does not hear a leg").count(), 1, "it is not asked again");
    caller.world.ends_clean().await;
}

async fn rubbish_of_the_engines_recogniser_leads_to_a_human() {
    let caller = caller().await;
    let anna = caller.world.agent("anna").await;
    for (count, rubbish) in (1..).zip(["}]<not><json>", "\\\", \\\"error\\\": \\\"", ""]) {
        caller.is_spoken_to().await;
        caller.has_the_word().await;
        will_be(&caller.world, if rubbish.is_empty() { "\\\\" } else { rubbish }).await;
        caller.says("something that nobody makes anything of").await;
        caller.because(&format!("nothing came of it, {count} of 3")).await;
    }
    caller.talks_to(&anna).await;
    caller.world.ends_clean().await;
}

async fn the_engines_recogniser_outlives_no_tandem() {
    let mut caller = caller().await;
    caller.is_spoken_to().await;
    detection_is(&caller.world, true).await;
    // A new Tandem has it begun anew.
    caller.world.kill_daemon().await;
    caller.world.restart_daemon().await;
    caller.is_spoken_to().await;
    caller.has_the_word().await;
    will_be(&caller.world, "i want my money back").await;
    caller.says("i want my money back").await;
    caller.because("the caller wants refund").await;
    // With none the lease leads to the duty phone, and nobody listens there.
    let duty = caller.world.phone("1009").await;
    detection_is(&caller.world, true).await;
    caller.world.kill_daemon().await;
    let taken = duty.rings().await;
    assert!(!is_detected(&caller.world).await.expect("channels"), "a recogniser listens at the duty phone");
    taken.answer();
    both_talk(&caller.call, &taken).await;
    caller.call.hang_up().await;
    taken.ended().await;
    caller.world.ends_clean().await;
}
