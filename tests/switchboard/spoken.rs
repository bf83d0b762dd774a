//! Callers who speak, from their mouths to the queue, in real time: sound by datagrams, a recogniser that replays, the
//! conversation, the switchboard's loop, and who reads along.

#[path = "spoken/ears.rs"]
mod ears;
#[path = "spoken/house.rs"]
mod house;
#[path = "spoken/hundred.rs"]
mod hundred;

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant as Moment},
};

use tandem::{
    base::id::Name,
    infra::site::{Site, Step},
    language::model::{Guess, Understanding, Verdict},
    live::switchboard::view::{Speaker, Words},
    ports::{
        assistant::{Answer, By, Cited, Doubt, Opinions, Settled},
        engine::simulator::Mouth,
    },
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use crate::{
    recognizer::Known,
    rig::{millis, name, secs},
    speech::{spoken, without_end},
};
use ears::Replays;
use house::{House, Learns};

/// A prompt is so loud.
const LOUD: u16 = 500;
/// A streaming recogniser has the words so long after the utterance.
const THINKS: Duration = Duration::from_millis(100);

const REFUND: &str = "i want a refund please";
const ORDER: &str = "two zero two six one one four five";
const YES: &str = "yes that is right";
const DAMAGED: &str = "it was damaged";
const HUMAN: &str = "give me a human agent";

/// What everybody says, one after the other.
const SCRIPT: [&str; 4] = [REFUND, ORDER, YES, HUMAN];

fn known() -> Arc<Vec<Known>> {
    let one =
        |text: &str| Known { rate: 8000, samples: without_end(spoken("en-us", text)), text: text.to_owned() };
    Arc::new(SCRIPT.map(one).into())
}

/// Somebody on the phone: says what is known, hears when the house speaks.
struct Talker<'a> {
    mouth: &'a Mouth,
    /// When each frame came, and whether it was loud.
    heard: Vec<(Instant, bool)>,
    came: Came,
}

/// Frames of the house.
#[derive(Clone, Copy, Default)]
struct Came {
    many: usize,
    first: Option<Instant>,
    last: Option<Instant>,
}

/// What a conversation was like for the caller.
struct Led {
    /// How long each answer took.
    answers: Vec<Duration>,
    came: Came,
}

impl Talker<'_> {
    fn listen(&mut self) {
        for frame in self.mouth.heard() {
            let loud = frame.samples.iter().any(|sample| sample.unsigned_abs() > LOUD);
            self.heard.push((frame.at, loud));
            self.came.many += 1;
            self.came.first = self.came.first.or(Some(frame.at));
            self.came.last = Some(frame.at);
        }
    }

    /// Waits until `enough` frames in a row, since this moment, are loud, or none is; returns the first of them.
    async fn hears(&mut self, loud: bool, enough: usize, since: Instant) -> Instant {
        let deadline = Moment::now() + secs(40);
        loop {
            self.listen();
            let mut row: Option<(Instant, usize)> = None;
            for (at, is_loud) in self.heard.iter().filter(|(at, _)| *at >= since) {
                row = (*is_loud == loud).then(|| row.map_or((*at, 1), |(first, many)| (first, many + 1)));
                if let Some((first, many)) = row
                    && many >= enough
                {
                    return first;
                }
            }
            assert!(Moment::now() < deadline, "heard {}", if loud { "nothing" } else { "no end" });
            sleep(millis(10)).await;
        }
    }

    /// Says it, and waits for the house to answer; returns how long that took from the last sample on.
    async fn says(&mut self, samples: &[i16]) -> Duration {
        self.mouth.say(samples);
        while self.mouth.is_speaking() {
            sleep(millis(10)).await;
        }
        let began = self.mouth.said_at().expect("it was said");
        let end = began + Duration::from_secs_f64(samples.len() as f64 / 8000.0);
        // What was interrupted fades within this time, and nobody answers sooner.
        let answer = self.hears(true, 3, end).await;
        self.heard.retain(|(at, _)| *at >= end);
        answer - end
    }
}

