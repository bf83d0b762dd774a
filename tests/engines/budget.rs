//! How long an answer takes: from the last sample that a phone sends of what its caller says to the first of the answer
//! that it hears, and where the time goes.
//!
//! Tandem tells its own stages in its log (`a turn is answered`); what neither it nor its recogniser needed is the
//! line's: the engine both ways, the packets, and the silence with which prompts begin. The recogniser that hears along
//! is a stand-in with a real one's delays (`tests/support/recognizer.rs`).

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::{
    bench::Kind,
    recognizer::{Known, StandIn},
    speech::without_end,
    spoken::{callers_are_understood, known, lay},
    support::{call::Call, phone::Phone},
    world::{World, eventually},
};

on_every_engine! {
    from_the_last_word_to_the_answer,
}

/// A sample of a prompt is so loud.
const LOUD: u16 = 500;
/// Callers interrupt after this much of a prompt, and prompts are silent again after this much of a word.
const HEARD: Duration = Duration::from_millis(450);

/// What a question listens for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// What the caller wants.
    Freely,
    YesOrNo,
    Digits,
}
use Asks::{Digits, Freely, YesOrNo};

const ORDER: &str = "two zero two six one one four five";
const NO: &str = "no that is wrong";

/// One call.
const SCRIPT: [(&str, Asks); 5] = [
    ("i want my money back", Freely),
    (ORDER, Digits),
    (NO, YesOrNo),
    (ORDER, Digits),
    ("yes that is right", YesOrNo),
];

/// Milliseconds of one turn.
#[derive(Clone, Copy, Debug)]
struct Turn {
    asks: Asks,
    whole: f64,
    /// After which the turn was over.
    silence: f64,
    /// From its being asked on.
    recogniser: f64,
    /// Of that, after the turn was over.
    waited: f64,
    own: f64,
}

impl Turn {
    fn line(&self) -> f64 {
        self.whole - self.silence - self.waited - self.own
    }
}

/// The greatest of so many in a hundred.
fn percentile(turns: &[Turn], of: impl Fn(&Turn) -> f64, share: f64) -> f64 {
    let mut all: Vec<f64> = turns.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    let at = (all.len() as f64 * share).ceil() as usize;
    all[at.clamp(1, all.len()) - 1]
}

/// Says it over the prompt that begins; milliseconds until the answer is heard.
async fn answer(call: &Call, since: &mut Instant, sound: &[i16]) -> f64 {
    let begins =
        eventually("a prompt", async || call.loud_since(*since, LOUD).ok_or("nothing".to_owned())).await;
    sleep(HEARD.saturating_sub(begins.elapsed())).await;
    call.says_sound(sound);
    let end = eventually("it is said", async || call.said().ok_or("not yet".to_owned())).await;
    let heard =
        eventually("an answer", async || call.loud_since(end, LOUD).ok_or("nothing".to_owned())).await;
    *since = heard;
    heard.duration_since(end).as_secs_f64() * 1000.0
}

/// The numbers of every turn that Tandem's log tells, in order.
fn stages(log: &str) -> Vec<[f64; 4]> {
    let number = |line: &str, name: &str| {
        let value = line.split(&format!("{name}=")).nth(1).and_then(|rest| rest.split_whitespace().next());
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name}: {line}"))
    };
    log.lines()
        .filter(|line| line.contains("a turn is answered"))
        .map(|line| ["silence_ms", "recogniser_ms", "waited_ms", "own_ms"].map(|name| number(line, name)))
        .collect()
}

/// So many calls, one after the other, and all their turns.
async fn calls(world: &World, phone: &Phone, many: usize, script: &[(Known, Asks)]) -> Vec<Turn> {
    callers_are_understood(world).await;
    let mut heard = Vec::new();
    for _ in 0..many {
        let mut since = Instant::now();
        let call = phone.dial("8040").await;
        call.answered().await;
        for (said, asks) in script {
            heard.push((*asks, answer(&call, &mut since, &said.samples).await));
        }
        call.hang_up().await;
    }
    let told = stages(&world.log());
    assert_eq!(told.len(), heard.len(), "Tandem tells of every turn");
    let turn = |((asks, whole), [silence, recogniser, waited, own]): ((Asks, f64), [f64; 4])| Turn {
        asks,
        whole,
        silence,
        recogniser,
        waited,
        own,
    };
    heard.into_iter().zip(told).map(turn).collect()
}

