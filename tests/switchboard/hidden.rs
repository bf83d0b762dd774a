//! Callers tell a card and a PIN, by words and by keys: whoever does the task gets them, and nothing else ever has them.

use std::{collections::BTreeMap, path::Path};

use smol_str::SmolStr;
use tandem::{
    base::{
        id::{LegId, Name},
        number::Key,
    },
    infra::site::{self, Ask, End, Jump, Locale, Prompt, Shortcut, Site, Slot, Step, Talk, Topic},
    live::{
        dialog::talk::Ears,
        switchboard::{
            Effect, Input,
            view::{Query, View},
        },
    },
    ports::engine::{
        Event, HangupCause,
        simulator::{Answer, Caller, Faults, Phone, World},
    },
};

use super::rig::{Rig, START, arrival, leg, name, secs};

const CARD: &str = "4929381756402873";
const PIN: &str = "975318";

fn both(chinese: &str, english: &str) -> Prompt {
    Prompt([(Locale::Chinese, chinese.into()), (Locale::English, english.into())].into())
}

fn secret(min: u8, max: u8, asks: Prompt, confirm: Option<Prompt>) -> Slot {
    let invalid = both("位数不对。", "That is not as long as it is.");
    let ask = Ask::Digits { min, max };
    Slot { ask, prompts: vec![asks], invalid, confirm, language: None, keep: false, secret: true }
}

/// The shipped after-sales flow, where callers may pay.
fn till() -> Site {
    let mut site =
        site::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small")).expect("the example");
    let flow = site.flows.get_mut(&name("after_sales")).expect("the flow");
    let Some(Step::Talk(talk)) = flow.steps.get_mut(&name("talk")) else { panic!("no conversation") };
    let talk: &mut Talk = talk;
    let confirm = both("尾号{value}，对吗？", "It ends in {value}, is that right?");
    talk.slots
        .insert(name("card"), secret(12, 19, both("请说卡号。", "What is the card number?"), Some(confirm)));
    talk.slots.insert(name("pin"), secret(4, 6, both("请按密码。", "Please key in the PIN."), None));
    let topic = Topic {
        title: both("付款", "to pay"),
        intents: Vec::new(),
        key: Key::new('7'),
        slots: vec![name("card"), name("pin")],
        end: End::Task {
            task: name("charge"), done: both("卡{card}已扣款。", "Card {card} was charged.")
        },
        urgent: false,
    };
    talk.topics.insert(name("pay"), topic);
    let words = vec!["付款".into(), "pay".into()];
    talk.shortcuts.insert(0, Shortcut { words, to: Jump::Topic(name("pay")) });
    site
}

struct Payer {
    rig: Rig,
    leg: LegId,
}

impl Payer {
    fn calls(to: &str) -> Self {
        Self::with(to, |_| ())
    }

    /// With another conversation.
    fn with(to: &str, change: impl FnOnce(&mut Talk)) -> Self {
        let mut site = till();
        let flow = site.flows.get_mut(&name("after_sales")).expect("the flow");
        let Some(Step::Talk(talk)) = flow.steps.get_mut(&name("talk")) else { panic!("no conversation") };
        change(talk);
        let phone = |extension: &str| Phone {
            extension: name(extension),
            registered: true,
            answer: Answer::After(secs(3)),
            talk: secs(30),
        };
        let (ears, _) = Ears::learned(&Site { flows: BTreeMap::new(), ..site.clone() });
        let mut rig = Rig::new(site, World::new(1, vec![phone("1001")], Faults::default(), START));
        rig.ears = ears;
        let caller = Caller { keys: Vec::new(), patience: secs(600), talk: secs(600) };
        rig.world.expect(rig.now, leg("payer"), arrival(to), caller);
        rig.run_for(secs(1));
        Self { rig, leg: leg("payer") }
    }

    fn says(&mut self, text: &str) -> &mut Self {
        self.rig.says(&self.leg, text);
        self
    }