/// Says the whole script; whoever is in a hurry interrupts every prompt.
async fn converse(mouth: &Mouth, script: &[Known], hurries: bool) -> Led {
    let (mut talker, began) = (Talker { mouth, heard: Vec::new(), came: Came::default() }, Instant::now());
    let mut answers = Vec::new();
    for line in script {
        let spoken_to = talker.hears(true, 3, began).await;
        if hurries {
            sleep(millis(600)).await;
        } else {
            talker.hears(false, 40, spoken_to).await;
        }
        let last = line.text == HUMAN;
        if last {
            mouth.say(&line.samples);
        } else {
            answers.push(talker.says(&line.samples).await);
        }
    }
    Led { answers, came: talker.came }
}

/// Waits until everybody is in the right queue, with the order that was told.
async fn all_wait_for_support(house: &House, callers: usize) {
    let deadline = Moment::now() + secs(30);
    loop {
        let why = house.told.lock().expect("notes").why.clone();
        let there = |steps: &&Vec<String>| steps.iter().any(|step| step.starts_with("queue support: place"));
        if why.len() == callers && why.values().filter(there).count() == callers {
            break;
        }
        assert!(Moment::now() < deadline, "{why:#?}");
        sleep(millis(50)).await;
    }
    for call in house.calls().await {
        let brief = call.brief.expect("a brief");
        let order = brief.facts.iter().find(|fact| fact.slot.as_str() == "order").expect("an order");
        assert_eq!((order.value.as_str(), order.confirmed), ("20261145", true), "{:?}", brief.facts);
    }
}