fn script(of: &[(&str, Asks)]) -> Vec<(Known, Asks)> {
    let texts: Vec<&str> = of.iter().map(|(text, _)| *text).collect();
    let mut sounds = known("en-us", &texts);
    for sound in &mut sounds {
        sound.samples = without_end(std::mem::take(&mut sound.samples));
    }
    sounds.into_iter().zip(of).map(|(sound, (_, asks))| (sound, *asks)).collect()
}

/// A recogniser that hears along.
async fn streaming(kind: Kind) -> Vec<Turn> {
    let script = script(&SCRIPT);
    let ears = StandIn::start(script.iter().map(|(known, _)| known.clone()).collect()).await;
    let hears = format!("speech:\n  en: {{ recognizer: vosk, url: \"ws://{}\" }}\n", ears.address);
    let world = World::on_site(kind, |site| lay(site, "en, zh", &hears)).await;
    let phone = world.outside("13800000097").await;
    let turns = calls(&world, &phone, 4, &script).await;
    world.ends_clean().await;
    turns
}

/// The recogniser of the house, which may hear something else; it is answered all the same.
async fn sphinx(kind: Kind) -> Vec<Turn> {
    let world = World::on_site(kind, |site| lay(site, "en, zh", "")).await;
    let phone = world.outside("13800000098").await;
    let turns = calls(&world, &phone, 4, &script(&SCRIPT[..1])).await;
    world.ends_clean().await;
    turns
}

/// A number of a turn.
type Of = fn(&Turn) -> f64;

fn print(title: &str, turns: &[Turn]) {
    println!("{title}, {} turns, in ms        p50   p95   worst", turns.len());
    let rows: [(&str, Of); 6] = [
        ("silence that ends the turn", |turn| turn.silence),
        ("waiting for the recogniser", |turn| turn.waited),
        ("  (what it needs)", |turn| turn.recogniser),
        ("Tandem", |turn| turn.own),
        ("the line", Turn::line),
        ("the whole", |turn| turn.whole),
    ];
    for (name, of) in rows {
        let [p50, p95, worst] = [0.5, 0.95, 1.0].map(|share| percentile(turns, of, share));
        println!("  {name:<30}{p50:>6.0}{p95:>6.0}{worst:>6.0}");
    }
}

/// In milliseconds, of 95 in 100 turns.
#[derive(Clone, Copy)]
struct Goal {
    own: f64,
    whole: f64,
}

/// Others may keep the machine busy, and the daemon is built for tests: these bounds are wide, and the goals
/// themselves those of `make test-long`.
const BUSY: Goal = Goal { own: 150.0, whole: 1500.0 };
const QUIET: Goal = Goal { own: 50.0, whole: 800.0 };

async fn from_the_last_word_to_the_answer(kind: Kind) {
    measure(kind, BUSY).await;
}

mod long {
    use super::{Kind, QUIET, measure};

    #[tokio::test]
    #[ignore = "measures, on a machine that does nothing else: make test-long"]
    async fn the_budget_of_an_answer_asterisk() {
        measure(Kind::Asterisk, QUIET).await;
    }

    #[tokio::test]
    #[ignore = "measures, on a machine that does nothing else: make test-long"]
    async fn the_budget_of_an_answer_freeswitch() {
        measure(Kind::Freeswitch, QUIET).await;
    }
}

async fn measure(kind: Kind, goal: Goal) {
    let turns = streaming(kind).await;
    let of = |asks| turns.iter().filter(|turn| turn.asks == asks).copied().collect::<Vec<Turn>>();
    let word = kind.word();
    for (asks, name) in [(Freely, "what they want"), (YesOrNo, "yes or no"), (Digits, "digits")] {
        print(&format!("{word}, a stand-in that hears along, {name}"), &of(asks));
    }
    print(&format!("{word}, a stand-in that hears along, all"), &turns);
    print(&format!("{word}, pocketsphinx"), &sphinx(kind).await);
    let silence = |asks| percentile(&of(asks), |turn| turn.silence, 0.5);
    assert!(silence(Freely) < silence(YesOrNo), "whoever surely says what they want is answered sooner");
    let [own, whole] =
        [|turn: &Turn| turn.own, |turn: &Turn| turn.whole].map(|of| percentile(&turns, of, 0.95));
    assert!(
        own <= goal.own && whole <= goal.whole,
        "Tandem's own share {own} ms, the whole {whole} ms (p95)"
    );
}