    fn keys(&mut self, keys: &str) -> &mut Self {
        self.rig.presses(&self.leg, keys);
        self
    }

    #[track_caller]
    fn hears(&mut self, text: &str) -> &mut Self {
        let said = self.rig.words.iter().rev().take(3).any(|words| words.text.contains(text));
        assert!(said, "no {text:?} in {:#?}", self.rig.words);
        self
    }

    /// The facts of the task, as the switchboard knows them and as they are.
    #[track_caller]
    fn charges(&mut self) -> (BTreeMap<Name, SmolStr>, Option<BTreeMap<Name, SmolStr>>) {
        let Some(Effect::Task { call, leg, task, facts, hidden }) = self.rig.tasks.pop() else {
            panic!("no task in {:#?}", self.rig.words)
        };
        assert_eq!(task, name("charge"));
        let real = self.rig.secrets.unveil(&leg, facts.clone(), &hidden);
        self.rig.input(Input::TaskDone { call, outcome: Some(BTreeMap::new()) });
        (facts, real)
    }

    /// Everything that is written down, told or shown.
    fn everything(&self) -> String {
        let journal = serde_json::to_string(&self.rig.journal).expect("JSON");
        let calls: Vec<View> = match self.rig.board.view(&Query::Calls, self.rig.now) {
            View::Calls(calls) => {
                calls.iter().map(|call| self.rig.board.view(&Query::Call(call.id), self.rig.now)).collect()
            }
            other => panic!("{other:?}"),
        };
        let records = serde_json::to_string(&self.rig.records).expect("JSON");
        let rest = format!("{calls:?}{:?}{:?}{:?}", self.rig.words, self.rig.orders, self.rig.to_sum);
        journal + &self.rig.snapshot().1 + &records + &rest
    }

    #[track_caller]
    fn nowhere(&self, secrets: &[&str]) {
        let everything = self.everything();
        for secret in secrets {
            let at = everything.find(secret);
            assert_eq!(
                at,
                None,
                "{secret} in …{}…",
                &everything[at.unwrap_or(0).saturating_sub(200)..][..400]
            );
        }
    }

    /// Digits that were keyed in, as far as anybody may know them.
    fn keyed(&self) -> String {
        let digit = |input: &Input| match input {
            Input::Engine(Event::Key { key, .. }) => Some(key.char()).filter(char::is_ascii_digit),
            _ => None,
        };
        self.rig.journal.iter().filter_map(|(.., input)| digit(input)).collect()
    }
}

impl Payer {
    /// Keys that come in one batch: what they cause is done behind the last of them.
    fn keys_at_once(&mut self, keys: &str) {
        let mut reveals = Vec::new();
        for key in keys.chars() {
            let key = Event::Key { leg: self.leg.clone(), key: Key::new(key).expect("a key") };
            let input = self.rig.secrets.conceal(&self.rig.board, Input::Engine(key));
            let effects = self.rig.board.on(1_000_000, self.rig.now, input);
            reveals.extend(effects.into_iter().filter(|effect| matches!(effect, Effect::Reveal { .. })));
        }
        for effect in reveals {
            let Effect::Reveal { call, leg, digits } = effect else { panic!("{effect:?}") };
            let typed = self.rig.secrets.reveal(&leg, digits);
            self.rig.input(Input::Typed { call, typed });
        }
    }

    #[track_caller]
    fn charged(&mut self, card: &str, pin: &str) {
        let real = self.charges().1.expect("both are kept");
        assert_eq!((real[&name("card")].as_str(), real[&name("pin")].as_str()), (card, pin));
    }
}

/// What must be nowhere: the digits, parts of them, and how they were said.
const NEVER: [&str; 9] =
    [CARD, PIN, "4929", "938175", "640287", "nine two nine", "three eight one", "九二九", "三八幺"];