/// What was told of one call's words, in order, with partial ones between `whole` ones counted.
fn read_along(words: &[Words]) -> Vec<(Speaker, String, usize)> {
    let mut lines = Vec::new();
    let mut forming: Vec<&str> = Vec::new();
    for said in words {
        if said.whole {
            // What forms may change on the way.
            let last = forming.last().copied().unwrap_or_default();
            assert!(said.text.starts_with(last), "{forming:?} formed before {:?}", said.text);
            lines.push((said.by, said.text.to_string(), forming.len()));
            forming.clear();
        } else {
            assert_eq!(said.by, Speaker::Caller);
            forming.push(&said.text);
        }
    }
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_speaks_with_the_house_and_whoever_reads_along_sees_words_form() {
    let known = known();
    let ears = Arc::new(Replays { known: known.clone(), thinks: THINKS });
    let house = House::open(2, millis(700), ears, Learns::Nothing, None).await;
    tokio::join!(converse(&house.mouths[0], &known, false), converse(&house.mouths[1], &known, true));
    all_wait_for_support(&house, 2).await;
    let (folder, words) = house.close().await;

    for n in 0..2 {
        let leg = house::leg(n);
        let own: Vec<Words> = words.iter().filter(|words| words.leg == leg).cloned().collect();
        let lines = read_along(&own);
        let said: Vec<_> = lines.iter().filter(|(by, ..)| *by == Speaker::Caller).collect();
        assert_eq!(said.iter().map(|(_, text, _)| text.as_str()).collect::<Vec<_>>(), SCRIPT);
        assert!(said.iter().all(|(.., forming)| *forming > 0), "words form before they are whole: {said:?}");
        let (by, greeting, _) = &lines[0];
        assert_eq!(*by, Speaker::House);
        assert!(greeting.starts_with("Harbour Trading after-sales."), "{greeting}");
        let back =
            lines.iter().any(|(by, text, _)| *by == Speaker::House && text.contains("2 0 2 6, 1 1 4 5"));
        assert!(back, "{lines:?}");
    }
    // What forms is nowhere, and what was said is sealed.
    for entry in fs::read_dir(folder.path().join("state")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let files = if path.is_dir() {
            fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
        } else {
            vec![path]
        };
        for file in files {
            let bytes = fs::read(&file).expect("readable");
            let there = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
            assert!(!there("refund please") && !there("six one one"), "{}", file.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_is_spoken_reaches_the_task_and_nobody_who_reads_along() {
    let lines = [REFUND, ORDER, YES, DAMAGED];
    let one =
        |text: &str| Known { rate: 8000, samples: without_end(spoken("en-us", text)), text: text.to_owned() };
    let known: Arc<Vec<Known>> = Arc::new(lines.map(one).into());
    let ears = Arc::new(Replays { known: known.clone(), thinks: THINKS });
    let secret = |site: &mut Site| {
        let flow = site.flows.get_mut(&name("after_sales")).expect("the flow");
        let Some(Step::Talk(talk)) = flow.steps.get_mut(&name("talk")) else { panic!("no conversation") };
        talk.slots.get_mut(&name("order")).expect("the order").secret = true;
    };
    let house = House::changed(1, millis(0), ears, Learns::Nothing, None, secret).await;
    converse(&house.mouths[0], &known, false).await;
    let begun = house.begun.lock().expect("tasks").clone();
    let facts: Vec<&str> = begun.iter().map(|task| task.facts[&name("order")].as_str()).collect();
    assert_eq!(facts, ["20261145"]);
    let calls = house.calls().await;
    let told = format!("{:?}{calls:?}", house.told.lock().expect("notes").why);
    let (_folder, words) = house.close().await;
    let forming = words.iter().filter(|words| !words.whole && words.text.contains("***")).count();
    assert!(forming > 0, "{words:?}");
    let everything = format!("{told}{words:?}");
    for part in ["20261145", "2026", "zero two", "six one", "one four", "2 0 2 6"] {
        assert!(!everything.contains(part), "{part} in {everything}");
    }
    assert!(everything.contains("Order 4 5, is that right?"), "{everything}");
}

/// What the built-in model alone asks back.
const VAGUE: &str = "can you reverse that for me";

/// Somebody who takes whatever is in doubt for this.
fn surely(intent: &'static str) -> Opinions {
    let (asked, mut inbox) = mpsc::unbounded_channel::<Doubt>();
    let (outbox, settled) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Doubt { number, own, words, choices, .. }) = inbox.recv().await {
            assert_eq!(words, VAGUE);
            assert!(choices.iter().any(|choice| choice.intent == intent && !choice.samples.is_empty()));
            assert_ne!(own.verdict, Verdict::Accept);
            let intents = vec![Guess { intent: intent.into(), probability: 0.9 }];
            let understanding = Understanding { verdict: Verdict::Accept, in_scope: 0.9, intents };
            let settled = Settled { number, understanding, answer: None, by: By::Remote };
            outbox.send(settled).expect("somebody waits");
        }
    });
    Opinions { asked, settled }
}

/// Somebody who points at a sentence of the house for whatever is in doubt.
fn points_at(passage: &'static str) -> Opinions {
    let (asked, mut inbox) = mpsc::unbounded_channel::<Doubt>();
    let (outbox, settled) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Doubt { number, own, shelf, .. }) = inbox.recv().await {
            assert!(shelf.is_some(), "what the house wrote comes along");
            let cited = vec![Cited { passage: Name::new(passage).expect("a name"), sentence: 1 }];
            let answer = Some(Answer { cited, sure: true });
            let settled = Settled { number, understanding: own, answer, by: By::Remote };
            outbox.send(settled).expect("somebody waits");
        }
    });
    Opinions { asked, settled }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_surely_understood_is_by_a_second_opinion() {
    let answered = "answered from shipping, sentence 2";
    for (opinions, wanted) in [
        (None, "asked back"),
        (Some(surely("refund")), "the caller wants refund (90 %)"),
        (Some(points_at("shipping")), answered),
    ] {
        let second = opinions.is_some();
        let known = Arc::new(vec![Known {
            rate: 8000,
            samples: without_end(spoken("en-us", VAGUE)),
            text: VAGUE.to_owned(),
        }]);
        let ears = Arc::new(Replays { known: known.clone(), thinks: THINKS });
        let house = House::open(1, millis(0), ears, Learns::Little, opinions).await;
        converse(&house.mouths[0], &known, false).await;
        let deadline = Moment::now() + secs(20);
        let told = loop {
            let told = house.told.lock().expect("notes").why.values().next().cloned().unwrap_or_default();
            if told.iter().any(|step| step.contains(wanted)) {
                break told;
            }
            assert!(Moment::now() < deadline, "{wanted}: {told:#?}");
            sleep(millis(50)).await;
        };
        assert_eq!(
            told.iter().any(|step| step.contains("a chat model elsewhere had a say")),
            second,
            "{told:#?}"
        );
        let (_folder, words) = house.close().await;
        let heard = words.iter().any(|said| said.text.contains("Xinjiang and Tibet are twelve yuan more."));
        assert_eq!(heard, wanted == answered, "{words:?}");
    }
}