#[test]
fn a_card_by_words_and_a_pin_by_keys_reach_the_task_alone() {
    for (to, pay, card, yes, back, charged, human) in [
        (
            "4011",
            "i want to pay",
            "it is four nine two nine three eight one seven five six four zero two eight seven three",
            "yes that's right",
            "It ends in 2 8 7 3, is that right?",
            "Card 2 8 7 3 was charged.",
            "operator",
        ),
        (
            "4010",
            "我要付款",
            "四九二九三八幺七五六四零二八七三",
            "对的",
            "尾号二八七三，对吗？",
            "卡二八七三已扣款。",
            "转人工",
        ),
    ] {
        let mut payer = Payer::calls(to);
        payer.says(pay).says(card).hears(back).says(yes).keys(PIN);
        let (shown, real) = payer.charges();
        assert_eq!(
            (shown[&name("card")].as_str(), shown[&name("pin")].as_str()),
            ("************2873", "******")
        );
        let real = real.expect("both are kept");
        assert_eq!((real[&name("card")].as_str(), real[&name("pin")].as_str()), (CARD, PIN));
        payer.hears(charged);
        payer.nowhere(&NEVER);
        assert_eq!(payer.keyed(), "");
        payer.says(human);
        payer.rig.run_for(secs(5));
        payer.nowhere(&NEVER);
        let leg = payer.leg.clone();
        payer.rig.event(Event::Ended { leg, cause: HangupCause::NORMAL_CLEARING });
        payer.rig.run_for(secs(5));
        assert_eq!(payer.rig.records.len(), 1);
        payer.nowhere(&NEVER);
    }
}

#[test]
fn both_by_keys_and_a_card_that_nobody_had_asked_for() {
    let mut payer = Payer::calls("4011");
    payer.keys("7").keys(&format!("{CARD}#")).hears("It ends in 2 8 7 3").keys("1").keys(&format!("{PIN}#"));
    let real = payer.charges().1.expect("both are kept");
    assert_eq!((real[&name("card")].as_str(), real[&name("pin")].as_str()), (CARD, PIN));
    payer.nowhere(&NEVER);
    assert_eq!(payer.keyed(), "71", "the topic and the yes");

    let mut payer = Payer::calls("4011");
    payer
        .says(&format!("please let me pay with {CARD} now"))
        .hears("It ends in 2 8 7 3")
        .says("yes")
        .keys(PIN);
    let real = payer.charges().1.expect("both are kept");
    assert_eq!((real[&name("card")].as_str(), real[&name("pin")].as_str()), (CARD, PIN));
    payer.nowhere(&NEVER);
}

#[test]
fn a_pin_that_is_too_short_is_asked_again_and_a_star_begins_anew() {
    let mut payer = Payer::calls("4011");
    payer.says("i want to pay").says(CARD).says("yes").keys("97#").hears("not as long");
    payer.keys("11*").keys(&format!("{PIN}#"));
    assert_eq!(payer.charges().1.expect("kept")[&name("pin")], PIN);
}

#[test]
fn after_a_restart_secrets_are_asked_for_anew() {
    let mut payer = Payer::calls("4011");
    let snapshot = payer.rig.snapshot();
    payer.says("i want to pay").says(CARD).says("yes").hears("key in the PIN");
    payer.rig.die_and_return(&snapshot, secs(1));
    payer.rig.run_for(secs(1));
    payer.keys(PIN).hears("What is the card number?");
    payer.says(CARD).says("yes");
    let Some(Effect::Task { .. }) = payer.rig.tasks.last() else { panic!("{:#?}", payer.rig.words) };
    assert_eq!(payer.charges().1.expect("kept")[&name("card")], CARD);
}

#[test]
fn a_task_whose_secret_is_lost_is_not_begun_with_its_mask() {
    let secrets = tandem::live::switchboard::secrets::Secrets::default();
    let facts: BTreeMap<Name, SmolStr> = [(name("pin"), "******".into())].into();
    let none = BTreeMap::new();
    assert_eq!(secrets.unveil(&leg("nobody"), facts.clone(), &none), None);
    assert_eq!(secrets.unveil(&leg("nobody"), facts, &[(name("pin"), 0)].into()), None);
    let plain: BTreeMap<Name, SmolStr> = [(name("order"), "20261145".into())].into();
    assert_eq!(secrets.unveil(&leg("nobody"), plain.clone(), &none), Some(plain));
}

#[test]
fn digits_by_the_names_that_only_the_language_room_knows_are_hidden_too() {
    for (to, pay, pin, never) in [
        ("4010", "我要付款", "密码是狗腰狗腰", "狗腰"),
        ("4010", "我要付款", "密码是玖壹仨柒", "玖壹"),
        ("4011", "i want to pay", "it is ow nil fourty quadruple six", "quadruple"),
    ] {
        let mut payer = Payer::calls(to);
        payer.says(pay).says(CARD).keys("1").says(pin);
        payer.nowhere(&[never, "ow nil", "fourty", "仨"]);
    }
}

#[test]
fn a_pin_that_is_keyed_anew_while_the_card_is_read_back_is_written_nowhere() {
    let mut payer = Payer::calls("4011");
    payer.says("i want to pay").says(CARD).hears("It ends in 2 8 7 3").keys("97");
    assert_eq!(payer.keyed(), "");
    payer.hears("It ends in 2 8 7 3").keys("1").keys(PIN).charged(CARD, PIN);
}

#[test]
fn a_digit_too_many_in_the_same_moment_is_not_the_last_of_the_secret() {
    let mut payer = Payer::calls("4011");
    payer.says("i want to pay").says(CARD).keys("1").hears("key in the PIN");
    payer.keys_at_once(&format!("{PIN}4"));
    payer.charged(CARD, PIN);
}

#[test]
fn another_number_of_the_sentence_is_known_and_a_pin_beside_it_is_not() {
    let mut payer = Payer::calls("4011");
    payer.says("where is my order");
    payer.says("the order is 20261145 and my pin is 9753");
    let everything = payer.everything();
    assert!(everything.contains("20261145"), "the order is no secret: {:#?}", payer.rig.words);
    payer.nowhere(&["9753"]);
}

#[test]
fn secrets_of_a_leg_that_the_engine_does_not_know_any_more_are_forgotten() {
    let mut payer = Payer::calls("4011");
    payer.says("i want to pay").says(CARD).says("yes");
    assert!(!payer.rig.secrets.is_empty());
    payer.rig.run_for(secs(3));
    let asked = payer.rig.now;
    payer.rig.event(Event::Audit { asked, legs: Vec::new() });
    assert_eq!(payer.rig.records.len(), 1, "the call is over");
    assert!(payer.rig.secrets.is_empty());
}

#[test]
fn a_later_number_of_the_same_length_is_not_taken_for_the_secret() {
    let mut payer = Payer::calls("4011");
    payer.says("i want to pay").says(CARD).says("yes").says("my pin is 975318 and i was born in 198012");
    payer.charged(CARD, PIN);

    let mut payer = Payer::with("4011", |talk| {
        let old = secret(4, 6, both("请按旧密码。", "Please key in the old PIN."), None);
        talk.slots.insert(name("old"), old);
        talk.topics.get_mut(&name("pay")).expect("the topic").slots.push(name("old"));
    });
    payer.says("i want to pay").says(CARD).says("yes").keys("975318").hears("the old PIN").keys("640172");
    let real = payer.charges().1.expect("all are kept");
    let real = [&real[&name("pin")], &real[&name("old")]].map(SmolStr::as_str);
    assert_eq!(real, ["975318", "640172"], "their masks are alike");
}

#[test]
fn a_code_is_hidden_whatever_it_is_written_with() {
    let mut payer = Payer::with("4011", |talk| {
        talk.slots.get_mut(&name("pin")).expect("the slot").ask = Ask::Code;
    });
    payer.says("i want to pay and the code is a one dot two").says(CARD).says("yes");
    payer.nowhere(&["A1.2", "one dot", "dot two"]);
    payer.charged(CARD, "A1.2");
}
